"""The page over a real chat, session, worker and model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, MessageState, Role
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.composer import ComposerState
from tests.services.chat_rig import Rig
from tests.ui.chat.conftest import conversation_of

Store = Callable[[Conversation], Conversation]


@pytest.fixture
def loaded(request: pytest.FixtureRequest, rig: Rig, tiny_model: Path) -> ChatPage:
    rig.load(tiny_model, n_ctx=1024, n_seq_max=2)
    page: ChatPage = request.getfixturevalue("page")
    return page


def say(page: ChatPage, text: str) -> None:
    QTest.keyClicks(page.composer._edit, text)
    QTest.keyClick(page.composer._edit, Qt.Key.Key_Return)


def test_without_a_model_it_says_what_to_do(page: ChatPage, qtbot: QtBot) -> None:
    assert page.composer.state is ComposerState.NO_MODEL
    assert page._empty.isVisible()
    with qtbot.waitSignal(page.choose_model_requested):
        qtbot.mouseClick(page._empty.button, Qt.MouseButton.LeftButton)


def test_a_message_is_sent_and_its_reply_streams(loaded: ChatPage, rig: Rig, qtbot: QtBot) -> None:
    page = loaded
    assert page.composer.state is ComposerState.READY
    say(page, "Hello there")
    assert page.composer.text == ""
    assert page.composer.state is ComposerState.GENERATING
    assert not page._empty.isVisible()
    question, reply = page.transcript.views()
    assert question.message.text == "Hello there"
    rig.wait_idle()
    assert page.composer.state is ComposerState.READY
    view = page.transcript.reply(reply.message.id)
    assert view is not None
    assert view.message.state == MessageState.DONE
    assert view.stats.shown_texts[0].startswith("≈ ")
    assert "12 tokens" in " ".join(view.stats.shown_texts)
    qtbot.waitUntil(lambda: page.composer.meter_text.endswith("024 tokens"))


def test_stopping_keeps_what_there_is(loaded: ChatPage, rig: Rig, qtbot: QtBot) -> None:
    page = loaded
    rig.sampling = {"max_tokens": 100_000, "seed": 1}
    rig.overflow = "drop_oldest"
    say(page, "A long story")
    reply = rig.chat.current.path()[-1]
    qtbot.waitUntil(lambda: len(reply.text) > 40, timeout=20_000)
    view = page.transcript.reply(reply.id)
    assert view is not None
    qtbot.waitUntil(lambda: "generating" in view.stats.shown_texts, timeout=5000)
    QTest.keyClick(page.composer._edit, Qt.Key.Key_Escape)
    rig.wait_idle()
    assert "stopped by you" in view.stats.shown_texts
    assert reply.text
    assert view.act("copy") is None


def test_alternatives_and_branches(loaded: ChatPage, rig: Rig, qtbot: QtBot) -> None:
    page = loaded
    say(page, "First")
    rig.wait_idle()
    first = rig.chat.current.path()[-1]
    view = page.transcript.view(first.id)
    assert view is not None
    view.act("regenerate")
    rig.wait_idle()
    second = rig.chat.current.path()[-1]
    assert second.id != first.id
    view = page.transcript.view(second.id)
    assert view is not None
    bar = view._make_bar()
    assert bar._position.text() == "2/2"
    qtbot.mouseClick(bar._previous, Qt.MouseButton.LeftButton)
    assert rig.chat.current.path()[-1].id == first.id
    assert page.transcript.view(first.id) is not None
    question = page.transcript.views()[0]
    question.act("edit")
    editor = question._editor
    assert editor is not None
    editor.edit.setPlainText("Otherwise")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rig.wait_idle()
    assert [message.text for message in rig.chat.current.path() if message.role == Role.USER] == ["Otherwise"]


def test_up_in_an_empty_field_edits_the_last_message(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    conversation = store(conversation_of(4))
    rig.chat.open(conversation.id)
    QTest.keyClick(page.composer._edit, Qt.Key.Key_Up)
    view = page.transcript.views()[2]
    assert view.is_editing
    editor = view._editor
    assert editor is not None
    assert QApplication.focusWidget() is editor.edit
    editor.edit.setPlainText("changed")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [message.text for message in rig.chat.current.path()] == ["message 0", "message 1", "changed"]
    assert page._toast.isVisible(), "without a model it is saved, and that is said"


def test_a_reply_goes_on_in_the_background_and_is_whole_when_one_comes_back(
    loaded: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    page = loaded
    other = store(conversation_of(2))
    rig.sampling = {"max_tokens": 100_000, "seed": 3}
    rig.overflow = "drop_oldest"
    say(page, "Story")
    conversation = rig.chat.current
    reply = conversation.path()[-1]
    qtbot.waitUntil(lambda: bool(reply.text), timeout=20_000)
    rig.chat.open(other.id)
    length = len(reply.text)
    qtbot.waitUntil(lambda: len(reply.text) > length, timeout=20_000)
    rig.chat.open(conversation.id)
    length = len(reply.text)
    qtbot.waitUntil(lambda: len(reply.text) > length, timeout=20_000)
    rig.chat.stop()
    rig.wait_idle()
    view = page.transcript.reply(reply.id)
    assert view is not None
    qtbot.waitUntil(lambda: not view.text.is_busy)
    shown = view.text.document().toHtml()
    rig.chat.open(other.id)
    rig.chat.open(conversation.id)
    again = page.transcript.reply(reply.id)
    assert again is not None
    qtbot.waitUntil(lambda: not again.text.is_busy)
    assert again.text.document().toHtml() == shown


def test_each_conversation_has_its_own_draft(page: ChatPage, rig: Rig, store: Store) -> None:
    one, two = store(conversation_of(2)), store(conversation_of(2))
    rig.chat.open(one.id)
    QTest.keyClicks(page.composer._edit, "unfinished")
    rig.chat.open(two.id)
    assert page.composer.text == ""
    rig.chat.open(one.id)
    assert page.composer.text == "unfinished"


def test_a_thousand_messages_open_without_a_stall(
    page: ChatPage, rig: Rig, store: Store, qtbot: QtBot
) -> None:
    big = store(conversation_of(1000, lambda n: f"Message **{n}**\n\n```py\nx = {n}\n```\n" + "word " * 60))
    started = time.perf_counter()
    rig.chat.open(big.id)
    took = time.perf_counter() - started
    assert page.transcript.n_built < 30
    assert took < 2.0, "0.5 s on an idle machine; this bound only catches building everything"


def test_finding_in_the_conversation(page: ChatPage, rig: Rig, store: Store, qtbot: QtBot) -> None:
    big = store(
        conversation_of(120, lambda n: "Here is the **needle** twice: needle" if n == 7 else f"hay {n}")
    )
    rig.chat.open(big.id)
    QTest.keyClick(page.composer._edit, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page._find.isVisible()
    QTest.keyClicks(page._find._field, "NEEDLE")
    qtbot.waitUntil(lambda: page._find._count.text() == "2/2")
    view = next(view for view in page.transcript.views() if "needle" in view.message.text)
    assert view.text.textCursor().selectedText() == "needle"
    assert view.visibleRegion().boundingRect().height() > 0
    QTest.keyClick(page._find._field, Qt.Key.Key_Return)
    assert page._find._count.text() == "1/2"
    QTest.keyClick(page._find._field, Qt.Key.Key_Escape)
    QTest.keyClick(page._find._field, Qt.Key.Key_Escape)
    assert not page._find.isVisible()


def test_the_system_prompt_has_a_chip(page: ChatPage, rig: Rig, qtbot: QtBot) -> None:
    rig.chat.set_system_prompt("Be brief.")
    assert page.composer._chip.isVisible()
    with qtbot.waitSignal(page.system_prompt_requested):
        qtbot.mouseClick(page.composer._chip, Qt.MouseButton.LeftButton)


def test_tab_goes_from_the_list_through_the_messages_to_the_composer(
    page: ChatPage, store: Store, rig: Rig, qtbot: QtBot
) -> None:
    conversation = store(conversation_of(4))
    rig.chat.open(conversation.id)
    qtbot.waitUntil(lambda: not page.transcript.is_busy)
    page.list.view.setFocus()
    seen: list[QWidget] = []
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        if page.composer.isAncestorOf(focus):
            break
        seen.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert page.composer.isAncestorOf(QApplication.focusWidget() or page)
    views = page.transcript.views()
    assert [widget for widget in seen if widget in views] == views, "every message, in its order, once"


def test_figures_of_replies_in_the_background_are_right_when_one_comes_back(
    loaded: ChatPage, rig: Rig, qtbot: QtBot
) -> None:
    rig.sampling = {"max_tokens": 600, "ignore_eos": True, "seed": 1}
    conversations: list[Conversation] = []
    for number in range(3):  # on two slots
        loaded.new_conversation()
        say(loaded, f"Story {number}")
        conversations.append(rig.chat.current)
    waiting = loaded.transcript.reply(rig.chat.current.path()[-1].id)
    assert waiting is not None
    assert waiting.stats.shown_texts == ["waiting for the model"]
    first = conversations[0].path()[-1]
    rig.wait(lambda: rig.chat.n_generated(first.id) > 100)
    rig.chat.open(conversations[0].id)
    view = loaded.transcript.reply(first.id)
    assert view is not None
    assert first.is_streaming
    assert f"{rig.chat.n_generated(first.id)} tokens" in view.stats.shown_texts
    for conversation in conversations:
        rig.chat.stop(conversation.id)
    rig.wait(lambda: not any(rig.chat.is_generating(conversation.id) for conversation in conversations))
