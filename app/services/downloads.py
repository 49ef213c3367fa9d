"""The downloads: a queue that outlives the app, a few of it at work in processes of their own."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.download_queue import QueueFile
from app.core.hub import HubError, HubFile, HubPage, HubReason
from app.core.settings.store import StoreReport
from app.services.download_entry import DownloadEntry
from app.services.download_files import DownloadFiles
from app.services.download_item import DownloadItem, DownloadTotals, Target
from app.services.download_list import DownloadList
from app.services.download_run import DownloadRun
from app.services.job_thread import JobThread
from app.services.library import LibraryService
from app.services.preferences import Preferences
from app.worker.download_client import DownloadEvent, Finished, discard

RETRY_S = (10.0, 30.0, 60.0, 120.0, 300.0, 300.0, 600.0, 600.0, 1800.0, 1800.0)
"""How long to wait between tries that bring nothing: the line may be back in a minute, or in an hour."""
UNDO_S = 10.0
"""How long what has arrived of a cancelled download is kept, for `restore`: longer than a toast is shown."""
_PASSING = frozenset({HubReason.IN_USE})  # besides those that HubError calls passing


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
    _told = Signal(object, object)  # DownloadRun, DownloadEvent

    def __init__(
        self,
        queue_path: Path,
        preferences: Preferences,
        read_token: Callable[[str], str],
        library: LibraryService,
        parent: QObject | None = None,
        *,
        retry_s: Sequence[float] = RETRY_S,
        undo_s: float = UNDO_S,
    ) -> None:
        """`queue_path` holds the queue (JSON). `read_token` gives an endpoint's access token or "", and may block."""
        super().__init__(parent)
        self._preferences = preferences
        self._read_token = read_token
        self._library = library
        self._retry_s = tuple(retry_s)
        self._undo_ms = round(undo_s * 1000)
        queue_file = QueueFile(queue_path)
        self.reports: list[StoreReport] = queue_file.reports
        self._list = DownloadList(queue_file.downloads)
        self._jobs = JobThread("downloads")  # starts and ends processes
        self._files = DownloadFiles(queue_file, self)
        self._files.measured.connect(self._take_measure)
        self._files.missed.connect(self._take_missing)
        self._files.target_known.connect(self._take_target)
        self._files.save_failed.connect(self.save_failed)
        self._target: Target | None = None
        self._is_started = self._is_closed = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._retry_due)
        self._told.connect(self._take)
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
        entry = self._list.same(self._request(page, files, "", endpoint))
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
        self._is_started = True
        for download_id in self._list.cancelled_ids:
            self._forget(download_id)
        self._files.measure(
            entry.request for entry in self._list if entry.state is not DownloadState.FINISHED
        )
        self.look_for_files()
        self.ask_target()
        self._start_next()

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
        request = self._request(page, files, title, endpoint)
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
            self._stop(entry.settle(DownloadState.PAUSED))
            self._changed()

    def resume(self, download_id: str) -> None:
        """Goes on with what is paused, failed, waits for its next try, or has lost its finished files."""
        entry = self._list.get(download_id)
        is_waiting = entry is not None and entry.state is DownloadState.RETRYING
        if entry is not None and (is_waiting or not entry.state.is_active):
            entry.n_tries = 0
            self._stop(entry.settle(DownloadState.WAITING))
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
            was_active = entry.state.is_active
            self._stop(entry.settle(DownloadState.WAITING if was_active else entry.state, entry.error))
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
        self._retry.stop()
        for entry in self._list.running():
            self._stop(entry.settle(DownloadState.WAITING))
        for download_id in self._list.cancelled_ids:
            self._forget(download_id)
        self._files.save(self._list.for_file())
        are_ended = self._jobs.close(timeout_s)
        return self._files.close(timeout_s) and are_ended

    # -- what happens ---------------------------------------------------------------------------------------

    def _request(self, page: HubPage, files: Iterable[HubFile], title: str, endpoint: str) -> DownloadRequest:
        return DownloadRequest(
            id=uuid.uuid4().hex[:12],
            repo_id=page.model.repo_id,
            revision=page.revision,
            commit=page.commit,
            files=tuple(files),
            folder=self._folder(),
            endpoint=endpoint,
            title=title,
        )

    def _folder(self) -> str:
        chosen = str(self._preferences.value("download_folder") or "")
        return os.path.abspath(os.path.expanduser(chosen)) if chosen else ""

    def _start_next(self) -> None:
        if not self._is_started or self._is_closed:
            return
        n_at_once = int(self._preferences.value("n_downloads"))
        while (entry := self._list.next_to_start(n_at_once)) is not None:
            promised = self._list.promised_bytes(self._list.running())
            run = DownloadRun(entry.request, promised, self._read_token, self._jobs, self._told.emit)
            entry.begin(run)
            run.start()

    def _stop(self, run: DownloadRun | None) -> None:
        if run is not None:
            run.stop()

    def _take(self, run: DownloadRun, event: DownloadEvent) -> None:
        entry = self._list.get(run.request.id)
        if entry is None or entry.run is not run or self._is_closed:
            return
        if isinstance(event, DownloadProgress):
            has_changed = entry.take_progress(event)
            self._list.note_time()
            (self.changed.emit if has_changed else lambda: self.progressed.emit(entry.request.id))()
            return
        run.stop()
        if isinstance(event, Finished):
            self._finish(entry, event.paths)
        else:
            self._fail(entry, HubError(event.reason, wait_s=event.wait_s, **event.values))

    def _finish(self, entry: DownloadEntry, paths: tuple[str, ...]) -> None:
        entry.finish(paths)
        for path in paths:
            if path.lower().endswith(".gguf"):
                self._library.take_file(path)
        self._changed()
        self.finished.emit(entry.request.id, list(paths))
        self.ask_target()

    def _fail(self, entry: DownloadEntry, error: HubError) -> None:
        may_pass = error.is_passing or error.reason in _PASSING
        if may_pass and entry.n_tries < len(self._retry_s):
            wait_s = max(self._retry_s[entry.n_tries], error.wait_s or 0.0)
            entry.settle(DownloadState.RETRYING, error)
            entry.n_tries += 1
            entry.retry_at = time.time() + wait_s
            self._retry_due()
        else:
            entry.settle(DownloadState.FAILED, error)
            self.failed.emit(entry.request.id)
        self._changed()

    def _retry_due(self) -> None:
        """Those whose time has come wait for their turn; the timer is set for the next one."""
        now_s = time.time()
        waiting = [entry for entry in self._list if entry.run is None and entry.retry_at is not None]
        for entry in waiting:
            if entry.retry_at is not None and entry.retry_at <= now_s:
                entry.settle(DownloadState.WAITING)
        times = [entry.retry_at for entry in waiting if entry.retry_at is not None]
        if times:
            self._retry.start(round(max(0.0, min(times) - now_s) * 1000) + 1)
        if len(times) < len(waiting):
            self._changed()

    def _forget(self, download_id: str) -> None:
        request = self._list.forget(download_id)
        if request is not None:
            self._jobs.post(lambda: discard(request))  # after the end of its process
        self._save()

    def _changed(self) -> None:
        self._start_next()
        self._save()
        self.changed.emit()

    def _save(self) -> None:
        if not self._is_closed:
            self._files.save(self._list.for_file())

    def _preference_changed(self, key: str) -> None:
        if key == "n_downloads":
            self._start_next()
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
