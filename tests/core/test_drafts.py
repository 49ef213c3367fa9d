"""Drafts: told apart from their headers alone, for llama.cpp's reasons and with words for each."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from llama_cpp import llama_cpp as lib

from app.core.drafts import (
    Draft,
    Size,
    advised_params,
    compatibility,
    judged,
    ranked,
    why_nothing_drafts,
)
from app.core.gguf import ModelFacts, facts
from app.core.heads import unused_heads, why_no_heads
from app.core.library import describe
from app.core.settings import Problem, Reason
from app.core.vocabulary import FIRST_COMPARED, MAX_SIZE_DIFFERENCE, Vocabularies, read_vocabulary
from tests.core.synthetic_fit import facts as synthetic
from tests.tiny_models import build_hybrid, build_llama, build_lora, build_mtp, build_swa

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A tiny model under a name of its own."""

    def made(name: str, **asked: Any) -> Path:
        return build_llama(tmp_path / f"{name}.gguf", n_layers=1, name=name, **asked)

    return made


def vocabulary_file(path: Path, tokens: list[str], types: list[int] | None = None, **metadata: Any) -> Path:
    """A file with that vocabulary and next to nothing else."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model(metadata.pop("tokenizer", "gpt2"))
    writer.add_tokenizer_pre(metadata.pop("splitting", "qwen2"))
    writer.add_token_list(tokens)
    writer.add_token_types(types or [1] * len(tokens))
    for key, value in metadata.items():
        add = writer.add_bool if isinstance(value, bool) else writer.add_uint32
        add(f"tokenizer.ggml.{key}", value)
    writer.add_tensor("token_embd.weight", np.zeros((len(tokens), 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def reason(fault: Problem | None) -> Reason | None:
    return None if fault is None else fault.reason


WORDS = [f"word{n}" for n in range(200)]


@pytest.mark.parametrize(
    ("other", "metadata", "expected"),
    [
        (WORDS, {}, None),
        (WORDS[:-100], {}, None),
        (WORDS + [f"more{n}" for n in range(MAX_SIZE_DIFFERENCE)], {}, None),
        (WORDS + [f"more{n}" for n in range(MAX_SIZE_DIFFERENCE + 1)], {}, Reason.DRAFT_VOCABULARY_SIZE),
        ([*WORDS[:150], "another", *WORDS[151:]], {}, Reason.DRAFT_TOKENS),
        ([*WORDS[:150], WORDS[151], WORDS[150], *WORDS[152:]], {}, Reason.DRAFT_TOKENS),
        (["a", "b", "c", "d", "e", *WORDS[FIRST_COMPARED:]], {}, None),
        (["a", "b", "c", "d", "e", "f", *WORDS[FIRST_COMPARED + 1 :]], {}, Reason.DRAFT_TOKENS),
        (WORDS, {"tokenizer": "llama"}, Reason.DRAFT_TOKENIZER),
        (WORDS, {"add_bos_token": True}, Reason.DRAFT_BOS),
        (WORDS, {"splitting": "llama-bpe"}, Reason.DRAFT_BOS),
        (WORDS, {"add_eos_token": True}, Reason.DRAFT_EOS),
        (WORDS, {"bos_token_id": 7, "eos_token_id": 8}, None),
        (WORDS, {"splitting": "default"}, None),
    ],
)
def test_vocabularies_are_compared_as_llama_cpp_does(
    tmp_path: Path, other: list[str], metadata: dict[str, Any], expected: Reason | None
) -> None:
    own = read_vocabulary(vocabulary_file(tmp_path / "own.gguf", WORDS))
    draft = read_vocabulary(vocabulary_file(tmp_path / "draft.gguf", other, **metadata))
    assert reason(compatibility(own, draft)) == expected
    assert reason(compatibility(draft, own)) == expected, "it does not matter which of the two drafts"


def test_a_bos_that_both_put_in_front_must_be_the_same(tmp_path: Path) -> None:
    one = read_vocabulary(vocabulary_file(tmp_path / "1.gguf", WORDS, add_bos_token=True, bos_token_id=3))
    two = read_vocabulary(vocabulary_file(tmp_path / "2.gguf", WORDS, add_bos_token=True, bos_token_id=4))
    wild = read_vocabulary(vocabulary_file(tmp_path / "3.gguf", WORDS, add_bos_token=True, bos_token_id=999))
    assert reason(compatibility(one, two)) is Reason.DRAFT_BOS
    assert wild.bos_id == 11, "an id that no token has is passed over, as llama.cpp does"


def test_the_first_token_that_differs_is_named(tmp_path: Path) -> None:
    own = read_vocabulary(vocabulary_file(tmp_path / "own.gguf", WORDS))
    for token_id in (5, 77, 199):
        changed = [*WORDS[:token_id], "w", *WORDS[token_id + 1 :]]
        draft = read_vocabulary(vocabulary_file(tmp_path / f"{token_id}.gguf", changed))
        assert own.first_difference(draft) == (token_id, f"word{token_id}", "w")
        fault = compatibility(own, draft)
        assert fault is not None
        assert f"Token {token_id} is 'w'" in fault.text()
    assert own.first_difference(own) is None


@pytest.mark.parametrize("metadata", [{}, {"tokenizer.ggml.add_bos_token": False}])
def test_what_the_header_says_is_what_llama_cpp_makes_of_it(build: Build, metadata: dict[str, Any]) -> None:
    path = build("model", metadata=metadata)
    read = read_vocabulary(path)
    params = lib.llama_model_default_params()
    params.vocab_only = True
    model = lib.llama_model_load_from_file(os.fsencode(path), params)
    vocab = lib.llama_model_get_vocab(model)
    try:
        assert read.n_tokens == lib.llama_vocab_n_tokens(vocab)
        assert (read.bos_id, read.eos_id) == (lib.llama_vocab_bos(vocab), lib.llama_vocab_eos(vocab))
        assert (read.adds_bos, read.adds_eos) == (
            lib.llama_vocab_get_add_bos(vocab),
            lib.llama_vocab_get_add_eos(vocab),
        )
        texts = [lib.llama_vocab_get_text(vocab, n) for n in range(FIRST_COMPARED, read.n_tokens)]
        assert read.texts == b"".join(struct.pack("<Q", len(text)) + text for text in texts)
    finally:
        lib.llama_model_free(model)


def test_a_draft_that_lacks_tokens_can_be_used_and_says_so(tmp_path: Path) -> None:
    control = [1] * 198 + [3, 3]
    target = vocabulary_file(tmp_path / "target.gguf", WORDS, control)
    lacking = vocabulary_file(tmp_path / "lacking.gguf", WORDS[:-2])
    draft = judged(facts(target), str(lacking), Vocabularies())
    said = {remark.reason: remark for remark in draft.remarks}
    assert draft.is_usable
    assert said[Reason.DRAFT_LACKS_SPECIAL].values == {"n_tokens": 2, "n_special": 2}
    plain = vocabulary_file(tmp_path / "plain.gguf", WORDS)
    assert Reason.DRAFT_LACKS_TOKENS in {
        remark.reason for remark in judged(facts(plain), str(lacking), Vocabularies()).remarks
    }


def test_files_that_cannot_draft_say_why(tmp_path: Path, build: Build) -> None:
    model = build("model")
    target = facts(model)
    broken = tmp_path / "broken.gguf"
    broken.write_text("nothing of a model")
    link = tmp_path / "link.gguf"
    link.symlink_to(model)
    adapter = build_lora(tmp_path / "adapter.gguf", model)
    hybrid = build_hybrid(tmp_path / "hybrid.gguf", n_layers=2)
    larger = build("larger", n_vocab=640 + MAX_SIZE_DIFFERENCE + 1)
    empty = build("empty", metadata={"tokenizer.ggml.model": "none"})
    expected = {
        str(tmp_path / "gone.gguf"): Reason.DRAFT_GONE,
        str(broken): Reason.DRAFT_FILE,
        str(model): Reason.DRAFT_IS_MODEL,
        str(link): Reason.DRAFT_IS_MODEL,
        str(adapter): Reason.DRAFT_KIND,
        str(hybrid): Reason.DRAFT_STATE,
        str(larger): Reason.DRAFT_VOCABULARY_SIZE,
    }
    vocabularies = Vocabularies()
    for path, why in expected.items():
        draft = judged(target, path, vocabularies)
        assert reason(draft.fault) is why, path
        assert draft.fault is not None
        assert draft.fault.severity == "error"
        assert "{" not in draft.fault.text()
        assert draft == judged(target, path, vocabularies, entry=describe(path)) or not os.path.exists(path)
    assert reason(judged(target, str(empty), vocabularies).fault) in {
        Reason.DRAFT_NO_VOCABULARY,
        Reason.DRAFT_TOKENIZER,
    }


def test_a_target_that_keeps_a_state_gets_no_guesses_at_all(tmp_path: Path, build: Build) -> None:
    for has_attention in (True, False):
        model = facts(build_hybrid(tmp_path / "h.gguf", has_attention=has_attention, n_layers=2))
        assert reason(why_nothing_drafts(model)) is Reason.DRAFT_TARGET_STATE
    for plain in (build("model"), build_swa(tmp_path / "swa.gguf", n_layers=2)):
        assert why_nothing_drafts(facts(plain)) is None


def test_multi_token_heads_are_told(tmp_path: Path, build: Build) -> None:
    for without in (
        build("plain"),
        build("named", metadata={"llama.nextn_predict_layers": 2}),
        build_mtp(tmp_path / "bare.gguf", has_head_weights=False),
    ):
        model = facts(without)
        assert (model.n_heads_ahead, unused_heads(model)) == (0, None)
        assert reason(why_no_heads(model)) is Reason.HEADS_MISSING
    model = facts(build_mtp(tmp_path / "heads.gguf"))
    told = unused_heads(model)
    assert (model.n_heads_ahead, why_no_heads(model)) == (1, None)
    assert told is not None
    assert (told.severity, told.reason) == ("warning", Reason.HEADS_UNUSED)


def test_heads_that_llama_cpp_cannot_run_are_refused(tmp_path: Path) -> None:
    """With two heads where it expects one it would end the process."""
    model = facts(build_mtp(tmp_path / "heads.gguf", n_heads=2))
    for refused in (model, replace(model, architecture="dots3note", n_heads_ahead=1)):
        assert reason(why_no_heads(refused)) is Reason.HEADS_UNKNOWN
        assert reason(unused_heads(refused)) is Reason.HEADS_UNKNOWN
    assert why_no_heads(replace(model, architecture="step35", n_heads_ahead=3)) is None


def sized(n_params: float, **changes: Any) -> ModelFacts:
    return replace(synthetic(), n_params=int(n_params), **changes)


@pytest.mark.parametrize(
    ("target", "fits", "does_not"),
    [
        (7.6e9, 1.24e9, 1.54e9),
        (3.2e9, 0.6e9, 1.24e9),
        (14.8e9, 3.2e9, 4e9),
        (32.8e9, 7.6e9, 9e9),
        (70e9, 8e9, 14e9),
        (1.5e9, 0.5e9, 0.6e9),
    ],
)
def test_the_size_that_is_advised_follows_the_targets(target: float, fits: float, does_not: float) -> None:
    assert fits <= advised_params(sized(target)) < does_not


def test_a_mixture_is_as_large_as_what_a_token_passes_through() -> None:
    mixture = sized(30e9, n_expert=128, n_expert_used=8)
    assert advised_params(mixture) < 0.7e9


def test_the_ranking_puts_what_suits_first_and_what_is_refused_last() -> None:
    def draft(name: str, n_params: float, size: Size, fault: Problem | None = None) -> Draft:
        return Draft(path=name, name=name, facts=sized(n_params), size=size, fault=fault)

    no = Problem("draft_model", "error", Reason.DRAFT_KIND)
    drafts = [
        draft("refused B", 1e9, Size.ADVISED, no),
        draft("huge", 7e9, Size.LARGE),
        draft("small", 0.3e9, Size.ADVISED),
        draft("refused a", 2e9, Size.LARGE, no),
        draft("large", 2e9, Size.LARGE),
        draft("right", 1e9, Size.ADVISED),
        Draft(path="x", name="unreadable", fault=no),
    ]
    order = [item.name for item in ranked(drafts)]
    assert order == ["right", "small", "large", "huge", "refused a", "refused B", "unreadable"]


def test_a_replaced_file_is_read_again_and_equal_texts_are_kept_once(tmp_path: Path) -> None:
    path = vocabulary_file(tmp_path / "one.gguf", WORDS)
    twin = vocabulary_file(tmp_path / "two.gguf", WORDS)
    vocabularies = Vocabularies()
    first = vocabularies.of(path)
    assert vocabularies.of(path) is first
    assert vocabularies.of(twin).texts is first.texts
    other = vocabulary_file(tmp_path / "other.gguf", [*WORDS[:-1], "changed"])
    shutil.move(other, path)
    os.utime(path, ns=(1, 1))
    assert vocabularies.of(path).texts != first.texts
