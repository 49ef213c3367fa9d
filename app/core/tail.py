"""The end of a file that a process writes for as long as it lives."""

from __future__ import annotations

import os
from pathlib import Path


def tail(path: str | os.PathLike[str], n_bytes: int, *, start: int = 0) -> str:
    """The last `n_bytes` of a text file, but nothing before the byte `start`; "" where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(start, file.tell() - n_bytes))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
