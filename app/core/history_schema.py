"""The history file: its tables, its versions, and what happens to a file that cannot be used.

A damaged file, one from a newer Loadout and one that is not ours are kept aside under a name that is
reported, and a fresh file is begun, with what could be read of the damaged one. Nothing is ever deleted. Before
a migration the file is copied.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from app.core.history_salvage import decoded, salvage

APPLICATION_ID = 0x4C4F4144  # "LOAD", in the file's header: this SQLite file is ours
CHECK_UP_TO_BYTES = 32 << 20  # up to this size every opening checks the whole file: 0.8 ms per MB
BUSY_MS = 20  # how long a write waits for another program: it is tried again later, the window must not hang

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, is_title_own INTEGER NOT NULL, system_prompt TEXT NOT NULL,
        sampling TEXT NOT NULL, preset TEXT NOT NULL, template_options TEXT NOT NULL, draft TEXT NOT NULL,
        selected TEXT NOT NULL, created_at REAL NOT NULL, changed_at REAL NOT NULL, deleted_at REAL
    ) WITHOUT ROWID;
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation_id TEXT NOT NULL, parent_id TEXT,
        role TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL, created_at REAL NOT NULL,
        model TEXT NOT NULL, stop_reason TEXT NOT NULL, is_edited INTEGER NOT NULL, continued_from TEXT,
        thinking_ms REAL NOT NULL, timings TEXT, settings TEXT NOT NULL, error TEXT, notice TEXT
    );
    CREATE INDEX messages_of_conversation ON messages (conversation_id);
    CREATE INDEX messages_streaming ON messages (state) WHERE state = 'streaming';
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, model_id TEXT NOT NULL,
        loadout TEXT NOT NULL, message_id TEXT, load TEXT NOT NULL, got TEXT NOT NULL, sampling TEXT NOT NULL,
        timings TEXT NOT NULL, hardware TEXT NOT NULL, predicted_n INTEGER NOT NULL,
        predicted_per_second REAL NOT NULL, prompt_per_second REAL NOT NULL
    );
    CREATE INDEX runs_of_loadout ON runs (model_id, loadout, at);
    CREATE TABLE predictions (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, model_id TEXT NOT NULL, load TEXT NOT NULL,
        hardware TEXT NOT NULL, predicted TEXT NOT NULL, measured TEXT
    );
    CREATE INDEX predictions_of_model ON predictions (model_id, at);
    """,
    # What speculative decoding and the reuse of tokens did for a reply, and which of its text was guessed.
    """
    ALTER TABLE messages ADD COLUMN drafting TEXT;
    ALTER TABLE messages ADD COLUMN reuse TEXT;
    ALTER TABLE messages ADD COLUMN drafted TEXT;
    ALTER TABLE messages ADD COLUMN is_tinted INTEGER;
    ALTER TABLE runs ADD COLUMN drafting TEXT;
    ALTER TABLE runs ADD COLUMN reuse TEXT;
    ALTER TABLE runs ADD COLUMN draft TEXT NOT NULL DEFAULT '';
    CREATE INDEX runs_of_pair ON runs (model_id, draft, at) WHERE draft <> '';
    CREATE INDEX runs_of_message ON runs (message_id) WHERE draft <> '';
    """,
)
"""Step n brings a file of version n to version n + 1. A released step is never edited, only followed."""


class HistoryProblem(StrEnum):
    """Why the history could not be read or written. The window owns the wording."""

    DISK_FULL = "disk_full"
    IO = "io"  # the disk refused otherwise
    READ_ONLY = "read_only"
    LOCKED = "locked"  # another program holds the file
    CORRUPT = "corrupt"
    CANNOT_OPEN = "cannot_open"
    NEWER = "newer"  # written by a newer Loadout
    FOREIGN = "foreign"  # an SQLite file of another program
    OTHER = "other"


class HistoryError(Exception):
    """The history cannot be used (for now); `problem` says why, the text is SQLite's."""

    def __init__(self, problem: HistoryProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that could not be used: why, where it is now, and how many messages could be read out of it."""

    problem: HistoryProblem
    kept_as: Path
    n_recovered: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection to a usable file of the newest version."""

    connection: sqlite3.Connection
    set_aside: SetAside | None = None
    backup: Path | None = None  # the copy made before a migration


_PROBLEMS = {
    "SQLITE_FULL": HistoryProblem.DISK_FULL,
    "SQLITE_IOERR": HistoryProblem.IO,
    "SQLITE_READONLY": HistoryProblem.READ_ONLY,
    "SQLITE_BUSY": HistoryProblem.LOCKED,
    "SQLITE_LOCKED": HistoryProblem.LOCKED,
    "SQLITE_CORRUPT": HistoryProblem.CORRUPT,
    "SQLITE_NOTADB": HistoryProblem.CORRUPT,
    "SQLITE_CANTOPEN": HistoryProblem.CANNOT_OPEN,
}


def as_history_error(error: sqlite3.Error) -> HistoryError:
    """SQLite's error in our words."""
    name = getattr(error, "sqlite_errorname", None) or ""
    problem = next(
        (found for start, found in _PROBLEMS.items() if name.startswith(start)), HistoryProblem.OTHER
    )
    return HistoryError(problem, str(error))


def open_database(path: Path, steps: Sequence[str] = STEPS) -> Opened:
    """Open or create the file and bring it to version `len(steps)`; see the module for unusable files.

    Raises HistoryError where no file can be used at this place at all (permissions, a full disk, a lock).
    """
    set_aside: SetAside | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        problem = _problem_of(path, len(steps)) if path.exists() and path.stat().st_size else None
        if problem is not None:
            set_aside = SetAside(problem, _keep_aside(path, problem))
        connection = connect(path)
        try:
            backup = _migrate(connection, path, steps)
            if set_aside is not None and set_aside.problem == HistoryProblem.CORRUPT:
                set_aside = replace(set_aside, n_recovered=salvage(set_aside.kept_as, connection))
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            return Opened(connection, set_aside, backup)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise as_history_error(error) from error
    except OSError as error:
        raise HistoryError(HistoryProblem.CANNOT_OPEN, str(error)) from error


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection for the window's thread: WAL, no waiting for the disk, no checkpoint inside a write.

    Without the wait a power cut may lose the last seconds, a killed process loses nothing.
    """
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.text_factory = decoded
    except BaseException:
        connection.close()
        raise
    return connection


def checkpoint(path: Path) -> None:
    """Move what the write-ahead log holds into the file, over a connection of its own: for another thread.

    Readers and writers go on meanwhile. Raises HistoryError.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error as error:
        raise as_history_error(error) from error


def _problem_of(path: Path, newest_version: int) -> HistoryProblem | None:
    """Why an existing file cannot be used, None if it can. sqlite3.Error for trouble that is not its own."""
    connection: sqlite3.Connection | None = None
    try:
        was_killed = Path(f"{path}-wal").exists()  # a proper close removes it
        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        version = _pragma(connection, "user_version")
        n_tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if n_tables and _pragma(connection, "application_id") != APPLICATION_ID:
            return HistoryProblem.FOREIGN
        if version > newest_version:
            return HistoryProblem.NEWER
        if was_killed or path.stat().st_size <= CHECK_UP_TO_BYTES:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            return None if verdict == "ok" else HistoryProblem.CORRUPT
        return None
    except sqlite3.DatabaseError as error:
        if as_history_error(error).problem != HistoryProblem.CORRUPT:
            raise
        return HistoryProblem.CORRUPT
    finally:
        if connection is not None:
            connection.close()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _keep_aside(path: Path, problem: HistoryProblem) -> Path:
    """Rename the file and its log, which belong together, to a name not yet taken."""
    kept = _free_name(path, str(problem))
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{ending}").rename(f"{kept}{ending}")
    return path.rename(kept)


def _free_name(path: Path, word: str) -> Path:
    """`history.corrupt-20260131-101500.sqlite3` beside `history.sqlite3`, numbered if that is taken."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        tail = "" if number == 1 else f"-{number}"
        name = path.with_name(f"{path.stem}.{word}-{stamp}{tail}{path.suffix}")
        if not name.exists():
            return name
    raise FileExistsError(path)


def _migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> Path | None:
    """Bring the file to the newest version, each step whole or not at all; returns the copy made before."""
    version = _pragma(connection, "user_version")
    if version == len(steps):
        return None
    backup: Path | None = None
    if version > 0:
        backup = _free_name(path, f"version-{version}")
        with contextlib.closing(sqlite3.connect(backup)) as copy:
            connection.backup(copy)
    for number in range(version, len(steps)):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {steps[number]}; PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {number + 1}; COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.rollback()
            raise
    return backup
