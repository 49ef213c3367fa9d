"""Where a file in a folder of the user's comes from: a small file beside it remembers repository and commit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from app.core.whole_file import write_whole

FOLDER: Final = ".loadout"
"""The hidden folder in a repository's folder, for these files and for what is unfinished."""
_VERSION: Final = 1
_MAX_BYTES: Final = 65536
_N_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class Record:
    """A downloaded file: `path` in the repository at `commit`, which was `revision`; `etag` names its content."""

    repo_id: str
    revision: str
    commit: str
    path: str
    etag: str
    size_bytes: int


def record_path(home: Path, path: str) -> Path:
    """The record's own file, for the file `path` of the repository in the folder `home`."""
    return home / FOLDER / "files" / f"{path}.json"


def write_record(home: Path, record: Record) -> None:
    """Remembers `record` for the file of that path below `home`; OSError where it cannot be written."""
    target = record_path(home, record.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, json.dumps({"version": _VERSION, **asdict(record)}, indent=1))


def read_record(path: Path) -> Record | None:
    """Where the file at `path` comes from; None where nothing is known, or another file has taken its place."""
    for home in path.parents[:_N_LEVELS]:
        if (home / FOLDER).is_dir():
            told = _read(record_path(home, path.relative_to(home).as_posix()))
            return told if told is not None and _size_of(path) == told.size_bytes else None
    return None


def _read(path: Path) -> Record | None:
    try:
        with open(path, encoding="utf-8") as file:
            row: dict[str, Any] = json.loads(file.read(_MAX_BYTES))
        texts = [row[key] for key in ("repo_id", "revision", "commit", "path", "etag")]
        version, size_bytes = row["version"], row["size_bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if version != _VERSION or not isinstance(size_bytes, int):
        return None
    if not all(isinstance(text, str) for text in texts):
        return None
    repo_id, revision, commit, own_path, etag = texts
    return Record(repo_id, revision, commit, own_path, etag, size_bytes)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
