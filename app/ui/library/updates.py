"""Newer versions on the Models page: how far a check is, what it found, and getting what is newer."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.core.hub import HubError, HubPage
from app.core.hub_origin import Comparison, UpdateState
from app.core.library import ModelEntry
from app.services.hub_updates import CheckEnd, Updates
from app.ui.format import count_text
from app.ui.hub.hub_words import error_text
from app.ui.library.messages import Messages
from app.ui.library.texts import short_name
from app.ui.widgets import ElidedLabel

_SHOWN_AFTER_MS = 250  # shorter checks leave the page in peace
_ERROR_MS = 15_000


class UpdateBar(QFrame):
    """How far a check is, with Cancel; appears only if it takes noticeable time."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel("", self)
        self._label.setProperty("role", "dim")
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(96)
        self._bar.setAccessibleName(self.tr("Checking for updates"))
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setProperty("role", "quiet")
        cancel.setToolTip(self.tr("Stops asking; what was answered stays"))
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 4)
        row.setSpacing(12)
        row.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._label, 1)
        row.addWidget(cancel)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_SHOWN_AFTER_MS)
        self._delay.timeout.connect(self.show)
        self._n_models = 0
        self._host = ""
        self.hide()

    def start(self, host: str, n_models: int) -> None:
        """`host` is being asked about so many models."""
        self._host, self._n_models = host, n_models
        self._bar.setRange(0, n_models)
        self.show_progress(0)
        self._delay.start()

    def show_progress(self, n_done: int) -> None:
        """So many of them are known."""
        self._bar.setValue(n_done)
        text = self.tr("Asking {host} for newer versions: {n} of {all} models")
        self._label.setText(
            text.format(host=self._host, n=count_text(n_done), all=count_text(self._n_models))
        )

    def end(self) -> None:
        """The check is over."""
        self._delay.stop()
        self.hide()


class UpdateView(QObject):
    """Runs the button and the bar for `Updates`, says how a check ended, and gets what is newer when asked."""

    download_requested = Signal(object, list)  # HubPage, list[HubFile]
    page_requested = Signal(str, str)  # repository, revision
    newer_requested = Signal()  # show what is newer
    downloads_requested = Signal()

    def __init__(
        self, updates: Updates, button: QPushButton, bar: UpdateBar, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._updates = updates
        self._button = button
        self._bar = bar
        self._messages = messages
        self._wanted: ModelEntry | None = None
        button.clicked.connect(self._check)
        bar.cancelled.connect(updates.cancel)
        updates.started.connect(self._start)
        updates.progressed.connect(bar.show_progress)
        updates.finished.connect(self._end)
        updates.fetched.connect(self._take_page)
        updates.fetch_failed.connect(self._take_error)

    def show_button(self) -> None:
        """Shows the button where there is something to ask about, and says whom it asks about what."""
        n_models = len(self._updates.entries())
        self._button.setVisible(n_models > 0)
        text = self.tr("Asks {host} for newer versions of the {n} models that came from there")
        if n_models == 1:
            text = self.tr("Asks {host} for a newer version of the model that came from there")
        self._button.setToolTip(text.format(host=self._updates.host, n=count_text(n_models)))

    def get(self, entry: ModelEntry) -> None:
        """Gets the newer version of a model: into the queue of downloads, or its page where that is not enough."""
        update = self._updates.of(entry)
        if update is None or not update.is_newer:
            return
        if not update.note.etags:  # which file it is, only a person can tell
            self.page_requested.emit(entry.origins[0].repo_id, entry.origins[0].revision)
            return
        self._wanted = entry
        self._updates.fetch(entry)

    def _check(self) -> None:
        # Not disabled meanwhile: that would take the keyboard from whoever pressed it with a key.
        if not self._updates.is_checking:
            self._updates.check()

    def _start(self, n_models: int) -> None:
        self._bar.start(self._updates.host, n_models)

    def _end(self, end: CheckEnd) -> None:
        self._bar.end()
        self.show_button()
        if end.is_cancelled:
            return
        if end.error is not None:
            self._messages.say(
                error_text(end.error), self.tr("Try again"), self._updates.check, for_ms=_ERROR_MS
            )
        elif end.n_newer:
            self._messages.say(self._newer_text(end), self.tr("Show"), self.newer_requested.emit)
        else:
            text = self.tr("None of the {n} models has a newer version.")
            if end.n_models == 1:
                text = self.tr("There is no newer version.")
            self._messages.say(text.format(n=count_text(end.n_models)))

    def _newer_text(self, end: CheckEnd) -> str:
        text = self.tr("{n} of {all} models have a newer version.")
        if end.n_newer == 1:
            text = self.tr("1 of {all} models has a newer version.")
        if end.n_models == 1:
            text = self.tr("The model has a newer version.")
        return text.format(n=count_text(end.n_newer), all=count_text(end.n_models))

    def _take_page(self, page: HubPage, found: Comparison) -> None:
        entry, self._wanted = self._wanted, None
        if entry is None:
            return
        if found.state is not UpdateState.NEWER or not found.files:
            self.page_requested.emit(page.model.repo_id, page.revision)
            return
        self.download_requested.emit(page, list(found.files))
        text = self.tr("The newer version of {name} is in the queue of downloads.")
        name = short_name(entry.name)
        self._messages.say(text.format(name=name), self.tr("Show"), self.downloads_requested.emit)

    def _take_error(self, error: HubError) -> None:
        entry, self._wanted = self._wanted, None
        if entry is None:
            return
        self._messages.say(error_text(error), self.tr("Try again"), lambda: self.get(entry), for_ms=_ERROR_MS)
