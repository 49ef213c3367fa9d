"""Instead of a model's page: why it cannot be had, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

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
        for state in (self.offline, self.locked, self.missing):
            state.clicked.connect(self.retry_asked)
        self.web = QPushButton(icon(theme, "arrow-square-out"), "", self)
        self.web.clicked.connect(self.web_asked)
        self.token = QPushButton(icon(theme, "key"), self.tr("Access token…"), self)
        self.token.clicked.connect(self.token_asked)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 40)
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.web)
        buttons.addWidget(self.token)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for state in (self.offline, self.locked, self.missing):
            layout.addWidget(state, 1)
        layout.addLayout(buttons)
        layout.setAlignment(buttons, Qt.AlignmentFlag.AlignTop)

    def show_error(self, error: HubError, again: str, host: str) -> None:
        """Says what `error` is; `again` is when it is tried by itself, "" where it is not."""
        wants_token = error.reason in _WANTS_TOKEN
        state, title = self.missing, self.tr("This model cannot be shown")
        if wants_token:
            state, title = self.locked, self.tr("Not open to everyone")
        elif error.reason in _NO_ONE_THERE:
            state, title = self.offline, self.tr("{host} cannot be reached").format(host=host)
        elif error.reason is HubReason.NOT_FOUND:
            title = self.tr("No such model")
        text = "\n".join(part for part in (error_text(error), again) if part)
        state.show_text(title, text, self.tr("Try again"))
        for other in (self.offline, self.locked, self.missing):
            other.setVisible(other is state)
        self.web.setText(self.tr("Open on {host}").format(host=host))
        self.web.setVisible(wants_token)
        self.token.setVisible(wants_token)
