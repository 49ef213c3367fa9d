"""The picker of the draft model: keys, reasons, and what it says where there is nothing to pick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.settings import LOAD
from app.services.drafts import Drafts
from app.services.library import LibraryService
from app.services.plan import Plan
from app.ui.panel.draft_editor import DraftEditor, DraftOffer
from app.ui.panel.editors import Sources
from app.ui.panel.setting_row import SettingRow
from app.ui.theme import Theme
from tests.tiny_models import build_hybrid, build_llama, build_mtp


class Rig:
    """A row over a real library, in a window of the app's least size."""

    def __init__(self, theme: Theme, folder: Path, tmp_path: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.plan = Plan(LOAD)
        self.library = LibraryService(tmp_path / "library.json", tmp_path / "headers.json")
        self.drafts = Drafts(self.plan, self.library)
        self.n_discovered = 0
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(1000, 650)
        offer = DraftOffer(self.drafts, self._discover)
        self.row = SettingRow(theme, self.plan, LOAD["draft_model"], Sources(drafts=offer), self.window)
        self.plan.changed.connect(lambda _key: self.row.refresh())
        column = QVBoxLayout(self.window)
        column.addWidget(self.row)
        column.addStretch(1)
        self.window.show()
        self.scan()
        self.choose("target.gguf")
        self.plan.set_value("draft_source", "model")

    def _discover(self) -> None:
        self.n_discovered += 1

    def scan(self) -> None:
        self.library.add_folder(str(self.folder))
        self.qtbot.waitUntil(lambda: not self.library.is_scanning, timeout=10000)

    def choose(self, name: str) -> None:
        entry = self.library.entry(str(self.folder / name))
        assert entry is not None
        self.plan.set_model(entry.facts)

    @property
    def editor(self) -> DraftEditor:
        editor = self.row.editor
        assert isinstance(editor, DraftEditor)
        return editor

    def open(self) -> None:
        """Opens the list by the keyboard and waits until it is complete."""
        QTest.keyClick(self.editor.button, Qt.Key.Key_Down)
        self.qtbot.waitUntil(lambda: self.drafts.is_complete, timeout=10000)

    def names(self) -> list[str]:
        rows = self.editor.menu.rows.rows
        return [row.draft.name if row.draft is not None else f"[{row.heading}]" for row in rows]

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self.editor.menu.search, key)

    def close(self) -> None:
        self.editor.menu.hide()
        self.drafts.close()
        self.library.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    build_llama(folder / "target.gguf", n_layers=16, n_embd=128, n_ff=512, name="Target")
    build_llama(folder / "small.gguf", n_layers=1, name="Small")
    build_llama(folder / "smaller.gguf", n_layers=1, n_ff=32, name="Smaller")
    build_llama(folder / "other.gguf", n_layers=1, n_vocab=800, name="Other")
    return folder


@pytest.fixture
def rig(theme: Theme, folder: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Rig]:
    rig = Rig(theme, folder, tmp_path, qtbot)
    yield rig
    rig.close()


def test_what_can_draft_stands_over_what_cannot(rig: Rig) -> None:
    rig.open()
    assert rig.names() == ["[Can draft for this model]", "Small", "Smaller", "[Cannot be used]", "Other"]
    assert "up to" in rig.editor.menu.guidance.text()
    assert rig.editor.menu.search.hasFocus()


def test_the_keyboard_chooses_and_goes_back_to_the_row(rig: Rig) -> None:
    rig.open()
    rig.press(Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert rig.plan.value("draft_model") == str(rig.folder / "smaller.gguf")
    assert not rig.editor.menu.isVisible()
    rig.qtbot.waitUntil(lambda: rig.plan.draft is not None, timeout=10000)
    assert rig.editor.button.accessibleName().startswith("Draft model: Smaller")
    rig.open()
    current = rig.editor.menu.list.currentIndex().row()
    assert rig.names()[current] == "Smaller", "the list opens at what is chosen"
    QTest.keyClick(rig.editor.menu.search, Qt.Key.Key_Escape)
    QTest.keyClick(rig.editor.button, Qt.Key.Key_Delete)
    assert rig.plan.value("draft_model") is None


def test_a_refused_model_tells_its_reason_and_cannot_be_taken(rig: Rig) -> None:
    rig.open()
    rig.press(Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert "800 tokens" in rig.editor.menu.told.text()
    rig.press(Qt.Key.Key_Return)
    assert rig.editor.menu.isVisible()
    assert rig.plan.value("draft_model") is None
    index = rig.editor.menu.list.currentIndex()
    assert "800 tokens" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))


def test_the_search_filters_names_and_paths(rig: Rig) -> None:
    rig.open()
    QTest.keyClicks(rig.editor.menu.search, "SMALLER")
    assert rig.names() == ["[Can draft for this model]", "Smaller"]
    QTest.keyClicks(rig.editor.menu.search, "zz")
    assert rig.names() == []
    assert rig.editor.menu.empty.text() == "Nothing found."


def test_where_nothing_can_draft_it_says_what_to_get(rig: Rig) -> None:
    for name in ("small", "smaller"):
        (rig.folder / f"{name}.gguf").unlink()
    rig.library.rescan()
    rig.qtbot.waitUntil(lambda: not rig.library.is_scanning, timeout=10000)
    rig.open()
    assert rig.names() == ["[Cannot be used]", "Other"]
    assert "smallest model of the same family" in rig.editor.menu.told.text()
    (rig.folder / "other.gguf").unlink()
    rig.library.rescan()
    rig.qtbot.waitUntil(lambda: not rig.library.is_scanning, timeout=10000)
    rig.qtbot.waitUntil(lambda: rig.drafts.is_complete and not rig.names(), timeout=10000)
    assert "smallest model of the same family" in rig.editor.menu.empty.text()
    QTest.mouseClick(rig.editor.menu.discover, Qt.MouseButton.LeftButton)
    assert rig.n_discovered == 1


def test_a_model_that_nothing_can_draft_for_says_so(rig: Rig) -> None:
    build_hybrid(rig.folder / "hybrid.gguf", n_layers=2)
    rig.library.rescan()
    rig.qtbot.waitUntil(lambda: not rig.library.is_scanning, timeout=10000)
    rig.choose("hybrid.gguf")
    rig.open()
    assert rig.names() == []
    assert "cannot be taken back" in rig.editor.menu.empty.text()


def test_heads_that_are_not_used_are_told(rig: Rig) -> None:
    build_mtp(rig.folder / "heads.gguf")
    rig.library.rescan()
    rig.qtbot.waitUntil(lambda: not rig.library.is_scanning, timeout=10000)
    rig.choose("heads.gguf")
    rig.open()
    assert rig.editor.menu.heads.isVisible()
    assert "multi-token prediction" in rig.editor.menu.heads.text()


def test_any_other_file_can_be_browsed_to(rig: Rig) -> None:
    rig.open()
    QTest.mouseClick(rig.editor.menu.browse, Qt.MouseButton.LeftButton)
    assert not rig.editor.menu.isVisible()
    dialog = next(iter(rig.window.findChildren(QFileDialog)))
    dialog.fileSelected.emit("/elsewhere/draft.gguf")
    dialog.close()
    assert rig.plan.value("draft_model") == "/elsewhere/draft.gguf"
    rig.qtbot.waitUntil(lambda: rig.plan.draft is not None, timeout=10000)
    assert rig.editor.button.accessibleName() == "Draft model: draft.gguf"
    assert [problem.key for problem in rig.plan.problems()] == ["draft_model"]


def test_the_list_stays_inside_the_window(rig: Rig) -> None:
    rig.open()
    menu = rig.editor.menu
    assert rig.window.rect().contains(rig.window.mapFromGlobal(menu.pos()))
    assert menu.geometry().bottom() <= rig.window.mapToGlobal(rig.window.rect().bottomRight()).y()
