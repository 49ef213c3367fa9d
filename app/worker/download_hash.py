"""Hashes a file while it is being written: a thread follows the writer, so that checking costs no time of its own."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Final, Protocol

from app.core.hub import HubFile

_PIECE_BYTES: Final = 1 << 20


class _Hash(Protocol):
    """As hashlib gives them."""

    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class FollowingHash:
    """The hash of the first bytes of a file that grows at its end. `advance` as it grows, then `finish` or `stop`.

    Hashing and reading let other threads run, so the follower keeps up with anything slower than a SHA-256.
    """

    def __init__(self, path: Path, file: HubFile) -> None:
        """Follows the file at `path` until it is as long as `file` says. OSError where it cannot be read."""
        self._size_bytes = file.size_bytes
        self._hash = _hash_of(file)
        self._source = path.open("rb", buffering=0)
        self._condition = threading.Condition()
        self._n_available = 0
        self._n_asked = 0
        self._is_stopped = False
        self._error: OSError | None = None
        self.n_hashed = 0
        self._thread = threading.Thread(target=self._follow, name="hash", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether `finish` would not have to wait."""
        return not self._thread.is_alive()

    def advance(self, n_bytes: int) -> None:
        """The file's first `n_bytes` are written."""
        with self._condition:
            self._n_available = n_bytes
            if n_bytes >= self._n_asked:
                self._condition.notify()

    def wait(self, timeout_s: float) -> None:
        """Waits until everything is hashed, but no longer than that."""
        self._thread.join(timeout_s)

    def finish(self) -> str:
        """The hash in hexadecimal digits, once everything is written. OSError where the file cannot be read."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Ends the thread; what is hashed is forgotten."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify()
        self._thread.join()

    def _follow(self) -> None:
        view = memoryview(bytearray(_PIECE_BYTES))
        try:
            with self._source:
                while self.n_hashed < self._size_bytes and (n_wanted := self._next()):
                    n_read = self._source.readinto(view[:n_wanted]) or 0
                    if not n_read:
                        raise OSError("the file is shorter than what was written")
                    self._hash.update(view[:n_read])
                    self.n_hashed += n_read
        except OSError as error:
            self._error = error

    def _next(self) -> int:
        """How many bytes to read next; waits until they are there; 0 to stop."""
        n_wanted = min(_PIECE_BYTES, self._size_bytes - self.n_hashed)
        with self._condition:
            self._n_asked = self.n_hashed + n_wanted
            while self._n_available < self._n_asked and not self._is_stopped:
                self._condition.wait()
        return 0 if self._is_stopped else n_wanted


def _hash_of(file: HubFile) -> _Hash:
    """SHA-256 for what the Hub names by it; else git's id of a blob: SHA-1 over a line with the size, and the rest."""
    if file.sha256:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size_bytes, usedforsecurity=False)
