"""Reads a GGUF header (metadata and tensor infos) without holding what is large in it.

A vocabulary is three or four arrays with hundreds of thousands of items. They are walked over, never kept:
the reader holds one window of the file, and of a long array its length and first items. It believes nothing:
every count, length, type, shape and offset is checked against the file's size before it is used.

The file is read, not memory-mapped: a mapped file that another program cuts short kills the process that
touches it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, TypeAlias

from app.core.gguf_format import (
    ARRAY,
    BOOL,
    STRING,
    TENSOR_TYPES,
    VALUE_TYPES,
    GgufError,
    GgufReason,
    TensorType,
)
from app.core.gguf_reader import HeaderReader

_KEY_BYTES: Final = 65_535  # the format's own limit
_TEXT_BYTES: Final = 16 << 20  # no text in a header comes near it; chat templates are some 10 KB
_NAME_BYTES: Final = 63  # GGML_MAX_NAME less its end
_MAX_DIMS: Final = 4
_FIRST_ITEMS: Final = 8
_KEPT_ITEMS: Final = 4096  # arrays with a number per layer are needed whole
_KEPT_TEXT_BYTES: Final = 256

Scalar: TypeAlias = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the metadata: of a long one only the first items are kept."""

    item_type: str
    n_items: int
    items: tuple[Scalar, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.items) == self.n_items


Value: TypeAlias = Scalar | Array


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: `shape` with the fastest dimension first as in ggml, `offset` within the data area."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    offset: int
    n_elements: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights. `missing_bytes` > 0 says how much of the data area the file lacks.

    `spans` has for each key where its entry (name, type and value) begins and ends in the file, `tensors_span` the
    same for all tensor infos together.
    """

    version: int
    metadata: Mapping[str, Value]
    tensors: tuple[TensorInfo, ...]
    alignment: int
    data_offset: int
    size_bytes: int
    missing_bytes: int = 0
    value_types: Mapping[str, str] = field(default_factory=dict[str, str])
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    tensors_span: tuple[int, int] = (0, 0)

    def text(self, key: str) -> str:
        """The text under `key`, or ""."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """The integer under `key`; of an array (one number per layer) the largest; 0 where there is none."""
        return max((n for n in self.numbers(key)), default=0)

    def numbers(self, key: str) -> tuple[int, ...]:
        """The integers under `key`, a scalar as a tuple of one."""
        value = self.metadata.get(key)
        if isinstance(value, Array):
            return tuple(int(item) for item in value.items if isinstance(item, int))
        return (int(value),) if isinstance(value, int) else ()

    def real(self, key: str) -> float:
        """The number under `key`, or 0.0."""
        value = self.metadata.get(key)
        return float(value) if isinstance(value, int | float) else 0.0


def read_header(path: str | os.PathLike[str], *, allow_truncated: bool = False) -> Header:
    """The header of one GGUF file; GgufError where it is not one or is damaged.

    A file that ends inside its weights is an error too, unless `allow_truncated`: see `missing_bytes`.
    """
    with opened_header(path, allow_truncated=allow_truncated) as (header, _file):
        return header


@contextmanager
def opened_header(
    path: str | os.PathLike[str], *, allow_truncated: bool = False
) -> Generator[tuple[Header, BinaryIO]]:
    """As `read_header`, with the file that it was read from, open for as long as the with block."""
    with contextlib.ExitStack() as stack:
        with _errors_told(path):
            # Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            descriptor = os.open(path, flags)
            file = stack.enter_context(open(descriptor, "rb", buffering=0))
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise GgufError(GgufReason.NOT_A_FILE)
            header = parse_header(file, status.st_size)
        if header.missing_bytes and not allow_truncated:
            raise GgufError(GgufReason.TRUNCATED_TENSORS, missing_bytes=header.missing_bytes)
        yield header, file


@contextmanager
def _errors_told(path: str | os.PathLike[str]) -> Generator[None]:
    """The system's errors as GgufError."""
    try:
        yield
    except FileNotFoundError:
        raise GgufError(GgufReason.NOT_FOUND) from None
    except (IsADirectoryError, NotADirectoryError):
        raise GgufError(GgufReason.NOT_A_FILE) from None
    except PermissionError:
        # Windows says so of folders too.
        reason = GgufReason.NOT_A_FILE if Path(path).is_dir() else GgufReason.NO_PERMISSION
        raise GgufError(reason) from None
    except OSError as error:
        raise GgufError(GgufReason.UNREADABLE, detail=error.strerror or str(error)) from None


def parse_header(
    file: BinaryIO, size_bytes: int, known_ends: Mapping[str, int] = MappingProxyType({})
) -> Header:
    """The header from an open binary file of `size_bytes`; GgufError as above, OSError from the file.

    `known_ends` has for keys of arrays of texts where their entries end, so that nobody has to walk there.
    """
    reader = HeaderReader(file, size_bytes)
    version = _read_version(reader, size_bytes)
    n_tensors, n_values = reader.u64(), reader.u64()
    # The least a tensor info and a metadata entry can take.
    reader.check_count(n_tensors, 24, "tensors")
    reader.check_count(n_values, 13, "metadata entries")
    metadata: dict[str, Value] = {}
    value_types: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {}
    for _ in range(n_values):
        start = reader.position
        key = reader.text(_KEY_BYTES, "a metadata key")
        if not key or key in metadata:
            detail = f"the metadata key {_shown(key)} is repeated or empty"
            raise GgufError(GgufReason.BAD_METADATA, detail=detail)
        metadata[key], value_types[key] = _read_value(reader, key, known_ends.get(key))
        spans[key] = (start, reader.position)
    alignment = _alignment(metadata.get("general.alignment", 32))
    start = reader.position
    tensors = _read_tensors(reader, n_tensors, alignment)
    tensors_span = (start, reader.position)
    data_offset = _padded(reader.position, alignment)
    end = data_offset + tensors[-1].offset + tensors[-1].size_bytes if tensors else 0
    return Header(
        version=version,
        metadata=metadata,
        tensors=tensors,
        alignment=alignment,
        data_offset=data_offset,
        size_bytes=size_bytes,
        missing_bytes=max(end - size_bytes, 0),
        value_types=value_types,
        spans=spans,
        tensors_span=tensors_span,
    )


def _read_version(reader: HeaderReader, size_bytes: int) -> int:
    if not size_bytes:
        raise GgufError(GgufReason.EMPTY)
    magic = reader.take(min(size_bytes, 4))
    if not b"GGUF".startswith(magic):
        raise _not_gguf(magic + reader.take(min(size_bytes - len(magic), 60)))
    version = reader.u32()
    if version & 0xFFFF == 0:
        raise GgufError(GgufReason.BIG_ENDIAN)
    if version == 1:
        raise GgufError(GgufReason.OLD_VERSION)
    if version > 3:
        raise GgufError(GgufReason.NEW_VERSION, version=version)
    return version


def _not_gguf(start: bytes) -> GgufError:
    if start.startswith(b"version https://git-lfs"):
        return GgufError(GgufReason.LFS_POINTER)
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return GgufError(GgufReason.WEB_PAGE)
    return GgufError(GgufReason.NOT_GGUF, start=_shown(start[:4].decode("latin-1")))


def _read_value(reader: HeaderReader, key: str, known_end: int | None) -> tuple[Value, str]:
    code = reader.u32()
    if code == ARRAY:
        array = _read_array(reader, key, known_end)
        return array, f"{array.item_type}[{array.n_items}]"
    return _read_scalar(reader, key, code), "string" if code == STRING else VALUE_TYPES[code][0]


def _read_scalar(reader: HeaderReader, key: str, code: int) -> Scalar:
    if code == STRING:
        return reader.text(_TEXT_BYTES, f"the value of {_shown(key)}")
    if code not in VALUE_TYPES:
        raise GgufError(GgufReason.BAD_METADATA, detail=f"{_shown(key)} has the unknown type {code}")
    _name, layout, n_bytes = VALUE_TYPES[code]
    value = struct.unpack(layout, reader.take(n_bytes))[0]
    return bool(value) if code == BOOL else value


def _read_array(reader: HeaderReader, key: str, known_end: int | None) -> Array:
    code, n_items = reader.u32(), reader.u64()
    if code == STRING:
        reader.check_count(n_items, 8, f"items of {_shown(key)}")
        n_kept = min(n_items, _FIRST_ITEMS)
        items = tuple(
            reader.text(_TEXT_BYTES, f"an item of {_shown(key)}")[:_KEPT_TEXT_BYTES] for _ in range(n_kept)
        )
        if known_end is not None:
            reader.skip(max(0, known_end - reader.position))
        else:
            reader.skip_texts(n_items - n_kept)
        return Array("string", n_items, items)
    if code not in VALUE_TYPES:  # an array of arrays too: llama.cpp refuses it
        raise GgufError(
            GgufReason.BAD_METADATA, detail=f"{_shown(key)} is an array of the unknown type {code}"
        )
    name, layout, n_bytes = VALUE_TYPES[code]
    reader.check_count(n_items, n_bytes, f"items of {_shown(key)}")
    n_kept = n_items if n_items <= _KEPT_ITEMS else _FIRST_ITEMS
    numbers: tuple[Scalar, ...] = struct.unpack(f"<{n_kept}{layout[1]}", reader.take(n_kept * n_bytes))
    reader.skip((n_items - n_kept) * n_bytes)
    return Array(name, n_items, tuple(map(bool, numbers)) if code == BOOL else numbers)


def _alignment(value: Value) -> int:
    if (
        not isinstance(value, int)
        or isinstance(value, bool)
        or not 1 <= value <= 1 << 30
        or value & (value - 1)
    ):
        raise GgufError(GgufReason.BAD_METADATA, detail="its alignment is no power of two")
    return value


def _read_tensors(reader: HeaderReader, n_tensors: int, alignment: int) -> tuple[TensorInfo, ...]:
    tensors: list[TensorInfo] = []
    seen: set[str] = set()
    expected_offset = 0
    for _ in range(n_tensors):
        tensor = _read_tensor(reader)
        if tensor.name in seen:
            raise _bad_tensor(tensor.name, "appears twice")
        if tensor.offset != expected_offset:
            raise _bad_tensor(tensor.name, "is not where it should be")
        seen.add(tensor.name)
        tensors.append(tensor)
        expected_offset = _padded(tensor.offset + tensor.size_bytes, alignment)
    return tuple(tensors)


def _read_tensor(reader: HeaderReader) -> TensorInfo:
    name = reader.text(_NAME_BYTES, "a tensor's name")
    n_dims = reader.u32()
    if n_dims > _MAX_DIMS:
        raise _bad_tensor(name, f"has {n_dims} dimensions")
    shape = tuple(reader.u64() for _ in range(n_dims))
    n_elements = 1
    for length in shape:
        n_elements *= length
    code, offset = reader.u32(), reader.u64()
    kind = TENSOR_TYPES.get(code)
    if kind is None:
        raise _bad_tensor(name, f"has the unknown type {code}")
    if n_elements >= 1 << 63 or (shape and shape[0] % kind.block_size):
        raise _bad_tensor(name, "has an impossible shape")
    if not shape and kind.block_size > 1:
        raise _bad_tensor(name, "has an impossible shape")
    return TensorInfo(name, shape, kind, offset, n_elements, n_elements // kind.block_size * kind.block_bytes)


def _bad_tensor(name: str, detail: str) -> GgufError:
    return GgufError(GgufReason.BAD_TENSOR, name=_shown(name), detail=detail)


def _padded(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment


def _shown(text: str) -> str:
    """Foreign text safe to show in a sentence: short, quoted, without control characters."""
    printable = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:80]
    )
    return f"“{printable}”"
