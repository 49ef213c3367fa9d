"""Conversations, runs and predictions in one SQLite file.

What is to be written waits in memory until it has been written: while the disk refuses, every call that saves
raises HistoryError, nothing is lost, reading answers as if it had been saved, and `flush` tries again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.core.conversation import Conversation, ConversationSummary, Message, MessageState, restored
from app.core.history_rows import (
    CONVERSATION_COLUMNS,
    MESSAGE_COLUMNS,
    PREDICTION_COLUMNS,
    RUN_COLUMNS,
    Prediction,
    Run,
    conversation_from,
    conversation_row,
    insert_sql,
    message_from,
    message_row,
    prediction_from,
    prediction_row,
    run_from,
    run_row,
    storable,
)
from app.core.history_schema import (
    STEPS,
    HistoryError,
    HistoryProblem,
    Opened,
    SetAside,
    as_history_error,
    checkpoint,
    connect,
    open_database,
)

__all__ = ["History", "HistoryError", "HistoryProblem", "Prediction", "Run", "SetAside", "checkpoint"]

EXCERPT_LENGTH = 80  # characters around a search's hit

_SAVE_CONVERSATION = insert_sql("conversations", CONVERSATION_COLUMNS, key="id")
_SAVE_MESSAGE = insert_sql("messages", MESSAGE_COLUMNS, key="id")
_ADD_RUN = insert_sql("runs", RUN_COLUMNS)
_ADD_PREDICTION = insert_sql("predictions", PREDICTION_COLUMNS)
_MARK_DELETED = "UPDATE conversations SET deleted_at = ? WHERE id = ?"

_LIST = """
    SELECT id, title, created_at, changed_at,
           (SELECT count(*) FROM messages WHERE conversation_id = conversations.id) AS n_messages,
           coalesce((SELECT model FROM messages WHERE conversation_id = conversations.id AND model <> ''
                     ORDER BY number DESC LIMIT 1), '') AS model
    FROM conversations WHERE deleted_at IS NULL ORDER BY changed_at DESC
"""
_FIND = """
    SELECT conversation_id, text, min(number) FROM messages WHERE {condition} GROUP BY conversation_id
"""


class History:
    """The history file. Use from one thread; every call but `load` and a search is well under 5 ms."""

    def __init__(self, path: Path | None) -> None:
        """Open or create it; None keeps everything in memory only.

        Never raises for what is wrong with the file: `set_aside` tells of a file that could not be used and
        was kept under another name, `open_error` that nothing can be kept at `path` and memory is used
        instead.
        """
        self.path = path
        self.set_aside: SetAside | None = None
        self.migration_backup: Path | None = None
        self.open_error: HistoryError | None = None
        self._connection = self._open(path)
        self._connection.row_factory = sqlite3.Row
        self._connection.create_function("folded_contains", 2, _folded_contains, deterministic=True)
        self._waiting: dict[tuple[str, str], tuple[str, Callable[[], tuple[Any, ...]]]] = {}
        self._unsaved: dict[str, Conversation] = {}
        self._deleted: set[str] = set()
        self._n_added = 0
        self._is_closed = False

    def _open(self, path: Path | None) -> sqlite3.Connection:
        opened: Opened | None = None
        if path is not None:
            try:
                opened = open_database(path)
            except HistoryError as error:
                self.open_error = error
                self.path = None
        if opened is None:
            connection = connect(":memory:")
            for step in STEPS:
                connection.executescript(step)
            return connection
        self.set_aside = opened.set_aside
        self.migration_backup = opened.backup
        return opened.connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what still waits, if the disk takes it, and close. HistoryError if something was not."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self.flush()
        finally:
            self._connection.close()

    # writing

    def save(self, conversation: Conversation, messages: Iterable[Message] = ()) -> None:
        """Save a conversation's own fields and the given messages of it, in one transaction.

        The objects are kept until they are written, in the state that they are in then. Raises HistoryError.
        """
        self._unsaved[conversation.id] = conversation
        self._wait(
            "conversation", conversation.id, _SAVE_CONVERSATION, lambda: conversation_row(conversation)
        )
        for message in messages:
            self._wait("message", message.id, _SAVE_MESSAGE, _row_later(conversation.id, message))
        self.flush()

    def delete(self, conversation_id: str) -> None:
        """Hide a conversation until `undelete`, or for good at `purge_deleted`. Raises HistoryError."""
        self._deleted.add(conversation_id)
        self._mark_deleted(conversation_id, time.time())

    def undelete(self, conversation_id: str) -> None:
        """Bring a deleted conversation back. Raises HistoryError."""
        self._deleted.discard(conversation_id)
        self._mark_deleted(conversation_id, None)

    def purge_deleted(self) -> None:
        """Delete for good what is deleted. Raises HistoryError."""
        of_deleted = "conversation_id IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL)"
        self._wait("purge", "messages", f"DELETE FROM messages WHERE {of_deleted}", tuple)  # noqa: S608
        self._wait("purge", "rows", "DELETE FROM conversations WHERE deleted_at IS NOT NULL", tuple)
        self.flush()

    def mark_interrupted(self) -> int:
        """Mark replies that a killed process left streaming; returns how many. Raises HistoryError.

        For the one process that generates into this file, when it starts.
        """
        with _errors_told():
            cursor = self._connection.execute(
                "UPDATE messages SET state = ? WHERE state = ?",
                (MessageState.INTERRUPTED, MessageState.STREAMING),
            )
            return cursor.rowcount

    def add_run(self, run: Run) -> None:
        """Record a measured generation. Raises HistoryError."""
        self._add("run", _ADD_RUN, run_row(run))

    def add_prediction(self, prediction: Prediction) -> None:
        """Record a predicted footprint. Raises HistoryError."""
        self._add("prediction", _ADD_PREDICTION, prediction_row(prediction))

    @property
    def n_waiting(self) -> int:
        """How many rows have not been written yet."""
        return len(self._waiting)

    @property
    def wal_bytes(self) -> int:
        """How much `checkpoint` would find to do."""
        try:
            return Path(f"{self.path}-wal").stat().st_size if self.path else 0
        except OSError:
            return 0

    def flush(self) -> None:
        """Write everything that waits, all or nothing. Raises HistoryError, and all of it goes on waiting."""
        if not self._waiting:
            return
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for sql, row in self._waiting.values():
                execute(sql, row())
            execute("COMMIT")
        except sqlite3.Error as error:
            raise as_history_error(error) from error
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()
        self._waiting.clear()
        self._unsaved.clear()

    def _mark_deleted(self, conversation_id: str, at: float | None) -> None:
        self._wait("deleted", conversation_id, _MARK_DELETED, lambda: (at, conversation_id))
        self.flush()

    def _add(self, table: str, sql: str, row: tuple[Any, ...]) -> None:
        self._n_added += 1
        self._wait(table, str(self._n_added), sql, lambda: row)
        self.flush()

    def _wait(self, table: str, key: str, sql: str, row: Callable[[], tuple[Any, ...]]) -> None:
        self._waiting[table, key] = (sql, row)

    # reading

    def conversations(self, search: str = "") -> list[ConversationSummary]:
        """The conversations changed last first; with `search` those that contain it, in any case.

        Raises HistoryError.
        """
        with _errors_told():
            rows = self._connection.execute(_LIST).fetchall()
            found = {row["id"]: ConversationSummary(**dict(row)) for row in rows}
            hits = self._find(search) if search else {}
        for conversation in self._unsaved.values():
            found[conversation.id] = _summary_of(conversation)
            for message in conversation.messages.values() if search else ():
                if _folded_contains(message.text, search):
                    hits.setdefault(conversation.id, message.text)
        listed = [summary for summary in found.values() if summary.id not in self._deleted]
        if search:
            listed = [_with_excerpt(summary, search, hits.get(summary.id)) for summary in listed]
        kept = [summary for summary in listed if summary is not None]
        return sorted(kept, key=lambda summary: summary.changed_at, reverse=True)

    def load(self, conversation_id: str) -> Conversation:
        """A conversation with all its messages. KeyError if there is none. Raises HistoryError."""
        if conversation_id in self._unsaved:
            return self._unsaved[conversation_id]
        execute = self._connection.execute
        with _errors_told():
            row = execute("SELECT * FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
            if row is None:
                raise KeyError(conversation_id)
            of_it = "SELECT * FROM messages WHERE conversation_id = ? ORDER BY number"
            messages = [message_from(item) for item in execute(of_it, (conversation_id,))]
        return restored(conversation_from(row), messages)

    def runs(self, model_id: str | None = None, loadout: str | None = None, limit: int = 100) -> list[Run]:
        """The newest runs, of one model and one loadout if given. Raises HistoryError."""
        sql = """
            SELECT * FROM runs WHERE (?1 IS NULL OR model_id = ?1) AND (?2 IS NULL OR loadout = ?2)
            ORDER BY at DESC, id DESC LIMIT ?3
        """
        wanted = _storable(model_id), _storable(loadout), limit
        with _errors_told():
            return [run_from(row) for row in self._connection.execute(sql, wanted)]

    def last_run(self, model_id: str, loadout: str, min_tokens: int = 8) -> Run | None:
        """The last run of a loadout with at least `min_tokens` generated: fewer measure nothing.

        Raises HistoryError.
        """
        sql = """
            SELECT * FROM runs WHERE model_id = ? AND loadout = ? AND predicted_n >= ?
            ORDER BY at DESC, id DESC LIMIT 1
        """
        with _errors_told():
            wanted = _storable(model_id), _storable(loadout), min_tokens
            row = self._connection.execute(sql, wanted).fetchone()
        return None if row is None else run_from(row)

    def drafted_run(self, message_id: str) -> Run | None:
        """The newest run with a draft that made this reply, None if there is none. Raises HistoryError."""
        sql = "SELECT * FROM runs WHERE message_id = ? AND draft <> '' ORDER BY id DESC LIMIT 1"
        with _errors_told():
            row = self._connection.execute(sql, (message_id,)).fetchone()
        return None if row is None else run_from(row)

    def drafted_runs(self, model_id: str, draft: str, limit: int = 100) -> list[Run]:
        """The newest runs of this model with this draft (see `Run.draft`). Raises HistoryError."""
        sql = """
            SELECT * FROM runs WHERE model_id = ? AND draft = ? AND draft <> '' ORDER BY at DESC, id DESC LIMIT ?
        """
        with _errors_told():
            rows = self._connection.execute(sql, (_storable(model_id), _storable(draft), limit))
            return [run_from(row) for row in rows]

    def predictions(self, model_id: str | None = None, limit: int = 100) -> list[Prediction]:
        """The newest predictions, of one model if given. Raises HistoryError."""
        sql = (
            "SELECT * FROM predictions WHERE (?1 IS NULL OR model_id = ?1) ORDER BY at DESC, id DESC LIMIT ?2"
        )
        with _errors_told():
            return [
                prediction_from(row) for row in self._connection.execute(sql, (_storable(model_id), limit))
            ]

    def _find(self, search: str) -> dict[str, str]:
        """Conversation id -> the first message with `search` in it.

        A scan: LIKE reads a gigabyte a second, while a trigram index makes the file five times as large and
        costs 15 ms at the end of a long reply (both measured). LIKE folds the case of ASCII only, so other
        scripts go through Python.
        """
        search = storable(search)
        if search.isascii():
            escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            condition, value = "text LIKE ? ESCAPE '\\'", f"%{escaped}%"
        else:
            condition, value = "folded_contains(text, ?)", search
        rows = self._connection.execute(_FIND.format(condition=condition), (value,))
        return {row["conversation_id"]: row["text"] for row in rows}


@contextmanager
def _errors_told() -> Generator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_history_error(error) from error


def _row_later(conversation_id: str, message: Message) -> Callable[[], tuple[Any, ...]]:
    return lambda: message_row(conversation_id, message)


def _folded_contains(text: str, needle: str) -> bool:
    return needle.casefold() in text.casefold()


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _summary_of(conversation: Conversation) -> ConversationSummary:
    return ConversationSummary(
        conversation.id,
        conversation.title,
        conversation.created_at,
        conversation.changed_at,
        len(conversation.messages),
        model=next((m.model for m in reversed(conversation.messages.values()) if m.model), ""),
    )


def _with_excerpt(summary: ConversationSummary, search: str, text: str | None) -> ConversationSummary | None:
    """The summary of a conversation found, with the place where it was; None for one that does not match."""
    if text is None:
        return summary if _folded_contains(summary.title, search) else None
    at = max(text.casefold().find(search.casefold()), 0)
    start = max(at - EXCERPT_LENGTH // 3, 0)
    excerpt = " ".join(text[start : start + EXCERPT_LENGTH].split())
    before = "…" if start else ""
    after = "…" if start + EXCERPT_LENGTH < len(text) else ""
    return replace(summary, excerpt=f"{before}{excerpt}{after}")
