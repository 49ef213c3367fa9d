"""Where things lie, in a checkout and installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app import paths
from app.paths import Paths, ProfileError

ROOT = Path(paths.__file__).resolve().parent.parent


def test_a_profile_folder_holds_everything(tmp_path: Path) -> None:
    profile = Paths(tmp_path / "profile")
    own = [
        profile.config_dir,
        profile.data_dir,
        profile.logs_dir,
        profile.cache_dir,
        profile.crash_dir,
        profile.preferences_file,
        profile.loadouts_file,
        profile.presets_file,
        profile.prompts_file,
        profile.known_good_file,
        profile.library_file,
        profile.headers_file,
        profile.window_file,
        profile.history_file,
        profile.worker_log("Qwen/3 8B", "20261121-080000"),
    ]
    assert all(tmp_path / "profile" in path.parents for path in own)
    assert len(set(own)) == len(own)
    assert not (tmp_path / "profile").exists()


def test_preparing_makes_the_folders(tmp_path: Path) -> None:
    profile = Paths(tmp_path / "profile")
    profile.prepare()
    assert profile.crash_dir.is_dir()
    assert list(profile.config_dir.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProfileError) as caught:
        Paths(tmp_path / "file").prepare()
    assert str(tmp_path / "file") in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_a_full_disk_is_called_that_and_not_another_window(tmp_path: Path) -> None:
    """A full disk lets empty files be made; a limit of no bytes does the same."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(ProfileError) as caught:
            Paths(tmp_path / "profile").prepare()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "config" in str(caught.value)
    assert list((tmp_path / "profile" / "config").iterdir()) == []


def test_without_a_profile_the_system_decides() -> None:
    assert Paths().config_dir != Paths().data_dir
    assert "loadout" in str(Paths().config_dir)


def test_a_worker_log_has_a_plain_name(tmp_path: Path) -> None:
    name = Paths(tmp_path).worker_log("../../etc/a b:c*?" + "x" * 300, "20261121-080000").name
    assert name.startswith("worker-20261121-080000-")
    assert "/" not in name
    assert ":" not in name
    assert len(name) < 120


def test_resources_are_found_in_the_checkout() -> None:
    assert paths.resources() == ROOT / "resources"
    assert (paths.resources() / "icons" / "loadout.svg").is_file()
    assert paths.translations() == ROOT / "translations"


def test_paths_and_logs_import_neither_qt_nor_platformdirs_at_once() -> None:
    code = "import sys, app.paths, app.logs; print([m for m in sys.modules if m in {names!r}])".format(
        names=("PySide6", "platformdirs", "psutil")
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ast.literal_eval(done.stdout) == []
