"""Questions to the Hub, off the UI thread: the newest counts, and it is asked again when the network fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.hub import HubError, HubReason

_log = logging.getLogger(__name__)
_N_THREADS: Final = 4
_END_S: Final = 0.2
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0


class Asking(QObject):
    """Runs what blocks on threads of its own; the answers to older questions are dropped.

    A question that failed for a passing reason (`HubError.is_passing`) is asked again by itself, after 2, 4, 8 and at
    most 60 seconds, or when the server said; `failed` tells each time. A few older questions may still be under way,
    waiting for a server that does not answer: one more waits then.
    """

    answered = Signal(object)  # what the question returned
    failed = Signal(object)  # HubError
    _told = Signal(int, object)

    def __init__(self, parent: QObject | None = None, *, first_wait_s: float = _FIRST_WAIT_S) -> None:
        super().__init__(parent)
        self._first_wait_s = first_wait_s
        self._lock = threading.Lock()
        self._number = 0
        self._question: Callable[[], object] | None = None
        self._host = ""
        self._pending: tuple[int, Callable[[], object]] | None = None
        self._threads: list[threading.Thread] = []
        self._n_failed = 0
        self._retry_at_s: float | None = None
        self._is_asking = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask_again)
        self._told.connect(self._take)

    @property
    def is_asking(self) -> bool:
        """Whether an answer is awaited."""
        return self._is_asking

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until it is asked again by itself, None where it is not."""
        return None if self._retry_at_s is None else max(0.0, self._retry_at_s - time.monotonic())

    def ask(self, question: Callable[[], object], host: str) -> None:
        """Asks this; `answered` or `failed` follows. `question` blocks and raises HubError; `host` is whom it asks."""
        self._question, self._host, self._n_failed = question, host, 0
        self._ask_again()

    def ask_later(self, question: Callable[[], object], host: str) -> None:
        """As `ask`, after the first wait."""
        self.drop()
        self._question, self._host, self._n_failed = question, host, 0
        self._wait(0.0)

    def retry(self) -> None:
        """Asks the last question again at once."""
        self._n_failed = 0
        self._ask_again()

    def drop(self) -> None:
        """Forgets the question; nothing is told."""
        self._number += 1
        self._question = None
        self._stop_waiting()
        self._is_asking = False
        with self._lock:
            self._pending = None

    def close(self) -> None:
        """Ends it; a question under way ends by itself."""
        self.drop()
        for thread in list(self._threads):
            thread.join(_END_S)

    def _ask_again(self) -> None:
        self._stop_waiting()
        if self._question is None:
            return
        self._number += 1
        self._is_asking = True
        with self._lock:
            self._pending = (self._number, self._question)
            if len(self._threads) >= _N_THREADS:
                return
            thread = threading.Thread(target=self._run, name="hub", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _stop_waiting(self) -> None:
        self._timer.stop()
        self._retry_at_s = None

    def _run(self) -> None:
        while (job := self._next()) is not None:
            number, question = job
            try:
                answer = question()
            except HubError as error:
                answer = error
            except Exception as error:  # the thread's boundary
                _log.exception("a question to the Hub failed")
                detail = f"{type(error).__name__}: {error}"[:200]
                answer = HubError(HubReason.BAD_ANSWER, host=self._host, detail=detail)
            try:
                self._told.emit(number, answer)
            except RuntimeError:  # the Qt object is gone: the app is closing
                return

    def _next(self) -> tuple[int, Callable[[], object]] | None:
        with self._lock:
            job, self._pending = self._pending, None
            if job is None:
                self._threads.remove(threading.current_thread())
            return job

    def _take(self, number: int, answer: object) -> None:
        if number != self._number:
            return
        self._is_asking = False
        if not isinstance(answer, HubError):
            self._n_failed = 0
            self.answered.emit(answer)
            return
        if answer.is_passing:
            self._wait(answer.wait_s or 0.0)
        self.failed.emit(answer)

    def _wait(self, least_s: float) -> None:
        wait_s = max(min(self._first_wait_s * 2**self._n_failed, _LONGEST_WAIT_S), least_s)
        self._n_failed = min(self._n_failed + 1, 10)
        self._retry_at_s = time.monotonic() + wait_s
        self._timer.start(round(min(wait_s, 24 * 3600) * 1000))
