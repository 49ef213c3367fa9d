"""The moment that the pointer or the cursor keys point at, in all plots at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QToolTip

from app.core.series import Mark
from app.services.hardware_recording import Recording
from app.ui.plots.mark_words import MarkWords
from app.ui.plots.panel import PlotPanel
from app.worker.protocol import Phase

_MARK_REACH_PX = 5


class Crosshair(QObject):
    """A line through all plots, so many seconds ago, with the time and the phase beside it, and a mark's tooltip."""

    moved = Signal()

    def __init__(
        self,
        recording: Recording,
        clock: Callable[[], float],
        panels: Callable[[], Sequence[PlotPanel]],
        window_s: Callable[[], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._recording = recording
        self._clock = clock
        self._panels = panels
        self._window_s = window_s
        self.words = MarkWords(self)
        self._ago_s = math.nan

    @property
    def at_s(self) -> float | None:
        """The moment pointed at, on the recording's clock; None while nothing is pointed at."""
        return None if math.isnan(self._ago_s) else self._clock() - self._ago_s

    def move(self, source: PlotPanel, ago_s: float) -> None:
        """Point at the moment `ago_s` seconds ago (NaN: none), from within the plot of `source`."""
        self._ago_s = ago_s
        for panel in self._panels():
            if panel.plot is not None:
                panel.plot.show_hover(ago_s, self._label() if panel is source else "")
        self._show_mark(source)
        self.moved.emit()

    def mark(self) -> Mark | None:
        """The mark pointed at, if any; the newest of several."""
        at_s, panels = self.at_s, self._panels()
        if at_s is None or not panels or panels[0].plot is None:
            return None
        reach_s = _MARK_REACH_PX * self._window_s() / panels[0].plot.n_pixels
        near = [mark for mark in self._recording.marks if abs(at_s - mark.time_s) <= reach_s]
        return near[-1] if near else None

    def _label(self) -> str:
        at_s = self.at_s
        if at_s is None:
            return ""
        phases = {
            Phase.PROMPT: self.tr("reading the prompt"),
            Phase.GENERATING: self.tr("generating"),
            Phase.LOADING: self.tr("loading"),
        }
        minutes, seconds = divmod(round(self._ago_s), 60)
        when = self.tr("\u2212{m}:{s} min").format(m=minutes, s=f"{seconds:02}")
        when = when if minutes else self.tr("\u2212{n} s").format(n=seconds)
        phase = phases.get(Phase(self._recording.phases.at(at_s)))
        return self.tr("{when} \u00b7 {phase}").format(when=when, phase=phase) if phase else when

    def _show_mark(self, panel: PlotPanel) -> None:
        mark = self.mark()
        if mark is None or panel.plot is None:
            QToolTip.hideText()
            return
        x = (1 - self._ago_s / self._window_s()) * panel.plot.width()
        QToolTip.showText(panel.plot.mapToGlobal(QPoint(round(x), 0)), self.words.text(mark), panel.plot)
