"""The strip of live plots: speed, memory and load, on one time axis."""

from __future__ import annotations

import importlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.services.hardware import HardwareMonitor
from app.services.hardware_recording import Recording
from app.services.session import Session, SessionState
from app.ui.plots.crosshair import Crosshair
from app.ui.plots.figures_line import FiguresLine
from app.ui.plots.load_panel import LoadPanel
from app.ui.plots.memory_panel import RAM, MemoryPanel
from app.ui.plots.panel import PlotPanel
from app.ui.plots.picture import Reading
from app.ui.plots.speed_panel import SpeedPanel
from app.ui.plots.strip_menu import WINDOWS_MIN, StripControls
from app.ui.plots.values_table import Values, ValuesDialog
from app.ui.theme import Theme

_log = logging.getLogger(__name__)

_TICK_MS = 250
_DESCRIBE_EVERY_S = 5.0
_IMPORT_AFTER_MS = 50
"""How long after the strip is first shown pyqtgraph is imported: the window is painted before that."""
_TWO_MEMORIES_FROM_PX = 1000
"""From this width on, RAM has a plot of its own beside the other devices' memory."""
_HEIGHT_PX = 156


class PlotStrip(QWidget):
    """Three plots (four where there is room and a GPU) with the figures above them, or one line of figures.

    Repaints at most four times a second, only while it can be seen, and a plot only once its curves have moved by a
    pixel. The plots themselves appear when pyqtgraph has been imported, which happens on a thread.
    """

    window_changed = Signal(int)  # minutes
    collapsed_changed = Signal(bool)

    def __init__(
        self,
        theme: Theme,
        monitor: HardwareMonitor,
        session: Session,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._session = session
        self._clock = clock
        self._window_min = 5
        self._is_collapsed = False
        self._chosen_device = ""  # "" : whichever the worker uses most
        self._drawn_s = -math.inf
        self._drawn_phase = ""
        self._described_s = -math.inf
        self._importing: threading.Thread | None = None
        self._dialog: ValuesDialog | None = None
        self.recording = Recording(clock)
        self._values = Values(self.recording, self)
        self._build()
        self._connect(monitor, session)
        self._time_labels = self._make_time_labels()
        self.controls.show_window(self._window_min)

    # -- what the window may ask ----------------------------------------------------------------------------

    @property
    def window_min(self) -> int:
        """How many minutes the plots reach back."""
        return self._window_min

    def set_window_min(self, minutes: int) -> None:
        """Reach back 1, 5, 15 or 30 minutes; any other number is taken as the nearest of these."""
        minutes = min(WINDOWS_MIN, key=lambda choice: abs(choice - minutes))
        self.controls.show_window(minutes)
        if minutes != self._window_min:
            self._window_min = minutes
            self._time_labels = self._make_time_labels()
            self.refresh()
            self.window_changed.emit(minutes)

    @property
    def is_collapsed(self) -> bool:
        """Whether only the line of figures is shown."""
        return self._is_collapsed

    def set_collapsed(self, is_collapsed: bool) -> None:
        """Show the plots, or only one line of figures."""
        if is_collapsed == self._is_collapsed:
            return
        self._is_collapsed = is_collapsed
        self._plots.setVisible(not is_collapsed)
        self._line.setVisible(is_collapsed)
        self.controls.show_collapsed(is_collapsed)
        self.setMaximumHeight(self._line_height() if is_collapsed else 16_777_215)
        self.updateGeometry()
        self.refresh()
        self.collapsed_changed.emit(is_collapsed)

    @property
    def panels(self) -> Sequence[PlotPanel]:
        """The panels that are shown, from left to right."""
        return [panel for panel in self._panels if not panel.isHidden()]

    @property
    def has_plots(self) -> bool:
        """Whether pyqtgraph is there and every panel has its plot."""
        return all(panel.plot is not None for panel in self._panels)

    def show_table(self) -> None:
        """Open the values as a table."""
        if self._dialog is None:
            self._dialog = ValuesDialog(self._values, self._clock, lambda: self._window_min * 60.0, self)
        self._dialog.show()
        self._dialog.raise_()

    def copy_values(self) -> None:
        """Put the values on the clipboard."""
        QGuiApplication.clipboard().setText(self._values.as_text(self._clock(), self._window_min * 60.0))

    def refresh(self) -> None:
        """Bring everything up to date at once."""
        self._drawn_s = -math.inf
        self._tick()

    # -- building -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        theme, recording = self._theme, self.recording
        self._speed = SpeedPanel(theme, recording, self)
        self._memory = MemoryPanel(theme, recording, is_selectable=True, parent=self)
        self._ram = MemoryPanel(theme, recording, is_selectable=False, parent=self)
        self._load = LoadPanel(theme, recording, self)
        self._panels: tuple[PlotPanel, ...] = (self._speed, self._memory, self._ram, self._load)
        self.crosshair = Crosshair(
            recording, self._clock, lambda: self.panels, lambda: self._window_min * 60.0, self
        )
        self.crosshair.moved.connect(self._show_figures)
        self._plots = QWidget(self)
        row = QHBoxLayout(self._plots)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for panel in self._panels:
            row.addWidget(panel, 1)
            panel.hovered.connect(partial(self.crosshair.move, panel))
        self._ram.hide()
        self._line = FiguresLine(theme, self)
        self._line.hide()
        self.controls = StripControls(theme, self)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 1, 0, 0)  # the border above
        outer.setSpacing(0)
        outer.addWidget(self._plots, 1)
        outer.addWidget(self._line, 1)
        outer.addWidget(self.controls)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)

    def _connect(self, monitor: HardwareMonitor, session: Session) -> None:
        self.recording.follow(session)
        monitor.sampled.connect(self.recording.sampled, Qt.ConnectionType.QueuedConnection)
        session.state_changed.connect(self._show_state)
        self._theme.changed.connect(self._retheme)
        self._timer.timeout.connect(self._tick)
        self._memory.chosen.connect(self._choose_device)
        self.controls.window_chosen.connect(self.set_window_min)
        self.controls.collapse_asked.connect(lambda: self.set_collapsed(not self._is_collapsed))
        self.controls.table_asked.connect(self.show_table)
        self.controls.copy_asked.connect(self.copy_values)
        self._show_state(session.state)

    def _make_time_labels(self) -> list[tuple[float, str]]:
        """(position, text) of the time axis: two in between, and now."""
        if self._window_min == 1:
            return [
                *((-seconds, self.tr("\u2212{n} s").format(n=seconds)) for seconds in (40, 20)),
                (0, self.tr("now")),
            ]
        steps = {5: (4, 2), 15: (10, 5), 30: (20, 10)}[self._window_min]
        return [
            *((-60 * minutes, self.tr("\u2212{n} min").format(n=minutes)) for minutes in steps),
            (0, self.tr("now")),
        ]

    # -- pyqtgraph, late ------------------------------------------------------------------------------------

    def _import_plots(self) -> None:
        """Import pyqtgraph on a thread; `_tick` looks whether it is there."""
        if self._importing is None:
            self._importing = threading.Thread(target=_import_pyqtgraph, name="import-plots", daemon=True)
            self._importing.start()

    def _add_next_plot(self) -> None:
        """One plot per turn of the event loop: each takes a few hundredths of a second to make."""
        missing = [panel for panel in self._panels if panel.plot is None]
        if self._importing is None or self._importing.is_alive() or not missing or self._is_collapsed:
            return
        try:
            from app.ui.plots.time_plot import TimePlot
        except ImportError:
            return  # logged by the thread; the figures are there all the same
        missing[0].add_plot(TimePlot(self._theme))
        self._drawn_s = -math.inf
        QTimer.singleShot(0, self, self._tick)

    # -- showing --------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self.isVisible() or self.window().isMinimized():
            return
        now_s = self._clock()
        self._add_next_plot()
        self._choose_panels()
        if self._is_collapsed:
            self._line.show_readings(self._readings())
        else:
            self._show_figures()
            self._show_plots(now_s)
        if now_s - self._described_s >= _DESCRIBE_EVERY_S:
            self._described_s = now_s
            self._describe()

    def _readings(self) -> list[Reading]:
        readings = [panel.reading(None) for panel in (self._speed, self._memory, self._load)]
        if self._memory.device != RAM:
            readings.insert(2, self._ram.reading(None))
        return readings

    def _show_figures(self) -> None:
        at_s = self.crosshair.at_s
        for panel in self.panels:
            panel.show_figures(at_s)

    def _show_plots(self, now_s: float) -> None:
        """Paint the plots if their curves have moved by a pixel since, or the phase has changed."""
        window_s = self._window_min * 60.0
        phase = self.recording.phases.current
        column_s = window_s / max(1, self._speed.width())
        if now_s - self._drawn_s < min(column_s, 2.0) and phase == self._drawn_phase:
            return
        self._drawn_s, self._drawn_phase = now_s, phase
        for panel in self.panels:
            panel.show_plot(now_s, window_s, self._time_labels)

    def _describe(self) -> None:
        if self._is_collapsed:
            self._line.describe()
        else:
            for panel in self.panels:
                panel.describe()

    def _show_state(self, state: SessionState) -> None:
        self._speed.is_model_loaded = state is SessionState.READY

    # -- devices --------------------------------------------------------------------------------------------

    def _choose_panels(self) -> None:
        """Which device's memory is shown, and whether RAM has a plot of its own."""
        sample = self.recording.latest
        devices = tuple(device.key for device in sample.devices) if sample is not None else ()
        has_own_ram = bool(devices) and self.width() >= _TWO_MEMORIES_FROM_PX
        if has_own_ram == self._ram.isHidden():
            self._ram.setVisible(has_own_ram)
            self._drawn_s = -math.inf
        offered = devices if has_own_ram else (*devices, RAM)
        device = self._chosen_device if self._chosen_device in offered else self._busiest(devices)
        if device != self._memory.device:
            self._memory.show_device(device)
            self._drawn_s = -math.inf
        self._memory.offer(offered)
        self._load.device = device if device != RAM else self._busiest(devices)

    def _busiest(self, devices: tuple[str, ...]) -> str:
        """The device on which the worker holds most; RAM if there is no other."""
        tracks = self.recording.devices
        return max(devices, key=lambda key: self.recording.worker_bytes(tracks[key].latest), default=RAM)

    def _choose_device(self, device: str) -> None:
        self._chosen_device = device
        self.refresh()

    # -- Qt's events ----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(700, self._line_height() if self._is_collapsed else self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(300, self._line_height() if self._is_collapsed else self._height() - 30)

    def _height(self) -> int:
        return _HEIGHT_PX + 3 * (self._theme.text_size_px - 13)

    def _line_height(self) -> int:
        return self._theme.text_size_px + 20

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        QTimer.singleShot(_IMPORT_AFTER_MS, self, self._import_plots)
        QTimer.singleShot(0, self, self.refresh)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self.refresh)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, self.width(), 1, self._theme.color("line"))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.controls.menu.popup(event.globalPos())

    def _retheme(self) -> None:
        for panel in self._panels:
            panel.retheme()
        self._line.update()
        self.updateGeometry()
        self.refresh()


def _import_pyqtgraph() -> None:
    try:
        importlib.import_module("app.ui.plots.time_plot")
    except ImportError:
        _log.exception("the plots cannot be shown")
