"""Guessing ahead keeps what is left to chance: what is drawn with drafts is distributed as the model says.

Four tokens are drawn, of three possible ones each, for a fixed set of seeds, so that the tests always see the same. The
exact probability of each of the 81 texts comes from bare `llama_decode`. A test of a thousandth is asked: were the
seeds left to chance, one run in a thousand would fail.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.bindings import lib
from app.engine.sampler import logits_at
from tests import tiny_models
from tests.engine.conftest import Bench

MakeBench = Callable[..., Bench]
Texts = Mapping[tuple[int, ...], float]

N_TOKENS, N_CHOICES, N_DRAWS = 4, 3, 1500
PROMPT = " ba be bi ba be bi ba be bi ba"
Z = 3.090  # the normal distribution's quantile of a thousandth
TEMPERATURE = 4.0
PLAIN = {"temperature": TEMPERATURE, "top_p": 1.0, "min_p": 0.0, "max_tokens": N_TOKENS, "ignore_eos": True}


def chi_square_limit(n_free: int) -> float:
    """What chi-square of `n_free` degrees of freedom exceeds once in a thousand (Wilson and Hilferty 1931)."""
    part = 2 / (9 * n_free)
    return n_free * (1 - part + Z * math.sqrt(part)) ** 3


def against_exact(counts: Mapping[tuple[int, ...], int], exact: Texts) -> tuple[float, float]:
    """Pearson's statistic and its limit; texts of which fewer than five are expected count as one."""
    n_draws = sum(counts.values())
    cells = [(exact[text] * n_draws, counts.get(text, 0)) for text in exact]
    rare = [cell for cell in cells if cell[0] < 5]
    cells = [cell for cell in cells if cell[0] >= 5]
    if rare:
        cells.append((sum(expected for expected, _ in rare), sum(count for _, count in rare)))
    statistic = sum((count - expected) ** 2 / expected for expected, count in cells)
    return statistic, chi_square_limit(len(cells) - 1)


def against_each_other(one: Counter[tuple[int, ...]], other: Counter[tuple[int, ...]]) -> tuple[float, float]:
    """The statistic for two samples of one size being of one distribution, and its limit."""
    common = {text for text in one | other if one[text] + other[text] >= 10}
    pairs = [(one[text], other[text]) for text in common]
    pairs.append((one.total() - sum(a for a, _ in pairs), other.total() - sum(b for _, b in pairs)))
    statistic = sum((a - b) ** 2 / (a + b) for a, b in pairs if a + b)
    return statistic, chi_square_limit(sum(a + b > 0 for a, b in pairs) - 1)


def exact_texts(subject: Bench, sampling: Mapping[str, Any]) -> dict[tuple[int, ...], float]:
    """Each text's probability, from the logits of bare decodes, one for every beginning."""
    loaded = subject.loaded
    memory = lib.llama_get_memory(loaded.context)
    prompt = loaded.vocabulary.tokenize(PROMPT, add_special=True)
    biases = {
        loaded.vocabulary.tokenize(word, add_special=False)[0]: bias
        for word, bias in sampling.get("logit_bias", ())
    }

    def choices(beginning: tuple[int, ...]) -> list[tuple[int, float]]:
        tokens = [*prompt, *beginning]
        lib.llama_memory_clear(memory, False)
        array = (lib.llama_token * len(tokens))(*tokens)
        assert lib.llama_decode(loaded.context, lib.llama_batch_get_one(array, len(tokens))) == 0
        logits = logits_at(loaded.context, -1, loaded.vocabulary.n_tokens).astype(np.float64)
        for token, bias in biases.items():
            logits[token] += bias
        best = np.argsort(logits)[-N_CHOICES:]
        weights = np.exp((logits[best] - logits[best].max()) / TEMPERATURE)
        return list(zip(map(int, best), map(float, weights / weights.sum()), strict=True))

    found: dict[tuple[int, ...], float] = {(): 1.0}
    for _ in range(N_TOKENS):
        found = {
            (*beginning, token): probability * chance
            for beginning, probability in found.items()
            for token, chance in choices(beginning)
        }
    lib.llama_memory_clear(memory, True)
    return found


def drawn(subject: Bench, seeds: Iterable[int], sampling: Mapping[str, Any]) -> Counter[tuple[int, ...]]:
    """How often each text was drawn."""
    ids = [subject.submit(PROMPT, seed=seed, **sampling) for seed in seeds]
    subject.run(max_steps=20_000)
    assert subject.sink.errors == {}
    tokenize = subject.loaded.vocabulary.tokenize
    return Counter(tuple(tokenize(subject.sink.text[item], add_special=False)) for item in ids)


@pytest.fixture(scope="module")
def half_right(models_dir: Path) -> Path:
    """A draft model for `tiny_model`, whose best guess is often the model's own."""
    return tiny_models.build_llama(models_dir / "half-right.gguf", quantisation="q8_0")


MODEL = {"draft_source": "model", "draft_n_max": 3}
LOOKUP = {"draft_source": "ngram", "draft_ngram_size": 1, "draft_ngram_length": 3}
LIKELIEST = {**PLAIN, "top_k": N_CHOICES}
WORDS = {**LIKELIEST, "logit_bias": [(word, 60.0) for word in (" ba", " be", " bi")]}


@pytest.mark.parametrize(
    ("source", "sampling"),
    [pytest.param(MODEL, LIKELIEST, id="model"), pytest.param(LOOKUP, WORDS, id="lookup")],
)
def test_what_is_drawn_with_drafts_has_the_models_own_distribution(
    source: dict[str, Any],
    sampling: dict[str, Any],
    tiny_model: Path,
    half_right: Path,
    bench: MakeBench,
) -> None:
    values = {"n_seq_max": 16, "n_ctx": 1024, "type_k": "f32", "type_v": "f32", "flash_attn": "off"}
    drafting = {"draft_adaptive": False, "draft_model": str(half_right), **source}
    subject, plain = bench(tiny_model, **values, **drafting), bench(tiny_model, **values)
    exact = exact_texts(plain, sampling)
    assert len(exact) == N_CHOICES**N_TOKENS
    assert math.isclose(sum(exact.values()), 1.0)
    assert max(exact.values()) < 0.5  # there is something to be left to chance

    with_drafts = drawn(subject, range(N_DRAWS), sampling)
    without = drawn(plain, range(N_DRAWS, 2 * N_DRAWS), sampling)

    timings = [item.timings() for item in subject.sink.generations.values()]
    n_drafted, n_accepted = sum(t.draft_n for t in timings), sum(t.draft_n_accepted for t in timings)
    assert n_drafted - n_accepted > N_DRAWS / 5
    assert n_accepted > N_DRAWS / 5
    assert set(with_drafts) | set(without) <= set(exact)
    for statistic, limit in (
        against_exact(without, exact),
        against_exact(with_drafts, exact),
        against_each_other(with_drafts, without),
    ):
        assert statistic < limit
    # And the chance is spent alike: a seed draws the same text, whether guesses were made or not.
    assert drawn(plain, range(N_DRAWS), sampling) == with_drafts


def test_the_statistic_sees_guesses_that_are_believed_too_easily() -> None:
    """What would come of accepting one guess in twenty without asking the model."""
    chance = np.random.default_rng(1)
    texts = list(itertools.product(range(N_CHOICES), repeat=N_TOKENS))
    weights = chance.dirichlet(np.ones(len(texts)))
    exact = dict(zip(texts, map(float, weights), strict=True))
    guess = max(exact, key=lambda text: exact[text])
    fair = Counter(texts[item] for item in chance.choice(len(texts), N_DRAWS, p=weights))
    unfair = Counter(guess if chance.random() < 0.05 else text for text in fair.elements())
    statistic, limit = against_exact(fair, exact)
    assert statistic < limit
    statistic, limit = against_exact(unfair, exact)
    assert statistic > limit
    again = Counter(texts[item] for item in chance.choice(len(texts), N_DRAWS, p=weights))
    statistic, limit = against_each_other(fair, again)
    assert statistic < limit
    far = Counter(guess if chance.random() < 0.15 else text for text in again.elements())
    statistic, limit = against_each_other(fair, far)
    assert statistic > limit


@pytest.mark.parametrize(("n_free", "limit"), [(5, 20.52), (10, 29.59), (80, 124.84)])
def test_the_limit_is_that_of_the_tables(n_free: int, limit: float) -> None:
    assert chi_square_limit(n_free) == pytest.approx(limit, rel=0.02)
