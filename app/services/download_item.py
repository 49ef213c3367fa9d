"""What is known of one download, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.hub import HubError


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadItem:
    """One download of the queue as it is now. Times are seconds since 1970.

    `error` says why it FAILED, or why it is RETRYING, which it does by itself at `retry_at`. `paths` are where the
    files lie once it is FINISHED, in the request's order; `is_missing` that one of them has gone since.
    `seconds_left` is smoothed, None while it cannot be said.
    """

    request: DownloadRequest
    state: DownloadState
    progress: DownloadProgress
    added_at: float
    finished_at: float | None = None
    error: HubError | None = None
    paths: tuple[str, ...] = ()
    seconds_left: float | None = None
    retry_at: float | None = None
    is_missing: bool = False

    @property
    def id(self) -> str:
        """The request's."""
        return self.request.id

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return self.request.size_bytes

    @property
    def n_bytes(self) -> int:
        """What has arrived of them."""
        return self.size_bytes if self.state is DownloadState.FINISHED else self.progress.n_bytes

    @property
    def n_bytes_left(self) -> int:
        """What has still to arrive."""
        return max(0, self.size_bytes - self.n_bytes)


@dataclass(frozen=True, slots=True)
class DownloadTotals:
    """All downloads that go on by themselves, as one. `n_failed` are those that wait for the user."""

    n_active: int = 0
    n_failed: int = 0
    n_bytes: int = 0
    size_bytes: int = 0
    bytes_per_s: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """How much of them has arrived, 0 to 1."""
        return self.n_bytes / self.size_bytes if self.size_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where new downloads go. `folder` is "" for Hugging Face's cache, which lies at `path`.

    `free_bytes` is None where the disk does not tell; `promised_bytes` are what the queue will still write there.
    """

    folder: str
    path: str
    free_bytes: int | None
    promised_bytes: int

    @property
    def room_bytes(self) -> int | None:
        """What is left for one more download."""
        return None if self.free_bytes is None else max(0, self.free_bytes - self.promised_bytes)
