"""Where downloaded files lie: in Hugging Face's own cache, in its layout, or in a folder of the user's choice.

Hugging Face's cache (huggingface_hub 2.4, file_download.py): models--owner--name/blobs/ETAG holds a content,
snapshots/COMMIT/PATH links to it, refs/REVISION names a commit, and .locks/models--owner--name/ETAG.lock keeps two
programs from writing the same. In a folder of the user's a file lies as owner/name/PATH; beside those a hidden folder
holds what is unfinished and where each file comes from (`hub_record`).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubFile, HubReason
from app.core.hub_record import FOLDER as OWN_FOLDER

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
_NOT_ON_WINDOWS: Final = re.compile(r'[<>:"|?*]|[. ]$')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with any extension too.
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_REPO_ID: Final = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*", re.ASCII)
_ETAG: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_LONGEST_NAME_BYTES: Final = 240  # 255 for most file systems; the record of a file adds five


@dataclass(frozen=True, slots=True)
class Place:
    """Where one file goes. `partial` grows; checked, it becomes `content`; with all others done, it appears as `final`.

    `damaged` is where a content goes that is not what the Hub names. `lock` is held by whoever writes any of them.
    """

    file: HubFile
    final: Path
    content: Path
    partial: Path
    damaged: Path
    lock: Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all files of a request. `root` is the folder that was chosen, `home` the repository's in it.

    `ref` is the file of Hugging Face's cache that says which commit the revision is, None outside of it.
    """

    request: DownloadRequest
    root: Path
    home: Path
    places: tuple[Place, ...]
    ref: Path | None

    @property
    def is_cache(self) -> bool:
        """Whether this is Hugging Face's cache, or a folder of the user's."""
        return not self.request.folder


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Hugging Face's cache, as huggingface_hub finds it (its constants.py): HF_HUB_CACHE, else below HF_HOME."""
    env = os.environ if environ is None else environ
    home = env.get("HF_HOME") or os.path.join(env.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    told = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return Path(os.path.expanduser(os.path.expandvars(told))).absolute()


def layout_of(request: DownloadRequest, environ: Mapping[str, str] | None = None) -> Layout:
    """Where the files of `request` go; touches nothing.

    Raises:
        HubError: BAD_NAME, a name that could lead elsewhere or cannot exist; BAD_ANSWER, a file without a checksum.
    """
    if not _REPO_ID.fullmatch(request.repo_id) or ".." in request.repo_id or "--" in request.repo_id:
        raise HubError(HubReason.BAD_NAME, name=_shown(request.repo_id))
    if not _COMMIT.fullmatch(request.commit):
        raise HubError(HubReason.BAD_NAME, name=_shown(request.commit))
    for part in request.repo_id.split("/"):
        _check_name(part, request.repo_id)
    for file in request.files:
        check_path(file.path)
        if not _ETAG.fullmatch(file.etag):
            detail = f"it names no checksum of {file.path}"
            raise HubError(HubReason.BAD_ANSWER, host=host_of(request.endpoint), detail=detail)
    return _in_folder(request) if request.folder else _in_cache(request, environ)


def host_of(endpoint: str) -> str:
    """The Hub's name, for messages."""
    try:
        return urlsplit(endpoint).hostname or endpoint
    except ValueError:
        return endpoint


def check_path(path: str) -> None:
    """HubError BAD_NAME where a file's path in a repository cannot be one here, on any system."""
    for part in path.split("/"):
        _check_name(part, path)
    if path.split("/")[0].lower() == OWN_FOLDER:
        raise HubError(HubReason.BAD_NAME, name=_shown(path))


def _check_name(name: str, path: str) -> None:
    is_bad = (
        name in ("", ".", "..")
        or _CONTROLS.search(name)
        or _RESERVED.fullmatch(name)
        or (sys.platform == "win32" and _NOT_ON_WINDOWS.search(name))
        or len(name.encode()) > _LONGEST_NAME_BYTES
    )
    if is_bad:
        raise HubError(HubReason.BAD_NAME, name=_shown(path))


def _shown(name: str) -> str:
    """A name that may hold anything, for a message."""
    return ascii(name)[1:-1][:200] if _CONTROLS.search(name) else name[:200]


def _in_cache(request: DownloadRequest, environ: Mapping[str, str] | None) -> Layout:
    root = cache_folder(environ)
    name = f"models--{request.repo_id.replace('/', '--')}"
    home = root / name

    def place(file: HubFile) -> Place:
        blob = home / "blobs" / file.etag
        return Place(
            file,
            final=home / "snapshots" / request.commit / file.path,
            content=blob,
            partial=blob.with_name(f"{file.etag}.incomplete"),
            damaged=blob.with_name(f"{file.etag}.damaged.incomplete"),
            lock=root / ".locks" / name / f"{file.etag}.lock",
        )

    return Layout(request, root, home, tuple(map(place, request.files)), _ref(home, request))


def _ref(home: Path, request: DownloadRequest) -> Path | None:
    """The Hub's names for revisions are git's; what cannot be a path is not noted."""
    if not request.revision or request.revision == request.commit:
        return None
    try:
        check_path(request.revision)
    except HubError:
        return None
    return home / "refs" / request.revision


def _in_folder(request: DownloadRequest) -> Layout:
    root = Path(request.folder).absolute()
    home = root / request.repo_id
    own = home / OWN_FOLDER

    def place(file: HubFile) -> Place:
        return Place(
            file,
            final=home / file.path,
            content=own / file.etag,
            partial=own / f"{file.etag}.incomplete",
            damaged=own / f"{file.etag}.damaged",
            lock=own / f"{file.etag}.lock",
        )

    return Layout(request, root, home, tuple(map(place, request.files)), None)
