"""JSON files of settings that survive crashes, full disks, damage and other versions of the program.

A file is one JSON object with a ``version``. It is always replaced as a whole: whatever happens while writing, the
old file stays as it was. A damaged file is never overwritten: it is renamed ``NAME.corrupt-TIME``. Before a file of
an older version is migrated it is copied to ``NAME.vN-TIME``. What a newer version wrote and this one does not know
is kept and written back.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

Document = dict[str, Any]
Migration = Callable[[Document], Document]


class StoreReason(StrEnum):
    """What happened with a file that the user should know."""

    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"
    NEWER = "newer"
    MIGRATED = "migrated"
    SENSELESS_ROWS = "senseless_rows"
    DISK_FULL = "disk_full"
    UNWRITABLE = "unwritable"


_TEXTS = {
    StoreReason.CORRUPT: "{path} is damaged ({detail}). It was kept as {kept}; the defaults are used.",
    StoreReason.UNREADABLE: "{path} cannot be read ({detail}). The defaults are used, and nothing is saved over it.",
    StoreReason.NEWER: "{path} was written by a newer version; what this one does not know is kept but unused.",
    StoreReason.MIGRATED: "{path} was brought up to this version; the file as it was is kept as {kept}.",
    StoreReason.SENSELESS_ROWS: "{detail} entries of {path} make no sense; they are kept there but not shown.",
    StoreReason.DISK_FULL: "{path} could not be saved: there is no space left on its disk. The old file is unchanged.",
    StoreReason.UNWRITABLE: "{path} could not be saved ({detail}). The old file is unchanged.",
}
_NO_SPACE = (
    frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG}) if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """Something to tell the user about a file; `kept` is the copy or the renamed original, if there is one."""

    reason: StoreReason
    path: Path
    kept: Path | None = None
    detail: str = ""

    def template(self) -> str:
        """The English sentence with its placeholders, to translate and then fill from `values`."""
        return _TEXTS[self.reason]

    @property
    def values(self) -> dict[str, str]:
        """What fills the placeholders."""
        return {"path": str(self.path), "kept": str(self.kept or ""), "detail": self.detail}

    def text(self) -> str:
        """The English sentence."""
        return self.template().format(**self.values)


class StoreError(Exception):
    """A file could not be written; the old one is unchanged. `report` says why."""

    def __init__(self, report: StoreReport) -> None:
        super().__init__(report.text())
        self.report = report


class JsonStore:
    """One JSON file of a given `version`. `migrations[n]` turns a document of version n into one of version n + 1."""

    def __init__(self, path: Path, version: int, migrations: Mapping[int, Migration] | None = None) -> None:
        self.path = path
        self.version = version
        self._migrations = dict(migrations or {})
        self._foreign: Document = {}  # what a newer version's file holds besides what we know
        self._file_version = version
        self._blocked: StoreReport | None = None

    def load(self) -> tuple[Document, list[StoreReport]]:
        """The file's document, {} if there is none or none to be had, and what there is to tell about it."""
        self._foreign, self._file_version, self._blocked = {}, self.version, None
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}, []
        except OSError as error:
            self._blocked = StoreReport(
                StoreReason.UNREADABLE, self.path, detail=error.strerror or str(error)
            )
            return {}, [self._blocked]
        try:
            document = _parsed(content)
            version = _version_of(document)
            if version < self.version:
                return self._migrated(document, version)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return {}, [self._set_aside(error)]
        if version > self.version:
            self._foreign, self._file_version = document, version
            return document, [StoreReport(StoreReason.NEWER, self.path)]
        return document, []

    def save(self, document: Mapping[str, Any]) -> None:
        """Replaces the file.

        Raises:
            StoreError: it cannot be written, or could not be read before; the old file is unchanged.
        """
        if self._blocked is not None:
            raise StoreError(StoreReport(StoreReason.UNWRITABLE, self.path, detail=self._blocked.detail))
        whole = {**self._foreign, **document, "version": max(self.version, self._file_version)}
        content = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            # A lone surrogate (a file name that is no text) becomes its JSON escape, and is read back as it was.
            _replace(self.path, content.encode(errors="backslashreplace"))
        except OSError as error:
            reason = StoreReason.DISK_FULL if error.errno in _NO_SPACE else StoreReason.UNWRITABLE
            raise StoreError(StoreReport(reason, self.path, detail=error.strerror or str(error))) from error

    def report_damage(self, detail: str) -> StoreReport:
        """Puts the file aside because its contents, though JSON, make no sense to the caller."""
        return self._set_aside(ValueError(detail))

    def _migrated(self, document: Document, version: int) -> tuple[Document, list[StoreReport]]:
        kept = _free_name(self.path, f"v{version}")
        try:
            shutil.copy2(self.path, kept)
        except OSError as error:
            # without a copy the old file must stay what it is
            self._blocked = StoreReport(
                StoreReason.UNREADABLE, self.path, detail=error.strerror or str(error)
            )
            return {}, [self._blocked]
        for number in range(version, self.version):
            document = self._migrations[number](document)
        return document, [StoreReport(StoreReason.MIGRATED, self.path, kept)]

    def _set_aside(self, error: Exception) -> StoreReport:
        kept = _free_name(self.path, "corrupt")
        detail = str(error) or type(error).__name__
        try:
            self.path.rename(kept)
        except OSError as failure:
            self._blocked = StoreReport(
                StoreReason.UNREADABLE, self.path, detail=failure.strerror or str(failure)
            )
            return self._blocked
        self._foreign, self._file_version = {}, self.version
        return StoreReport(StoreReason.CORRUPT, self.path, kept, detail)


def _parsed(content: bytes) -> Document:
    document: Any = json.loads(content.decode("utf-8-sig"))
    if not isinstance(document, dict):
        raise TypeError("it is not a JSON object")
    return cast(Document, document)


def _version_of(document: Document) -> int:
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError("it has no version")
    return version


def _free_name(path: Path, what: str) -> Path:
    stamp = f"{path.name}.{what}-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while (name := path.with_name(stamp if number == 1 else f"{stamp}-{number}")).exists():
        number += 1
    return name


def _replace(path: Path, content: bytes) -> None:
    target = Path(os.path.realpath(path))  # a link to a file kept elsewhere stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the renaming itself durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems cannot; the file's contents are safe already
        pass
    finally:
        os.close(descriptor)
