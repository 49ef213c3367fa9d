"""Model files on disk: found in folders, split ones as one model, broken ones with their reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from app.core.gguf import GgufError, ModelFacts, ModelKind, facts, part_number, parts_of
from app.core.gguf_format import GgufReason, message
from app.core.guide import GuideFiles, Role
from app.core.hub_origin import Origin, origins_of
from app.core.jan import NOTE_NAME, read_note
from app.core.ollama import is_store, read_store


@dataclass(frozen=True, slots=True)
class ModelProblem:
    """Why a file cannot be used; `values` fill the sentence (see gguf_format.MESSAGES)."""

    reason: GgufReason
    values: Mapping[str, str | int]

    def text(self) -> str:
        """The sentence in English."""
        return message(self.reason, dict(self.values))

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model of the library, usable (`facts`) or not (`problem`).

    `id` is the absolute path of the first part; `parts` are the files that exist; `size_bytes` counts all of
    them; `modified_at` is the newest one's time in seconds since 1970. `names` are what the `program` that keeps
    the file calls it, where file names do not tell; `origins` where its parts came from, in their order, () if unknown.
    `built_in` is what a file that came with Loadout is for, None for the user's own.
    """

    id: str
    path: str
    parts: tuple[str, ...]
    size_bytes: int
    modified_at: float
    facts: ModelFacts | None = None
    problem: ModelProblem | None = None
    names: tuple[str, ...] = ()
    program: str = ""
    origins: tuple[Origin, ...] = ()
    built_in: Role | None = None

    @property
    def error(self) -> str | None:
        """Why it cannot be used, in English; None for a usable file."""
        return self.problem.text() if self.problem else None

    @property
    def name(self) -> str:
        """What another program calls it, else the model's own name, or the file's."""
        if self.names:
            return self.names[0]
        return self.facts.name if self.facts else Path(self.path).name

    @property
    def kind(self) -> ModelKind:
        """What the file is for; OTHER for a broken one."""
        return self.facts.kind if self.facts else ModelKind.OTHER

    @property
    def is_chat_model(self) -> bool:
        """Whether it can be loaded and chatted with; the Guide's draft model has nothing to say."""
        return self.kind is ModelKind.MODEL and self.built_in is not Role.DRAFT

    @property
    def is_built_in(self) -> bool:
        """Whether it came with Loadout: no model of the user's, and nothing to remove."""
        return self.built_in is not None


class FolderReason(StrEnum):
    """Why a folder was not searched."""

    NOT_FOUND = "not_found"
    NO_PERMISSION = "no_permission"
    NOT_A_FOLDER = "not_a_folder"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FolderProblem:
    """A folder that could not be searched, and why."""

    path: str
    reason: FolderReason

    def text(self) -> str:
        """The sentence in English."""
        return _FOLDER_TEXTS[self.reason].format(path=self.path)


_FOLDER_TEXTS: Final = {
    FolderReason.NOT_FOUND: "{path} is not there.",
    FolderReason.NO_PERMISSION: "{path} may not be read.",
    FolderReason.NOT_A_FOLDER: "{path} is not a folder.",
    FolderReason.UNREADABLE: "{path} cannot be read.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A model file that a search came by, with what is known of it besides the file itself; see `ModelEntry`."""

    path: Path
    names: tuple[str, ...] = ()
    program: str = ""
    origin: Origin | None = None


Stamp = tuple[tuple[int, int] | None, ...]
"""(size in bytes, modification time in ns) of each part that a name implies; None for a missing one."""


class Cache(Protocol):
    """What earlier scans learnt, by path and stamp."""

    def get(self, path: str, stamp: Stamp) -> ModelFacts | ModelProblem | None:
        """What was learnt of the file while it had this stamp, else None."""
        ...

    def put(self, path: str, stamp: Stamp, found: ModelFacts | ModelProblem) -> None:
        """Remembers it."""
        ...


# Never models of anyone's: version control, and what was thrown away.
_SKIPPED_FOLDERS: Final = frozenset({".git", ".Trash", "Trash", "$RECYCLE.BIN"})
# Reasons that lie outside the file's content: the same file may be fine at the next look.
_PASSING: Final = frozenset({GgufReason.NOT_FOUND, GgufReason.NO_PERMISSION, GgufReason.UNREADABLE})


def scan(
    folders: Iterable[str | os.PathLike[str]],
    files: Iterable[str | os.PathLike[str]] = (),
    should_stop: Callable[[], bool] = lambda: False,
    *,
    cache: Cache | None = None,
    on_problem: Callable[[FolderProblem], None] = lambda _problem: None,
    on_folder: Callable[[str], None] = lambda _path: None,
) -> Iterator[ModelEntry]:
    """All models below `folders` and the `files` themselves, each once, in no promised order.

    Links are followed; a folder or file reached twice is entered once. Unusable files are entries with a
    problem; unsearchable folders go to `on_problem`, each folder entered to `on_folder`. Ends soon after
    `should_stop()`.
    """
    seen: set[tuple[int, int]] = set()
    for path in files:
        if should_stop():
            return
        yield from _fresh([Found(_first_part(Path(os.path.abspath(path))))], seen, cache)
    visited: set[tuple[int, int]] = set()
    for folder in folders:
        for found in walk(os.path.abspath(folder), visited, should_stop, on_problem, on_folder):
            for item in found:
                if should_stop():
                    return
                yield from _fresh([item], seen, cache)


def describe(
    path: str | os.PathLike[str], cache: Cache | None = None, known: Found | None = None
) -> ModelEntry:
    """The entry of one file, or of the split model that it is part of; `known` is what its folder told of it."""
    first = _first_part(Path(os.path.abspath(path)))
    parts = parts_of(first)
    statuses = [_status(part) for part in parts]
    stamp: Stamp = tuple((s.st_size, s.st_mtime_ns) if s else None for s in statuses)
    found = cache.get(str(first), stamp) if cache else None
    if found is None:
        found = _look(first)
        if cache and not (isinstance(found, ModelProblem) and found.reason in _PASSING):
            cache.put(str(first), stamp, found)
    if isinstance(found, ModelFacts):  # a name like a part's does not make a split model
        n_parts = len(found.parts)
        parts, statuses = (parts, statuses) if n_parts > 1 else ((first,), [_status(first)])
    present = [(part, status) for part, status in zip(parts, statuses, strict=True) if status]
    known = known or Found(first)
    if known.names and isinstance(found, ModelFacts):
        found = replace(found, name=known.names[0])
    return ModelEntry(
        id=str(first),
        path=str(first),
        parts=tuple(str(part) for part, _ in present),
        size_bytes=sum(status.st_size for _, status in present),
        modified_at=max((status.st_mtime for _, status in present), default=0.0),
        facts=found if isinstance(found, ModelFacts) else None,
        problem=found if isinstance(found, ModelProblem) else None,
        names=known.names,
        program=known.program,
        origins=(known.origin,) if known.origin else origins_of([part for part, _ in present]),
    )


def built_in(files: GuideFiles, cache: Cache | None = None) -> list[ModelEntry]:
    """The models that came with Loadout, as far as their files are there; a damaged one has its problem."""
    roles = files.roles
    return [with_role(describe(path, cache), roles) for path in roles if os.path.exists(path)]


def with_role(entry: ModelEntry, roles: Mapping[str, Role]) -> ModelEntry:
    """The entry, marked if it is one of the files that came with Loadout (`GuideFiles.roles`)."""
    role = roles.get(entry.path)
    return entry if role is None else replace(entry, built_in=role)


def _look(path: Path) -> ModelFacts | ModelProblem:
    # Where the first part is missing, any other tells how many there should be.
    present = next((part for part in parts_of(path) if os.path.exists(part)), path)
    try:
        return facts(present)
    except GgufError as error:
        return ModelProblem(error.reason, error.values)


def _first_part(path: Path) -> Path:
    return parts_of(path)[0] if part_number(path) else path


def _fresh(found: Iterable[Found], seen: set[tuple[int, int]], cache: Cache | None) -> Iterator[ModelEntry]:
    for item in found:
        identity = _identity(item.path)
        if identity is None or identity not in seen:
            if identity is not None:
                seen.add(identity)
            yield describe(item.path, cache, item)


def walk(
    root: str,
    visited: set[tuple[int, int]],
    should_stop: Callable[[], bool],
    on_problem: Callable[[FolderProblem], None] = lambda _problem: None,
    on_folder: Callable[[str], None] = lambda _path: None,
) -> Iterator[list[Found]]:
    """The model files of each folder below `root`, itself included; of split models the first part only.

    `visited` are the identities of folders that were searched already; it grows.
    """
    waiting = [root]
    while waiting and not should_stop():
        folder = waiting.pop()
        try:
            status = os.stat(folder)
            identity = (status.st_dev, status.st_ino)
            if identity in visited:
                continue
            visited.add(identity)
            on_folder(folder)
            files, below = (_stored(folder), []) if is_store(folder) else _listing(folder)
        except OSError as error:
            on_problem(FolderProblem(folder, _folder_reason(error)))
            continue
        waiting += reversed(below)
        yield files


def _stored(folder: str) -> list[Found]:
    """What Ollama keeps in its store; its blobs have no file names that tell what they are."""
    return [
        Found(
            Path(file.path),
            file.names,
            "Ollama",
            Origin(file.repo_id, etag=file.sha256) if file.repo_id else None,
        )
        for file in read_store(folder)
    ]


def _listing(folder: str) -> tuple[list[Found], list[str]]:
    files: set[Path] = set()
    below: list[str] = []
    note = ""
    with os.scandir(folder) as items:
        for item in items:
            if _is_folder(item):
                if item.name not in _SKIPPED_FOLDERS:
                    below.append(item.path)
            elif item.name.lower().endswith(".gguf"):
                files.add(Path(item.path))
            elif item.name == NOTE_NAME:
                note = item.path
    found = [Found(path) for path in sorted(_openable(files))]
    return _named(found, note) if note else found, sorted(below)


def _named(found: list[Found], note: str) -> list[Found]:
    """Jan calls every file model.gguf and notes beside it what it is, or where, if it lies elsewhere."""
    said = read_note(note)
    names = (said.name,) if said.name else ()
    items = [*found, *(Found(Path(path)) for path in said.elsewhere)]
    return [
        replace(item, names=names, program="Jan" if names else "")
        if item.path.name == said.model_name
        else item
        for item in items
    ]


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link to itself: no reason to give up on its neighbours
        return False


def _openable(files: set[Path]) -> set[Path]:
    """`files` with one path for each split model, its first part, whether that exists or not."""
    return {_first_part(path) for path in files}


def _folder_reason(error: OSError) -> FolderReason:
    if isinstance(error, FileNotFoundError):
        return FolderReason.NOT_FOUND
    if isinstance(error, PermissionError):
        return FolderReason.NO_PERMISSION
    return FolderReason.NOT_A_FOLDER if isinstance(error, NotADirectoryError) else FolderReason.UNREADABLE


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    status = _status(path)
    return (status.st_dev, status.st_ino) if status and status.st_ino else None
