"""Python's cyclic garbage, collected in the UI thread only."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1000


class Collector(QObject):
    """Takes the place of Python's own collector, which runs in whichever thread allocates at the moment.

    There it can destroy a QObject that belongs to the UI thread, with its timers still registered: a crash that
    shows up elsewhere, later. What exists at the start stays out of it, so that a collection stays short.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """From now on this object collects."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def close(self) -> None:
        """Python collects again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def _collect(self) -> None:
        """The oldest generation that is due, by Python's own thresholds."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return
