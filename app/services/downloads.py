"""The downloads: a queue that outlives the app, a few of it at work in processes of their own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.download import DownloadRequest, DownloadState
from app.core.download_queue import QueueFile
from app.core.gguf import parts_of
from app.core.hub import HubFile, HubPage, HubReason
from app.core.settings.store import StoreReport
from app.services.download_entry import DownloadEntry
from app.services.download_files import DownloadFiles
from app.services.download_item import DownloadItem, DownloadTotals, Target
from app.services.download_list import DownloadList
from app.services.download_work import DownloadWork
from app.services.library import LibraryService
from app.services.preferences import Preferences
from app.worker.download_client import BACKOFF_S

RETRY_S = (10.0, 30.0, 60.0, 120.0, 300.0, 300.0, 600.0, 600.0, 1800.0, 1800.0)
"""How long to wait between tries that bring nothing: the line may be back in a minute, or in an hour."""
UNDO_S = 10.0
"""How long what has arrived of a cancelled download is kept, for `restore`: longer than a toast is shown."""
_OF_THE_FOLDER = frozenset({HubReason.DISK_FULL, HubReason.CANNOT_WRITE})
_OF_THE_TOKEN = frozenset({HubReason.BAD_TOKEN, HubReason.UNAUTHORISED, HubReason.GATED})


class Downloads(QObject):
    """The queue, in order. All methods return at once; signals say what came of it.

    At most as many run at once as the setting `n_downloads` says. What has arrived stays until a download is
    cancelled. What cannot be had for a reason that may pass is tried again by itself, ten times before it FAILED.
    """

    changed = Signal()  # items differ: others, another order, another state
    progressed = Signal(str)  # id: only its figures differ
    finished = Signal(str, list)  # id, list[str] of its files' paths
    failed = Signal(str)  # id: it waits for the user now
    target_changed = Signal()
    save_failed = Signal(object)  # StoreReport, once until a save succeeds again

    def __init__(
        self,
        queue_path: Path,
        preferences: Preferences,
        read_token: Callable[[str], str],
        library: LibraryService,
        parent: QObject | None = None,
        *,
        retry_s: Sequence[float] = RETRY_S,
        backoff_s: Sequence[float] = BACKOFF_S,
        undo_s: float = UNDO_S,
    ) -> None:
        """`queue_path` holds the queue (JSON). `read_token` gives an endpoint's access token or "", and may block.

        A process waits `backoff_s` between its own tries; after it has given up, the next one waits `retry_s`.
        """
        super().__init__(parent)
        self._preferences = preferences
        self._library = library
        self._undo_ms = round(undo_s * 1000)
        queue_file = QueueFile(queue_path)
        self.reports: list[StoreReport] = queue_file.reports
        self._list = DownloadList(queue_file.downloads)
        n_at_once = partial(preferences.value, "n_downloads")
        self._work = DownloadWork(self._list, n_at_once, read_token, retry_s, backoff_s, self)
        self._work.changed.connect(self._changed)
        self._work.progressed.connect(self.progressed)
        self._work.finished.connect(self._finish)
        self._work.failed.connect(self.failed)
        self._files = DownloadFiles(queue_file, self)
        self._files.measured.connect(self._take_measure)
        self._files.missed.connect(self._take_missing)
        self._files.target_known.connect(self._take_target)
        self._files.save_failed.connect(self.save_failed)
        self._target: Target | None = None
        self._is_closed = False
        preferences.changed.connect(self._preference_changed)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def items(self) -> tuple[DownloadItem, ...]:
        """All downloads: those to be done in their order, and among them those that are finished."""
        return tuple(entry.item() for entry in self._list)

    def item(self, download_id: str) -> DownloadItem | None:
        """The download with this id, None if there is none."""
        entry = self._list.get(download_id)
        return entry.item() if entry is not None else None

    def of_files(self, page: HubPage, files: Iterable[HubFile], endpoint: str) -> DownloadItem | None:
        """The download that `add` would give for these, None if there is none yet."""
        entry = self._list.same(self._request(page, files, "", endpoint, download_id=""))
        return entry.item() if entry is not None else None

    @property
    def n_active(self) -> int:
        """How many go on by themselves."""
        return self.totals.n_active

    @property
    def totals(self) -> DownloadTotals:
        """All that go on by themselves, as one: for a badge."""
        return self._list.totals()

    @property
    def target(self) -> Target | None:
        """Where new downloads go, as it was at the last `ask_target`; None while that is not known."""
        return self._target

    # -- wishes ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Goes on with what went on when the app ended or crashed, and finishes what was being cancelled."""
        for download_id in self._list.cancelled_ids:
            self._forget(download_id)
        self._files.measure(
            entry.request for entry in self._list if entry.state is not DownloadState.FINISHED
        )
        self.look_for_files()
        self.ask_target()
        self._work.start()

    def ask_target(self) -> None:
        """Asks how much room there is; `target_changed` follows."""
        unfinished = [entry for entry in self._list if entry.state is not DownloadState.FINISHED]
        self._files.ask_target(self._folder(), self._list.promised_bytes(unfinished))

    def look_for_files(self) -> None:
        """Looks whether the files of finished downloads are still there; `changed` follows where that differs."""
        for entry in self._list:
            if entry.state is DownloadState.FINISHED:
                self._files.look_for(entry.request.id, entry.paths)

    def add(self, page: HubPage, files: Iterable[HubFile], title: str, endpoint: str) -> str:
        """Wants these files of the page's commit, with the folder of the settings; returns the download's id.

        The same files again are the same download: what was paused, failed or is finished goes on or is checked.
        `title` is what people see. Whether there is room is found out before anything is written.
        """
        request = self._request(page, files, title, endpoint, uuid.uuid4().hex[:12])
        same = self._list.same(request)
        if same is not None:
            if not same.state.is_active:
                self.resume(same.request.id)
            return same.request.id
        entry = DownloadEntry(request)
        self._list.add(entry)
        self._files.measure([request])
        self._changed()
        self.ask_target()
        return request.id

    def pause(self, download_id: str) -> None:
        """Stops it at once; what has arrived stays."""
        entry = self._list.get(download_id)
        if entry is not None and entry.state.is_active:
            self._work.settle(entry, DownloadState.PAUSED)
            self._changed()

    def resume(self, download_id: str) -> None:
        """Goes on with what is paused, failed, waits for its next try, or has lost its finished files.

        What failed for its folder goes to the one that is chosen now.
        """
        entry = self._list.get(download_id)
        is_waiting = entry is not None and entry.state is DownloadState.RETRYING
        if entry is not None and (is_waiting or not entry.state.is_active):
            entry.n_tries = 0
            if entry.error is not None and entry.error.reason in _OF_THE_FOLDER:
                self._take_other_folder(entry)
            self._work.settle(entry, DownloadState.WAITING)
            self._changed()

    retry = resume

    def cancel(self, download_id: str) -> None:
        """Takes it off the list, and deletes what has arrived of it a moment later; `restore` undoes it until then.

        Of a finished download the files stay.
        """
        entry = self._list.take_out(download_id)
        if entry is None:
            return
        if entry.state is not DownloadState.FINISHED:
            self._work.settle(entry, DownloadState.WAITING if entry.state.is_active else entry.state)
        QTimer.singleShot(self._undo_ms, self, lambda: self._forget(download_id))
        self._changed()
        self.ask_target()

    def restore(self, download_id: str) -> None:
        """Puts back what was just cancelled, as it was."""
        if self._list.put_back(download_id) is not None:
            self._changed()

    def move(self, download_id: str, n_places: int) -> None:
        """Earlier (negative) or later in the queue."""
        if self._list.move(download_id, n_places):
            self._changed()

    def pause_all(self) -> None:
        """Pauses what goes on."""
        for entry in self._list:
            self.pause(entry.request.id)

    def resume_all(self) -> None:
        """Goes on with what is paused or failed."""
        for entry in self._list:
            if entry.state in {DownloadState.PAUSED, DownloadState.FAILED}:
                self.resume(entry.request.id)

    def retry_refused(self) -> None:
        """Tries again what the Hub refused for want of a token, or for the one it was given: there is another now."""
        for entry in self._list:
            reason = entry.error.reason if entry.error is not None else None
            if entry.state is DownloadState.FAILED and reason in _OF_THE_TOKEN:
                self.resume(entry.request.id)

    def clear_finished(self) -> None:
        """Takes what is finished off the list; the files stay."""
        for entry in self._list:
            if entry.state is DownloadState.FINISHED:
                self._list.take_out(entry.request.id)
                self._list.forget(entry.request.id)
        self._changed()

    def close(self, timeout_s: float = 3.0) -> bool:
        """Ends the processes and saves; False if a hung disk still holds a thread (it ends with the process)."""
        if self._is_closed:
            return True
        self._is_closed = True
        for download_id in self._list.cancelled_ids:
            self._forget(download_id)
        are_ended = self._work.close(timeout_s)
        self._files.save(self._list.for_file())
        return self._files.close(timeout_s) and are_ended

    # -- what happens ---------------------------------------------------------------------------------------

    def _request(
        self, page: HubPage, files: Iterable[HubFile], title: str, endpoint: str, download_id: str
    ) -> DownloadRequest:
        return DownloadRequest(
            id=download_id,
            repo_id=page.model.repo_id,
            revision=page.revision,
            commit=page.commit,
            files=tuple(files),
            folder=self._folder(),
            endpoint=endpoint,
            title=title,
        )

    def _take_other_folder(self, entry: DownloadEntry) -> None:
        """No room, or no way to write: where another folder was chosen since, it goes there."""
        folder = self._folder()
        if folder == entry.request.folder:
            return
        begun = self._list.only_its_own(entry)
        if begun is not None:
            self._work.discard(begun)
        entry.request = replace(entry.request, folder=folder)
        entry.progress = replace(entry.progress, n_bytes=0, n_verified_bytes=0)

    def _folder(self) -> str:
        chosen = str(self._preferences.value("download_folder") or "")
        return os.path.abspath(os.path.expanduser(chosen)) if chosen else ""

    def _finish(self, download_id: str, paths: list[str]) -> None:
        models = (parts_of(path)[0] for path in paths if path.lower().endswith(".gguf"))
        for first in dict.fromkeys(models):  # of a split model one entry
            self._library.take_file(first)
        self.finished.emit(download_id, paths)
        self.ask_target()

    def _forget(self, download_id: str) -> None:
        request = self._list.forget(download_id)
        if request is not None:
            self._work.discard(request)
        self._save()

    def _changed(self) -> None:
        self._work.start_next()
        self._save()
        self.changed.emit()

    def _save(self) -> None:
        if not self._is_closed:
            self._files.save(self._list.for_file())

    def _preference_changed(self, key: str) -> None:
        if key == "n_downloads":
            self._work.start_next()
            self.changed.emit()
        elif key == "download_folder":
            self.ask_target()

    def _take_measure(self, download_id: str, n_bytes: int) -> None:
        entry = self._list.get(download_id)
        if entry is not None and entry.run is None and entry.state is not DownloadState.FINISHED:
            entry.progress = replace(entry.progress, n_bytes=n_bytes, n_verified_bytes=0)
            self.progressed.emit(download_id)

    def _take_missing(self, download_id: str, is_missing: bool) -> None:
        entry = self._list.get(download_id)
        if entry is not None and entry.is_missing != is_missing:
            entry.is_missing = is_missing
            self.changed.emit()

    def _take_target(self, target: Target) -> None:
        self._target = target
        self.target_changed.emit()
