"""Every device that models can run on, here and on other computers, and how a model is spread over them."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.endpoint import EndpointError
from app.core.settings.machine import takes_layers
from app.services.device_list import DeviceList
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.services.remote_devices import RemoteDevices
from app.ui.pages.device_line import DeviceLine
from app.ui.pages.remote_line import RemoteLine
from app.ui.pages.remote_words import RemoteWords
from app.ui.pages.split_card import SplitCard
from app.ui.pages.worker_command import WorkerCommand
from app.ui.theme import Theme, set_role
from app.ui.widgets import IconButton, Toast

_WIDTH_PX = 760  # at 13 px text
_SHOW_MS = 60  # changes come in bursts: a heartbeat, a sample, an answer


class DevicesPage(QWidget):
    """Shows what the services know; every wish goes to them as it is."""

    def __init__(
        self,
        theme: Theme,
        devices: DeviceList,
        remotes: RemoteDevices,
        plan: Plan,
        footprints: FootprintService,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._devices = devices
        self._remotes = remotes
        self._plan = plan
        self._words = RemoteWords(self)
        self._local: dict[str, DeviceLine] = {}
        self.remote_lines: dict[str, RemoteLine] = {}
        self.split = SplitCard(theme, plan, footprints)
        self.command = WorkerCommand(theme)
        self._area = QScrollArea(self)
        self._toast = Toast(theme, self)
        self._toast.acted.connect(remotes.restore)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SHOW_MS)
        self._soon.timeout.connect(self._show)
        self._build()
        devices.changed.connect(self._change)
        remotes.changed.connect(self._change)
        plan.changed.connect(self._change)
        plan.model_changed.connect(self._change)
        self._show()

    # -- parts ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        body = QWidget(self)
        column = QVBoxLayout()
        column.setContentsMargins(24, 20, 24, 72)  # a toast covers no button
        column.setSpacing(8)
        column.addLayout(self._head(body))
        self._local_card, self._local_rows = self._card(column, self.tr("This computer"))
        self._local_note = self._note(self._local_card)
        self._local_rows.addWidget(self._local_note)
        self._remote_card, self._remote_rows = self._card(column, self.tr("Other computers"))
        self._remote_note = self._note(self._remote_card)
        self._remote_rows.addWidget(self._remote_note)
        self._remote_rows.addLayout(self._add_row())
        self._split_title = self._heading(self.tr("How the layers are split"))
        for part in (self._split_title, self.split):
            column.addWidget(part)
        column.addWidget(self._heading(self.tr("Lend another computer's devices")))
        column.addWidget(self.command)
        column.addStretch(1)
        self._place(body, column)

    def _place(self, body: QWidget, column: QVBoxLayout) -> None:
        middle = QWidget(body)
        middle.setLayout(column)

        def limit() -> None:
            middle.setMaximumWidth(_WIDTH_PX * self._theme.text_size_px // 13)

        self._theme.changed.connect(limit)
        limit()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        self._area.setWidget(body)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setAccessibleName(self.tr("Devices"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)

    def _head(self, body: QWidget) -> QHBoxLayout:
        title = QLabel(self.tr("Devices"), body)
        title.setProperty("role", "title")
        self._refresh = IconButton(self._theme, "refresh", self.tr("Ask all remote workers again"), body)
        self._refresh.clicked.connect(self._remotes.ask_all)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._refresh)
        return head

    def _heading(self, text: str) -> QLabel:
        heading = QLabel(text, self)
        heading.setProperty("role", "group")
        heading.setContentsMargins(0, 8, 0, 0)
        return heading

    def _card(self, column: QVBoxLayout, title: str) -> tuple[QFrame, QVBoxLayout]:
        column.addWidget(self._heading(title))
        card = QFrame(self)
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(0)
        column.addWidget(card)
        return card, inside

    def _note(self, card: QFrame) -> QLabel:
        note = QLabel(card)
        note.setProperty("role", "dim")
        note.setWordWrap(True)
        note.setContentsMargins(16, 8, 16, 8)
        return note

    def _add_row(self) -> QVBoxLayout:
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("host or host:port"))
        self.field.setAccessibleName(self.tr("Address of a remote worker: host or host:port"))
        self.field.returnPressed.connect(self._add)
        self.field.textChanged.connect(lambda _text: self._complain(""))
        self.add = QPushButton(self.tr("Add"), self)
        self.add.setAccessibleName(self.tr("Add the remote worker"))
        self.add.clicked.connect(self._add)
        self._complaint = QLabel(self)
        self._complaint.setProperty("role", "bad")
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.field, 1)
        line.addWidget(self.add)
        part = QVBoxLayout()
        part.setContentsMargins(16, 8, 16, 10)
        part.setSpacing(6)
        part.addLayout(line)
        part.addWidget(self._complaint)
        return part

    # -- what it shows --------------------------------------------------------------------------------------

    def _change(self, *_what: object) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _show(self) -> None:
        self._show_local()
        self._show_remote()
        has_split = self.split.has_choice
        self.split.setVisible(has_split)
        self._split_title.setVisible(has_split)
        self._order()

    def _order(self) -> None:
        """The keyboard goes down the page, also through what was added after it was built."""
        stops: list[QWidget] = [self._refresh]
        for worker in self._remotes.workers():
            line = self.remote_lines[worker.endpoint]
            stops += [line.test, line.remove, line.switch]
        stops += [self.field, self.add, self.split.own, *(line.slider for line in self.split.lines)]
        for one, following in pairwise([*stops, self.command.copy]):
            QWidget.setTabOrder(one, following)

    def _show_local(self) -> None:
        devices = self._devices.local()
        if list(self._local) != [device.name for device in devices]:
            for line in self._local.values():
                self._local_rows.removeWidget(line)
                line.hide()
                line.deleteLater()
            self._local = {}
            for index, device in enumerate(devices):
                line = DeviceLine(self._theme, self._local_card)
                line.setContentsMargins(16, 10, 16, 10)
                self._local_rows.insertWidget(index, line)
                self._local[device.name] = line
        for device in devices:
            self._local[device.name].show_device(device)
        has_gpu = any(takes_layers(device.kind) for device in devices)
        note = "" if has_gpu else self.tr("No GPU was found that this build of llama.cpp can use.")
        self._local_note.setText(note if self._devices.is_known else self.tr("Looking for devices\u2026"))
        self._local_note.setVisible(bool(self._local_note.text()))

    def _show_remote(self) -> None:
        workers = self._remotes.workers()
        endpoints = [worker.endpoint for worker in workers]
        for endpoint in [name for name in self.remote_lines if name not in endpoints]:
            line = self.remote_lines.pop(endpoint)
            self._remote_rows.removeWidget(line)
            line.hide()
            line.deleteLater()
        why_not = self._why_not()
        for index, worker in enumerate(workers):
            line = self.remote_lines.get(worker.endpoint) or self._remote_line(worker.endpoint)
            if self._remote_rows.indexOf(line) != index:
                self._remote_rows.insertWidget(index, line)
            line.show_worker(worker, self._devices.remote(worker.endpoint), why_not)
        self._remote_note.setText(
            ""
            if workers
            else self.tr(
                "A model too large for this computer can be spread over several. Start a remote worker on another "
                "one, as shown below, and add its address here."
            )
        )
        self._remote_note.setVisible(not workers)

    def _remote_line(self, endpoint: str) -> RemoteLine:
        line = RemoteLine(self._theme, endpoint, self._remote_card)
        line.planned.connect(lambda planned: self._remotes.set_planned(endpoint, planned))
        line.asked.connect(lambda: self._remotes.ask(endpoint))
        line.removed.connect(lambda: self._remove(endpoint))
        self.remote_lines[endpoint] = line
        return line

    def _why_not(self) -> str:
        if self._plan.model is None:
            return self.tr("Choose a model first: what is used belongs to its plan.")
        return ""

    # -- wishes ---------------------------------------------------------------------------------------------

    def _add(self) -> None:
        try:
            self._remotes.add(self.field.text())
        except EndpointError as error:
            self._complain(self._words.fault(error.fault))
            return
        self.field.clear()

    def _complain(self, text: str) -> None:
        self._complaint.setText(text)
        self._complaint.setVisible(bool(text))
        set_role(self.field, "bad" if text else "", "state")

    def _remove(self, endpoint: str) -> None:
        self._remotes.remove(endpoint)
        self.field.setFocus()
        said = self.tr("{endpoint} was taken off the list").format(endpoint=endpoint)
        self._toast.show_text(said, self.tr("Undo"))

    def showEvent(self, event: QShowEvent) -> None:
        self._show()
        self._remotes.ask_all()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._soon.stop()
        super().hideEvent(event)
