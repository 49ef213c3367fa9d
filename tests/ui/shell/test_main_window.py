"""The window's layout: pages, folding parts, what it remembers, what is dropped on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.ui.shell.main_window import MainWindow
from app.ui.shell.model_bar import ModelBar
from app.ui.shell.page import Page
from app.ui.shell.shortcuts import Shortcuts, ShortcutsDialog
from app.ui.shell.window_state import WindowState
from app.ui.theme import Theme


class Rig:
    def __init__(self, qapp: QApplication, qtbot: QtBot) -> None:
        self.theme = Theme()
        self.theme.apply(qapp)
        self.qtbot = qtbot
        self.n_built = 0

    def pages(self) -> list[Page]:
        return [
            Page("chat", "Chat", "chat", self._build),
            Page("logs", "Logs", "logs", self._build, True, with_panel=False, with_plots=False),
        ]

    def _build(self) -> QWidget:
        self.n_built += 1
        return QLabel("page")

    def window(self, state: WindowState | None = None) -> MainWindow:
        window = MainWindow(
            self.theme,
            pages=self.pages(),
            model_bar=ModelBar(self.theme),
            panel=QLabel("panel"),
            plots=QLabel("plots"),
            state=state,
        )
        self.qtbot.addWidget(window)
        window.show()
        return window


@pytest.fixture
def rig(qapp: QApplication, qtbot: QtBot) -> Rig:
    return Rig(qapp, qtbot)


def test_pages_are_built_at_their_first_visit(rig: Rig) -> None:
    window = rig.window()
    assert (rig.n_built, window.current_page) == (1, "chat")
    window.show_page("logs")
    window.show_page("chat")
    window.show_page("logs")
    assert (rig.n_built, window.current_page) == (2, "logs")


def test_panel_and_plots_belong_to_some_pages_and_fold(rig: Rig) -> None:
    window = rig.window()
    panel = next(label for label in window.findChildren(QLabel) if label.text() == "panel")
    plots = next(label for label in window.findChildren(QLabel) if label.text() == "plots")
    assert panel.isVisible()
    assert plots.isVisible()
    window.show_page("logs")
    assert not panel.isVisible()
    assert not plots.isVisible()
    window.show_page("chat")
    window.toggle_panel()
    window.toggle_plots()
    assert not panel.isVisible()
    assert not plots.isVisible()
    assert not window.model_bar.panel_button.isChecked()


def test_the_window_comes_back_as_it_was(rig: Rig, tmp_path: Path) -> None:
    window = rig.window()
    window.resize(790, 600)  # the offscreen screen is 800 by 800
    window.show_page("logs")
    window.toggle_plots()
    window.state().save(tmp_path / "window.json")
    again = rig.window(WindowState.load(tmp_path / "window.json")[0])
    assert (again.width(), again.height()) == (790, 600)
    assert again.current_page == "logs"
    again.show_page("chat")
    assert not again.model_bar.plots_button.isChecked()
    assert again.model_bar.panel_button.isChecked()


@pytest.mark.parametrize(
    "text", ["{", '{"version": 1, "geometry": "%%%", "page": "gone", "panel_width": "wide"}']
)
def test_a_damaged_state_is_no_obstacle(rig: Rig, tmp_path: Path, text: str) -> None:
    (tmp_path / "window.json").write_text(text)
    window = rig.window(WindowState.load(tmp_path / "window.json")[0])
    assert window.current_page == "chat"


@pytest.mark.parametrize("size", [(1000, 650), (1600, 1000)])
def test_everything_is_inside_at_every_size(rig: Rig, size: tuple[int, int]) -> None:
    window = rig.window()
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.text() in {"page", "panel", "plots"}:
            corner = label.mapTo(window, QPoint(0, 0))
            assert window.rect().contains(label.rect().translated(corner))
            assert label.width() >= 280
            assert label.height() >= 90


def test_models_and_folders_can_be_dropped(rig: Rig, tmp_path: Path) -> None:
    window = rig.window()
    (tmp_path / "folder").mkdir()
    names = [tmp_path / "a.gguf", tmp_path / "b.txt", tmp_path / "folder"]
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(name)) for name in names])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, button, none)
    QApplication.sendEvent(window.centralWidget(), enter)
    assert enter.isAccepted()
    assert window.drop_target.isVisible()
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, button, none)
    with rig.qtbot.waitSignal(window.files_dropped) as dropped:
        QApplication.sendEvent(window.centralWidget(), drop)
    assert not window.drop_target.isVisible()
    assert dropped.args == [[str(names[0]), str(names[2])]]


def test_a_drag_without_models_is_not_taken(rig: Rig, tmp_path: Path) -> None:
    window = rig.window()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "b.txt")), QUrl("https://example.org/a.gguf")])
    enter = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter.ignore()
    QApplication.sendEvent(window.centralWidget(), enter)
    assert not enter.isAccepted()


def test_shortcuts_are_one_table_without_clashes(rig: Rig) -> None:
    window = rig.window()
    shortcuts = Shortcuts(window, rig.pages())
    sequences = [row.sequence for row in shortcuts.table]
    assert len(set(sequences)) == len(sequences)
    heard: list[str] = []
    action = shortcuts.on("toggle_plots", lambda: heard.append("plots"))
    action.trigger()
    assert heard == ["plots"]
    dialog = ShortcutsDialog(shortcuts, window)
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    assert {row.text() for row in shortcuts.table} <= shown
    assert {row.title for row in shortcuts.table} <= shown
    dialog.deleteLater()
