"""What the downloads need of the disk, on a thread of its own: the queue's file, what is there, what fits."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal

from app.core.download import DownloadRequest
from app.core.download_queue import QueuedDownload, QueueFile
from app.core.settings.store import StoreError
from app.services.download_space import target
from app.services.job_thread import JobThread
from app.worker.download_client import n_bytes_kept

_log = logging.getLogger(__name__)


class DownloadFiles(QObject):
    """Saves and looks; all methods return at once."""

    measured = Signal(str, int)  # id, bytes of it that are on disk
    missed = Signal(str, bool)  # id, whether a finished file has gone
    target_known = Signal(object)  # Target
    save_failed = Signal(object)  # StoreReport, once until a save succeeds again

    def __init__(self, queue_file: QueueFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue_file = queue_file
        self._jobs = JobThread("downloads' files")
        self._has_failed = False
        self._newest = 0  # number of the newest save that was asked for

    def save(self, downloads: Sequence[QueuedDownload]) -> None:
        """Writes the queue; one that waits for the disk is left out when a newer one follows."""
        self._newest += 1
        number = self._newest
        self._jobs.post(lambda: self._save(number, downloads))

    def measure(self, requests: Iterable[DownloadRequest]) -> None:
        """`measured` follows for each."""
        for request in requests:
            self._jobs.post(lambda request=request: self.measured.emit(request.id, n_bytes_kept(request)))

    def look_for(self, download_id: str, paths: Sequence[str]) -> None:
        """`missed` follows."""

        def look() -> None:
            self.missed.emit(download_id, not all(os.path.exists(path) for path in paths))

        self._jobs.post(look)

    def ask_target(self, folder: str, promised_bytes: Mapping[str, int]) -> None:
        """`target_known` follows."""
        self._jobs.post(lambda: self.target_known.emit(target(folder, promised_bytes)))

    def close(self, timeout_s: float) -> bool:
        """Saves what waits and ends; False if a hung disk still holds it."""
        return self._jobs.close(timeout_s)

    def _save(self, number: int, downloads: Sequence[QueuedDownload]) -> None:
        if number != self._newest:
            return
        try:
            self._queue_file.write(downloads)
        except StoreError as error:
            if not self._has_failed:
                _log.error("%s", error)
                self.save_failed.emit(error.report)
            self._has_failed = True
        else:
            self._has_failed = False
