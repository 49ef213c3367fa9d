"""A download from beginning to chat, with the window killed in the middle of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.core.download import DownloadRequest, DownloadState
from app.core.download_queue import QueuedDownload, QueueFile
from app.core.settings import APP
from app.paths import Paths
from app.services.preferences import Preferences
from app.services.session import SessionState
from tests.end2end.real_app import RealApp
from tests.hub_server import HubServer
from tests.listing import files_below
from tests.services.download_rig import page_of

ROOT = Path(__file__).resolve().parent.parent.parent
REPO = "owner/tiny-GGUF"


def _partial_bytes(folder: Path) -> int:
    return sum(files_below(folder, "*.incomplete").values())


def _wanted(server: HubServer, folder: Path) -> DownloadRequest:
    page = page_of(server, REPO)
    files = tuple(file for file in page.files if file.path.endswith(".gguf"))
    return DownloadRequest(
        id="one",
        repo_id=REPO,
        revision="main",
        commit=page.commit,
        files=files,
        folder=str(folder),
        endpoint=server.endpoint,
        title="tiny Q8_0",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_midway_started_again_finished_loaded_and_talked_to(
    tmp_path: Path, tiny_model: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    paths, folder = Paths(tmp_path / "profile"), tmp_path / "models"
    paths.prepare()
    with HubServer() as server:
        server.add_model(REPO, {"tiny.gguf": tiny_model})
        slow = server.fault("*", bytes_per_s=60_000)
        preferences = Preferences(APP, paths.preferences_file)
        preferences.set_value("download_folder", str(folder))
        preferences.close()
        QueueFile(paths.downloads_file).write([QueuedDownload(request=_wanted(server, folder))])
        _run_until_killed(paths, folder)
        n_before = _partial_bytes(folder)
        assert 0 < n_before < tiny_model.stat().st_size
        slow.bytes_per_s = 0
        with RealApp(tmp_path / "profile") as real:
            _finish_and_talk(real, folder, tiny_model)
        asked = [seen.headers.get("range", "") for seen in server.seen if seen.host == "cdn"]
    begun = int(asked[-1].removeprefix("bytes=").removesuffix("-"))
    assert begun >= n_before


def _run_until_killed(paths: Paths, folder: Path) -> None:
    command = [sys.executable, "-m", "app", "--profile-dir", str(paths.profile_dir)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as window:
        deadline = time.monotonic() + 40
        while not _partial_bytes(folder):
            assert time.monotonic() < deadline, "nothing arrives"
            assert window.poll() is None
            time.sleep(0.02)
        window.kill()


def _finish_and_talk(real: RealApp, folder: Path, model: Path) -> None:
    downloads = real.profile.downloads
    real.wait(lambda: downloads.items[0].state is DownloadState.FINISHED, "the download to finish")
    path = folder / REPO / "tiny.gguf"
    assert path.read_bytes() == model.read_bytes()
    real.wait(lambda: real.profile.library.entry(str(path)) is not None, "it to be in the library")
    toast = real.window.toast
    load = next(button for button in toast.findChildren(QPushButton) if button.text() == "Load")
    assert load.isVisible(), "another page is shown: the window says that it is there"
    QTest.mouseClick(load, Qt.MouseButton.LeftButton)
    real.wait(lambda: real.profile.session.state is SessionState.READY, "the model to be loaded", 60)
    assert real.profile.session.model_path == str(path)
    real.profile.sampling_plan.set_value("max_tokens", 8)
    real.say("Hello")
    assert real.profile.chat.current.path()[-1].text
    _look_for_the_folder(real)


def _look_for_the_folder(real: RealApp) -> None:
    real.window.show_page("discover")
    page: Any = real.page("discover")
    page.show_downloads()
    real.click("Choose another folder for downloads")
    preferences: Any = real.page("preferences")
    row = preferences.rows["download_folder"]
    real.wait(lambda: not row.visibleRegion().isEmpty(), "the folder's setting to be in sight")
