"""Downloads in words and figures."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from app.core.download import DownloadState
from app.core.figures import size_figure
from app.core.hub import HubReason
from app.services.download_item import DownloadItem, DownloadTotals, Target
from app.ui.format import THIN_SPACE, bytes_text, count_text, when_text
from app.ui.hub.hub_words import error_text, per_second

_DOT = " \u00b7 "


def _tr(text: str) -> str:
    return QCoreApplication.translate("Downloads", text)


def state_text(item: DownloadItem) -> str:
    """What the download is doing, in a word or two."""
    if item.is_missing:
        return _tr("File gone")
    if item.state is DownloadState.RUNNING and not item.progress.bytes_per_s:
        return _tr("Connecting")
    return {
        DownloadState.WAITING: _tr("Waiting"),
        DownloadState.RUNNING: _tr("Downloading"),
        DownloadState.RETRYING: _tr("Trying again soon"),
        DownloadState.VERIFYING: _tr("Checking"),
        DownloadState.PAUSED: _tr("Paused"),
        DownloadState.FAILED: _tr("Failed"),
        DownloadState.FINISHED: _tr("Finished"),
    }[item.state]


def state_icon(item: DownloadItem) -> tuple[str, str]:
    """(icon, tone) of the state."""
    if item.is_missing:
        return "warning", "warning"
    return {
        DownloadState.WAITING: ("clock", "faint"),
        DownloadState.RUNNING: ("download", "accent"),
        DownloadState.RETRYING: ("clock-clockwise", "warning"),
        DownloadState.VERIFYING: ("shield-check", "accent"),
        DownloadState.PAUSED: ("pause-circle", "dim"),
        DownloadState.FAILED: ("error", "bad"),
        DownloadState.FINISHED: ("check-circle", "good"),
    }[item.state]


def figures_text(item: DownloadItem, now_s: float | None = None) -> str:
    """How far it is, how fast, and how long still: ``3.10 of 5.03 GB · 42.1 MB/s · 47 s left``."""
    now_s = time.time() if now_s is None else now_s
    parts = [_how_much(item)]
    if item.state is DownloadState.RUNNING:
        speed = item.progress.bytes_per_s
        parts += [per_second(speed)] if speed else []
        parts += [left_text(item.seconds_left)] if item.seconds_left is not None and speed else []
    elif item.state is DownloadState.RETRYING and item.retry_at is not None:
        parts.append(_next_try(item.retry_at - now_s))
    elif item.state is DownloadState.FINISHED and item.finished_at is not None:
        parts.append(when_text(item.finished_at, now_s))
    n_files = len(item.request.files)
    if n_files > 1:
        parts.append(_tr("{n} files").format(n=count_text(n_files)))
    return _DOT.join(parts)


def why_text(item: DownloadItem) -> str:
    """Why it failed, or why it is tried again; "" for neither."""
    error = item.error
    if error is None:
        return ""
    if item.state is DownloadState.RETRYING and error.reason is HubReason.TOO_MANY_REQUESTS:
        # The message names seconds, which stand still beside a countdown.
        said = _tr("{host} asks for a pause after too many requests.")
        return said.format(host=error.values.get("host", ""))
    return error_text(error)


def _how_much(item: DownloadItem) -> str:
    size_bytes = item.size_bytes
    if item.state is DownloadState.FINISHED:
        return bytes_text(size_bytes)
    if item.state is DownloadState.VERIFYING:
        return _tr("{part} checked").format(part=part_text(item.progress.n_verified_bytes, size_bytes))
    return part_text(item.n_bytes, size_bytes) if item.n_bytes else bytes_text(size_bytes)


def _next_try(seconds: float) -> str:
    if seconds < 1:
        return _tr("tries again now")
    return _tr("tries again in {time}").format(time=rough_time(seconds))


def part_text(n_bytes: int, size_bytes: int) -> str:
    """How much of how much, with one unit where they share it: ``3.10 of 5.03 GB``."""
    figure, unit = size_figure(n_bytes)
    of_figure, of_unit = size_figure(size_bytes)
    done = figure if unit == of_unit else figure + THIN_SPACE + unit
    return _tr("{part} of {whole}").format(part=done, whole=of_figure + THIN_SPACE + of_unit)


def left_text(seconds: float) -> str:
    """A time left, no finer than it can be known: ``47 s left``, ``12 min left``."""
    return _tr("{time} left").format(time=rough_time(seconds))


def rough_time(seconds: float) -> str:
    """A time in steps that do not flicker: seconds below a minute, then minutes, then hours with minutes."""
    if seconds < 59.5:
        return _tr("{n} s").format(n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _tr("{n} min").format(n=max(1, minutes))
    return _tr("{h} h {m} min").format(h=minutes // 60, m=minutes % 60)


def totals_text(totals: DownloadTotals) -> str:
    """All that goes on, in a line; "" where nothing does."""
    if not totals.n_active:
        return ""
    parts = [part_text(totals.n_bytes, totals.size_bytes)]
    if totals.bytes_per_s:
        parts.append(per_second(totals.bytes_per_s))
        if totals.seconds_left is not None:
            parts.append(left_text(totals.seconds_left))
    return _DOT.join(parts)


def target_text(target: Target) -> str:
    """Where new downloads go and how much room is there."""
    place = _tr("Hugging Face's cache") if not target.folder else target.path
    if target.free_bytes is None:
        return _tr("New downloads go to {place}").format(place=place)
    said = _tr("New downloads go to {place}, where {free} are free")
    text = said.format(place=place, free=bytes_text(target.free_bytes))
    if target.promised_bytes:
        promised = _tr("{promised} of it for this queue").format(promised=bytes_text(target.promised_bytes))
        text += _DOT + promised
    return text


def share(item: DownloadItem) -> float:
    """How full its bar is, 0 to 1."""
    if item.state is DownloadState.FINISHED:
        return 1.0
    n_bytes = (
        item.progress.n_verified_bytes if item.state is DownloadState.VERIFYING else item.progress.n_bytes
    )
    return min(1.0, n_bytes / item.size_bytes) if item.size_bytes else 0.0


def sentence(parts: Sequence[str]) -> str:
    """Parts read aloud one after the other, the empty ones left out."""
    return ", ".join(part for part in parts if part)
