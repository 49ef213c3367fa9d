"""The front door: which command, which window, and a clear line where there can be none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.ui.shell import display

ROOT = Path(display.__file__).resolve().parents[3]


def _environment(**changes: str | None) -> dict[str, str]:
    environment = dict(os.environ) | {name: value for name, value in changes.items() if value is not None}
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
    return environment


def _loadout(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_environment(**environment),
        check=False,
        timeout=50,
    )


def test_the_version() -> None:
    done = _loadout("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("loadout 0.")


def test_help_lists_the_commands() -> None:
    done = _loadout("--help")
    assert done.returncode == 0
    for command in ("run", "bench", "models", "devices", "settings", "--profile-dir"):
        assert command in done.stdout


def test_wrong_usage_is_2() -> None:
    assert _loadout("--no-such-option").returncode == 2
    assert _loadout("run").returncode == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_without_a_display_one_line_says_what_still_works(profile_dir: Path) -> None:
    done = _loadout(
        "--profile-dir", str(profile_dir), QT_QPA_PLATFORM=None, DISPLAY=None, WAYLAND_DISPLAY=None
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no display" in done.stderr
    for command in ("run", "bench", "models", "devices", "settings"):
        assert command in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
def test_a_display_that_does_not_answer_is_no_abort(profile_dir: Path) -> None:
    done = _loadout(
        "--profile-dir", str(profile_dir), QT_QPA_PLATFORM=None, DISPLAY=":77", WAYLAND_DISPLAY=None
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot open a window" in done.stderr


def test_a_missing_library_names_its_package() -> None:
    message = "libxcb-cursor.so.0: cannot open shared object file: No such file or directory"
    assert display.missing_library(message) == "libxcb-cursor.so.0"
    assert "libxcb-cursor0" in display.package_for("libxcb-cursor.so.0")
    assert "libodd.so.3" in display.package_for("libodd.so.3")
    assert display.missing_library("undefined symbol: x") == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
def test_a_library_that_is_missing_here_is_found_out_before_qt_aborts(tmp_path: Path) -> None:
    """A Qt plugin that cannot be loaded, made for the purpose, in the place of Qt's own."""
    code = """
import ctypes, sys
from app.ui.shell import display
def refuse(name, *rest, **more):
    raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")
ctypes.CDLL = refuse
print(display.why_no_window({"DISPLAY": ":0"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, env=_environment()
    )
    assert "apt install libxcb-cursor0" in done.stdout


def test_a_profile_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = _loadout("--profile-dir", str(tmp_path / "file"))
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert done.stderr.count("\n") == 1


class Window:
    """The real program with its window, offscreen."""

    def __init__(self, profile: Path, *arguments: str) -> None:
        self.profile = profile
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "--profile-dir", str(profile), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, done: object, timeout_s: float = 30) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():  # type: ignore[operator]
            assert time.monotonic() < deadline, self.end()
            assert self.process.poll() is None, self.end()
            time.sleep(0.05)

    def log(self) -> str:
        path = self.profile / "logs" / "window.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_the_window_opens_a_file_ends_cleanly_and_leaves_nothing(profile_dir: Path, tiny_model: Path) -> None:
    window = Window(profile_dir, str(tiny_model))
    window.wait_for((profile_dir / "config" / "library.json").exists)
    children = window.children()
    code, errors = window.end()
    assert (code, errors.replace("This plugin does not support propagateSizeHints()\n", "")) == (0, "")
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running()]
    assert list((profile_dir / "logs" / "crashes").iterdir()) == []
    record = json.loads((profile_dir / "config" / "window.json").read_text(encoding="utf-8"))
    assert record["page"] == "chat"
    assert "ERROR" not in window.log()


def test_a_second_start_hands_over_and_ends(profile_dir: Path, tiny_model: Path) -> None:
    first = Window(profile_dir)
    try:
        first.wait_for(lambda: "window is open" in first.log())
        second = _loadout("--profile-dir", str(profile_dir), str(tiny_model))
        assert (second.returncode, second.stderr) == (0, "")
        first.wait_for((profile_dir / "config" / "library.json").exists)
        assert tiny_model.name in (profile_dir / "config" / "library.json").read_text(encoding="utf-8")
    finally:
        assert first.end()[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_after_a_kill_the_next_start_is_the_first(profile_dir: Path) -> None:
    first = Window(profile_dir)
    first.wait_for(lambda: "window is open" in first.log())
    first.end(signal.SIGKILL)
    n_before = first.log().count("window is open")
    second = Window(profile_dir)
    second.wait_for(lambda: second.log().count("window is open") > n_before)
    assert second.end()[0] == 0
    assert [
        path.name for path in (profile_dir / "logs" / "crashes").iterdir() if path.name.startswith("seen-")
    ]


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_profile_may_be_named_on_either_side_of_the_command(
    python: str, tmp_path: Path, order: str
) -> None:
    profile = tmp_path / "here"
    named = ["--profile-dir", str(profile)]
    arguments = [*named, "models"] if order == "before" else ["models", *named]
    done = subprocess.run(
        [python, "-m", "app", *arguments, "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert profile.is_dir()
