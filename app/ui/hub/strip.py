"""One line about what a view shows, with at most one thing to do about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel


class Strip(QFrame):
    """An icon, a text that is shortened where there is no room, and a link; `acted` when that was chosen."""

    acted = Signal()

    def __init__(self, theme: Theme, icon_name: str, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon_name
        self._tone = tone
        self._picture = QLabel(self)
        self.label = ElidedLabel("", self)
        self.label.setProperty("small", "true")
        self.action = QPushButton(self)
        self.action.setProperty("role", "link")
        self.action.clicked.connect(self.acted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 12, 6)
        layout.setSpacing(8)
        layout.addWidget(self._picture)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.action)
        theme.changed.connect(self._draw)
        self.show_text("")

    def show_text(self, text: str, action: str = "", *, icon_name: str | None = None, tone: str = "") -> None:
        """Says `text`."""
        self.label.setText(text)
        set_role(self.label, tone or self._tone)
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._shown = (self._icon_name if icon_name is None else icon_name, tone or self._tone)
        self._draw()

    def _draw(self) -> None:
        name, tone = self._shown
        self._picture.setVisible(bool(name))
        if name:
            self._picture.setPixmap(pixmap(self._theme, name, 16, tone))
