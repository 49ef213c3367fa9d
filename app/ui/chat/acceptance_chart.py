"""Bars: how often a guess was right, by its place in the draft. On pyqtgraph, so imported late, on a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui.theme import Theme

BAR_WIDTH = 0.72
N_TRUSTED = 10
"""Bars of fewer checked guesses are pale: their height is chance."""
MOST_LABELS = 12

ByPosition = Sequence[tuple[int, int]]
"""For the first, second, ... guess of a draft how many were checked and how many of these were right."""


class AcceptanceChart(pg.PlotWidget):
    """The share of right guesses per position, and the break-even share as a dashed line.

    `pointed` tells the position (from 0) under the pointer or the cursor keys, -1 for none.
    """

    pointed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._shown: ByPosition = ()
        self._break_even = 0.0
        self._at = -1
        self.setBackground(None)
        plot: Any = self.getPlotItem()
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.layout.setContentsMargins(0, 6, 8, 0)
        view = self.getViewBox()
        view.setBorder(None)
        view.setDefaultPadding(0)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setStyleSheet("background: transparent; border: none")

    def show_shares(self, by_position: ByPosition, break_even: float) -> None:
        """Paint these; `break_even` is a share of 1, outside of 0 to 1 it has no line."""
        self._shown = by_position
        self._break_even = break_even
        self._at = -1
        self.redraw()

    def redraw(self) -> None:
        """Paint again, in the theme's colours."""
        plot: Any = self.getPlotItem()
        plot.clear()
        self._dress_axes(plot)
        heights = [100 * right / checked if checked else 0.0 for checked, right in self._shown]
        plot.addItem(
            pg.BarGraphItem(
                x=list(range(1, len(heights) + 1)),
                height=heights,
                width=BAR_WIDTH,
                brushes=[self._brush(at, checked) for at, (checked, _) in enumerate(self._shown)],
                pen=QPen(Qt.PenStyle.NoPen),
            )
        )
        if 0 < self._break_even <= 1:
            pen = QPen(self._theme.color("text", 0.75), 1)
            pen.setCosmetic(True)
            pen.setDashPattern([4, 3])
            plot.addItem(pg.InfiniteLine(100 * self._break_even, angle=0, pen=pen))
        n_shown = max(1, len(heights))
        plot.setRange(xRange=(0.4, max(n_shown, 4) + 0.6), yRange=(0, 103), padding=0)

    def _brush(self, at: int, checked: int) -> Any:
        alpha = 0.9 if checked >= N_TRUSTED else 0.4
        return pg.mkBrush(self._theme.color("accent" if at == self._at else "draft", alpha))

    def _dress_axes(self, plot: Any) -> None:
        n_shown = len(self._shown)
        step = max(1, -(-n_shown // MOST_LABELS))
        labels = {
            "bottom": [(at, f"{at}") for at in range(1, n_shown + 1) if at == 1 or at % step == 0],
            "left": [(value, f"{value}\u202f%") for value in (0, 25, 50, 75, 100)],
        }
        for side, ticks in labels.items():
            axis = plot.getAxis(side)
            axis.setPen(QPen(self._theme.color("line"), 1))
            axis.setTextPen(self._theme.color("faint"))
            axis.setTickFont(self._theme.font(self._theme.hint_size_px))
            axis.setStyle(tickLength=0, tickTextOffset=5)
            axis.setTicks([ticks])
        plot.getAxis("left").setWidth(46)
        plot.getAxis("bottom").setHeight(self._theme.hint_size_px + 9)
        plot.getAxis("left").setGrid(False)

    # -- pointer and keys -----------------------------------------------------------------------------------

    def _point(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.redraw()
            self.pointed.emit(at)

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        place = self.getViewBox().mapSceneToView(self.mapToScene(ev.position().toPoint()))
        at = round(place.x()) - 1
        self._point(at if 0 <= at < len(self._shown) else -1)

    def leaveEvent(self, ev: QEvent) -> None:
        self._point(-1)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        ev.ignore()

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Left and Right go from bar to bar."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(ev.key()), 0)
        if step and self._shown:
            self._point(min(max(self._at + step, 0), len(self._shown) - 1))
        else:
            QWidget.keyPressEvent(self, ev)
