"""Preferences and Logs, as a person uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.core.settings import APP
from app.services.preferences import Preferences
from app.ui.pages.folders_editor import FoldersEditor
from app.ui.pages.logs_page import LogsPage
from app.ui.pages.preferences_page import PreferencesPage
from app.ui.theme import Theme
from app.ui.widgets import IconButton


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme()
    theme.apply(qapp)
    return theme


@pytest.fixture
def preferences(tmp_path: Path, qtbot: QtBot) -> Preferences:
    return Preferences(APP, tmp_path / "preferences.json")


@pytest.fixture
def page(theme: Theme, preferences: Preferences, tmp_path: Path, qtbot: QtBot) -> PreferencesPage:
    page = PreferencesPage(theme, preferences, {"Logs": tmp_path})
    qtbot.addWidget(page)
    page.resize(800, 600)
    page.show()
    return page


def test_every_row_of_the_table_has_an_editor(page: PreferencesPage) -> None:
    assert set(page.rows) == set(APP.keys())


def test_the_access_token_is_found_beside_the_endpoint(page: PreferencesPage, qtbot: QtBot) -> None:
    page.go_to("hub_endpoint")
    with qtbot.waitSignal(page.token_asked):
        qtbot.mouseClick(page.token, Qt.MouseButton.LeftButton)


def test_what_is_kept_of_conversations_is_told_and_can_be_deleted(
    page: PreferencesPage, qtbot: QtBot
) -> None:
    page.go_to("states_limit_gib")
    page.show_kept(0)
    assert not page.remove_kept.isEnabled()
    page.show_kept(123_000_000)
    assert any("123" in label.text() for label in page.findChildren(QLabel))
    with qtbot.waitSignal(page.states_removal_asked):
        qtbot.mouseClick(page.remove_kept, Qt.MouseButton.LeftButton)
    assert not page.remove_kept.isEnabled()  # until the new size is known


def test_a_row_shows_what_was_set_elsewhere_and_resets(
    page: PreferencesPage, preferences: Preferences, qtbot: QtBot
) -> None:
    row = page.rows["text_size"]
    assert not row.reset.isVisible()
    preferences.set_value("text_size", 17)
    assert row.reset.isVisible()
    qtbot.mouseClick(row.reset, Qt.MouseButton.LeftButton)
    assert preferences.value("text_size") == APP["text_size"].default
    assert not row.reset.isVisible()
    preferences.close()


def test_a_row_is_live_only_where_it_has_an_effect(page: PreferencesPage, preferences: Preferences) -> None:
    assert not page.rows["guard_reserve"].isEnabled()
    preferences.set_value("guard", "custom")
    assert page.rows["guard_reserve"].isEnabled()
    preferences.close()


def test_a_folder_is_chosen_and_taken_back(
    page: PreferencesPage, preferences: Preferences, tmp_path: Path, qtbot: QtBot
) -> None:
    row = page.rows["download_folder"]
    row.findChild(IconButton, "browse").click()
    dialog = page.findChild(QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    assert preferences.value("download_folder") == str(tmp_path)
    row.reset.click()
    assert preferences.value("download_folder") is None
    preferences.close()


def test_folders_are_added_and_taken_off(
    page: PreferencesPage, preferences: Preferences, tmp_path: Path, qtbot: QtBot
) -> None:
    editor = page.rows["model_folders"].findChild(FoldersEditor)
    assert editor is not None
    editor.add(str(tmp_path))
    editor.add(str(tmp_path / "b"))
    editor.add(str(tmp_path))
    assert preferences.value("model_folders") == [str(tmp_path), str(tmp_path / "b")]

    def removers() -> list[IconButton]:
        return [button for button in editor.findChildren(IconButton) if button.isVisible()]

    qtbot.waitUntil(lambda: len(removers()) == 2, timeout=2000)
    remove = removers()[0]
    assert str(tmp_path) in remove.accessibleName()
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert preferences.value("model_folders") == [str(tmp_path / "b")]
    preferences.close()


LINES = """2026-11-21 08:00:00,123 INFO    app: started
2026-11-21 08:00:01,123 WARNING app: careful
2026-11-21 08:00:02,123 ERROR   app: broken
"""


@pytest.fixture
def logs(theme: Theme, tmp_path: Path, qtbot: QtBot) -> LogsPage:
    (tmp_path / "window.log").write_text(LINES)
    page = LogsPage(theme, tmp_path)
    qtbot.addWidget(page)
    page.resize(800, 500)
    page.show()
    return page


def test_a_log_is_shown_live(logs: LogsPage, tmp_path: Path, qtbot: QtBot) -> None:
    assert logs.view.toPlainText() == LINES.rstrip("\n")
    with (tmp_path / "window.log").open("a") as file:
        file.write("2026-11-21 08:00:03,123 INFO    app: more\n")
    qtbot.waitUntil(lambda: "more" in logs.view.toPlainText(), timeout=3000)


def test_the_newest_line_stays_in_sight_until_one_scrolls_up(
    logs: LogsPage, tmp_path: Path, qtbot: QtBot
) -> None:
    bar = logs.view.verticalScrollBar()

    def write(n_lines: int, last: str) -> None:
        with (tmp_path / "window.log").open("a") as file:
            file.writelines(f"2026-11-21 08:00:03,123 INFO    app: {last} {n}\n" for n in range(n_lines))
        qtbot.waitUntil(lambda: f"{last} {n_lines - 1}" in logs.view.toPlainText(), timeout=3000)

    write(100, "first")
    assert bar.value() == bar.maximum() > 0
    logs.resize(800, 300)
    qtbot.waitUntil(lambda: logs.height() == 300)
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    write(50, "second")
    logs.resize(800, 420)
    assert bar.value() == 3


def test_levels_and_text_filter(logs: LogsPage, qtbot: QtBot) -> None:
    buttons = {button.text(): button for button in logs.levels.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["Warnings"], Qt.MouseButton.LeftButton)
    assert "started" not in logs.view.toPlainText()
    assert "careful" in logs.view.toPlainText()
    qtbot.mouseClick(buttons["Errors"], Qt.MouseButton.LeftButton)
    assert logs.view.toPlainText().endswith("broken")
    qtbot.mouseClick(buttons["All"], Qt.MouseButton.LeftButton)
    qtbot.keyClicks(logs.search, "CAREFUL")
    qtbot.waitUntil(lambda: logs.view.toPlainText().count("\n") == 0, timeout=2000)
    logs.copy()
    assert "careful" in QGuiApplication.clipboard().text()


def test_another_file_can_be_shown(logs: LogsPage, tmp_path: Path) -> None:
    worker = tmp_path / "worker-20261121-080000-Qwen3-8B.log"
    worker.write_text("llama_context: ok\n")
    logs.show_file(worker)
    assert logs.view.toPlainText() == "llama_context: ok"
    assert "Qwen3-8B" in logs.files.currentText()


def test_markup_in_a_log_is_only_text(logs: LogsPage, tmp_path: Path) -> None:
    path = tmp_path / "worker-20261121-090000-m.log"
    path.write_text("<b>bold</b> <img src='file:///etc/passwd'>\x07\n")
    logs.show_file(path)
    assert "<b>bold</b>" in logs.view.toPlainText()
