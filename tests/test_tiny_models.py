"""The models that other tests build on are what they promise, in llama.cpp's own eyes."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp
import pytest

from tests import tiny_models

_PROMPT = "<|im_start|>user\nHello, Wörld ☃!<|im_end|>\n<|im_start|>assistant\n"


@llama_cpp.llama_log_callback
def _silence(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    pass


class _Loaded:
    """A model with one context of 512 tokens."""

    def __init__(self, path: Path) -> None:
        llama_cpp.llama_log_set(_silence, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        model_params = llama_cpp.llama_model_default_params()
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
        assert model
        self.model = model
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_threads, params.n_threads_batch = 512, 1, 1
        self.context = llama_cpp.llama_init_from_model(model, params)
        assert self.context
        self.vocab = llama_cpp.llama_model_get_vocab(model)

    def __enter__(self) -> _Loaded:
        return self

    def __exit__(self, *_error: object) -> None:
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def tokens(self, text: str) -> list[int]:
        raw, found = text.encode(), (llama_cpp.llama_token * 1024)()
        n = llama_cpp.llama_tokenize(self.vocab, raw, len(raw), found, 1024, False, True)
        assert n > 0
        return list(found[:n])

    def text(self, tokens: list[int]) -> str:
        piece, raw = ctypes.create_string_buffer(64), b""
        for token in tokens:
            n = llama_cpp.llama_token_to_piece(self.vocab, token, piece, 64, 0, True)
            raw += piece.raw[:n]
        return raw.decode()

    def generate(self, n_tokens: int, temperature: float) -> list[int]:
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        if temperature:
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_temp(temperature))
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(7))
        else:
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
        found: list[int] = []
        following = self.tokens(_PROMPT)
        while len(found) < n_tokens:
            array = (llama_cpp.llama_token * len(following))(*following)
            assert (
                llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(array, len(following)))
                == 0
            )
            token = llama_cpp.llama_sampler_sample(chain, self.context, -1)
            found.append(token)
            if llama_cpp.llama_vocab_is_eog(self.vocab, token):
                break
            following = [token]
        llama_cpp.llama_sampler_free(chain)
        return found


@pytest.mark.parametrize(
    ("builder", "options"),
    [
        ("build_llama", {}),
        ("build_llama", {"quantisation": "q8_0", "n_layers": 4, "n_embd": 128, "n_head": 4, "n_head_kv": 2}),
        ("build_llama", {"tensors_per_file": 7}),
        ("build_moe", {}),
        ("build_swa", {}),
        ("build_random", {"n_params": 3_000_000}),
    ],
)
def test_they_load_and_speak_varied_text_that_tokenises_back(
    tmp_path: Path, builder: str, options: dict[str, object]
) -> None:
    path = getattr(tiny_models, builder)(tmp_path / "model.gguf", **options)
    with _Loaded(path) as loaded:
        tokens = loaded.generate(100, 0.8)
        assert len(tokens) == 100, "it does not end by itself"
        assert len(set(tokens)) > 30
        assert loaded.tokens(loaded.text(tokens)) == tokens
    with _Loaded(path) as loaded:
        assert len(set(loaded.generate(100, 0.0))) > 15, "greedy text is no loop"


def test_any_text_tokenises_and_comes_back(tiny_model: Path) -> None:
    text = "Any text at all: ÄÖ 漢字 🦙 \t\n\x01 <|im_end|>"
    with _Loaded(tiny_model) as loaded:
        tokens = loaded.tokens(text)
        assert loaded.text(tokens) == text
        assert llama_cpp.llama_vocab_is_eog(loaded.vocab, tokens[-1])


def test_it_can_be_made_to_end_its_turn(tmp_path: Path) -> None:
    path = tiny_models.build_llama(tmp_path / "brief.gguf", eos_logit=100.0)
    with _Loaded(path) as loaded:
        assert loaded.text(loaded.generate(50, 0.8)) == "<|im_end|>"


def test_the_adapter_changes_the_text(tiny_model: Path, tiny_lora: Path) -> None:
    with _Loaded(tiny_model) as loaded:
        before = loaded.generate(20, 0.0)
    with _Loaded(tiny_model) as loaded:
        adapter = llama_cpp.llama_adapter_lora_init(loaded.model, str(tiny_lora).encode())
        assert adapter
        adapters, scales = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter), (ctypes.c_float * 1)(1.0)
        assert llama_cpp.llama_set_adapters_lora(loaded.context, adapters, 1, scales) == 0
        assert loaded.generate(20, 0.0) != before


def test_building_is_repeatable(tmp_path: Path) -> None:
    one, two = (tiny_models.build_llama(tmp_path / f"{n}.gguf", quantisation="q8_0") for n in (1, 2))
    assert one.read_bytes() == two.read_bytes()
