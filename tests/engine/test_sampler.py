"""Every sampling setting reaches llama.cpp's chain and does what its name says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import FailureKind
from app.core.settings import SAMPLING
from app.engine import sampler
from app.engine.bindings import lib
from app.engine.errors import EngineError
from tests.engine.conftest import Bench
from tests.tiny_models import build_llama

MakeBench = Callable[..., Bench]
OPEN: dict[str, Any] = {
    "temperature": 1.5,
    "top_k": 0,
    "top_p": 1.0,
    "min_p": 0.0,
    "max_tokens": 60,
    "seed": 5,
}
"""Everything is possible, so that any restriction shows."""


@pytest.fixture
def subject(bench: MakeBench, tiny_model: Path) -> Bench:
    return bench(tiny_model, n_seq_max=1)


def chain_of(subject: Bench, **values: Any) -> list[str]:
    complete = sampler.resolved(values)
    vocabulary = subject.loaded.vocabulary
    built = sampler.Sampler(
        complete, vocabulary.handle, [2], lambda text: vocabulary.tokenize(text, add_special=False)
    )
    chain = built._chain
    names = [
        lib.llama_sampler_name(lib.llama_sampler_chain_get(chain, i)).decode()
        for i in range(lib.llama_sampler_chain_n(chain))
    ]
    built.close()
    return [name.lstrip("?+") for name in names]


CHANGES: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 0.3},
    "dynatemp_range": {"dynatemp_range": 1.4},
    "dynatemp_exponent": {"dynatemp_range": 1.4, "dynatemp_exponent": 3.0},
    "top_k": {"top_k": 2},
    "top_p": {"top_p": 0.2},
    "min_p": {"min_p": 0.5},
    "typical_p": {"typical_p": 0.2},
    "top_n_sigma": {"top_n_sigma": 0.5},
    "xtc_probability": {"xtc_probability": 1.0, "xtc_threshold": 0.001},
    "xtc_threshold": {"xtc_probability": 1.0, "xtc_threshold": 0.0005},
    "repeat_penalty": {"repeat_penalty": 1.8},
    "repeat_last_n": {"repeat_penalty": 1.8, "repeat_last_n": 8},
    "presence_penalty": {"presence_penalty": 1.9},
    "frequency_penalty": {"frequency_penalty": 1.9},
    "mirostat": {"mirostat": "2"},
    "mirostat_tau": {"mirostat": "2", "mirostat_tau": 1.0},
    "mirostat_eta": {"mirostat": "2", "mirostat_eta": 0.9},
    "adaptive_target": {"adaptive_target": 0.3},
    "adaptive_decay": {"adaptive_target": 0.3, "adaptive_decay": 0.1},
    "seed": {"seed": 6},
    "logit_bias": {"logit_bias": [[400, 50.0]]},
    "samplers": {"samplers": ["top_k"], "top_k": 2},
}


@pytest.mark.parametrize("key", sorted(CHANGES))
def test_a_changed_setting_changes_the_text(subject: Bench, key: str) -> None:
    values = {name: SAMPLING[name].check(value) for name, value in CHANGES[key].items()}
    plain = subject.ask("Once upon a time", **OPEN)
    assert subject.ask("Once upon a time", **(OPEN | values)) != plain
    assert subject.ask("Once upon a time", **OPEN) == plain


def test_dry_breaks_a_loop(subject: Bench) -> None:
    looping = {"temperature": 0.0, "max_tokens": 200}
    plain = subject.ask("Hello", **looping)
    dry = subject.ask("Hello", **looping, dry_multiplier=5.0, dry_allowed_length=2, dry_penalty_last_n=64)
    assert dry != plain


def test_the_chain_is_as_short_as_its_settings(subject: Bench) -> None:
    neutral = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "temperature": 1.0}
    assert chain_of(subject, **neutral) == ["dist"]
    assert chain_of(subject, temperature=0.0, top_k=0, top_p=1.0, min_p=0.0)[-1] == "greedy"


def test_the_chain_follows_the_order(subject: Bench) -> None:
    values = {
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.1,
        "temperature": 0.7,
        "typical_p": 0.9,
        "top_n_sigma": 1.0,
    }
    order = ["temperature", "min_p", "top_p", "typ_p", "top_k", "top_n_sigma"]
    names = chain_of(subject, **values, samplers=order)
    assert names == ["temp-ext", "min-p", "top-p", "min-p", "typical", "top-k", "top-n-sigma", "dist"]
    everything = chain_of(
        subject,
        **values,
        repeat_penalty=1.2,
        dry_multiplier=0.8,
        xtc_probability=0.5,
        xtc_threshold=0.1,
        logit_bias=[[5, 1.0]],
    )
    assert everything == [
        "logit-bias", "penalties", "dry", "top-n-sigma", "top-k", "min-p", "typical", "top-p", "min-p", "xtc",
        "temp-ext", "dist",
    ]  # fmt: skip


def test_typical_p_never_takes_what_another_step_excluded(subject: Bench) -> None:
    greedy = subject.ask("Hello", temperature=0.0, max_tokens=30)
    # so strict a top-n-sigma leaves one token, all others are impossible
    one_left = OPEN | {"max_tokens": 30, "top_n_sigma": 0.001}
    assert subject.ask("Hello", **one_left) == greedy
    assert subject.ask("Hello", **one_left, typical_p=0.5) == greedy


def test_temperature_zero_is_greedy_whatever_the_seed(subject: Bench) -> None:
    texts = {subject.ask("Hello", temperature=0.0, seed=seed, max_tokens=30) for seed in (1, 2, 3)}
    assert len(texts) == 1


def test_a_forbidden_token_never_comes(subject: Bench) -> None:
    text = subject.ask("Once upon a time", **OPEN)
    vocabulary = subject.loaded.vocabulary
    common = max(
        set(vocabulary.tokenize(text, add_special=False)),
        key=vocabulary.tokenize(text, add_special=False).count,
    )
    forbidden = subject.submit(
        "Once upon a time", **(OPEN | {"logit_bias": [[common, float(-100)]], "max_tokens": 100})
    )
    subject.run()
    assert vocabulary.piece(common).decode().strip() not in subject.sink.text[forbidden].split()


def test_tokens_that_the_model_file_suppresses_never_come(
    bench: MakeBench, subject: Bench, tmp_path: Path
) -> None:
    text = subject.ask("Hello", temperature=0.0, max_tokens=30)
    said = subject.loaded.vocabulary.tokenize(text, add_special=False)
    suppressed = sorted(set(said))[:5]
    path = build_llama(tmp_path / "suppressing.gguf", metadata={"tokenizer.ggml.suppress_tokens": suppressed})
    other = bench(path, n_seq_max=1)
    tokens = other.loaded.vocabulary.tokenize(
        other.ask("Hello", temperature=0.0, max_tokens=30), add_special=False
    )
    assert len(tokens) > 5
    assert not set(tokens) & set(suppressed)


def test_a_seed_left_to_chance_is_drawn() -> None:
    seeds = {sampler.resolved({})["seed"] for _ in range(5)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**32 for seed in seeds)


@pytest.mark.parametrize(
    "reference", ["https://example.org/schema.json", "http://example.org/x", "file:///etc/passwd"]
)
def test_a_schema_fetches_nothing(subject: Bench, reference: str) -> None:
    schema = json.dumps({"type": "object", "properties": {"a": {"anyOf": [{"$ref": reference}]}}})
    with pytest.raises(EngineError, match="only references within the schema"):
        subject.submit("Hello", json_schema=schema)


def test_a_schema_may_refer_to_itself(subject: Bench) -> None:
    schema = {
        "$ref": "#/$defs/n",
        "$defs": {"n": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    }
    schema["$defs"]["n"]["required"] = ["n"]  # type: ignore[index]
    assert isinstance(
        json.loads(subject.ask("Hello", json_schema=json.dumps(schema), max_tokens=100))["n"], int
    )


def test_a_grammar_whose_end_may_not_come_ends_the_reply_not_the_process(subject: Bench) -> None:
    """All is said, and the one token that the grammar still allows is ignored: llama.cpp would abort."""
    for sampling in ({"temperature": 0.0}, {"temperature": 1.0}, {"temperature": 1.0, "mirostat": 2}):
        request_id = subject.submit("Hello", grammar='root ::= "ba"', ignore_eos=True, **sampling)
        subject.run()
        assert subject.sink.text[request_id] == "ba"
        assert subject.sink.errors[request_id].fault is FailureKind.BAD_GRAMMAR
