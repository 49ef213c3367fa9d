"""The entries of the queue, in order, and those that were cancelled a moment ago."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.download_queue import QueuedDownload
from app.core.time_left import TimeLeft
from app.services.download_entry import DownloadEntry
from app.services.download_item import DownloadTotals


class DownloadList:
    """Which downloads there are; what runs is the caller's business."""

    def __init__(self, kept: Iterable[QueuedDownload]) -> None:
        self._entries: dict[str, DownloadEntry] = {}
        self._cancelled: dict[str, tuple[DownloadEntry, int]] = {}  # with their places
        self._time_left = TimeLeft()
        self._n_arrived = 0
        for item in kept:
            entry = DownloadEntry.from_file(item)
            if item.is_cancelled:
                self._cancelled[item.request.id] = entry, len(self._entries)
            else:
                self._entries[item.request.id] = entry

    def __iter__(self) -> Iterator[DownloadEntry]:
        return iter(list(self._entries.values()))

    def get(self, download_id: str) -> DownloadEntry | None:
        """The entry with this id, None if it is not in the queue."""
        return self._entries.get(download_id)

    def same(self, wanted: DownloadRequest) -> DownloadEntry | None:
        """The one for the same files of the same commit at the same place."""
        for entry in self._entries.values():
            if replace(entry.request, id=wanted.id, title=wanted.title, revision=wanted.revision) == wanted:
                return entry
        return None

    # -- order ----------------------------------------------------------------------------------------------

    def add(self, entry: DownloadEntry) -> None:
        """At the end."""
        self._entries[entry.request.id] = entry

    def move(self, download_id: str, n_places: int) -> bool:
        """Past `n_places` others (up: negative) that are not finished; whether it moved."""
        ids = [entry.request.id for entry in self if entry.state is not DownloadState.FINISHED]
        if download_id not in ids:
            return False
        here = ids.index(download_id)
        there = min(max(0, here + n_places), len(ids) - 1)
        ids.insert(there, ids.pop(here))
        finished = [entry.request.id for entry in self if entry.state is DownloadState.FINISHED]
        self._entries = {key: self._entries[key] for key in (*ids, *finished)}
        return here != there

    def take_out(self, download_id: str) -> DownloadEntry | None:
        """Out of the queue; `put_back` undoes it until `forget`."""
        entry = self._entries.get(download_id)
        if entry is not None:
            self._cancelled[download_id] = entry, list(self._entries).index(download_id)
            del self._entries[download_id]
        return entry

    def put_back(self, download_id: str) -> DownloadEntry | None:
        """The entry that was taken out, at its former place again; None if it is gone for good."""
        entry, place = self._cancelled.pop(download_id, (None, 0))
        if entry is not None:
            rows = list(self._entries.items())
            rows.insert(place, (download_id, entry))
            self._entries = dict(rows)
        return entry

    def forget(self, download_id: str) -> DownloadRequest | None:
        """Ends the time for `put_back`; gives what of its files nobody else in the queue wants."""
        entry, _place = self._cancelled.pop(download_id, (None, 0))
        if entry is None or entry.state is DownloadState.FINISHED:
            return None
        return self.only_its_own(entry)

    def only_its_own(self, entry: DownloadEntry) -> DownloadRequest | None:
        """`entry`'s request for the files that no other in the queue wants; None where there are none."""
        others = [other for other in self if other is not entry and other.shares_a_file_with(entry)]
        wanted = {file.etag for other in others for file in other.request.files}
        files = tuple(file for file in entry.request.files if file.etag not in wanted)
        return replace(entry.request, files=files) if files else None

    @property
    def cancelled_ids(self) -> list[str]:
        """Those that `put_back` could still bring back."""
        return list(self._cancelled)

    def for_file(self) -> list[QueuedDownload]:
        """What the queue's file keeps."""
        cancelled = [entry.for_file(is_cancelled=True) for entry, _place in self._cancelled.values()]
        return [*(entry.for_file() for entry in self), *cancelled]

    # -- what follows from all of them ----------------------------------------------------------------------

    def running(self) -> list[DownloadEntry]:
        """Those with a process, or about to have one."""
        return [entry for entry in self if entry.run is not None]

    def next_to_start(self, n_at_once: int) -> DownloadEntry | None:
        """The first that waits for its turn and may have it, None while `n_at_once` run."""
        running = self.running()
        if len(running) >= n_at_once:
            return None
        for entry in self:
            is_waiting = entry.state is DownloadState.WAITING and entry.run is None
            if is_waiting and not any(entry.shares_a_file_with(other) for other in running):
                return entry
        return None

    def promised_bytes(self, of: Iterable[DownloadEntry]) -> dict[str, int]:
        """What `of` will still write, by the folder of their requests."""
        promised: dict[str, int] = {}
        for entry in of:
            n_left = max(0, entry.request.size_bytes - entry.progress.n_bytes)
            promised[entry.request.folder] = promised.get(entry.request.folder, 0) + n_left
        return promised

    def totals(self) -> DownloadTotals:
        """All that go on by themselves, as one."""
        active = [entry for entry in self if entry.state.is_active]
        n_bytes = sum(entry.progress.n_bytes for entry in active)
        size_bytes = sum(entry.request.size_bytes for entry in active)
        return DownloadTotals(
            n_active=len(active),
            n_failed=sum(entry.state is DownloadState.FAILED for entry in self),
            n_bytes=n_bytes,
            size_bytes=size_bytes,
            bytes_per_s=sum(entry.progress.bytes_per_s for entry in active),
            seconds_left=self._time_left.seconds(size_bytes - n_bytes) if self.running() else None,
        )

    def take_progress(self, entry: DownloadEntry, progress: DownloadProgress) -> bool:
        """A run of `entry` reports; True if its state is another one now.

        What all take together follows from what arrives: what a run finds there at its start does not count.
        """
        if entry.time_left.has_begun:
            self._n_arrived += max(0, progress.n_bytes - entry.progress.n_bytes)
        self._time_left.update(self._n_arrived, time.monotonic())
        return entry.take_progress(progress)
