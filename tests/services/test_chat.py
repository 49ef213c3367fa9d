"""The chat over a real session: replies, branches, several at once, what is kept when things end badly."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.core.conversation import MessageState, Role
from app.core.history import History
from app.core.reasons import FailureKind, StopReason
from tests.services.chat_rig import Rig


@pytest.fixture
def rig(qapp: QApplication, tmp_path: Path, tiny_model: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "history.sqlite3", tmp_path)
    rig.load(tiny_model, n_ctx=1024, n_seq_max=2)
    yield rig
    rig.close()


@pytest.fixture
def bare(qapp: QApplication, tmp_path: Path) -> Iterator[Rig]:
    """Nothing loaded."""
    rig = Rig(tmp_path / "history.sqlite3", tmp_path)
    yield rig
    rig.close()


def start_long_reply(rig: Rig, text: str = "Tell me a story") -> str:
    """Send, and wait for the first words of a reply that will not end by itself; its id."""
    rig.sampling = {"max_tokens": 100_000, "temperature": 1.0, "seed": 1}
    rig.overflow = "drop_oldest"
    assert rig.chat.send(text)
    reply = rig.chat.current.path()[-1]
    rig.wait(lambda: reply.text)
    return reply.id


def test_a_message_gets_a_reply_that_is_recorded(rig: Rig) -> None:
    assert rig.chat.send("What is **Rust**?")
    question, reply = rig.chat.current.path()
    rig.wait_idle()
    assert (question.role, question.text) == (Role.USER, "What is **Rust**?")
    assert (reply.role, reply.state, reply.stop_reason) == (
        Role.ASSISTANT,
        MessageState.DONE,
        StopReason.MAX_TOKENS,
    )
    assert reply.text == "".join(text for _, text in rig.heard("reply_text"))
    assert reply.model == "Tiny llama"
    assert reply.timings is not None
    assert reply.timings["predicted_n"] == 12
    assert reply.settings["seed"] == 1
    assert rig.heard("reply_started") == rig.heard("reply_finished") == [reply.id]
    assert rig.heard("message_added") == [question.id, reply.id]
    assert rig.chat.current.title == "What is Rust?"
    [run] = rig.heard("measured")
    assert rig.history.last_run(rig.session.model_path, "fast") == run
    assert run.load == {"n_ctx": 1024, "n_seq_max": 2}
    assert run.predicted_per_second > 0
    saved = rig.history.load(rig.chat.current.id)
    assert saved == rig.chat.current


def test_without_a_model_nothing_is_said_and_nothing_lost(bare: Rig) -> None:
    assert not bare.chat.send("Hello")
    assert bare.chat.current.is_empty
    assert bare.chat.conversations() == []


def test_the_conversation_is_found_again_after_a_restart(rig: Rig, tmp_path: Path) -> None:
    rig.chat.send("Where is the needle?")
    rig.wait_idle()
    rig.chat.set_system_prompt("Be brief.")
    rig.chat.draft_changed("and then")
    told = rig.path()
    rig.close()
    again = Rig(tmp_path / "history.sqlite3", tmp_path)
    [found] = again.chat.conversations("NEEDLE")
    again.chat.open(found.id)
    assert again.heard("opened") == [again.chat.current]
    assert again.path() == told
    assert again.chat.current.system_prompt == "Be brief."
    assert again.chat.current.draft == "and then"
    assert again.chat.conversations("haystack") == []
    again.close()


def test_regenerating_keeps_the_other_reply(rig: Rig) -> None:
    rig.chat.send("Hi")
    rig.wait_idle()
    first = rig.chat.current.path()[-1]
    rig.sampling = {**rig.sampling, "seed": 2}
    assert rig.chat.regenerate(first.id)
    rig.wait_idle()
    second = rig.chat.current.path()[-1]
    assert second.id != first.id
    assert second.text != first.text
    assert rig.chat.current.sibling_position(second.id) == (1, 2)
    rig.chat.select_sibling(second.id, -1)
    assert rig.chat.current.path()[-1] is first
    rig.chat.draft_changed("x")  # anything that saves the selection
    rig.wait(lambda: rig.history.load(rig.chat.current.id).path()[-1].id == first.id)


def test_an_edit_branches_and_is_answered(rig: Rig) -> None:
    rig.chat.send("Hi")
    rig.wait_idle()
    question, reply = rig.chat.current.path()
    assert rig.chat.edit(question.id, "Good day")
    rig.wait_idle()
    assert rig.path()[0] == "Good day"
    assert len(rig.path()) == 2
    rig.chat.select_sibling(rig.chat.current.path()[0].id, -1)
    assert rig.path() == ["Hi", reply.text]


def test_an_edited_reply_is_what_the_model_goes_on_from(rig: Rig) -> None:
    rig.chat.send("Hi")
    rig.wait_idle()
    reply = rig.chat.current.path()[-1]
    assert rig.chat.edit(reply.id, "My own words")
    assert not rig.chat.is_generating()
    edited = rig.chat.current.path()[-1]
    assert (edited.text, edited.is_edited, edited.parent_id) == ("My own words", True, reply.parent_id)
    assert edited.timings is None
    assert reply.timings is not None
    n_prompt = reply.timings["prompt_n"] + reply.timings["cached_n"]
    assert rig.chat.continue_reply(edited.id)
    rig.wait_idle()
    continued = rig.chat.current.path()[-1]
    assert continued.text.startswith("My own words")
    assert len(continued.text) > len("My own words")
    assert continued.continued_from == edited.id
    assert continued.timings is not None
    n_prompt_then = continued.timings["prompt_n"] + continued.timings["cached_n"]
    assert n_prompt_then > n_prompt + 3  # the model has read the words that it goes on from
    assert edited.text == "My own words"
    assert rig.chat.current.sibling_position(continued.id) == (2, 3)


def test_stopping_keeps_what_there_is(rig: Rig) -> None:
    reply_id = start_long_reply(rig)
    assert rig.chat.is_generating()
    rig.chat.stop()
    rig.wait_idle()
    reply = rig.chat.current.messages[reply_id]
    assert (reply.state, reply.stop_reason) == (MessageState.DONE, StopReason.CANCELLED)
    assert reply.text
    assert rig.history.load(rig.chat.current.id).messages[reply_id] == reply


def test_no_second_reply_in_the_same_conversation_at_once(rig: Rig) -> None:
    reply_id = start_long_reply(rig)
    n_messages = len(rig.chat.current.messages)
    assert not rig.chat.send("Another")
    assert not rig.chat.regenerate(reply_id)
    assert not rig.chat.continue_reply(reply_id)
    assert len(rig.chat.current.messages) == n_messages
    rig.chat.stop()
    rig.wait_idle()


def test_two_conversations_generate_at_once_each_into_its_own(rig: Rig) -> None:
    first_reply = start_long_reply(rig, "First")
    first = rig.chat.current
    rig.chat.new()
    second_reply = start_long_reply(rig, "Second")
    second = rig.chat.current
    assert rig.chat.is_generating(first.id)
    assert rig.chat.is_generating(second.id)
    n_before = len(first.messages[first_reply].text)
    rig.wait(lambda: len(first.messages[first_reply].text) > n_before + 200)  # in the background
    rig.chat.open(first.id)
    assert rig.chat.current is first
    for conversation in (first, second):
        rig.chat.stop(conversation.id)
    rig.wait(lambda: not rig.chat.is_generating(first.id) and not rig.chat.is_generating(second.id))
    for conversation, reply_id in ((first, first_reply), (second, second_reply)):
        said = "".join(text for message, text in rig.heard("reply_text") if message == reply_id)
        assert conversation.messages[reply_id].text == said
        assert rig.history.load(conversation.id).messages[reply_id].text == said


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_lost_worker_leaves_the_reply_marked(rig: Rig) -> None:
    reply_id = start_long_reply(rig)
    assert rig.session.worker_pid is not None
    os.kill(rig.session.worker_pid, signal.SIGKILL)
    rig.wait_idle()
    reply = rig.chat.current.messages[reply_id]
    assert reply.interrupted
    assert reply.error is not None
    assert reply.error.kind == FailureKind.WORKER_LOST
    assert reply.text
    assert rig.history.load(rig.chat.current.id).messages[reply_id] == reply
    rig.wait(lambda: rig.session.worker_pid is None)
    assert not rig.chat.send("Are you there?")


def test_a_reply_that_fails_says_why(rig: Rig) -> None:
    rig.sampling = {"grammar": "root ::= ((("}
    rig.chat.send("Hi")
    rig.wait_idle()
    reply = rig.chat.current.path()[-1]
    assert reply.state == MessageState.FAILED
    assert reply.error is not None
    assert reply.error.kind == FailureKind.BAD_GRAMMAR
    assert rig.history.load(rig.chat.current.id).messages[reply.id].error == reply.error
    rig.sampling = {"max_tokens": 4}
    assert rig.chat.send("Again")  # the empty reply does not stand in the way
    rig.wait_idle()
    assert rig.chat.current.path()[-1].state == MessageState.DONE


def test_a_conversation_that_was_shortened_says_so(rig: Rig) -> None:
    rig.overflow = "drop_oldest"
    for number in range(12):
        rig.chat.send(f"Message {number} " + "with many words in it " * 10)
        rig.wait_idle()
        if rig.heard("notice"):
            break
    [(message_id, notice)] = rig.heard("notice")
    assert notice.policy == "drop_oldest"
    assert notice.n_messages > 0
    assert rig.history.load(rig.chat.current.id).messages[message_id].notice == notice


def test_a_reply_that_outgrows_the_context_says_how_much_was_dropped_in_all(rig: Rig) -> None:
    rig.overflow = "drop_oldest"
    rig.sampling = {"max_tokens": 1200, "ignore_eos": True}
    rig.chat.send("Hi")
    rig.wait_idle()
    reply = rig.chat.current.path()[-1]
    assert reply.timings is not None
    assert reply.timings["predicted_n"] == 1200
    n_total = reply.timings["prompt_n"] + reply.timings["cached_n"] + 1200
    n_ctx = rig.session.got.n_ctx_slot if rig.session.got else 0
    assert reply.notice is not None
    assert reply.notice.n_messages == 0
    assert reply.notice.n_dropped_tokens >= n_total - n_ctx, "every time counts, not the last one alone"
    while_written = [n_tokens for n_tokens, _ in rig.heard("context_usage")]
    assert max(while_written[:-1]) <= n_ctx + 100, "the meter shows what the context holds"


def test_thinking_is_kept_timed_and_not_sent_back(rig: Rig) -> None:
    rig.sampling = {"max_tokens": 400, "grammar": 'root ::= "<think>" [a-z ]{150} "</think>" [a-z]{10} "."'}
    rig.chat.send("Hi")
    reply = rig.chat.current.path()[-1]
    rig.wait_idle()
    assert reply.text.startswith("<think>")
    assert reply.thinking_ms > 0
    assert rig.heard("message_changed") == [reply.id]
    assert reply.timings is not None
    rig.sampling = {"max_tokens": 2}
    rig.chat.send("And")
    rig.wait_idle()
    timings = rig.chat.current.path()[-1].timings
    assert timings is not None
    # Had the thinking been sent, the prompt would be longer than everything said before.
    n_before = reply.timings["prompt_n"] + reply.timings["predicted_n"]
    assert timings["prompt_n"] + timings["cached_n"] < n_before


def test_the_conversations_own_sampling_lies_over_the_panels(rig: Rig) -> None:
    rig.chat.set_sampling({"max_tokens": 3}, preset="Short")
    rig.chat.send("Hi")
    rig.wait_idle()
    reply = rig.chat.current.path()[-1]
    assert reply.timings is not None
    assert reply.timings["predicted_n"] == 3
    saved = rig.history.load(rig.chat.current.id)
    assert (saved.sampling, saved.preset) == ({"max_tokens": 3}, "Short")


def test_the_meter_counts_the_draft_and_follows_the_reply(rig: Rig) -> None:
    rig.wait(lambda: (0, 1024) in rig.heard("context_usage"))  # nothing said
    rig.chat.draft_changed("some words of a draft")
    rig.wait(lambda: rig.heard("context_usage")[-1][0] > 5)
    n_draft = rig.heard("context_usage")[-1][0]
    rig.chat.send("some words of a draft")
    rig.wait_idle()
    assert rig.heard("context_usage")[-1] == (n_draft + 12, 1024)  # prompt and reply, exactly
    rig.said.clear()
    rig.wait(lambda: rig.heard("context_usage"))  # and then counted as the next prompt would be
    assert abs(rig.heard("context_usage")[-1][0] - n_draft - 12) < 12
    rig.session.eject()
    rig.wait(lambda: rig.heard("context_usage")[-1] == (0, 0))


def test_delete_and_undo(rig: Rig) -> None:
    rig.chat.send("Keep this")
    rig.wait_idle()
    conversation = rig.chat.current
    told = rig.path()
    rig.chat.delete(conversation.id)
    assert rig.heard("deleted") == [(conversation.id, "Keep this")]
    assert rig.chat.conversations() == []
    assert rig.chat.current.is_empty
    assert rig.chat.undo_delete() == conversation.id
    assert rig.path() == told
    assert rig.chat.undo_delete() is None


def test_deleting_while_it_is_answered_ends_the_reply_and_undo_has_what_there_was(rig: Rig) -> None:
    reply_id = start_long_reply(rig)
    conversation_id = rig.chat.current.id
    rig.chat.delete(conversation_id)
    rig.wait(lambda: not rig.chat.is_generating(conversation_id))
    assert rig.chat.conversations() == []
    rig.chat.undo_delete()
    assert rig.chat.current.messages[reply_id].text


def test_what_is_deleted_is_gone_after_closing(rig: Rig, tmp_path: Path) -> None:
    rig.chat.send("Gone")
    rig.wait_idle()
    rig.chat.delete(rig.chat.current.id)
    rig.close()
    with History(tmp_path / "history.sqlite3") as history, pytest.raises(KeyError):
        history.load(rig.chat.current.id)


def test_titles(rig: Rig) -> None:
    rig.chat.send("First words")
    rig.wait_idle()
    rig.chat.rename(rig.chat.current.id, "  Mine ")
    assert rig.chat.conversations()[0].title == "Mine"
    rig.chat.rename(rig.chat.current.id, "")
    assert rig.chat.conversations()[0].title == "First words"
    assert "# First words" in rig.chat.export_markdown(names={"user": "Ich"})
    assert "## Ich" in rig.chat.export_markdown(names={"user": "Ich"})


def test_a_new_conversation_keeps_its_draft_while_another_is_looked_at(rig: Rig) -> None:
    rig.chat.send("Hi")
    rig.wait_idle()
    told = rig.chat.current
    rig.chat.new()
    rig.chat.draft_changed("half a thou")
    rig.chat.open(told.id)
    rig.chat.new()
    assert rig.chat.current.draft == "half a thou"
    assert len(rig.chat.conversations()) == 1  # nothing said, nothing listed


def test_closing_the_app_in_the_middle_of_a_reply_saves_it(rig: Rig, tmp_path: Path) -> None:
    reply_id = start_long_reply(rig)
    conversation = rig.chat.current
    rig.close()
    with History(tmp_path / "history.sqlite3") as history:
        saved = history.load(conversation.id).messages[reply_id]
    assert saved.interrupted
    assert saved.text == conversation.messages[reply_id].text
