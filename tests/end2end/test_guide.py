"""The Guide as it comes with Loadout: a trained model in a real worker, asked as the app asks it.

What a right answer holds stands in the sheets that it was trained from (`corpus.required`), so the texts stand once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import pytest

from app import paths
from app.cli.loaded_model import LoadedModel, loaded_model
from app.core.gguf import ModelFacts, facts
from app.core.guide import QUESTIONS, GuideFiles, Role, question_about
from app.core.parity import Report, Verdict, Way
from app.core.parity_plan import Check, Variant, first_variants, further_variants
from app.core.run import Drafting, Reuse, Timings
from app.core.settings import LOAD, SAMPLING
from app.engine.templates import ChatTemplate
from app.worker import protocol as p
from app.worker.client import WorkerClient
from app.worker.parity import ParityRun
from tests.cli.program import Program
from tests.guide_corpus import corpus, evaluate, knowledge, plain, sheets, trained

FILES = GuideFiles(paths.built_in_models())
N_CTX = 2048
N_SLOTS = 4
LOADS_WITHIN_S = 10.0
ASKED_ABOUT = (
    "n_ctx", "n_gpu_layers", "n_threads", "flash_attn", "type_k", "use_mmap", "draft_model",
    "temperature", "top_p", "min_p", "repeat_penalty", "seed",
)  # fmt: skip
OFF_TOPIC = (
    "who won the last world cup",
    "what's the weather like",
    "write me a poem",
    "how do i tie a tie",
    "write hello world in python",
    "what is the speed of light",
)
# A word out of place does not make a Guide useless, and the examination counts more finely: this is for what broke it.
MOSTLY = 0.9
ACCEPTED = 0.7

Message = dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What the Guide said, and what the engine counted."""

    text: str
    timings: Timings
    drafting: Drafting
    reuse: Reuse


def say(model: LoadedModel, *conversations: Sequence[Message], **fields: Any) -> list[Reply]:
    """The greedy replies to these conversations, asked for at once."""
    greedy = {"temperature": 0.0, "max_tokens": 300}
    asked = {
        number: p.Generate(number, messages=tuple(messages), sampling=greedy, **fields)
        for number, messages in ((model.next_id(), messages) for messages in conversations)
    }
    texts = dict.fromkeys(asked, "")
    ends: dict[int, p.Finished] = {}
    for event in model.ask_together(tuple(asked.values())):
        if isinstance(event, p.TextDelta):
            texts[event.request_id] += event.text
        elif isinstance(event, p.Finished):
            ends[event.request_id] = event
    return [_reply(texts[number], ends[number]) for number in asked]


def _reply(text: str, end: p.Finished) -> Reply:
    drafting = Drafting.from_dict(end.drafting) if end.drafting else Drafting("off")
    return Reply(text.strip(), Timings.from_dict(end.timings), drafting, Reuse.from_dict(end.reuse or {}))


def question(text: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": text},)


def sheet_of(key: str) -> sheets.Sheet:
    return next(sheet for sheet in knowledge().sheets if sheet.row.key == key)


def lacks(reply: Reply, facts: Sequence[str]) -> list[str]:
    """The facts that it does not state."""
    said = reply.text.casefold()
    return [fact for fact in facts if fact.casefold() not in said]


@contextmanager
def guide(folder: Path, **values: Any) -> Iterator[LoadedModel]:
    settings = {"n_ctx": N_CTX, "n_seq_max": 1, **values}
    with loaded_model(FILES.model, settings, folder / "worker.log") as model:
        yield model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedModel]:
    """The Guide with several slots: shared by the tests that only ask."""
    folder = tmp_path_factory.mktemp("guide")
    with guide(folder, n_ctx=N_CTX * N_SLOTS, n_seq_max=N_SLOTS, kv_unified=False) as loaded:
        say(loaded, question("hi"))  # starts the thread that writes commands: it is no test's leftover
        yield loaded


# -- the files --------------------------------------------------------------------------------------------------


def _fields(path: Path) -> dict[str, Any]:
    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


def test_the_files_say_what_they_are() -> None:
    for path, name, role in ((FILES.model, "Guide", Role.GUIDE), (FILES.draft, "Guide draft", Role.DRAFT)):
        fields = _fields(path)
        assert fields["general.name"] == name
        assert fields["general.license"] == "mit"
        assert fields["general.description"]
        assert fields["loadout.role"] == role
        assert "comes from elsewhere" in fields["loadout.provenance"]
        assert re.fullmatch("[0-9a-f]{64}", fields["loadout.corpus_sha256"])
        assert fields["tokenizer.chat_template"]


def test_the_files_are_small() -> None:
    assert FILES.model.stat().st_size + FILES.draft.stat().st_size < 16_000_000
    assert 5_000_000 <= facts(FILES.model).n_params <= 12_000_000
    assert facts(FILES.draft).n_params < 1_500_000


def test_the_draft_has_the_guides_tokenizer_and_template() -> None:
    one, other = _fields(FILES.model), _fields(FILES.draft)
    names = {name for name in one if name.startswith("tokenizer.")}
    assert names == {name for name in other if name.startswith("tokenizer.")}
    assert [name for name in sorted(names) if one[name] != other[name]] == []


def test_it_is_loaded_in_a_moment(tmp_path: Path) -> None:
    begun = time.monotonic()
    with guide(tmp_path) as loaded:
        assert time.monotonic() - begun < LOADS_WITHIN_S
        assert loaded.got.n_ctx == N_CTX


def test_its_template_writes_conversations_as_it_was_trained_on_them() -> None:
    first = corpus.Turn(question_about(LOAD["n_ctx"]), "The **Context length** is ...")
    second = corpus.Turn("and what does it cost?", "Memory.")
    messages = [
        {"role": "user", "content": first.question},
        {"role": "assistant", "content": first.answer},
        {"role": "user", "content": second.question},
    ]
    template = ChatTemplate(_fields(FILES.model)["tokenizer.chat_template"], "", "")
    assert template.render(messages[:1]) == first.prompt()
    assert template.render(messages) == f"{first.prompt()}{first.reply()}\n{second.prompt()}"
    drawn = corpus.Corpus(knowledge(), 1)
    system = next(text for text in iter(drawn.system_prompt, None) if text)
    told = system.removeprefix("<|im_start|>system\n").removesuffix("<|im_end|>\n")
    asked = [{"role": "system", "content": told}, messages[0]]
    assert template.render(asked) == system + first.prompt()


def test_a_message_reaches_it_as_the_very_tokens_it_was_trained_on(model: LoadedModel) -> None:
    asked = question_about(LOAD["n_ctx"])
    (by_template,) = say(model, question(asked), fresh=True)
    (by_hand,) = say(model, (), prompt=corpus.Turn(asked, "").prompt(), fresh=True)
    assert by_template.reuse.prompt_n == by_hand.reuse.prompt_n > 8
    assert by_template.text == by_hand.text


# -- what it answers --------------------------------------------------------------------------------------------


def test_it_knows_what_the_settings_do(model: LoadedModel) -> None:
    rows = [LOAD[key] if key in LOAD else SAMPLING[key] for key in ASKED_ABOUT]
    replies = say(model, *(question(question_about(row)) for row in rows))
    wrong = {
        row.key: missing
        for row, reply in zip(rows, replies, strict=True)
        if (missing := lacks(reply, corpus.required(sheet_of(row.key))))
    }
    assert len(wrong) <= (1 - MOSTLY) * len(rows), wrong


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("up", "What happens if I raise {n}?"),
        ("down", "What happens if I lower {n}?"),
        ("advice", "When should I change {n}?"),
    ],
)
def test_it_answers_what_was_asked_of_a_setting(model: LoadedModel, kind: str, words: str) -> None:
    """The same setting, asked otherwise, is another answer."""
    keys = ("n_ctx", "n_gpu_layers", "n_batch", "temperature", "top_k", "repeat_penalty")
    replies = say(model, *(question(words.format(n=sheet_of(key).title)) for key in keys))
    wrong = {
        key: missing
        for key, reply in zip(keys, replies, strict=True)
        if (
            missing := lacks(
                reply, (*corpus.particular(sheet_of(key), kind), *corpus.required(sheet_of(key)))
            )
        )
    }
    assert len(wrong) <= 1, wrong


def test_the_questions_to_begin_with_are_answered(model: LoadedModel) -> None:
    for asked, reply in zip(QUESTIONS, say(model, *map(question, QUESTIONS)), strict=True):
        assert reply.text in trained()[plain(asked)], asked


def test_it_does_not_pretend_to_know_the_rest(model: LoadedModel) -> None:
    replies = say(model, *map(question, OFF_TOPIC))
    wrong = [reply.text for reply in replies if "I don't know that" not in reply.text]
    assert len(wrong) <= 1, wrong


def test_asked_together_it_says_what_it_says_alone(model: LoadedModel) -> None:
    conversations = [question(question_about(LOAD[key])) for key in ("n_ctx", "n_batch", "use_mlock", "numa")]
    together = say(model, *conversations, fresh=True)
    alone = [say(model, conversation, fresh=True)[0] for conversation in conversations]
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert all(reply.text for reply in alone)


# -- what it remembers ------------------------------------------------------------------------------------------


def test_a_second_question_needs_the_first_and_reuses_it(model: LoadedModel) -> None:
    wrong: dict[str, list[str]] = {}
    keys = ("n_ctx", "temperature", "n_gpu_layers", "flash_attn", "top_k", "draft_model")
    for key in keys:
        told = question(question_about(sheet_of(key).row))
        (first,) = say(model, told, conversation=key)
        so_far = (*told, {"role": "assistant", "content": first.text})
        (second,) = say(model, (*so_far, *question("and what does it cost?")), conversation=key)
        if missing := lacks(second, corpus.required(sheet_of(key))):
            wrong[key] = missing
        elif second.text == first.text:
            wrong[key] = ["an answer to the second question"]
        assert second.reuse.source == "slot"
        # All but what follows the reply's last token: the end of its turn, and the next one.
        assert second.reuse.cached_n >= first.reuse.prompt_n + first.timings.predicted_n - 2
        assert second.reuse.cached_n + second.timings.prompt_n == second.reuse.prompt_n
    assert len(wrong) <= 1, wrong


def test_what_one_worker_has_read_the_next_one_knows(tmp_path: Path) -> None:
    told = question(question_about(LOAD["type_k"]))
    replies = []
    for number in range(2):
        kept = p.KeptStates(str(tmp_path / "states"), 1 << 26, 4)
        client = WorkerClient(str(FILES.model), {"n_ctx": N_CTX}, tmp_path / f"{number}.log", (), kept)
        with client:
            replies.append(_said(client, told))
            client.stop()
            while client.receive(0.5):
                pass
    (first, _), (again, reuse) = replies
    assert first == again != ""
    assert (reuse.source, reuse.loss) == ("disk", "")
    assert reuse.cached_n == reuse.prompt_n


def _said(client: WorkerClient, messages: tuple[Message, ...]) -> tuple[str, Reuse]:
    greedy = {"temperature": 0.0, "max_tokens": 300}
    client.send(p.Generate(client.next_id(), messages, sampling=greedy, conversation="one"))
    text = ""
    while True:
        for event in client.receive(10):
            assert not isinstance(event, p.Failed | p.LoadFailed | p.Exited), event
            if isinstance(event, p.TextDelta):
                text += event.text
            elif isinstance(event, p.Finished):
                return text, Reuse.from_dict(event.reuse or {})


# -- its draft --------------------------------------------------------------------------------------------------


def held_out(n_questions: int) -> list[str]:
    """Questions that neither model was trained on, about settings all over the tables."""
    every = [
        question.text for question in evaluate.examination(knowledge()) if question.part == evaluate.PARTS[0]
    ]
    return every[:: len(every) // n_questions][:n_questions]


def test_its_draft_guesses_most_tokens_and_changes_none(tmp_path: Path) -> None:
    values = {"draft_source": "model", "draft_model": str(FILES.draft), "draft_adaptive": False}
    drafted = accepted = 0
    different: list[str] = []
    with guide(tmp_path, **values) as loaded:
        for asked in held_out(12):
            (without,) = say(loaded, question(asked), draft=False, fresh=True)
            (reply,) = say(loaded, question(asked), fresh=True)
            if reply.text != without.text:
                different.append(asked)
            assert without.timings.draft_n == 0
            assert reply.timings.draft_n == reply.drafting.drafted_n
            assert reply.drafting.n_steps < reply.timings.predicted_n
            drafted += reply.timings.draft_n
            accepted += reply.timings.draft_n_accepted
    assert drafted > 100
    assert accepted / drafted >= ACCEPTED
    # Larger batches round otherwise, which may turn one tie; the parity check below can tell that from a mistake.
    assert len(different) <= 1, different


# -- parity -----------------------------------------------------------------------------------------------------


PROMPTS = ("What does flash attention do?", "how much memory does the context take")


def _parity(log: Path, ways: Callable[[Way], bool]) -> Report:
    values = {"n_ctx": 512, "n_seq_max": 1, "n_threads": 1, "draft_model": str(FILES.draft)}
    check = Check(facts(FILES.model), values, PROMPTS, 24)

    def further(loaded: Any, model: ModelFacts, **got: Any) -> list[Variant]:
        every = further_variants(loaded, model, **got)
        return [variant for variant in every if variant.way is Way.NUDGE or ways(variant.way)]

    return ParityRun(check, log, first=first_variants, further=further).run()


@pytest.mark.parametrize(
    "ways",
    [{Way.DRAFT, Way.LOOKUP}, {Way.RESTORE, Way.REOPEN}, {Way.SLOTS, Way.BATCHES}, {Way.FLASH, Way.TOGETHER}],
    ids=lambda ways: "-".join(sorted(ways)),
)
def test_every_way_to_a_reply_leads_to_the_same(tmp_path: Path, ways: set[Way]) -> None:
    report = _parity(tmp_path / "log", ways.__contains__)
    results = {result.way: result for result in report.results}
    assert ways <= results.keys()
    assert report.verdict in {Verdict.EQUAL, Verdict.ROUNDING}
    assert report.is_whole, [(result.way, result.untested) for result in report.results]
    replay = results[Way.REPLAY]
    assert (replay.verdict, replay.noise) == (Verdict.EQUAL, 0.0)
    assert replay.cached_n == replay.prompt_n
    if Way.DRAFT in ways:
        assert results[Way.DRAFT].drafted_n


# -- as a new user meets it -------------------------------------------------------------------------------------


def test_the_first_command_ends_in_a_right_answer(profile_dir: Path) -> None:
    asked = ("run", "guide", "--prompt", QUESTIONS[0], "--sample", "temperature=0")
    done = Program(profile_dir)(*asked)
    assert done.exit_code == 0, done.stderr
    reply = Reply(done.stdout, Timings(), Drafting("off"), Reuse())
    assert lacks(reply, corpus.required(sheet_of("flash_attn"))) == []
