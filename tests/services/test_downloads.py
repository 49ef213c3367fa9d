"""The queue of downloads with real processes, a real Hub over HTTP, and real ends of both."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.download import DownloadState
from app.core.hub import HubReason
from app.services.download_space import shortage, target
from tests.hub_server import HubServer
from tests.services.download_rig import REPO, SLOW, DownloadRig, ids, page_of

ROOT = Path(__file__).resolve().parent.parent.parent
S = DownloadState
MakeRig = Callable[..., DownloadRig]
BIG = bytes(range(256)) * 4096


@pytest.fixture
def hub(server: HubServer, tiny_model: Path) -> HubServer:
    files = {"a.gguf": tiny_model, "b.gguf": BIG, "c.gguf": BIG[::-1], "mmproj.gguf": b"GGUF" * 99}
    server.add_model(REPO, files)
    return server


@pytest.fixture
def make_rig(qtbot: QtBot, hub: HubServer, tmp_path: Path) -> Iterator[MakeRig]:
    made: list[DownloadRig] = []

    def make(**options: object) -> DownloadRig:
        made.append(DownloadRig(qtbot, hub, tmp_path, **options))
        made[-1].downloads.start()
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: MakeRig) -> DownloadRig:
    return make_rig()


def test_a_download_ends_in_the_library(rig: DownloadRig, qtbot: QtBot, tiny_model: Path) -> None:
    told: list[tuple[object, ...]] = []
    rig.downloads.finished.connect(lambda *what: told.append((threading.current_thread().name, *what)))
    with qtbot.waitSignal(rig.library.scan_finished, timeout=15_000):
        key = rig.add("a.gguf", "mmproj.gguf", title="name Q4")
    item = rig.until_state(key, S.FINISHED)
    path = rig.folder / "models" / REPO / "a.gguf"
    assert path.read_bytes() == tiny_model.read_bytes()
    assert item.paths == (str(path), str(path.with_name("mmproj.gguf")))
    assert told == [("MainThread", key, list(item.paths))]
    assert item.n_bytes == item.size_bytes == tiny_model.stat().st_size + 396
    rig.until(lambda: rig.library.entry(str(path)) is not None)
    assert rig.library.entry(str(path)).facts is not None
    rig.until(lambda: [row["state"] for row in rig.kept()] == ["finished"])


def test_the_same_files_again_are_the_same_download(rig: DownloadRig, hub: HubServer) -> None:
    key = rig.add("a.gguf")
    assert rig.add("a.gguf", title="another title") == key
    rig.until_state(key, S.FINISHED)
    os.remove(rig.item(key).paths[0])
    assert rig.add("a.gguf") == key
    rig.until(lambda: rig.item(key).state is S.FINISHED and Path(rig.item(key).paths[0]).exists())
    page = page_of(hub)
    assert rig.downloads.of_files(page, page.files[:1], hub.endpoint) == rig.item(key)
    assert rig.downloads.of_files(page, page.files[:2], hub.endpoint) is None
    hub.update(REPO, {"a.gguf": b"GGUFnew"})
    assert rig.add("a.gguf") != key, "of another commit"


def test_at_most_so_many_run_and_the_order_is_kept(rig: DownloadRig, hub: HubServer) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    rig.preferences.set_value("n_downloads", 1)
    first, second, third = (rig.add(f"{name}.gguf") for name in "bca")
    rig.until_under_way(first)
    assert rig.states()[1:] == [S.WAITING, S.WAITING]
    rig.downloads.move(third, -1)
    assert ids(rig.downloads.items) == [first, third, second]
    rig.preferences.set_value("n_downloads", 2)
    rig.until_state(third, S.RUNNING, S.FINISHED)
    slow.bytes_per_s = 0
    rig.until_state(third, S.FINISHED)
    rig.until_state(second, S.RUNNING)
    rig.downloads.pause_all()
    assert rig.downloads.n_active == 0
    rig.until(lambda: [row["request"]["id"] for row in rig.kept()][:1] == [first])


def test_pause_ends_the_process_and_resume_goes_on_where_it_was(rig: DownloadRig, hub: HubServer) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf")
    rig.until_under_way(key)
    rig.downloads.pause(key)
    assert rig.item(key).state is S.PAUSED
    rig.until(lambda: not _children())
    n_before = rig.partial_files()[0].stat().st_size
    assert 0 < n_before < len(BIG)
    slow.bytes_per_s = 0
    rig.downloads.resume(key)
    rig.until_state(key, S.FINISHED)
    assert Path(rig.item(key).paths[0]).read_bytes() == BIG
    assert rig.asked("b.gguf")[-1] == f"bytes={n_before}-"


def _children() -> list[int | None]:
    return [one.pid for one in multiprocessing.active_children() if one.name == "download"]


def test_cancel_is_undone_for_a_moment(rig: DownloadRig, hub: HubServer) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    other, key = rig.add("c.gguf"), rig.add("b.gguf")
    rig.until_under_way(key)
    rig.downloads.move(key, -1)
    rig.downloads.cancel(key)
    assert ids(rig.downloads.items) == [other]
    rig.until(lambda: [row.get("is_cancelled") for row in rig.kept()] == [None, True])
    rig.downloads.restore(key)
    assert ids(rig.downloads.items) == [key, other]
    slow.bytes_per_s = 0
    rig.until_state(key, S.FINISHED)
    assert rig.asked("b.gguf")[-1].startswith("bytes="), "what had arrived was still there"


def test_after_that_moment_what_had_arrived_is_deleted(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(undo_s=0.05)
    hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf")
    rig.until_under_way(key)
    assert rig.partial_files()
    rig.downloads.cancel(key)
    rig.until(lambda: not rig.partial_files())
    rig.downloads.restore(key)
    assert rig.downloads.items == ()
    rig.until(lambda: rig.kept() == [])


def test_what_another_download_still_wants_is_not_deleted(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(undo_s=0.01)
    slow = hub.fault("*", bytes_per_s=SLOW)
    alone, both = rig.add("b.gguf"), rig.add("b.gguf", "mmproj.gguf")
    rig.until_under_way(alone)
    assert rig.item(both).state is S.WAITING, "only one writes a file at a time"
    rig.downloads.pause(both)
    rig.downloads.cancel(alone)
    rig.until(lambda: len(rig.kept()) == 1)
    rig.until(lambda: not _children())
    assert rig.partial_files()
    slow.bytes_per_s = 0
    rig.downloads.resume(both)
    rig.until_state(both, S.FINISHED)
    assert rig.asked("b.gguf")[-1].startswith("bytes=")


def test_the_next_start_goes_on(rig: DownloadRig, hub: HubServer) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    running, paused = rig.add("b.gguf"), rig.add("c.gguf")
    rig.until_under_way(running)
    rig.until_under_way(paused)
    rig.downloads.pause(paused)
    slow.bytes_per_s = 0
    rig.restart()
    rig.until_state(running, S.FINISHED)
    assert rig.asked("b.gguf")[-1].startswith("bytes=")
    assert rig.item(paused).state is S.PAUSED
    rig.until(lambda: rig.item(paused).progress.n_bytes > 0)
    rig.downloads.resume(paused)
    rig.until_state(paused, S.FINISHED)


_APP = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.core.settings import APP
from app.services.downloads import Downloads
from app.services.library import LibraryService
from app.services.preferences import Preferences

if __name__ == "__main__":
    application, folder = QCoreApplication([]), Path(sys.argv[1])
    library = LibraryService(folder / "library.json", folder / "headers.json")
    preferences = Preferences(APP, folder / "preferences.json")
    downloads = Downloads(folder / "downloads.json", preferences, lambda endpoint: "", library)
    downloads.progressed.connect(lambda key: print(downloads.item(key).n_bytes, flush=True))
    downloads.start()
    application.exec()
"""


def test_an_app_that_is_killed_goes_on_at_its_next_start(
    make_rig: MakeRig, hub: HubServer, tmp_path: Path
) -> None:
    rig = make_rig(retry_s=(0.1,) * 50)  # its process may live a moment longer, and hold the file
    slow = hub.fault("*", bytes_per_s=SLOW)
    rig.preferences.close()
    key = rig.add("b.gguf")
    rig.close_downloads()
    script = tmp_path / "app_for_downloads.py"
    script.write_text(_APP)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, script, tmp_path], stdout=subprocess.PIPE, text=True, env=environment
    ) as app:
        assert app.stdout is not None
        assert any(int(line) > 0 for line in app.stdout)
        app.kill()
    n_before = rig.partial_files()[0].stat().st_size
    slow.bytes_per_s = 0
    rig.restart()
    rig.until_state(key, S.FINISHED)
    assert Path(rig.item(key).paths[0]).read_bytes() == BIG
    begun = int(rig.asked("b.gguf")[-1].removeprefix("bytes=").removesuffix("-"))
    assert begun >= n_before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_that_is_killed_is_said_so_and_gone_on_with(rig: DownloadRig, hub: HubServer) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf")
    rig.until_under_way(key)
    (pid,) = _children()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    item = rig.until_state(key, S.FAILED)
    assert item.error is not None
    assert item.error.reason is HubReason.PROCESS_LOST
    assert "SIGKILL" in item.error.message
    slow.bytes_per_s = 0
    rig.downloads.retry(key)
    rig.until_state(key, S.FINISHED)
    assert rig.item(key).error is None


def test_what_cannot_be_had_says_why_and_can_be_tried_again(rig: DownloadRig, hub: HubServer) -> None:
    failed: list[str] = []
    rig.downloads.failed.connect(failed.append)
    hub.models[REPO].gated = "auto"
    hub.add_token("hf_good", "ada")
    hub.models[REPO].accounts.add("ada")
    key = rig.add("a.gguf")
    item = rig.until_state(key, S.FAILED)
    assert item.error is not None
    assert item.error.reason in {HubReason.GATED, HubReason.UNAUTHORISED}
    assert failed == [key]
    assert rig.downloads.totals.n_failed == 1
    rig.restart()
    assert rig.item(key).state is S.FAILED
    assert rig.item(key).error.reason is item.error.reason
    rig.tokens[hub.endpoint] = "hf_good"
    rig.downloads.retry_refused()
    rig.until_state(key, S.FINISHED)


def test_a_token_is_asked_for_by_the_endpoint_of_the_download(rig: DownloadRig, hub: HubServer) -> None:
    rig.tokens["http://another.example"] = "hf_not_for_you"
    rig.until_state(rig.add("a.gguf"), S.FINISHED)
    assert {seen.token for seen in hub.seen} == {""}


def test_what_may_pass_is_tried_again_by_itself(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(retry_s=(0.6, 0.6))
    fault = hub.fault("*", status=503)
    key = rig.add("a.gguf")
    item = rig.until_state(key, S.RETRYING)
    rig.until(lambda: rig.item(key).retry_at is not None and rig.item(key).error is not None)
    item = rig.item(key)
    assert item.error.reason is HubReason.SERVER_ERROR
    assert rig.downloads.n_active == 1
    fault.times = 0
    rig.until_state(key, S.FINISHED)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_set_meanwhile_changes_no_waiting(
    make_rig: MakeRig, hub: HubServer, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    rig = make_rig(retry_s=(0.6, 0.6))
    fault = hub.fault("*", status=503)
    key = rig.add("b.gguf")
    rig.until(lambda: rig.item(key).state is S.RETRYING and not _children())
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + days * 86400)
    fault.times = 0
    rig.until_state(key, S.FINISHED)


def test_the_process_says_why_it_waits(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(backoff_s=(60.0,))
    fault = hub.fault("*", status=503)
    key = rig.add("a.gguf")
    item = rig.until_state(key, S.RETRYING)
    assert item.error is not None
    assert item.error.reason is HubReason.SERVER_ERROR
    assert item.retry_at is not None
    fault.times = 0
    rig.downloads.resume(key)  # a new process waits for nothing
    assert rig.until_state(key, S.FINISHED).error is None


def test_in_the_end_it_gives_up(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(retry_s=(0.01,))
    hub.fault("*", status=503)
    key = rig.add("a.gguf")
    assert rig.until_state(key, S.FAILED).error.reason is HubReason.SERVER_ERROR


def test_waiting_for_the_next_try_can_be_cut_short(make_rig: MakeRig, hub: HubServer) -> None:
    rig = make_rig(retry_s=(3600.0,))
    fault = hub.fault("*", status=503)
    key = rig.add("a.gguf")
    rig.until(lambda: rig.item(key).error is not None)
    fault.times = 0
    rig.downloads.resume(key)
    rig.until_state(key, S.FINISHED)


def test_more_than_the_disk_holds_is_refused_before_anything_is_written(
    rig: DownloadRig, hub: HubServer
) -> None:
    page = page_of(hub)
    huge = replace(page.files[0], size_bytes=10**18)
    key = rig.downloads.add(page, [huge], "huge", hub.endpoint)
    error = rig.until_state(key, S.FAILED).error
    assert error is not None
    assert error.reason is HubReason.DISK_FULL
    assert not hub.seen
    assert not (rig.folder / "models").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no file system here that has no size")
def test_a_disk_that_does_not_tell_its_room_is_not_taken_for_a_full_one(rig: DownloadRig) -> None:
    key = rig.add("a.gguf")
    request = replace(rig.item(key).request, folder="/proc/models")
    assert shortage(request, {"/proc/models": 10**18}) is None
    assert target("/proc/models", {}).free_bytes is None


def test_what_failed_for_its_folder_goes_to_the_one_that_is_chosen_then(rig: DownloadRig) -> None:
    (rig.folder / "models").write_text("no folder")
    key = rig.add("a.gguf")
    error = rig.until_state(key, S.FAILED).error
    assert error is not None
    assert error.reason is HubReason.CANNOT_WRITE
    other = str(rig.folder / "other")
    rig.preferences.set_value("download_folder", other)
    rig.downloads.retry(key)
    assert rig.until_state(key, S.FINISHED, S.FAILED).paths == (os.path.join(other, REPO, "a.gguf"),)


def test_what_others_will_still_write_counts(rig: DownloadRig, hub: HubServer, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rig.downloads.target_changed):
        rig.downloads.ask_target()
    assert rig.downloads.target is not None
    free = rig.downloads.target.free_bytes
    assert free is not None
    half = int(free * 0.6)
    hub.fault("*", hang=True)
    page = page_of(hub)
    wanted = [replace(file, size_bytes=half) for file in page.files if file.path in {"b.gguf", "c.gguf"}]
    first = rig.downloads.add(page, wanted[:1], "first", hub.endpoint)
    second = rig.downloads.add(page, wanted[1:], "second", hub.endpoint)
    error = rig.until_state(second, S.FAILED).error
    assert error is not None
    assert error.reason is HubReason.DISK_FULL
    assert error.values["free"] < half
    assert rig.item(first).state is S.RUNNING
    rig.until(lambda: rig.downloads.target.promised_bytes >= half)


def test_no_folder_of_ones_own_is_the_shared_cache(
    rig: DownloadRig, hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    rig.preferences.reset("download_folder")
    rig.until(lambda: rig.downloads.target is not None and rig.downloads.target.folder == "")
    assert rig.downloads.target.path == str(tmp_path / "hub")
    item = rig.until_state(rig.add("a.gguf"), S.FINISHED)
    commit = page_of(hub).commit
    assert item.paths == (
        str(tmp_path / "hub" / "models--owner--name-GGUF" / "snapshots" / commit / "a.gguf"),
    )


def test_a_finished_file_that_goes_is_noticed(rig: DownloadRig) -> None:
    key = rig.add("a.gguf")
    os.remove(rig.until_state(key, S.FINISHED).paths[0])
    rig.downloads.look_for_files()
    rig.until(lambda: rig.item(key).is_missing)
    rig.downloads.resume(key)
    rig.until(lambda: rig.item(key).state is S.FINISHED and not rig.item(key).is_missing)
    rig.downloads.clear_finished()
    assert rig.downloads.items == ()
    assert (rig.folder / "models" / REPO / "a.gguf").exists()
    rig.until(lambda: rig.kept() == [])


def test_a_file_that_cannot_be_saved_is_told_once(rig: DownloadRig, allow_log: Callable[[str], None]) -> None:
    allow_log("could not be saved")
    told: list[object] = []
    rig.downloads.save_failed.connect(told.append)
    rig.queue_path.mkdir()
    key = rig.add("b.gguf")
    rig.until(lambda: len(told) == 1)
    rig.downloads.pause(key)
    rig.downloads.resume(key)
    rig.until_state(key, S.FINISHED)
    rig.queue_path.rmdir()
    rig.downloads.cancel(key)
    rig.until(lambda: rig.kept() != [])
    assert len(told) == 1
