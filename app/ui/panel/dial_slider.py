"""A slider that also shows where the loaded value is, and whether there is a number at all."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from app.ui.theme import Theme

_KNOB = 12
_GROOVE = 4


class DialSlider(QSlider):
    """Painted by hand: a style sheet's slider costs several times as much to build and cannot draw the tick.

    The wheel scrolls the panel unless the slider has the focus; a click takes the knob to where it was clicked.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._tick: int | None = None
        self._is_set = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(120, 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 18)

    @property
    def tick(self) -> int | None:
        """The position of the loaded value."""
        return self._tick

    def set_tick(self, position: int | None) -> None:
        """Marks the position of the loaded value; None for no mark."""
        if position != self._tick:
            self._tick = position
            self.update()

    def set_is_set(self, is_set: bool) -> None:
        """False while the value is a word such as "auto": the knob is hollow then."""
        if is_set != self._is_set:
            self._is_set = is_set
            self.update()

    # -- mouse ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _go_to(self, x: float) -> None:
        share = (x - _KNOB / 2) / max(1, self.width() - _KNOB)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            share = 1 - share
        self.setSliderPosition(
            self.minimum() + round(min(max(share, 0), 1) * (self.maximum() - self.minimum()))
        )

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        groove = QRectF(2, middle - _GROOVE / 2, self.width() - 4, _GROOVE)
        painter.setBrush(self._theme.color("line"))
        painter.drawRoundedRect(groove, 2, 2)
        x = self._x(self.sliderPosition())
        if self._is_set and self.isEnabled():
            painter.setBrush(self._theme.color("accent"))
            begin = QRectF(groove)
            if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
                begin.setLeft(x)
            else:
                begin.setRight(x)
            painter.drawRoundedRect(begin, 2, 2)
        if self._tick is not None:
            painter.setBrush(self._theme.color("dim"))
            painter.drawRect(QRectF(self._x(self._tick) - 1, middle - 5, 2, 10))
        self._paint_knob(painter, x, middle)

    def _paint_knob(self, painter: QPainter, x: float, middle: float) -> None:
        knob = QRectF(x - _KNOB / 2, middle - _KNOB / 2, _KNOB, _KNOB)
        if self.hasFocus():
            painter.setBrush(self._theme.color("accent", 0.28))
            painter.drawEllipse(knob.adjusted(-3, -3, 3, 3))
        painter.setBrush(self._theme.color("panel"))
        painter.drawEllipse(knob.adjusted(-1.5, -1.5, 1.5, 1.5))
        if not self.isEnabled():
            painter.setBrush(self._theme.color("line"))
            painter.drawEllipse(knob)
        elif self._is_set:
            painter.setBrush(self._theme.color("accent"))
            painter.drawEllipse(knob)
        else:
            painter.setPen(self._theme.color("faint"))
            painter.setBrush(self._theme.color("panel"))
            painter.drawEllipse(knob.adjusted(0.5, 0.5, -0.5, -0.5))

    def _x(self, position: int) -> float:
        span = max(1, self.maximum() - self.minimum())
        share = (position - self.minimum()) / span
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            share = 1 - share
        return _KNOB / 2 + share * (self.width() - _KNOB)
