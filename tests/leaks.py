"""What a test leaves behind: warnings, threads, processes, windows."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

SETTLE_S = 3.0
"""How long threads and processes that are already ending may take to end."""


class _Collector(logging.Handler):
    """Keeps the warnings and errors that reach the root logger."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class LeakCheck:
    """Compares the process after a test with the process before it."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = [re.compile(pattern, re.DOTALL) for pattern in allowed]
        self._collector = _Collector()
        self._threads: set[int] = set()
        self._processes: set[int] = set()
        self._windows: set[int] = set()

    def allow(self, pattern: str) -> None:
        """Warnings whose text matches `pattern` are expected from now on."""
        self._allowed.append(re.compile(pattern, re.DOTALL))

    def start(self) -> None:
        """Remember what exists."""
        self._threads = {id(thread) for thread in threading.enumerate()}
        self._processes = set(_child_pids())
        self._windows = {id(window) for window in _visible_windows()}
        logging.getLogger().addHandler(self._collector)

    def finish(self, leftovers: set[str]) -> list[str]:
        """What is new and should not be, in words, but for `leftovers`. New processes are ended."""
        logging.getLogger().removeHandler(self._collector)
        found = [
            f"  logged {_text(record)}" for record in self._collector.records if not self._expected(record)
        ]
        # Windows first: closing them may be what ends a thread or a process.
        if "windows" not in leftovers:
            found += [f"  window {window!r}" for window in self._new_windows()]
        if "processes" not in leftovers:
            found += self._end_processes()
        if "threads" not in leftovers:
            found += [f"  thread {thread!r}" for thread in _settled(self._new_threads)]
        return found

    def _expected(self, record: logging.LogRecord) -> bool:
        text = _text(record)
        return any(pattern.search(text) for pattern in self._allowed)

    def _new_threads(self) -> list[threading.Thread]:
        # A _DummyThread is a thread of Qt's (QThreadPool keeps its own) in which Python code ran once.
        return [
            thread
            for thread in threading.enumerate()
            if id(thread) not in self._threads and not isinstance(thread, threading._DummyThread)
        ]

    def _new_processes(self) -> list[int]:
        return [pid for pid in _child_pids() if pid not in self._processes]

    def _new_windows(self) -> list[Any]:
        windows = [window for window in _visible_windows() if id(window) not in self._windows]
        for window in windows:
            window.hide()
            window.deleteLater()
        return windows

    def _end_processes(self) -> list[str]:
        multiprocessing.active_children()  # joins those that have ended
        found: list[str] = []
        for pid in _settled(self._new_processes):
            try:
                process = psutil.Process(pid)
                command = " ".join(process.cmdline()) or process.name()
                process.kill()
                process.wait(5)
            except (psutil.NoSuchProcess, psutil.TimeoutExpired):
                continue
            found.append(f"  process {pid}: {command[:200]}")
        return found


_PLATFORM_REMARK = (
    "This plugin does not support"  # of the offscreen platform; pyproject.toml excuses it within tests
)


class QtMessages:
    """Qt's warnings while no pytest-qt capture is active: in fixtures and while the test is torn down."""

    def __init__(self) -> None:
        self._messages: list[str] = []
        self._previous: Any = None
        self._installed = False

    def install(self) -> None:
        """Listen, if pytest-qt has loaded Qt already; never load it for this."""
        if "PySide6.QtCore" not in sys.modules:
            return
        from PySide6.QtCore import qInstallMessageHandler

        self._previous = qInstallMessageHandler(self._receive)
        self._installed = True

    def uninstall(self) -> None:
        """Restore the handler that was there before."""
        if self._installed:
            from PySide6.QtCore import qInstallMessageHandler

            qInstallMessageHandler(self._previous)

    def clear(self) -> None:
        """Forget what was said so far."""
        self._messages.clear()

    def unexpected(self) -> list[str]:
        """The warnings since `clear`, in words."""
        return [f"  Qt says {message}" for message in self._messages]

    def _receive(self, kind: Any, _context: Any, message: str) -> None:
        is_remark = message.startswith(_PLATFORM_REMARK)
        if kind.name in {"QtWarningMsg", "QtCriticalMsg", "QtFatalMsg"} and not is_remark:
            self._messages.append(message)
        print(message, file=sys.stderr)


def _text(record: logging.LogRecord) -> str:
    text = f"{record.levelname} {record.name}: {record.getMessage()}"
    if record.exc_info and record.exc_info[0] is not None:
        text += f" ({record.exc_info[0].__name__}: {record.exc_info[1]})"
    return text


def _settled(leftover: Any) -> list[Any]:
    """What `leftover()` still lists after it had time to become empty."""
    if not leftover():
        return []
    gc.collect()  # a queue that went out of scope ends its feeder thread
    deadline = time.monotonic() + SETTLE_S
    while (rest := leftover()) and time.monotonic() < deadline:
        multiprocessing.active_children()
        time.sleep(0.02)
    return rest


def _child_pids() -> list[int]:
    """Our running children, without multiprocessing's resource tracker, which lives as long as we do."""
    return [pid for pid in _direct_children() if pid != _resource_tracker_pid() and _is_running(pid)]


def _direct_children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task")
    try:
        # Much cheaper than asking every process of the machine for its parent.
        return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    except OSError:
        return [process.pid for process in psutil.Process().children()]


def _resource_tracker_pid() -> int | None:
    module = sys.modules.get("multiprocessing.resource_tracker")
    return getattr(getattr(module, "_resource_tracker", None), "_pid", None)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _visible_windows() -> list[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    app = widgets.QApplication.instance() if widgets else None
    if app is None or not hasattr(app, "topLevelWidgets"):
        return []
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    return [window for window in app.topLevelWidgets() if window.isVisible()]
