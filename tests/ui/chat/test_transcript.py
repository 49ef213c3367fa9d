"""The transcript: what is built and when, what stays in sight, following the end, keyboard, editing."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, Message, MessageState, ReplyError, Role, TrimNotice
from app.core.reasons import FailureKind, StopReason
from app.ui.chat.message_view import SHOWN_CHARS, MessageView
from app.ui.chat.transcript import N_VIEWS, Transcript
from app.ui.theme import Theme
from tests.ui.chat.conftest import conversation_of


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Transcript:
    transcript = Transcript(theme)
    qtbot.addWidget(transcript)
    transcript.resize(700, 500)
    transcript.show()
    return transcript


def open_in(transcript: Transcript, conversation: Conversation) -> list[Message]:
    path = conversation.path()
    transcript.show_path(path, [conversation.sibling_position(message.id) for message in path], is_new=True)
    return path


def settled(transcript: Transcript, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not transcript.is_busy)


def y_of(transcript: Transcript, view: MessageView) -> int:
    return view.mapTo(transcript.viewport(), QPoint(0, 0)).y()


def is_at_end(transcript: Transcript) -> bool:
    bar = transcript.verticalScrollBar()
    return bar.value() == bar.maximum()


def do_not_overlap(transcript: Transcript) -> bool:
    views = transcript.views()
    return all(a.y() + a.height() <= b.y() for a, b in pairwise(views))


def test_a_pasted_file_is_shown_by_pieces_and_copied_whole(transcript: Transcript, qtbot: QtBot) -> None:
    pasted = "".join(f"line {number} of a log that somebody pasted\n" for number in range(120_000))
    conversation = Conversation()
    conversation.add(Message(Role.USER, pasted))
    began = time.monotonic()
    path = open_in(transcript, conversation)
    settled(transcript, qtbot)
    assert time.monotonic() - began < 1.0, "all five megabytes at once take seven seconds"
    view = transcript.view(path[0].id)
    assert view is not None
    n_shown = len(view.text.toPlainText())
    assert SHOWN_CHARS - 10 < n_shown < SHOWN_CHARS + 10
    more = next(button for button in view.findChildren(QPushButton) if button.text().startswith("Show more"))
    assert more.isVisibleTo(view)
    assert more.geometry().top() >= view.text.geometry().bottom()
    assert more.geometry().bottom() < view.height()
    height = view.height()
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    settled(transcript, qtbot)
    qtbot.waitUntil(lambda: view.height() > 3 * height)
    assert len(view.text.toPlainText()) > 4 * n_shown
    view.act("copy")
    assert QGuiApplication.clipboard().text() == pasted


def test_a_thousand_messages_open_with_what_can_be_seen(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(1000))
    assert transcript.n_built < 30, "more than the visible ones are built at once"
    assert transcript.view(path[-1].id) is not None
    assert is_at_end(transcript)
    settled(transcript, qtbot)
    assert transcript.n_built < 50
    assert is_at_end(transcript)
    assert do_not_overlap(transcript)


def test_older_messages_come_as_the_reader_comes_to_them_and_nothing_jumps(
    transcript: Transcript, qtbot: QtBot
) -> None:
    open_in(transcript, conversation_of(300, lambda n: f"{n} " + "word " * (n * 37 % 300)))
    settled(transcript, qtbot)
    bar = transcript.verticalScrollBar()
    for _ in range(60):
        seen = next(view for view in transcript.views() if y_of(transcript, view) + view.height() > 0)
        before = y_of(transcript, seen)
        bar.setValue(bar.value() - 120)
        settled(transcript, qtbot)
        assert y_of(transcript, seen) == before + 120
        assert do_not_overlap(transcript)
    assert not transcript.is_following
    assert transcript.n_built <= N_VIEWS


def test_views_far_away_are_let_go_and_come_back(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(400))
    settled(transcript, qtbot)
    for message in path[::-9]:
        transcript.show_message(message.id)
        settled(transcript, qtbot)
        view = transcript.view(message.id)
        assert view is not None
        assert not view.visibleRegion().isEmpty()
    assert transcript.n_built <= N_VIEWS + 10
    transcript.jump_to_end()
    view = transcript.view(path[-1].id)
    assert view is not None
    assert is_at_end(transcript)


def test_home_leads_to_the_first_message(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(150))
    settled(transcript, qtbot)
    QTest.keyClick(transcript, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: transcript.view(path[0].id) is not None)
    QTest.keyClick(transcript, Qt.Key.Key_End)
    assert is_at_end(transcript)


def test_the_end_is_followed_only_if_the_reader_is_there(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(41)
    reply = Message(Role.ASSISTANT, parent_id=conversation.path()[-1].id, state=MessageState.STREAMING)
    conversation.add(reply)
    open_in(transcript, conversation)
    settled(transcript, qtbot)
    view = transcript.reply(reply.id)
    assert view is not None

    def stream(text: str) -> None:
        reply.text += text
        view.take_text()
        settled(transcript, qtbot)

    for _ in range(20):
        stream("A line of the reply.\n\n")
        assert is_at_end(transcript)
    QTest.wheelEvent(transcript.windowHandle(), QPointF(350, 250), QPoint(0, 240))
    qtbot.waitUntil(lambda: not transcript.is_following)
    settled(transcript, qtbot)
    y = y_of(transcript, view)
    for _ in range(20):
        stream("Another line.\n\n")
    assert y_of(transcript, view) == y
    transcript.jump_to_end()
    assert is_at_end(transcript)
    stream("The last line.\n\n")
    assert is_at_end(transcript)


def test_scrolling_back_to_the_end_follows_again(transcript: Transcript, qtbot: QtBot) -> None:
    open_in(transcript, conversation_of(60))
    settled(transcript, qtbot)
    heard: list[bool] = []
    transcript.following_changed.connect(heard.append)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() - 300)
    bar.setValue(bar.maximum())
    assert heard == [False, True]


def test_another_width_keeps_the_place_and_lays_out_what_is_near(
    transcript: Transcript, qtbot: QtBot
) -> None:
    path = open_in(transcript, conversation_of(60, lambda n: f"{n} " + "word " * 200))
    transcript.show_message(path[20].id)
    seen = transcript.view(path[20].id)
    assert seen is not None
    transcript.verticalScrollBar().setValue(seen.y() + 10)
    settled(transcript, qtbot)
    laid_out: list[MessageView] = []
    for view in transcript.views():
        view.text.document().documentLayout().documentSizeChanged.connect(
            lambda _size, v=view: laid_out.append(v)
        )
    transcript.resize(520, 500)
    settled(transcript, qtbot)
    assert y_of(transcript, seen) == -10
    assert do_not_overlap(transcript)
    assert seen in laid_out
    assert len(set(laid_out)) < 25, "messages far away are laid out when they come near"


def test_a_branch_keeps_the_views_it_shares(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(10)
    path = open_in(transcript, conversation)
    settled(transcript, qtbot)
    kept = transcript.view(path[5].id)
    other = Message(Role.USER, "otherwise", parent_id=path[5].id)
    conversation.add(other)
    shown = conversation.path()
    transcript.show_path(shown, [conversation.sibling_position(message.id) for message in shown])
    settled(transcript, qtbot)
    assert transcript.view(path[5].id) is kept
    assert transcript.view(path[6].id) is None
    assert transcript.view(other.id) is not None
    assert [view.message for view in transcript.views()] == shown


def test_thinking_is_folded_until_it_is_asked_for(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    reply = Message(Role.ASSISTANT, "<think>Two **words**</think>The answer", thinking_ms=3100)
    reply.parent_id = conversation.path()[-1].id
    conversation.add(reply)
    open_in(transcript, conversation)
    settled(transcript, qtbot)
    view = transcript.reply(reply.id)
    assert view is not None
    assert view.thinking is not None
    assert view.text.toPlainText() == "The answer"
    assert "3.1" in view.thinking.header.text()
    assert "2 words" in view.thinking.header.text()
    before = view.height()
    view.thinking.header.setFocus()
    qtbot.keyClick(view.thinking.header, Qt.Key.Key_Space)
    settled(transcript, qtbot)
    assert view.thinking.is_open
    assert view.height() > before


def test_thinking_streams_and_then_the_answer(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    reply = Message(Role.ASSISTANT, parent_id=conversation.path()[-1].id, state=MessageState.STREAMING)
    conversation.add(reply)
    open_in(transcript, conversation)
    view = transcript.reply(reply.id)
    assert view is not None
    for character in "<think>\nLet me *see*.\n</think>\n\nIt is **so**.":
        reply.text += character
        view.take_text()
        if "see" in reply.text and view.thinking is not None and not view.thinking.is_open:
            view.thinking.toggle()
    reply.state = MessageState.DONE
    view.finish()
    settled(transcript, qtbot)
    assert view.text.toPlainText() == "It is so."
    assert view.thinking is not None
    assert view.thinking.is_open
    assert view.thinking._body is not None
    assert view.thinking._body.toPlainText() == "Let me see."


def test_an_answer_that_proves_to_be_thinking(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    reply = Message(Role.ASSISTANT, parent_id=conversation.path()[-1].id, state=MessageState.STREAMING)
    conversation.add(reply)
    open_in(transcript, conversation)
    view = transcript.reply(reply.id)
    assert view is not None
    for piece in ("I wonder.\n", "</think>", "\nYes."):
        reply.text += piece
        view.take_text()
    view.finish()
    assert view.text.toPlainText() == "Yes."
    assert view.thinking is not None


def test_notices_are_shown_where_they_belong(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    reply = Message(
        Role.ASSISTANT, "Half a", parent_id=conversation.path()[-1].id, state=MessageState.INTERRUPTED
    )
    reply.error = ReplyError(FailureKind.ENGINE, "llama_decode returned -3")
    reply.notice = TrimNotice("drop_oldest", 4, 1210)
    conversation.add(reply)
    open_in(transcript, conversation)
    settled(transcript, qtbot)
    view = transcript.reply(reply.id)
    assert view is not None
    assert view.trimmed is not None
    assert view.trouble is not None
    assert view.trimmed.height() > 20
    assert view.trimmed.y() < view.text.y() < view.trouble.y()
    assert "Llama_decode returned -3" in view.trouble.accessibleName()
    assert not view.trouble.tab_chain()[0].isEnabled(), "no model is loaded yet"
    transcript.set_can_generate(True)
    with qtbot.waitSignal(transcript.continue_asked) as asked:
        qtbot.mouseClick(view.trouble.tab_chain()[0], Qt.MouseButton.LeftButton)
    assert asked.args == [reply.id]


def test_a_full_context_is_told_in_the_transcript(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    reply = Message(Role.ASSISTANT, "Half a", parent_id=conversation.path()[-1].id)
    reply.stop_reason = StopReason.CONTEXT_FULL
    reply.notice = TrimNotice("drop_oldest", n_dropped_tokens=1255)
    conversation.add(reply)
    open_in(transcript, conversation)
    settled(transcript, qtbot)
    view = transcript.reply(reply.id)
    assert view is not None
    assert view.trimmed is not None
    assert "1\u202f255 earlier tokens" in view.trimmed.accessibleName()
    assert "messages" not in view.trimmed.accessibleName(), "no message was left out"
    assert view.trouble is not None
    assert "ended early" in view.trouble.accessibleName()
    assert not view.trouble.tab_chain()[0].isVisible(), "there is no room to continue"


def test_actions_appear_on_focus_and_move_nothing(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(4))
    settled(transcript, qtbot)
    transcript.set_can_generate(True)
    view = transcript.reply(path[-1].id)
    assert view is not None
    before = [(v.geometry(), v.text.geometry()) for v in transcript.views()]
    stats = view.stats.geometry()
    view.setFocus()
    bar = view._make_bar()
    assert bar.button("copy").isVisible()
    settled(transcript, qtbot)
    assert [(v.geometry(), v.text.geometry()) for v in transcript.views()] == before
    assert view.stats.geometry() == stats
    with qtbot.waitSignal(transcript.regenerate_asked) as asked:
        bar.button("regenerate").setFocus()
        qtbot.keyClick(bar.button("regenerate"), Qt.Key.Key_Space)
    assert asked.args == [path[-1].id]


def test_figures_have_the_line_to_themselves_until_the_actions_come(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.resize(366, 400)
    path = open_in(transcript, conversation_of(2))
    settled(transcript, qtbot)
    view = transcript.reply(path[-1].id)
    assert view is not None
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    alone = view.stats.shown_texts
    assert len(alone) >= 3, "what was measured is seen in a narrow window too"
    view.setFocus()
    beside = view.stats.shown_texts
    assert beside == alone[: len(beside)]
    bar = view._make_bar()
    room = bar.button("copy").mapTo(view, QPoint(0, 0)).x() - view.stats.x()
    assert view.stats.shown_width <= room, "figures and buttons do not lie on each other"
    transcript.setFocus()
    view.clearFocus()
    view.focus_left()
    assert view.stats.shown_texts == alone


def test_copying_gives_the_source_without_thinking(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(1)
    source = "<think>x</think>**Bold** and\n\n```py\ncode\n```"
    conversation.add(Message(Role.ASSISTANT, source, parent_id=conversation.path()[-1].id))
    path = open_in(transcript, conversation)
    view = transcript.view(path[-1].id)
    assert view is not None
    view.act("copy")
    assert QGuiApplication.clipboard().text() == "**Bold** and\n\n```py\ncode\n```"


def test_up_and_down_go_from_message_to_message(transcript: Transcript, qtbot: QtBot) -> None:
    open_in(transcript, conversation_of(6))
    settled(transcript, qtbot)
    views = transcript.views()
    views[3].setFocus()
    qtbot.keyClick(views[3], Qt.Key.Key_Up)
    assert QApplication.focusWidget() is views[2]
    qtbot.keyClick(views[2], Qt.Key.Key_Down)
    assert QApplication.focusWidget() is views[3]
    with qtbot.waitSignal(transcript.left):
        qtbot.keyClick(views[3], Qt.Key.Key_Escape)


def test_tab_reaches_every_action_in_reading_order(transcript: Transcript, qtbot: QtBot) -> None:
    conversation = conversation_of(2, lambda n: "```py\nx\n```" if n else "hello")
    open_in(transcript, conversation)
    settled(transcript, qtbot)
    transcript.set_can_generate(True)
    first, second = transcript.views()
    first.setFocus()
    names: list[str] = []
    for _ in range(9):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        names.append("(reply)" if focus is second else focus.accessibleName())
    assert names[:4] == ["Copy as Markdown", "Edit", "Regenerate", "(reply)"]
    assert names[4:9] == ["Copy code", "Copy as Markdown", "Edit", "Regenerate", "Continue this reply"]


def test_editing_in_place(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(4))
    settled(transcript, qtbot)
    view = transcript.view(path[2].id)
    assert view is not None
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_F2)
    assert view.is_editing
    editor = view._editor
    assert editor is not None
    assert editor.edit.toPlainText() == "message 2"
    qtbot.keyClick(editor.edit, Qt.Key.Key_Escape)
    assert not view.is_editing
    assert view.text.isVisible()
    view.act("edit")
    editor = view._editor
    assert editor is not None
    qtbot.keyClicks(editor.edit, " and more")
    settled(transcript, qtbot)
    assert do_not_overlap(transcript)
    with qtbot.waitSignal(transcript.edited) as asked:
        qtbot.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [path[2].id, "message 2 and more", True]


def test_a_reply_is_edited_without_being_sent(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(2))
    view = transcript.view(path[1].id)
    assert view is not None
    view.act("edit")
    editor = view._editor
    assert editor is not None
    editor.edit.setPlainText("better")
    with qtbot.waitSignal(transcript.edited) as asked:
        qtbot.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [path[1].id, "better", False]


def test_a_theme_change_restyles_what_is_near_and_keeps_the_text(
    theme: Theme, transcript: Transcript, qtbot: QtBot
) -> None:
    open_in(transcript, conversation_of(40, lambda n: f"`code {n}`"))
    settled(transcript, qtbot)
    last = transcript.views()[-1]
    before = last.text.document().toHtml()
    theme.set_mode("dark" if not theme.tokens.is_dark else "light")
    settled(transcript, qtbot)
    assert last.text.document().toHtml() != before
    assert last.text.toPlainText() == "code 39"


def test_nothing_offers_to_jump_where_all_is_in_sight(transcript: Transcript, qtbot: QtBot) -> None:
    path = open_in(transcript, conversation_of(2))
    settled(transcript, qtbot)
    transcript.show_message(path[0].id)
    assert transcript.verticalScrollBar().maximum() == 0
    assert not transcript._jump.isVisible()
    path = open_in(transcript, conversation_of(30))
    settled(transcript, qtbot)
    transcript.show_message(path[3].id)
    assert transcript._jump.isVisible()
