"""What lies inside a plot's axes, painted in pixels.

pyqtgraph's own curve items paint through a transform and are told of every change of the view. Here polygons are
made once per picture, and a repaint is a handful of polylines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.ui.plots.picture import Area, Line, Picture, ticks
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.core.series import Values

_BAND_ALPHA = 0.13
_AREA_ALPHA = 0.42


class Drawing(QGraphicsItem):
    """Everything inside the axes. Polygons are made when the picture or the size changes, not when it is painted."""

    def __init__(self, theme: Theme, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = (0.0, 0.0)
        self._picture: Picture | None = None
        self._areas: list[tuple[QPolygonF, QColor]] = []
        self._curves: list[tuple[QPolygonF, QPen]] = []
        self._bands: list[tuple[QRectF, QColor]] = []
        self.hover_x: float | None = None
        self.hover_label = ""

    def set_size(self, width: float, height: float) -> None:
        self.prepareGeometryChange()
        self._size = (width, height)
        self._build()

    def set_picture(self, picture: Picture) -> None:
        self._picture = picture
        self._build()
        self.update()

    def rebuild(self) -> None:
        """Take the colours again."""
        self._build()
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self._size)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._picture is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for rect, colour in self._bands:
            painter.fillRect(rect, colour)
        if not self._picture.message:
            self._paint_grid(painter, self._picture)
        painter.setPen(Qt.PenStyle.NoPen)
        for polygon, colour in self._areas:
            painter.setBrush(colour)
            painter.drawPolygon(polygon)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._paint_limit_and_marks(painter, self._picture)
        for polygon, pen in self._curves:
            # Smoothing a line that goes up and down in every column takes 10 ms and shows nothing.
            is_sparse = polygon.size() <= self._size[0]
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, is_sparse)
            painter.setPen(pen if is_sparse else QPen(pen.color(), 1))
            if polygon.size() == 1:
                painter.drawPoint(polygon.at(0))
            else:
                painter.drawPolyline(polygon)
        if self._picture.message:
            self._paint_message(painter, self._picture.message)
        if self.hover_x is not None:
            self._paint_hover(painter, self._picture, self.hover_x)

    # -- made once per picture ------------------------------------------------------------------------------

    def _build(self) -> None:
        picture = self._picture
        if picture is None or min(self._size) < 2:
            return
        width, height = self._size
        self._bands = []
        for band in picture.bands:
            left, right = self._x(band.start_s), self._x(band.end_s)
            left = max(0.0, min(left, width - 1))
            right = min(width, max(right, left + 1))
            self._bands.append(
                (QRectF(left, 0, right - left, height), self._theme.color(band.tone, _BAND_ALPHA))
            )
        self._areas, self._curves = [], []
        for area in picture.areas:
            self._build_area(area)
        for line in picture.lines:
            self._build_line(line)

    def _build_area(self, area: Area) -> None:
        if len(area.times) < 2:
            return
        xs = self._xs(area.times)
        bottom, top = self._ys(area.lower), self._ys(area.upper)
        outline = pg.functions.arrayToQPolygonF(
            np.concatenate((xs, xs[::-1])), np.concatenate((top, bottom[::-1]))
        )
        self._areas.append((outline, self._theme.color(area.tone, _AREA_ALPHA)))
        self._curves.append((pg.functions.arrayToQPolygonF(xs, top), self._pen(area.tone, 1.0)))

    def _build_line(self, line: Line) -> None:
        xs, ys = self._xs(line.times), self._ys(line.values, line.on_right)
        pen = self._pen(line.tone, 1.5)
        if line.dotted:
            pen.setWidthF(1.0)
            pen.setDashPattern([1.5, 2.5])
        whole = ~np.isnan(ys)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False]))))
        for start, end in edges.reshape(-1, 2):
            if xs[end - 1] >= 0:
                self._curves.append((pg.functions.arrayToQPolygonF(xs[start:end], ys[start:end]), pen))

    def _pen(self, tone: str, width_px: float) -> QPen:
        pen = QPen(self._theme.color(tone), width_px)
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)  # a mitre shoots far out of a narrow spike
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pen

    def _x(self, time_s: float) -> float:
        picture = self._picture
        assert picture is not None
        return (time_s - picture.now_s + picture.window_s) * self._size[0] / picture.window_s

    def _xs(self, times: Values) -> Values:
        picture = self._picture
        assert picture is not None
        return (times - (picture.now_s - picture.window_s)) * (self._size[0] / picture.window_s)

    def _ys(self, values: Values, on_right: bool = False) -> Values:
        picture = self._picture
        assert picture is not None
        top = picture.right_max if on_right else picture.y_max
        height = self._size[1]
        return height - np.minimum(values, top) * (height / (top or 1.0))

    # -- painted each time ----------------------------------------------------------------------------------

    def _paint_grid(self, painter: QPainter, picture: Picture) -> None:
        width, height = self._size
        painter.setPen(QPen(self._theme.color("line", 0.8), 1))
        for value in ticks(picture.y_max / picture.scale):
            y = round(height - value * picture.scale / picture.y_max * height)
            painter.drawLine(QPointF(0, min(y, height - 1)), QPointF(width, min(y, height - 1)))

    def _paint_limit_and_marks(self, painter: QPainter, picture: Picture) -> None:
        width, height = self._size
        if picture.limit is not None and picture.limit <= picture.y_max:
            y = round(height - picture.limit / picture.y_max * height)
            self._paint_dashes(painter, "bad", QPointF(0, y), QPointF(width, y))
        for time_s in picture.marks_s:
            x = round(self._x(time_s))
            if 0 <= x <= width:
                self._paint_dashes(painter, "warning", QPointF(x, 0), QPointF(x, height))

    def _paint_dashes(self, painter: QPainter, tone: str, start: QPointF, end: QPointF) -> None:
        pen = QPen(self._theme.color(tone, 0.9), 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawLine(start, end)

    def _paint_message(self, painter: QPainter, message: str) -> None:
        painter.setFont(self._theme.font())
        painter.setPen(self._theme.color("dim"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(4, 0, self._size[0] - 8, self._size[1]), int(flags), message)

    def _paint_hover(self, painter: QPainter, picture: Picture, x: float) -> None:
        width, height = self._size
        painter.setPen(QPen(self._theme.color("dim"), 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawLine(QPointF(x, 0), QPointF(x, height))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("bg"), 1.5))
        time_s = picture.now_s - picture.window_s + x * picture.window_s / width
        for line in picture.lines:
            index = int(np.searchsorted(line.times, time_s, side="right")) - 1
            if index >= 0 and not math.isnan(line.values[index]):
                y = float(self._ys(line.values[index : index + 1], line.on_right)[0])
                painter.setBrush(self._theme.color(line.tone))
                painter.drawEllipse(QPointF(x, y), 3.5, 3.5)
        if self.hover_label:
            self._paint_hover_label(painter, x)

    def _paint_hover_label(self, painter: QPainter, x: float) -> None:
        font = self._theme.font(self._theme.hint_size_px)
        metrics = QFontMetricsF(font)
        width = metrics.horizontalAdvance(self.hover_label) + 10
        left = x + 6 if x + 6 + width <= self._size[0] else x - 6 - width
        box = QRectF(max(0.0, left), 2, width, metrics.height() + 2)
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.setBrush(self._theme.color("raised", 0.94))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.color("text"))
        painter.setFont(font)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.hover_label)
