"""Damaged GGUF headers: real ones, taken apart into their fields, and then broken in every way we know of.

`Parts` holds a header as the list of its entries, so that what is broken can be one field with the rest still in
order; `mutated` also breaks the bytes blindly. All is drawn from one seed: the same seed gives the same file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from app.core.gguf import parse_header

EDGES = (
    0, 1, 2, 3, 31, 33, 255, 256, 4095, 4097, 65_535, 65_536, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
    1 << 32, 1 << 40, (1 << 62) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 32, (1 << 64) - 1,
)  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """A header in pieces. `entries` are whole metadata entries, `tensors` (name, dims, type, offset)."""

    entries: tuple[bytes, ...]
    tensors: tuple[tuple[bytes, tuple[int, ...], int, int], ...]
    data_bytes: int
    version: int = 3
    n_tensors: int | None = None
    n_entries: int | None = None

    def head(self) -> bytes:
        """The header's bytes up to its data area."""
        n_tensors = len(self.tensors) if self.n_tensors is None else self.n_tensors
        n_entries = len(self.entries) if self.n_entries is None else self.n_entries
        start = b"GGUF" + struct.pack("<IQQ", self.version, n_tensors, n_entries)
        head = start + b"".join(self.entries) + b"".join(map(_tensor, self.tensors))
        return head + bytes(-len(head) % 32)

    def key(self, index: int) -> str:
        entry = self.entries[index]
        return entry[8 : 8 + struct.unpack_from("<Q", entry)[0]].decode()

    def with_entry(self, index: int, entry: bytes) -> Parts:
        return replace(self, entries=(*self.entries[:index], entry, *self.entries[index + 1 :]))

    def with_tensor(self, index: int, tensor: tuple[bytes, tuple[int, ...], int, int]) -> Parts:
        return replace(self, tensors=(*self.tensors[:index], tensor, *self.tensors[index + 1 :]))


def _tensor(tensor: tuple[bytes, tuple[int, ...], int, int]) -> bytes:
    name, dims, code, offset = tensor
    shape = struct.pack(f"<I{len(dims)}Q", len(dims), *(n % (1 << 64) for n in dims))
    return struct.pack("<Q", len(name)) + name + shape + struct.pack("<IQ", code, offset % (1 << 64))


def taken_apart(path: Path) -> Parts:
    """The pieces of a sound file."""
    raw = path.read_bytes()
    header = parse_header(io.BytesIO(raw), len(raw))
    start, _end = header.tensors_span
    tensors: list[tuple[bytes, tuple[int, ...], int, int]] = []
    for tensor in header.tensors:
        at = start + 8 + len(tensor.name)
        (n_dims,) = struct.unpack_from("<I", raw, at)
        code, offset = struct.unpack_from("<IQ", raw, at + 4 + 8 * n_dims)
        tensors.append((tensor.name.encode(), tensor.shape, code, offset))
        start = at + 4 + 8 * n_dims + 12
    entries = tuple(raw[first:last] for first, last in header.spans.values())
    parts = Parts(entries, tuple(tensors), len(raw) - header.data_offset)
    assert parts.head() == raw[: header.data_offset]
    return parts


def write(path: Path, head: bytes, data_bytes: int) -> None:
    """The head with a hole behind it."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(max(len(head) + data_bytes, 0))


# -- one thing wrong ----------------------------------------------------------------------------------------


def other_value(parts: Parts, rng: Random) -> Parts:
    """One metadata value replaced by an edge of its type: what passes a parser and surprises whoever uses it."""
    index = rng.randrange(len(parts.entries))
    entry = parts.entries[index]
    at = 8 + struct.unpack_from("<Q", entry)[0]
    (code,) = struct.unpack_from("<I", entry, at)
    width = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}.get(code)
    if width is not None:
        value = rng.choice(EDGES) if rng.random() < 0.7 else rng.getrandbits(64)
        return parts.with_entry(index, entry[: at + 4] + value.to_bytes(8, "little")[:width])
    if code == 8:
        text = rng.choice([b"", b"llama", b"gemma3", b"gpt2", b"bert", b"\xff\xfe", b"x" * 300, b"no_vocab"])
        return parts.with_entry(index, entry[: at + 4] + struct.pack("<Q", len(text)) + text)
    return other_type(parts, rng)


def other_type(parts: Parts, rng: Random) -> Parts:
    """One metadata value of another type, with as many bytes as that takes."""
    index = rng.randrange(len(parts.entries))
    entry = parts.entries[index]
    at = 8 + struct.unpack_from("<Q", entry)[0]
    value = rng.choice(
        [
            struct.pack("<II", 4, rng.choice(EDGES) % (1 << 32)),
            struct.pack("<If", 6, rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e38])),
            struct.pack("<IB", 7, rng.randrange(3)),
            struct.pack("<Iq", 11, -1),
            struct.pack("<IQ", 8, 3) + b"abc",
            struct.pack("<IIQ", 9, 4, 2) + bytes(8),
            struct.pack("<IIQ", 9, 8, 1) + struct.pack("<Q", 0),
            struct.pack("<IIQ", 9, 4, 0),
        ]
    )
    return parts.with_entry(index, entry[:at] + value)


def without_entry(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.entries))
    return replace(parts, entries=parts.entries[:index] + parts.entries[index + 1 :])


def other_dimension(parts: Parts, rng: Random) -> Parts:
    """A tensor of another shape; the tensors behind it move, so that only the sizes are wrong."""
    index = rng.randrange(len(parts.tensors))
    name, dims, code, offset = parts.tensors[index]
    some = list(dims) or [1]  # another fault may have taken them all
    at = rng.randrange(len(some))
    some[at] = rng.choice([some[at] * 2, some[at] // 2, 32, 64, *EDGES])
    if rng.random() < 0.2:
        rng.shuffle(some)
    return parts.with_tensor(index, (name, tuple(some), code, offset))


def another_rank(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.tensors))
    name, dims, code, offset = parts.tensors[index]
    return parts.with_tensor(index, (name, (*dims, 1, 1, 1)[: rng.randrange(6)], code, offset))


def another_tensor_type(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.tensors))
    name, dims, _code, offset = parts.tensors[index]
    code = rng.choice([*range(45), 255, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
    return parts.with_tensor(index, (name, dims, code, offset))


def another_offset(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.tensors))
    name, dims, code, offset = parts.tensors[index]
    return parts.with_tensor(index, (name, dims, code, rng.choice([offset + 32, offset - 32, *EDGES])))


def another_tensor_name(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.tensors))
    _name, dims, code, offset = parts.tensors[index]
    other = rng.choice([b"", b"x" * 64, b"blk.0.x", b"blk.-1.attn_q.weight", b"\xff", parts.tensors[0][0]])
    return parts.with_tensor(index, (other, dims, code, offset))


def a_tensor_twice(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.tensors))
    return replace(parts, tensors=(*parts.tensors, parts.tensors[index]))


def an_entry_twice(parts: Parts, rng: Random) -> Parts:
    index = rng.randrange(len(parts.entries))
    return replace(parts, entries=(*parts.entries, parts.entries[index]))


def tensors_in_another_order(parts: Parts, rng: Random) -> Parts:
    some = list(parts.tensors)
    rng.shuffle(some)
    return replace(parts, tensors=tuple(some))


def without_a_tensor(parts: Parts, rng: Random) -> Parts:
    """The last one too: then everything else is in order."""
    index = rng.choice([len(parts.tensors) - 1, rng.randrange(len(parts.tensors))])
    return replace(parts, tensors=parts.tensors[:index] + parts.tensors[index + 1 :])


def other_counts(parts: Parts, rng: Random) -> Parts:
    n_tensors, n_entries = len(parts.tensors), len(parts.entries)
    if rng.random() < 0.3:
        return replace(parts, n_tensors=n_entries, n_entries=n_tensors)
    some = rng.choice([*EDGES, n_tensors + 1, n_entries - 1])
    return replace(parts, n_tensors=some) if rng.random() < 0.5 else replace(parts, n_entries=some)


def another_version(parts: Parts, rng: Random) -> Parts:
    return replace(parts, version=rng.choice([0, 1, 2, 4, 1 << 24, (1 << 32) - 1]))


def less_data(parts: Parts, rng: Random) -> Parts:
    return replace(parts, data_bytes=rng.randrange(parts.data_bytes))


ORDERLY: tuple[Callable[[Parts, Random], Parts], ...] = (
    other_value, other_value, other_value, other_type, without_entry, other_dimension, another_rank,
    another_tensor_type, another_offset, another_tensor_name, a_tensor_twice, an_entry_twice,
    tensors_in_another_order, without_a_tensor, other_counts, another_version, less_data,
)  # fmt: skip


def laid_out_anew(parts: Parts) -> Parts:
    """Offsets that follow from the shapes again, and a data area that holds all: past a parser's checks."""
    from app.core.gguf_format import TENSOR_TYPES

    at, tensors = 0, list[tuple[bytes, tuple[int, ...], int, int]]()
    for name, dims, code, _offset in parts.tensors:
        n_elements = 1
        for length in dims:
            n_elements *= length % (1 << 64)
        kind = TENSOR_TYPES.get(code)
        n_bytes = n_elements // kind.block_size * kind.block_bytes if kind is not None else 0
        tensors.append((name, dims, code, at))
        at = min(at + -(-n_bytes // 32) * 32, 1 << 62)
    return replace(parts, tensors=tuple(tensors), data_bytes=at if at < 1 << 40 else parts.data_bytes)


# -- blind damage -------------------------------------------------------------------------------------------


def _flipped(head: bytearray, rng: Random) -> None:
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        head[rng.randrange(len(head))] ^= 1 << rng.randrange(8)


def _number_overwritten(head: bytearray, rng: Random) -> None:
    at = rng.choice([8, 16, 24, rng.randrange(len(head))])
    head[at : at + 8] = rng.choice(EDGES).to_bytes(8, "little")[: rng.choice([4, 8])]


def _spliced(head: bytearray, rng: Random) -> None:
    first, at = rng.randrange(len(head)), rng.randrange(len(head))
    piece = bytes(head[first : first + rng.randrange(200)])
    head[at : at + rng.choice([0, len(piece), rng.randrange(100)])] = piece


def _random_bytes(head: bytearray, rng: Random) -> None:
    at = rng.randrange(len(head))
    head[at : at + rng.randrange(40)] = rng.randbytes(rng.randrange(40))


def _cut(head: bytearray, rng: Random) -> None:
    del head[rng.randrange(len(head)) :]


_BLIND = (_flipped, _flipped, _number_overwritten, _spliced, _random_bytes, _cut)


def mutated(parts: Parts, seed: int) -> tuple[bytes, int]:
    """(head, bytes of data behind it) of a file with one to three things wrong."""
    rng = Random(seed)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        if parts.entries and parts.tensors:
            parts = rng.choice(ORDERLY)(parts, rng)
    if rng.random() < 0.5:
        parts = laid_out_anew(parts)
    head = bytearray(parts.head())
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        if head:
            rng.choice(_BLIND)(head, rng)
    return bytes(head), parts.data_bytes if rng.random() < 0.9 else 0


def plausible(parts: Parts, seed: int) -> tuple[bytes, int]:
    """As `mutated`, but mostly what a parser lets pass: for what comes after the parser."""
    rng = Random(seed)
    for _ in range(rng.choice([1, 1, 2])):
        parts = rng.choice(
            [other_value, other_value, other_type, without_entry, other_dimension, another_tensor_type,
             another_rank, without_a_tensor, tensors_in_another_order, another_tensor_name]
        )(parts, rng)  # fmt: skip
    parts = laid_out_anew(parts)
    return parts.head(), parts.data_bytes
