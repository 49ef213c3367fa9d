"""A download's files on disk: what is there, what is missing, how they appear, and how unfinished ones go away."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

import filelock

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubReason
from app.core.hub_cache import Layout, Place, layout_of
from app.core.hub_record import Record, read_record, write_record

_LOCK_MODE: Final = 0o664  # as huggingface_hub's: several users may share a cache


def n_bytes_kept(request: DownloadRequest) -> int:
    """How many bytes of it are on disk, finished or not; 0 where its names cannot be used."""
    try:
        layout = layout_of(request)
    except HubError:
        return 0
    return sum(n_bytes_of(layout, place) for place in layout.places)


def n_bytes_of(layout: Layout, place: Place) -> int:
    """How many bytes of one file are there."""
    if is_done(layout, place) or is_checked(place):
        return place.file.size_bytes
    return min(max(0, size_of(place.partial)), place.file.size_bytes)


def is_finished(request: DownloadRequest) -> tuple[str, ...] | None:
    """The paths of its files if all of them are there, None otherwise. Nothing is read but sizes and records."""
    try:
        layout = layout_of(request)
    except HubError:
        return None
    return paths_of(layout) if all(is_done(layout, place) for place in layout.places) else None


def paths_of(layout: Layout) -> tuple[str, ...]:
    """Where its files are when they are there."""
    return tuple(str(place.final) for place in layout.places)


def is_done(layout: Layout, place: Place) -> bool:
    """Whether the file has appeared. In a folder of the user's only the record tells one version from another."""
    if size_of(place.final) != place.file.size_bytes:
        return False
    if layout.is_cache:
        return True
    record = read_record(place.final)
    return record is not None and record.etag == place.file.etag


def is_checked(place: Place) -> bool:
    """Whether the whole content is there under its checksum's name, where it is put only when it has been checked."""
    return size_of(place.content) == place.file.size_bytes


def size_of(path: Path) -> int:
    """In bytes, -1 where there is no file."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


@contextlib.contextmanager
def written(folder: Path) -> Generator[None]:
    """Whatever the system refuses inside becomes a HubError: DISK_FULL or CANNOT_WRITE, with `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            free = free_bytes(folder) or 0
            raise HubError(HubReason.DISK_FULL, folder=str(folder), free=free, needed=1) from error
        detail = error.strerror or str(error)
        raise HubError(HubReason.CANNOT_WRITE, folder=str(folder), detail=detail) from error


def free_bytes(folder: Path) -> int | None:
    """What may still be written where `folder` is or would be made; None where the system does not tell."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            usage = shutil.disk_usage(place)
            return usage.free if usage.total else None
    return None


@contextlib.contextmanager
def locked(layout: Layout, places: Iterable[Place]) -> Generator[None]:
    """Holds the locks of all `places`, the same that other programs take for the same cache.

    Raises:
        HubError: IN_USE, another program holds one; CANNOT_WRITE.
    """
    with contextlib.ExitStack() as stack:
        names: set[Path] = set()
        for place in places:
            if place.lock in names:  # two files of the same content
                continue
            names.add(place.lock)
            with written(layout.root):
                _take(stack, place)
        yield


def _take(stack: contextlib.ExitStack, place: Place) -> None:
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(place.lock, timeout=0, mode=_LOCK_MODE)
    try:
        stack.enter_context(lock)
    except filelock.Timeout:
        raise HubError(HubReason.IN_USE, name=place.file.path) from None
    except NotImplementedError:  # a file system without locks: the checksum tells if two have written
        return


def forget_locks(layout: Layout) -> None:
    """Deletes the lock files beside finished files of the user's; Hugging Face's cache keeps its own.

    For who holds the locks: another one's would no longer keep others out.
    """
    if not layout.is_cache:
        for place in layout.places:
            with contextlib.suppress(OSError):
                place.lock.unlink()


def settle(place: Place) -> None:
    """A checked partial file gets its checksum's name, for good: also if the power goes now. OSError."""
    with place.partial.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(place.partial, place.content)
    _sync_folder(place.content.parent)
    place.damaged.unlink(missing_ok=True)


def appear(layout: Layout) -> None:
    """All files at their final places, the first part of a split set last. OSError; may be called again."""
    for place in reversed(layout.places):
        if is_done(layout, place):
            continue
        place.final.parent.mkdir(parents=True, exist_ok=True)
        if layout.is_cache:
            _link(place)
        else:
            _move(layout, place)
            write_record(layout.home, record_of(layout.request, place))
        _sync_folder(place.final.parent)
    if layout.ref is not None:
        _write_ref(layout.ref, layout.request.commit)


def _link(place: Place) -> None:
    """As huggingface_hub does it: a relative link, or the file itself where links cannot be made."""
    place.final.unlink(missing_ok=True)
    disabled = os.environ.get("HF_HUB_DISABLE_SYMLINKS", "").upper() in {"1", "ON", "YES", "TRUE"}
    if not disabled:
        with contextlib.suppress(OSError, NotImplementedError):
            os.symlink(os.path.relpath(place.content, place.final.parent), place.final)
            return
    os.replace(place.content, place.final)


def _move(layout: Layout, place: Place) -> None:
    """Two files of the same content share one checked file: the last one takes it, the others copy."""
    is_shared = any(
        other is not place and other.content == place.content and not is_done(layout, other)
        for other in layout.places
    )
    if is_shared:
        shutil.copyfile(place.content, place.final)
    else:
        os.replace(place.content, place.final)


def record_of(request: DownloadRequest, place: Place) -> Record:
    """What will be remembered of a file."""
    file = place.file
    return Record(request.repo_id, request.revision, request.commit, file.path, file.etag, file.size_bytes)


def _write_ref(ref: Path, commit: str) -> None:
    ref.parent.mkdir(parents=True, exist_ok=True)
    if ref.exists() and ref.read_text(encoding="utf-8", errors="replace") == commit:
        return
    new = ref.with_name(f"{ref.name}.{os.getpid()}.tmp")
    new.write_text(commit, encoding="utf-8")
    os.replace(new, ref)


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(request: DownloadRequest) -> None:
    """Deletes what has arrived of a download that is not wanted any more; never a file that has appeared.

    What another program is writing just now is left to it. Does nothing where the names cannot be used.
    """
    with contextlib.suppress(HubError, OSError):
        layout = layout_of(request)
        for place in layout.places:
            with contextlib.suppress(HubError, OSError), locked(layout, [place]):
                _delete(layout, place)
                if not layout.is_cache:
                    place.lock.unlink(missing_ok=True)
        _remove_empty(layout)


def _delete(layout: Layout, place: Place) -> None:
    place.partial.unlink(missing_ok=True)
    place.damaged.unlink(missing_ok=True)
    if is_checked(place) and not (layout.is_cache and _is_linked(layout.home, place)):
        place.content.unlink(missing_ok=True)


def _is_linked(home: Path, place: Place) -> bool:
    """Whether any snapshot of the repository has this content."""
    for folder, _, names in os.walk(home / "snapshots"):
        for name in names:
            with contextlib.suppress(OSError):
                if Path(os.readlink(os.path.join(folder, name))).name == place.file.etag:
                    return True
    return False


def _remove_empty(layout: Layout) -> None:
    """The folders that were made for it, if nothing is in them."""
    for place in layout.places:
        for folder in (place.content.parent, layout.home, layout.home.parent):
            if folder == layout.root:
                break
            with contextlib.suppress(OSError):
                folder.rmdir()
