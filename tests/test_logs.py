"""Logs rotate, old ones go, and what kills a process is written down."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from app import logs
from app.paths import Paths

ROOT = Path(logs.__file__).resolve().parent.parent


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.prepare()
    return paths


def test_a_log_is_written_and_rotates(paths: Paths) -> None:
    path = logs.start(paths, "window")
    log = logging.getLogger("test")
    try:
        log.info("first")
        for number in range(30):
            log.info("%s %s", number, "x" * 100_000)
    finally:
        logs.stop()
    assert path.stat().st_size < 1_100_000
    assert len(list(paths.logs_dir.glob("window.log*"))) >= 3
    assert not any(isinstance(item, RotatingFileHandler) for item in logging.getLogger().handlers)


def test_addresses_of_requests_stay_out_of_the_log(paths: Paths) -> None:
    import httpx2

    from tests.hub_server import HubServer

    path = logs.start(paths, "window", level=logging.DEBUG)
    try:
        with HubServer() as server, httpx2.Client(trust_env=False) as client:
            logging.getLogger("test").info("before")
            client.get(f"{server.endpoint}/api/models?search=secret-plan")
    finally:
        logs.stop()
    assert "before" in path.read_text()
    assert "secret-plan" not in path.read_text()


def test_old_worker_logs_go(paths: Paths) -> None:
    for number in range(60):
        path = paths.worker_log("m", f"20261121-{number:06}")
        path.write_text("x")
        os.utime(path, (number, number))
    logs.prune(paths)
    left = sorted(path.name for path in paths.logs_dir.glob("worker-*.log"))
    assert len(left) == 40
    assert left[0] == paths.worker_log("m", "20261121-000020").name


def test_a_file_that_another_process_deletes_meanwhile_is_left_out(tmp_path: Path) -> None:
    """As long as a folder is listed before its files are looked at; a link to nothing stands for such a file."""
    (tmp_path / "here.txt").write_text("x")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing")
    assert [path.name for path, _ in logs.files_by_age(tmp_path, "*.txt")] == ["here.txt"]


def _die(paths: Paths, how: str) -> subprocess.CompletedProcess[str]:
    code = f"""
import sys, os, threading
from app.paths import Paths
from app import logs
paths = Paths({str(paths.profile_dir)!r})
logs.start(paths, "window")
crash = logs.CrashFile(paths, "window", on_error=lambda line: print("told", line))
{how}
"""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False, timeout=30
    )


def _crash_texts(paths: Paths) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in paths.crash_dir.glob("*.txt")]


def test_a_clean_end_leaves_no_crash_file(paths: Paths) -> None:
    assert _die(paths, "crash.close()").returncode == 0
    assert _die(paths, "pass").returncode == 0
    assert _crash_texts(paths) == []
    assert logs.bad_ends(paths, "window") == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_signal_is_written_down(paths: Paths) -> None:
    done = _die(paths, "import signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert done.returncode == -11
    (text,) = _crash_texts(paths)
    assert "Segmentation fault" in text
    (path,) = logs.bad_ends(paths, "window")
    logs.mark_seen(path)
    assert logs.bad_ends(paths, "window") == []
    assert "Segmentation fault" in logs.seen_name(path).read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_process_is_noticed_though_it_wrote_nothing(paths: Paths) -> None:
    _die(paths, "import signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert _crash_texts(paths) == [""]
    assert len(logs.bad_ends(paths, "window")) == 1


@pytest.mark.parametrize(
    "how",
    [
        "raise ValueError('the reason')",
        "t = threading.Thread(target=lambda: int('the reason')); t.start(); t.join()",
    ],
    ids=["main", "thread"],
)
def test_an_uncaught_exception_is_written_told_and_logged(paths: Paths, how: str) -> None:
    done = _die(paths, how)
    assert "told ValueError" in done.stdout
    assert "the reason" in done.stderr
    (text,) = _crash_texts(paths)
    assert "Traceback" in text
    assert "the reason" in (paths.logs_dir / "window.log").read_text(encoding="utf-8")


def test_a_running_process_is_no_bad_end(paths: Paths) -> None:
    crash = logs.CrashFile(paths, "window")
    try:
        assert crash.path.exists()
        assert logs.bad_ends(paths, "window") == []
    finally:
        crash.close()
    assert not crash.path.exists()
