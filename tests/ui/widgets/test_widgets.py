"""The small building blocks, as a person uses them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.shell.fault_dialog import FaultDialog
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, EmptyState, IconButton, SearchField, Segmented, Switch, Toast
from app.ui.widgets.plain_tip import plain_tip


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme()
    theme.apply(qapp)
    return theme


def test_a_segmented_choice_tells_the_users_choice_only(theme: Theme, qtbot: QtBot) -> None:
    choice = Segmented([(None, "auto"), (True, "on"), (False, "off")])
    qtbot.addWidget(choice)
    heard: list[object] = []
    choice.changed.connect(heard.append)
    choice.set_value(True)
    assert (choice.value(), heard) == (True, [])
    choice.show()
    qtbot.mouseClick(choice.findChildren(QPushButton)[2], Qt.MouseButton.LeftButton)
    assert (choice.value(), heard) == (False, [False])
    choice.set_value("unknown")
    assert choice.value() is None


def test_a_segmented_choice_by_keys(theme: Theme, qtbot: QtBot) -> None:
    choice = Segmented(["a", "b", "c"])
    qtbot.addWidget(choice)
    choice.set_value("b")
    choice.show()
    qtbot.keyClick(choice, Qt.Key.Key_Right)
    qtbot.keyClick(choice, Qt.Key.Key_Right)
    assert choice.value() == "c"
    qtbot.keyClick(choice, Qt.Key.Key_Left)
    assert choice.value() == "b"


def test_an_elided_label_has_the_whole_text_in_its_tooltip(theme: Theme, qtbot: QtBot) -> None:
    label = ElidedLabel("a model with a very long name indeed")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""


def test_an_icon_button_says_what_it_does(theme: Theme, qtbot: QtBot) -> None:
    button = IconButton(theme, "eject", "Eject the model")
    qtbot.addWidget(button)
    assert button.accessibleName() == button.toolTip() == "Eject the model"


def test_an_empty_state_offers_one_thing(theme: Theme, qtbot: QtBot) -> None:
    empty = EmptyState(theme, "models", "No models yet", "Add a folder.", "Add")
    qtbot.addWidget(empty)
    empty.show()
    with qtbot.waitSignal(empty.clicked):
        qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)
    empty.show_text("Nothing found", "Try another word.")
    assert not empty.button.isVisible()


def test_a_long_toast_is_read_whole(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    parent.resize(400, 300)
    qtbot.addWidget(parent)
    parent.show()
    toast = Toast(theme, parent)
    toast.show_text(
        "Conversations cannot be saved for now, since there is no space left on their disk. " * 2, for_ms=0
    )
    QTest.qWait(20)
    label = toast.findChild(QLabel)
    assert label is not None
    assert parent.rect().contains(toast.geometry())
    assert label.height() >= label.heightForWidth(label.width())
    one_line = label.fontMetrics().lineSpacing()
    assert label.height() > 2 * one_line
    toast.show_text("Short", for_ms=0)
    QTest.qWait(20)
    assert label.height() < 2 * one_line
    toast.hide()


def test_a_toast_goes_by_itself_or_acts(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(400, 300)
    toast = Toast(theme, parent)
    parent.show()
    with qtbot.waitSignal(toast.gone, timeout=2000):
        toast.show_text("Deleted", "Undo", for_ms=50)
    assert not toast.isVisible()
    toast.show_text("Deleted again", "Undo")
    parent.resize(300, 200)
    assert parent.rect().contains(toast.geometry())
    action = next(button for button in toast.findChildren(QPushButton) if button.text() == "Undo")
    with qtbot.waitSignal(toast.acted, timeout=2000):
        qtbot.mouseClick(action, Qt.MouseButton.LeftButton)
    assert not toast.isVisible()


def test_a_search_waits_for_the_last_key(theme: Theme, qtbot: QtBot) -> None:
    field = SearchField(theme, "Search settings", delay_ms=40)
    qtbot.addWidget(field)
    field.show()
    heard: list[str] = []
    field.searched.connect(heard.append)
    qtbot.keyClicks(field, "rope")
    assert heard == []
    qtbot.waitUntil(lambda: heard == ["rope"], timeout=2000)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: heard == ["rope", ""], timeout=2000)


def test_a_switch_by_mouse_and_key(theme: Theme, qtbot: QtBot) -> None:
    switch = Switch(theme, "Keep in memory")
    qtbot.addWidget(switch)
    switch.show()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not switch.isChecked()


def test_texts_of_others_are_shown_as_they_are_never_rendered(theme: Theme, qtbot: QtBot) -> None:
    """Qt takes a label's or a tooltip's text for HTML if it looks like that, and then loads pictures from disk."""
    evil = "<b>Name</b><img src='file:///etc/hosts'>"
    shown = QTextDocument()
    shown.setHtml(plain_tip(evil))
    assert shown.toPlainText() == evil
    assert plain_tip("fish & chips < 3") == "fish & chips < 3"
    assert plain_tip("") == ""
    label = ElidedLabel(evil)
    qtbot.addWidget(label)
    label.resize(40, 20)
    label.show()
    qtbot.waitUntil(lambda: label.toolTip() == plain_tip(evil))
    empty = EmptyState(theme, "chat", evil, evil)
    dialog_parent = QWidget()
    qtbot.addWidget(empty)
    qtbot.addWidget(dialog_parent)
    dialog = FaultDialog(theme, evil, evil, [], dialog_parent)
    for widget in (empty, dialog):
        formats = {one.textFormat() for one in widget.findChildren(QLabel) if evil in one.text()}
        assert formats == {Qt.TextFormat.PlainText}
