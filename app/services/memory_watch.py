"""What plans are held against, as it changes: free memory, the loaded model's part of it, the guard's reserve."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.services.footprint_memory import StandIns, Surroundings, held_bytes, stand_ins_of
from app.services.hardware import HardwareMonitor
from app.services.hardware_samples import Sample
from app.services.predictions import Predictions
from app.services.preferences import Preferences
from app.services.session import Session, SessionState

_GUARD_KEYS = ("guard", "guard_reserve")


class MemoryWatch(QObject):
    """Follows the session, the machine's samples and the preferences.

    What the loaded model holds changes with the first sample after a load or an ejection: before that the free
    memory would be that of the time before, and the two would not belong together.
    """

    held_changed = Signal()
    sampled = Signal()  # the free memory has been read
    guard_changed = Signal()

    def __init__(
        self,
        session: Session,
        monitor: HardwareMonitor,
        preferences: Preferences,
        predictions: Predictions,
        free_bytes: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        """`free_bytes` reads the main memory that is free, at once."""
        super().__init__(parent)
        self._session = session
        self._monitor = monitor
        self._preferences = preferences
        self._predictions = predictions
        self._free_bytes = free_bytes
        self._sample: Sample | None = None
        self._since_s: float | None = None  # of a load or an ejection that `held` does not know of yet
        self.held: dict[str, int] = {}
        session.state_changed.connect(self._state_changed)
        monitor.sampled.connect(self._take_sample)
        preferences.changed.connect(self._preference_changed)

    def surroundings(self, *, fresh: bool = False) -> Surroundings:
        """What a footprint is held against; with `fresh` the main memory that is free is read at this moment."""
        sample = self._sample
        if sample is None or fresh:
            main_free_bytes = self._free_bytes()
        else:
            main_free_bytes = sample.ram_total_bytes - sample.ram_used_bytes
        app = {key: self._preferences.value(key) for key in _GUARD_KEYS}
        return Surroundings(app, dict(self.held), main_free_bytes, sample)

    def stand_ins(self, values: Mapping[str, Any]) -> StandIns | None:
        """The remote workers of a plan that the loaded model is on, with their devices' memory.

        None where one is in use and its devices are not all known.
        """
        if self._session.worker_pid is None:
            return {}
        return stand_ins_of(values, self._session.asked, self._session.got)

    def sample_now(self) -> None:
        """Reads the free memory of all devices; `sampled` follows."""
        self._monitor.sample_now()

    def _state_changed(self, state: SessionState) -> None:
        if state not in {SessionState.READY, SessionState.EMPTY}:
            return
        self._since_s = time.monotonic()
        if self._sample is None:
            self._take_held()
        else:
            self._monitor.sample_now()

    def _take_held(self) -> None:
        got, asked = self._session.got, self._session.asked
        self._since_s = None
        self.held = held_bytes(got, asked, self._predictions.predicted) if got is not None else {}
        self.held_changed.emit()

    def _take_sample(self, sample: Sample) -> None:
        self._sample = sample
        if self._since_s is not None and sample.time_s >= self._since_s:
            self._take_held()
        self.sampled.emit()

    def _preference_changed(self, key: str) -> None:
        if key in _GUARD_KEYS:
            self.guard_changed.emit()
