"""What a load brought: memory per device, and whatever is not as it was asked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.run import Difference, Got
from app.core.settings import Table
from app.ui.format import count_text, duration_text
from app.ui.icons import icon
from app.ui.panel import texts
from app.ui.panel.device_bar import DeviceView, Legend
from app.ui.theme import Theme


def difference_text(table: Table, difference: Difference) -> str:
    """A setting, what was asked and what was got, in words."""
    asked, got = (shown(table, difference.key, value) for value in (difference.asked, difference.got))
    title = texts.title(table[difference.key]) if difference.key in table else difference.key
    text = f"{title}: {asked} \u2192 {got}"
    return f"{text} ({texts.translated(difference.reason)})" if difference.reason else text


def shown(table: Table, key: str, value: Any) -> str:
    """A value of a setting as the panel writes it, whatever type the engine reported."""
    if key not in table:
        return str(value)
    try:
        return texts.spoken(table[key], table[key].check(value))
    except ValueError:
        return str(value)


class GotView(QWidget):
    """Bars of the loaded model's memory, a line that says what was got, and the differences."""

    def __init__(self, theme: Theme, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = table
        self._got: Got | None = None
        self._said = ""
        self._asked: dict[str, Any] = {}
        self._free: dict[str, int] = {}
        self._devices: list[DeviceView] = []
        self._bars = QVBoxLayout()
        self._bars.setSpacing(6)
        self._legend = Legend(theme, self)
        self._summary = QPushButton(self)
        self._summary.setProperty("role", "link")
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._summary.clicked.connect(self.open_list)
        self.dialog: GotDialog | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addLayout(self._bars)
        self._column.addWidget(self._legend)
        self._column.addWidget(self._summary)
        self.hide()

    def show_got(self, got: Got | None, asked: dict[str, Any] | None = None) -> None:
        """Shows what was got for the settings `asked`; None when nothing is loaded."""
        self._got, self._asked, self._free = got, dict(asked or {}), {}
        self.setVisible(got is not None)
        if got is None:
            return
        self._show_devices()
        self._say(got)

    def show_free(self, devices: tuple[tuple[str, int, int], ...]) -> None:
        """Takes (name, free_bytes, total_bytes) of now from the worker's heartbeat."""
        free = {name: free_bytes for name, free_bytes, _ in devices}
        if free != self._free and self._got is not None:
            self._free = free
            self._show_devices()

    def _show_devices(self) -> None:
        assert self._got is not None
        devices = self._got.devices
        while len(self._devices) < len(devices):
            view = DeviceView(self._theme, self)
            self._bars.addWidget(view)
            self._devices.append(view)
        for index, view in enumerate(self._devices):
            view.setVisible(index < len(devices))
            if index < len(devices):
                device = devices[index]
                view.show_device(device, self._free.get(device.name, device.free_bytes))

    def _say(self, got: Got) -> None:
        titles = [texts.title(self._table[d.key]) if d.key in self._table else d.key for d in got.differences]
        if titles:
            text = self.tr("Not as asked: {titles}").format(titles=", ".join(titles))
        else:
            text = self.tr("Got what was asked")
        lines = [difference_text(self._table, item) for item in got.differences]
        self._said = text
        self._fit_summary()
        self._summary.setAccessibleDescription("\n".join(lines))
        self._summary.setToolTip("\n".join([*lines, self.tr("Click for every setting as asked and as got")]))
        self._summary.setIcon(
            icon(self._theme, "warning" if titles else "check", "warning" if titles else "good")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_summary()

    def _fit_summary(self) -> None:
        room = self.width() - self._summary.iconSize().width() - 12
        metrics = self._summary.fontMetrics()
        self._summary.setText(metrics.elidedText(self._said, Qt.TextElideMode.ElideRight, room))
        self._summary.setAccessibleName(self._said)

    def open_list(self) -> None:
        """Opens the list of all settings as asked and as got."""
        if self._got is None or self.dialog is not None:
            return
        self.dialog = GotDialog(self._theme, self._table, self._got, self._asked, self.window())
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        self.dialog = None


class GotDialog(QDialog):
    """Every load setting as asked and as got, those that differ first and flagged."""

    def __init__(
        self, theme: Theme, table: Table, got: Got, asked: dict[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(self.tr("Asked and got"))
        self.resize(680, 620)
        heading = QLabel(self.tr("Asked and got"), self)
        heading.setProperty("role", "title")
        facts = QLabel(self._facts(got), self)
        facts.setProperty("role", "dim")
        facts.setWordWrap(True)
        self.table = QTableWidget(self)
        self.table.setAccessibleName(self.windowTitle())
        self._fill(table, got, asked)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        for part in (heading, facts, self.table):
            column.addWidget(part)
        column.addLayout(line)

    def _facts(self, got: Got) -> str:
        facts = [
            f"{got.model_name} \u00b7 {got.quantisation}",
            self.tr("{n} of {total} layers offloaded").format(n=got.n_layers_offloaded, total=got.n_layers),
            self.tr("context {n} tokens, {slot} for one slot").format(
                n=count_text(got.n_ctx), slot=count_text(got.n_ctx_slot)
            ),
            self.tr("backend {name}").format(name=got.backend),
            self.tr("llama.cpp {version}").format(version=got.llama_cpp),
            self.tr("loaded in {time}").format(time=duration_text(got.load_ms / 1000)),
        ]
        return " \u00b7 ".join([*facts, *got.warnings])

    def _fill(self, table: Table, got: Got, asked: dict[str, Any]) -> None:
        differences = {item.key: item for item in got.differences}
        keys = [*differences, *(s.key for s in table if s.key in got.settings and s.key not in differences)]
        headers = [self.tr("Setting"), self.tr("Asked"), self.tr("Got"), self.tr("Why")]
        self.table.setColumnCount(len(headers))
        self.table.setHorizontalHeaderLabels(headers)
        self.table.setRowCount(len(keys))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        for row, key in enumerate(keys):
            self._fill_row(row, table, key, differences.get(key), got, asked)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def _fill_row(
        self, row: int, table: Table, key: str, difference: Difference | None, got: Got, asked: dict[str, Any]
    ) -> None:
        title = texts.title(table[key]) if key in table else key
        wanted = (
            difference.asked if difference else asked.get(key, table[key].default if key in table else None)
        )
        found = difference.got if difference else got.settings[key]
        reason = texts.translated(difference.reason) if difference else ""
        cells = [title, shown(table, key, wanted), shown(table, key, found), reason]
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if difference is not None and column == 0:
                item.setIcon(icon(self._theme, "warning", "warning"))
            self.table.setItem(row, column, item)
