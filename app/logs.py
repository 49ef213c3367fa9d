"""Logs and crash files of every process: rotating, bounded, and still there after a crash."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import itertools
import logging
import logging.handlers
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

from app.paths import Paths

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_MAX_BYTES = 1_000_000
_N_ROTATED = 4
_N_WORKER_LOGS = 40
_N_CRASH_FILES = 20
_LARGEST_KEPT_BYTES = 50_000_000

# They write down the address of every request: what was searched for, and links that open a gated file to anyone.
_ADDRESS_LOGGERS = ("httpx2", "httpcore2")

log = logging.getLogger(__name__)


def timestamp() -> str:
    """The local time as ``20261121-081500``, for file names that sort."""
    return time.strftime("%Y%m%d-%H%M%S")


def start(paths: Paths, process: str, *, level: int = logging.INFO) -> Path:
    """Sends the root logger to ``<process>.log`` from now on; returns that file.

    Raises:
        ProfileError: the folder for logs cannot be written.
    """
    paths.logs_dir.mkdir(parents=True, exist_ok=True)
    path = paths.logs_dir / f"{process}.log"
    target = logging.handlers.RotatingFileHandler(
        path,
        maxBytes=_MAX_BYTES,
        backupCount=_N_ROTATED,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )
    target.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(target)
    root.setLevel(level)
    for name in _ADDRESS_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    return path


def stop() -> None:
    """Closes the files that `start` opened."""
    root = logging.getLogger()
    for target in list(root.handlers):
        if isinstance(target, logging.handlers.RotatingFileHandler):
            root.removeHandler(target)
            target.close()
    logging.captureWarnings(False)


def prune(paths: Paths) -> None:
    """Deletes the oldest worker logs and crash files beyond what is kept."""
    _keep_newest(paths.logs_dir, "worker-*.log", _N_WORKER_LOGS)
    _keep_newest(paths.crash_dir, "*.txt", _N_CRASH_FILES)


def files_by_age(folder: Path, *patterns: str) -> list[tuple[Path, os.stat_result]]:
    """The files of `folder` that match one of the glob patterns, newest first.

    Those that another process deletes meanwhile are left out.
    """
    found: list[tuple[Path, os.stat_result]] = []
    for path in itertools.chain.from_iterable(folder.glob(pattern) for pattern in patterns):
        with contextlib.suppress(OSError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda item: item[1].st_mtime_ns, reverse=True)


def _keep_newest(folder: Path, pattern: str, n_kept: int) -> None:
    total_bytes = 0
    for index, (path, status) in enumerate(files_by_age(folder, pattern)):
        total_bytes += status.st_size
        if index >= n_kept or (index > 0 and total_bytes > _LARGEST_KEPT_BYTES):
            path.unlink(missing_ok=True)


class CrashFile:
    """Where a process writes what killed it: signals by faulthandler, uncaught exceptions by Python.

    The file exists while the process runs and is deleted at a clean end; one that has text in it, or whose
    process is gone without having deleted it, tells of a bad end.
    """

    def __init__(self, paths: Paths, process: str, on_error: Callable[[str], None] | None = None) -> None:
        """Watches from now on. `on_error` gets an uncaught exception's last line, in its thread."""
        paths.crash_dir.mkdir(parents=True, exist_ok=True)
        self.path = paths.crash_dir / f"{process}-{timestamp()}-{os.getpid()}.txt"
        self.on_error = on_error
        self._file: IO[str] | None = self.path.open("w", encoding="utf-8")
        faulthandler.enable(self._file, all_threads=True)
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        sys.unraisablehook = self._unraisable
        atexit.register(self.close)

    def close(self) -> None:
        """A clean end: stops watching, deletes the file if nothing was written to it."""
        if self._file is None:
            return
        atexit.unregister(self.close)
        faulthandler.disable()
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        self._file.close()
        self._file = None
        if self.path.exists() and self.path.stat().st_size == 0:
            self.path.unlink(missing_ok=True)

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None, where: str = ""
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        log.critical("uncaught exception%s\n%s", where, text)
        if self._file is not None:
            self._file.write(f"{timestamp()}{where}\n{text}\n")
            self._file.flush()
        if sys.stderr is not None:
            sys.stderr.write(text)
        if self.on_error is not None:
            self.on_error(f"{kind.__name__}: {error}")

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            name = args.thread.name if args.thread is not None else "?"
            self._uncaught(args.exc_type, args.exc_value, args.exc_traceback, f" in thread {name}")

    def _unraisable(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            self._uncaught(args.exc_type, args.exc_value, args.exc_traceback, f" in {args.object!r}")


def bad_ends(paths: Paths, process: str) -> list[Path]:
    """Crash files of earlier processes called `process` that ended badly, newest first.

    An empty file counts too: its process was killed, or the power went.
    """
    return [path for path, _ in files_by_age(paths.crash_dir, f"{process}-*.txt") if not _is_running(path)]


def mark_seen(path: Path) -> None:
    """Renames a crash file that the user has been told of, so that it is told once."""
    path.rename(seen_name(path))


def seen_name(path: Path) -> Path:
    """What `mark_seen` calls a crash file."""
    return path.with_name(f"seen-{path.name}")


def _is_running(crash_file: Path) -> bool:
    """Whether the process that the file's name ends with is alive."""
    import psutil  # 20 ms, and only needed when a crash file exists

    pid = crash_file.stem.rpartition("-")[2]
    return pid.isdigit() and psutil.pid_exists(int(pid))
