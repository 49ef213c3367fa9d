"""``--profile-dir`` moves every file that the app writes: the window, its worker, and what a killed window leaves."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import tiny_models

ROOT = Path(__file__).resolve().parent.parent.parent


def _files(folder: Path) -> list[str]:
    """Everything below `folder` but folders and sockets, which are no files."""
    found = [path for path in folder.rglob("*") if not path.is_dir()]
    return [str(path) for path in found if not stat.S_ISSOCK(path.lstat().st_mode)]


def _folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    home, scratch, profile = tmp_path / "home", tmp_path / "scratch", tmp_path / "profile"
    for folder in (home, scratch):
        folder.mkdir()
    return home, scratch, profile


def _environment(home: Path, scratch: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_window_leaves_files_in_its_profile_only(tmp_path: Path) -> None:
    home, scratch, profile = _folders(tmp_path)
    log = profile / "logs" / "window.log"
    command = [sys.executable, "-m", "app", "--profile-dir", str(profile)]
    window = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(home, scratch),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 40
        while not (log.exists() and "the window is open" in log.read_text(encoding="utf-8")):
            assert time.monotonic() < deadline, "the window did not open"
            assert window.poll() is None
            time.sleep(0.05)
        time.sleep(1)
    finally:
        window.send_signal(signal.SIGKILL)
        window.wait()
    assert _files(home) == []
    assert _files(scratch) == []


def test_a_run_without_window_writes_to_its_profile_only(tmp_path: Path) -> None:
    home, scratch, profile = _folders(tmp_path)
    model = tiny_models.build_llama(tmp_path / "model.gguf")
    command = [sys.executable, "-m", "app", "--profile-dir", str(profile), "run", str(model), "--prompt", "a"]
    done = subprocess.run(
        [*command, "--max-tokens", "4"],
        cwd=ROOT,
        env=_environment(home, scratch),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _files(home) == []
    assert _files(scratch) == []
    assert list((profile / "logs").glob("worker-*.log"))
