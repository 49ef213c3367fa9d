"""What a load brought: memory per device, and whatever is not as it was asked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.run import Got
from app.core.settings import Table
from app.ui.icons import icon
from app.ui.panel.device_bar import DeviceView, Legend
from app.ui.panel.got_dialog import GotDialog
from app.ui.panel.got_words import GotWords
from app.ui.theme import Theme


class GotView(QWidget):
    """Bars of the loaded model's memory, a line that says what was got, and the differences."""

    def __init__(self, theme: Theme, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = table
        self._words = GotWords(table, self)
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
        titles = [self._words.title(item.key) for item in got.differences]
        remarks = [self._words.remark(remark) for remark in got.warnings]
        if titles:
            text = self.tr("Not as asked: {titles}").format(titles=", ".join(titles))
        else:
            text = remarks[0] if remarks else self.tr("Got what was asked")
        lines = [*(self._words.difference(item) for item in got.differences), *remarks]
        self._said = text
        self._fit_summary()
        self._summary.setAccessibleDescription("\n".join(lines))
        self._summary.setToolTip("\n".join([*lines, self.tr("Click for every setting as asked and as got")]))
        self._summary.setIcon(
            icon(self._theme, "warning" if lines else "check", "warning" if lines else "good")
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
