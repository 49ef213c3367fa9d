"""When a worker writes what it has read of conversations: in quiet moments, and before it ends."""

from __future__ import annotations

import time

import psutil

from app.engine.model import LoadedModel
from app.engine.scheduler import Scheduler
from app.worker.protocol import KeptStates
from app.worker.state_disk import kept_states

_QUIET_S = 3.0
"""After a reply the next question often follows at once, and what is written then is old in a moment."""


class StateKeeping:
    """The states of one loaded model, in memory and on disk, and the times at which they are written."""

    def __init__(self, loaded: LoadedModel, path: str, kept: KeptStates) -> None:
        self.states, self._disk = kept_states(loaded, path, kept, lambda: psutil.virtual_memory().available)
        self._busy_s = time.monotonic()

    def is_busy(self) -> None:
        """The engine has something to do."""
        self._busy_s = time.monotonic()

    def rest(self, scheduler: Scheduler) -> None:
        """The engine has nothing to do: one state is handed to the disk, if it has been so for a while."""
        if self._disk is None or self._disk.is_writing or time.monotonic() - self._busy_s < _QUIET_S:
            return
        scheduler.save_one(is_last_chance=False)

    def close(self, scheduler: Scheduler, save_s: float) -> None:
        """The worker ends: what was talked in last is written first, for `save_s` at most."""
        if self._disk is None:
            return
        until_s = time.monotonic() + save_s
        # One after the other, so that only one at a time lies in memory beside the KV cache.
        while save_s > 0 and self._disk.wait(max(until_s - time.monotonic(), 0.0)):
            if not scheduler.save_one(is_last_chance=True):
                break
        self._disk.close(max(until_s - time.monotonic(), 0.0))
