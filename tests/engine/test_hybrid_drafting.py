"""Guessing for models with a running state: exact where llama.cpp can take it back by some tokens, else not done."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.drafts import why_nothing_drafts
from app.core.gguf import facts
from app.core.reasons import Overflow
from app.engine.bindings import lib
from tests.engine.conftest import Bench
from tests.engine.draft_proofs import (
    LOOKUP,
    MODEL,
    PROMPTS,
    SOURCES,
    ask_all,
    drafted,
    said,
    say_alike,
    saying,
)
from tests.tiny_models import build_hybrid, build_lfm2, build_llama

MakeBench = Callable[..., Bench]
Both = Callable[..., tuple[Bench, Bench]]


@pytest.fixture(scope="session")
def lfm2(models_dir: Path) -> Path:
    """A hybrid whose state can be taken back."""
    return build_lfm2(models_dir / "lfm2.gguf")


@pytest.fixture
def both(bench: MakeBench, models_dir: Path, lfm2: Path) -> Both:
    """One scheduler that guesses and one that does not, otherwise alike."""
    draft = models_dir / "draft-for-lfm2.gguf"
    if not draft.exists():
        build_llama(draft, n_layers=1, seed=5)
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off"}

    def make(source: dict[str, Any], **values: Any) -> tuple[Bench, Bench]:
        drafting = {"draft_adaptive": False, "draft_model": str(draft), **source}
        return bench(lfm2, **exact, **values, **drafting), bench(lfm2, **exact, **values)

    return make


@pytest.mark.parametrize("source", SOURCES)
def test_greedy_replies_are_the_same(source: dict[str, Any], both: Both) -> None:
    subject, plain = both(source, n_seq_max=1)
    assert subject.loaded.is_recurrent
    assert subject.loaded.can_take_back
    ids = say_alike(subject, plain, **saying(source, max_tokens=100))
    found = drafted(subject, *ids)
    assert found.drafted_n > found.accepted_n
    assert found.accepted_n > 20 or source is MODEL, "nothing was ever kept, so nothing was tried"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_slots_at_once(source: dict[str, Any], unified: bool, both: Both) -> None:
    subject, plain = both(source, n_ctx=2048, n_seq_max=4, kv_unified=unified)
    at_once = ask_all(subject, PROMPTS, **saying(source, max_tokens=90))
    alone = [ask_all(plain, [prompt], **saying(source, max_tokens=90))[0] for prompt in PROMPTS]
    assert at_once == alone
    assert drafted(subject, 1, 2, 3, 4).drafted_n > 100


@pytest.mark.parametrize("source", SOURCES)
def test_a_reply_goes_on_after_a_draft_that_was_cut(source: dict[str, Any], both: Both) -> None:
    """The next turn begins where a rejected draft was taken back, with nothing decoded between."""
    subject, plain = both(source, n_seq_max=1)
    for max_tokens in range(1, 16):
        sampling = saying(source, max_tokens=max_tokens)
        assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)
        more = PROMPTS[0] + subject.sink.text[subject._last_id] + " bida"
        assert ask_all(subject, [more], max_tokens=6) == ask_all(plain, [more], max_tokens=6)


@pytest.mark.parametrize("source", SOURCES)
def test_an_aborted_decode_of_a_draft_changes_nothing(source: dict[str, Any], both: Both) -> None:
    subject, plain = both(source)
    expected = ask_all(plain, PROMPTS, **saying(source, max_tokens=40))
    ids = [subject.submit(prompt, **saying(source, max_tokens=40)) for prompt in PROMPTS]
    for step in range(4000):
        if not subject.scheduler.is_busy:
            break
        if step % 3 == 1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
    assert [said(subject, request_id) for request_id in ids] == expected


def test_a_cancel_between_any_two_steps(both: Both) -> None:
    subject, plain = both(LOOKUP, n_seq_max=2, n_ctx=1024)
    expected = [ask_all(plain, [prompt], **saying(LOOKUP, max_tokens=60))[0] for prompt in PROMPTS[:2]]
    for n_steps in range(1, 10):
        staying = subject.submit(PROMPTS[0], **saying(LOOKUP, max_tokens=60))
        leaving = subject.submit(PROMPTS[1], **saying(LOOKUP, max_tokens=60))
        for _ in range(n_steps):
            subject.scheduler.step()
        subject.scheduler.cancel(leaving)
        again = subject.submit(PROMPTS[1], **saying(LOOKUP, max_tokens=60))
        subject.run()
        assert [said(subject, staying), said(subject, again)] == expected


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.STOP])
def test_beyond_the_context(overflow: Overflow, both: Both) -> None:
    subject, plain = both(LOOKUP, n_ctx=256, n_seq_max=1)
    sampling = saying(LOOKUP, max_tokens=500, overflow=overflow)
    assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)


@pytest.mark.parametrize("has_attention", [True, False], ids=["jamba", "mamba"])
def test_where_the_state_cannot_be_taken_back_nothing_is_guessed(
    tmp_path: Path, bench: MakeBench, has_attention: bool
) -> None:
    model = build_hybrid(tmp_path / "hybrid.gguf", has_attention=has_attention)
    subject, plain = bench(model, **LOOKUP), bench(model)
    assert not subject.loaded.can_take_back
    assert ask_all(subject, PROMPTS, max_tokens=20) == ask_all(plain, PROMPTS, max_tokens=20)


def test_the_rules_know_as_much_of_architectures_as_llama_cpp(tmp_path: Path, lfm2: Path, load: Any) -> None:
    jamba, mamba = (
        build_hybrid(tmp_path / f"{name}.gguf", has_attention=attends)
        for name, attends in (("jamba", True), ("mamba", False))
    )
    for path in (lfm2, jamba, mamba):
        loaded = load(path, draft_source="ngram")
        assert (why_nothing_drafts(facts(path)) is None) == loaded.can_take_back, os.fspath(path)
        assert bool(lib.llama_n_rs_seq(loaded.context)) == loaded.can_take_back


@pytest.mark.parametrize("n_ubatch", [2, 7, 8, 9])
def test_a_physical_batch_hardly_larger_than_a_draft(n_ubatch: int, both: Both) -> None:
    """llama.cpp aborts where the states to go back to do not fit one: then nothing is guessed."""
    subject, plain = both(LOOKUP, n_seq_max=2, n_ctx=1024, n_ubatch=n_ubatch, n_batch=16)
    sampling = saying(LOOKUP, max_tokens=60)
    assert ask_all(subject, PROMPTS[:2], **sampling) == ask_all(plain, PROMPTS[:2], **sampling)
    assert subject.loaded.can_take_back == (n_ubatch > LOOKUP["draft_ngram_length"] + 1)
    assert bool(subject.last().timings().draft_n) == subject.loaded.can_take_back


@pytest.mark.parametrize("seed", range(3))
def test_an_abort_spoils_no_sequence_that_was_not_decoded(seed: int, lfm2: Path, bench: MakeBench) -> None:
    """llama.cpp moves the running states of all sequences about, which an aborted decode leaves half done."""
    chance = random.Random(seed)
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off", "n_ubatch": 3, "n_ctx": 1024}
    subject, plain = bench(lfm2, n_seq_max=3, **exact), bench(lfm2, n_seq_max=1, **exact)
    expected = {prompt: ask_all(plain, [prompt], max_tokens=50, ignore_eos=True)[0] for prompt in PROMPTS}
    asked: dict[int, str] = {}
    for _ in range(200):
        if len(asked) < 8 and chance.random() < 0.2:
            prompt = chance.choice(PROMPTS)
            asked[subject.submit(prompt, max_tokens=50, ignore_eos=True)] = prompt
        if chance.random() < 0.1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
    subject.run()
    for request_id, prompt in asked.items():
        assert said(subject, request_id) == expected[prompt]


@pytest.mark.parametrize("seed", range(3))
def test_a_state_to_go_back_to_is_not_moved_meanwhile(seed: int, lfm2: Path, bench: MakeBench) -> None:
    """Drafts of unequal lengths are decoded in parts, of which a later one may move a state that was left before.

    It moves where the order of the states is not that of the slots, as after replies have come and gone.
    """
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off", "n_ctx": 2048}
    subject = bench(lfm2, n_seq_max=5, **exact, **LOOKUP, draft_adaptive=False)
    plain = bench(lfm2, n_seq_max=1, **exact)
    prompts = [f"{number}{prompt}" for number in range(3) for prompt in PROMPTS]
    expected = {prompt: ask_all(plain, [prompt], **saying(LOOKUP, max_tokens=60))[0] for prompt in prompts}
    chance = random.Random(seed)
    asked: dict[int, str] = {}
    for prompt in chance.choices(prompts, k=24):
        may_draft = chance.random() < 0.5
        asked[subject.submit(prompt, **saying(LOOKUP, max_tokens=60, may_draft=may_draft))] = prompt
        for _ in range(chance.randrange(8)):
            subject.scheduler.step()
        if chance.random() < 0.3:
            subject.loaded.abort.set()  # all states are given up, and come back in another order
            subject.scheduler.step()
            subject.loaded.abort.clear()
    subject.run()
    for request_id, prompt in asked.items():
        assert said(subject, request_id) == expected[prompt]
