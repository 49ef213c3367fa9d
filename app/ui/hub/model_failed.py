"""Instead of a model's page: why it cannot be had, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QStackedLayout, QWidget

from app.core.hub import HubError, HubReason
from app.ui.hub.hub_words import error_text
from app.ui.icons import icon
from app.ui.theme import Theme
from app.ui.widgets import EmptyState

_WANTS_TOKEN = frozenset({HubReason.GATED, HubReason.UNAUTHORISED, HubReason.BAD_TOKEN})
_NO_ONE_THERE = frozenset({HubReason.NO_NETWORK, HubReason.TOO_SLOW, HubReason.PROXY, HubReason.NOT_TRUSTED})


class ModelFailed(QWidget):
    """Title, reason, "Try again", and, where access is what lacks, the page on the Hub and the token."""

    retry_asked = Signal()
    token_asked = Signal()
    web_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offline = EmptyState(theme, "cloud-slash", "", "", "", self)
        self.locked = EmptyState(theme, "lock-simple", "", "", "", self)
        self.missing = EmptyState(theme, "warning", "", "", "", self)
        self.web = QPushButton(icon(theme, "arrow-square-out"), "", self)
        self.web.clicked.connect(self.web_asked)
        self.token = QPushButton(icon(theme, "key"), self.tr("Access token…"), self)
        self.token.clicked.connect(self.token_asked)
        self._layout = QStackedLayout(self)
        for state in (self.offline, self.locked, self.missing):
            state.clicked.connect(self.retry_asked)
            self._layout.addWidget(state)
        self._add_buttons()

    def show_error(self, error: HubError, again: str, host: str) -> None:
        """Says what `error` is; `again` is when it is tried by itself, "" where it is not."""
        state, title = self.missing, self.tr("This model cannot be shown")
        if error.reason in (HubReason.NOT_FOUND, HubReason.UNAUTHORISED):
            title = self.tr("No such model, or none that you may see")
        if error.reason in _WANTS_TOKEN:
            state = self.locked
            title = self.tr("Not open to everyone") if error.reason is HubReason.GATED else title
        elif error.reason in _NO_ONE_THERE:
            state, title = self.offline, self.tr("No connection")
        if error.reason is HubReason.BAD_TOKEN:
            title = self.tr("The access token is not accepted")
        text = "\n".join(part for part in (error_text(error), again) if part)
        state.show_text(title, text, self.tr("Try again"))
        self.web.setText(self.tr("Open on {host}").format(host=host))
        self._layout.setCurrentWidget(state)

    def _add_buttons(self) -> None:
        """Under the one of the locked state."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.web)
        row.addWidget(self.token)
        row.addStretch(1)
        layout = self.locked.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertSpacing(layout.count() - 1, 4)
        layout.insertLayout(layout.count() - 1, row)
