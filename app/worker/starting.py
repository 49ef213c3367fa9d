"""Starts a spawned process that Ctrl+C cannot reach before its own code says what it wants of it."""

from __future__ import annotations

import signal
import sys
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess


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
