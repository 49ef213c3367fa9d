"""The queue of downloads as it is kept between starts: one JSON file, read once and then replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from app.core.download import DownloadRequest, DownloadState
from app.core.hub import HubError, HubReason
from app.core.settings.problem import Problem
from app.core.settings.saved import Row, SavedList, number_of, text_of
from app.core.settings.store import StoreReport

_VERSION: Final = 1
_KEPT_STATES: Final = frozenset(
    {DownloadState.WAITING, DownloadState.PAUSED, DownloadState.FAILED, DownloadState.FINISHED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedDownload:
    """A download as the file has it. Times are seconds since 1970.

    `state` is WAITING for all that go on by themselves, else PAUSED, FAILED (with `error`) or FINISHED (with `paths`,
    where the files lie, in the request's order). `is_cancelled`: only its partial files are still to be deleted.
    """

    request: DownloadRequest
    state: DownloadState = DownloadState.WAITING
    added_at: float = 0.0
    finished_at: float | None = None
    error: HubError | None = None
    paths: tuple[str, ...] = ()
    is_cancelled: bool = False


class QueueFile:
    """Reads the queue when made. A row that makes no sense is reported, kept in the file, and left out here."""

    def __init__(self, path: Path) -> None:
        self._list = SavedList(path, _VERSION, "downloads", _read, _to_row)
        self.path = path

    @property
    def downloads(self) -> tuple[QueuedDownload, ...]:
        """What the file holds, in the queue's order; of two with one id the first."""
        found: dict[str, QueuedDownload] = {}
        for item in self._list.items:
            found.setdefault(item.request.id, item)
        return tuple(found.values())

    @property
    def reports(self) -> list[StoreReport]:
        """What there is to tell about the file."""
        return self._list.reports

    def write(self, downloads: Iterable[QueuedDownload]) -> None:
        """Replaces the file.

        Raises:
            StoreError: it cannot be written; the old one is unchanged.
        """
        self._list.replace(list(downloads))


def _read(row: Row) -> tuple[QueuedDownload, list[Problem]]:
    state = DownloadState(text_of(row, "state"))
    if state not in _KEPT_STATES:
        raise ValueError(f"no download is kept as {state}")
    request: Any = row["request"]
    paths: Any = row.get("paths", [])
    if not isinstance(request, dict) or not isinstance(paths, list):
        raise TypeError("a request and paths are needed")
    if not all(isinstance(path, str) for path in cast(list[Any], paths)):
        raise TypeError("a path is a text")
    download = QueuedDownload(
        request=_request(cast(Row, request)),
        state=state,
        added_at=number_of(row, "added_at") or 0.0,
        finished_at=number_of(row, "finished_at"),
        error=_error(row["error"]) if row.get("error") is not None else None,
        paths=tuple(cast(list[str], paths)),
        is_cancelled=row.get("is_cancelled") is True,
    )
    if state is DownloadState.FAILED and download.error is None:
        raise ValueError("a failed download has a reason")
    return download, []


def _request(row: Row) -> DownloadRequest:
    request = DownloadRequest.from_json(row)
    if not request.id or not request.files:
        raise ValueError("a download has an id and files")
    return request


def _to_row(download: QueuedDownload) -> Row:
    row: Row = {
        "request": download.request.to_json(),
        "state": str(download.state),
        "added_at": download.added_at,
        "finished_at": download.finished_at,
        "paths": list(download.paths),
    }
    if download.error is not None:
        error = download.error
        row["error"] = {"reason": str(error.reason), "values": error.values, "wait_s": error.wait_s}
    if download.is_cancelled:
        row["is_cancelled"] = True
    return row


def _error(row: Any) -> HubError:
    """KeyError where a value of the sentence is missing, and TypeError or ValueError, as for a whole row."""
    if not isinstance(row, dict):
        raise TypeError("an error is an object")
    record = cast(Row, row)
    values: Any = record["values"]
    if not isinstance(values, dict):
        raise TypeError("an error's values are an object")
    known = cast(dict[str, Any], values)
    if not all(isinstance(value, str | int | float) for value in known.values()):
        raise TypeError("an error's values are texts and numbers")
    return HubError(HubReason(text_of(record, "reason")), wait_s=number_of(record, "wait_s"), **known)
