"""What a model on a server is and takes, from its header alone: a few requests for ranges instead of a download.

The header is read in growing pieces until it parses, and kept as a skeleton (`core.skeleton`) under the file's address
and version, so that the dry run answers for it as for a file on disk. Asking a second time costs one HEAD a part.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import json
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from app.core.gguf import (
    GgufError,
    GgufReason,
    Header,
    ModelFacts,
    facts_of_headers,
    parse_header,
    part_number,
)
from app.core.header_likeness import Likeness, likeness_of
from app.core.remote import RemoteHeaderError, RemoteReason, bad_file, file_name, part_urls
from app.core.skeleton import Part, Skeletons
from app.core.whole_file import write_whole
from app.worker.remote_file import Identity, RemoteFile, open_client

__all__ = ["RemoteHeaderError", "RemoteModel", "RemoteReason", "fetch"]

_FIRST_BYTES: Final = 1 << 18
_SECOND_BYTES: Final = 1 << 20
_STEP_BYTES: Final = 4 << 20
_MOST_BYTES: Final = 64 << 20  # four times the largest vocabulary that is known
_N_AT_ONCE: Final = 4
_N_PARTS: Final = 512
_POLL_S: Final = 0.05
_FACTS_FILE: Final = "remote.json"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model that is on a server. `path` is its skeleton's first part, for `Probe.footprint`.

    `facts` are those of the model itself (its vocabulary too, which the skeleton lacks), with the skeleton's paths;
    `size_bytes` is what a download would take; `n_bytes_read` what was read this time, 0 where it was known.
    `likeness` is what other quantisations of it will be like (megabytes); None where one was given already, nothing was
    read, or it is too small to matter.
    """

    path: str
    facts: ModelFacts
    size_bytes: int
    n_bytes_read: int
    likeness: Likeness | None = field(default=None, repr=False, compare=False)


def fetch(
    url: str,
    skeletons: Path,
    *,
    token: str = "",
    timeout_s: float = 30.0,
    etags: Sequence[tuple[str, int]] = (),
    like: Likeness | None = None,
    tls: ssl.SSLContext | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RemoteModel:
    """The model at `url` (any part of a split one), its skeleton in the folder `skeletons`. Blocks; any thread.

    `token` goes to that server only, not to where it redirects. `cancelled` is asked some 20 times a second. `etags`
    are those that the server is known to have, with their sizes in bytes, of all parts in order, where the address
    itself names a version: nothing is asked then of a model that is stored already. `like` is that of another
    quantisation of the model: it is tried whether the two differ but in little. `tls` spares making it for each file.

    Raises:
        RemoteHeaderError: with the reason and a sentence for people; nothing is left behind then.
    """
    url = url.strip()
    try:
        host, urls = urlsplit(url).hostname or "", part_urls(url)
    except ValueError:
        raise RemoteHeaderError(RemoteReason.BAD_ADDRESS) from None
    if len(urls) > _N_PARTS:  # a name alone must not cause thousands of requests
        urls = (url,)
    identities = [Identity(f'"{etag}"', size_bytes) for etag, size_bytes in etags]
    work = _fetch(url, urls, Skeletons(skeletons), token, timeout_s, identities, like, tls)
    return _run(_bounded(work, host, timeout_s, cancelled))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, but never waits for a name that is still being looked up in a thread."""
    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(work)
        try:
            return loop.run_until_complete(task)
        finally:
            if not task.done():  # Ctrl+C
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _bounded(
    work: Coroutine[Any, Any, T], host: str, timeout_s: float, cancelled: Callable[[], bool] | None
) -> T:
    """The result of `work`, unless time runs out or it is cancelled first."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    task = loop.create_task(work)
    try:
        while not task.done():
            if cancelled is not None and cancelled():
                raise RemoteHeaderError(RemoteReason.CANCELLED)
            if (left_s := deadline - loop.time()) <= 0:
                raise RemoteHeaderError(RemoteReason.TOO_SLOW, host=host, timeout_s=f"{timeout_s:g}")
            await asyncio.wait({task}, timeout=min(_POLL_S, left_s))
        return task.result()
    finally:
        if task.cancel():
            await asyncio.wait({task})


async def _fetch(
    url: str,
    urls: Sequence[str],
    skeletons: Skeletons,
    token: str,
    timeout_s: float,
    identities: Sequence[Identity],
    like: Likeness | None,
    tls: ssl.SSLContext | None,
) -> RemoteModel:
    async with open_client(timeout_s, tls) as client:
        asked = RemoteFile(client, url, token)
        files = [asked if part == url else RemoteFile(client, part, token) for part in urls]
        if asked not in files:  # its name is written in another way than ours
            number = part_number(file_name(url))
            files[number[0] - 1 if number and number[0] <= len(files) else 0] = asked
        known = _stored_under(files, identities, skeletons)
        if known is None and len(identities) != len(files):  # else a HEAD would say nothing new
            known = await _known(asked, files, skeletons)
        if known is not None:
            return known
        first = await _read_first(asked, like)
        n_parts = first.header.number("split.count")
        files = files if n_parts > 1 else [asked]
        if n_parts > _N_PARTS:
            raise RemoteHeaderError(RemoteReason.TOO_LARGE)
        if n_parts > 1 and n_parts != len(files):
            raise bad_file(GgufError(GgufReason.SPLIT_NAME, example=f"name-00001-of-{n_parts:05d}.gguf"))
        others = await _each(_read_other, [file for file in files if file is not asked])
        parts = list(others)
        parts.insert(files.index(asked), first)
        found = _stored(files, parts, skeletons, identities)
        return found if like is not None else dataclasses.replace(found, likeness=_likeness(first))


# -- what is known already ----------------------------------------------------------------------------------


async def _known(asked: RemoteFile, files: Sequence[RemoteFile], skeletons: Skeletons) -> RemoteModel | None:
    """The model as it was stored, if the server says that it has not changed."""

    async def identity(file: RemoteFile) -> Identity | None:
        try:
            return await file.ask_identity()
        except RemoteHeaderError:
            if file is asked:
                raise
            return None

    identities = await _each(identity, files)
    own = identities[files.index(asked)]
    candidates = [(files, identities), ([asked], [own])]  # a name like a part's does not make a split model
    for some, theirs in candidates:
        told = [identity for identity in theirs if identity is not None]
        if (found := _stored_under(some, told, skeletons)) is not None:
            return found
    return None


def _stored_under(
    files: Sequence[RemoteFile], identities: Sequence[Identity], skeletons: Skeletons
) -> RemoteModel | None:
    """The model whose parts are exactly these versions, None where it is not stored or one is not known."""
    if len(identities) != len(files) or (path := skeletons.find(_key(files, identities))) is None:
        return None
    with contextlib.suppress(OSError, ValueError, KeyError):
        row = json.loads((path.parent / _FACTS_FILE).read_text(encoding="utf-8"))
        facts = _located(ModelFacts.from_json(row), path)
        if all(Path(part).exists() for part in facts.parts):
            return RemoteModel(str(path), facts, facts.size_bytes, 0)
    return None


def _key(files: Sequence[RemoteFile], identities: Sequence[Identity]) -> str:
    told = [f"{f.url} {i.size_bytes} {i.validator}" for f, i in zip(files, identities, strict=True)]
    return "\n".join(["remote", *told])


def _located(facts: ModelFacts, path: Path) -> ModelFacts:
    parts = [str(path.with_name(Path(part).name)) for part in facts.parts]
    return dataclasses.replace(facts, path=str(path), parts=tuple(parts))


# -- reading and storing ------------------------------------------------------------------------------------


class _Start(io.BytesIO):
    """What has been read of a file so far. `ran_out`: the last read wanted more than there is yet."""

    ran_out = False

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.ran_out = size is not None and len(piece) < size
        return piece


async def _read_first(file: RemoteFile, like: Likeness | None) -> Part:
    """As `_read_part`, reading only what differs from a header that is known, where it is like that."""
    if like is None:
        return await _read_part(file)
    head = await file.read(0, like.head_bytes)
    size_bytes = file.identity.size_bytes if file.identity is not None else 0
    if size_bytes > like.tail_start:
        whole = like.joined(head, await file.read(like.tail_start, like.tail_bytes))
        with contextlib.suppress(RemoteHeaderError):  # it only seemed to be like it
            if whole is not None and (
                header := _parsed(start := _Start(whole), len(whole), size_bytes, like.ends)
            ):
                return Part(file_name(file.url), header, start)
    return await _read_part(file)


def _likeness(part: Part) -> Likeness | None:
    part.file.seek(0)
    return likeness_of(part.header, part.file.read(part.header.tensors_span[1]))


async def _read_part(file: RemoteFile) -> Part:
    """The header of one file, and its raw bytes.

    Parsing begins anew with every piece: a walk over megabytes takes milliseconds, a request much longer.
    """
    start = _Start()
    n_held = 0
    while n_held < _MOST_BYTES:
        wanted = _FIRST_BYTES if not n_held else _SECOND_BYTES if n_held < _SECOND_BYTES else _STEP_BYTES
        start.seek(n_held)
        n_held += start.write(await file.read(n_held, wanted))
        size_bytes = file.identity.size_bytes if file.identity is not None else n_held
        if (header := _parsed(start, n_held, size_bytes)) is not None:
            return Part(file_name(file.url), header, start)
    raise RemoteHeaderError(RemoteReason.TOO_LARGE)


def _parsed(
    start: _Start, n_held: int, size_bytes: int, known_ends: Mapping[str, int] = MappingProxyType({})
) -> Header | None:
    """The header, None where more of the file is needed."""
    try:
        header = parse_header(start, size_bytes, known_ends)
        if header.missing_bytes:
            raise GgufError(GgufReason.TRUNCATED_TENSORS, missing_bytes=header.missing_bytes)
        # Of a long array at the end of the metadata the parser needs no more than the length.
        return header if header.tensors_span[1] <= n_held else None
    except GgufError as error:
        is_short = error.reason is GgufReason.TRUNCATED_HEADER and start.ran_out and n_held < size_bytes
        if not is_short:
            raise bad_file(error) from error
    if start.tell() > _MOST_BYTES:  # it says that it goes on far behind what will ever be read
        raise RemoteHeaderError(RemoteReason.TOO_LARGE)
    return None


async def _read_other(file: RemoteFile) -> Part:
    try:
        return await _read_part(file)
    except RemoteHeaderError as error:
        if error.reason is not RemoteReason.NOT_FOUND:
            raise
        name = file_name(file.url)
        raise RemoteHeaderError(RemoteReason.MISSING_PART, host=file.host, name=name) from error


def _stored(
    files: Sequence[RemoteFile], parts: Sequence[Part], skeletons: Skeletons, told: Sequence[Identity]
) -> RemoteModel:
    """The model of what was read, stored under what the server said of its files, or was known (`told`) to say."""
    names, headers = [Path(part.name) for part in parts], [part.header for part in parts]
    try:
        facts = facts_of_headers(names, headers)
    except GgufError as error:
        raise bad_file(error) from error
    identities = [file.identity for file in files if file.identity is not None]
    if len(told) == len(identities) and all(map(_is_same_version, told, identities)):
        identities = list(told)
    # A server that names no version gets a skeleton that is never found again.
    key = _key(files, identities) + ("" if all(i.validator for i in identities) else f"\n{time.time_ns()}")
    try:
        if not skeletons.can_have_holes():
            raise RemoteHeaderError(RemoteReason.NO_SPARSE_FILES)
        path = skeletons.put(key, parts)
        facts = _located(facts, path)
        write_whole(path.parent / _FACTS_FILE, json.dumps(facts.to_json()))
    except (OSError, OverflowError) as error:
        detail = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise RemoteHeaderError(RemoteReason.CANNOT_STORE, detail=detail) from error
    return RemoteModel(str(path), facts, facts.size_bytes, sum(file.n_bytes_read for file in files))


def _is_same_version(told: Identity, said: Identity) -> bool:
    """Servers put the same hash in different words: quoted, weak, with something behind it."""
    return told.size_bytes == said.size_bytes and told.validator.strip('"') in said.validator


async def _each(work: Callable[[RemoteFile], Coroutine[Any, Any, T]], files: Sequence[RemoteFile]) -> list[T]:
    """What `work` gives for each file, a few at a time; the first failure ends the others."""
    gate = asyncio.Semaphore(_N_AT_ONCE)

    async def gated(file: RemoteFile) -> T:
        async with gate:
            return await work(file)

    tasks = [asyncio.ensure_future(gated(file)) for file in files]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
