"""What a download's process runs: all files of one request, checked, in their places; its client hears of it.

It is a process so that cancelling is immediate whatever the network or the disk are doing, and so that hashing and
receiving never slow the window. It ends with its parent. What it has written stays: the next one goes on from there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubReason
from app.core.hub_cache import Layout, Place, layout_of
from app.core.hub_record import read_record, write_record
from app.worker.download_disk import (
    appear,
    forget_locks,
    is_checked,
    is_done,
    locked,
    paths_of,
    record_of,
    size_of,
    written,
)
from app.worker.download_events import DownloadEvent, Finished, failed
from app.worker.download_file import FileDownload, Source, check_free
from app.worker.download_hash import FollowingHash
from app.worker.download_progress import Progress
from app.worker.starting import end_with_parent

_log = logging.getLogger(__name__)

BACKOFF_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""The waits between tries that bring nothing; after the last one the queue decides when to try again."""
TIMEOUT_S: Final = 30.0


def download_main(
    events: Connection,
    request: DownloadRequest,
    token: str,
    backoff_s: Sequence[float],
    timeout_s: float,
) -> None:
    """The entry point. Sends DownloadProgress through `events`, and at the end Finished or Failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches us too; the parent decides
    end_with_parent()
    last: DownloadEvent
    try:
        last = Finished(_download(events, request, token, backoff_s, timeout_s))
    except HubError as error:
        last = failed(error)
    except (BrokenPipeError, ConnectionResetError):  # nobody listens any more
        os._exit(1)
    except Exception as error:  # the process boundary
        _log.exception("a download ends after a defect")
        detail = f"{type(error).__name__}: {error}"[:500]
        last = failed(HubError(HubReason.PROCESS_LOST, detail=detail))
    with contextlib.suppress(OSError):
        events.send(last)
        events.close()
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(0)  # a thread may still wait for a name to be looked up


def _download(
    events: Connection, request: DownloadRequest, token: str, backoff_s: Sequence[float], timeout_s: float
) -> tuple[str, ...]:
    """The files' paths. HubError where they cannot be had."""
    layout = layout_of(request)
    missing = [place for place in layout.places if not is_done(layout, place)]
    if not missing:
        return paths_of(layout)
    with written(layout.root):
        layout.home.mkdir(parents=True, exist_ok=True)
    with locked(layout, missing):
        _adopt(layout, missing)
        # What another program finished meanwhile is not asked for again.
        missing = [place for place in missing if not (is_done(layout, place) or is_checked(place))]
        check_free(layout, missing)
        if missing:
            with Progress(events, layout) as progress:
                _fetch_all(layout, missing, progress, token, backoff_s, timeout_s)
        with written(layout.root):
            appear(layout)
        forget_locks(layout)
    return paths_of(layout)


def _fetch_all(
    layout: Layout,
    missing: Sequence[Place],
    progress: Progress,
    token: str,
    backoff_s: Sequence[float],
    timeout_s: float,
) -> None:
    from app.worker.download_answer import open_client  # slow to import

    with open_client(timeout_s) as client:
        source = Source(client, token, timeout_s, backoff_s)
        for place in missing:
            progress.begin(place)
            if not is_checked(place):  # two files may have the same content
                FileDownload(layout, place, source, progress).run()
            progress.finish()


def _adopt(layout: Layout, missing: Sequence[Place]) -> None:
    """A file in the user's folder of which nothing is known is either the one that is wanted, or left alone.

    Raises:
        HubError: CANNOT_WRITE, it is another one.
    """
    if layout.is_cache:
        return
    for place in missing:
        if size_of(place.final) < 0 or read_record(place.final) is not None:
            continue
        with written(layout.root):
            if not _is_wanted(place):
                detail = "another file of this name is there already"
                raise HubError(HubReason.CANNOT_WRITE, folder=str(place.final), detail=detail)
            write_record(layout.home, record_of(layout.request, place))


def _is_wanted(place: Place) -> bool:
    if size_of(place.final) != place.file.size_bytes:
        return False
    follower = FollowingHash(place.final, place.file)
    follower.advance(place.file.size_bytes)
    return follower.finish() == place.file.etag
