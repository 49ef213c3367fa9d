"""The library's two files: the list of what the user added, and what earlier scans learnt from headers.

Both are JSON, written whole to a neighbour and moved into place. A damaged list is kept aside under another
name and said so, since people made it; a damaged cache is simply begun anew, since a scan makes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from app.core.gguf import ModelFacts
from app.core.gguf_format import GgufReason
from app.core.library import ModelProblem, Stamp

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class LibraryList:
    """What the user added and took away: `hidden` are ids of entries that a folder holds all the same.

    `declined` are other programs' folders that are not to be offered again.
    """

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()


class LibraryFile:
    """Reads and writes a `LibraryList`. `set_aside` names the damaged file that `read` kept, if any.

    A window keeps its list in memory while `loadout download` adds to the same file: `added_by_others` tells of that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: Path | None = None
        self._known = frozenset[str]()  # the files in it as it was last read or written here
        self._stamp: tuple[int, int] | None = None

    def read(self) -> LibraryList:
        """The saved list; an empty one if there is none or it is damaged. OSError if it cannot be read."""
        try:
            library = self._parsed()
            self._note(library)
            return library
        except FileNotFoundError:
            return LibraryList()
        except (ValueError, TypeError, LookupError):
            self.set_aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
            os.replace(self.path, self.set_aside)
            return LibraryList()

    def write(self, library: LibraryList) -> None:
        """Saves it; OSError if the disk refuses, with the old file unharmed."""
        row = {
            "version": _VERSION,
            "folders": library.folders,
            "files": library.files,
            "hidden": sorted(library.hidden),
            "declined": sorted(library.declined),
        }
        _write_json(self.path, row)
        self._note(library)

    def added_by_others(self) -> tuple[str, ...]:
        """Files that are in the list since it was last read or written here; each is told once. Raises nothing."""
        try:
            if self._stamp_now() == self._stamp:
                return ()
            library = self._parsed()
        except (OSError, ValueError, TypeError, LookupError):
            return ()  # whoever reads it for its own sake will say so
        added = tuple(path for path in library.files if path not in self._known)
        self._note(library)
        return added

    def _parsed(self) -> LibraryList:
        row = json.loads(self.path.read_text("utf-8"))
        return LibraryList(
            _texts(row, "folders"),
            _texts(row, "files"),
            frozenset(_texts(row, "hidden")),
            frozenset(_texts({"declined": []} | row, "declined")),  # since later versions
        )

    def _note(self, library: LibraryList) -> None:
        self._known = frozenset(library.files)
        with contextlib.suppress(OSError):
            self._stamp = self._stamp_now()

    def _stamp_now(self) -> tuple[int, int]:
        """Each version is a file of its own, moved into place."""
        status = self.path.stat()
        return status.st_ino, status.st_mtime_ns


def _texts(row: object, key: str) -> tuple[str, ...]:
    items = cast("dict[str, object]", row)[key]
    if not isinstance(items, list) or not all(isinstance(item, str) for item in cast("list[object]", items)):
        raise TypeError(f"{key} is not a list of texts")
    return tuple(dict.fromkeys(cast("list[str]", items)))


class HeaderCache:
    """What is known of files while their sizes and times stay the same. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: dict[str, tuple[Stamp, ModelFacts | ModelProblem]] = {}
        self._is_changed = False

    def get(self, path: str, stamp: Stamp) -> ModelFacts | ModelProblem | None:
        """What was learnt of the file while it had this stamp, else None."""
        row = self._rows.get(path)
        return row[1] if row and row[0] == stamp else None

    def put(self, path: str, stamp: Stamp, found: ModelFacts | ModelProblem) -> None:
        """Remembers it."""
        self._rows[path] = (stamp, found)
        self._is_changed = True

    def keep_only(self, paths: Iterable[str]) -> None:
        """Forgets every other path."""
        gone = self._rows.keys() - set(paths)
        for path in gone:
            del self._rows[path]
        self._is_changed = self._is_changed or bool(gone)

    def load(self) -> None:
        """Reads the file; rows that are damaged or another version's are skipped. Raises nothing."""
        try:
            rows = json.loads(self.path.read_text("utf-8"))["files"].items()
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return
        for path, row in rows:
            with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
                self._rows[path] = _row_from_json(row)

    def save(self) -> None:
        """Writes the file if anything changed; OSError if the disk refuses."""
        if not self._is_changed:
            return
        rows = {path: _row_to_json(stamp, found) for path, (stamp, found) in self._rows.items()}
        _write_json(self.path, {"version": _VERSION, "files": rows})
        self._is_changed = False


def _row_to_json(stamp: Stamp, found: ModelFacts | ModelProblem) -> dict[str, Any]:
    if isinstance(found, ModelFacts):
        return {"stamp": stamp, "facts": found.to_json()}
    return {"stamp": stamp, "reason": str(found.reason), "values": dict(found.values)}


def _row_from_json(row: dict[str, Any]) -> tuple[Stamp, ModelFacts | ModelProblem]:
    stamp = tuple((int(part[0]), int(part[1])) if part else None for part in row["stamp"])
    if "facts" in row:
        return stamp, ModelFacts.from_json(row["facts"])
    problem = ModelProblem(GgufReason(row["reason"]), dict(row["values"]))
    problem.text()  # KeyError where a value is missing
    return stamp, problem


def _write_json(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with open(neighbour, "w", encoding="utf-8") as file:
            json.dump(row, file, indent=1)  # in ASCII: paths may hold bytes that are no UTF-8
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except OSError:
        neighbour.unlink(missing_ok=True)
        raise
