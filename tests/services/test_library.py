"""The library service with its real thread, real folders and real files."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.library_store import LibraryFile
from app.services.library import LibraryService


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    root = tmp_path / "models"
    root.mkdir()
    for name in ("a.gguf", "b.gguf"):
        shutil.copy(tiny_model, root / name)
    return root


@pytest.fixture
def library(qtbot: QtBot, profile_dir: Path) -> Iterator[LibraryService]:
    service = _open(profile_dir)
    yield service
    assert service.close()


def _open(profile_dir: Path) -> LibraryService:
    return LibraryService(profile_dir / "library.json", profile_dir / "headers.json")


def _names(library: LibraryService) -> list[str]:
    return [Path(entry.path).name for entry in library.entries()]


def _scanned(qtbot: QtBot, library: LibraryService, ask: object) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        ask()  # type: ignore[operator]


def test_folders_and_files_are_found_off_the_ui_thread(
    qtbot: QtBot, library: LibraryService, folder: Path, tiny_moe: Path
) -> None:
    threads: list[str] = []
    library.changed.connect(lambda: threads.append(threading.current_thread().name))
    with qtbot.waitSignals([library.scan_started, library.scan_finished], timeout=5000):
        library.add_folder(folder)
    _scanned(qtbot, library, lambda: library.add_file(tiny_moe))
    assert sorted(_names(library)) == ["a.gguf", "b.gguf", "tiny-moe.gguf"]
    assert set(threads) == {"MainThread"}, "signals arrive where the widgets live"
    assert "library" in {thread.name for thread in threading.enumerate()}
    entry = library.entry(str(tiny_moe))
    assert entry is not None
    assert entry.facts is not None
    assert entry.facts.n_expert == 4


def test_a_file_that_appears_is_known_at_once_and_belongs_to_its_folder(
    qtbot: QtBot, library: LibraryService, folder: Path, tiny_moe: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_folder(folder))
    new = shutil.copy(tiny_moe, folder / "c.gguf")
    library.remove(str(new))
    _scanned(qtbot, library, lambda: library.take_file(new))
    _scanned(qtbot, library, lambda: library.take_file(tiny_moe))
    assert sorted(_names(library)) == ["a.gguf", "b.gguf", "c.gguf", "tiny-moe.gguf"]
    _scanned(qtbot, library, lambda: library.remove_folder(folder))
    assert _names(library) == ["tiny-moe.gguf"], "one that lay in no searched folder was added by itself"


def test_the_list_is_there_after_a_restart(
    qtbot: QtBot, profile_dir: Path, folder: Path, tiny_moe: Path
) -> None:
    first = _open(profile_dir)
    first.add_folder(folder)
    _scanned(qtbot, first, lambda: first.add_file(tiny_moe))
    first.remove(str(folder / "b.gguf"))
    assert first.close()
    second = _open(profile_dir)
    assert second.folders() == [str(folder)]
    _scanned(qtbot, second, second.rescan)
    assert sorted(_names(second)) == ["a.gguf", "tiny-moe.gguf"]
    assert second.close()
    assert str(tiny_moe) in json.loads((profile_dir / "headers.json").read_text())["files"]


def test_removing_hides_until_undone_and_never_deletes(
    qtbot: QtBot, library: LibraryService, folder: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_folder(folder))
    entry_id = str(folder / "a.gguf")
    with qtbot.waitSignal(library.changed):
        library.remove(entry_id)
    assert _names(library) == ["b.gguf"]
    assert library.entry(entry_id) is None
    assert Path(entry_id).exists()
    _scanned(qtbot, library, library.rescan)
    assert _names(library) == ["b.gguf"], "a scan does not bring it back"
    with qtbot.waitSignal(library.changed):
        library.restore(entry_id)
    assert _names(library) == ["a.gguf", "b.gguf"]
    library.remove(entry_id)
    _scanned(qtbot, library, lambda: library.add_file(entry_id))
    assert _names(library) == ["a.gguf", "b.gguf"], "adding it again does"


def test_what_is_gone_from_the_disk_goes_at_the_next_scan(
    qtbot: QtBot, library: LibraryService, folder: Path, tmp_path: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_folder(folder))
    (folder / "a.gguf").unlink()
    (folder / "b.gguf").write_bytes(b"damaged since")
    _scanned(qtbot, library, library.rescan)
    assert _names(library) == ["b.gguf"]
    assert library.entries()[0].error is not None
    folder.rename(tmp_path / "elsewhere")
    _scanned(qtbot, library, library.rescan)
    assert library.entries() == []
    assert [problem.path for problem in library.folder_problems()] == [str(folder)]
    (tmp_path / "elsewhere").rename(folder)
    _scanned(qtbot, library, library.rescan)
    assert library.folder_problems() == []


def test_a_file_added_by_hand_stays_listed_with_its_reason_when_it_is_gone(
    qtbot: QtBot, library: LibraryService, folder: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_file(folder / "a.gguf"))
    (folder / "a.gguf").unlink()
    _scanned(qtbot, library, library.rescan)
    assert "no longer there" in (library.entries()[0].error or "")


def test_folders_can_be_set_as_a_whole(
    qtbot: QtBot, library: LibraryService, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "a.gguf", other / "c.gguf")
    with qtbot.waitSignal(library.folders_changed) as told:
        _scanned(qtbot, library, lambda: library.set_folders([folder, other, folder]))
    assert told.args == [[str(folder), str(other)]]
    assert len(library.entries()) == 3
    with qtbot.assertNotEmitted(library.scan_started):
        library.set_folders([folder, other])
    _scanned(qtbot, library, lambda: library.remove_folder(folder))
    assert _names(library) == ["c.gguf"]


def test_a_scan_of_many_folders_can_be_cancelled_and_closed(
    qtbot: QtBot, library: LibraryService, folder: Path
) -> None:
    for number in range(3000):
        (folder / f"{number % 60}" / f"{number}").mkdir(parents=True)
    _scanned(qtbot, library, lambda: library.set_folders([folder]))
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.rescan()
        library.cancel_scan()
    assert not library.is_scanning
    assert len(library.entries()) == 2, "a cancelled scan takes nothing away"
    for _ in range(20):
        library.rescan()
    start = time.perf_counter()
    assert library.close()
    assert time.perf_counter() - start < 1.0


def test_scans_report_progress(qtbot: QtBot, library: LibraryService, folder: Path) -> None:
    with qtbot.waitSignal(library.scan_progressed, timeout=5000) as told:
        library.add_folder(folder)
    n_found, path = told.args
    assert n_found <= 2
    assert path == str(folder)


def test_what_another_process_adds_is_known_at_the_next_look_and_not_lost(
    qtbot: QtBot, library: LibraryService, profile_dir: Path, folder: Path, tiny_moe: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_file(tiny_moe))
    other = LibraryFile(profile_dir / "library.json")
    kept = other.read()
    other.write(replace(kept, files=(*kept.files, str(folder / "a.gguf"))))
    library.rescan()
    qtbot.waitUntil(lambda: _names(library) == ["a.gguf", "tiny-moe.gguf"])
    library.add_file(folder / "b.gguf")
    library.remove(str(tiny_moe))
    qtbot.waitUntil(lambda: [Path(path).name for path in other.read().files] == ["a.gguf", "b.gguf"])


def test_a_save_keeps_what_another_process_added_just_before(
    qtbot: QtBot, library: LibraryService, profile_dir: Path, folder: Path, tiny_moe: Path
) -> None:
    _scanned(qtbot, library, lambda: library.add_file(tiny_moe))
    other = LibraryFile(profile_dir / "library.json")
    kept = other.read()
    other.write(replace(kept, files=(*kept.files, str(folder / "a.gguf"))))
    library.add_file(folder / "b.gguf")  # before anything could be noticed
    qtbot.waitUntil(lambda: sorted(_names(library)) == ["a.gguf", "b.gguf", "tiny-moe.gguf"], timeout=5000)
    qtbot.waitUntil(lambda: len(other.read().files) == 3)


def test_a_list_that_cannot_be_saved_is_said(
    qtbot: QtBot, tmp_path: Path, folder: Path, allow_log: object
) -> None:
    allow_log("cannot be saved")  # type: ignore[operator]
    (tmp_path / f"library.json.{os.getpid()}.new").mkdir()  # in the way of the new file
    library = _open(tmp_path)
    with qtbot.waitSignal(library.storage_failed, timeout=5000) as told:
        _scanned(qtbot, library, lambda: library.add_folder(folder))
    assert told.args[0] == str(tmp_path / "library.json")
    assert len(library.entries()) == 2, "it works on without"
    assert library.close()


def test_a_list_that_cannot_be_read_is_not_overwritten(
    qtbot: QtBot, tmp_path: Path, folder: Path, allow_log: object
) -> None:
    allow_log("cannot be read")  # type: ignore[operator]
    (tmp_path / "library.json").mkdir()
    library = _open(tmp_path)
    with qtbot.waitSignal(library.storage_failed):
        _scanned(qtbot, library, lambda: library.add_folder(folder))
    assert len(library.entries()) == 2, "it works on without"
    assert library.close()
    assert (tmp_path / "library.json").is_dir()


def test_a_damaged_list_is_kept_aside(profile_dir: Path, qtbot: QtBot) -> None:
    (profile_dir / "library.json").write_text("{")
    library = _open(profile_dir)
    assert library.set_aside is not None
    assert library.set_aside.read_text() == "{"
    assert library.entries() == []
    assert library.close()
