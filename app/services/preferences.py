"""The app's own settings: what Preferences shows, kept in one JSON file."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.settings import Table

_log = logging.getLogger(__name__)
_VERSION = 1
_SAVE_AFTER_MS = 300


class Preferences(QObject):
    """Values of the app's settings table; only what differs from a default is in the file.

    `changed` carries the key. A change is written a moment later, at the latest by `close`. What the file
    holds and this version does not know is kept and written back.
    """

    changed = Signal(str)
    save_failed = Signal(str)  # the system's words

    def __init__(self, table: Table, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self.path = path
        self.set_aside: Path | None = None  # where a file that could not be read was put, for a notice
        self.problems: list[str] = []  # values that were refused, in words, for a notice
        self._values: dict[str, Any] = {}
        self._unknown: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.timeout.connect(self._save)
        self._load()

    def value(self, key: str) -> Any:
        """The value in force. Raises KeyError for a key that is no row."""
        return self.table.value(self._values, key)

    def values(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return self.table.changed(self._values)

    def set_value(self, key: str, value: Any) -> None:
        """Changes one setting; it takes effect through `changed`.

        Raises:
            SettingError: the value is not legal; nothing has changed.
        """
        clean = self.table[key].check(value)
        if clean == self.value(key):
            return
        self._values[key] = clean
        self._timer.start()
        self.changed.emit(key)

    def reset(self, key: str) -> None:
        """Back to the default."""
        self.set_value(key, self.table[key].default)

    def is_changed(self, key: str) -> bool:
        """Whether the value differs from its default."""
        return self.value(key) != self.table[key].default

    def close(self) -> None:
        """Writes what has not been written yet."""
        if self._timer.isActive():
            self._timer.stop()
            self._save()

    def _load(self) -> None:
        record = read_json(self.path)
        if record is None:
            self.set_aside = put_aside(self.path)
            return
        held = cast(
            dict[str, Any], record.get("values", {}) if isinstance(record.get("values", {}), dict) else {}
        )
        known = {key: value for key, value in held.items() if key in self.table}
        self._unknown = {key: value for key, value in held.items() if key not in self.table}
        self._values, found = self.table.check(known)
        self.problems = [problem.text() for problem in found]

    def _save(self) -> None:
        record = {"version": _VERSION, "values": self._unknown | self.values()}
        try:
            write_json(self.path, record)
        except OSError as error:
            _log.error("cannot save %s: %s", self.path, error)
            self.save_failed.emit(error.strerror or str(error))


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; {} if there is no file, None if it cannot be read or is no object."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.error("cannot read %s: %s", path, error)
        return None
    return cast(dict[str, Any], record) if isinstance(record, dict) else None


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Replaces a file as a whole: after a crash or on a full disk the old one is still there.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def put_aside(path: Path) -> Path:
    """Renames a file that cannot be used, so that nothing overwrites it; returns its new name."""
    target = path.with_name(f"{path.stem}-unreadable-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    try:
        path.replace(target)
    except OSError as error:
        _log.error("cannot put %s aside: %s", path, error)
    return target
