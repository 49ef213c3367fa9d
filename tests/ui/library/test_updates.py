"""Checking for newer versions on the Models page, against the Hub's protocol on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.services.hub_updates import Updates
from app.services.library import LibraryService
from app.ui.library.models_page import ModelsPage
from app.ui.theme import Theme
from app.ui.widgets import Toast
from app.worker.hub import Hub
from tests import tiny_models
from tests.hub_server import HubServer
from tests.other_programs import OllamaStore, put_in_hub_cache

REPO = "someone/Small-GGUF"


@pytest.fixture
def server(tiny_model: Path, tiny_moe: Path) -> Iterator[HubServer]:
    with HubServer() as server:
        server.add_model(REPO, {"small-Q8_0.gguf": tiny_model, "moe.gguf": tiny_moe})
        yield server


@pytest.fixture
def page(
    qtbot: QtBot, server: HubServer, profile_dir: Path, tmp_path: Path, tiny_model: Path, tiny_moe: Path
) -> Iterator[ModelsPage]:
    """Two models of the Hub's, downloaded as they are now."""
    library = LibraryService(profile_dir / "library.json", profile_dir / "headers.json", find_folders=list)
    hub = Hub(server.endpoint, timeout_s=5.0)
    updates = Updates(library, lambda: hub, profile_dir / "updates.json")
    page = ModelsPage(Theme(), library, updates)
    qtbot.addWidget(page)
    page.resize(1000, 650)
    page.show()
    assert not page.header.updates.isVisible(), "there is nothing to ask about"
    files: dict[str, Path | bytes] = {"small-Q8_0.gguf": tiny_model, "moe.gguf": tiny_moe}
    put_in_hub_cache(tmp_path / "hub", REPO, server.models[REPO].commits[-1].sha, files)
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(tmp_path / "hub")
    page.updates = updates  # type: ignore[attr-defined]
    yield page
    assert updates.close()
    assert library.close()


def _check(qtbot: QtBot, page: ModelsPage) -> str:
    """Presses the button; what the toast says in the end."""
    with qtbot.waitSignal(page.updates.finished, timeout=8000):  # type: ignore[attr-defined]
        page.header.updates.click()
    toast = page.findChild(Toast)
    assert toast is not None
    assert toast.isVisible()
    return next(label.text() for label in toast.findChildren(QLabel))


def _press(page: ModelsPage, text: str) -> None:
    toast = page.findChild(Toast)
    assert toast is not None
    next(button for button in toast.findChildren(QPushButton) if button.text() == text).click()


def _footer(page: ModelsPage) -> str:
    return " ".join(label.text() for label in page.footer.findChildren(QLabel))


@pytest.fixture
def newer(server: HubServer, tmp_path: Path) -> Path:
    """The Hub has got another file under the name of the first."""
    path = tiny_models.build_llama(tmp_path / "newer.gguf", seed=7)
    server.update(REPO, {"small-Q8_0.gguf": path})
    return path


def test_the_button_says_whom_it_asks_and_nothing_is_asked_before(
    page: ModelsPage, server: HubServer
) -> None:
    assert page.header.updates.isVisible()
    assert "127.0.0.1" in page.header.updates.toolTip()
    assert "2 models" in page.header.updates.toolTip()
    assert server.seen == []


def test_where_nothing_is_newer_that_is_said(qtbot: QtBot, page: ModelsPage) -> None:
    assert _check(qtbot, page) == "None of the 2 models has a newer version."
    assert not page.footer.update_button.isVisible()


def test_what_is_newer_is_marked_shown_and_put_into_the_queue(
    qtbot: QtBot, page: ModelsPage, server: HubServer, newer: Path
) -> None:
    before = page.view.grab().toImage()
    assert _check(qtbot, page) == "1 of 2 models has a newer version."
    page.header.search.setText("nothing like it")
    _press(page, "Show")
    row = page.view.row()
    assert row is not None
    assert row.path.endswith("small-Q8_0.gguf")
    assert page.view.grab().toImage() != before
    assert "A newer version is there: " in _footer(page)
    tip = page.table.index(0, 0).data(3) + page.table.index(1, 0).data(3)
    assert f"From {REPO}, main, " in tip
    with qtbot.waitSignal(page.download_requested, timeout=5000) as told:
        page.footer.update_button.click()
    hub_page, files = told.args
    assert hub_page.commit == server.models[REPO].commits[-1].sha
    assert [file.path for file in files] == ["small-Q8_0.gguf"]
    assert files[0].size_bytes == newer.stat().st_size
    with qtbot.waitSignal(page.downloads_requested):
        _press(page, "Show")


def test_the_other_row_has_no_update(qtbot: QtBot, page: ModelsPage, newer: Path) -> None:
    _check(qtbot, page)
    names = [page.rows.index(row, 0).data() for row in range(page.rows.rowCount())]
    page.view.selectRow(names.index("Tiny mixture"))
    assert not page.footer.update_button.isVisible()
    assert "moe.gguf" in _footer(page)


def test_the_menu_gets_what_is_newer_and_opens_the_models_page(
    qtbot: QtBot, page: ModelsPage, newer: Path
) -> None:
    _check(qtbot, page)
    _press(page, "Show")
    page.view.customContextMenuRequested.emit(QPoint(10, 10))
    menu = next(menu for menu in page.findChildren(QMenu) if menu.isVisible())
    actions = {action.text(): action for action in menu.actions()}
    with qtbot.waitSignal(page.page_requested) as told:
        actions["Its page on the Hub"].trigger()
    assert told.args == [REPO, "main"]
    with qtbot.waitSignal(page.download_requested, timeout=5000):
        actions["Get the newer version"].trigger()
    menu.close()


def test_what_ollama_pulled_leads_to_the_page_for_the_choice(
    qtbot: QtBot, page: ModelsPage, server: HubServer, tmp_path: Path, tiny_swa: Path
) -> None:
    store = OllamaStore(tmp_path / "ollama")
    store.pull(f"hf.co/{REPO}/Q4_K_M", tiny_swa)
    library = page._library
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(store.root)
    assert _check(qtbot, page) == "1 of 3 models has a newer version."
    _press(page, "Show")
    assert "has changed on the Hub since" in _footer(page)
    with qtbot.waitSignal(page.page_requested) as told:
        page.footer.update_button.click()
    assert told.args == [REPO, "main"]


def test_without_a_network_that_is_said_and_can_be_tried_again(
    qtbot: QtBot, page: ModelsPage, server: HubServer
) -> None:
    server.close()
    assert "127.0.0.1 cannot be reached" in _check(qtbot, page)
    with qtbot.waitSignal(page.updates.finished, timeout=8000):  # type: ignore[attr-defined]
        _press(page, "Try again")


def test_a_slow_check_shows_how_far_it_is_and_can_be_cancelled(
    qtbot: QtBot, page: ModelsPage, server: HubServer
) -> None:
    server.fault(hang=True)
    page.header.updates.click()
    qtbot.waitUntil(page.update_bar.isVisible, timeout=5000)
    n_asked = len(server.seen)
    page.header.updates.click()
    assert len(server.seen) == n_asked, "one check at a time"
    words = " ".join(label.text() for label in page.update_bar.findChildren(QLabel))
    assert "0 of 2 models" in words
    cancel = page.update_bar.findChild(QPushButton)
    assert cancel is not None
    cancel.click()
    assert not page.update_bar.isVisible()
    server.close()


def test_undo_still_undoes_after_a_check(qtbot: QtBot, page: ModelsPage) -> None:
    page.view.selectRow(0)
    page.remove_selected()
    _check(qtbot, page)
    toast = page.findChild(Toast)
    assert toast is not None
    toast.acted.emit()
    entries = page._library.entries()
    assert len(entries) == 1, "the sentence on show offers nothing, least of all the undo before it"
    qtbot.waitUntil(lambda: page.rows.rowCount() == 1)
    page.view.selectRow(0)
    page.remove_selected()
    _press(page, "Undo")
    qtbot.waitUntil(lambda: page.rows.rowCount() == 1)
