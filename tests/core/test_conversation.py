"""The tree of messages, the path through it, and what is sent from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.conversation import Conversation, Message, Role, messages_to_send, restored, selected_elsewhere
from app.core.conversation_text import TITLE_LENGTH, title_from, to_markdown


def talk(*texts: str) -> Conversation:
    """A conversation of alternating turns, ids "0", "1", ..."""
    conversation = Conversation()
    parent = None
    for number, text in enumerate(texts):
        role = Role.ASSISTANT if number % 2 else Role.USER
        conversation.add(Message(role, text, parent_id=parent, id=str(number)))
        parent = str(number)
    return conversation


def texts(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.path()]


def test_an_edit_branches_and_going_back_finds_the_continuation() -> None:
    conversation = talk("Hi", "Hello", "How?", "So.")
    conversation.add(Message(Role.USER, "Why?", parent_id="1", id="2b"))
    assert texts(conversation) == ["Hi", "Hello", "Why?"]
    assert conversation.sibling_position("2b") == (1, 2)
    assert conversation.select_sibling("2b", -1).id == "2"
    assert texts(conversation) == ["Hi", "Hello", "How?", "So."]
    assert conversation.select_sibling("2", -1).id == "2"  # stops at the ends
    assert conversation.select_sibling("2", 5).id == "2b"


def test_selecting_deep_in_another_branch_shows_the_way_there() -> None:
    conversation = talk("Hi", "Hello", "How?")
    conversation.add(Message(Role.USER, "Good day", id="a"))
    assert texts(conversation) == ["Good day"]
    conversation.select("2")
    assert texts(conversation) == ["Hi", "Hello", "How?"]


def test_an_unselected_reply_in_the_background_does_not_move_the_path() -> None:
    conversation = talk("Hi", "Hello")
    conversation.add(Message(Role.ASSISTANT, "Other", parent_id="0", id="1b"), select=False)
    assert texts(conversation) == ["Hi", "Hello"]
    assert conversation.sibling_position("1") == (0, 2)


def test_an_unknown_parent_is_refused() -> None:
    with pytest.raises(KeyError):
        talk("Hi").add(Message(Role.ASSISTANT, "?", parent_id="nowhere"))


def test_a_message_whose_parent_is_missing_from_a_file_is_kept() -> None:
    messages = [Message(Role.USER, "Hi", id="0"), Message(Role.ASSISTANT, "Lost", "gone", id="1")]
    assert texts(restored(Conversation(), messages)) == ["Hi", "Lost"]


def test_what_is_sent() -> None:
    conversation = talk("Hi", "<think>polite</think>Hello", "How?", "")
    conversation.system_prompt = "Be brief."
    assert messages_to_send(conversation, draft="Why?") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "How?\n\nWhy?"},  # the reply between them failed without a word
    ]
    assert messages_to_send(conversation, "1", keep_last_thinking=True)[-1] == {
        "role": "assistant",
        "content": "<think>polite</think>Hello",
    }
    assert [type(turn["role"]) for turn in messages_to_send(conversation)] == [
        str
    ] * 4  # builtin: it is pickled
    assert messages_to_send(Conversation(system_prompt="  "), draft=" \n") == []


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=30), st.integers(0, 29))
def test_whatever_is_selected_is_on_the_path_and_the_path_is_a_chain(
    shape: list[tuple[int, bool]], chosen: int
) -> None:
    conversation = Conversation()
    ids: list[str | None] = [None]
    for number, (parent, select) in enumerate(shape):
        conversation.add(Message(Role.USER, id=str(number), parent_id=ids[parent % len(ids)]), select=select)
        ids.append(str(number))
    wanted = str(chosen % len(shape))
    conversation.select(wanted)
    path = conversation.path()
    assert wanted in [message.id for message in path]
    assert [message.parent_id for message in path] == [None, *(message.id for message in path[:-1])]
    assert not conversation.children(path[-1].id)
    again = restored(
        Conversation(selected=selected_elsewhere(conversation)), list(conversation.messages.values())
    )
    assert [m.id for m in again.path()] == [m.id for m in path]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# What is **Rust**?\n\nTell `me`", "What is Rust? Tell me"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("- see [the docs](https://x.org/a) and ![logo](l.png)", "see the docs and logo"),
        ("> quoted <b>bold</b> text", "quoted bold text"),
        ("rename snake_case_name to 2*3*4", "rename snake_case_name to 2*3*4"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("one\u202etwo\x00three", "one two three"),
        ("  \n ", ""),
        (
            "Please explain to me how the borrow checker of Rust works in detail",
            "Please explain to me how the borrow checker of…",
        ),
        ("語" * 60, "語" * (TITLE_LENGTH - 1) + "…"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= TITLE_LENGTH
    assert title == " ".join(title.split())


def test_a_pathological_first_message_does_not_hang() -> None:
    for text in ("*" * 100_000, "[" * 100_000, "_a" * 50_000, "<" * 100_000, "# " * 50_000):
        title_from(text)


def test_markdown_export() -> None:
    conversation = talk("Hi", "<think>a\n\nb</think>Hello *you*")
    conversation.title = "Greetings"
    conversation.system_prompt = "Be kind."
    conversation.messages["1"].model = "Tiny"
    plain = "# Greetings\n\n## System\n\nBe kind.\n\n## You\n\nHi\n\n## Assistant (Tiny)\n\nHello *you*\n"
    assert to_markdown(conversation) == plain
    with_thinking = plain.replace("Hello *you*", "> a\n>\n> b\n\nHello *you*")
    assert to_markdown(conversation, with_thinking=True) == with_thinking
    assert to_markdown(conversation, names={"user": "Ich"}).count("## Ich") == 1
