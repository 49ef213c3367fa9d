"""One plot over time, on pyqtgraph. Importing this costs a quarter of a second, so it is imported late, on a thread.

The time axis shows seconds ago and never moves, the curves do: so the axes are painted once and kept.
"""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui.plots.drawing import Drawing
from app.ui.plots.picture import Picture, ticks
from app.ui.theme import Theme

LEFT_PX = 32
RIGHT_PX = 40


class _Axis(pg.AxisItem):
    """An axis with few ticks, told from outside, and its texts kept within its ends."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self._labels: list[tuple[float, str]] | None = None
        self.setStyle(autoExpandTextSpace=False, autoReduceTextSpace=False, tickTextOffset=4)
        self.enableAutoSIPrefix(False)

    def set_labels(self, labels: list[tuple[float, str]]) -> None:
        if labels != self._labels:
            self._labels = labels
            self.setTicks([labels])

    def set_colours(self, theme: Theme, tone: str) -> None:
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setTickPen(QPen(Qt.PenStyle.NoPen))
        self.setTextPen(theme.color(tone))
        self.setTickFont(theme.font(theme.hint_size_px))

    def generateDrawSpecs(self, p: QPainter) -> Any:
        specs = super().generateDrawSpecs(p)
        if specs is None:
            return None
        line, _ticks, texts = specs  # a tick of no length is still a dot
        if self.orientation == "bottom":
            # The texts at the ends would stick out and be dropped: `boundingRect` lets them, and they move in here.
            for rect, _flags, _text in texts:
                rect.moveLeft(min(max(rect.left(), 0.0), self.width() - rect.width()))
        return line, [], texts

    def boundingRect(self) -> QRectF:
        rect = super().boundingRect()
        return rect.adjusted(-30, 0, 30, 0) if self.orientation == "bottom" else rect


class TimePlot(pg.PlotWidget):
    """A plot over time that shows `Picture`s.

    `hovered` tells how many seconds ago the pointer (or the cursor keys) stand, NaN when they leave.
    """

    hovered = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        axes = {name: _Axis(name) for name in ("left", "right", "bottom")}
        super().__init__(parent=parent, axisItems=axes)
        self.setBackground(None)
        self._theme = theme
        self._axes = axes
        self._picture: Picture | None = None
        self._ago_s = math.nan
        self._drawing = Drawing(theme, self.getViewBox())
        self._set_up()
        self.retheme()

    def _set_up(self) -> None:
        plot: Any = self.getPlotItem()
        self.setAcceptDrops(False)
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.disableAutoRange()
        plot.showAxis("right")
        plot.layout.setContentsMargins(0, 6, 0, 0)
        plot.layout.setSpacing(0)
        view = self.getViewBox()
        view.setBorder(None)
        view.setDefaultPadding(0)
        view.sigResized.connect(self._resized)
        for axis in self._axes.values():
            axis.setCacheMode(axis.CacheMode.DeviceCoordinateCache)
        self._axes["left"].setWidth(LEFT_PX)
        self._axes["right"].setWidth(4)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the strip has one
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setStyleSheet("background: transparent; border: none")

    @property
    def n_pixels(self) -> int:
        """The width of what is inside the axes."""
        return max(1, int(self.getViewBox().width()))

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    def retheme(self) -> None:
        """Take over the theme's colours and fonts."""
        for name, axis in self._axes.items():
            axis.set_colours(self._theme, "kv" if name == "right" else "faint")
        self._axes["bottom"].setHeight(self._theme.hint_size_px + 5)
        self._drawing.rebuild()

    def show_picture(self, picture: Picture, time_labels: list[tuple[float, str]]) -> None:
        """Paint this. `time_labels` are (seconds ago as a negative number, text)."""
        before = self._picture
        self._picture = picture
        view = self.getViewBox()
        if before is None or (before.window_s, before.y_max) != (picture.window_s, picture.y_max):
            view.setRange(xRange=(-picture.window_s, 0), yRange=(0, picture.y_max), padding=0)
        # In a narrow plot the oldest and "now" are enough.
        room_px = self.width() - LEFT_PX - (RIGHT_PX if picture.right_max else 4)
        is_narrow = room_px < 11 * self._theme.hint_size_px + 30
        self._axes["bottom"].set_labels(time_labels[::2] if is_narrow else time_labels)
        self._axes["left"].set_labels(
            [] if picture.message else _figures(picture.y_max, picture.scale, picture.y_max)
        )
        right = self._axes["right"]
        right.set_labels(_figures(picture.right_max, 1.0, picture.y_max) if picture.right_max else [])
        right.setWidth(RIGHT_PX if picture.right_max else 4)
        self._drawing.set_picture(picture)

    def show_hover(self, ago_s: float, label: str) -> None:
        """Put the crosshair this many seconds ago; NaN for none."""
        picture = self._picture
        if picture is None or math.isnan(ago_s):
            self._drawing.hover_x = None
        else:
            self._drawing.hover_x = (1 - ago_s / picture.window_s) * self.getViewBox().width()
        self._drawing.hover_label = label
        self._ago_s = ago_s
        self._drawing.update()

    def _resized(self) -> None:
        view = self.getViewBox()
        self._drawing.set_size(view.width(), view.height())

    # -- pointer and keys -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        # pyqtgraph's own handling looks for items below the pointer at every move; there are none.
        view = self.getViewBox()
        x = view.mapFromScene(self.mapToScene(ev.position().toPoint())).x()
        picture = self._picture
        inside = picture is not None and 0 <= x <= view.width()
        self.hovered.emit((1 - x / view.width()) * picture.window_s if picture and inside else math.nan)

    def leaveEvent(self, ev: QEvent) -> None:
        self.hovered.emit(math.nan)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        ev.ignore()

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Left and Right move the crosshair, Home and End to the ends; Escape takes it away."""
        picture = self._picture
        moves = {Qt.Key.Key_Left: 1, Qt.Key.Key_Right: -1}
        key = Qt.Key(ev.key())
        if picture is None or key not in {*moves, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape}:
            QWidget.keyPressEvent(self, ev)
            return
        if key is Qt.Key.Key_Escape and math.isnan(self._ago_s):
            ev.ignore()
            return
        start_s = 0.0 if math.isnan(self._ago_s) else self._ago_s
        ago_s = {
            Qt.Key.Key_Home: picture.window_s,
            Qt.Key.Key_End: 0.0,
            Qt.Key.Key_Escape: math.nan,
        }.get(key, start_s + moves.get(key, 0) * picture.window_s / 100)
        self.hovered.emit(min(max(ago_s, 0.0), picture.window_s) if not math.isnan(ago_s) else ago_s)


def _figures(top: float, scale: float, y_max: float) -> list[tuple[float, str]]:
    """(position in the plot's own range, text) for the ticks of an axis that ends at `top`."""
    return [(value * scale / top * y_max, _figure(value)) for value in ticks(top / scale)]


def _figure(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"  # in full it would not fit beside the plot
