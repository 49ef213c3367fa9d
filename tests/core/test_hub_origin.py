"""Which repository a file came from, and whether the Hub has a newer one: by content, not by commit."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.core.hub import HubFile, HubModel, HubPage
from app.core.hub_origin import Origin, UpdateState, compare, needs_old_page, origins_of
from app.core.hub_record import Record, write_record
from app.core.library import scan
from tests import tiny_models
from tests.other_programs import put_in_hub_cache

OLD, NEW = "1" * 40, "2" * 40


def _page(commit: str, **etags: str) -> HubPage:
    files = tuple(HubFile(f"{name}.gguf", 10, sha256=etag) for name, etag in etags.items())
    return HubPage(HubModel(repo_id="o/n"), "main", commit, files)


def _origins(*names: str, commit: str = OLD, etag: str = "") -> tuple[Origin, ...]:
    return tuple(Origin("o/n", commit, f"{name}.gguf", etag) for name in names)


def test_the_cache_of_hugging_face_tells_repository_commit_and_path(tmp_path: Path, tiny_model: Path) -> None:
    files: dict[str, Path | bytes] = {"a.gguf": tiny_model, "UD/b.gguf": tiny_model}
    made = put_in_hub_cache(tmp_path, "unsloth/Qwen3-4B-GGUF", OLD, files)
    (entry,) = [entry for entry in scan([tmp_path]) if entry.path in map(str, made)]
    (origin,) = entry.origins
    assert origin.repo_id == "unsloth/Qwen3-4B-GGUF"
    assert origin.commit == OLD
    assert origin.revision == "main"
    assert origin.etag == made[0].resolve().name
    assert origins_of(made[1:])[0].path == "UD/b.gguf"


def test_the_branch_or_tag_that_was_asked_for_is_the_one_that_is_followed(
    tmp_path: Path, tiny_model: Path
) -> None:
    pull = put_in_hub_cache(tmp_path, "o/n", OLD, {"a.gguf": tiny_model}, ref="refs/pr/3")
    none = put_in_hub_cache(tmp_path, "o/n", NEW, {"a.gguf": tiny_model}, ref="")
    assert origins_of(pull)[0].revision == "refs/pr/3"
    assert origins_of(none)[0].revision == "main"
    put_in_hub_cache(tmp_path, "o/n", OLD, {}, ref="main")
    assert origins_of(pull)[0].revision == "main"


def test_without_links_the_content_is_not_known_by_its_name(tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "models--o--n/snapshots" / OLD / "a.gguf"
    path.parent.mkdir(parents=True)
    shutil.copy(tiny_model, path)
    assert origins_of([path]) == (Origin("o/n", OLD, "a.gguf"),)


def test_a_record_beside_the_file_tells_in_a_folder_of_ones_own(tmp_path: Path, tiny_model: Path) -> None:
    home = tmp_path / "o" / "n"
    (home / "sub").mkdir(parents=True)
    shutil.copy(tiny_model, home / "sub/a.gguf")
    size = tiny_model.stat().st_size
    write_record(home, Record("o/n", "dev", OLD, "sub/a.gguf", "f" * 64, size))
    (entry,) = scan([tmp_path])
    assert entry.origins == (Origin("o/n", OLD, "sub/a.gguf", "f" * 64, "dev"),)
    (home / "sub/a.gguf").write_bytes(tiny_model.read_bytes() + b"x")
    assert origins_of([home / "sub/a.gguf"]) == (), "another file has taken its place"


def test_other_folders_tell_nothing(tmp_path: Path, tiny_model: Path) -> None:
    for folder in ("snapshots", "models--o--n/snapshots", "a/snapshots/b"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(tiny_model, tmp_path / folder / "a.gguf")
        assert origins_of([tmp_path / folder / "a.gguf"]) == ()
    assert origins_of([]) == ()


def test_each_part_of_a_split_model_has_its_origin(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    tiny_models.build_llama(tmp_path / "made" / "s.gguf", tensors_per_file=7)
    parts: dict[str, Path | bytes] = {path.name: path for path in sorted((tmp_path / "made").iterdir())}
    put_in_hub_cache(tmp_path / "cache", "o/n", OLD, parts)
    (entry,) = scan([tmp_path / "cache"])
    assert [origin.path for origin in entry.origins] == list(parts)


def test_a_new_commit_that_leaves_the_file_alone_is_no_update() -> None:
    now = _page(NEW, a="x", b="y")
    assert compare(_origins("a", etag="x"), now).state is UpdateState.SAME
    assert compare(_origins("a", commit=NEW, etag="stale"), now).state is UpdateState.SAME


def test_another_content_under_the_same_path_is_an_update() -> None:
    answer = compare(_origins("a", etag="x"), _page(NEW, a="z", b="y"))
    assert answer.state is UpdateState.NEWER
    assert [file.path for file in answer.files] == ["a.gguf"]


def test_of_a_split_model_one_changed_part_is_enough_and_all_are_named() -> None:
    origins = (*_origins("a", etag="x"), *_origins("b", etag="y"))
    answer = compare(origins, _page(NEW, b="changed", a="x"))
    assert answer.state is UpdateState.NEWER
    assert [file.path for file in answer.files] == ["a.gguf", "b.gguf"]


def test_a_file_that_the_repository_dropped_is_gone() -> None:
    assert compare(_origins("a", etag="x"), _page(NEW, b="x")).state is UpdateState.GONE


def test_where_only_the_commit_is_known_its_page_tells() -> None:
    now, old = _page(NEW, a="z"), _page(OLD, a="x")
    assert needs_old_page(_origins("a"), now)
    assert not needs_old_page(_origins("a", etag="x"), now)
    assert not needs_old_page(_origins("a", commit=NEW), now)
    assert compare(_origins("a"), now, old).state is UpdateState.NEWER
    assert compare(_origins("a"), _page(NEW, a="x"), old).state is UpdateState.SAME
    assert compare(_origins("a"), now).state is UpdateState.UNKNOWN
    assert compare((), now).state is UpdateState.UNKNOWN


def test_ollamas_pull_is_known_by_its_content_alone() -> None:
    pulled = (Origin("o/n", etag="x"),)
    assert compare(pulled, _page(NEW, whatever="x")).state is UpdateState.SAME
    changed = compare(pulled, _page(NEW, whatever="y"))
    assert changed.state is UpdateState.NEWER
    assert changed.files == (), "which file it was is not known"
