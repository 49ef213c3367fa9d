"""The library's thread: scans and saves, one job after the other, and tells by signals what it finds."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.core.known_folders import KnownFolder
from app.core.library import FolderProblem, ModelEntry, scan
from app.core.library_store import HeaderCache, LibraryFile, LibraryList
from app.core.offers import survey

_log = logging.getLogger(__name__)
_TELL_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ScanJob:
    """`is_whole`: it covers everything, so that what it does not find is gone."""

    number: int
    folders: tuple[str, ...]
    files: tuple[str, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class OfferJob:
    """Counts the models in other programs' folders, which `find_folders` names, besides the files that are `listed`."""

    find_folders: Callable[[], list[KnownFolder]]
    listed: frozenset[str]


@dataclass(frozen=True, slots=True)
class LookJob:
    """Looks whether another process, such as `loadout download`, has added to the list."""


@dataclass(frozen=True, slots=True)
class ScanEnd:
    """How a job ended. `is_complete` is False if it was cancelled."""

    job: ScanJob
    is_complete: bool
    problems: tuple[FolderProblem, ...]


class LibraryScanner(QObject):
    """One thread that does `ScanJob`s in order. It starts with the first job and ends with `close`."""

    found = Signal(object, list)  # ScanJob, list[ModelEntry]
    progressed = Signal(object, int, str)  # ScanJob, files looked at so far, folder being searched
    ended = Signal(object)  # ScanEnd
    surveyed = Signal(list)  # list[Offer]: folders that hold models, or are closed
    others_added = Signal(list)  # list[str]: files that another process has put into the list
    storage_failed = Signal(str, str)  # file, the system's words

    def __init__(self, library_file: LibraryFile, cache: HeaderCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library_file = library_file
        self._cache = cache
        self._jobs: queue.SimpleQueue[ScanJob | LibraryList | OfferJob | LookJob | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._others: tuple[str, ...] = ()  # told of, and not in a list that was posted since
        self._cancelled_up_to = 0
        self._is_closing = False

    def post(self, job: ScanJob | LibraryList | OfferJob | LookJob) -> None:
        """Scans, saves (a LibraryList), counts or looks, after everything posted before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="library", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def cancel(self, up_to: int) -> None:
        """Ends scans numbered `up_to` or lower, at once or when their turn comes."""
        self._cancelled_up_to = max(self._cancelled_up_to, up_to)

    def close(self, timeout_s: float) -> bool:
        """Cancels all scans, saves what waits, ends the thread; False if a hung disk still holds it."""
        if self._thread is None:
            return True
        self._cancelled_up_to = 1 << 60
        self._is_closing = True
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._cache.load()
        while (job := self._jobs.get()) is not None:
            if isinstance(job, LibraryList):
                self._save(job)
            elif isinstance(job, LookJob):
                self._look()
            elif isinstance(job, OfferJob):
                self._survey(job)
            else:
                self._scan(job)

    def _look(self) -> None:
        added = self._library_file.added_by_others()
        if added:
            self._others += added
            self.others_added.emit(list(added))

    def _save(self, library: LibraryList) -> None:
        self._look()
        self._others = tuple(path for path in self._others if path not in library.files)
        whole = replace(library, files=(*library.files, *self._others))
        self._store(self._library_file.path, lambda: self._library_file.write(whole))

    def _survey(self, job: OfferJob) -> None:
        try:
            offers = [
                survey(known, lambda: self._is_closing, listed=job.listed) for known in job.find_folders()
            ]
        except Exception:  # the thread's outermost frame, as below
            _log.exception("looking for other programs' models failed")
            return
        self.surveyed.emit([offer for offer in offers if offer.n_models or offer.is_closed])

    def _scan(self, job: ScanJob) -> None:
        problems: list[FolderProblem] = []
        teller = _Teller(self, job)

        def should_stop() -> bool:
            return job.number <= self._cancelled_up_to

        try:
            for entry in scan(
                job.folders,
                job.files,
                should_stop,
                cache=self._cache,
                on_problem=problems.append,
                on_folder=teller.enter,
            ):
                teller.add(entry)
        except Exception:  # the thread's outermost frame: a defect must not end all later scans
            _log.exception("scanning for models failed")
            self.cancel(job.number)
        teller.flush()
        if not should_stop():
            if job.is_whole:
                self._cache.keep_only(teller.ids)
            self._store(self._cache.path, self._cache.save)
        self.ended.emit(ScanEnd(job, not should_stop(), tuple(problems)))

    def _store(self, path: object, save: Callable[[], None]) -> None:
        try:
            save()
        except OSError as error:
            _log.error("%s cannot be saved: %s", path, error)
            self.storage_failed.emit(str(path), error.strerror or str(error))


class _Teller:
    """Hands entries over in batches, at most ten a second, however fast they are found."""

    def __init__(self, scanner: LibraryScanner, job: ScanJob) -> None:
        self._scanner = scanner
        self._job = job
        self._batch: list[ModelEntry] = []
        self._folder = ""
        self._told_at = time.monotonic()
        self.ids: list[str] = []

    def enter(self, folder: str) -> None:
        self._folder = folder
        self._tell_sometimes()

    def add(self, entry: ModelEntry) -> None:
        self._batch.append(entry)
        self.ids.append(entry.id)
        self._tell_sometimes()

    def flush(self) -> None:
        if self._batch:
            self._scanner.found.emit(self._job, self._batch)
            self._batch = []
        self._scanner.progressed.emit(self._job, len(self.ids), self._folder)

    def _tell_sometimes(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self.flush()
