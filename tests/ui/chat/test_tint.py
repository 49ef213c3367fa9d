"""Guessed text in a reply: every character where its token put it, streamed or whole, on and off."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, Message, MessageState, Role
from app.core.run import Drafting
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.marked_stream import MarkedStream, part
from app.ui.chat.message_text import MessageText
from app.ui.chat.reply_view import ReplyView
from app.ui.chat.safe_text import LINE_BREAK, visible
from app.ui.chat.text_formats import GUESSED_SHARE
from app.ui.chat.tint_legend import TintLegend
from app.ui.theme import Theme
from app.ui.tokens import DARK, LIGHT, READABLE, Tokens, contrast, mix
from tests.services.chat_rig import Rig

TEXT = "<think>\nhm\n</think>\n# A **head**\n\nOne `two` three\u200e,\nfour.\n\n\n```py\nx = 1\n```\n"
DRAFTING = Drafting("model", 9, 6, ((3, 3), (3, 2), (3, 1)), 20, 3, ((1, 9.0), (4, 12.0)), 1.0, 5.0, 60.0)


def ranges_of(text: str, *parts: str) -> list[tuple[int, int]]:
    return [(text.index(each), text.index(each) + len(each)) for each in parts]


GUESSED = ranges_of(TEXT, "hm", "# A **he", "two` three\u200e,\nfo", "\n\n\n```py\nx", "```\n")


GROUNDS = {mix(tokens.bg, tokens.draft, GUESSED_SHARE) for tokens in (DARK, LIGHT)}


def tinted(document: QTextDocument) -> list[str]:
    """The pieces of text that lie on the draft's colour."""
    found: list[str] = []
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().background().color().name() in GROUNDS:
                found.append(fragment.text())
            fragments += 1
        block = block.next()
    return found


def reply(**values: object) -> Message:
    fields = {"drafted": list(GUESSED), "drafting": DRAFTING.to_dict(), "model": "Tiny", **values}
    return Message(Role.ASSISTANT, TEXT, **fields)  # type: ignore[arg-type]


@pytest.fixture
def view(theme: Theme, parser: MarkdownParser, qtbot: QtBot) -> ReplyView:
    view = ReplyView(theme, parser, reply())
    qtbot.addWidget(view)
    view.lay_out(600)
    return view


# -- the source, marked ---------------------------------------------------------------------------------------


PIECES = st.lists(
    st.tuples(st.text("ab \n*`#\r\u200e\u202e\U0001f600", max_size=6), st.booleans()), max_size=12
)


def as_pairs(stream: MarkedStream) -> list[tuple[str, bool]]:
    """Every shown character but line ends, and whether it is marked."""
    return [
        (character, bool(run.style))
        for block in stream.blocks
        for run in block.runs
        for character in run.text
        if character != LINE_BREAK
    ]


@given(PIECES)
@settings(deadline=None)
def test_every_character_is_shown_with_its_own_mark(pieces: list[tuple[str, bool]]) -> None:
    stream, whole = MarkedStream(), MarkedStream()
    text, marked = "", list[tuple[int, int]]()
    for piece, is_marked in pieces:
        stream.feed(piece, [(0, len(piece))] if is_marked else [])
        stream.update()
        if is_marked and piece:
            marked.append((len(text), len(text) + len(piece)))
        text += piece
    stream.update()
    whole.feed(text, marked)
    whole.update()
    expected = [
        (shown, is_marked)
        for piece, is_marked in pieces
        for shown in visible(piece.replace("\r\n", "\n"))
        if shown != "\n"
    ]
    assert as_pairs(stream) == expected
    if "\r" not in text:  # a carriage return whose line feed comes later is shown
        assert stream.blocks == whole.blocks


@given(PIECES)
def test_blocks_that_are_final_stay_as_they_are(pieces: list[tuple[str, bool]]) -> None:
    stream = MarkedStream()
    final: list[object] = []
    for piece, is_marked in pieces:
        stream.feed(piece, [(0, len(piece))] if is_marked else [])
        n_kept = stream.update()
        assert stream.blocks[:n_kept] == final[:n_kept]
        assert n_kept <= stream.n_final <= len(stream.blocks)
        final = list(stream.blocks)


def test_the_part_of_some_ranges() -> None:
    assert part([(0, 2), (3, 6), (8, 9)], 1, 5) == [(0, 1), (2, 4)]
    assert part([(0, 2)], 2, 5) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(PIECES)
def test_the_document_is_the_same_streamed_or_whole(
    theme: Theme, parser: MarkdownParser, pieces: list[tuple[str, bool]]
) -> None:
    streamed, whole = MessageText(theme, parser), MessageText(theme, parser)
    message = Message(Role.ASSISTANT)
    streamed.start_stream("", [])
    for piece, is_marked in pieces:
        piece = piece.replace("\r", "")
        marked = [(0, len(piece))] if is_marked else []
        message.add_text(piece, marked)
        streamed.append(piece, marked)
    streamed.finish()
    whole.set_source(message.text, message.drafted)
    assert streamed.document().toPlainText() == whole.document().toPlainText()
    assert "".join(tinted(streamed.document())) == "".join(tinted(whole.document()))


# -- a reply --------------------------------------------------------------------------------------------------


def test_a_reply_is_markdown_until_its_tint_is_asked_for(view: ReplyView) -> None:
    assert not view.is_tinted
    shown = view.text.document().toPlainText()
    assert tinted(view.text.document()) == []
    view.message.is_tinted = True
    view.show_state()
    assert view.is_tinted
    assert view.text.document().toPlainText() == shown, "it looks as before"
    marked = "|".join(tinted(view.text.document())).replace(LINE_BREAK, "")
    assert marked == "A he|two| three,|fo|x"
    assert not view.text.is_source
    view.message.is_tinted = None
    view.show_state()
    assert tinted(view.text.document()) == []
    assert "# A **head**" in view._copied()


def test_the_thinking_is_tinted_with_its_answer(view: ReplyView) -> None:
    view.message.text = view.message.text.replace("hm", "*hm* well")
    view.message.drafted = ranges_of(view.message.text, "m* we", "A **he")
    view.message.is_tinted = True
    view.show_state()
    thinking = view.thinking
    assert thinking is not None
    thinking.toggle()
    body = next(part for part in thinking.findChildren(MessageText))
    assert body.document().toPlainText() == "hm well"
    assert tinted(body.document()) == ["m", " we"]
    view.message.is_tinted = None
    view.show_state()
    assert body.document().toPlainText() == "hm well"
    assert tinted(body.document()) == []


def test_thinking_is_tinted_as_it_comes(theme: Theme, parser: MarkdownParser, qtbot: QtBot) -> None:
    message = Message(Role.ASSISTANT, state=MessageState.STREAMING, is_tinted=True)
    view = ReplyView(theme, parser, message)
    qtbot.addWidget(view)
    message.add_text("<think>On", [(8, 9)])
    view.take_text()
    thinking = view.thinking
    assert thinking is not None
    thinking.toggle()
    for text, marked in (("e *two*", [(1, 4)]), (" three</think>", []), ("Yes", [(0, 2)])):
        message.add_text(text, marked)
        view.take_text()
    message.state = MessageState.DONE
    view.finish()
    body = next(part for part in thinking.findChildren(MessageText))
    assert body.document().toPlainText() == "One two three"
    assert tinted(body.document()) == ["n", " ", "t"]
    assert tinted(view.text.document()) == ["Ye"]


def test_the_preference_holds_where_a_reply_has_no_choice_of_its_own(view: ReplyView) -> None:
    view.set_tints(True)
    assert view.is_tinted
    view.message.is_tinted = False
    view.show_state()
    assert not view.is_tinted


def test_a_reply_without_guesses_is_never_shown_as_source(
    theme: Theme, parser: MarkdownParser, qtbot: QtBot
) -> None:
    view = ReplyView(theme, parser, reply(drafted=[], drafting=None, is_tinted=True))
    qtbot.addWidget(view)
    view.set_tints(True)
    assert not view.is_tinted
    assert "**" not in view.text.document().toPlainText()
    assert not {"tint", "drafting"} & {name for name, _, _ in view._actions()}


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_a_streamed_reply_is_tinted_as_it_comes(
    theme: Theme, parser: MarkdownParser, qtbot: QtBot, step: int
) -> None:
    message = Message(Role.ASSISTANT, state=MessageState.STREAMING)
    view = ReplyView(theme, parser, message)
    qtbot.addWidget(view)
    view.set_tints(True)
    view.lay_out(600)
    for at in range(0, len(TEXT), step):
        message.add_text(TEXT[at : at + step], part(GUESSED, at, at + step))
        view.take_text()
    message.state = MessageState.DONE
    view.finish()
    again = ReplyView(theme, parser, reply(is_tinted=True))
    qtbot.addWidget(again)
    assert view.text.document().toPlainText() == again.text.document().toPlainText()
    assert "".join(tinted(view.text.document())) == "".join(tinted(again.text.document()))


def test_what_cannot_be_told_in_the_markdown_is_shown_as_it_was_written(
    theme: Theme, parser: MarkdownParser, qtbot: QtBot
) -> None:
    text = "| a | b |\n|---|---|\n| **c** | d | too many |\n\nend"
    view = ReplyView(theme, parser, reply(is_tinted=True))
    qtbot.addWidget(view)
    view.message.text, view.message.drafted = text, ranges_of(text, "**c**")
    view._show_message()
    view.lay_out(600)
    assert view.text.is_source
    assert tinted(view.text.document()) == ["**c**"]
    legend = next(part for part in view.findChildren(TintLegend))
    assert "as the model wrote it" in legend.accessibleName()


def test_the_markup_of_channels_is_shown_with_all_the_rest(
    theme: Theme, parser: MarkdownParser, qtbot: QtBot
) -> None:
    text = "<|channel|>analysis<|message|>Hm<|end|><|channel|>final<|message|>Yes<|end|>"
    message = Message(Role.ASSISTANT, text, drafted=ranges_of(text, "Hm", "Yes"), is_tinted=True)
    view = ReplyView(theme, parser, message)
    qtbot.addWidget(view)
    assert view.text.document().toPlainText() == text
    assert tinted(view.text.document()) == ["Hm", "Yes"]


def test_the_way_back_lies_above_the_text(view: ReplyView, qtbot: QtBot) -> None:
    view.message.is_tinted = True
    view.show_state()
    view.lay_out(600)
    back = next(b for b in view.findChildren(QPushButton) if b.text() == "Hide")
    assert back in view._controls()
    with qtbot.waitSignal(view.tint_asked) as asked:
        back.click()
    assert asked.args == [view.message.id, False]


def test_what_can_be_done_comes_with_the_guesses(theme: Theme, parser: MarkdownParser, qtbot: QtBot) -> None:
    message = Message(Role.ASSISTANT, state=MessageState.STREAMING)
    view = ReplyView(theme, parser, message)
    qtbot.addWidget(view)
    view.show()
    bar = view._make_bar()
    bar.set_active(is_active=True)
    assert "tint" not in bar.names
    message.add_text("a b", [(1, 3)])
    message.drafting, message.state = DRAFTING.to_dict(), MessageState.DONE
    view.take_text()
    view.finish()
    bar = view._make_bar()
    assert bar.names[-2:] == ["drafting", "tint"]
    assert bar.is_active
    assert not bar.button("tint").isChecked()
    with qtbot.waitSignal(view.tint_asked) as asked:
        bar.button("tint").click()
    assert asked.args == [message.id, True]
    with qtbot.waitSignal(view.drafting_asked):
        bar.button("drafting").click()


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_tinted_text_can_be_read(tokens: Tokens) -> None:
    for tone in ("text", "dim"):
        assert contrast(tokens.tone(tone), mix(tokens.bg, tokens.draft, GUESSED_SHARE)) >= READABLE


# -- the page -------------------------------------------------------------------------------------------------


def test_a_choice_survives_reopening(rig: Rig, page: ChatPage, qtbot: QtBot) -> None:
    conversation = Conversation(title="Talk")
    conversation.add(Message(Role.USER, "Hi", id="q"))
    conversation.add(reply(id="r", parent_id="q"))
    rig.history.save(conversation, conversation.messages.values())
    rig.chat.open(conversation.id)
    view = page.transcript.reply("r")
    assert view is not None
    view.act("tint")
    assert view.is_tinted
    rig.chat.new()
    rig.chat.open(conversation.id)
    again = page.transcript.reply("r")
    assert again is not None
    assert again is not view
    assert again.is_tinted
    again.act("tint")
    assert rig.chat.current.messages["r"].is_tinted is None, "it goes on following the preferences"
    page.set_tints(True)
    assert again.is_tinted
    again.act("tint")
    assert rig.chat.current.messages["r"].is_tinted is False


def test_what_is_found_is_shown_in_a_tinted_reply(rig: Rig, page: ChatPage) -> None:
    conversation = Conversation(title="Talk")
    conversation.add(Message(Role.USER, "Hi", id="q"))
    conversation.add(reply(id="r", parent_id="q", is_tinted=True))
    rig.history.save(conversation, conversation.messages.values())
    rig.chat.open(conversation.id)
    page._find_text("three")
    view = page.transcript.reply("r")
    assert view is not None
    assert view.text.textCursor().selectedText() == "three"
