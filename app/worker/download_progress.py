"""How far a download is, said to its client: at most five times a second, and also while nothing happens."""

from __future__ import annotations

import threading
import time
from collections import deque
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from app.core.download import DownloadProgress
from app.core.hub import HubError
from app.core.hub_cache import Layout, Place
from app.worker.download_disk import is_checked, is_done, n_bytes_of

_EVERY_S: Final = 0.2
_SILENCE_S: Final = 0.6  # then it says that nothing has arrived
_SPEED_OF_S: Final = 3.0


class Progress:
    """Says how far all files of a layout are. Use as a context manager: nothing is said after it.

    A thread speaks while the one that downloads waits for the network or the disk.
    """

    def __init__(self, events: Connection, layout: Layout) -> None:
        self._events = events
        self._n_bytes = {place.file.path: n_bytes_of(layout, place) for place in layout.places}
        self._n_hashed = dict.fromkeys(self._n_bytes, 0)
        for place in layout.places:
            if is_done(layout, place) or is_checked(place):
                self._n_hashed[place.file.path] = place.file.size_bytes
        self._place: Place | None = None
        self._samples: deque[tuple[float, int]] = deque()  # when, bytes that arrived so far
        self._n_arrived = 0
        self._sending = threading.Lock()
        self._sent_s = 0.0
        self._is_waiting = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._fill_silence, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._tell()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def begin(self, place: Place) -> None:
        """This file is next."""
        self._place = place

    def finish(self) -> None:
        """The file is checked."""
        if self._place is not None:
            path, size_bytes = self._place.file.path, self._place.file.size_bytes
            self._n_bytes[path] = self._n_hashed[path] = size_bytes
            self._tell()

    def advance(self, n_bytes: int, n_hashed: int) -> None:
        """So many bytes of the current file are there, and hashed."""
        if self._place is None:
            return
        path = self._place.file.path
        self._n_arrived += max(0, n_bytes - self._n_bytes[path])
        self._n_bytes[path], self._n_hashed[path] = n_bytes, n_hashed
        if time.monotonic() - self._sent_s >= _EVERY_S:
            self._tell()

    def wait(self, seconds: float, error: HubError) -> None:
        """Waits before the next try, and says so."""
        until_s = time.monotonic() + seconds
        self._is_waiting = True
        while (left_s := until_s - time.monotonic()) > 0:
            self._tell(left_s, error)
            time.sleep(min(left_s, 1.0))
        self._is_waiting = False
        self._samples.clear()

    def _fill_silence(self) -> None:
        while not self._ended.wait(_SILENCE_S / 2):
            if not self._is_waiting and time.monotonic() - self._sent_s >= _SILENCE_S:
                try:
                    self._tell()
                except OSError:  # nobody listens any more: the process ends with its parent
                    return

    def _tell(self, retry_in_s: float | None = None, error: HubError | None = None) -> None:
        with self._sending:
            now_s = self._sent_s = time.monotonic()
            n_bytes, n_hashed = sum(self._n_bytes.values()), sum(self._n_hashed.values())
            file = self._place.file.path if self._place is not None else ""
            speed = 0.0 if retry_in_s is not None else self._speed(now_s)
            self._events.send(DownloadProgress(n_bytes, n_hashed, speed, file, retry_in_s, error))

    def _speed(self, now_s: float) -> float:
        """Bytes per second of the last seconds."""
        samples = self._samples
        samples.append((now_s, self._n_arrived))
        while len(samples) > 2 and now_s - samples[1][0] > _SPEED_OF_S:
            samples.popleft()
        began_s, n_before = samples[0]
        return (self._n_arrived - n_before) / (now_s - began_s) if now_s > began_s else 0.0
