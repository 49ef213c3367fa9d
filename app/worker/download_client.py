"""One download in a process of its own: start it, hear of it, end it at once. What arrived stays, for the next try."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from app.core.download import DownloadProgress, DownloadRequest
from app.core.hub import HubError, HubReason
from app.worker.download import BACKOFF_S, TIMEOUT_S, download_main
from app.worker.download_disk import discard, free_bytes, is_finished, n_bytes_kept
from app.worker.download_events import DownloadEvent, Failed, Finished, failed
from app.worker.starting import start_shielded

__all__ = [
    "DownloadEvent",
    "DownloadProcess",
    "DownloadProgress",
    "Failed",
    "Finished",
    "discard",
    "free_bytes",
    "is_finished",
    "n_bytes_kept",
]

_ENDING_S: Final = 2.0


class DownloadProcess:
    """One try at a request: `start` once, `stop` at any time.

    `on_event` is called on a thread of this object's own, at most five times a second with the progress, and at the
    end exactly once with Finished or Failed, when the process has gone (unless it was stopped: then nothing more).
    """

    def __init__(
        self,
        request: DownloadRequest,
        token: str,
        on_event: Callable[[DownloadEvent], None],
        *,
        backoff_s: Sequence[float] = BACKOFF_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`token` goes to the endpoint's own server only. `timeout_s` is how long a server may be silent.

        `backoff_s` are the waits between tries that brought nothing; the next one that does ends it.
        """
        self._request = request
        self._token = token
        self._on_event = on_event
        self._options = tuple(backoff_s), timeout_s
        self._lock = threading.Lock()  # of what follows
        self._process: SpawnProcess | None = None
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    @property
    def pid(self) -> int | None:
        """The process's id, None while none runs."""
        with self._lock:
            process = self._process
            return process.pid if process is not None and process.is_alive() else None

    def start(self) -> None:
        """Starts the process; OSError where the system refuses another one."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        arguments = (theirs, self._request, self._token, *self._options)
        process = context.Process(target=download_main, args=arguments, name="download", daemon=True)
        try:
            start_shielded(process)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        with self._lock:
            self._process = process
            is_stopped = self._is_stopped
            self._thread = threading.Thread(
                target=self._listen, args=(process, ours), name="download-events", daemon=True
            )
            self._thread.start()
        if is_stopped:
            self.stop()

    def stop(self) -> None:
        """Ends the process at once, and waits for that; what arrived stays. May be called again, from any thread."""
        with self._lock:
            self._is_stopped = True
            process, thread = self._process, self._thread
        if process is not None and process.is_alive():
            process.kill()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _listen(self, process: SpawnProcess, connection: Connection) -> None:
        last: DownloadEvent | None = None
        with connection:
            while not isinstance(last, Finished | Failed):
                try:
                    last = connection.recv()
                except (EOFError, OSError):
                    break
                if isinstance(last, DownloadProgress):
                    self._tell(last)
        process.join(_ENDING_S if last is not None else None)
        if process.is_alive():
            process.kill()
            process.join()
        self._tell(last if isinstance(last, Finished | Failed) else _lost(process.exitcode or 0))

    def _tell(self, event: DownloadEvent) -> None:
        if not self._is_stopped:
            self._on_event(event)


def _lost(exit_code: int) -> Failed:
    names = {-number: number.name for number in signal.Signals}
    detail = names.get(exit_code, f"exit code {exit_code}")
    return failed(HubError(HubReason.PROCESS_LOST, detail=detail))
