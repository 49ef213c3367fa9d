"""Predicted against measured: each load's footprint beside what llama.cpp allocated, kept in the history."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.footprint import Deviation, Footprint, compare
from app.core.gguf import ModelFacts
from app.core.history import History, HistoryError, Prediction
from app.core.run import Got, GotDevice
from app.services.session import Session, SessionState

_log = logging.getLogger(__name__)


class Predictions(QObject):
    """Knows what was predicted for the loaded model; a prediction that was wrong is logged as a defect to look into."""

    changed = Signal()

    def __init__(self, session: Session, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._history = history
        self._expected: tuple[str, dict[str, Any], Footprint] | None = None
        self.predicted: Footprint | None = None
        self.deviations: list[Deviation] = []
        session.state_changed.connect(self._state_changed)
        session.loaded.connect(self._loaded)

    def expect(self, facts: ModelFacts, values: Mapping[str, Any], footprint: Footprint | None) -> None:
        """The next load of this model with these settings should take this much; None where nobody knows."""
        self._expected = (facts.path, dict(values), footprint) if footprint is not None else None

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.LOADING:
            expected, self._expected = self._expected, None
            is_it = expected is not None and expected[:2] == (self._session.model_path, self._session.asked)
            self.predicted = expected[2] if expected is not None and is_it else None
        elif state is SessionState.EMPTY:
            self.predicted, self.deviations = None, []
            self.changed.emit()

    def _loaded(self, got: Got) -> None:
        predicted = self.predicted
        if predicted is None:
            return
        self.deviations = compare(predicted, got)
        for deviation in self.deviations:
            if deviation.is_defect:
                self._log(deviation)
        self._keep(predicted, got)
        self.changed.emit()

    def _log(self, deviation: Deviation) -> None:
        _log.warning(
            "a defect to look into: %s with %s takes %d bytes for %s on %s, predicted were %d",
            self._session.model_path,
            self._session.asked,
            deviation.got_bytes,
            deviation.part,
            deviation.device,
            deviation.predicted_bytes,
        )

    def _keep(self, predicted: Footprint, got: Got) -> None:
        change = {device.name: _change_bytes(device) for device in got.devices}
        measured = got.to_dict() | {
            "device_change_bytes": {name: size for name, size in change.items() if size is not None}
        }
        prediction = Prediction(
            self._session.model_path, self._session.asked, predicted.to_dict(), measured=measured
        )
        try:
            self._history.add_prediction(prediction)
        except HistoryError as error:  # the history keeps it and writes it with the next thing
            _log.error("a prediction could not be written: %s", error)


def _change_bytes(device: GotDevice) -> int | None:
    """How much less the device has free than before the load; None where it does not say."""
    return device.free_before_bytes - device.free_bytes if device.free_before_bytes else None
