"""The end of a log file while it is being written."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.logs import files_by_age

_FIRST_BYTES = 512 * 1024
_STEP_BYTES = 256 * 1024
_EVERY_MS = 400

_LEVEL = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
_WORSE = re.compile(r"\b(error|failed|fatal|abort|exception|traceback)\b", re.IGNORECASE)
_WARNS = re.compile(r"\bwarn(ing)?\b", re.IGNORECASE)


class LogTail(QObject):
    """Follows one file: `started` with its last lines, then `grew` with new ones.

    Reads at most half a megabyte at once. A file that was rotated or truncated is started anew.
    """

    started = Signal(list)  # list[str]: the lines to show instead of all earlier ones
    grew = Signal(list)  # list[str]: more lines
    unreadable = Signal(str)  # the system's words

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._offset = 0
        self._inode = 0
        self._rest = b""
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._look)

    @property
    def path(self) -> Path | None:
        """The file that is followed."""
        return self._path

    def follow(self, path: Path) -> None:
        """Follows `path` from now on, until `stop`."""
        self._path = path
        self._start()
        self._timer.start()

    def stop(self) -> None:
        """Follows nothing."""
        self._timer.stop()

    def resume(self) -> None:
        """Follows again the file of before."""
        if self._path is not None:
            self._look()
            self._timer.start()

    def _start(self) -> None:
        self._rest = b""
        self._offset = self._inode = 0
        lines: list[str] = []
        if self._path is None:
            return
        try:
            status = self._path.stat()
            self._inode = status.st_ino
            self._offset = max(0, status.st_size - _FIRST_BYTES)
            is_cut = self._offset > 0
            lines = self._read(_FIRST_BYTES)
            if is_cut and lines:
                del lines[0]
        except OSError as error:
            self.unreadable.emit(error.strerror or str(error))
        self.started.emit(lines)

    def _look(self) -> None:
        if self._path is None:
            return
        try:
            status = self._path.stat()
        except OSError:
            return
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._start()
        elif status.st_size > self._offset:
            try:
                lines = self._read(_STEP_BYTES)
            except OSError as error:
                self.unreadable.emit(error.strerror or str(error))
                return
            if lines:
                self.grew.emit(lines)

    def _read(self, limit_bytes: int) -> list[str]:
        if self._path is None:
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            read = file.read(limit_bytes)
        self._offset += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        if len(self._rest) > _STEP_BYTES:  # one endless line
            lines.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in lines]


def level_of(line: str) -> str:
    """What a line is, ``error``, ``warning``, ``info`` or ``debug``: by our own format, else by its words."""
    found = _LEVEL.match(line)
    if found:
        level = found.group(1).lower()
        return "error" if level == "critical" else level
    if _WORSE.search(line):
        return "error"
    return "warning" if _WARNS.search(line) else "info"


class LevelReader:
    """Tells the level of line after line; lines that continue an entry of ours, as a traceback's, have its level."""

    def __init__(self) -> None:
        self._entry = ""  # the level of the entry of ours that is being read, "" in other files

    def level(self, line: str) -> str:
        """The level of the next line."""
        if _LEVEL.match(line):
            self._entry = level_of(line)
        return self._entry or level_of(line)


def log_files(folder: Path) -> list[Path]:
    """Log and crash files below `folder`, newest first, without the empty ones of running processes."""
    found = files_by_age(folder, "*.log", "crashes/*.txt")
    return [path for path, status in found if status.st_size or path.suffix == ".log"]
