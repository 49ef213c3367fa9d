"""One plot with the figures above it. What a panel shows is decided by its subclasses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.series import Series, downsampled
from app.services.hardware_recording import Recording
from app.ui.plots.picture import Band, Picture, Reading
from app.ui.plots.readout import Readout
from app.ui.theme import Theme
from app.worker.protocol import Phase

if TYPE_CHECKING:
    from app.core.series import Values
    from app.ui.plots.time_plot import TimePlot

SAMPLE_AGE_S = 2.5
"""How old a sample may be to stand for a moment: five times the distance between two."""

_BAND_TONES = {Phase.PROMPT: "kv", Phase.GENERATING: "weights", Phase.LOADING: "others"}


class PlotPanel(QWidget):
    """A readout and, once pyqtgraph is there, a plot below it."""

    hovered = Signal(float)  # seconds ago, NaN when the pointer leaves

    def __init__(self, theme: Theme, recording: Recording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._recording = recording
        self._plot: TimePlot | None = None
        self.readout = Readout(theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 10, 2)
        layout.setSpacing(0)
        layout.addWidget(self.readout)
        layout.addStretch(1)

    # -- what subclasses say --------------------------------------------------------------------------------

    def name(self) -> str:
        """What the plot is about, for a screen reader."""
        raise NotImplementedError

    def reading(self, at_s: float | None) -> Reading:
        """The figures at a time, or now (None)."""
        raise NotImplementedError

    def picture(self, now_s: float, window_s: float, column_s: float) -> Picture:
        """The plot of the last `window_s` seconds, with one column of pixels per `column_s`."""
        raise NotImplementedError

    # -- showing --------------------------------------------------------------------------------------------

    @property
    def plot(self) -> TimePlot | None:
        """The plot, None until pyqtgraph has been imported."""
        return self._plot

    def add_plot(self, plot: TimePlot) -> None:
        """Show `plot` from now on."""
        self._plot = plot
        plot.hovered.connect(self.hovered)
        plot.setAccessibleName(self.name())
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.takeAt(1)
        layout.addWidget(plot, 1)

    def show_figures(self, at_s: float | None) -> None:
        """Bring the readout up to date, for a time or for now."""
        self.readout.show_reading(self.reading(at_s))

    def show_plot(self, now_s: float, window_s: float, time_labels: list[tuple[float, str]]) -> None:
        """Bring the plot up to date."""
        if self._plot is not None:
            picture = self.picture(now_s, window_s, window_s / self._plot.n_pixels)
            self._plot.show_picture(picture, time_labels)

    def describe(self) -> None:
        """Tell assistive technology what is shown now."""
        text = self.reading(None).text()
        self.setAccessibleDescription(text)
        if self._plot is not None:
            self._plot.setAccessibleDescription(text)

    def retheme(self) -> None:
        """Take over the theme."""
        self.readout.retheme()
        if self._plot is not None:
            self._plot.retheme()

    def paintEvent(self, event: QPaintEvent) -> None:
        line = QRect(self.width() - 1, 0, 1, self.height())
        QPainter(self).fillRect(line, self._theme.color("line"))

    # -- for subclasses -------------------------------------------------------------------------------------

    def bands(self, now_s: float, window_s: float) -> tuple[Band, ...]:
        """The phases in the window."""
        return tuple(
            Band(
                item.start_s, item.end_s if item.end_s is not None else now_s, _BAND_TONES[Phase(item.phase)]
            )
            for item in self._recording.phases.between(now_s - window_s, now_s)
        )

    def marks_s(self, now_s: float, window_s: float) -> tuple[float, ...]:
        """When something happened in the window."""
        return tuple(mark.time_s for mark in self._recording.marks if mark.time_s >= now_s - window_s)


def drawn(
    series: Series, now_s: float, window_s: float, column_s: float, *, hold_s: float = 0.0
) -> tuple[Values, Values]:
    """A series as drawn in a window. Its last value is held up to now if it is no older than `hold_s`."""
    times, values = series.between(now_s - window_s, now_s)
    return _held(*downsampled(times, values, column_s), now_s, hold_s)


def stacked(
    layers: Sequence[Series], now_s: float, window_s: float, column_s: float
) -> tuple[Values, list[Values]]:
    """Series whose points were added together, one upon another: times, and the upper edge of each layer."""
    import numpy as np

    tops: list[Values] = []
    sum_so_far: Values | float = 0.0
    times = np.empty(0)
    for layer in layers:
        raw_times, values = layer.between(now_s - window_s, now_s)
        sum_so_far = sum_so_far + values
        times, top = _held(*downsampled(raw_times, sum_so_far, column_s), now_s, SAMPLE_AGE_S)
        tops.append(top)
    return times, tops


def _held(times: Values, values: Values, now_s: float, hold_s: float) -> tuple[Values, Values]:
    """The last value held up to now, if it is no older than `hold_s`."""
    import numpy as np

    if len(times) and 0 < now_s - times[-1] <= hold_s:
        return np.append(times, now_s), np.append(values, values[-1])
    return times, values


def largest(*lines: Values) -> float:
    """The largest finite value of all of them; 0 of nothing."""
    import numpy as np

    tops = [float(np.nanmax(line)) for line in lines if len(line) and not np.all(np.isnan(line))]
    return max(tops, default=0.0)
