"""A thread that does what must not hold up the window, one job after the other."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class JobThread:
    """Jobs in the order in which they were posted. The thread starts with the first one and ends with `close`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def post(self, job: Callable[[], None]) -> None:
        """Does `job` after everything that was posted before; nothing once closed."""
        if self._is_closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def close(self, timeout_s: float) -> bool:
        """Does what was posted, then ends; False if a hung disk still holds it after `timeout_s`."""
        self._is_closed = True
        if self._thread is None:
            return True
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # the thread's outermost frame: a defect must not end all later jobs
                _log.exception("a job of %s failed", self._name)
