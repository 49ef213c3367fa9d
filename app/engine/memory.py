"""A limit on the memory that this process may still take."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator


@contextlib.contextmanager
def may_take(size_bytes: int) -> Generator[None]:
    """Let allocations fail that together exceed `size_bytes`, instead of being promised and tried.

    Linux hands out more memory than it has and, when it is touched, ends a program of its choice. RLIMIT_DATA counts
    a process's private writable memory, so neither a mapped model file nor address space that a GPU driver reserves.
    Other systems count no such thing apart; there it does nothing.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _own_data_bytes() + size_bytes
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _own_data_bytes() -> int:
    """What RLIMIT_DATA counts of this process now."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        kib = next(line.split()[1] for line in status if line.startswith("VmData:"))
    return int(kib) * 1024
