"""One process at work on one download, started and ended off the UI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubReason
from app.services.download_space import shortage
from app.services.job_thread import JobThread
from app.worker.download_client import BACKOFF_S, DownloadEvent, DownloadProcess, Failed


class DownloadRun:
    """`start` once, `stop` at any time; both return at once. Nothing is told after `stop`."""

    def __init__(
        self,
        request: DownloadRequest,
        promised_bytes: dict[str, int],
        read_token: Callable[[str], str],
        jobs: JobThread,
        on_event: Callable[[DownloadRun, DownloadEvent], None],
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        """`promised_bytes` is what other running downloads will still write, by their target folder.

        `read_token` gives an endpoint's access token and may block: it is called on the thread of `jobs`. `on_event` is
        called on threads of their own. `backoff_s` are the waits between the process's own tries.
        """
        self.request = request
        self._promised_bytes = promised_bytes
        self._read_token = read_token
        self._jobs = jobs
        self._on_event = on_event
        self._backoff_s = backoff_s
        self._lock = threading.Lock()  # of what follows
        self._process: DownloadProcess | None = None
        self._is_stopped = False

    @property
    def pid(self) -> int | None:
        """The process's id, None while none runs."""
        with self._lock:
            return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Starts the process as soon as the jobs before are done."""
        self._jobs.post(self._launch)

    def stop(self) -> None:
        """Ends the process; what has arrived stays."""
        with self._lock:
            self._is_stopped = True
        self._jobs.post(self._end)

    def _launch(self) -> None:
        if self._is_stopped:
            return
        error = shortage(self.request, self._promised_bytes)
        if error is not None:
            self._tell(_failed(error))
            return
        token = self._read_token(self.request.endpoint)
        process = DownloadProcess(self.request, token, self._tell, backoff_s=self._backoff_s)
        try:
            process.start()
        except OSError as refusal:  # no memory for another process, or too many
            detail = refusal.strerror or str(refusal)
            self._tell(_failed(HubError(HubReason.PROCESS_LOST, detail=detail)))
            return
        with self._lock:
            self._process = process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.stop()

    def _tell(self, event: DownloadEvent) -> None:
        if self._is_stopped:
            return
        try:
            self._on_event(self, event)
        except RuntimeError:  # the Qt object is gone: the app is closing
            return


def _failed(error: HubError) -> Failed:
    return Failed(error.reason, dict(error.values), error.message, error.wait_s)
