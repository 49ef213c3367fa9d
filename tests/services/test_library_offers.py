"""Other programs' models as the library's service offers, takes and declines them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.known_folders import KnownFolder, known_folders
from app.services.library import LibraryService
from tests.other_programs import OllamaStore, put_in_hub_cache

Opener = Callable[[], LibraryService]


@pytest.fixture
def home(tmp_path: Path, tiny_model: Path, tiny_moe: Path) -> Path:
    """Ollama with one model, LM Studio with another, Jan with none."""
    home = tmp_path / "home"
    OllamaStore(home / ".ollama/models").pull("registry.ollama.ai/library/small/1b", tiny_model)
    (home / ".lmstudio/models/someone").mkdir(parents=True)
    (home / ".lmstudio/models/someone/moe.gguf").symlink_to(tiny_moe)
    (home / ".local/share/Jan/data/llamacpp/models").mkdir(parents=True)
    return home


def _below(home: Path) -> list[KnownFolder]:
    return [known for known in known_folders(home, {}, "linux") if str(home) in known.path]


@pytest.fixture
def opened(qtbot: QtBot, profile_dir: Path, home: Path) -> Iterator[Opener]:
    services: list[LibraryService] = []

    def open_it() -> LibraryService:
        files = (profile_dir / "library.json", profile_dir / "headers.json")
        services.append(LibraryService(*files, find_folders=partial(_below, home)))
        return services[-1]

    yield open_it
    assert all(service.close() for service in services)


def _look(qtbot: QtBot, library: LibraryService) -> list[tuple[str, int]]:
    with qtbot.waitSignal(library.offers_changed, timeout=5000):
        library.look_for_offers()
    return [(offer.program, offer.n_models) for offer in library.offers()]


def test_apps_with_models_are_offered_and_nothing_is_listed_unasked(qtbot: QtBot, opened: Opener) -> None:
    library = opened()
    assert library.offers() == [], "nobody looked yet"
    assert _look(qtbot, library) == [("Ollama", 1), ("LM Studio", 1)]
    assert library.entries() == []


def test_what_is_added_is_listed_under_its_name_and_no_longer_offered(
    qtbot: QtBot, opened: Opener, home: Path
) -> None:
    library = opened()
    _look(qtbot, library)
    with qtbot.waitSignals([library.offers_changed, library.scan_finished], timeout=5000):
        library.add_folder(library.offers()[0].path)
    assert [entry.name for entry in library.entries()] == ["small:1b"]
    assert [offer.program for offer in library.offers()] == ["LM Studio"]
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.set_folders([home])
    assert library.offers() == [], "a searched folder above holds them all"
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.set_folders([])
    assert len(library.offers()) == 2


def test_what_is_declined_stays_declined_after_a_restart_and_can_still_be_had(
    qtbot: QtBot, opened: Opener
) -> None:
    first = opened()
    _look(qtbot, first)
    with qtbot.waitSignal(first.offers_changed):
        first.decline(first.offers()[0].path)
    assert [offer.program for offer in first.offers()] == ["LM Studio"]
    assert first.close()
    second = opened()
    assert _look(qtbot, second) == [("LM Studio", 1)]
    assert [offer.program for offer in second.offers(declined=True)] == ["Ollama", "LM Studio"]


def test_files_that_were_downloaded_there_are_not_offered(
    qtbot: QtBot, opened: Opener, home: Path, tiny_model: Path
) -> None:
    (path,) = put_in_hub_cache(home / ".cache/huggingface/hub", "o/n", "1" * 40, {"a.gguf": tiny_model})
    library = opened()
    assert ("Hugging Face", 1) in _look(qtbot, library)
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_file(path)
    assert "Hugging Face" not in dict(_look(qtbot, library))


def test_a_list_without_the_word_declined_is_an_older_one(profile_dir: Path, opened: Opener) -> None:
    (profile_dir / "library.json").write_text('{"folders": ["/a"], "files": [], "hidden": []}')
    library = opened()
    assert library.folders() == ["/a"]
    assert library.set_aside is None
