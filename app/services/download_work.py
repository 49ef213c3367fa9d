"""Which downloads of the queue run: starts them in their order, takes what they say, tries again what may pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.hub import HubError, HubReason
from app.services.download_entry import DownloadEntry
from app.services.download_list import DownloadList
from app.services.download_run import DownloadRun
from app.services.job_thread import JobThread
from app.worker.download_client import DownloadEvent, Finished, discard

_PASSING = frozenset({HubReason.IN_USE})  # besides those that HubError calls passing


class DownloadWork(QObject):
    """Works on the entries of a `DownloadList`. Nothing runs before `start`; processes start and end on a thread."""

    changed = Signal()  # an entry's state
    progressed = Signal(str)  # id: only its figures
    finished = Signal(str, list)  # id, list[str] of its files' paths
    failed = Signal(str)  # id: nothing more is tried
    _told = Signal(object, object)  # DownloadRun, DownloadEvent

    def __init__(
        self,
        entries: DownloadList,
        n_at_once: Callable[[], int],
        read_token: Callable[[str], str],
        retry_s: Sequence[float],
        backoff_s: Sequence[float],
        parent: QObject | None = None,
    ) -> None:
        """`n_at_once` is how many may run; see `Downloads` for the rest."""
        super().__init__(parent)
        self._list = entries
        self._n_at_once = n_at_once
        self._read_token = read_token
        self._retry_s = tuple(retry_s)
        self._backoff_s = tuple(backoff_s)
        self._jobs = JobThread("downloads")
        self._is_running = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._retry_due)
        self._told.connect(self._take)

    def start(self) -> None:
        """From now on what waits is begun."""
        self._is_running = True
        self.start_next()

    def start_next(self) -> None:
        """Begins what waits and may run; called after every change of the queue."""
        while self._is_running and (entry := self._list.next_to_start(self._n_at_once())) is not None:
            promised = self._list.promised_bytes(self._list.running())
            told, backoff_s = self._told.emit, self._backoff_s
            run = DownloadRun(entry.request, promised, self._read_token, self._jobs, told, backoff_s)
            entry.begin(run)
            run.start()

    def settle(self, entry: DownloadEntry, state: DownloadState) -> None:
        """Ends at once what runs for `entry`, which is then in `state`."""
        run = entry.settle(state, entry.error if state is DownloadState.FAILED else None)
        if run is not None:
            run.stop()

    def discard(self, request: DownloadRequest) -> None:
        """Deletes what has arrived of it, after the end of its process."""
        self._jobs.post(lambda: discard(request))

    def close(self, timeout_s: float) -> bool:
        """Ends all processes; False if a hung disk still holds the thread."""
        self._is_running = False
        self._retry.stop()
        for entry in self._list.running():
            self.settle(entry, DownloadState.WAITING)
        return self._jobs.close(timeout_s)

    def _take(self, run: DownloadRun, event: DownloadEvent) -> None:
        entry = self._list.get(run.request.id)
        if entry is None or entry.run is not run:
            return  # what it said before it was stopped
        if isinstance(event, DownloadProgress):
            if self._list.take_progress(entry, event):
                self.changed.emit()
            self.progressed.emit(run.request.id)
            return
        run.stop()
        if isinstance(event, Finished):
            entry.finish(event.paths)
            self.changed.emit()
            self.finished.emit(run.request.id, list(event.paths))
        else:
            self._fail(entry, HubError(event.reason, wait_s=event.wait_s, **event.values))

    def _fail(self, entry: DownloadEntry, error: HubError) -> None:
        may_pass = error.is_passing or error.reason in _PASSING
        if may_pass and entry.n_tries < len(self._retry_s):
            wait_s = max(self._retry_s[entry.n_tries], error.wait_s or 0.0)
            entry.wait(wait_s, error)
            self._retry_due()
            self.changed.emit()
        else:
            entry.settle(DownloadState.FAILED, error)
            self.changed.emit()
            self.failed.emit(entry.request.id)

    def _retry_due(self) -> None:
        """Those whose time has come wait for their turn; the timer is set for the next one."""
        now_s = time.monotonic()
        times: list[float] = []
        has_changed = False
        for entry in self._list:
            if entry.run is not None or entry.due_s is None:
                continue
            if entry.due_s <= now_s:
                entry.settle(DownloadState.WAITING)
                has_changed = True
            else:
                times.append(entry.due_s)
        if times:
            self._retry.start(round((min(times) - now_s) * 1000) + 1)
        if has_changed:
            self.changed.emit()
