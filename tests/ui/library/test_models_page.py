"""The Models page driven as a person would, over a real library with real files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.services.library import LibraryService
from app.ui.library.drop_target import model_paths
from app.ui.library.metadata_dialog import FullRole, MetadataDialog
from app.ui.library.models_page import ModelsPage
from app.ui.library.table import Column, View
from app.ui.theme import Theme
from app.ui.widgets import Toast
from tests import tiny_models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two chat models of different size, a split one, an adapter, a file cut short."""
    root = tmp_path / "models"
    root.mkdir()
    small = tiny_models.build_llama(root / "small.gguf", name="Zebra", quantisation="q8_0", n_ctx_train=2048)
    tiny_models.build_moe(root / "experts.gguf")
    tiny_models.build_llama(root / "split.gguf", name="Apple", tensors_per_file=7, chat_template=None)
    tiny_models.build_lora(root / "lora.gguf", small)
    (root / "cut.gguf").write_bytes(small.read_bytes()[:-5000])
    return root


@pytest.fixture
def library(qtbot: QtBot, profile_dir: Path) -> Iterator[LibraryService]:
    service = LibraryService(profile_dir / "library.json", profile_dir / "headers.json")
    yield service
    assert service.close()


@pytest.fixture
def page(qtbot: QtBot, library: LibraryService) -> ModelsPage:
    theme = Theme()
    page = ModelsPage(theme, library)
    qtbot.addWidget(page)
    page.resize(1000, 650)
    page.show()
    return page


@pytest.fixture
def filled(qtbot: QtBot, page: ModelsPage, library: LibraryService, folder: Path) -> ModelsPage:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(folder)
    assert page.rows.rowCount() == 3
    return page


def _shown(page: ModelsPage, column: Column = Column.NAME) -> list[str]:
    return [page.rows.index(row, column).data() for row in range(page.rows.rowCount())]


def _press(qtbot: QtBot, page: ModelsPage, key: Qt.Key) -> None:
    qtbot.keyClick(page.view, key)


def test_an_empty_library_says_what_to_do(qtbot: QtBot, page: ModelsPage) -> None:
    assert page.empty.isVisible()
    assert page.empty.nothing.button.isVisible()
    assert not page.footer.isVisible()
    assert not page.header.search.isVisible()
    page.empty.nothing.button.click()
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    dialog.reject()


def test_models_are_listed_with_their_facts(filled: ModelsPage) -> None:
    assert filled.view.isVisible()
    assert _shown(filled) == ["Apple", "Tiny mixture", "Zebra"]
    assert _shown(filled, Column.ARCHITECTURE) == ["llama", "llama, 4 experts", "llama"]
    assert _shown(filled, Column.QUANTISATION) == ["F32", "F32", "Q8_0"]
    assert _shown(filled, Column.CONTEXT) == ["512", "512", "2k"]
    assert _shown(filled, Column.TEMPLATE) == ["no", "yes", "yes"]
    assert all("kB" in size for size in _shown(filled, Column.SIZE))
    assert filled.header.tabs.tabText(0).endswith("3")
    assert filled.header.tabs.tabText(1).endswith("1")
    assert filled.header.tabs.tabText(2).endswith("1")


def test_other_files_and_problems_have_their_own_views(qtbot: QtBot, filled: ModelsPage) -> None:
    filled.header.tabs.setCurrentIndex(1)
    assert _shown(filled) == ["Tiny adapter"]
    assert _shown(filled, Column.KIND) == ["LoRA adapter"]
    filled.view.selectRow(0)
    with qtbot.assertNotEmitted(filled.load_requested):
        _press(qtbot, filled, Qt.Key.Key_Return)
    assert not filled.footer.load.isEnabled()
    filled.header.set_view(View.PROBLEMS)
    assert _shown(filled) == ["cut.gguf"]
    assert "cut short" in _shown(filled, Column.REASON)[0]
    assert not filled.view.isColumnHidden(Column.REASON)
    filled.view.selectRow(0)
    words = [label.text() for label in filled.footer.findChildren(QLabel)]
    assert any("Download it again" in text for text in words)


def test_sorting_goes_by_value_not_by_text(qtbot: QtBot, filled: ModelsPage) -> None:
    filled.view.sortByColumn(Column.SIZE, Qt.SortOrder.DescendingOrder)
    assert _shown(filled) == ["Tiny mixture", "Apple", "Zebra"]
    filled.view.sortByColumn(Column.CONTEXT, Qt.SortOrder.DescendingOrder)
    assert _shown(filled)[0] == "Zebra"
    filled.view.sortByColumn(Column.QUANTISATION, Qt.SortOrder.AscendingOrder)
    assert _shown(filled)[0] == "Zebra"


def test_searching_narrows_and_clears(qtbot: QtBot, filled: ModelsPage) -> None:
    qtbot.keyClicks(filled.header.search, "LLAMA q8")
    qtbot.waitUntil(lambda: _shown(filled) == ["Zebra"])
    qtbot.keyClicks(filled.header.search, "xyz")
    qtbot.waitUntil(filled.empty.isVisible)
    assert filled.empty.no_match.isVisible()
    qtbot.mouseClick(filled.empty.no_match.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(_shown(filled)) == 3)


def test_return_and_double_click_and_button_load(qtbot: QtBot, filled: ModelsPage, folder: Path) -> None:
    filled.view.selectRow(2)
    for act in (
        lambda: _press(qtbot, filled, Qt.Key.Key_Return),
        lambda: filled.view.doubleClicked.emit(filled.view.currentIndex()),
        filled.footer.load.click,
    ):
        with qtbot.waitSignal(filled.load_requested) as told:
            act()
        assert told.args == [str(folder / "small.gguf")]


def test_delete_removes_from_the_list_and_undo_brings_back(
    qtbot: QtBot, filled: ModelsPage, folder: Path
) -> None:
    filled.view.selectRow(2)
    _press(qtbot, filled, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: _shown(filled) == ["Apple", "Tiny mixture"])
    assert (folder / "small.gguf").exists()
    toast = filled.findChild(Toast)
    assert toast is not None
    assert toast.isVisible()
    undo = next(button for button in toast.findChildren(QPushButton) if button.text() == "Undo")
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(_shown(filled)) == 3)


def test_the_selection_stays_with_its_row_when_rows_come_and_go(
    qtbot: QtBot, filled: ModelsPage, library: LibraryService, folder: Path
) -> None:
    filled.view.select_path(str(folder / "small.gguf"))
    tiny_models.build_llama(folder / "early.gguf", name="Aardvark")
    (folder / "experts.gguf").unlink()
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.rescan()
    assert _shown(filled) == ["Aardvark", "Apple", "Zebra"]
    row = filled.view.row()
    assert row is not None
    assert row.path == str(folder / "small.gguf")
    assert filled.footer.load.isEnabled()


def test_a_dropped_file_is_added_and_selected(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, folder: Path
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / "small.gguf")), QUrl("https://example.org/x.gguf")])
    assert model_paths(mime) == [str(folder / "small.gguf")]
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
        QApplication.sendEvent(page, drop)
    assert _shown(page) == ["Zebra"]
    row = page.view.row()
    assert row is not None
    assert row.path == str(folder / "small.gguf")


def test_a_dropped_broken_file_is_shown_with_its_reason(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, folder: Path
) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        page.add_paths([str(folder / "cut.gguf")])
    assert page.header.view() is View.PROBLEMS
    assert "cut short" in _shown(page, Column.REASON)[0]


def test_text_and_other_files_are_not_taken(page: ModelsPage, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt"))])
    event = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(page, event)
    assert not event.isAccepted()


def test_folders_that_cannot_be_searched_are_problems_and_can_go(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, tmp_path: Path
) -> None:
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        library.add_folder(tmp_path / "absent")
    page.header.set_view(View.PROBLEMS)
    assert _shown(page) == ["absent"]
    page.view.selectRow(0)
    assert page.footer.remove.isEnabled()
    assert not page.footer.metadata.isEnabled()
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        _press(qtbot, page, Qt.Key.Key_Delete)
    assert library.folders() == []
    assert page.empty.isVisible()


def test_narrow_pages_drop_the_least_important_columns(filled: ModelsPage) -> None:
    def hidden() -> set[Column]:
        return {column for column in Column if filled.view.isColumnHidden(column)}

    filled.resize(1400, 650)
    QApplication.processEvents()
    assert hidden() == {Column.KIND, Column.REASON}
    filled.resize(560, 420)
    QApplication.processEvents()
    assert {Column.MODIFIED, Column.TEMPLATE, Column.ARCHITECTURE} <= hidden()
    assert Column.SIZE not in hidden()
    assert sum(filled.view.columnWidth(column) for column in Column) <= filled.view.viewport().width()


def test_a_loaded_model_is_marked(filled: ModelsPage, folder: Path) -> None:
    before = filled.view.grab().toImage()
    filled.set_loaded(str(folder / "small.gguf"))
    assert filled.view.grab().toImage() != before
    filled.set_loaded("")
    assert filled.view.grab().toImage() == before


def test_scanning_shows_progress_and_can_be_cancelled(
    qtbot: QtBot, page: ModelsPage, library: LibraryService, folder: Path
) -> None:
    pipe = folder / "slow.gguf"
    for number in range(6000):
        (folder / f"{number % 50}" / f"{number}").mkdir(parents=True)
    shutil.copy(folder / "small.gguf", folder / "deep.gguf")
    assert not pipe.exists()
    library.add_folder(folder)
    library.rescan()
    for _ in range(30):
        library.add_folder(folder)
    qtbot.waitUntil(page.scan_bar.isVisible, timeout=5000)
    cancel = page.scan_bar.findChild(QPushButton)
    assert cancel is not None
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        cancel.click()
    assert not page.scan_bar.isVisible()


class _Opener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


@pytest.mark.skipif(os.name == "nt", reason="Windows is asked through explorer.exe")
def test_revealing_opens_the_folder(filled: ModelsPage, folder: Path) -> None:
    opener = _Opener()
    QDesktopServices.setUrlHandler("file", opener, "open")
    try:
        filled.view.selectRow(0)
        filled.footer.reveal.click()
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert opener.opened == [str(folder)]


def test_the_menu_offers_what_the_row_can_do(qtbot: QtBot, filled: ModelsPage) -> None:
    filled.view.selectRow(0)
    filled.view.customContextMenuRequested.emit(QPoint(10, 10))
    menu = next(menu for menu in filled.findChildren(QMenu) if menu.isVisible())
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == ["Load", "Metadata…", "Show in the file manager", "Remove from the list"]
    with qtbot.waitSignal(filled.load_requested):
        actions["Load"].trigger()
    menu.close()


def test_the_folders_menu_lists_and_forgets(
    qtbot: QtBot, filled: ModelsPage, library: LibraryService, folder: Path
) -> None:
    menu = filled.header.folders.menu()
    menu.aboutToShow.emit()
    (below,) = [action.menu() for action in menu.actions() if action.text() == str(folder)]
    with qtbot.waitSignal(library.scan_finished, timeout=5000):
        below.actions()[0].trigger()
    assert library.folders() == []


def test_the_metadata_viewer_shows_searches_and_copies(qtbot: QtBot, filled: ModelsPage) -> None:
    filled.view.selectRow(0)
    filled.footer.metadata.click()
    dialog = filled.findChild(MetadataDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.metadata.rows.rowCount() > 0)
    assert dialog.tensors.rows.rowCount() == 21, "the tensors of all parts"
    keys = [dialog.metadata.rows.index(row, 0).data() for row in range(dialog.metadata.rows.rowCount())]
    assert keys[0] == "general.architecture", "the file's own order"
    dialog.findChild(type(filled.header.search)).setText("tokenizer.ggml.tok")
    qtbot.waitUntil(lambda: dialog.metadata.rows.rowCount() == 2)
    dialog.metadata.selectRow(0)
    dialog.copy()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("tokenizer.ggml.tokens\tstring[640]\t[640 items] <unk>")
    assert copied.count("\n") == 0
    assert dialog.metadata.rows.index(0, 2).data(FullRole).startswith("[640 items]")
    dialog.accept()
    qtbot.waitUntil(lambda: filled.findChild(MetadataDialog) is None)


def test_the_metadata_viewer_opens_what_is_cut_short_and_says_what_is_not_gguf(
    qtbot: QtBot, filled: ModelsPage, folder: Path
) -> None:
    filled.header.set_view(View.PROBLEMS)
    filled.view.selectRow(0)
    filled.show_metadata()
    dialog = filled.findChild(MetadataDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.metadata.rows.rowCount() > 0)
    dialog.accept()
    qtbot.waitUntil(lambda: filled.findChild(MetadataDialog) is None)
    (folder / "cut.gguf").write_text("no model at all")
    filled.show_metadata()
    dialog = filled.findChild(MetadataDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: any("not a GGUF" in label.text() for label in dialog.findChildren(QLabel)))
    dialog.accept()
    qtbot.waitUntil(lambda: filled.findChild(MetadataDialog) is None)


def test_every_control_has_a_name(filled: ModelsPage) -> None:
    nameless = [
        button
        for button in filled.findChildren(QPushButton)
        if not (button.accessibleName() or button.text() or not button.isVisibleTo(filled))
    ]
    assert nameless == []
    for button in (filled.footer.remove, filled.footer.reveal, filled.header.folders):
        assert button.accessibleName()
        assert button.toolTip()
