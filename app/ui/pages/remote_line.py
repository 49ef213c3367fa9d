"""One remote worker: where it is, how it is, whether the plan uses it, and its devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.services.device_list import DeviceState
from app.services.remote_devices import RemoteState, RemoteWorker
from app.ui.pages.device_line import DeviceLine
from app.ui.pages.remote_words import RemoteWords
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel, IconButton, Switch


class RemoteLine(QWidget):
    """`planned` when the switch was used; `asked` and `removed` for its buttons."""

    planned = Signal(bool)
    asked = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, endpoint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = RemoteWords(self)
        self._lines: list[DeviceLine] = []
        self._endpoint = ElidedLabel(endpoint, self, mode=Qt.TextElideMode.ElideMiddle)
        self._endpoint.setProperty("role", "strong")
        self._state = QLabel(self)
        self._advice = QLabel(self)
        self._advice.setProperty("role", "hint")
        self._advice.setWordWrap(True)
        name = self.tr("Use {endpoint} for this plan").format(endpoint=endpoint)
        self.switch = Switch(theme, name, self)
        self.switch.clicked.connect(self.planned)
        self._switch_title = QLabel(self.tr("Use for this plan"), self)
        self.test = QPushButton(self.tr("Test"), self)
        self.test.setAccessibleName(self.tr("Test {endpoint}").format(endpoint=endpoint))
        self.test.setToolTip(self.tr("Connects, and lists its devices with their memory"))
        self.test.clicked.connect(self.asked)
        remove = self.tr("Take {endpoint} off the list").format(endpoint=endpoint)
        self.remove = IconButton(theme, "trash", remove, self)
        self.remove.clicked.connect(self.removed)
        self._arrange()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._endpoint)
        head.addWidget(self._state, 1)
        head.addWidget(self.test)
        head.addWidget(self.remove)
        use = QHBoxLayout()
        use.setSpacing(8)
        use.addWidget(self.switch)
        use.addWidget(self._switch_title)
        use.addStretch(1)
        self._devices = QVBoxLayout()
        self._devices.setSpacing(12)
        line = QFrame(self)
        line.setProperty("role", "line")
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        column = QVBoxLayout()
        column.setContentsMargins(16, 10, 16, 14)
        column.setSpacing(8)
        around.addLayout(column)
        around.addWidget(line)
        column.addLayout(head)
        column.addWidget(self._advice)
        column.addLayout(use)
        column.addLayout(self._devices)

    def show_worker(self, worker: RemoteWorker, devices: Sequence[DeviceState], why_not: str) -> None:
        """Shows how it is; `why_not` says why the plan cannot use it, "" if it can."""
        text, tone = self._words.state(worker)
        self._state.setText(text)
        set_role(self._state, tone)
        self._state.setAccessibleName(f"{worker.endpoint}: {text}")
        advice = self._words.advice(worker)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self.switch.setChecked(worker.is_planned)
        self.switch.setEnabled(not why_not or worker.is_planned)
        for part in (self.switch, self._switch_title):
            part.setToolTip(why_not)
        set_role(self._switch_title, "" if self.switch.isEnabled() else "faint")
        # Not while it is asked, which is over in a moment: a button that is switched off loses the keyboard's focus.
        self.test.setEnabled(worker.state is not RemoteState.IN_USE)
        self._show_devices(self._devices_of(worker, devices))

    def _show_devices(self, devices: list[DeviceState]) -> None:
        while len(self._lines) > len(devices):
            line = self._lines.pop()
            self._devices.removeWidget(line)
            line.hide()
            line.deleteLater()
        while len(self._lines) < len(devices):
            line = DeviceLine(self._theme, self)
            self._devices.addWidget(line)
            self._lines.append(line)
        for line, device in zip(self._lines, devices, strict=True):
            line.show_device(device)

    def _devices_of(self, worker: RemoteWorker, known: Sequence[DeviceState]) -> list[DeviceState]:
        """Its devices as llama.cpp here calls them; one that llama.cpp was not told of has no name yet."""
        if worker.state not in {RemoteState.READY, RemoteState.IN_USE}:
            return []
        devices: list[DeviceState] = []
        for index in range(max(len(worker.memories), len(known))):
            unnamed = self.tr("Device {n}").format(n=index + 1)
            device = known[index] if index < len(known) else DeviceState(unnamed, "", "rpc", "RPC", 0, 0)
            free, total = device.free_bytes, device.total_bytes
            if index < len(worker.memories):
                free, total = worker.memories[index]
            devices.append(
                replace(device, description="", free_bytes=free, total_bytes=total, endpoint=worker.endpoint)
            )
        return devices
