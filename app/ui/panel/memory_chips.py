"""What each changed setting adds to the memory of the plan, as a chip on its row."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.ui.format import bytes_text
from app.ui.panel import texts
from app.ui.panel.memory_view import QUIET_MS
from app.ui.panel.row_list import RowList
from app.ui.panel.setting_row import SettingRow

STALE = "stale"
"""The tone of a chip while it is measured anew."""


class MemoryChips(QObject):
    """Puts the service's numbers on the rows; they pale while they are measured anew."""

    def __init__(self, rows: RowList, plan: Plan, service: FootprintService) -> None:
        super().__init__(rows)
        self._rows = rows
        self._plan = plan
        self._service = service
        self._is_stale = False
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(QUIET_MS)
        self._slow.timeout.connect(self._show_stale)
        service.chips_changed.connect(self._show_all)
        for signal in (service.changed, service.chips_changed):
            signal.connect(self._service_changed)
        plan.changed.connect(self._plan_changed)
        rows.row_built.connect(self._show)
        self._show_all()

    def _service_changed(self) -> None:
        if self._service.are_chips_current:
            self._slow.stop()
            if self._is_stale:
                self._is_stale = False
                self._show_all()
        elif not self._is_stale and not self._slow.isActive():
            self._slow.start()

    def _show_stale(self) -> None:
        self._is_stale = True
        self._show_all()

    def _plan_changed(self, key: str) -> None:
        """A row that is at its default again adds nothing, whatever was measured."""
        for row in self._rows.built_rows():
            if key in {"", row.setting.key}:
                self._show(row)

    def _show_all(self) -> None:
        for row in self._rows.built_rows():
            self._show(row)

    def _show(self, row: SettingRow) -> None:
        key = row.setting.key
        added = self._service.chips.get(key)
        if added is None or not self._plan.is_changed(key):
            row.set_chip("")
            return
        default = texts.spoken(row.setting, self._plan.default(key))
        if added == 0:
            text, tip = "\u00b10", self.tr("Takes as much memory as the default, {value}")
        elif added > 0:
            text, tip = (
                bytes_text(added, signed=True),
                self.tr("Takes that much more memory than the default, {value}"),
            )
        else:
            text, tip = (
                bytes_text(added, signed=True),
                self.tr("Takes that much less memory than the default, {value}"),
            )
        tone = STALE if self._is_stale else "good" if added < 0 else ""
        row.set_chip(text, tone, tip.format(value=default))
