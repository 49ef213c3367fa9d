"""The app's own settings: what Preferences shows, kept in one JSON file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.settings import Table
from app.core.settings.problem import Problem
from app.core.settings.store import JsonStore, StoreError, StoreReport

_log = logging.getLogger(__name__)
_VERSION = 1
_SAVE_AFTER_MS = 300


class Preferences(QObject):
    """Values of the app's settings table; only what differs from a default is in the file.

    `changed` carries the key. A change is written a moment later, at the latest by `close`. What the file
    holds and this version does not know is kept and written back.
    """

    changed = Signal(str)
    save_failed = Signal(object)  # StoreReport

    def __init__(self, table: Table, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self._store = JsonStore(path, _VERSION)
        self.reports: list[StoreReport] = []  # what there is to tell about the file
        self.problems: list[Problem] = []  # values in it that were refused
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
        document, self.reports = self._store.load()
        held = document.get("values", {})
        if not isinstance(held, dict):
            self.reports.append(self._store.report_damage("its values are no object"))
            held = {}
        self._values, self.problems = self.table.check(cast(dict[str, Any], held))
        self._unknown = {
            key: value for key, value in cast(dict[str, Any], held).items() if key not in self.table
        }

    def _save(self) -> None:
        try:
            self._store.save({"values": self._unknown | self.values()})
        except StoreError as error:
            _log.error("%s", error)
            self.save_failed.emit(error.report)
