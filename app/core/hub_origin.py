"""Which file of which repository on the Hub a file on disk is, and whether the Hub has a newer one by now."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.core.hub import HubFile, HubPage
from app.core.hub_record import read_record

_REPO_PREFIX: Final = "models--"
_MAX_REF_BYTES: Final = 100  # a commit has 40


@dataclass(frozen=True, slots=True)
class Origin:
    """A file of a repository: its `path` there at `commit`, and `etag`, the Hub's name for its content.

    What is not known is "": other programs remember only a part. `revision` is what is followed for newer ones.
    """

    repo_id: str
    commit: str = ""
    path: str = ""
    etag: str = ""
    revision: str = "main"


class UpdateState(StrEnum):
    """What the Hub has, compared with what is here."""

    SAME = "same"
    NEWER = "newer"
    GONE = "gone"  # the repository no longer has a file of this name
    UNKNOWN = "unknown"  # what was here at that commit is not known


@dataclass(frozen=True, slots=True)
class Comparison:
    """`files` are the Hub's, in the order of the parts here; () where none of them can be named."""

    state: UpdateState
    files: tuple[HubFile, ...] = ()


def origins_of(parts: Sequence[Path]) -> tuple[Origin, ...]:
    """Where the files of a model come from, as Hugging Face's cache or a record tells; () unless all of them tell."""
    found = [_cached(part) or _recorded(part) for part in parts]
    origins = tuple(origin for origin in found if origin)
    return origins if len(origins) == len(found) else ()


def needs_old_page(origins: Iterable[Origin], page: HubPage) -> bool:
    """Whether `compare` can tell only with the page of the commit that is here: no content is known by its name."""
    return any(not origin.etag and origin.commit not in ("", page.commit) for origin in origins)


def compare(origins: Sequence[Origin], page: HubPage, old: HubPage | None = None) -> Comparison:
    """Compares the files here with the repository as it is now, by content: a new commit may leave them alone.

    `old` is its page at the commit of `origins`, where `needs_old_page`.
    """
    if not origins:
        return Comparison(UpdateState.UNKNOWN)
    if all(not origin.path for origin in origins):  # Ollama keeps the content's name, not the file's
        etags = {file.etag for file in page.files}
        is_there = all(origin.etag in etags for origin in origins)
        return Comparison(UpdateState.SAME if is_there else UpdateState.NEWER)
    now = {file.path: file for file in page.files}
    before = {file.path: file.etag for file in old.files} if old else {}
    if any(origin.path not in now for origin in origins):
        return Comparison(UpdateState.GONE)
    files = tuple(now[origin.path] for origin in origins)
    if all(origin.commit == page.commit for origin in origins):
        return Comparison(UpdateState.SAME, files)
    etags = [origin.etag or before.get(origin.path, "") for origin in origins]
    if not all(etags):
        return Comparison(UpdateState.UNKNOWN, files)
    is_same = all(etag == file.etag for etag, file in zip(etags, files, strict=True))
    return Comparison(UpdateState.SAME if is_same else UpdateState.NEWER, files)


def _cached(path: Path) -> Origin | None:
    """The origin of a file in the layout of Hugging Face's cache, in whatever folder the cache is."""
    places = [place for place, part in enumerate(path.parts) if part == "snapshots"]
    for place in reversed(places):
        repo = path.parts[place - 1]
        inside = path.parts[place + 1 :]
        if place and repo.startswith(_REPO_PREFIX) and len(inside) > 1:
            repo_id = repo.removeprefix(_REPO_PREFIX).replace("--", "/", 1)
            commit = inside[0]
            revision = _revision(Path(*path.parts[:place]) / "refs", commit)
            return Origin(repo_id, commit, "/".join(inside[1:]), _etag(path), revision)
    return None


def _recorded(path: Path) -> Origin | None:
    """The origin of a file that was downloaded to a folder of the user's."""
    told = read_record(path)
    return Origin(told.repo_id, told.commit, told.path, told.etag, told.revision) if told else None


def _etag(path: Path) -> str:
    """What the blob is called that the snapshot links to; "" where the file itself lies in the snapshot."""
    try:
        target = Path(os.readlink(path))
    except OSError:
        return ""
    return target.name if target.parent.name == "blobs" else ""


def _revision(refs: Path, commit: str) -> str:
    """The branch or tag that points at the commit; of several, and of none, main."""
    names: list[str] = []
    for folder, _, files in os.walk(refs):
        for name in files:
            place = Path(folder, name)
            try:
                with open(place, encoding="utf-8", errors="replace") as file:
                    if file.read(_MAX_REF_BYTES).strip() == commit:
                        names.append(place.relative_to(refs).as_posix())
            except OSError:
                continue
    return "main" if not names or "main" in names else min(names)
