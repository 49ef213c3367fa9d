"""Asking for newer versions: a real library, a real Hugging Face cache, the Hub's protocol on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hub import HubReason
from app.core.hub_origin import UpdateState
from app.core.library import ModelEntry
from app.services.hub_updates import CheckEnd, Updates
from app.services.library import LibraryService
from app.worker.hub import Hub
from tests import tiny_models
from tests.hub_server import HubServer
from tests.other_programs import OllamaStore, put_in_hub_cache

REPO = "someone/Small-GGUF"
Maker = Callable[[], Updates]


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def library(qtbot: QtBot, profile_dir: Path) -> Iterator[LibraryService]:
    service = LibraryService(profile_dir / "library.json", profile_dir / "headers.json", find_folders=list)
    yield service
    assert service.close()


@pytest.fixture
def maker(qtbot: QtBot, library: LibraryService, server: HubServer, profile_dir: Path) -> Iterator[Maker]:
    made: list[Updates] = []
    hub = Hub(server.endpoint, timeout_s=5.0)

    def make() -> Updates:
        made.append(Updates(library, lambda: hub, profile_dir / "updates.json"))
        made[-1].start()
        return made[-1]

    yield make
    assert all(updates.close() for updates in made)


def _newer_version(tmp_path: Path) -> Path:
    return tiny_models.build_llama(tmp_path / "newer.gguf", seed=7)


def _download(server: HubServer, cache: Path, files: dict[str, Path | bytes]) -> list[Path]:
    """As if a program had downloaded the repository as it is now."""
    return put_in_hub_cache(cache, REPO, server.models[REPO].commits[-1].sha, files)


def _search(qtbot: QtBot, library: LibraryService, folder: Path) -> list[ModelEntry]:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        if str(folder) in library.folders():
            library.rescan()
        else:
            library.add_folder(folder)
    return library.entries()


def _check(qtbot: QtBot, updates: Updates) -> CheckEnd:
    with qtbot.waitSignal(updates.finished, timeout=8000) as told:
        updates.check()
    return told.args[0]


def test_nothing_is_asked_until_the_user_asks(
    qtbot: QtBot, maker: Maker, library: LibraryService, server: HubServer, cache: Path, tiny_model: Path
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    updates = maker()
    _search(qtbot, library, cache)
    assert [entry.name for entry in updates.entries()] == ["Tiny llama"]
    assert server.seen == []


def test_a_changed_file_is_an_update_and_a_changed_readme_is_not(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model}, readme="old")
    _download(server, cache, {"a.gguf": tiny_model})
    (entry,) = _search(qtbot, library, cache)
    updates = maker()
    assert updates.of(entry) is None
    server.update(REPO, readme="new")
    assert _check(qtbot, updates) == CheckEnd(1, 0)
    update = updates.of(entry)
    assert update is not None
    assert update.note.state is UpdateState.SAME
    newer = _newer_version(tmp_path)
    server.update(REPO, {"a.gguf": newer})
    assert _check(qtbot, updates) == CheckEnd(1, 1)
    update = updates.of(entry)
    assert update is not None
    assert update.is_newer
    assert update.note.size_bytes == newer.stat().st_size
    assert update.note.asked_at == pytest.approx(time.time(), abs=60)


def test_the_mark_outlives_the_app_and_goes_when_the_newer_one_is_here(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    (entry,) = _search(qtbot, library, cache)
    newer = _newer_version(tmp_path)
    server.update(REPO, {"a.gguf": newer})
    first = maker()
    _check(qtbot, first)
    assert first.close()
    server.close()
    second = maker()
    qtbot.waitUntil(lambda: second.of(entry) is not None)
    update = second.of(entry)
    assert update is not None
    assert update.is_newer
    _download(server, cache, {"a.gguf": newer})
    assert len(_search(qtbot, library, cache)) == 2
    update = second.of(entry)
    assert update is not None
    assert update.is_here
    assert not update.is_newer


def test_a_model_that_was_replaced_meanwhile_has_no_mark(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    (path,) = _download(server, cache, {"a.gguf": tiny_model})
    _search(qtbot, library, cache)
    newer = _newer_version(tmp_path)
    server.update(REPO, {"a.gguf": newer})
    updates = maker()
    _check(qtbot, updates)
    blob = path.resolve().with_name("e" * 64)
    blob.write_bytes(newer.read_bytes())
    path.unlink()
    path.symlink_to(Path("../../blobs") / blob.name)
    (entry,) = _search(qtbot, library, cache)
    assert updates.of(entry) is None


def test_where_files_are_not_linked_the_old_commit_is_asked_for(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model, "b.gguf": tiny_model})
    for path in _download(server, cache, {"a.gguf": tiny_model, "b.gguf": tiny_model}):
        path.unlink()
        path.write_bytes(tiny_model.read_bytes())
    _search(qtbot, library, cache)
    server.update(REPO, {"a.gguf": _newer_version(tmp_path)})
    updates = maker()
    assert _check(qtbot, updates) == CheckEnd(2, 1)
    assert len(server.asked("/api/models/*")) == 2, "each page once, for both files"


def test_ollamas_pulls_from_the_hub_are_known_by_content(
    qtbot: QtBot, maker: Maker, library: LibraryService, server: HubServer, tiny_model: Path, tmp_path: Path
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    store = OllamaStore(tmp_path / "models")
    store.pull(f"hf.co/{REPO}/Q4_K_M", tiny_model)
    store.pull("registry.ollama.ai/library/own/1b", _newer_version(tmp_path))
    _search(qtbot, library, store.root)
    updates = maker()
    assert _check(qtbot, updates) == CheckEnd(1, 0)
    server.update(REPO, {"a.gguf": _newer_version(tmp_path)})
    assert _check(qtbot, updates) == CheckEnd(1, 1)


def test_a_repository_that_is_gone_does_not_end_the_check(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tiny_moe: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    (path,) = put_in_hub_cache(cache, "someone/gone", "3" * 40, {"g.gguf": tiny_moe})
    entries = _search(qtbot, library, cache)
    updates = maker()
    assert _check(qtbot, updates) == CheckEnd(2, 0)
    states = {entry.path: update.note.state for entry in entries if (update := updates.of(entry))}
    assert states.pop(str(path)) is UpdateState.GONE
    assert set(states.values()) == {UpdateState.SAME}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 429, "headers": {"Retry-After": "30"}}, HubReason.TOO_MANY_REQUESTS),
        ({}, HubReason.NO_NETWORK),
    ],
)
def test_what_no_repository_can_help_ends_it_and_keeps_what_was_known(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    fault: dict[str, object],
    reason: HubReason,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    (entry,) = _search(qtbot, library, cache)
    updates = maker()
    _check(qtbot, updates)
    if fault:
        server.fault(**fault)
    else:
        server.close()
    end = _check(qtbot, updates)
    assert end.error is not None
    assert end.error.reason is reason
    assert updates.of(entry) is not None
    assert not updates.is_checking


def test_a_check_can_be_cancelled_and_closing_does_not_wait_for_a_silent_server(
    qtbot: QtBot, maker: Maker, library: LibraryService, server: HubServer, cache: Path, tiny_model: Path
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    _search(qtbot, library, cache)
    server.fault(hang=True)
    updates = maker()
    with qtbot.waitSignal(updates.started):
        updates.check()
    assert updates.is_checking
    qtbot.waitUntil(lambda: bool(server.seen), timeout=5000)
    with qtbot.waitSignal(updates.finished) as told:
        updates.cancel()
    assert told.args[0].is_cancelled
    started_s = time.monotonic()
    assert updates.close()
    assert time.monotonic() - started_s < 2
    server.close()


def test_what_is_newer_is_fetched_as_a_page_with_the_files_to_get(
    qtbot: QtBot,
    maker: Maker,
    library: LibraryService,
    server: HubServer,
    cache: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    server.add_model(REPO, {"a.gguf": tiny_model, "other.gguf": tiny_model})
    _download(server, cache, {"a.gguf": tiny_model})
    (entry,) = _search(qtbot, library, cache)
    server.update(REPO, {"a.gguf": _newer_version(tmp_path)})
    updates = maker()
    with qtbot.waitSignal(updates.fetched, timeout=5000) as told:
        updates.fetch(entry)
    page, found = told.args
    assert page.commit == server.models[REPO].commits[-1].sha
    assert [file.path for file in found.files] == ["a.gguf"]
    server.close()
    with qtbot.waitSignal(updates.fetch_failed, timeout=5000):
        updates.fetch(entry)


def test_without_models_of_the_hub_nothing_is_asked(
    qtbot: QtBot, maker: Maker, library: LibraryService, server: HubServer, tiny_model: Path
) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_file(tiny_model)
    assert _check(qtbot, maker()) == CheckEnd(0, 0)
    assert server.seen == []


@pytest.mark.parametrize("text", ["{", '{"notes": [{"id": 3}], "version": 1}', '{"version": 1, "notes": 7}'])
def test_damaged_notes_are_begun_anew(
    qtbot: QtBot, maker: Maker, profile_dir: Path, library: LibraryService, text: str
) -> None:
    (profile_dir / "updates.json").write_text(text)
    updates = maker()
    with qtbot.waitSignal(updates.changed, timeout=5000):
        pass
    assert updates.entries() == []
