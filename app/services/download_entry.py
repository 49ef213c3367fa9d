"""One download of the queue as the service works on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.download_queue import QueuedDownload
from app.core.hub import HubError
from app.core.time_left import TimeLeft
from app.services.download_item import DownloadItem
from app.services.download_run import DownloadRun

_NOTHING = DownloadProgress(0, 0, 0.0)


@dataclass(slots=True, eq=False)
class DownloadEntry:
    """Changes with every event; `item` is what others see of it."""

    request: DownloadRequest
    state: DownloadState = DownloadState.WAITING
    added_at: float = field(default_factory=time.time)
    finished_at: float | None = None
    error: HubError | None = None
    paths: tuple[str, ...] = ()
    progress: DownloadProgress = _NOTHING
    time_left: TimeLeft = field(default_factory=TimeLeft)
    run: DownloadRun | None = None
    retry_at: float | None = None
    due_s: float | None = None  # the same by the clock that nobody sets, where the queue tries again
    n_tries: int = 0  # in a row that brought nothing
    n_bytes_before: int = 0  # when the latest try began
    is_missing: bool = False

    @classmethod
    def from_file(cls, kept: QueuedDownload) -> DownloadEntry:
        """As the queue's file has it; how much of it is on disk is still to be found out."""
        return cls(
            kept.request,
            kept.state,
            added_at=kept.added_at,
            finished_at=kept.finished_at,
            error=kept.error,
            paths=kept.paths,
        )

    def for_file(self, *, is_cancelled: bool = False) -> QueuedDownload:
        """What the queue's file keeps of it."""
        is_settled = self.state in {DownloadState.PAUSED, DownloadState.FAILED, DownloadState.FINISHED}
        return QueuedDownload(
            request=self.request,
            state=self.state if is_settled else DownloadState.WAITING,
            added_at=self.added_at,
            finished_at=self.finished_at,
            error=self.error if self.state is DownloadState.FAILED else None,
            paths=self.paths,
            is_cancelled=is_cancelled,
        )

    def item(self) -> DownloadItem:
        """What others see of it now."""
        is_running = self.run is not None
        n_left = max(0, self.request.size_bytes - self.progress.n_bytes)
        return DownloadItem(
            request=self.request,
            state=self.state,
            progress=self.progress,
            added_at=self.added_at,
            finished_at=self.finished_at,
            error=self.error,
            paths=self.paths,
            seconds_left=self.time_left.seconds(n_left) if is_running else None,
            retry_at=self.retry_at,
            is_missing=self.is_missing,
        )

    def shares_a_file_with(self, other: DownloadEntry) -> bool:
        """Whether both write the same file, which only one can do at a time."""
        mine, theirs = self.request, other.request
        if (mine.folder, mine.endpoint, mine.repo_id) != (theirs.folder, theirs.endpoint, theirs.repo_id):
            return False
        return not {file.etag for file in mine.files}.isdisjoint(file.etag for file in theirs.files)

    # -- what happens to it ---------------------------------------------------------------------------------

    def take_progress(self, progress: DownloadProgress) -> bool:
        """Notes how far it is; whether its state has changed with that."""
        now_s = time.time()
        self.time_left.update(progress.n_bytes, time.monotonic())
        self.progress = progress
        state = DownloadState.RUNNING
        if progress.retry_in_s is not None:
            state = DownloadState.RETRYING
        elif progress.n_bytes >= self.request.size_bytes > progress.n_verified_bytes:
            state = DownloadState.VERIFYING
        self.error = progress.error
        self.retry_at = now_s + progress.retry_in_s if progress.retry_in_s is not None else None
        if progress.n_bytes > self.n_bytes_before:
            self.n_tries = 0
        has_changed = state is not self.state
        self.state = state
        return has_changed

    def settle(self, state: DownloadState, error: HubError | None = None) -> DownloadRun | None:
        """Puts it into a state in which nothing runs; gives back what ran."""
        run, self.run = self.run, None
        self.state, self.error, self.retry_at, self.due_s = state, error, None, None
        self.time_left = TimeLeft()
        self.progress = replace(self.progress, bytes_per_s=0.0, retry_in_s=None, error=None)
        return run

    def wait(self, wait_s: float, error: HubError) -> None:
        """The next try is due so many seconds from now."""
        self.settle(DownloadState.RETRYING, error)
        self.n_tries += 1
        self.retry_at, self.due_s = time.time() + wait_s, time.monotonic() + wait_s

    def begin(self, run: DownloadRun) -> None:
        """A try begins."""
        self.run = run
        self.state, self.error, self.retry_at = DownloadState.RUNNING, None, None
        self.n_bytes_before = self.progress.n_bytes
        self.time_left = TimeLeft()

    def finish(self, paths: tuple[str, ...]) -> None:
        """All files are there."""
        size_bytes = self.request.size_bytes
        self.settle(DownloadState.FINISHED)
        self.progress = DownloadProgress(size_bytes, size_bytes, 0.0)
        self.paths, self.finished_at, self.is_missing = paths, time.time(), False
