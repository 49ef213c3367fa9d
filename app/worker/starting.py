"""Starts a spawned process that Ctrl+C cannot reach before its own code says what it wants of it; ends it with us."""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing import parent_process, resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Final

_PARENT_GONE: Final = 3


def start_shielded(process: SpawnProcess) -> None:
    """As `process.start()`, with SIGINT blocked in the process for good: its parent decides when it ends.

    Ctrl+C in a terminal reaches all processes; one that is still importing would end with a traceback.
    """
    if sys.platform == "win32":
        process.start()
        return
    resource_tracker.ensure_running()  # the first start does this, and unblocks what is blocked here
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def end_with_parent() -> None:
    """End this process as soon as its parent has ended, however that came about."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(_PARENT_GONE)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
