"""What the tint in a reply means, and the way back."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.ui.chat.text_formats import GUESSED_SHARE
from app.ui.theme import Theme
from app.ui.tokens import mix
from app.ui.widgets import ElidedLabel

SWATCH = 12


class TintLegend(QWidget):
    """One line above a tinted reply; `dismissed` says that its Markdown is wanted again."""

    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label = ElidedLabel("", self)
        self._label.setProperty("role", "faint")
        self._back = QPushButton(self.tr("Hide"), self)
        self._back.setAccessibleName(self.tr("Hide the tint of accepted guesses"))
        self._back.setProperty("role", "link")
        self._back.clicked.connect(self.dismissed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SWATCH + 8, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._label)
        layout.addWidget(self._back)
        layout.addStretch(1)
        self.show_source(is_source=False)

    def show_source(self, *, is_source: bool) -> None:
        """Whether the text is shown as it was written, for its Markdown could not be tinted."""
        text = self.tr("accepted guesses")
        if is_source:
            text = self.tr("accepted guesses \u00b7 shown as the model wrote it")
        self._label.setText(text)
        self.setAccessibleName(text)

    def tab_chain(self) -> list[QWidget]:
        """Its controls in the order of the Tab key."""
        return [self._back]

    def sizeHint(self) -> QSize:
        return QSize(0, self._theme.hint_size_px + 11)

    def restyle(self) -> None:
        """The theme has changed."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        painter.setPen(self._theme.color("draft"))
        painter.setBrush(QColor(mix(tokens.bg, tokens.draft, GUESSED_SHARE)))
        painter.drawRoundedRect(QRectF(0.5, (self.height() - SWATCH) / 2 + 0.5, SWATCH, SWATCH), 3, 3)
