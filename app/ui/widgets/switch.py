"""On or off, as a switch."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.ui.theme import Theme


class Switch(QAbstractButton):
    """A checkable button drawn as a switch; `toggled` as of any button. Needs an accessible name."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(36, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        track = QRectF(2, 2, 32, 16)
        painter.setPen(
            self._theme.color("text" if self.hasFocus() else "accent" if self.isChecked() else "faint")
        )
        painter.setBrush(self._theme.color("accent" if self.isChecked() else "raised"))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("on_accent" if self.isChecked() else "faint"))
        painter.drawEllipse(QRectF(track.right() - 14 if self.isChecked() else track.left() + 2, 4, 12, 12))
