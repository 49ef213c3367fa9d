"""Reads numbers and texts of a GGUF header from a file, believing no length that stands in it."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

from app.core.gguf_format import GgufError, GgufReason

_WINDOW_BYTES: Final = 1 << 20

_unpack_u32 = struct.Struct("<I").unpack_from
_unpack_u64 = struct.Struct("<Q").unpack_from


class HeaderReader:
    """Numbers, texts and skips over one window of a file, each checked against the file's size."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._size = size_bytes
        self._window = b""
        self._base = 0  # where the window begins in the file
        self._at = 0  # in the window

    @property
    def position(self) -> int:
        """Where in the file the next thing is read."""
        return self._base + self._at

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        if self._at + n_bytes > len(self._window):
            self._fill(n_bytes)
        start = self._at
        self._at += n_bytes
        return self._window[start : self._at]

    def u32(self) -> int:
        """The next number of 32 bits."""
        return _unpack_u32(self.take(4))[0]

    def u64(self) -> int:
        """The next number of 64 bits."""
        return _unpack_u64(self.take(8))[0]

    def text(self, limit_bytes: int, what: str) -> str:
        """The next string; `what` it is, for the message that it is longer than allowed."""
        n_bytes = self.u64()
        if n_bytes > self._size - self.position:
            raise GgufError(GgufReason.TRUNCATED_HEADER)
        if n_bytes > limit_bytes:
            raise GgufError(GgufReason.BAD_METADATA, detail=f"{what} is {n_bytes} bytes long")
        return self.take(n_bytes).decode("utf-8", "replace")

    def skip(self, n_bytes: int) -> None:
        """Go on behind these bytes."""
        if n_bytes > self._size - self.position:
            raise GgufError(GgufReason.TRUNCATED_HEADER)
        self._at += n_bytes

    def skip_texts(self, n_texts: int) -> None:
        """Walks over `n_texts` strings: the one loop that a vocabulary makes hot, hence without calls.

        A damaged length throws the position out of the window, where unpacking fails, and out of the file,
        which is what is checked then; it costs nothing per string.
        """
        unpack, n_left = _unpack_u64, n_texts
        while n_left:
            window, at = self._window, self._at
            try:
                for n_left in range(n_left, 0, -1):  # noqa: B007, B020
                    at += 8 + unpack(window, at)[0]
                n_left = 0
            except (struct.error, OverflowError):
                pass
            self._at = at
            if self.position > self._size - (8 if n_left else 0):
                raise GgufError(GgufReason.TRUNCATED_HEADER)
            if n_left:
                self._fill(8)

    def check_count(self, count: int, least_bytes: int, what: str) -> None:
        """Refuse a number of things that the rest of the file has no room for."""
        if count > (self._size - self.position) // least_bytes:
            raise GgufError(GgufReason.BAD_COUNT, count=count, what=what)

    def _fill(self, n_bytes: int) -> None:
        position = self.position
        if n_bytes > self._size - position:
            raise GgufError(GgufReason.TRUNCATED_HEADER)
        wanted = min(max(n_bytes, _WINDOW_BYTES), self._size - position)
        self._window, self._base, self._at = read_at(self._file, position, wanted), position, 0
        if len(self._window) < n_bytes:  # it shrank under our hands
            raise GgufError(GgufReason.TRUNCATED_HEADER)


def read_at(file: BinaryIO, start: int, n_bytes: int) -> bytes:
    """The bytes from `start` on; fewer where the file ends before."""
    file.seek(start)
    pieces: list[bytes] = []
    while n_bytes > 0 and (piece := file.read(n_bytes)):
        pieces.append(piece)
        n_bytes -= len(piece)
    return b"".join(pieces)
