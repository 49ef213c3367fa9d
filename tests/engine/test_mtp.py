"""A model's own multi-token heads guess for it, and the reply stays the model's own, token for token.

What they guess is held against heads that were shown the same text at once: whatever was taken back, reused or split
into parts before, what they have of a text is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.reasons import FailureKind, Overflow, StopReason
from app.engine import heads as engine_heads
from app.engine.bindings import lib
from app.engine.draft_model import Ask
from app.engine.errors import EngineError
from app.engine.heads import HeadsContext
from app.engine.model import LoadedModel
from app.engine.mtp import Heads
from app.engine.native_log import NativeLog
from tests import tiny_models
from tests.engine.conftest import Bench
from tests.engine.draft_proofs import PROMPTS, ask_all, check_cells, drafted, said

Load = Callable[..., LoadedModel]
MakeBench = Callable[..., Bench]
Both = Callable[..., tuple[Bench, Bench]]

EXACT = {"type_k": "f32", "type_v": "f32", "flash_attn": "off"}
HEADS = {"draft_source": "mtp", "draft_n_max": 4, "draft_adaptive": False}


@pytest.fixture(scope="session")
def tiny_mtp(models_dir: Path) -> Path:
    return tiny_models.build_mtp(models_dir / "tiny-mtp.gguf")


@pytest.fixture(scope="session")
def tiny_hybrid(models_dir: Path) -> Path:
    return tiny_models.build_mtp_hybrid(models_dir / "tiny-mtp-hybrid.gguf")


@pytest.fixture
def both(bench: MakeBench, tiny_mtp: Path) -> Both:
    """One scheduler that guesses and one that does not, otherwise alike."""

    def make(tiny_mtp: Path = tiny_mtp, **values: Any) -> tuple[Bench, Bench]:
        drafting = {key: value for key, value in values.items() if key.startswith("draft_")}
        plain = {key: value for key, value in values.items() if key not in drafting}
        return bench(tiny_mtp, **EXACT, **HEADS | values), bench(tiny_mtp, **EXACT, **plain)

    return make


def on(sampling: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    return {"ignore_eos": True, **values, **(sampling or {})}


class Watched:
    """What the heads of a scheduler were asked and answered."""

    def __init__(self, subject: Bench) -> None:
        self.asks: list[Ask] = []
        speculation = subject.scheduler._speculation
        assert speculation is not None
        assert isinstance(speculation._model, Heads)
        guess = speculation._model.guess

        def watched(asks: list[Ask], wants_more: Callable[[Ask], bool]) -> None:
            guess(asks, wants_more)
            self.asks += [Ask(ask.seq_id, list(ask.tokens), ask.n_most, list(ask.draft)) for ask in asks]

        speculation._model.guess = watched  # type: ignore[method-assign]


def shown_at_once(loaded: LoadedModel, tokens: list[int], n_most: int) -> list[int]:
    """What heads guess behind `tokens` that are shown all before the last of them by one decode."""
    assert isinstance(loaded.draft, HeadsContext)
    for context in (loaded.context, loaded.draft.context):
        lib.llama_memory_clear(lib.llama_get_memory(context), False)
    batch = lib.llama_batch_init(len(tokens), 0, 1)
    for index, token in enumerate(tokens[:-1]):
        batch.token[index], batch.pos[index] = token, index
        batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, 0, 0
    batch.n_tokens = len(tokens) - 1
    assert lib.llama_decode(loaded.context, batch) == 0
    lib.llama_batch_free(batch)
    heads = Heads(loaded.draft, loaded.context)
    heads.decoded(0, [], tokens[:-1], 0)
    ask = Ask(0, tokens, n_most)
    heads.guess([ask], lambda _ask: True)
    heads.close()
    return ask.draft


def check_guesses(watched: Watched, reference: LoadedModel) -> None:
    """Every draft is what it would be had the heads seen its text at once."""
    assert len(watched.asks) > 10
    for ask in watched.asks[:: max(1, len(watched.asks) // 40)]:
        assert ask.draft == shown_at_once(reference, ask.tokens, len(ask.draft)), len(ask.tokens)
        assert ask.draft


@pytest.mark.parametrize("n_ubatch", [7, 512])
def test_greedy_replies_are_the_same_and_guesses_what_they_should_be(
    both: Both, load: Load, tiny_mtp: Path, n_ubatch: int
) -> None:
    subject, plain = both(n_seq_max=1, n_ubatch=n_ubatch, n_batch=max(32, n_ubatch))
    watched = Watched(subject)
    ids: list[int] = []
    for prompt in (*PROMPTS, PROMPTS[1] * 9):
        generation = subject.generation(prompt, **on(max_tokens=100))
        generation.fresh = (
            True  # where only the beginning of a text is reused, one cell is not as it should be
        )
        subject.scheduler.submit(generation)
        subject.run()
        ids.append(generation.request_id)
        expected = plain.submit(prompt, **on(max_tokens=100))
        plain.run()
        assert said(subject, ids[-1]) == said(plain, expected)
        check_cells(subject)
    drafting = drafted(subject, *ids)
    assert drafting.drafted_n > drafting.accepted_n > 50
    check_guesses(watched, load(tiny_mtp, **EXACT, **HEADS, n_seq_max=1))


@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_slots_at_once(both: Both, load: Load, tiny_mtp: Path, unified: bool) -> None:
    subject, plain = both(n_ctx=2048, n_seq_max=4, kv_unified=unified)
    watched = Watched(subject)
    at_once = ask_all(subject, PROMPTS, **on(max_tokens=90))
    assert at_once == [ask_all(plain, [prompt], **on(max_tokens=90))[0] for prompt in PROMPTS]
    assert drafted(subject, 1, 2, 3, 4).accepted_n > 50
    check_guesses(watched, load(tiny_mtp, **EXACT, **HEADS, n_seq_max=1))


@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_a_model_that_keeps_a_state_as_well(both: Both, load: Load, tiny_hybrid: Path, unified: bool) -> None:
    subject, plain = both(tiny_hybrid, n_ctx=1024, n_seq_max=2, kv_unified=unified)
    watched = Watched(subject)
    at_once = ask_all(subject, PROMPTS, **on(max_tokens=90))
    assert at_once == [ask_all(plain, [prompt], **on(max_tokens=90))[0] for prompt in PROMPTS]
    assert drafted(subject, 1, 2, 3, 4).accepted_n > 50
    check_guesses(watched, load(tiny_hybrid, **EXACT, **HEADS, n_seq_max=1))
    more = [prompt + subject.sink.text[n] + " and" for n, prompt in enumerate(PROMPTS, 1)]
    assert ask_all(subject, more, **on(max_tokens=40)) == [
        ask_all(plain, [prompt], **on(max_tokens=40))[0] for prompt in more
    ]


def test_of_several_heads_the_first_makes_one_guess(both: Both, load: Load, models_dir: Path) -> None:
    path = tiny_models.build_mtp_several(models_dir / "several-heads.gguf")
    subject, plain = both(path, n_ctx=1024, n_seq_max=2)
    watched = Watched(subject)
    at_once = ask_all(subject, PROMPTS, **on(max_tokens=60))
    assert at_once == [ask_all(plain, [prompt], **on(max_tokens=60))[0] for prompt in PROMPTS]
    assert drafted(subject, 1, 2, 3, 4).accepted_n > 50
    assert {len(ask.draft) for ask in watched.asks} == {1}
    check_guesses(watched, load(path, **EXACT, **HEADS, n_seq_max=1))


def test_requests_that_come_and_go(both: Both) -> None:
    subject, plain = both(n_ctx=2048, n_seq_max=2, n_ubatch=16, n_batch=32)
    prompts = [PROMPTS[number % 4] + " and so on" * (7 * (number % 3)) for number in range(7)]
    ids = [subject.submit(prompt, **on(max_tokens=20 + 7 * n)) for n, prompt in enumerate(prompts)]
    subject.run()
    check_cells(subject)
    for n, prompt in enumerate(prompts):
        expected = plain.submit(prompt, **on(max_tokens=20 + 7 * n))
        plain.run()
        assert said(subject, ids[n]) == said(plain, expected)
    assert drafted(subject, *ids).accepted_n > 50


def test_the_next_turn_goes_on_from_what_was_said(both: Both) -> None:
    subject, plain = both(n_seq_max=2, n_ctx=1024)
    watched = Watched(subject)
    messages = [{"role": "user", "content": "Tell me a story about a fox."}]
    for turn in range(3):
        prompt = subject.writer.chat(messages, Overflow.STOP)
        request_id = subject.submit(prompt, **on(max_tokens=30))
        watched.asks.clear()
        subject.run()
        assert said(subject, request_id) == ask_all(plain, [prompt], **on(max_tokens=30))[0]
        assert not turn or subject.sink.generations[request_id].timings().cached_n > 30
        assert watched.asks
        assert all(ask.draft for ask in watched.asks)
        reply = subject.sink.text[request_id]
        messages += [{"role": "assistant", "content": reply}, {"role": "user", "content": "Go on."}]
    check_cells(subject)


def test_a_cancel_between_any_two_steps(both: Both) -> None:
    subject, plain = both(n_seq_max=2, n_ctx=1024)
    expected = [ask_all(plain, [prompt], **on(max_tokens=60))[0] for prompt in PROMPTS[:2]]
    for n_steps in range(1, 12):
        staying = subject.submit(PROMPTS[0], **on(max_tokens=60))
        leaving = subject.submit(PROMPTS[1], **on(max_tokens=60))
        for _ in range(n_steps):
            subject.scheduler.step()
        subject.scheduler.cancel(leaving)
        again = subject.submit(PROMPTS[1], **on(max_tokens=60))
        subject.run()
        assert said(subject, staying) == expected[0]
        assert said(subject, again) == expected[1]
        assert subject.sink.ended[leaving] is StopReason.CANCELLED
        check_cells(subject)


def test_an_aborted_decode_changes_nothing(both: Both) -> None:
    subject, plain = both()
    expected = ask_all(plain, PROMPTS, **on(max_tokens=40))
    ids = [subject.submit(prompt, **on(max_tokens=40)) for prompt in PROMPTS]
    for step in range(2000):
        if not subject.scheduler.is_busy:
            break
        if step % 3 == 1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
    assert [said(subject, request_id) for request_id in ids] == expected
    check_cells(subject)


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.STOP])
def test_beyond_the_context(both: Both, overflow: Overflow) -> None:
    subject, plain = both(n_ctx=256, n_seq_max=1)
    watched = Watched(subject)
    sampling = on(max_tokens=600, overflow=overflow)
    assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)
    assert subject.sink.trimmed == plain.sink.trimmed
    assert bool(subject.sink.trimmed) == (overflow is not Overflow.STOP)
    if subject.sink.trimmed:  # behind what was moved they begin anew
        assert [ask for ask in watched.asks[-50:] if ask.draft]


def test_a_prefix_that_came_from_elsewhere(both: Both) -> None:
    """Two requests that share a long prompt: the second slot's cells are copied, which the heads did not see."""
    subject, plain = both(n_seq_max=2, n_ctx=2048)
    shared = "Once upon a time there was " * 12
    watched = Watched(subject)
    found = ask_all(subject, [shared + "kato", shared + "bida"], **on(max_tokens=60))
    found += ask_all(subject, [shared + "bida"], **on(max_tokens=60))
    assert found == [
        ask_all(plain, [shared + word], **on(max_tokens=60))[0] for word in ("kato", "bida", "bida")
    ]
    assert sum(bool(ask.draft) for ask in watched.asks) > len(watched.asks) * 0.8


def test_slots_that_outgrow_their_common_cache(both: Both) -> None:
    subject, _ = both(n_ctx=256, n_seq_max=3, kv_unified=True, n_ubatch=64, n_batch=64)
    _, plain = both(n_ctx=256, n_seq_max=1, n_ubatch=64, n_batch=64)
    prompts = [f"{number} " + "there was " * 14 for number in range(3)]
    at_once = ask_all(subject, prompts, **on(max_tokens=60))
    assert at_once == [ask_all(plain, [prompt], **on(max_tokens=60))[0] for prompt in prompts]


@pytest.mark.parametrize(
    "settings",
    [
        {"draft_n_max": 1},
        {"draft_n_max": 40},
        {"draft_n_min": 3},
        {"draft_p_min": 0.5},
        {"draft_adaptive": True},
    ],
    ids=str,
)
def test_limits_on_drafts(both: Both, settings: dict[str, Any]) -> None:
    subject, plain = both(n_ctx=1024, n_seq_max=2, **settings)
    assert ask_all(subject, PROMPTS, **on(max_tokens=80)) == ask_all(plain, PROMPTS, **on(max_tokens=80))


def test_the_same_seed_draws_the_same_tokens(both: Both) -> None:
    subject, plain = both(n_seq_max=2)
    for seed in (1, 2, 3):
        options = on(max_tokens=50, seed=seed, temperature=0.8)
        assert ask_all(subject, PROMPTS[:2], **options) == ask_all(plain, PROMPTS[:2], **options)


def test_a_model_without_heads_is_refused(load: Load, tiny_model: Path, tmp_path: Path) -> None:
    bare = tiny_models.build_mtp(tmp_path / "bare.gguf", has_head_weights=False)
    for path in (tiny_model, bare):
        with pytest.raises(EngineError, match="no heads that guess") as caught:
            load(path, **HEADS)
        assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, "draft_source")


def test_a_build_without_the_functions_is_refused(
    load: Load, tiny_mtp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(len(engine_heads._ITANIUM)):
        names = list(engine_heads._ITANIUM)
        names[place] = "not_there"
        monkeypatch.setattr(engine_heads, "_ITANIUM", tuple(names))
        monkeypatch.setattr(engine_heads, "_MICROSOFT", tuple(names))
        with pytest.raises(EngineError, match="this build of llama") as caught:
            load(tiny_mtp, **HEADS)
        assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, "draft_source")
        monkeypatch.undo()


def test_what_was_got_tells_of_the_heads(load: Load, tiny_mtp: Path) -> None:
    loaded = load(tiny_mtp, **HEADS, n_seq_max=2, kv_unified=False, n_ubatch=32)
    assert isinstance(loaded.draft, HeadsContext)
    ours, target = loaded.draft.context, loaded.context
    for same in (
        lib.llama_n_ctx,
        lib.llama_n_ctx_seq,
        lib.llama_n_seq_max,
        lib.llama_n_ubatch,
        lib.llama_n_batch,
    ):
        assert same(ours) == same(target)
    told = loaded.got.draft
    assert told is not None
    assert (told.model_name, told.n_layers, told.n_layers_offloaded) == ("", 1, 0)
    held = sum(device.held_bytes for device in told.devices)
    assert 0 < held == sum(device.draft_bytes for device in loaded.got.devices)
    assert sum(device.weights_bytes for device in told.devices) == 0
    assert not [item for item in loaded.got.differences if item.key.startswith("draft_")]
    loaded.close()
    assert (loaded.draft, loaded.context) == (None, None)
    loaded.close()


def test_a_load_can_be_cancelled_before_the_heads(native_log: NativeLog, tiny_mtp: Path) -> None:
    with pytest.raises(EngineError) as caught:
        LoadedModel(
            str(tiny_mtp), {**HEADS, "n_ctx": 512}, native_log, lambda _fraction, stage: stage != "draft"
        )
    assert caught.value.fault is FailureKind.CANCELLED


def test_closing_frees_all(load: Load, tiny_mtp: Path) -> None:
    def use() -> int:
        load(tiny_mtp, **HEADS, n_ctx=8192).close()
        return psutil.Process().memory_info().rss

    use()
    before_bytes = use()
    held = load(tiny_mtp, **HEADS, n_ctx=8192).got.devices[0].held_bytes
    for _ in range(10):
        after_bytes = use()
    assert after_bytes - before_bytes < 3 * held
