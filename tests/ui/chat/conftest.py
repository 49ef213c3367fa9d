"""A theme, conversations to show, and a page over a real chat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, Message, Role
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.markdown import MarkdownParser
from app.ui.theme import Theme
from tests.services.chat_rig import Rig

TIMINGS = {
    "prompt_n": 220,
    "cached_n": 380,
    "prompt_ms": 120.0,
    "predicted_n": 412,
    "predicted_ms": 6590.0,
    "ttft_ms": 210.0,
    "total_ms": 6800.0,
}


def conversation_of(n_messages: int, text: Callable[[int], str] = "message {}".format) -> Conversation:
    """Questions and replies in turn."""
    conversation = Conversation(title=f"{n_messages} messages")
    parent: str | None = None
    for number in range(n_messages):
        role = Role.ASSISTANT if number % 2 else Role.USER
        message = Message(role, text(number), parent_id=parent, created_at=time.time())
        if number % 2:
            message.model, message.timings, message.stop_reason = "Tiny", dict(TIMINGS), "end_of_turn"
        conversation.add(message)
        parent = message.id
    return conversation


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme()
    theme.apply(qapp)
    return theme


@pytest.fixture(scope="session")
def parser() -> MarkdownParser:
    return MarkdownParser()


@pytest.fixture
def rig(qapp: QApplication, tmp_path: Path) -> Iterator[Rig]:
    """A chat with an empty history; nothing is loaded."""
    rig = Rig(tmp_path / "history.sqlite3", tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def store(rig: Rig) -> Callable[[Conversation], Conversation]:
    """Puts a conversation into the history, as if it had been held."""

    def put(conversation: Conversation) -> Conversation:
        rig.history.save(conversation, conversation.messages.values())
        rig.chat.list_changed.emit()
        return conversation

    return put


@pytest.fixture
def page(theme: Theme, rig: Rig, qtbot: QtBot) -> Iterator[ChatPage]:
    """The page as it is shown in a window of ordinary size."""
    page = ChatPage(theme, rig.chat, rig.session)
    qtbot.addWidget(page)
    page.resize(1000, 650)
    page.setMinimumSize(400, 300)  # else what its parts need becomes the window's least size, again and again
    page.show()
    yield page
    page.hide()
