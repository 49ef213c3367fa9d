"""A small word that is on or off: the values of a setting that are no number, such as "auto" and "all"."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.ui.theme import Theme


class Pill(QAbstractButton):
    """A checkable word in a rounded outline; `clicked` as of any button."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFont(theme.font(theme.hint_size_px))

    def sizeHint(self) -> QSize:
        font = self._theme.font(self._theme.hint_size_px)
        metrics = self.fontMetrics() if self.font() == font else None
        if metrics is None:
            self.setFont(font)
            metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 16, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        is_on = self.isChecked()
        edge = "accent" if self.hasFocus() or is_on else "faint" if self.underMouse() else "line"
        painter.setPen(self._theme.color(edge))
        painter.setBrush(self._theme.color("selection") if is_on else Qt.BrushStyle.NoBrush)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(self._theme.color("accent" if is_on else "dim"))
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
