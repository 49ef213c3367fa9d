"""One device's memory as a stacked bar, painted: the plan, other programs, what is free, what is too much."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.footprint import Verdict
from app.ui.panel.memory_lines import BarShape, Segment
from app.ui.theme import Theme

_GHOST_PX = 4
_HATCH_PX = 4
_RADIUS_PX = 3


def part_colour(theme: Theme, part: str) -> QColor:
    """The colour of a part; the output buffer is a paler kind of compute buffer, the projector of draft model."""
    paler = {"output": "compute", "projector": "draft"}
    return theme.color(paler[part], 0.5) if part in paler else theme.color(part)


class MemoryBar(QWidget):
    """Parts side by side, a mark where the device ends, the reserve hatched, the loaded model as a thin strip below."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, height_px: int = 12) -> None:
        super().__init__(parent)
        self._theme = theme
        self._height_px = height_px
        self._is_stale = False
        self.shape: BarShape | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_shape(self, shape: BarShape, *, is_stale: bool = False) -> None:
        """Shows a device; `is_stale` pales the plan, because a newer one is being measured."""
        if (shape, is_stale) == (self.shape, self._is_stale):
            return
        grows = self.shape is None or bool(self.shape.ghost) is not bool(shape.ghost)
        self.shape, self._is_stale = shape, is_stale
        if grows:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        has_ghost = self.shape is not None and self.shape.ghost
        return QSize(100, self._height_px + (_GHOST_PX + 2 if has_ghost else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def x_of(self, size_bytes: int) -> float:
        """Where in the widget, in pixels from its left edge, `size_bytes` lies."""
        whole = self.shape.whole_bytes if self.shape is not None else 1
        return self.width() * size_bytes / whole

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.shape is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, 0, self.width(), self._height_px)
        self._paint_ground(painter, box)
        painter.save()
        painter.setClipPath(_rounded(box.adjusted(1, 1, -1, -1), _RADIUS_PX))
        painter.setOpacity(0.5 if self._is_stale else 1.0)
        self._paint_segments(painter, box, self.shape.segments)
        self._paint_reserve(painter, box)
        self._paint_excess(painter, box)
        painter.restore()
        self._paint_end(painter, box)
        if self.shape.ghost:
            strip = QRectF(0, self._height_px + 2, self.width(), _GHOST_PX)
            painter.setClipPath(_rounded(strip, 2))
            painter.setOpacity(0.75)
            self._paint_segments(painter, strip, self.shape.ghost)

    def _paint_ground(self, painter: QPainter, box: QRectF) -> None:
        assert self.shape is not None
        painter.setPen(self._theme.color("line"))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX + 1, _RADIUS_PX + 1)

    def _paint_segments(self, painter: QPainter, box: QRectF, segments: tuple[Segment, ...]) -> None:
        for item in segments:
            left, right = self.x_of(item.start_bytes), self.x_of(item.start_bytes + item.size_bytes)
            width = max(1.0, right - left - 1)  # a pixel of ground keeps neighbours apart
            painter.fillRect(
                QRectF(left, box.top(), width, box.height()), part_colour(self._theme, item.part)
            )

    def _paint_reserve(self, painter: QPainter, box: QRectF) -> None:
        """What the guard wants left free: hatched, in the colour of a warning where the plan reaches into it."""
        assert self.shape is not None
        if not self.shape.reserve_bytes or self.shape.is_over:
            return
        is_touched = self.shape.verdict is not Verdict.FITS
        left = self.x_of(self.shape.capacity_bytes - self.shape.reserve_bytes)
        area = QRectF(left, box.top(), self.x_of(self.shape.capacity_bytes) - left, box.height())
        tone = "text" if is_touched else "faint"
        self._hatch(painter, area, self._theme.color(tone, 0.55))
        painter.setPen(self._theme.color(tone, 0.8))
        painter.drawLine(QLineF(left, box.top(), left, box.bottom()))

    def _paint_excess(self, painter: QPainter, box: QRectF) -> None:
        assert self.shape is not None
        if not self.shape.is_over:
            return
        left = self.x_of(self.shape.capacity_bytes)
        area = QRectF(left, box.top(), box.right() - left, box.height())
        painter.fillRect(area, self._theme.color("bad"))
        self._hatch(painter, area, self._theme.color("panel", 0.35))

    def _paint_end(self, painter: QPainter, box: QRectF) -> None:
        """Where the device ends, while the bar goes on."""
        assert self.shape is not None
        if self.shape.is_over:
            x = max(2.0, min(self.x_of(self.shape.capacity_bytes), box.right() - 2))
            painter.fillRect(QRectF(x - 1, box.top(), 2, box.height()), self._theme.color("text"))

    def _hatch(self, painter: QPainter, area: QRectF, colour: QColor) -> None:
        painter.save()
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        painter.setPen(colour)
        x, height = area.left() - area.height(), area.height()
        while x < area.right():
            painter.drawLine(QLineF(x, area.bottom(), x + height, area.top()))
            x += _HATCH_PX
        painter.restore()


def _rounded(box: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    return path
