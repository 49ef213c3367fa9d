"""What models have read of conversations, on disk: one file per model (as it is loaded) and conversation.

A file is a head, the tokens, the logits of a prompt's end, and llama.cpp's own bytes of the sequence:

    magic (8 bytes) · length of the head (u32) · head (JSON) · tokens (i32 each) · CRC-32 of all that (u32)
    logits (f32 each) · state · CRC-32 of everything up to here, without the one before (u32)

all little-endian. It is put in its place whole, so that a reader sees all of it or nothing; a damaged one is set aside
and costs only processing. Least recently used files go first when the limit is reached.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import struct
import sys
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

_MAGIC = b"LOADOUT\x01"
_HEAD_START = struct.Struct("<8sI")
_CRC = struct.Struct("<I")
_MAX_HEAD_BYTES = 65_536
_MAX_TOKENS = 1 << 26
_PIECE_BYTES = 16 << 20  # written, summed and asked whether to go on at a time
_SUFFIX, _DAMAGED, _PARTIAL = ".state", ".damaged", ".partial"
_SPARE_BYTES = 1 << 30  # what a disk must have left
_ABANDONED_S = 3600.0  # a partial file is written in seconds: one this old has no writer any more


class StateDamaged(ValueError):  # noqa: N818 - what it says of the file
    """A file that is not what was written."""


@dataclass(frozen=True, slots=True, eq=False)
class StateFile:
    """One kept state: `tokens` are what it holds, the logits are those after the first `n_prompt_end` of them.

    `first_position` is its oldest cell: 0, but for a window that has slid.
    """

    path: Path
    tokens: list[int]
    n_prompt_end: int
    n_logits: int
    first_position: int
    n_data_bytes: int
    size_bytes: int
    inode: int
    head_crc: int

    @property
    def n_rest_bytes(self) -> int:
        """Logits, state and checksum."""
        return 4 * self.n_logits + self.n_data_bytes + _CRC.size


@dataclass(frozen=True, slots=True)
class NewState:
    """What is to be written; `logits` (f32 each) and `data` are views of bytes."""

    conversation: str
    tokens: list[int]
    data: memoryview
    logits: memoryview
    n_prompt_end: int = 0
    first_position: int = 0


def model_key(identity: Mapping[str, Any]) -> str:
    """The name of the folder for states of one model as it is loaded; `identity` is all that they depend on."""
    return _digest(json.dumps(identity, sort_keys=True, default=str))


def file_identity(paths: Iterable[str | os.PathLike[str]]) -> list[list[Any]]:
    """What tells files apart without reading them whole: size, time of change, and a digest of the beginning."""
    found: list[list[Any]] = []
    for path in paths:
        status = os.stat(path)
        with open(path, "rb") as file:
            beginning = hashlib.blake2b(file.read(1 << 18), digest_size=16).hexdigest()
        found.append([status.st_size, status.st_mtime_ns, beginning])
    return found


class StateFolder:
    """The states of one model in the folder `root`, which all models share; `limit_bytes` is for all together.

    For one thread at a time. Other processes may use the same folder.
    """

    def __init__(self, root: Path, key: str, limit_bytes: int) -> None:
        self._root = root
        self._folder = root / key
        self._limit_bytes = limit_bytes
        self._known: dict[Path, tuple[tuple[int, ...], StateFile | None]] = {}

    def files(self) -> list[StateFile]:
        """What is there now. Only what is new since the last time is read, and of that the tokens."""
        found: dict[Path, tuple[tuple[int, ...], StateFile | None]] = {}
        for path, status in _listed(self._folder, _SUFFIX):
            mark = (status.st_size, status.st_ino, status.st_mtime_ns)
            known = self._known.get(path)
            found[path] = known if known and known[0] == mark else (mark, self._read_head(path))
        self._known = found
        return [file for _, file in found.values() if file is not None]

    def _read_head(self, path: Path) -> StateFile | None:
        try:
            return _read_head(path)
        except StateDamaged as error:
            self._set_aside(path, error)
        except OSError as error:
            _log.info("%s cannot be read: %s", path, error)
        return None

    def load(self, file: StateFile) -> tuple[memoryview, memoryview] | None:
        """(logits, state) of one of the `files`, as bytes; None where it is damaged or gone."""
        try:
            rest = _read_rest(file)
            os.utime(file.path)
        except StateDamaged as error:
            self._set_aside(file.path, error)
        except (OSError, MemoryError) as error:
            _log.info("%s cannot be read: %s", file.path, error)
        else:
            return rest[: 4 * file.n_logits], rest[4 * file.n_logits : -_CRC.size]
        return None

    def save(self, state: NewState, goes_on: Callable[[], bool] = lambda: True) -> bool:
        """Write `state` in place of its conversation's last one; False where `goes_on` ended it or there is no room.

        Raises:
            OSError: it cannot be written; nothing is left of it.
        """
        head = _head_of(state)
        size_bytes = len(head) + state.logits.nbytes + state.data.nbytes + _CRC.size
        path = self._folder / (_digest(state.conversation) + _SUFFIX)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._make_room(size_bytes, path):
            return False
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=f"{os.getpid()}-", suffix=_PARTIAL)
        try:
            with open(descriptor, "wb", buffering=0) as file:
                is_whole = _write(file, memoryview(head), goes_on) and _write_rest(file, state, head, goes_on)
            if is_whole:
                os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        return is_whole

    def forget(self, conversation: str) -> None:
        """Remove what there is of a conversation with this model."""
        (self._folder / (_digest(conversation) + _SUFFIX)).unlink(missing_ok=True)

    def _make_room(self, size_bytes: int, path: Path) -> bool:
        """Remove the least recently used files until `size_bytes` more are within the limit; False if nothing helps."""
        if size_bytes > self._limit_bytes or shutil.disk_usage(self._folder).free < size_bytes + _SPARE_BYTES:
            return False
        return trim(self._root, self._limit_bytes - size_bytes, but=path) <= self._limit_bytes - size_bytes

    @staticmethod
    def _set_aside(path: Path, error: StateDamaged) -> None:
        _log.info("%s is damaged (%s) and set aside; the conversation is processed again", path, error)
        try:
            os.replace(path, path.with_suffix(_DAMAGED))
        except OSError:
            _log.info("%s could not be set aside", path)


def tidy(root: Path) -> None:
    """Remove what killed writers left behind, and folders with nothing in them."""
    now = time.time()
    for path, status in _listed_below(root, _PARTIAL):
        if now - status.st_mtime > _ABANDONED_S or not _is_running(path):
            path.unlink(missing_ok=True)
    for folder in _folders(root):
        try:
            folder.rmdir()  # only if it is empty
        except OSError:
            continue


def trim(root: Path, limit_bytes: int, *, but: Path | None = None) -> int:
    """Remove the least recently used files, damaged ones first, until all are within the limit.

    Returns what is left, in bytes. `but` is not counted: it is about to be replaced.
    """
    files = [(path, status) for path, status in _all_files(root) if path != but]
    files.sort(key=lambda item: (item[0].suffix != _DAMAGED, item[1].st_mtime_ns))
    n_bytes = sum(status.st_size for _, status in files)
    for path, status in files:
        if n_bytes <= limit_bytes:
            break
        path.unlink(missing_ok=True)
        n_bytes -= status.st_size
    return n_bytes


def forget(root: Path, conversations: Iterable[str]) -> None:
    """Remove what all models have read of these conversations."""
    names = {
        _digest(conversation) + suffix for conversation in conversations for suffix in (_SUFFIX, _DAMAGED)
    }
    for path, _ in _all_files(root):
        if path.name in names:
            path.unlink(missing_ok=True)


def clear(root: Path) -> None:
    """Remove everything that was kept."""
    for path, _ in _all_files(root):
        path.unlink(missing_ok=True)


def size_bytes(root: Path) -> int:
    """What all of it takes of the disk."""
    return sum(status.st_size for _, status in _all_files(root))


# -- the format -----------------------------------------------------------------------------------------------


def _head_of(state: NewState) -> bytes:
    tokens = array("i", state.tokens)
    if sys.byteorder == "big":
        tokens.byteswap()
    facts = {
        "n_tokens": len(tokens),
        "n_prompt_end": state.n_prompt_end,
        "n_logits": state.logits.nbytes // 4,
        "first_position": state.first_position,
        "n_data_bytes": state.data.nbytes,
    }
    text = json.dumps(facts).encode()
    head = _HEAD_START.pack(_MAGIC, len(text)) + text + tokens.tobytes()
    return head + _CRC.pack(zlib.crc32(head))


def _read_head(path: Path) -> StateFile:
    with open(path, "rb") as file:
        start = file.read(_HEAD_START.size)
        if len(start) < _HEAD_START.size:
            raise StateDamaged("it ends early")
        magic, n_head = _HEAD_START.unpack(start)
        if magic != _MAGIC or n_head > _MAX_HEAD_BYTES:
            raise StateDamaged("it begins with something else")
        text = file.read(n_head)
        facts = _facts(text)
        raw = file.read(4 * facts["n_tokens"])
        crc = file.read(_CRC.size)
        head_crc = zlib.crc32(start + text + raw)
        if len(crc) < _CRC.size or _CRC.unpack(crc)[0] != head_crc:
            raise StateDamaged("the checksum of its head is wrong")
        status = os.fstat(file.fileno())
        n_left = status.st_size - file.tell()
    tokens = array("i", raw)
    if sys.byteorder == "big":
        tokens.byteswap()
    found = StateFile(
        path=path,
        tokens=tokens.tolist(),
        n_prompt_end=facts["n_prompt_end"],
        n_logits=facts["n_logits"],
        first_position=facts["first_position"],
        n_data_bytes=facts["n_data_bytes"],
        size_bytes=status.st_size,
        inode=status.st_ino,
        head_crc=head_crc,
    )
    if n_left != found.n_rest_bytes:
        raise StateDamaged("it has another length than it says")
    return found


def _facts(text: bytes) -> dict[str, int]:
    names = ("n_tokens", "n_prompt_end", "n_logits", "first_position", "n_data_bytes")
    try:
        record = json.loads(text)
        facts = {name: int(record[name]) for name in names}
    except (ValueError, KeyError, TypeError):
        raise StateDamaged("its head cannot be read") from None
    if any(value < 0 for value in facts.values()) or facts["n_tokens"] > _MAX_TOKENS:
        raise StateDamaged("its head says what cannot be")
    return facts


def _read_rest(file: StateFile) -> memoryview:
    """Logits, state and checksum."""
    import numpy as np  # whose memory comes in large pages where there are any: half the time; the window needs none

    buffer: memoryview = np.empty(file.n_rest_bytes, dtype=np.uint8).data
    with open(file.path, "rb", buffering=0) as source:
        status = os.fstat(source.fileno())
        if (status.st_size, status.st_ino) != (file.size_bytes, file.inode):
            raise OSError("a newer one has taken its place")
        source.seek(file.size_bytes - file.n_rest_bytes)
        n_read = 0
        while n_read < len(buffer):
            count = source.readinto(buffer[n_read : n_read + _PIECE_BYTES])
            if not count:
                raise StateDamaged("it ends early")
            n_read += count
    if zlib.crc32(buffer[: -_CRC.size], file.head_crc) != _CRC.unpack(buffer[-_CRC.size :])[0]:
        raise StateDamaged("its checksum is wrong")
    return buffer


def _write(file: RawIOBase, data: memoryview, goes_on: Callable[[], bool]) -> bool:
    n_written = 0
    while n_written < len(data):
        if not goes_on():
            return False
        n_written += file.write(data[n_written : n_written + _PIECE_BYTES]) or 0
    return True


def _write_rest(file: RawIOBase, state: NewState, head: bytes, goes_on: Callable[[], bool]) -> bool:
    crc = zlib.crc32(head[: -_CRC.size])
    for part in (state.logits, state.data):
        if not _write(file, part, goes_on):
            return False
        crc = zlib.crc32(part, crc)
    return _write(file, memoryview(_CRC.pack(crc)), goes_on)


# -- files ------------------------------------------------------------------------------------------------------


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _folders(root: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _listed(folder: Path, *suffixes: str) -> list[tuple[Path, os.stat_result]]:
    found: list[tuple[Path, os.stat_result]] = []
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(suffixes):
                found.append((Path(entry.path), entry.stat(follow_symlinks=False)))
    except OSError:  # gone, or removed while it was read
        return found
    return found


def _listed_below(root: Path, *suffixes: str) -> list[tuple[Path, os.stat_result]]:
    return [item for folder in _folders(root) for item in _listed(folder, *suffixes)]


def _all_files(root: Path) -> list[tuple[Path, os.stat_result]]:
    return _listed_below(root, _SUFFIX, _DAMAGED)


def _is_running(path: Path) -> bool:
    """Whether the process that writes a partial file may still be there."""
    number = path.name.partition("-")[0]
    if not number.isdigit():
        return False
    if os.name != "posix":
        return True  # a signal 0 ends a process there
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
