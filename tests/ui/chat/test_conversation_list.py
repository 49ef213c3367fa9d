"""The list of conversations over a real chat and history."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.conversation_model import SECOND_LINE_ROLE
from tests.services.chat_rig import Rig
from tests.ui.chat.conftest import conversation_of

Store = Callable[[Conversation], Conversation]


def titles(page: ChatPage) -> list[str]:
    model = page.list.view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def stored(store: Store, *names: str) -> list[Conversation]:
    made: list[Conversation] = []
    for age, name in enumerate(names):
        conversation = conversation_of(4, lambda n, name=name: f"{name} says {n}")
        conversation.title = name
        conversation.changed_at = time.time() - 100 * age
        made.append(store(conversation))
    return made


def choose(page: ChatPage, row: int) -> None:
    view = page.list.view
    rect = view.visualRect(view.model().index(row, 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def test_newest_first_and_a_click_opens(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    first, second = stored(store, "Maths", "Cooking")
    qtbot.waitUntil(lambda: titles(page) == ["Maths", "Cooking"])
    choose(page, 1)
    assert rig.chat.current.id == second.id
    assert [view.message.text for view in page.transcript.views()] == [f"Cooking says {n}" for n in range(4)]
    page.list.view.setFocus()
    qtbot.keyClick(page.list.view, Qt.Key.Key_Up)
    assert rig.chat.current.id == first.id
    second_line = page.list.view.model().index(0, 0).data(SECOND_LINE_ROLE)
    assert "just now" in second_line


def test_search_finds_titles_and_messages(page: ChatPage, store: Store, qtbot: QtBot) -> None:
    stored(store, "Maths", "Cooking")
    qtbot.waitUntil(lambda: len(titles(page)) == 2)
    qtbot.keyClicks(page.list.search_field, "cooking SAYS 2")
    qtbot.waitUntil(lambda: titles(page) == ["Cooking"])
    page.list.search_field.setText("nowhere")
    qtbot.waitUntil(lambda: titles(page) == [])
    assert "nowhere" in page.list._nothing.text()
    qtbot.keyClick(page.list.search_field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(titles(page)) == 2)


def test_renaming_in_place(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    stored(store, "Maths", "Cooking")
    qtbot.waitUntil(lambda: len(titles(page)) == 2)
    choose(page, 1)
    view = page.list.view
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "Cooking"
    editor.setText("Recipes")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Recipes" in titles(page))
    assert rig.chat.current.title == "Recipes"


def test_deleting_can_be_undone(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    stored(store, "Maths", "Cooking")
    qtbot.waitUntil(lambda: len(titles(page)) == 2)
    choose(page, 0)
    page.list.view.setFocus()
    qtbot.keyClick(page.list.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: titles(page) == ["Cooking"])
    assert rig.chat.current.is_empty
    assert page._toast.isVisible()
    qtbot.mouseClick(page._toast._action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: titles(page) == ["Maths", "Cooking"])
    assert rig.chat.current.title == "Maths"


def test_a_new_conversation_is_in_no_list_until_something_is_said(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    stored(store, "Maths")
    qtbot.waitUntil(lambda: titles(page) == ["Maths"])
    choose(page, 0)
    page.new_conversation()
    assert rig.chat.current.is_empty
    assert titles(page) == ["Maths"]
    assert not page.list.view.selectionModel().hasSelection()


def test_the_second_line_names_the_model_of_the_newest_reply(
    page: ChatPage, store: Store, qtbot: QtBot
) -> None:
    (conversation,) = stored(store, "Maths")
    conversation.path()[3].model = "Newest 8B"
    store(conversation)
    model = page.list.view.model()
    qtbot.waitUntil(lambda: str(model.index(0, 0).data(SECOND_LINE_ROLE)).startswith("Newest 8B · "))


def test_the_search_field_says_what_it_is_in_full(page: ChatPage) -> None:
    field = page.list.search_field
    assert field.accessibleName() == "Search conversations"
    words = field.fontMetrics().horizontalAdvance(field.placeholderText())
    assert words <= field.width() - 60, "beside its icon and the button that clears it"


def test_from_the_search_to_what_was_found_by_keys(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    _, second, third = stored(store, "Maths", "Cooking", "Cooking again")
    qtbot.waitUntil(lambda: len(titles(page)) == 3)
    page.focus_search()
    qtbot.keyClicks(page.list.search_field, "cooking")
    qtbot.keyClick(page.list.search_field, Qt.Key.Key_Return)
    assert rig.chat.current.id == second.id, "Return opens the first that was found, however soon it comes"
    page.focus_search()
    qtbot.keyClick(page.list.search_field, Qt.Key.Key_Down)
    assert page.list.view.hasFocus()
    qtbot.keyClick(page.list.view, Qt.Key.Key_Down)
    assert rig.chat.current.id == third.id


def test_deleting_and_undoing_by_keys_while_another_conversation_is_open(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    stored(store, "Maths", "Cooking")
    qtbot.waitUntil(lambda: len(titles(page)) == 2)
    page.list.search_field.setText("cooking")
    qtbot.waitUntil(lambda: titles(page) == ["Cooking"])
    page.list.view.setFocus()
    rig.chat.list_changed.emit()  # as at the end of a reply
    qtbot.wait(50)
    qtbot.keyClick(page.list.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: titles(page) == [])
    qtbot.keyClick(page.list.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: titles(page) == ["Cooking"])
