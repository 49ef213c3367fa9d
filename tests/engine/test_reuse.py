"""What is reused of a prompt, from a slot, memory or disk: the same words come of it, and the reason is told."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.prompt_states import StateFolder
from app.core.reasons import Overflow, ReuseLoss, StopReason
from app.core.run import Reuse
from app.engine import sampler
from app.engine.generation import Generation
from app.engine.model import LoadedModel
from app.engine.prompts import Prompt, PromptWriter
from app.engine.scheduler import Scheduler
from app.engine.states import StateMemory, States
from app.engine.text import TextStream
from app.worker.protocol import KeptStates
from app.worker.state_disk import StateDisk
from app.worker.state_keeping import StateKeeping
from tests.engine.conftest import Load, Recorder

LEAST = 8
LOOKUP = {"draft_source": "ngram", "draft_ngram_size": 1, "draft_ngram_length": 6, "draft_adaptive": False}
DRAFT = {"draft_source": "model", "draft_n_max": 5, "draft_adaptive": False}
SYSTEM = {"role": "system", "content": "You are a fox."}
Messages = list[dict[str, str]]


class Talk:
    """Conversations with one loaded model."""

    def __init__(self, loaded: LoadedModel, limit_bytes: int, folder: Path | None) -> None:
        self.loaded = loaded
        self.disk = StateDisk(StateFolder(folder, "model", 1 << 24)) if folder else None
        can_cut = not (loaded.is_recurrent or loaded.facts.n_swa)
        self.memory = StateMemory(limit_bytes, lambda: 1 << 40, can_cut=can_cut) if limit_bytes else None
        self.scheduler = Scheduler(loaded, States(self.memory, self.disk, LEAST))
        self.writer = PromptWriter(loaded)
        self.sink = Recorder()
        self._ids = itertools.count(1)

    def submit(
        self, prompt: Prompt | Messages | str, conversation: str = "", *, fresh: bool = False, **sampling: Any
    ) -> int:
        values = sampler.resolved({"temperature": 0.0, "max_tokens": 12, "seed": 1, **sampling})
        chain = sampler.Sampler(values, self.loaded.vocabulary.handle, (), lambda _text: [])
        if isinstance(prompt, str):
            prompt = [user(prompt)]
        messages: Messages = [] if isinstance(prompt, Prompt) else prompt
        if not isinstance(prompt, Prompt):
            prompt = self.writer.chat(prompt, Overflow.DROP_MIDDLE, max_tokens=values["max_tokens"])
        request_id = next(self._ids)
        generation = Generation(
            request_id,
            prompt,
            values,
            chain,
            TextStream([]),
            self.sink,
            overflow=Overflow.DROP_MIDDLE,
            fresh=fresh,
            conversation=conversation,
            messages=tuple(messages),
        )
        chain.accept_prompt(prompt.tokens)
        self.scheduler.submit(generation)
        return request_id

    def run(self) -> None:
        for _ in range(5000):
            if not self.scheduler.is_busy:
                return
            self.scheduler.step()
        pytest.fail("the scheduler does not come to an end")

    def say(self, prompt: Prompt | Messages | str, conversation: str = "", **options: Any) -> str:
        request_id = self.submit(prompt, conversation, **options)
        self.run()
        if request_id in self.sink.errors:
            raise self.sink.errors[request_id]
        self.generation = self.sink.generations[request_id]
        return self.sink.text.get(request_id, "")

    def save_all(self) -> None:
        """As before the end."""
        assert self.disk is not None
        while self.scheduler.save_one(is_last_chance=True):
            assert self.disk.wait(10)

    @property
    def kept(self) -> list[list[int]]:
        """The tokens of each state on disk."""
        assert self.disk is not None
        assert self.disk.wait(10)
        return sorted(outline.tokens for outline in self.disk.outlines())

    @property
    def reuse(self) -> Reuse:
        assert self.generation.reuse is not None
        return self.generation.reuse

    @property
    def n_processed(self) -> int:
        return self.generation.timings().prompt_n


MakeTalk = Callable[..., Talk]


@pytest.fixture
def talk(load: Load) -> Iterator[MakeTalk]:
    talks: list[Talk] = []

    def make(path: Path, *, limit_bytes: int = 1 << 24, folder: Path | None = None, **values: Any) -> Talk:
        talks.append(Talk(load(path, **values), limit_bytes, folder))
        return talks[-1]

    yield make
    for item in talks:
        item.scheduler.close()
        if item.disk is not None:
            item.disk.close(10)


@pytest.fixture(scope="session")
def tiny_draft(models_dir: Path) -> Path:
    from tests.tiny_models import build_llama

    return build_llama(
        models_dir / "reuse-draft.gguf", quantisation="q8_0"
    )  # about half of its guesses are right


@pytest.fixture(scope="session")
def tiny_mamba(models_dir: Path) -> Path:
    from tests.tiny_models import build_hybrid

    return build_hybrid(models_dir / "reuse-mamba.gguf", has_attention=False)


@pytest.fixture(scope="session")
def tiny_lfm2(models_dir: Path) -> Path:
    from tests.tiny_models import build_lfm2

    return build_lfm2(models_dir / "reuse-lfm2.gguf")


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def reply(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


A = "Tell me a story about a fox and a crow."
B = "What is the way to the next town?"


# -- exact repeats --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", [{}, {"temperature": 1.5, "seed": 7}, {"repeat_penalty": 1.3}])
def test_a_repeat_is_exact_to_the_last_bit(
    tiny_model: Path, talk: MakeTalk, sampling: dict[str, Any]
) -> None:
    subject = talk(tiny_model, n_seq_max=1, n_ubatch=16, n_batch=16)
    first = subject.say(A, "a", **sampling)
    logits = end_logits(subject)
    assert subject.say(A, "a", **sampling) == first
    assert np.array_equal(end_logits(subject), logits)
    assert (subject.n_processed, subject.reuse.cached_n) == (0, subject.reuse.prompt_n)
    assert subject.reuse.loss == ""


def end_logits(subject: Talk) -> Any:
    slots = subject.scheduler._cache.slots
    return max(slots, key=lambda slot: slot.last_used).prompt_end.copy()


def test_a_repeat_in_another_slot_is_exact_too(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=2)
    expected = subject.say(A, max_tokens=60)  # so much said that the slot is left alone
    assert subject.say(A, max_tokens=60) == expected
    assert subject.n_processed == 0
    assert sum(bool(slot.cached) for slot in subject.scheduler._cache.slots) == 2


def test_a_grammar_holds_for_a_repeat(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    subject.say(A)
    assert subject.say(A, grammar='root ::= "ka" "to"') == "kato"
    assert subject.n_processed == 0


def test_only_reading_a_prompt_that_is_there_says_nothing(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    expected = subject.say(A)
    assert subject.say(A, max_tokens=0) == ""
    assert subject.say(A) == expected


def test_a_fresh_request_reuses_nothing_and_leaves_the_others_alone(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=2)
    expected = subject.say(A, "a")
    for _ in range(3):
        assert subject.say(A, fresh=True) == expected
        assert subject.reuse.cached_n == 0
    assert subject.memory is not None
    assert len(subject.memory.outlines()) <= 1  # what was read for measuring is not kept
    assert subject.say(A, "a") == expected
    assert subject.n_processed == 0


# -- states that leave and come back --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values", [{}, {"kv_unified": False}, {"type_k": "q8_0", "type_v": "q8_0"}, {"flash_attn": "off"}]
)
@pytest.mark.parametrize("model", ["tiny_model", "tiny_swa", "tiny_mamba"])
def test_an_evicted_conversation_comes_back_as_it_was(
    model: str, talk: MakeTalk, request: pytest.FixtureRequest, values: dict[str, Any]
) -> None:
    path = request.getfixturevalue(model)
    subject = talk(path, n_seq_max=1, **values)
    first = subject.say(A, "a")
    subject.say(B, "b")
    assert subject.say(A, "a") == first
    assert (subject.reuse.source, subject.n_processed) == ("memory", 0)
    longer = [user(A), reply(first), user("Go on.")]
    subject.say(B, "b")
    said = subject.say(longer, "a")
    assert said == talk(path, n_seq_max=1, **values).say(longer)


def test_a_state_that_lends_its_beginning_is_still_there_for_its_own_conversation(
    tiny_model: Path, talk: MakeTalk
) -> None:
    one = talk(tiny_model, n_seq_max=1)
    ends = ("mavi ", "nelo ")
    chats = [[user(beginning * 2 + end * 12)] for end in ends for beginning in (A, B)]
    said = [one.say(chat, f"chat {n}") for n, chat in enumerate(chats)]
    assert one.reuse.source == "memory"  # the beginning of the other one
    for n, chat in enumerate(chats):
        assert one.say(chat, f"chat {n}") == said[n]
        assert one.n_processed == 0, n


def test_a_branch_that_was_left_is_there_when_it_is_gone_back_to(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    messages = [user(A), reply(subject.say(A, "a", max_tokens=60)), user("Go on.")]
    subject.say(messages, "a")
    subject.say([user(B)], "a")  # the first message edited
    said = subject.say(messages, "a")
    assert (subject.reuse.source, subject.n_processed) == ("memory", 0)
    assert said == talk(tiny_model, n_seq_max=1).say(messages)


@pytest.mark.parametrize("is_unified", [True, False])
def test_a_system_prompt_is_read_once_for_all_slots(
    tiny_model: Path, talk: MakeTalk, is_unified: bool
) -> None:
    values = {"n_seq_max": 2, "n_ctx": 1024, "kv_unified": is_unified}
    subject = talk(tiny_model, **values)
    system = {**SYSTEM, "content": "You are a fox. " * 5}
    first = subject.say([system, user(A)], "a", max_tokens=150)
    said = subject.say([system, user(B)], "b")
    assert subject.reuse.cached_n > 60
    assert said == talk(tiny_model, **values).say([system, user(B)])
    assert subject.say([system, user(A)], "a", max_tokens=150) == first
    assert (subject.reuse.source, subject.n_processed) == ("slot", 0)


def test_without_room_in_memory_the_reason_is_told(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1, limit_bytes=100)
    expected = subject.say(A, "a")
    subject.say(B, "b")
    assert subject.say(A, "a") == expected
    assert subject.reuse.loss == ReuseLoss.EVICTED
    assert subject.reuse.possible_n > subject.reuse.cached_n
    assert subject.memory is not None
    assert subject.memory.size_bytes == 0


def test_memory_keeps_to_its_limit_and_lets_the_oldest_go(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    memory = subject.memory
    assert memory is not None
    subject.say(A, "a")
    subject.say(B, "b")
    one = memory.size_bytes
    assert one > 0
    memory._limit_bytes = 2 * one + one // 2
    for index in range(5):
        subject.say(f"{index} {A}", str(index))
        assert memory.size_bytes <= 2 * one + one // 2
    subject.say(f"3 {A}", "3")
    assert subject.reuse.source == "memory"
    subject.say(A, "a")
    assert subject.reuse.source != "memory"


def test_memory_is_left_to_programs_that_need_it(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    assert subject.memory is not None
    subject.memory._free_bytes = lambda: 1000
    subject.say(A, "a")
    subject.say(B, "b")
    assert subject.memory.size_bytes == 0
    subject.memory._free_bytes = lambda: 1 << 30
    for name in "cdef":
        subject.say(f"{name}: {A}", name)
    before = subject.memory.size_bytes
    subject.memory._free_bytes = lambda: before // 4  # another program has grown: what was kept shrinks
    subject.say(A, "a")
    assert 0 < subject.memory.size_bytes <= (before // 4 + before) // 2


def test_few_tokens_are_not_worth_it(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_seq_max=1)
    subject.say(Prompt([5, 6, 7]), "short", max_tokens=2)
    subject.say(B, "b")
    assert subject.memory is not None
    assert subject.memory.size_bytes == 0


def test_a_request_sent_back_for_lack_of_room_gets_its_state_back(tiny_model: Path, talk: MakeTalk) -> None:
    prompts = [Prompt([5 + index, *range(5, 100)]) for index in range(3)]
    alone = [talk(tiny_model, n_ctx=256, n_seq_max=1, n_ubatch=64).say(p, max_tokens=60) for p in prompts]
    subject = talk(tiny_model, n_ctx=256, n_seq_max=3, n_ubatch=64)
    ids = [subject.submit(prompt, max_tokens=60) for prompt in prompts]  # 3 x 156 tokens in 256 cells
    subject.run()
    assert [subject.sink.text[request_id] for request_id in ids] == alone
    assert subject.scheduler.n_prompted < 3 * 96 + 96  # some were read twice without it


def test_a_state_that_comes_back_makes_room_for_itself(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_ctx=256, n_seq_max=3)
    prompts = {name: Prompt([5 + index, *range(5, 95)]) for index, name in enumerate("abc")}
    said = {name: subject.say(prompt, name) for name, prompt in prompts.items()}
    for name in "abcab":
        assert subject.say(prompts[name], name) == said[name]
        assert subject.n_processed == 0, name
        assert sum(len(slot.cached) for slot in subject.scheduler._cache.slots) <= 256


# -- on disk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["tiny_model", "tiny_swa", "tiny_mamba"])
def test_a_conversation_goes_on_in_another_context(
    model: str, talk: MakeTalk, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = request.getfixturevalue(model)
    before = talk(path, folder=tmp_path)
    first = before.say(A, "a")
    before.save_all()
    assert len(before.kept) == 1
    after = talk(path, folder=tmp_path)
    longer = [user(A), reply(first), user("Go on.")]
    said = after.say(longer, "a")
    assert (after.reuse.source, after.reuse.loss) == ("disk", "")
    assert after.reuse.cached_n >= len(before.generation.prompt.tokens)
    assert said == talk(path).say(longer)


def test_only_what_is_new_enough_is_written_again_while_there_is_time(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, folder=tmp_path)
    subject.say(Prompt(list(range(5, 205))), "a", max_tokens=2)
    assert subject.scheduler.save_one(is_last_chance=False)
    assert not subject.scheduler.save_one(is_last_chance=False)
    subject.say(Prompt(list(range(5, 215))), "a", max_tokens=2)
    assert not subject.scheduler.save_one(is_last_chance=False)
    assert subject.scheduler.save_one(is_last_chance=True)
    assert [len(tokens) for tokens in subject.kept] == [211]
    assert not subject.scheduler.save_one(is_last_chance=True)


def test_what_belongs_to_no_conversation_is_not_written(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, folder=tmp_path, n_seq_max=1)
    subject.say(A)
    subject.say(B)
    subject.save_all()
    assert subject.kept == []


def test_an_evicted_conversation_is_written_without_a_cache_in_memory(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, folder=tmp_path, n_seq_max=1, limit_bytes=0)
    expected = subject.say(A, "a")
    subject.say(B, "b")
    assert subject.say(A, "a") == expected
    assert (subject.reuse.source, subject.n_processed) == ("disk", 0)


def test_an_older_branch_does_not_take_the_place_of_the_newer_one(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, folder=tmp_path, n_seq_max=2)
    subject.say([SYSTEM, user(A)], "a", max_tokens=40)
    subject.say(A, "a")
    subject.save_all()
    (tokens,) = subject.kept
    assert tokens[: len(subject.generation.prompt.tokens)] == subject.generation.prompt.tokens


def test_a_deleted_conversation_is_nowhere(tiny_model: Path, talk: MakeTalk, tmp_path: Path) -> None:
    subject = talk(tiny_model, folder=tmp_path, n_seq_max=1)
    subject.say(A, "a")
    subject.save_all()
    subject.say(B, "b")
    assert len(subject.kept) == 1
    subject.scheduler.forget("a")
    assert subject.kept == []
    subject.say(A, "other")
    assert subject.reuse.source in {"", "slot"}
    subject.scheduler.forget("other")
    subject.scheduler.forget("b")
    assert subject.scheduler._cache.slots[0].cached == []
    subject.save_all()
    assert subject.kept == []


# -- what may not be reused -------------------------------------------------------------------------------------


def test_behind_a_context_shift_nothing_is_reused(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_ctx=256, n_seq_max=1)
    subject.say(A, "a", max_tokens=400)
    assert subject.sink.trimmed
    (slot,) = subject.scheduler._cache.slots
    assert not slot.is_exact
    prompt = Prompt(list(slot.cached[:150]))  # its tokens, in a text that was never shortened
    said = subject.say(prompt, max_tokens=20)
    assert subject.reuse.cached_n <= len(subject.sink.generations[1].prompt.tokens)
    assert said == talk(tiny_model, n_ctx=256, n_seq_max=1).say(prompt, max_tokens=20)
    assert slot.is_exact  # what was said since has never been shifted
    assert subject.say(prompt, max_tokens=20) == said
    assert subject.n_processed == 0


@pytest.mark.parametrize("full", [True, False], ids=["full window cache", "sliding"])
def test_a_restored_window_is_not_cut_back_beyond_what_it_holds(
    tiny_swa: Path, talk: MakeTalk, full: bool, tmp_path: Path
) -> None:
    before = talk(tiny_swa, folder=tmp_path, swa_full=full, limit_bytes=0)
    before.say(A, "a", max_tokens=150)
    before.save_all()
    after = talk(tiny_swa, folder=tmp_path, swa_full=full, limit_bytes=0)
    prompt = [user(A), reply("Another one"), user("was said.")]
    assert after.say(prompt, "a") == talk(tiny_swa, swa_full=full).say(prompt)
    assert after.reuse.source == ""  # nor was it fetched for nothing


# -- the reasons ------------------------------------------------------------------------------------------------


def loss_after(
    subject: Talk, second: Callable[[str], Messages], first: Messages | None = None, **options: Any
) -> str:
    first = first or [SYSTEM, user(A)]
    said = subject.say(first, "a", **options)
    subject.say(second(said), "a")
    reuse = subject.reuse
    could = min(reuse.possible_n, reuse.prompt_n) - 1
    assert (reuse.cached_n < could) == bool(reuse.loss)
    assert reuse.cached_n + subject.n_processed == reuse.prompt_n
    return reuse.loss


REASONS: list[tuple[str, Callable[[str], Messages]]] = [
    ("", lambda said: [SYSTEM, user(A), reply(said), user("Go on.")]),
    ("", lambda _said: [SYSTEM, user(A)]),
    (
        ReuseLoss.SYSTEM_CHANGED,
        lambda said: [{**SYSTEM, "content": "You are a crow."}, user(A), reply(said), user("Go on.")],
    ),
    (ReuseLoss.SYSTEM_CHANGED, lambda said: [user(A), reply(said), user("Go on.")]),
    (ReuseLoss.MESSAGE_EDITED, lambda said: [SYSTEM, user(B), reply(said), user("Go on.")]),
    (ReuseLoss.MESSAGE_EDITED, lambda _said: [SYSTEM, user(A), reply("No story."), user("Go on.")]),
    (ReuseLoss.MESSAGE_EDITED, lambda _said: [SYSTEM, user(B)]),
]


@pytest.mark.parametrize(("loss", "second"), REASONS)
def test_the_reason_for_reusing_less(
    tiny_model: Path, talk: MakeTalk, loss: str, second: Callable[[str], Messages]
) -> None:
    assert loss_after(talk(tiny_model), second) == loss


def test_a_template_that_rewrites_old_messages_is_named(tmp_path: Path, talk: MakeTalk) -> None:
    from tests.tiny_models import build_llama

    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n"
        "{{ m.content if loop.last else m.content | upper }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    path = build_llama(tmp_path / "m.gguf", chat_template=template)
    subject = talk(path)
    assert (
        loss_after(subject, lambda said: [SYSTEM, user(A), reply(said), user("Go on.")]) == ReuseLoss.TEMPLATE
    )


def test_a_reply_that_is_cut_into_other_tokens_is_named(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model)

    def second(said: str) -> Messages:
        return [SYSTEM, user(A), reply(said), user("Go on.")]

    # The model is made to say "bada" as two tokens; the text's own tokens are others.
    loss = loss_after(subject, second, grammar='root ::= "b" "a" "d" "a" "badabadabada"', max_tokens=30)
    assert loss in {"", ReuseLoss.TOKENS}


def test_a_shortened_conversation_is_named(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model, n_ctx=256, n_seq_max=1)
    messages = [user(A)]
    losses: list[str] = []
    for index in range(8):
        said = subject.say(messages, "a")
        losses.append(subject.reuse.loss)
        messages = [*messages, reply(said), user(f"{index} " + "kato " * 20)]
    assert ReuseLoss.TRIMMED in losses
    assert set(losses) <= {"", ReuseLoss.TRIMMED}


def test_a_window_and_a_recurrent_state_that_cannot_go_back_are_named(
    tiny_swa: Path, tiny_mamba: Path, talk: MakeTalk
) -> None:
    for path, loss in ((tiny_swa, ReuseLoss.SLIDING_WINDOW), (tiny_mamba, ReuseLoss.RECURRENT_STATE)):
        subject = talk(path, limit_bytes=0, n_seq_max=1, n_ubatch=16)
        expected = subject.say(A, "a", max_tokens=300)
        assert subject.say(A, "a", max_tokens=300) == expected
        assert subject.reuse.loss == loss
        kept = talk(path, n_seq_max=1, n_ubatch=16)  # the state of a prompt's end in memory makes up for it
        assert kept.say(A, "a", max_tokens=300) == expected
        assert kept.say(A, "a", max_tokens=300) == expected
        assert (kept.reuse.source, kept.reuse.loss, kept.n_processed) == ("memory", "", 0)


def test_a_conversation_that_this_model_has_not_read_says_so(tiny_model: Path, talk: MakeTalk) -> None:
    subject = talk(tiny_model)
    subject.say([user(A), reply("kato"), user("Go on.")], "a")
    assert subject.reuse.loss == ReuseLoss.NOT_READ
    subject.say(A, "b")
    assert subject.reuse.loss == ""


# -- all of it at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("tiny_model", {"n_seq_max": 2}),
        ("tiny_model", {"n_seq_max": 2, "kv_unified": False}),
        ("tiny_model", {"n_seq_max": 3, **LOOKUP}),
        ("tiny_swa", {"n_seq_max": 2, "n_ubatch": 16, **LOOKUP}),
        ("tiny_mamba", {"n_seq_max": 2}),
        ("tiny_model", {"n_seq_max": 2, **DRAFT}),
        ("tiny_lfm2", {"n_seq_max": 2, **LOOKUP}),
    ],
    ids=["unified", "split", "drafting", "window, drafting", "recurrent", "draft model", "hybrid, drafting"],
)
def test_whatever_comes_and_goes_the_words_stay_the_same(
    model: str, talk: MakeTalk, tmp_path: Path, request: pytest.FixtureRequest, values: dict[str, Any]
) -> None:
    path, chance = request.getfixturevalue(model), random.Random(5)
    if values.get("draft_source") == "model":
        values = values | {"draft_model": str(request.getfixturevalue("tiny_draft"))}
    # So that rounding turns no choice of a model of random weights: on a CPU flash attention of one token and of many
    # differ by hundredths.
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off"}
    subject = talk(path, folder=tmp_path, limit_bytes=1 << 19, **exact, **values)
    reference = talk(path, limit_bytes=0, n_seq_max=1, **exact)
    known: dict[str, str] = {}
    told: dict[str, Messages] = {name: [user(f"{name}: {A}")] for name in "abcd"}
    sources: set[str] = set()
    n_drafted = 0
    for _ in range(60):
        name = chance.choice("abcd")
        messages = told[name]
        act = chance.random()
        if act < 0.5 and len(messages) < 9:
            messages = [
                *messages,
                reply(known[repr(messages)]) if repr(messages) in known else reply("So."),
                user("Go on."),
            ]
        elif act < 0.65 and len(messages) > 1:
            messages = messages[:-2]
        elif act < 0.75:
            messages = [user(f"{name}: {chance.choice([A, B])}")]
        elif act < 0.8:
            subject.save_all()
        told[name] = messages
        said = subject.say(messages, name, max_tokens=20)
        if repr(messages) not in known:
            known[repr(messages)] = reference.say(messages, fresh=True, max_tokens=20)
        assert said == known[repr(messages)], (name, messages, subject.reuse)
        sources.add(subject.reuse.source)
        n_drafted += subject.generation.timings().draft_n
        assert subject.memory is not None
        assert subject.memory.size_bytes <= 1 << 19
    assert {"slot", "memory"} <= sources
    assert bool(n_drafted) == ("draft_source" in values)


@pytest.mark.parametrize(
    "values",
    [
        {"n_ctx": 512},
        {"n_ctx": 512, **LOOKUP},
        {"kv_unified": False, "n_ctx": 1536},
    ],
    ids=["plain", "drafting", "split"],
)
def test_the_same_with_several_at_once_and_some_cancelled(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path, values: dict[str, Any]
) -> None:
    chance = random.Random(11)
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off", "n_ubatch": 32}
    subject = talk(tiny_model, folder=tmp_path, limit_bytes=1 << 19, n_seq_max=3, **exact, **values)
    reference = talk(tiny_model, limit_bytes=0, n_seq_max=1, **exact)
    known: dict[str, str] = {}
    told: dict[str, Messages] = {name: [user(f"{name}: {A}")] for name in "abcdef"}
    n_cancelled = 0
    for _ in range(16):
        asked = {name: subject.submit(told[name], name, max_tokens=30) for name in chance.sample("abcdef", 4)}
        for _ in range(chance.randrange(60)):
            subject.scheduler.step()
        cancelled = chance.choice(list(asked))
        subject.scheduler.cancel(asked[cancelled])
        subject.run()
        for name, request_id in asked.items():
            messages = told[name]
            if repr(messages) not in known:
                known[repr(messages)] = reference.say(messages, fresh=True, max_tokens=30)
            said = subject.sink.text.get(request_id, "")
            is_whole = subject.sink.ended[request_id] is StopReason.MAX_TOKENS
            assert said == known[repr(messages)] if is_whole else known[repr(messages)].startswith(said)
            n_cancelled += not is_whole
            told[name] = (
                [*messages, reply(said), user("Go on.")] if len(messages) < 5 else [user(f"{name}: {B}")]
            )
    assert n_cancelled > 3


def test_states_are_written_only_after_a_quiet_while(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, limit_bytes=0)
    keeping = StateKeeping(
        subject.loaded, str(tiny_model), KeptStates(str(tmp_path / "states"), 1 << 24, LEAST)
    )
    subject.scheduler = Scheduler(subject.loaded, keeping.states)
    for name in "ab":
        subject.say(f"{name}: {A}", name)
    keeping.is_busy()
    keeping.rest(subject.scheduler)
    assert not list(tmp_path.rglob("*.state"))
    keeping._busy_s -= 60
    for n_kept in (1, 2, 2):
        keeping.rest(subject.scheduler)
        assert keeping._disk is not None
        assert keeping._disk.wait(10)
        assert len(list(tmp_path.rglob("*.state"))) == n_kept
    keeping.close(subject.scheduler, 10)
    subject.scheduler.close()


def test_a_worker_that_must_end_at_once_writes_nothing(
    tiny_model: Path, talk: MakeTalk, tmp_path: Path
) -> None:
    subject = talk(tiny_model, limit_bytes=0)
    keeping = StateKeeping(
        subject.loaded, str(tiny_model), KeptStates(str(tmp_path / "states"), 1 << 24, LEAST)
    )
    subject.scheduler = Scheduler(subject.loaded, keeping.states)
    subject.say(A, "a")
    keeping.close(subject.scheduler, 0.0)
    assert not list(tmp_path.rglob("*.*"))
    subject.scheduler.close()
