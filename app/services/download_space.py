"""How much room there is where downloads go. Everything here asks the disk, so never on the UI thread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubReason
from app.core.hub_cache import cache_folder
from app.services.download_item import Target
from app.worker.download_client import free_bytes, n_bytes_kept


def shortage(request: DownloadRequest, promised_bytes: Mapping[str, int]) -> HubError | None:
    """Why the rest of `request` does not fit on its disk, None if it does or the disk does not tell.

    `promised_bytes` are what other downloads will still write, by the folder of their requests.
    """
    place = _existing(_path(request.folder))
    try:
        volume = os.stat(place).st_dev
    except OSError:
        return None  # whoever writes there finds out more
    if (free := free_bytes(place)) is None:
        return None
    for folder, n_bytes in promised_bytes.items():
        free -= n_bytes if _volume(folder) == volume else 0
    needed_bytes = request.size_bytes - n_bytes_kept(request)
    if needed_bytes <= max(0, free):
        return None
    return HubError(
        HubReason.DISK_FULL,
        folder=str(_path(request.folder)),
        free=max(0, free),
        needed=needed_bytes - max(0, free),
    )


def target(folder: str, promised_bytes: Mapping[str, int]) -> Target:
    """Where downloads into `folder` ("": Hugging Face's cache) go, and how much room there is."""
    path = _path(folder)
    volume = _volume(folder)
    promised = sum(n for other, n in promised_bytes.items() if other == folder or _volume(other) == volume)
    return Target(folder, str(path), free_bytes(path), promised)


def _path(folder: str) -> Path:
    return Path(folder) if folder else cache_folder()


def _volume(folder: str) -> int | None:
    try:
        return os.stat(_existing(_path(folder))).st_dev
    except OSError:
        return None


def _existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), path)
