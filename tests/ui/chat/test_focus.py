"""Where the keyboard is after something that had it is gone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, Message, Role
from app.ui.chat.chat_page import ChatPage
from tests.services.chat_rig import Rig
from tests.ui.chat.conftest import conversation_of

Store = Callable[[Conversation], Conversation]


def test_the_alternative_shown_has_the_keyboard(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    conversation = conversation_of(4)
    first = conversation.path()[-1]
    for text in ("second", "third"):
        conversation.add(Message(Role.ASSISTANT, text, parent_id=first.parent_id))
    store(conversation)
    rig.chat.open(conversation.id)
    page.transcript.views()[-1].setFocus()
    for text in ("second", first.text):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
        assert rig.chat.current.path()[-1].text == text
    assert QApplication.focusWidget() is page.transcript.views()[-1]


def test_another_conversation_leaves_the_keyboard_to_the_composer(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    one, other = store(conversation_of(4)), store(conversation_of(2))
    rig.chat.open(one.id)
    page.transcript.views()[0].setFocus()
    rig.chat.open(other.id)
    assert QApplication.focusWidget() is page.composer._edit


def test_the_page_is_shown_ready_to_write(page: ChatPage, qtbot: QtBot) -> None:
    assert QApplication.focusWidget() is page.composer._edit


def test_a_kept_message_keeps_the_keyboard(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    conversation = store(conversation_of(4))
    rig.chat.open(conversation.id)
    first = page.transcript.views()[0]
    first.setFocus()
    last = rig.chat.current.path()[-1]
    rig.chat.edit(last.id, "better", generate=False)
    assert QApplication.focusWidget() is first
