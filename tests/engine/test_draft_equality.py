"""Guessing ahead changes nothing but the speed: what a reply says with drafts is what it says without, token for token.

The drafts are made at every step (`draft_adaptive` off), whatever they cost: the tests are about what is said. A draft
model is the same model quantised, so that some of its guesses are right and some are not. Numbers are kept in 32 bits
throughout: a batch of several tokens adds them up in another order than single steps do, and with halves that alone can
turn the choice of a model as nervous as these.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import Overflow, StopReason
from app.engine.prompts import Prompt
from app.engine.trace import Trace
from tests import tiny_models
from tests.engine.conftest import Bench
from tests.engine.draft_proofs import (
    LOOKUP,
    MODEL,
    PROMPTS,
    SOURCES,
    ask_all,
    check_cells,
    drafted,
    said,
    say_alike,
    saying,
)

MakeBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def tiny_draft(models_dir: Path) -> Path:
    """`tiny_model` with its weights rounded to eight bits: about half of its guesses are right."""
    return tiny_models.build_llama(models_dir / "tiny-draft.gguf", quantisation="q8_0")


@pytest.fixture
def both(bench: MakeBench, tiny_draft: Path) -> Callable[..., tuple[Bench, Bench]]:
    """One scheduler that guesses and one that does not, otherwise alike."""
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": "off"}

    def make(path: Path, source: dict[str, Any], **values: Any) -> tuple[Bench, Bench]:
        drafting = {"draft_adaptive": False, "draft_model": str(tiny_draft), **source}
        return bench(path, **exact, **values, **drafting), bench(path, **exact, **values)

    return make


Both = Callable[..., tuple[Bench, Bench]]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("model", ["tiny_model", "tiny_moe", "tiny_swa"])
def test_greedy_replies_are_the_same(
    model: str, source: dict[str, Any], both: Both, request: pytest.FixtureRequest
) -> None:
    subject, plain = both(request.getfixturevalue(model), source, n_seq_max=1)
    ids = say_alike(subject, plain, **saying(source, max_tokens=100))
    drafting = drafted(subject, *ids)
    assert drafting.drafted_n > drafting.accepted_n
    # The draft model of another architecture is hardly ever right.
    assert drafting.accepted_n > 50 or (source is MODEL and model != "tiny_model")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_slots_at_once(tiny_model: Path, source: dict[str, Any], unified: bool, both: Both) -> None:
    subject, plain = both(tiny_model, source, n_ctx=2048, n_seq_max=4, kv_unified=unified)
    at_once = ask_all(subject, PROMPTS, **saying(source, max_tokens=90))
    alone = [ask_all(plain, [prompt], **saying(source, max_tokens=90))[0] for prompt in PROMPTS]
    assert at_once == alone
    assert drafted(subject, 1, 2, 3, 4).accepted_n > 50


@pytest.mark.parametrize("source", SOURCES)
def test_requests_that_come_and_go(tiny_model: Path, source: dict[str, Any], both: Both) -> None:
    """Long prompts beside replies, more requests than slots: steps with and without drafts take turns."""
    subject, plain = both(tiny_model, source, n_ctx=2048, n_seq_max=2, n_ubatch=16, n_batch=32)
    prompts = [PROMPTS[number % 4] + " and so on" * (7 * (number % 3)) for number in range(7)]
    ids = [
        subject.submit(prompt, **saying(source, max_tokens=20 + 7 * n)) for n, prompt in enumerate(prompts)
    ]
    subject.run()
    check_cells(subject)
    for n, prompt in enumerate(prompts):
        expected = plain.submit(prompt, **saying(source, max_tokens=20 + 7 * n))
        plain.run()
        assert said(subject, ids[n]) == said(plain, expected)
    assert drafted(subject, *ids).accepted_n > 50


@pytest.mark.parametrize("source", SOURCES)
def test_the_next_turn_goes_on_from_what_was_said(
    tiny_model: Path, source: dict[str, Any], both: Both
) -> None:
    subject, plain = both(tiny_model, source, n_seq_max=2)
    messages = [{"role": "user", "content": "Tell me a story about a fox."}]
    for turn in range(3):
        prompt = subject.writer.chat(messages, Overflow.STOP)
        request_id = subject.submit(prompt, **saying(source, max_tokens=30))
        subject.run()
        assert said(subject, request_id) == ask_all(plain, [prompt], **saying(source, max_tokens=30))[0]
        timings = subject.sink.generations[request_id].timings()
        assert timings.cached_n + timings.prompt_n == len(prompt.tokens)
        if turn:
            assert timings.cached_n > 30  # what the drafts left behind is as good as what was decoded singly
        reply = subject.sink.text[request_id]
        messages += [{"role": "assistant", "content": reply}, {"role": "user", "content": "Go on."}]
    check_cells(subject)


@pytest.mark.parametrize("source", SOURCES)
def test_a_cancel_between_any_two_steps(tiny_model: Path, source: dict[str, Any], both: Both) -> None:
    subject, plain = both(tiny_model, source, n_seq_max=2, n_ctx=1024)
    expected = [ask_all(plain, [prompt], **saying(source, max_tokens=60))[0] for prompt in PROMPTS[:2]]
    for n_steps in range(1, 12):
        staying = subject.submit(PROMPTS[0], **saying(source, max_tokens=60))
        leaving = subject.submit(PROMPTS[1], **saying(source, max_tokens=60))
        for _ in range(n_steps):
            subject.scheduler.step()
        subject.scheduler.cancel(leaving)
        check_cells(subject)
        again = subject.submit(PROMPTS[1], **saying(source, max_tokens=60))
        subject.run()
        assert said(subject, staying) == expected[0]
        assert said(subject, again) == expected[1]
        assert subject.sink.ended[leaving] is StopReason.CANCELLED
        assert expected[1][0].startswith(subject.sink.text.get(leaving, ""))
        check_cells(subject)


@pytest.mark.parametrize("source", SOURCES)
def test_an_aborted_decode_of_a_draft_changes_nothing(
    tiny_model: Path, source: dict[str, Any], both: Both
) -> None:
    subject, plain = both(tiny_model, source)
    expected = ask_all(plain, PROMPTS, **saying(source, max_tokens=40))
    ids = [subject.submit(prompt, **saying(source, max_tokens=40)) for prompt in PROMPTS]
    for step in range(2000):
        if not subject.scheduler.is_busy:
            break
        if step % 3 == 1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
    assert [said(subject, request_id) for request_id in ids] == expected
    check_cells(subject)


GRAMMARS = [
    'root ::= (" kato" | " bida" | " mo" [a-z]+ ".")+',
    "root ::= [a-z ]+ [.,] [a-z ]*",
    'root ::= "{" [0-9]+ ("," [0-9]+)* "}"',
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("grammar", GRAMMARS)
def test_a_grammar_is_kept_to(tiny_model: Path, source: dict[str, Any], grammar: str, both: Both) -> None:
    subject, plain = both(tiny_model, source, n_seq_max=2)
    assert ask_all(subject, PROMPTS[:2], max_tokens=40, grammar=grammar) == ask_all(
        plain, PROMPTS[:2], max_tokens=40, grammar=grammar
    )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.STOP])
def test_beyond_the_context(tiny_model: Path, source: dict[str, Any], overflow: Overflow, both: Both) -> None:
    subject, plain = both(tiny_model, source, n_ctx=256, n_seq_max=1)
    sampling = saying(source, max_tokens=600, overflow=overflow)
    assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)
    assert subject.sink.trimmed == plain.sink.trimmed
    assert bool(subject.sink.trimmed) == (overflow is not Overflow.STOP)
    assert subject.last().n_generated == (600 if subject.sink.trimmed else plain.last().n_generated)


@pytest.mark.parametrize("source", SOURCES)
def test_a_reply_without_limit_ends_at_the_same_token(
    tiny_model: Path, source: dict[str, Any], both: Both
) -> None:
    subject, plain = both(tiny_model, source, n_ctx=256, n_seq_max=1)
    for overflow in (Overflow.STOP, Overflow.DROP_OLDEST):
        sampling = saying(source, max_tokens=-1, overflow=overflow)
        assert ask_all(subject, [PROMPTS[1]], **sampling) == ask_all(plain, [PROMPTS[1]], **sampling)


@pytest.mark.parametrize("source", SOURCES)
def test_stop_strings_anywhere_in_a_draft(tiny_model: Path, source: dict[str, Any], both: Both) -> None:
    subject, plain = both(tiny_model, source, n_seq_max=1)
    text = plain.ask(PROMPTS[0], **saying(source, max_tokens=60))
    for start in range(0, len(text) - 12, 5):
        stop = text[start : start + 2 + start % 7]
        sampling = saying(source, max_tokens=60, stop=[stop])
        assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)
        # What came behind the stop string in the draft is gone from the cache, and what came before is right.
        more = PROMPTS[0] + subject.sink.text[subject._last_id] + " bida"
        assert ask_all(subject, [more], max_tokens=5) == ask_all(plain, [more], max_tokens=5)


@pytest.mark.parametrize("source", SOURCES)
def test_every_limit_on_tokens(tiny_model: Path, source: dict[str, Any], both: Both) -> None:
    subject, plain = both(tiny_model, source, n_seq_max=1)
    for max_tokens in range(20):
        sampling = saying(source, max_tokens=max_tokens)
        assert ask_all(subject, [PROMPTS[0]], **sampling) == ask_all(plain, [PROMPTS[0]], **sampling)
        assert subject.last().n_generated == max_tokens


def test_the_end_of_the_turn_within_a_draft(tmp_path: Path, both: Both, bench: MakeBench) -> None:
    ending = tiny_models.build_llama(tmp_path / "ends.gguf", eos_logit=28.0)
    source = {**MODEL, "draft_model": str(ending), "draft_n_max": 8}
    subject, plain = both(ending, source, n_seq_max=2)
    prompts = [*PROMPTS, *(f"{prompt} again" for prompt in PROMPTS)]
    found = ask_all(subject, prompts, max_tokens=80)
    assert found == ask_all(plain, prompts, max_tokens=80)
    ended = [item for item in found if item[1] is StopReason.END_OF_TURN]
    assert any(n_generated > 3 for _, _, n_generated, _ in ended)


@pytest.mark.parametrize(
    "settings",
    [
        {"draft_n_max": 1},
        {"draft_n_max": 40},
        {"draft_n_min": 3},
        {"draft_p_min": 0.5},
        {"draft_p_min": 0.9},
        {"draft_n_min": 4, "draft_p_min": 0.3},
        {"draft_adaptive": True},
    ],
    ids=str,
)
def test_limits_on_drafts(tiny_model: Path, settings: dict[str, Any], both: Both) -> None:
    source = {**MODEL, **settings}
    subject, plain = both(tiny_model, source, n_ctx=1024, n_seq_max=2)
    assert ask_all(subject, PROMPTS, **saying(source, max_tokens=80)) == ask_all(
        plain, PROMPTS, **saying(source, max_tokens=80)
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"draft_ngram_size": 4},
        {"draft_ngram_length": 1},
        {"draft_ngram_length": 48},
        {"draft_ngram_min_hits": 3},
        {"draft_adaptive": True},
    ],
    ids=str,
)
def test_limits_on_lookups(tiny_model: Path, settings: dict[str, Any], both: Both) -> None:
    source = {**LOOKUP, **settings}
    subject, plain = both(tiny_model, source, n_ctx=1024, n_seq_max=3)
    assert ask_all(subject, PROMPTS, **saying(source, max_tokens=80)) == ask_all(
        plain, PROMPTS, **saying(source, max_tokens=80)
    )


SAMPLING = [
    {"temperature": 0.8},
    {"temperature": 1.5, "top_k": 0, "top_p": 0.95, "min_p": 0.0},
    {"temperature": 0.7, "repeat_penalty": 1.3, "repeat_last_n": 32, "presence_penalty": 0.5},
    {"temperature": 0.7, "dry_multiplier": 0.8, "dry_allowed_length": 2},
    {"temperature": 0.9, "mirostat": "2"},
    {"temperature": 0.9, "xtc_probability": 0.5, "xtc_threshold": 0.1},
    {"temperature": 0.8, "adaptive_target": 0.5},
    {"temperature": 0.5, "logit_bias": [(300, 2.0), (305, -3.0)]},
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("sampling", SAMPLING, ids="+".join)
def test_the_same_seed_draws_the_same_tokens(
    tiny_model: Path, source: dict[str, Any], sampling: dict[str, Any], both: Both
) -> None:
    """Stronger than the same distribution: a sampler never sees what was guessed wrongly, nor spends chance on it."""
    subject, plain = both(tiny_model, source, n_seq_max=2)
    for seed in (1, 2, 3):
        options = saying(source, max_tokens=50, seed=seed) | sampling
        assert ask_all(subject, PROMPTS[:2], **options) == ask_all(plain, PROMPTS[:2], **options)


@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
@pytest.mark.parametrize("n_ubatch", [4, 16, 512])
def test_a_window_that_slides_under_a_draft(
    models_dir: Path, n_ubatch: int, unified: bool, both: Both
) -> None:
    """Decoded in parts, a draft moves the window before it is taken back: what fell out of it would be missing.

    llama.cpp keeps 256 cells of this window's 240, so that a few tokens too many overwrite what is needed.
    """
    path = models_dir / "wide-window.gguf"
    if not path.exists():
        tiny_models.build_swa(path, n_swa=240, n_ctx_train=2048)
    source = {**LOOKUP, "draft_ngram_length": 24}
    subject, plain = both(
        path,
        source,
        n_seq_max=2,
        n_ctx=2048,
        n_ubatch=n_ubatch,
        n_batch=64,
        swa_full=False,
        kv_unified=unified,
    )
    sampling = saying(source, max_tokens=340)
    assert ask_all(subject, PROMPTS[:2], **sampling) == ask_all(plain, PROMPTS[:2], **sampling)
    found = drafted(subject, *subject.sink.generations)
    assert found.drafted_n > found.accepted_n > 0


@pytest.mark.parametrize("n_ubatch", [8, 512])
def test_a_window_in_a_cache_that_keeps_all(models_dir: Path, n_ubatch: int, both: Both) -> None:
    """There too llama.cpp overwrites what is out of the window, once replies have come and gone in the cells."""
    path = models_dir / "narrow-window.gguf"
    if not path.exists():
        tiny_models.build_swa(path, n_swa=100, n_ctx_train=2048)
    source = {**LOOKUP, "draft_ngram_length": 60}
    subject, plain = both(path, source, n_seq_max=2, n_ctx=512, n_ubatch=n_ubatch, swa_full=True)
    for number in range(6):
        sampling = saying(source, max_tokens=60 + 25 * number)
        prompts = [f"{number} {prompt}" for prompt in PROMPTS[:2]]
        assert ask_all(subject, prompts, **sampling) == ask_all(plain, prompts, **sampling)
    assert drafted(subject, *subject.sink.generations).accepted_n > 50


@pytest.mark.parametrize("kind", ["hybrid", "mamba", "window"])
def test_a_draft_model_of_another_kind(tmp_path: Path, tiny_model: Path, kind: str, both: Both) -> None:
    """A state that cannot be cut back, or a window: the draft model may guess badly then, and nothing else."""
    path = tmp_path / "draft.gguf"
    if kind == "window":
        tiny_models.build_swa(path)
    else:
        tiny_models.build_hybrid(path, has_attention=kind == "hybrid")
    source = {**MODEL, "draft_model": str(path)}
    subject, plain = both(tiny_model, source, n_ctx=1024, n_seq_max=2)
    assert ask_all(subject, PROMPTS, **saying(source, max_tokens=60)) == ask_all(
        plain, PROMPTS, **saying(source, max_tokens=60)
    )
    assert drafted(subject, *subject.sink.generations).drafted_n > 0


@pytest.mark.parametrize("source", [MODEL, LOOKUP])
def test_a_model_whose_state_cannot_be_taken_back_goes_without(
    tmp_path: Path, source: dict[str, Any], both: Both
) -> None:
    path = tiny_models.build_hybrid(tmp_path / "hybrid.gguf")
    subject, plain = both(path, source, n_seq_max=2)
    assert ask_all(subject, PROMPTS[:3], max_tokens=30) == ask_all(plain, PROMPTS[:3], max_tokens=30)
    assert subject.last().timings().draft_n == 0


@pytest.mark.parametrize("source", SOURCES)
def test_slots_that_outgrow_their_common_cache(tiny_model: Path, source: dict[str, Any], both: Both) -> None:
    subject, _ = both(tiny_model, source, n_ctx=256, n_seq_max=3, kv_unified=True, n_ubatch=64, n_batch=64)
    _, plain = both(tiny_model, source, n_ctx=256, n_seq_max=1, n_ubatch=64, n_batch=64)
    prompts = [Prompt([5 + i, *range(5, 100)]) for i in range(3)]
    sampling = saying(source, max_tokens=60)
    at_once = ask_all(subject, prompts, **sampling)
    assert at_once == [ask_all(plain, [prompt], **sampling)[0] for prompt in prompts]


@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_drafts_that_together_are_longer_than_a_batch_can_be(
    tiny_model: Path, unified: bool, both: Both
) -> None:
    """llama.cpp limits a batch to the context's length, which so many long drafts exceed."""
    source = {**LOOKUP, "draft_ngram_length": 120}
    subject, plain = both(tiny_model, source, n_ctx=256, n_seq_max=8, n_batch=32, kv_unified=unified)
    prompts = [f"{n} ba ba" for n in range(8)]
    sampling = saying(source, max_tokens=100)
    assert ask_all(subject, prompts, **sampling) == ask_all(plain, prompts, **sampling)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_coming_cancelling_and_aborting(
    tiny_model: Path, source: dict[str, Any], seed: int, both: Both
) -> None:
    chance = random.Random(seed)
    unified = seed % 2 == 0
    subject, plain = both(tiny_model, source, n_ctx=1024, n_seq_max=3, kv_unified=unified, n_ubatch=16)
    prompts = [*PROMPTS, PROMPTS[0] + " bida", PROMPTS[1] + PROMPTS[2] * 3]
    expected = {prompt: ask_all(plain, [prompt], **saying(source, max_tokens=70))[0] for prompt in prompts}
    asked: dict[int, str] = {}
    cancelled: set[int] = set()
    for _ in range(120):
        if len(asked) < 12 and chance.random() < 0.25:
            prompt = chance.choice(prompts)
            asked[subject.submit(prompt, **saying(source, max_tokens=70))] = prompt
        if asked and chance.random() < 0.05:
            request_id = chance.choice(list(asked))
            if request_id not in subject.sink.ended:
                subject.scheduler.cancel(request_id)
                cancelled.add(request_id)
        if chance.random() < 0.1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
        check_cells(subject)
    subject.run()
    assert subject.sink.errors == {}
    assert set(subject.sink.n_endings.values()) == {1}
    for request_id, prompt in asked.items():
        text = subject.sink.text.get(request_id, "")
        if request_id in cancelled:
            assert expected[prompt][0].startswith(text)
        else:
            assert said(subject, request_id) == expected[prompt]


@pytest.mark.parametrize("source", SOURCES)
def test_what_a_conversation_is_said_to_have_had_is_what_it_said(
    tiny_model: Path, source: dict[str, Any], both: Both
) -> None:
    """A reply that ends within a draft: neither its trace nor the account of the next turn knows of the rest."""
    found: list[list[Any]] = []
    for subject in both(tiny_model, source, n_seq_max=1):
        accounts: list[Any] = []
        text = subject.ask(PROMPTS[0], **saying(source, max_tokens=40))
        for start in range(3, 60, 6):
            said_before: list[dict[str, str]] = []
            for turn in range(2):
                said_before += [{"role": "user", "content": f"{PROMPTS[0]} {start} {turn}"}]
                prompt = subject.writer.chat(said_before, Overflow.STOP)
                stop = [text[start : start + 2]]
                request_id = subject.submit(prompt, **saying(source, max_tokens=40, stop=stop))
                generation = subject.scheduler._waiting[-1]
                generation.conversation, generation.messages = f"talk {start}", tuple(said_before)
                generation.trace = Trace(subject.loaded.vocabulary.n_tokens)
                subject.run()
                tokens = [noted[0] for part in generation.trace.parts() for noted in part]
                assert len(tokens) == generation.n_generated
                accounts += [said(subject, request_id), generation.reuse, tokens]
                said_before += [{"role": "assistant", "content": subject.sink.text.get(request_id, "")}]
        found.append(accounts)
    assert found[0] == found[1]
