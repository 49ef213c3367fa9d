"""Runs one download for the command line: its progress in place on a terminal, Ctrl+C, and how it ended."""

from __future__ import annotations

import queue
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.cli.failure import CommandError, Interrupted
from app.cli.interruption import Interruption
from app.cli.terminal import StatusLine, bytes_text

if TYPE_CHECKING:
    from app.core.download import DownloadProgress, DownloadRequest
    from app.core.time_left import TimeLeft
    from app.worker.download_client import DownloadEvent, Failed

_LOOK_S: Final = 0.2
_BAR_LETTERS: Final = 24
_SIZES: Final = frozenset({"free", "needed"})


def downloaded(request: DownloadRequest, token: str) -> list[Path]:
    """The files, once they are there.

    Raises:
        CommandError: they cannot be had; the text says why.
        Interrupted: Ctrl+C; what has arrived is kept.
    """
    from app.worker.download_client import DownloadProcess, Finished

    events: queue.Queue[DownloadEvent] = queue.Queue()
    process = DownloadProcess(request, token, events.put)
    line = _ProgressLine(request)
    with Interruption() as interruption:
        process.start()
        try:
            while not interruption.asked:
                try:
                    event = events.get(timeout=_LOOK_S)
                except queue.Empty:
                    continue
                if isinstance(event, Finished):
                    return [Path(path) for path in event.paths]
                line.take(event)
        finally:
            process.stop()
            line.clear()
    raise Interrupted


class _ProgressLine:
    """What is shown while it runs."""

    def __init__(self, request: DownloadRequest) -> None:
        from app.core.time_left import TimeLeft

        self._request = request
        self._status = StatusLine()
        self._time_left: TimeLeft = TimeLeft()

    def take(self, event: DownloadProgress | Failed) -> None:
        """Shows a progress; CommandError where it is an end."""
        from app.core.download import DownloadProgress

        if isinstance(event, DownloadProgress):
            self._time_left.update(event.n_bytes, time.monotonic())
            width = shutil.get_terminal_size().columns - 1
            self._status.show(self._text(event)[:width])
        else:
            raise _refused(event)

    def clear(self) -> None:
        """Takes the line away."""
        self._status.clear()

    def _text(self, progress: DownloadProgress) -> str:
        size_bytes = self._request.size_bytes
        part = progress.n_bytes / size_bytes if size_bytes else 1.0
        amount = f"{bytes_text(progress.n_bytes)} of {bytes_text(size_bytes)}"
        if progress.retry_in_s is not None:
            return f"{_bar(part)} {amount}, again in {progress.retry_in_s:.0f} s: {progress.reason}"
        if progress.n_bytes >= size_bytes > progress.n_verified_bytes:
            return f"{_bar(part)} checking, {progress.n_verified_bytes / size_bytes:.0%}"
        seconds = self._time_left.seconds(size_bytes - progress.n_bytes)
        left = f", {duration_text(seconds)} left" if seconds else ""
        speed = f", {bytes_text(progress.bytes_per_s)}/s" if progress.bytes_per_s else ""
        return f"{_bar(part)} {int(part * 100):3d}%  {amount}{speed}{left}"


def _bar(part: float) -> str:
    n_full = int(part * _BAR_LETTERS)
    return f"[{'#' * n_full}{'-' * (_BAR_LETTERS - n_full)}]"


def duration_text(seconds: float) -> str:
    """A time to wait: ``47 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _refused(event: Failed) -> CommandError:
    from app.core.hub import message

    values = {
        key: bytes_text(value) if key in _SIZES and isinstance(value, int) else value
        for key, value in event.values.items()
    }
    return CommandError(message(event.reason, values))
