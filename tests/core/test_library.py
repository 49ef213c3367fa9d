"""Scanning real folders: links, cycles, split models, broken files, unreadable folders, remembered headers."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from app.core.gguf import GgufReason, ModelKind
from app.core.library import FolderProblem, FolderReason, ModelEntry, describe, scan
from app.core.library_store import HeaderCache, LibraryFile, LibraryList
from tests import tiny_models
from tests.unprivileged import open_folder, ordinary_user


def _names(entries: list[ModelEntry]) -> list[str]:
    return sorted(Path(entry.path).name for entry in entries)


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    """models/a.gguf, models/deep/er/b.GGUF, and a text file."""
    root = tmp_path / "models"
    (root / "deep" / "er").mkdir(parents=True)
    shutil.copy(tiny_model, root / "a.gguf")
    shutil.copy(tiny_model, root / "deep" / "er" / "b.GGUF")
    (root / "notes.txt").write_text("no model")
    return root


def test_folders_are_searched_to_the_bottom(folder: Path) -> None:
    entries = list(scan([folder]))
    assert _names(entries) == ["a.gguf", "b.GGUF"]
    for entry in entries:
        assert entry.facts is not None
        assert entry.is_chat_model
        assert entry.error is None
        assert entry.id == entry.path
        assert entry.size_bytes == Path(entry.path).stat().st_size
        assert entry.modified_at == Path(entry.path).stat().st_mtime


def test_links_are_followed_once_and_cycles_end(folder: Path, tmp_path: Path) -> None:
    (folder / "deep" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(folder / "a.gguf", elsewhere / "blob")
    (folder / "linked.gguf").symlink_to(elsewhere / "blob")
    (folder / "again.gguf").symlink_to(elsewhere / "blob")
    (folder / "folder").symlink_to(elsewhere, target_is_directory=True)
    assert _names(list(scan([folder, folder / "deep", tmp_path / "models"]))) == ["again.gguf", "b.GGUF"]


def test_a_link_that_leads_nowhere_is_told(folder: Path) -> None:
    (folder / "gone.gguf").symlink_to(folder / "nothing")
    broken = [entry for entry in scan([folder]) if entry.problem]
    assert [entry.problem.reason for entry in broken if entry.problem] == [GgufReason.NOT_FOUND]


def test_split_models_are_one_entry(tmp_path: Path) -> None:
    first = tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    (entry,) = scan([tmp_path])
    assert entry.path == str(first)
    assert len(entry.parts) == 3
    assert entry.size_bytes == sum(Path(part).stat().st_size for part in entry.parts)
    assert list(scan([], entry.parts)) == [entry], "each part stands for the whole"
    first.unlink()
    (entry,) = scan([tmp_path])
    assert entry.problem is not None
    assert entry.problem.reason is GgufReason.MISSING_PARTS
    assert first.name in (entry.error or "")
    assert len(entry.parts) == 2


def test_broken_files_adapters_and_projectors_are_kept_apart(folder: Path, tiny_model: Path) -> None:
    whole = (folder / "a.gguf").read_bytes()
    (folder / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    (folder / "page.gguf").write_text("<!doctype html>")
    tiny_models.build_lora(folder / "lora.gguf", tiny_model)
    tiny_models.build_llama(folder / "mmproj.gguf", metadata={"general.type": "mmproj"})
    tiny_models.build_llama(folder / "encoder.gguf", metadata={"general.architecture": "bert"})
    by_name = {Path(entry.path).name: entry for entry in scan([folder])}
    assert by_name["cut.gguf"].problem is not None
    assert "cut short" in (by_name["cut.gguf"].error or "")
    assert "web page" in (by_name["page.gguf"].error or "")
    kinds = {name: by_name[name].kind for name in ("lora.gguf", "mmproj.gguf", "encoder.gguf")}
    assert list(kinds.values()) == [ModelKind.ADAPTER, ModelKind.PROJECTOR, ModelKind.EMBEDDING]
    assert {name for name, entry in by_name.items() if entry.is_chat_model} == {"a.gguf", "b.GGUF"}


def test_single_files_need_no_ending_and_tell_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    entries = list(scan([], [folder / "notes.txt", tmp_path / "absent.gguf", folder]))
    reasons = [entry.problem.reason for entry in entries if entry.problem]
    assert reasons == [GgufReason.NOT_GGUF, GgufReason.NOT_FOUND, GgufReason.NOT_A_FILE]


def test_folders_that_cannot_be_searched_are_told(folder: Path, tmp_path: Path) -> None:
    problems: list[FolderProblem] = []
    roots = [tmp_path / "absent", folder / "a.gguf", folder]
    assert len(list(scan(roots, on_problem=problems.append))) == 2
    assert [problem.reason for problem in problems] == [FolderReason.NOT_FOUND, FolderReason.NOT_A_FOLDER]
    assert str(tmp_path / "absent") in problems[0].text()


def test_a_folder_without_permission_is_told() -> None:
    problems: list[FolderProblem] = []
    with open_folder() as root:
        tiny_models.build_llama(root / "a.gguf")
        locked = root / "locked"
        locked.mkdir()
        tiny_models.build_llama(locked / "b.gguf")
        locked.chmod(0)
        with ordinary_user():
            assert _names(list(scan([root], on_problem=problems.append))) == ["a.gguf"]
    assert problems == [FolderProblem(str(locked), FolderReason.NO_PERMISSION)]


def test_a_folder_that_vanishes_from_under_the_scan_is_told(folder: Path) -> None:
    problems: list[FolderProblem] = []

    def enter(path: str) -> None:
        if Path(path) == folder / "deep":
            shutil.rmtree(path)

    assert _names(list(scan([folder], on_problem=problems.append, on_folder=enter))) == ["a.gguf"]
    assert problems == [FolderProblem(str(folder / "deep"), FolderReason.NOT_FOUND)]


def test_a_scan_stops_when_asked(folder: Path) -> None:
    found: list[ModelEntry] = []
    for entry in scan([folder], should_stop=lambda: bool(found)):
        found.append(entry)
    assert len(found) == 1


def test_the_cache_answers_only_for_the_very_same_file(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.gguf").write_bytes(b"nothing")
    cache = HeaderCache(tmp_path / "cache.json")
    fresh = sorted(scan([folder], cache=cache), key=lambda entry: entry.id)
    cache.save()
    again = HeaderCache(tmp_path / "cache.json")
    again.load()
    # Same size and time, other content: only a remembered answer can still be the old one.
    path = folder / "a.gguf"
    status, length = path.stat(), path.stat().st_size
    path.write_bytes(b"x" * length)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert sorted(scan([folder], cache=again), key=lambda entry: entry.id) == fresh
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert describe(path, again).error is not None


def test_a_part_that_arrives_or_goes_is_noticed_despite_the_cache(tmp_path: Path) -> None:
    tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    cache = HeaderCache(tmp_path / "cache.json")
    second = tmp_path / "split-00002-of-00003.gguf"
    second.rename(tmp_path / "away")
    (entry,) = scan([tmp_path], cache=cache)
    assert entry.error is not None
    (tmp_path / "away").rename(second)
    (entry,) = scan([tmp_path], cache=cache)
    assert entry.error is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"files": 3}', '{"files": {"a": 1, "b": {"stamp": [[1]], "reason": "x"}}}']
)
def test_a_damaged_cache_is_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cache.json"
    path.write_text(text)
    HeaderCache(path).load()


def test_the_cache_forgets_what_is_gone(folder: Path, tmp_path: Path) -> None:
    cache = HeaderCache(tmp_path / "cache.json")
    ids = [entry.id for entry in scan([folder], cache=cache)]
    cache.keep_only(ids[:1])
    cache.save()
    assert list(json.loads((tmp_path / "cache.json").read_text())["files"]) == ids[:1]


def test_the_list_is_saved_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "library.json"
    odd = os.fsdecode(b"/models/\xff.gguf")
    saved = LibraryList(("/a", "/b"), ("/c.gguf", odd), frozenset({"/a/d.gguf"}))
    LibraryFile(path).write(saved)
    assert LibraryFile(path).read() == saved
    assert LibraryFile(tmp_path / "absent.json").read() == LibraryList()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"folders": [1], "files": [], "hidden": []}', '{"folders": []}']
)
def test_a_damaged_list_is_kept_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "library.json"
    path.write_text(text)
    file = LibraryFile(path)
    assert file.read() == LibraryList()
    assert file.set_aside is not None
    assert file.set_aside.read_text() == text
    assert not path.exists()


def test_a_refused_write_leaves_the_old_list(tmp_path: Path) -> None:
    path = tmp_path / "library.json"
    LibraryFile(path).write(LibraryList(("/a",)))
    (tmp_path / f"library.json.{os.getpid()}.new").mkdir()  # in the way of the new file
    with pytest.raises(IsADirectoryError):
        LibraryFile(path).write(LibraryList(("/b",)))
    assert LibraryFile(path).read().folders == ("/a",)
