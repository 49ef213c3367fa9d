"""A model file without its weights and its vocabulary: all that a dry run of llama.cpp reads, in a few kilobytes.

A skeleton is a GGUF file with the original's metadata and tensor infos, byte for byte, but for the tokenizer: its
arrays and texts (megabytes that take llama.cpp most of a second to read) give way to
``tokenizer.ggml.model = "no_vocab"`` and a ``<architecture>.vocab_size``. Behind the header the file is a hole of the
original's length, so that llama.cpp finds every tensor within the file's bounds.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from app.core.gguf import facts_of_headers, files_of, parts_of
from app.core.gguf_format import STRING, GgufError
from app.core.gguf_header import Array, Header, opened_header, read_header
from app.core.gguf_reader import read_at

_log = logging.getLogger(__name__)
_VERSION: Final = 1  # of what is written here; part of every skeleton's name
_UINT32: Final = 4
_N_KEPT: Final = 200
_HOLE_BYTES: Final = 8 << 20
_TOKENIZER: Final = "tokenizer."
_TOKENIZER_MODEL: Final = "tokenizer.ggml.model"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a model: its own name, its header, and the file (open, seekable) that the header was read from."""

    name: str
    header: Header
    file: BinaryIO


class Skeletons:
    """A folder of skeletons, each made once for a file's path, size and time of change.

    The folder can be deleted at any time; it keeps the newest 200.
    """

    def __init__(self, folder: Path) -> None:
        """Touches nothing until a skeleton is asked for."""
        self._folder = folder
        self._has_holes: bool | None = None
        self._sound: set[Path] = set()  # those that have been looked at
        self._is_told = False

    def of(self, path: str | os.PathLike[str]) -> Path:
        """The skeleton (its first part) of the model at `path`; of a split model any part may be named.

        It is the model's own first part where the folder's file system has no sparse files, or the folder cannot be
        written: reading that takes longer and says the same.

        Raises:
            GgufError: the model cannot be used.
        """
        paths = _files(path)
        key = _key(paths)
        if (known := self.find(key)) is not None:
            return known
        try:
            return self._made(key, paths) if self.can_have_holes() else paths[0]
        except OSError as error:
            if not self._is_told:
                _log.warning("no skeletons can be made, the files themselves are read: %s", error)
            self._is_told = True
            return paths[0]

    def _made(self, key: str, paths: Sequence[Path]) -> Path:
        with contextlib.ExitStack() as opened:
            parts: list[Part] = []
            for part in paths:
                header, file = opened.enter_context(opened_header(part))
                parts.append(Part(part.name, header, file))
            if len(parts) > 1:  # llama.cpp would name the skeletons' files, which nobody knows
                facts_of_headers(paths, [part.header for part in parts])
            return self.put(key, parts)

    def find(self, key: str) -> Path | None:
        """The skeleton stored under `key`, None where there is none, or what is there was damaged (a power cut)."""
        place = self._folder / _digest(key)
        try:
            # Of any name, since Ollama's blobs have no ending; but what is known of a remote model lies here too.
            parts = sorted(p for p in place.iterdir() if p.suffix != ".json" and not p.name.startswith("."))
        except OSError:
            return None
        if parts and place not in self._sound and not all(map(_is_sound, parts)):
            shutil.rmtree(place, ignore_errors=True)
            return None
        if parts:
            self._sound.add(place)
        return parts[0] if parts else None

    def put(self, key: str, parts: Sequence[Part]) -> Path:
        """Writes the skeleton of `parts` under `key` and returns its first part.

        The first part's header says the vocabulary; the names of the parts are kept, for llama.cpp looks for the
        second part beside the first.

        Raises:
            OSError: the folder cannot be written, or a part cannot be read.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=self._folder))
        place = self._folder / _digest(key)
        try:
            for part in parts:
                _write(made / Path(part.name).name, part)
            with contextlib.suppress(OSError):  # another process was faster; the content is the same
                made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        self._prune()
        return place / Path(parts[0].name).name

    def _prune(self) -> None:
        def age(folder: Path) -> float:
            with contextlib.suppress(OSError):
                return folder.stat().st_mtime
            return 0.0

        kept = sorted(self._folder.iterdir(), key=age, reverse=True)
        for old in kept[_N_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def can_have_holes(self) -> bool:
        """Whether a hole takes no space here: without that a skeleton would be as large as the model."""
        if self._has_holes is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".hole-") as folder:
                trial = Path(folder) / "hole"
                with trial.open("wb") as file:
                    _make_hole(file, _HOLE_BYTES)
                self._has_holes = _bytes_on_disk(trial) < _HOLE_BYTES // 2
        return self._has_holes


def _is_sound(skeleton: Path) -> bool:
    try:
        read_header(skeleton)
    except GgufError:
        return False
    return True


def _files(path: str | os.PathLike[str]) -> Sequence[Path]:
    """As `files_of`, without reading a file unless parts are missing: a name like one's does not make a split model."""
    paths = parts_of(path)
    return paths if len(paths) == 1 or all(os.path.exists(part) for part in paths) else files_of(path)


def _key(paths: Sequence[Path]) -> str:
    told: list[str] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # opening it says why
            continue
        told.append(f"{path.absolute()}:{status.st_size}:{status.st_mtime_ns}")
    return "|".join(told)


def _digest(key: str) -> str:
    return hashlib.sha256(f"{_VERSION}|{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _write(path: Path, part: Part) -> None:
    with path.open("wb") as file:
        head = skeleton_header(part.header, part.file)
        file.write(head)
        file.flush()
        data_bytes = max(part.header.size_bytes - part.header.data_offset, 0)
        # The padding is a hole too: a damaged file may ask for a gigabyte of it.
        _make_hole(file, len(head) + -len(head) % part.header.alignment + data_bytes)


def skeleton_header(header: Header, file: BinaryIO) -> bytes:
    """The skeleton's bytes up to the padding before its data area.

    Raises:
        OSError: `file` cannot be read, or has become shorter.
    """
    kept = [_entry(file, span) for key, span in header.spans.items() if _is_kept(header, key)]
    n_vocab = _n_vocab(header)
    if _TOKENIZER_MODEL in header.metadata:
        kept.append(_text_entry(_TOKENIZER_MODEL, "no_vocab"))
    if n_vocab:
        kept.append(_uint32_entry(_vocab_key(header), n_vocab))
    start = b"GGUF" + struct.pack("<IQQ", header.version, len(header.tensors), len(kept))
    return start + b"".join(kept) + _entry(file, header.tensors_span)


def _is_kept(header: Header, key: str) -> bool:
    if key == _TOKENIZER_MODEL or (key == _vocab_key(header) and _n_vocab(header)):
        return False  # written anew, whatever it was
    return not (key.startswith(_TOKENIZER) and isinstance(header.metadata[key], Array | str))


def _vocab_key(header: Header) -> str:
    return f"{header.text('general.architecture')}.vocab_size"


def _n_vocab(header: Header) -> int:
    """The tokens that the file's vocabulary lists; what llama.cpp takes the width of the output from."""
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return tokens.n_items if isinstance(tokens, Array) and tokens.n_items < 1 << 32 else 0


def _entry(file: BinaryIO, span: tuple[int, int]) -> bytes:
    start, end = span
    data = read_at(file, start, end - start)
    if len(data) < end - start:
        raise OSError(errno.EIO, "the file has become shorter while it was read")
    return data


def _text_entry(key: str, text: str) -> bytes:
    name, value = key.encode(), text.encode()
    return struct.pack("<Q", len(name)) + name + struct.pack("<IQ", STRING, len(value)) + value


def _uint32_entry(key: str, number: int) -> bytes:
    name = key.encode()
    return struct.pack("<Q", len(name)) + name + struct.pack("<II", _UINT32, number)


def _make_hole(file: BinaryIO, size_bytes: int) -> None:
    """Makes `file` `size_bytes` long without writing what is new."""
    if sys.platform == "win32":
        _mark_sparse(file)
    file.truncate(size_bytes)


def _mark_sparse(file: BinaryIO) -> None:
    """NTFS makes holes only in files that are marked first (FSCTL_SET_SPARSE, winioctl.h).

    What the type checker is told to pass over is on Windows alone.
    """
    import ctypes
    import msvcrt

    returned = ctypes.c_ulong()
    handle = cast(int, msvcrt.get_osfhandle(file.fileno()))  # type: ignore[attr-defined]
    ctypes.windll.kernel32.DeviceIoControl(  # type: ignore[attr-defined]
        ctypes.c_void_p(handle), 0x900C4, None, 0, None, 0, ctypes.byref(returned), None
    )


def _bytes_on_disk(path: Path) -> int:
    if sys.platform == "win32":
        import ctypes

        high = ctypes.c_ulong()
        low = ctypes.windll.kernel32.GetCompressedFileSizeW(str(path), ctypes.byref(high))  # type: ignore[attr-defined]
        return (high.value << 32) + (low & 0xFFFFFFFF)
    return path.stat().st_blocks * 512
