"""What a model's page says of files that are here: in the version of the page, in an older one, or in both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hub import HubFile, HubModel, HubPage
from app.core.hub_files import variants
from app.core.settings import APP
from app.services.downloads import Downloads
from app.services.library import LibraryService
from app.services.preferences import Preferences
from app.ui.hub.model_presence import Whereabout
from app.ui.hub.model_rows import Presence
from tests import tiny_models
from tests.other_programs import put_in_hub_cache

OLD, NEW = "1" * 40, "2" * 40


@pytest.fixture
def library(qtbot: QtBot, profile_dir: Path) -> Iterator[LibraryService]:
    service = LibraryService(profile_dir / "library.json", profile_dir / "headers.json", find_folders=list)
    yield service
    assert service.close()


@pytest.fixture
def whereabout(qtbot: QtBot, profile_dir: Path, library: LibraryService) -> Iterator[Whereabout]:
    preferences = Preferences(APP, profile_dir / "preferences.json")
    downloads = Downloads(profile_dir / "queue.json", preferences, lambda _endpoint: "", library)
    yield Whereabout(downloads, library, lambda: "http://127.0.0.1:1")
    assert downloads.close()
    preferences.close()


def test_of_two_versions_that_are_here_the_pages_own_is_the_one(
    qtbot: QtBot, whereabout: Whereabout, library: LibraryService, tmp_path: Path, tiny_model: Path
) -> None:
    newer = tiny_models.build_llama(tmp_path / "newer.gguf", seed=7)
    sha256 = hashlib.sha256(newer.read_bytes()).hexdigest()
    files = (HubFile("a.gguf", newer.stat().st_size, sha256=sha256),)
    page = HubPage(HubModel(repo_id="o/n"), "main", NEW, files)

    def where() -> tuple[Presence, bool, str]:
        found = whereabout.of_page(page, variants(files))["a.gguf"]
        return found.presence, found.is_older, found.path

    assert where()[0] is Presence.THERE
    cache = tmp_path / "hub"
    (old,) = put_in_hub_cache(cache, "o/n", OLD, {"a.gguf": tiny_model})
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(cache)
    assert where() == (Presence.HERE, True, str(old))
    (new,) = put_in_hub_cache(cache, "o/n", NEW, {"a.gguf": newer})
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.rescan()
    assert where() == (Presence.HERE, False, str(new))
    assert whereabout.repo_ids() == {"o/n"}
