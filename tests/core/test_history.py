"""The history file: what is kept, found, deleted, and how fast."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.core.conversation import (
    Conversation,
    Message,
    MessageState,
    ReplyError,
    Role,
    TrimNotice,
    messages_to_send,
)
from app.core.history import History, Prediction, Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "history.sqlite3"


def talk(title: str, *texts: str, changed_at: float = 0.0) -> Conversation:
    """A conversation of alternating turns."""
    conversation = Conversation(title=title, changed_at=changed_at or time.time())
    parent = None
    for number, text in enumerate(texts):
        message = Message(Role.ASSISTANT if number % 2 else Role.USER, text, parent_id=parent)
        conversation.add(message)
        parent = message.id
    return conversation


def save(history: History, *conversations: Conversation) -> None:
    for conversation in conversations:
        history.save(conversation, conversation.messages.values())


def titles(history: History, search: str = "") -> list[str]:
    return [summary.title for summary in history.conversations(search)]


def test_everything_about_a_conversation_comes_back(path: Path) -> None:
    conversation = Conversation(
        title="Tree",
        is_title_own=True,
        system_prompt="Be brief.",
        sampling={"temperature": 0.2, "stop": ["a", "b"]},
        preset="Exact",
        template_options={"enable_thinking": False},
        draft="half a quest",
    )
    conversation.add(Message(Role.USER, "Hi\x00 \u202e there", id="q"))
    reply = Message(
        Role.ASSISTANT,
        "Hello",
        "q",
        id="r1",
        state=MessageState.FAILED,
        model="Tiny",
        timings={"predicted_n": 3},
        stop_reason="max_tokens",
        settings={"seed": 7},
        error=ReplyError("engine", "no", "why"),
        notice=TrimNotice("drop_oldest", 2, 80),
        continued_from="r0",
        is_edited=True,
        thinking_ms=12.5,
        drafting={"source": "ngram", "drafted_n": 4, "accepted_n": 3},
        reuse={"prompt_n": 9, "cached_n": 4, "loss": "evicted"},
        drafted=[(0, 2), (3, 5)],
        is_tinted=True,
    )
    conversation.add(reply)
    conversation.add(Message(Role.ASSISTANT, "Other", "q", id="r2"))
    conversation.select("r1")
    with History(path) as history:
        save(history, conversation)
    with History(path) as history:
        loaded = history.load(conversation.id)
    assert loaded == conversation
    assert loaded.path()[-1] == reply
    assert loaded.sibling_position("r1") == (0, 2)


def test_a_message_saved_again_keeps_its_place_among_its_siblings(path: Path) -> None:
    conversation = talk("T", "Hi", "One")
    first = conversation.path()[1]
    with History(path) as history:
        save(history, conversation)
        conversation.add(Message(Role.ASSISTANT, "Two", first.parent_id))
        save(history, conversation)
        first.text = "One, changed"
        history.save(conversation, [first])
        loaded = history.load(conversation.id)
    assert [m.text for m in loaded.children(first.parent_id)] == ["One, changed", "Two"]


def test_the_list_is_newest_first_and_counts_messages(path: Path) -> None:
    with History(path) as history:
        save(
            history,
            talk("Old", "a", changed_at=1),
            talk("New", "a", "b", changed_at=3),
            talk("Mid", changed_at=2),
        )
        assert [(s.title, s.n_messages) for s in history.conversations()] == [
            ("New", 2),
            ("Mid", 0),
            ("Old", 1),
        ]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("rust", ["Borrowing"]),
        ("RUST", ["Borrowing"]),
        ("borrow", ["Borrowing"]),
        ("ПРИВЕТ", ["Русский"]),
        ("русс", ["Русский"]),
        ("100%", ["Percent"]),
        ("0_", []),
        ("\\", []),
        ("", ["Percent", "Русский", "Borrowing"]),
    ],
)
def test_search(path: Path, search: str, found: list[str]) -> None:
    with History(path) as history:
        save(
            history,
            talk("Borrowing", "What is Rust?", changed_at=1),
            talk("Русский", "Привет, мир", changed_at=2),
            talk("Percent", "It is 100% so", "1000", changed_at=3),
        )
        assert titles(history, search) == found


def test_a_hit_in_a_message_comes_with_its_surroundings(path: Path) -> None:
    with History(path) as history:
        save(history, talk("T", "word " * 100 + "the needle\nis here " + "word " * 100), talk("needle", "x"))
        excerpts = {summary.title: summary.excerpt for summary in history.conversations("needle")}
    assert "the needle is here" in excerpts["T"]
    assert excerpts["T"].startswith("…")
    assert excerpts["T"].endswith("…")
    assert excerpts["needle"] == ""


def test_delete_undo_and_purge(path: Path) -> None:
    kept, gone = talk("Kept", "a"), talk("Gone", "b")
    with History(path) as history:
        save(history, kept, gone)
        history.delete(kept.id)
        history.delete(gone.id)
        assert titles(history) == []
        history.undelete(kept.id)
        history.purge_deleted()
        assert titles(history) == ["Kept"]
        with pytest.raises(KeyError):
            history.load(gone.id)
    with History(path) as history:
        assert titles(history) == ["Kept"]
        assert [turn["content"] for turn in messages_to_send(history.load(kept.id))] == ["a"]


def test_a_deletion_survives_being_killed(path: Path) -> None:
    history = History(path)
    save(history, talk("Gone", "b"))
    history.delete(history.conversations()[0].id)
    with History(path) as other:  # the first was never closed
        assert titles(other) == []
    history.close()


def test_runs_and_the_last_speed_of_a_loadout(path: Path) -> None:
    def run(loadout: str, n: int, at: float) -> Run:
        timings = {"prompt_n": 10, "prompt_ms": 100.0, "predicted_n": n, "predicted_ms": 500.0}
        return Run(
            "m.gguf", loadout, timings, {"n_ctx": 512}, {"backend": "CPU"}, {"seed": 1}, {"cpu": "x"}, at=at
        )

    with History(path) as history:
        for item in (run("fast", 51, 1.0), run("fast", 101, 2.0), run("fast", 2, 3.0), run("long", 11, 4.0)):
            history.add_run(item)
    with History(path) as history:
        last = history.last_run("m.gguf", "fast")
        assert last == run("fast", 101, 2.0)  # two tokens measure nothing
        assert last.predicted_per_second == pytest.approx(200)
        assert last.prompt_per_second == pytest.approx(100)
        assert history.last_run("m.gguf", "none") is None
        assert [r.at for r in history.runs("m.gguf", "fast")] == [3.0, 2.0, 1.0]
        assert [r.at for r in history.runs(limit=2)] == [4.0, 3.0]
        assert history.runs("other") == []


def test_runs_are_found_by_what_guessed_for_the_model_and_by_their_reply(path: Path) -> None:
    def run(source: str, draft_model: str, message_id: str, at: float) -> Run:
        load = (
            {"draft_source": source, "draft_model": draft_model} if draft_model else {"draft_source": source}
        )
        drafting = {"source": source, "drafted_n": 4} if source else None
        return Run("m.gguf", "", {"predicted_n": 9}, load, message_id=message_id, at=at, drafting=drafting)

    pair, other, lookup = (
        run("model", "d.gguf", "a", 1.0),
        run("model", "e.gguf", "b", 2.0),
        run("ngram", "", "c", 3.0),
    )
    again = run("model", "d.gguf", "a", 4.0)
    with History(path) as history:
        for item in (pair, other, lookup, again, run("", "", "d", 5.0)):
            history.add_run(item)
    with History(path) as history:
        assert history.drafted_runs("m.gguf", "d.gguf") == [again, pair]
        assert history.drafted_runs("m.gguf", "d.gguf", limit=1) == [again]
        assert history.drafted_runs("m.gguf", "ngram") == [lookup]
        assert history.drafted_runs("m.gguf", "") == []
        assert history.drafted_runs("other", "d.gguf") == []
        assert history.drafted_run("a") == again
        assert history.drafted_run("d") is None


def test_what_was_guessed_is_marked_where_it_stands_in_the_text(path: Path) -> None:
    reply = Message(Role.ASSISTANT, "Once ")
    reply.add_text("upon a time", [(0, 4), (4, 6), (7, 7)])  # " a" goes on where "upon" ends
    reply.add_text("")
    reply.add_text(" there", [(0, 3)])
    assert [reply.text[start:end] for start, end in reply.drafted] == ["upon a", " th"]
    reply.add_text("re", [])
    reply.add_text("!", [(0, 1)])
    assert reply.drafted[-1] == (len(reply.text) - 1, len(reply.text))


def test_predictions(path: Path) -> None:
    first = Prediction("m", {"n_ctx": 1}, {"kv_bytes": 5}, {"kv_bytes": 6}, at=1.0)
    second = Prediction("m", {"n_ctx": 2}, {"kv_bytes": 7}, at=2.0)
    with History(path) as history:
        history.add_prediction(first)
        history.add_prediction(second)
        assert history.predictions("m") == [second, first]
        assert history.predictions("n") == []


def test_a_broken_paste_is_saved_without_its_broken_half_characters(path: Path) -> None:
    conversation = talk("\udc00", "a\ud83d b", "\ud83d\ude00")
    with History(path) as history:
        save(history, conversation)
        assert [m.text for m in history.load(conversation.id).path()] == ["a\ufffd b", "😀"]


def test_a_thousand_messages_open_in_half_a_second_and_saving_is_quick(path: Path) -> None:
    paragraph = "Some *Markdown* with `code` and words enough to be a reply. " * 30
    conversation = talk("Long", *[paragraph] * 1000)
    with History(path) as history:
        save(history, conversation)
    with History(path) as history:
        start = time.perf_counter()
        loaded = history.load(conversation.id)
        assert len(loaded.path()) == 1000
        assert time.perf_counter() - start < 0.5
        loaded.path()[-1].text = "x" * 100_000
        start = time.perf_counter()
        for _ in range(20):
            history.save(loaded, loaded.path()[-1:])
        assert (time.perf_counter() - start) / 20 < 0.05  # a bound on a busy machine; measured: under 1 ms
