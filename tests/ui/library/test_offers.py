"""Other apps' models on the Models page, offered, taken and declined as a person would."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.core.known_folders import KnownFolder, known_folders
from app.services.library import LibraryService
from app.ui.library.models_page import ModelsPage
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from tests.other_programs import OllamaStore


@pytest.fixture
def home(tmp_path: Path, tiny_model: Path, tiny_moe: Path) -> Path:
    """Ollama with one model under two names, LM Studio with another."""
    home = tmp_path / "home"
    store = OllamaStore(home / ".ollama/models")
    store.pull("registry.ollama.ai/library/small/1b", tiny_model)
    store.pull("registry.ollama.ai/library/small/latest", tiny_model)
    (home / ".lmstudio/models/someone").mkdir(parents=True)
    (home / ".lmstudio/models/someone/moe.gguf").symlink_to(tiny_moe)
    return home


def _below(home: Path) -> list[KnownFolder]:
    return [known for known in known_folders(home, {}, "linux") if str(home) in known.path]


@pytest.fixture
def library(qtbot: QtBot, profile_dir: Path, home: Path) -> Iterator[LibraryService]:
    files = (profile_dir / "library.json", profile_dir / "headers.json")
    service = LibraryService(*files, find_folders=partial(_below, home))
    yield service
    assert service.close()


@pytest.fixture
def page(qtbot: QtBot, library: LibraryService) -> ModelsPage:
    page = ModelsPage(Theme(), library)
    qtbot.addWidget(page)
    page.resize(1000, 650)
    page.show()
    with qtbot.waitSignal(library.offers_changed, timeout=5000):
        library.look_for_offers()
    return page


def _names(page: ModelsPage) -> list[str]:
    return [page.rows.index(row, 0).data() for row in range(page.rows.rowCount())]


def _words(page: ModelsPage) -> str:
    return "\n".join(label.text() for label in page.empty.offers.findChildren(QLabel) if label.isVisible())


def _button(page: ModelsPage, name: str) -> QPushButton | IconButton:
    buttons = [*page.findChildren(QPushButton), *page.findChildren(IconButton)]
    return next(
        button for button in buttons if button.isVisible() and button.accessibleName().startswith(name)
    )


def test_the_empty_page_offers_each_app_with_number_size_and_place(page: ModelsPage, home: Path) -> None:
    words = _words(page)
    assert "Ollama" in words
    assert words.count("1 model (") == 2
    assert str(home / ".lmstudio/models") in words
    assert not page.offers.isVisible(), "the strip is for a list that has models"


def test_adding_lists_the_models_under_the_apps_names_and_says_which_app(
    qtbot: QtBot, page: ModelsPage, library: LibraryService
) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        _button(page, "Add the models of Ollama").click()
    assert _names(page) == ["small:1b"]
    qtbot.keyClicks(page.header.search, "ollama")
    qtbot.waitUntil(lambda: page.header.search.text() == "ollama")
    assert _names(page) == ["small:1b"]
    assert page.offers.isVisible(), "LM Studio is offered above the list now"
    assert "LM Studio" in page.offers.label.text()
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        page.offers.add.click()
    assert not page.offers.isVisible()
    page.header.search.clear()
    qtbot.waitUntil(lambda: _names(page) == ["small:1b", "Tiny mixture"])


def test_all_can_be_added_at_once(qtbot: QtBot, page: ModelsPage, library: LibraryService) -> None:
    page.empty.offers.add_all.click()
    qtbot.waitUntil(lambda: not library.is_scanning and page.rows.rowCount() == 2, timeout=5000)
    assert library.offers() == []


def test_declined_offers_go_but_the_menu_still_has_them(
    qtbot: QtBot, page: ModelsPage, library: LibraryService
) -> None:
    _button(page, "Do not offer the models of LM Studio").click()
    qtbot.waitUntil(lambda: "Ollama" in _words(page))
    assert "LM Studio" not in _words(page)
    _button(page, "Do not offer the models of Ollama").click()
    assert not page.empty.offers.isVisible()
    menu = page.header.folders.menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    (again,) = [action for action in menu.actions() if "LM Studio" in action.text()]
    assert "1 model (" in again.toolTip()
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        again.trigger()
    assert _names(page) == ["Tiny mixture"]


def test_the_strip_can_be_declined(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, home: Path
) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(home / ".lmstudio")
    assert page.offers.isVisible()
    page.offers.decline.click()
    assert not page.offers.isVisible()
    assert library.offers() == []


def test_the_keyboard_stays_on_the_page(qtbot: QtBot, page: ModelsPage, library: LibraryService) -> None:
    page.activateWindow()
    qtbot.waitActive(page)
    _button(page, "Do not offer the models of LM Studio").setFocus()
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Space)
    assert page.focusWidget().accessibleName() == "Add the models of Ollama"
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Space)
    assert page.focusWidget() is page.view


def test_names_that_others_wrote_are_never_taken_for_html(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, home: Path, tiny_swa: Path
) -> None:
    store = OllamaStore(home / "<img src=x>" / "models")
    store.pull("registry.ollama.ai/library/<b>bold/<i>", tiny_swa)
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(store.root)
    assert _names(page) == ["<b>bold:<i>"]
    tip = page.rows.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img src=x&gt;" in tip
    assert "<img" not in tip


def test_a_second_button_leads_to_the_search_for_models(qtbot: QtBot, page: ModelsPage) -> None:
    with qtbot.waitSignal(page.discover_requested):
        page.empty.nothing.second.click()


def test_six_apps_do_not_force_the_window_open(page: ModelsPage) -> None:
    page.resize(600, 420)
    assert page.minimumSizeHint().height() <= 420
