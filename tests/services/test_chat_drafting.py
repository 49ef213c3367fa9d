"""What guessing did for a reply: from a real worker into the message, the history, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from app.core.history import History
from app.core.run import Drafting, Reuse
from tests.services.chat_rig import Rig
from tests.tiny_models import build_llama


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model, and another one with the same weights: every guess of it is right."""
    folder = tmp_path_factory.mktemp("models")
    target = build_llama(folder / "target.gguf", n_ctx_train=1024, name="Target")
    draft = build_llama(folder / "draft.gguf", n_ctx_train=1024, name="Draft", quantisation="f16")
    return target, draft


@pytest.fixture
def make(tmp_path: Path, qapp: QCoreApplication) -> Iterator[Callable[[], Rig]]:
    rigs: list[Rig] = []

    def made() -> Rig:
        for rig in rigs:
            rig.close()
        rigs.append(Rig(tmp_path / "history.sqlite3", tmp_path))
        rigs[-1].sampling = {"temperature": 0.0, "max_tokens": 40}
        return rigs[-1]

    yield made
    for rig in rigs:
        rig.close()


def with_draft(rig: Rig, models: tuple[Path, Path]) -> None:
    rig.load(models[0], draft_source="model", draft_model=str(models[1]), draft_adaptive=False, draft_n_max=4)


def test_a_reply_keeps_which_of_its_text_was_guessed(
    make: Callable[[], Rig], models: tuple[Path, Path], tmp_path: Path
) -> None:
    rig = make()
    with_draft(rig, models)
    rig.chat.send("Hello")
    rig.wait_idle()
    reply = rig.chat.current.leaf
    assert reply is not None
    assert reply.drafting is not None
    drafting = Drafting.from_dict(reply.drafting)
    assert drafting.source == "model"
    assert 0 < drafting.accepted_n <= drafting.drafted_n
    assert sum(right for _, right in drafting.by_position) == drafting.accepted_n
    assert reply.drafted
    assert reply.drafted == sorted(reply.drafted)
    assert reply.drafted[-1][1] <= len(reply.text)
    # A token of these models is a word with the space before it, a mark, or a line end.
    guessed = "".join(reply.text[start:end] for start, end in reply.drafted)
    assert abs(len(guessed.split()) - drafting.accepted_n) <= drafting.accepted_n // 4 + 2
    assert reply.timings is not None
    assert reply.timings["draft_n_accepted"] == drafting.accepted_n
    assert reply.reuse is not None
    assert Reuse.from_dict(reply.reuse).prompt_n > 0
    conversation_id, kept = rig.chat.current.id, (reply.drafted, reply.text)
    rig.close()
    with History(tmp_path / "history.sqlite3") as history:
        again = history.load(conversation_id).messages[reply.id]
        assert (again.drafted, again.text) == kept
        assert again.drafting is not None
        assert Drafting.from_dict(again.drafting) == drafting
        runs = history.drafted_runs(str(models[0]), str(models[1]))
        assert [run.message_id for run in runs] == [reply.id]
        assert runs[0].reuse is not None


def test_text_held_back_for_a_stop_string_is_marked_as_its_own_token(
    make: Callable[[], Rig], models: tuple[Path, Path]
) -> None:
    """Every word may be the beginning of a stop string, so each comes with the token after it."""
    rig = make()
    with_draft(rig, models)
    marked: list[list[tuple[int, int]]] = []
    for stop in ([], [f"{letter}#" for letter in "aeiou.,!?"]):
        rig.sampling = {"temperature": 0.0, "max_tokens": 40, "stop": stop}
        rig.chat.new()
        rig.chat.send("Hello")
        rig.wait_idle()
        reply = rig.chat.current.leaf
        assert reply is not None
        marked.append(reply.drafted)
    assert marked[0]
    assert marked[1] == marked[0]


def test_a_continued_reply_keeps_the_marks_of_what_it_begins_with(
    make: Callable[[], Rig], models: tuple[Path, Path]
) -> None:
    rig = make()
    with_draft(rig, models)
    rig.chat.send("Hello")
    rig.wait_idle()
    first = rig.chat.current.leaf
    assert first is not None
    rig.chat.set_tinted(first.id, True)
    rig.chat.continue_reply(first.id)
    rig.wait_idle()
    longer = rig.chat.current.leaf
    assert longer is not None
    assert longer.text.startswith(first.text)
    assert len(longer.text) > len(first.text)
    assert longer.is_tinted
    marks = {at for start, end in longer.drafted for at in range(start, end)}
    before = {at for start, end in first.drafted for at in range(start, end)}
    assert before == {at for at in marks if at < len(first.text)}
    assert marks - before


def test_the_runs_of_a_pair_are_found_from_any_of_its_replies(
    make: Callable[[], Rig], models: tuple[Path, Path]
) -> None:
    rig = make()
    with_draft(rig, models)
    for _ in range(2):
        rig.chat.send("Hello")
        rig.wait_idle()
    replies = [message.id for message in rig.chat.current.path() if message.role == "assistant"]
    rig.load(models[0], draft_source="ngram", draft_adaptive=False)
    rig.chat.new()
    rig.chat.send("Hello hello hello hello hello")
    rig.wait_idle()
    looked_up = rig.chat.current.leaf
    assert looked_up is not None
    rig.load(models[0])
    rig.chat.new()
    rig.chat.send("Hello")
    rig.wait_idle()
    plain = rig.chat.current.leaf
    assert plain is not None
    assert plain.drafting is None
    assert plain.drafted == []
    by_model = rig.chat.drafted_runs(replies[0])
    assert [run.message_id for run in by_model] == replies[::-1]
    assert not rig.chat.is_loaded_pair(by_model[0])
    with_draft(rig, models)
    assert rig.chat.is_loaded_pair(by_model[0])
    assert not rig.chat.is_loaded_pair(rig.chat.drafted_runs(looked_up.id)[0])
    assert [run.message_id for run in rig.chat.drafted_runs(looked_up.id)] == [looked_up.id]
    assert rig.chat.drafted_runs(plain.id) == []
