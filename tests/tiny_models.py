"""GGUF files with random weights that llama.cpp really loads and generates with, built in a blink.

Every builder writes with the `gguf` library and is deterministic in its seed. What makes them good to test
with:

* The vocabulary (SentencePiece, llama.cpp's "llama" tokenizer) holds every printable ASCII character and all
  256 byte tokens, so any text tokenises; `<|im_start|>` and `<|im_end|>` are control tokens, the second
  ends a turn.
* Only whole invented words (" kato"), a few marks and the line break are generated, so generated text
  tokenises back into the very tokens that were generated: prefix reuse can be counted exactly.
* The first number of every embedding is one constant that no layer writes to. An output row can read it as a
  bias, which is how `eos_logit` sets how likely the end of turn is: at the default it practically never
  comes, at 30 after a few words, at 100 at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

CHATML = (
    "{%- for m in messages %}"
    "{{- '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)

UNKNOWN_ID, BOS_ID, EOS_ID = 0, 1, 2
NEVER = -30.0  # a bias under which a token is practically never sampled

_Q = gguf.GGMLQuantizationType
_TYPES = {"f32": _Q.F32, "f16": _Q.F16, "bf16": _Q.BF16, "q8_0": _Q.Q8_0, "q4_0": _Q.Q4_0}
_FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7, "bf16": 32}
_MARKS = (".", ",", "!", "?")
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True)
class Vocabulary:
    """Token texts, scores and types in id order, and `bias`: what each id's logit gets from the constant."""

    tokens: list[str]
    scores: list[float]
    types: list[int]
    bias: np.ndarray
    im_start_id: int
    im_end_id: int


def vocabulary(n_vocab: int, eos_logit: float = NEVER) -> Vocabulary:
    """A SentencePiece vocabulary of exactly `n_vocab` tokens, at least 512."""
    normal, unknown, control, byte = 1, 2, 3, 6
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256))]
    types = [unknown, control, control] + [byte] * 256
    scores = [0.0] * len(tokens)
    characters = [chr(code) for code in range(33, 127)] + ["\u2581"]
    pieces = [*characters, *_words(n_vocab - len(tokens) - len(characters) - 2)]
    tokens += [*pieces, "<|im_start|>", "<|im_end|>"]
    types += [normal] * len(pieces) + [control] * 2
    # A piece is merged before the pieces after it: syllables first, then words from their beginnings.
    scores += [-float(rank) for rank in range(len(pieces))] + [0.0, 0.0]
    if len(tokens) != n_vocab:
        raise ValueError(f"n_vocab must be at least 512, not {n_vocab}")
    bias = np.full(n_vocab, NEVER, np.float32)
    for token_id, text in enumerate(tokens):
        if (text.startswith("\u2581") and len(text) > 2) or text in _MARKS:
            bias[token_id] = 0.0
    bias[tokens.index("<0x0A>")] = -2.0
    bias[n_vocab - 1] = eos_logit
    return Vocabulary(tokens, scores, types, bias, n_vocab - 2, n_vocab - 1)


def _words(n_pieces: int) -> Iterable[str]:
    syllables = [c + v for c in _CONSONANTS for v in _VOWELS]
    pieces = syllables + ["\u2581" + s for s in syllables]
    level = pieces[len(syllables) :]
    # A step that shares no factor with 70 walks through all syllables, so that small vocabularies vary too.
    while len(pieces) < n_pieces:
        level = [
            level[i % len(level)] + syllables[(i * 37 + i // len(level)) % 70] for i in range(len(level) * 70)
        ]
        pieces += level
    return pieces[: max(n_pieces, 0)]


def build_llama(
    path: str | Path,
    *,
    n_ctx_train: int = 512,
    n_layers: int = 2,
    n_embd: int = 64,
    n_head: int = 2,
    n_head_kv: int = 1,
    n_ff: int = 128,
    n_vocab: int = 640,
    quantisation: str = "f32",
    chat_template: str | None = CHATML,
    name: str = "Tiny llama",
    eos_logit: float = NEVER,
    tensors_per_file: int = 0,
    metadata: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Path:
    """A dense llama. `tensors_per_file` > 0 splits it into name-00001-of-0000N.gguf and returns the first.

    `quantisation` is f32, f16, bf16, q8_0 or q4_0 (the last two need widths divisible by 32). `metadata` adds
    or replaces keys (bool, int, float, str).
    """
    shape = _Shape(n_ctx_train, n_layers, n_embd, n_head, n_head_kv, n_ff, n_vocab)
    writer = _writer(path, "llama", name, tensors_per_file)
    _add_shape(writer, shape)
    words = _add_vocabulary(writer, n_vocab, chat_template, eos_logit)
    weights = _Weights(writer, quantisation, seed)
    weights.add_ends(words, n_embd)
    for layer in range(n_layers):
        weights.add_attention(layer, shape)
        weights.add_feed_forward(layer, shape)
    return _finish(writer, path, quantisation, metadata)


def build_moe(
    path: str | Path,
    *,
    n_expert: int = 4,
    n_expert_used: int = 2,
    n_ctx_train: int = 512,
    n_layers: int = 2,
    n_embd: int = 64,
    n_vocab: int = 640,
    quantisation: str = "f32",
    chat_template: str | None = CHATML,
    eos_logit: float = NEVER,
    seed: int = 2,
) -> Path:
    """A mixture of experts as Mixtral's: architecture llama with `ffn_*_exps` tensors."""
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 64, n_vocab)
    writer = _writer(path, "llama", "Tiny mixture", 0)
    _add_shape(writer, shape)
    writer.add_expert_count(n_expert)
    writer.add_expert_used_count(n_expert_used)
    words = _add_vocabulary(writer, n_vocab, chat_template, eos_logit)
    weights = _Weights(writer, quantisation, seed)
    weights.add_ends(words, n_embd)
    for layer in range(n_layers):
        weights.add_attention(layer, shape)
        weights.add_experts(layer, shape, n_expert)
    return _finish(writer, path, quantisation, None)


def build_swa(
    path: str | Path,
    *,
    n_swa: int = 32,
    n_ctx_train: int = 512,
    n_layers: int = 6,
    n_embd: int = 64,
    n_vocab: int = 640,
    quantisation: str = "f32",
    chat_template: str | None = CHATML,
    eos_logit: float = NEVER,
    seed: int = 3,
) -> Path:
    """A Gemma 3: five layers with a sliding window of `n_swa` tokens for every one that sees everything."""
    head_size = 32
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 128, n_vocab)
    writer = _writer(path, "gemma3", "Tiny sliding window", 0)
    _add_shape(writer, shape)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_sliding_window(n_swa)
    words = _add_vocabulary(writer, n_vocab, chat_template, eos_logit)
    weights = _Weights(writer, quantisation, seed)
    weights.add_ends(
        words, n_embd, embedding_scale=n_embd**-0.5
    )  # Gemma multiplies embeddings by sqrt(n_embd)
    constant_kept = np.ones(n_embd, np.float32)
    constant_kept[0] = 0.0
    for layer in range(n_layers):
        weights.add_attention(layer, shape)
        weights.add_feed_forward(layer, shape)
        for norm in ("attn_q_norm", "attn_k_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.full(head_size, 1.5, np.float32))
        for norm in ("post_attention_norm", "post_ffw_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", constant_kept)
    return _finish(writer, path, quantisation, None)


def build_hybrid(
    path: str | Path,
    *,
    has_attention: bool = True,
    n_ctx_train: int = 512,
    n_layers: int = 4,
    n_embd: int = 64,
    n_vocab: int = 640,
    seed: int = 7,
) -> Path:
    """A Jamba whose every other layer is attention and the rest recurrent; without attention a Mamba."""
    n_inner, n_state, n_conv, rank = 2 * n_embd, 8, 4, 8
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 128, n_vocab)
    architecture = "jamba" if has_attention else "mamba"
    writer = _writer(path, architecture, f"Tiny {architecture}", 0)
    _add_shape(writer, shape)
    is_attention = [has_attention and layer % 2 == 1 for layer in range(n_layers)]
    writer.kv_data[0].pop(f"{architecture}.attention.head_count_kv")
    writer.add_head_count_kv([int(attends) for attends in is_attention] if has_attention else 0)
    writer.add_ssm_conv_kernel(n_conv)
    writer.add_ssm_inner_size(n_inner)
    writer.add_ssm_state_size(n_state)
    writer.add_ssm_time_step_rank(rank)
    weights = _Weights(writer, "f32", seed)
    weights.add_ends(_add_vocabulary(writer, n_vocab, CHATML, NEVER), n_embd)
    rng = np.random.default_rng(seed)
    recurrent = {
        "ssm_in.weight": (2 * n_inner, n_embd), "ssm_conv1d.weight": (n_inner, n_conv), "ssm_conv1d.bias": (n_inner,),
        "ssm_x.weight": (rank + 2 * n_state, n_inner), "ssm_dt.weight": (n_inner, rank), "ssm_dt.bias": (n_inner,),
        "ssm_a": (n_inner, n_state), "ssm_d": (n_inner,), "ssm_out.weight": (n_embd, n_inner),
    }  # fmt: skip
    norms = {"ssm_dt_norm.weight": rank, "ssm_b_norm.weight": n_state, "ssm_c_norm.weight": n_state}
    for layer, attends in enumerate(is_attention):
        if attends:
            weights.add_attention(layer, shape)
        else:
            for name, dims in recurrent.items():
                writer.add_tensor(f"blk.{layer}.{name}", -np.abs(_normal(rng, dims, 0.1)))
            for name, width in norms.items() if has_attention else ():
                writer.add_tensor(f"blk.{layer}.{name}", np.ones(width, np.float32))
            writer.add_tensor(f"blk.{layer}.attn_norm.weight", np.ones(n_embd, np.float32))
        if has_attention:
            weights.add_feed_forward(layer, shape)
    return _finish(writer, path, "f32", None)


def build_lfm2(
    path: str | Path,
    *,
    n_ctx_train: int = 512,
    n_layers: int = 4,
    n_embd: int = 64,
    n_vocab: int = 640,
    name: str = "Tiny lfm2",
    seed: int = 8,
) -> Path:
    """An LFM2: every other layer a short convolution, a state that llama.cpp can take back by some tokens."""
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 128, n_vocab)
    writer = _writer(path, "lfm2", name, 0)
    _add_shape(writer, shape)
    writer.kv_data[0].pop("lfm2.attention.head_count_kv")
    writer.add_head_count_kv([layer % 2 for layer in range(n_layers)])
    writer.add_shortconv_l_cache(3)
    weights = _Weights(writer, "f32", seed)
    weights.add_ends(
        _add_vocabulary(writer, n_vocab, CHATML, NEVER), n_embd, norm_name="token_embd_norm.weight"
    )
    rng = np.random.default_rng(seed)
    convolution = {"conv": (n_embd, 3), "in_proj": (3 * n_embd, n_embd), "out_proj": (n_embd, n_embd)}
    for layer in range(n_layers):
        if layer % 2:
            weights.add_attention(layer, shape)
            for norm in ("attn_q_norm", "attn_k_norm"):
                writer.add_tensor(f"blk.{layer}.{norm}.weight", np.full(n_embd // 2, 1.5, np.float32))
        else:
            writer.add_tensor(f"blk.{layer}.attn_norm.weight", np.ones(n_embd, np.float32))
            for part, dims in convolution.items():
                values = _normal(rng, dims, 0.6 if part == "conv" else 2.0 * n_embd**-0.5)
                if part == "out_proj":
                    values[0] = 0.0  # the constant is kept
                writer.add_tensor(f"blk.{layer}.shortconv.{part}.weight", values)
        weights.add_feed_forward(layer, shape)
    return _finish(writer, path, "f32", None)


def build_mtp(
    path: str | Path,
    *,
    n_heads: int = 1,
    has_head_weights: bool = True,
    n_ctx_train: int = 512,
    n_layers: int = 3,
    n_embd: int = 64,
    n_vocab: int = 640,
    n_expert: int = 4,
    metadata: Mapping[str, Any] | None = None,
    seed: int = 9,
) -> Path:
    """A GLM 4 mixture of experts with multi-token heads, whose weights are left out without `has_head_weights`.

    A token follows mostly from the one before, which the head continues from as the model does; what it reads of the
    model's state stirs that. So some of its guesses are right.
    """
    n_ff = 64
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 2 * n_ff, n_vocab)
    writer = _writer(path, "glm4moe", "Tiny multi-token", 0)
    _add_shape(writer, shape)
    writer.kv_data[0].pop("glm4moe.block_count")
    writer.add_block_count(n_layers + n_heads)
    writer.add_uint32("glm4moe.nextn_predict_layers", n_heads)
    writer.add_expert_count(n_expert)
    writer.add_expert_used_count(2)
    writer.add_expert_shared_count(1)
    writer.add_expert_feed_forward_length(n_ff)
    writer.add_leading_dense_block_count(1)
    writer.add_expert_weights_scale(1.0)
    writer.add_expert_weights_norm(True)
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
    weights = _Weights(writer, "f32", seed)
    weights.add_ends(_add_vocabulary(writer, n_vocab, CHATML, NEVER), n_embd)
    rng = np.random.default_rng(seed)
    kept = np.ones((n_embd, 1), np.float32)
    kept[0] = 0.0  # the constant is kept
    sides = {"gate": (n_ff, n_embd), "up": (n_ff, n_embd), "down": (n_embd, n_ff)}
    for layer in range(n_layers + (n_heads if has_head_weights else 0)):
        weights.add_attention(layer, shape, gain=0.2)
        writer.add_tensor(f"blk.{layer}.post_attention_norm.weight", np.ones(n_embd, np.float32))
        if not layer:
            for name, (n_out, n_in) in sides.items():
                size = (2 * n_out, n_in) if name != "down" else (n_out, 2 * n_in)
                values = _normal(rng, size, 0.04)
                writer.add_tensor(f"blk.0.ffn_{name}.weight", values * kept if name == "down" else values)
            continue
        writer.add_tensor(f"blk.{layer}.ffn_gate_inp.weight", _normal(rng, (n_expert, n_embd), 0.2))
        writer.add_tensor(f"blk.{layer}.exp_probs_b.bias", np.zeros(n_expert, np.float32))
        for name, dims in sides.items():
            for kind, size in (("exps", (n_expert, *dims)), ("shexp", dims)):
                values = _normal(rng, size, 0.04)
                values = values * kept if name == "down" else values
                writer.add_tensor(f"blk.{layer}.ffn_{name}_{kind}.weight", values)
        if layer >= n_layers:
            both = np.concatenate((2.2 * np.eye(n_embd), 0.2 * np.eye(n_embd)), axis=1).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.nextn.eh_proj.weight", both)
            for norm in ("enorm", "hnorm", "shared_head_norm"):
                writer.add_tensor(f"blk.{layer}.nextn.{norm}.weight", np.ones(n_embd, np.float32))
    return _finish(writer, path, "f32", metadata)


def build_mtp_hybrid(
    path: str | Path,
    *,
    n_ctx_train: int = 512,
    n_layers: int = 4,
    n_embd: int = 64,
    n_vocab: int = 640,
    seed: int = 10,
) -> Path:
    """A Qwen 3.5 with a multi-token head: every other layer a gated delta net, whose state llama.cpp can take back."""
    state, groups, head = 16, 2, 32
    shape = _Shape(n_ctx_train, n_layers, n_embd, 2, 1, 128, n_vocab)
    writer = _writer(path, "qwen35", "Tiny hybrid multi-token", 0)
    _add_shape(writer, shape)
    writer.kv_data[0].pop("qwen35.block_count")
    writer.add_block_count(n_layers + 1)
    writer.add_uint32("qwen35.nextn_predict_layers", 1)
    writer.add_uint32("qwen35.full_attention_interval", 2)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_sections([6, 5, 5, 0])
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_inner_size(groups * state)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(groups)
    writer.add_ssm_group_count(groups)
    weights = _Weights(writer, "f32", seed)
    weights.add_ends(_add_vocabulary(writer, n_vocab, CHATML, NEVER), n_embd)
    rng = np.random.default_rng(seed)
    small, inner = 0.12, groups * state
    delta = {
        "attn_qkv.weight": (3 * inner, n_embd), "attn_gate.weight": (inner, n_embd), "ssm_norm.weight": (state,),
        "ssm_conv1d.weight": (3 * inner, 4), "ssm_dt.bias": (groups,), "ssm_beta.weight": (groups, n_embd),
        "ssm_alpha.weight": (groups, n_embd), "ssm_out.weight": (n_embd, inner),
    }  # fmt: skip
    full = {
        "attn_q.weight": (4 * head, n_embd), "attn_k.weight": (head, n_embd), "attn_v.weight": (head, n_embd),
        "attn_output.weight": (n_embd, 2 * head),
    }  # fmt: skip
    both = {
        "ffn_gate.weight": (128, n_embd),
        "ffn_up.weight": (128, n_embd),
        "ffn_down.weight": (n_embd, 128),
    }
    for layer in range(n_layers + 1):
        is_full = layer % 2 == 1 or layer == n_layers
        for name, dims in {**(full if is_full else delta), **both}.items():
            values = _normal(rng, dims, small)
            if name in {"attn_output.weight", "ssm_out.weight", "ffn_down.weight"}:
                values = values * np.float32(0.3)
                values[0] = 0.0  # the constant is kept
            writer.add_tensor(f"blk.{layer}.{name}", values)
        if not is_full:
            writer.add_tensor(f"blk.{layer}.ssm_a", -np.abs(_normal(rng, (groups,), 1.0)))
        for norm in ("attn_norm", "post_attention_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(n_embd, np.float32))
        for norm in ("attn_q_norm", "attn_k_norm") if is_full else ():
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(head, np.float32))
        if layer == n_layers:
            mixed = np.concatenate((2.2 * np.eye(n_embd), 0.2 * np.eye(n_embd)), axis=1).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.nextn.eh_proj.weight", mixed)
            for norm in ("enorm", "hnorm", "shared_head_norm"):
                writer.add_tensor(f"blk.{layer}.nextn.{norm}.weight", np.ones(n_embd, np.float32))
    return _finish(writer, path, "f32", None)


def build_mtp_several(
    path: str | Path,
    *,
    n_heads: int = 2,
    n_layers: int = 3,
    n_embd: int = 64,
    n_vocab: int = 640,
    seed: int = 11,
) -> Path:
    """A dense Hy 3 with several multi-token heads, each of them for one place of a draft."""
    shape = _Shape(512, n_layers, n_embd, 2, 1, 128, n_vocab)
    writer = _writer(path, "hy_v3", "Tiny several heads", 0)
    _add_shape(writer, shape)
    writer.kv_data[0].pop("hy_v3.block_count")
    writer.add_block_count(n_layers + n_heads)
    writer.add_uint32("hy_v3.nextn_predict_layers", n_heads)
    writer.add_expert_feed_forward_length(64)
    weights = _Weights(writer, "f32", seed)
    weights.add_ends(_add_vocabulary(writer, n_vocab, CHATML, NEVER), n_embd)
    rng = np.random.default_rng(seed)
    for layer in range(n_layers + n_heads):
        weights.add_attention(layer, shape, gain=0.2)
        for norm in ("attn_q_norm", "attn_k_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(n_embd // 2, np.float32))
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", np.ones(n_embd, np.float32))
        for name, dims in {"gate": (128, n_embd), "up": (128, n_embd), "down": (n_embd, 128)}.items():
            values = _normal(rng, dims, 0.04)
            if name == "down":
                values[0] = 0.0  # the constant is kept
            writer.add_tensor(f"blk.{layer}.ffn_{name}.weight", values)
        if layer >= n_layers:
            mixed = np.concatenate((2.2 * np.eye(n_embd), 0.2 * np.eye(n_embd)), axis=1).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.nextn.eh_proj.weight", mixed)
            for norm in ("enorm", "hnorm", "shared_head_norm"):
                writer.add_tensor(f"blk.{layer}.nextn.{norm}.weight", np.ones(n_embd, np.float32))
    return _finish(writer, path, "f32", None)


def build_lora(
    path: str | Path, base: str | Path, *, rank: int = 4, alpha: float = 8.0, seed: int = 4
) -> Path:
    """A LoRA adapter for every attention query and output matrix of `base`, strong enough to show."""
    reader = gguf.GGUFReader(str(base))
    writer = gguf.GGUFWriter(str(path), str(reader.fields["general.architecture"].contents()))
    writer.add_type("adapter")
    writer.add_name("Tiny adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    rng = np.random.default_rng(seed)
    for tensor in reader.tensors:
        if tensor.name.endswith(("attn_q.weight", "attn_output.weight")):
            n_in, n_out = (int(n) for n in tensor.shape)
            writer.add_tensor(f"{tensor.name}.lora_a", _normal(rng, (rank, n_in), n_in**-0.5))
            writer.add_tensor(f"{tensor.name}.lora_b", _normal(rng, (n_out, rank), 1.0))
    return _write(writer, path)


def build_projector(path: str | Path, *, n_layers: int = 2, n_embd: int = 64, n_embd_text: int = 64) -> Path:
    """A vision projector (mmproj): CLIP with a two-layer perceptron, for pictures of 28 by 28 dots."""
    writer = gguf.GGUFWriter(str(path), "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    numbers = {"image_size": 28, "patch_size": 14, "embedding_length": n_embd, "feed_forward_length": 128}
    numbers |= {"block_count": n_layers, "projection_dim": n_embd_text, "attention.head_count": 2}
    for key, number in numbers.items():
        writer.add_uint32(f"clip.vision.{key}", number)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    shapes: dict[str, tuple[int, ...]] = {
        "v.patch_embd.weight": (n_embd, 3, 14, 14), "v.position_embd.weight": (5, n_embd), "v.class_embd": (n_embd,),
        "v.pre_ln.weight": (n_embd,), "v.pre_ln.bias": (n_embd,), "mm.0.weight": (n_embd_text, n_embd),
        "mm.0.bias": (n_embd_text,), "mm.2.weight": (n_embd_text, n_embd_text), "mm.2.bias": (n_embd_text,),
    }  # fmt: skip
    for layer in range(n_layers):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            shapes |= {
                f"v.blk.{layer}.{name}.weight": (n_embd, n_embd),
                f"v.blk.{layer}.{name}.bias": (n_embd,),
            }
        for name in ("ln1", "ln2"):
            shapes |= {f"v.blk.{layer}.{name}.weight": (n_embd,), f"v.blk.{layer}.{name}.bias": (n_embd,)}
        shapes |= {f"v.blk.{layer}.ffn_up.weight": (128, n_embd), f"v.blk.{layer}.ffn_up.bias": (128,)}
        shapes |= {f"v.blk.{layer}.ffn_down.weight": (n_embd, 128), f"v.blk.{layer}.ffn_down.bias": (n_embd,)}
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, np.float32))
    return _write(writer, path)


def build_control_vector(path: str | Path, base: str | Path, *, strength: float = 1.0, seed: int = 5) -> Path:
    """A control vector with a direction for each layer of `base` but layer 0, which cannot be steered."""
    fields = gguf.GGUFReader(str(base)).fields
    architecture = str(fields["general.architecture"].contents())
    n_layers = int(fields[f"{architecture}.block_count"].contents())
    n_embd = int(fields[f"{architecture}.embedding_length"].contents())
    writer = gguf.GGUFWriter(str(path), "controlvector")
    writer.add_string("controlvector.model_hint", architecture)
    writer.add_uint32("controlvector.layer_count", n_layers - 1)
    rng = np.random.default_rng(seed)
    for layer in range(1, n_layers):
        direction = _normal(rng, (n_embd,), strength)
        direction[0] = 0.0
        writer.add_tensor(f"direction.{layer}", direction)
    return _write(writer, path)


def build_random(
    path: str | Path,
    n_params: int = 20_000_000,
    type: str = "q8_0",  # noqa: A002
    *,
    n_ctx_train: int = 8192,
    n_active_layers: int | None = None,
    is_draft: bool = False,
    seed: int = 6,
) -> Path:
    """A llama of about `n_params` Q8_0 weights for benchmarks: 500M (530 MB) take a second or two.

    The weights are bytes from one random pool with scales that keep activations sane, written tensor by
    tensor, so memory use stays small. Vocabulary and template are as in the small ones; it never ends a turn.

    Of its layers only the first `n_active_layers` do anything, all by default; the others cost what they cost and
    add nothing. `is_draft` leaves those out: a small model that says what the large one says. Without any active
    layer a token follows from the one before alone, and greedy text soon goes round in circles.
    """
    if type != "q8_0":
        raise ValueError("only q8_0 can be written directly from random bytes")
    n_embd, n_vocab = next((e, v) for limit, e, v in _WIDTHS if n_params <= limit)
    n_ff = (n_embd * 11 // 4) // 32 * 32
    per_layer = 3 * n_embd * n_embd + 3 * n_embd * n_ff + 2 * n_embd
    n_layers = max(1, round((n_params - 2 * n_vocab * n_embd) / per_layer))
    n_active = n_layers if n_active_layers is None else n_active_layers
    depth_gain = (2.0 * n_layers) ** -0.5
    n_layers = max(1, n_active) if is_draft else n_layers
    shape = _Shape(n_ctx_train, n_layers, n_embd, n_embd // 64, n_embd // 128, n_ff, n_vocab)
    writer = _writer(path, "llama", f"Random {n_params / 1e6:.0f}M", 0)
    _add_shape(writer, shape)
    words = _add_vocabulary(writer, n_vocab, CHATML, NEVER)
    writer.add_file_type(_FILE_TYPES["q8_0"])
    writer.add_quantization_version(2)
    _RandomBlocks(writer, seed, depth_gain, n_active).write(shape, words.bias)
    return Path(path)


# Parameters up to, embedding width, vocabulary.
_WIDTHS = ((5_000_000, 128, 2048), (60_000_000, 384, 4096), (250_000_000, 768, 8192), (10**12, 1280, 16384))


@dataclass(frozen=True)
class _Shape:
    n_ctx_train: int
    n_layers: int
    n_embd: int
    n_head: int
    n_head_kv: int
    n_ff: int
    n_vocab: int

    @property
    def n_embd_kv(self) -> int:
        return self.n_embd // self.n_head * self.n_head_kv


class _Weights:
    """Adds seeded random tensors; matrices in the asked type, vectors in f32."""

    def __init__(self, writer: gguf.GGUFWriter, quantisation: str, seed: int) -> None:
        self._writer = writer
        self._type = _TYPES[quantisation]
        self._rng = np.random.default_rng(seed)

    def add_ends(
        self,
        words: Vocabulary,
        n_embd: int,
        embedding_scale: float = 1.0,
        norm_name: str = "output_norm.weight",
    ) -> None:
        n_vocab = len(words.tokens)
        embedding = _normal(self._rng, (n_vocab, n_embd), 1.0)
        embedding[:, 0] = 2.0 * n_embd**0.5
        self._matrix("token_embd.weight", embedding * np.float32(embedding_scale))
        output = _normal(self._rng, (n_vocab, n_embd), 5.0 * n_embd**-0.5)
        output[words.bias <= NEVER] = 0.0
        # After the norm the constant is about 6 in shallow models: six times a row's first number.
        output[:, 0] = words.bias / 6.0
        self._matrix("output.weight", output)
        self._writer.add_tensor(norm_name, np.ones(n_embd, np.float32))

    def add_attention(self, layer: int, shape: _Shape, *, gain: float = 2.0) -> None:
        n_embd = shape.n_embd
        self._norm(layer, "attn_norm", n_embd)
        self._linear(layer, "attn_q", n_embd, n_embd, 4.0)
        self._linear(layer, "attn_k", n_embd, shape.n_embd_kv, 4.0)
        self._linear(layer, "attn_v", n_embd, shape.n_embd_kv, 3.0)
        self._linear(layer, "attn_output", n_embd, n_embd, gain, keep_constant=True)

    def add_feed_forward(self, layer: int, shape: _Shape) -> None:
        self._norm(layer, "ffn_norm", shape.n_embd)
        self._linear(layer, "ffn_gate", shape.n_embd, shape.n_ff, 3.0)
        self._linear(layer, "ffn_up", shape.n_embd, shape.n_ff, 3.0)
        self._linear(layer, "ffn_down", shape.n_ff, shape.n_embd, 1.0, keep_constant=True)

    def add_experts(self, layer: int, shape: _Shape, n_expert: int) -> None:
        n_embd, n_ff = shape.n_embd, shape.n_ff
        self._norm(layer, "ffn_norm", n_embd)
        router = _normal(self._rng, (n_expert, n_embd), 2.0 * n_embd**-0.5)
        self._writer.add_tensor(f"blk.{layer}.ffn_gate_inp.weight", router)
        for name, n_in, n_out, gain in (
            ("gate", n_embd, n_ff, 3.0),
            ("up", n_embd, n_ff, 3.0),
            ("down", n_ff, n_embd, 1.0),
        ):
            experts = _normal(self._rng, (n_expert, n_out, n_in), gain * n_in**-0.5)
            if name == "down":
                experts[:, 0, :] = 0.0
            self._matrix(f"blk.{layer}.ffn_{name}_exps.weight", experts)

    def _linear(
        self, layer: int, name: str, n_in: int, n_out: int, gain: float, *, keep_constant: bool = False
    ) -> None:
        weight = _normal(self._rng, (n_out, n_in), gain * n_in**-0.5)
        if keep_constant:
            weight[0] = 0.0
        else:
            weight[:, 0] = 0.0
        self._matrix(f"blk.{layer}.{name}.weight", weight)

    def _norm(self, layer: int, name: str, width: int) -> None:
        self._writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))

    def _matrix(self, name: str, values: np.ndarray) -> None:
        if self._type in (_Q.F32, _Q.F16):
            self._writer.add_tensor(name, values.astype(np.float32 if self._type == _Q.F32 else np.float16))
        else:
            self._writer.add_tensor(name, gguf.quantize(values, self._type), raw_dtype=self._type)


class _RandomBlocks:
    """Q8_0 tensors straight from random bytes: a block is a half-precision scale and 32 signed bytes."""

    _POOL_BLOCKS = 1 << 18

    def __init__(self, writer: gguf.GGUFWriter, seed: int, depth_gain: float, n_active_layers: int) -> None:
        self._writer = writer
        self._depth_gain = depth_gain
        self._idle = n_active_layers  # from this layer on they add nothing
        pool = np.frombuffer(np.random.default_rng(seed).bytes(self._POOL_BLOCKS * 34), np.uint8)
        self._pool = pool.reshape(-1, 34).copy()
        self._at = 0

    def write(self, shape: _Shape, bias: np.ndarray) -> None:
        matrices = self._matrices(shape)
        vectors = ["output_norm"]
        vectors += [f"blk.{i}.{norm}" for i in range(shape.n_layers) for norm in ("attn_norm", "ffn_norm")]
        for name, (n_out, n_in, _gain) in matrices.items():
            n_bytes = n_out * n_in // 32 * 34
            self._writer.add_tensor_info(
                f"{name}.weight", (n_out, n_in // 32 * 34), np.dtype(np.uint8), n_bytes, raw_dtype=_Q.Q8_0
            )
        for name in vectors:
            dtype = np.dtype(np.float32)
            self._writer.add_tensor_info(f"{name}.weight", (shape.n_embd,), dtype, shape.n_embd * 4)
        self._writer.write_header_to_file()
        self._writer.write_kv_data_to_file()
        self._writer.write_ti_data_to_file()
        for name, (n_out, n_in, gain) in matrices.items():
            self._writer.write_tensor_data(self._tensor(name, n_out, n_in, gain, bias))
        for _name in vectors:
            self._writer.write_tensor_data(np.ones(shape.n_embd, np.float32))
        self._writer.close()

    def _matrices(self, shape: _Shape) -> dict[str, tuple[int, int, float]]:
        n_embd, n_ff = shape.n_embd, shape.n_ff
        depth_gain = self._depth_gain
        matrices = {
            "token_embd": (shape.n_vocab, n_embd, n_embd**0.5),
            "output": (shape.n_vocab, n_embd, 5.0),
        }
        for i in range(shape.n_layers):
            matrices[f"blk.{i}.attn_q"] = (n_embd, n_embd, 2.0)
            matrices[f"blk.{i}.attn_k"] = (shape.n_embd_kv, n_embd, 2.0)
            matrices[f"blk.{i}.attn_v"] = (shape.n_embd_kv, n_embd, 2.0)
            matrices[f"blk.{i}.attn_output"] = (n_embd, n_embd, 2.0 * depth_gain)
            matrices[f"blk.{i}.ffn_gate"] = (n_ff, n_embd, 2.0)
            matrices[f"blk.{i}.ffn_up"] = (n_ff, n_embd, 2.0)
            matrices[f"blk.{i}.ffn_down"] = (n_embd, n_ff, 2.0 * depth_gain)
        return matrices

    def _tensor(self, name: str, n_out: int, n_in: int, gain: float, bias: np.ndarray) -> np.ndarray:
        scale = gain * n_in**-0.5 / 73.6  # the deviation of uniform signed bytes
        blocks = self._blocks(n_out * (n_in // 32), scale).reshape(n_out, n_in // 32, 34)
        if name.endswith(("attn_output", "ffn_down")):
            blocks[0, :, 2:] = 0
            if int(name.split(".")[1]) >= self._idle:
                blocks[:, :, 2:] = 0
        elif name == "token_embd":
            # One block of tall scale: the constant takes all of it, its 31 neighbours lose four bits.
            signed = blocks[:, 0, 2:].view(np.int8)
            signed >>= 4
            signed[:, 0] = 127
            blocks[:, 0, :2] = _half(scale * 16)
        else:
            blocks[:, 0, 2] = 0
        if name == "output":
            never = bias <= NEVER
            blocks[never, :, 2:] = 0
            blocks[never, 0, 2] = np.int8(-127).view(np.uint8)
            blocks[never, 0, :2] = _half(4.0 / 127)
        return blocks.reshape(n_out, -1)

    def _blocks(self, n_blocks: int, scale: float) -> np.ndarray:
        start = self._at
        self._at = (start + n_blocks * 7 + 1) % self._POOL_BLOCKS
        blocks = np.empty((n_blocks, 34), np.uint8)
        done = 0
        while done < n_blocks:
            piece = self._pool[start : start + n_blocks - done]
            blocks[done : done + len(piece)] = piece
            done, start = done + len(piece), 0
        blocks[:, :2] = _half(scale)
        return blocks


def _half(value: float) -> np.ndarray:
    return np.frombuffer(struct.pack("<e", value), np.uint8)


def _normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    return rng.standard_normal(shape, np.float32) * np.float32(deviation)


def _writer(path: str | Path, architecture: str, name: str, tensors_per_file: int) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(str(path), architecture, split_max_tensors=tensors_per_file)
    writer.add_type("model")
    writer.add_name(name)
    return writer


def _add_shape(writer: gguf.GGUFWriter, shape: _Shape) -> None:
    writer.add_context_length(shape.n_ctx_train)
    writer.add_embedding_length(shape.n_embd)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.n_embd // shape.n_head)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(shape.n_vocab)


def _add_vocabulary(
    writer: gguf.GGUFWriter, n_vocab: int, chat_template: str | None, eos_logit: float
) -> Vocabulary:
    words = vocabulary(n_vocab, eos_logit)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words.tokens)
    writer.add_token_scores(words.scores)
    writer.add_token_types(words.types)
    writer.add_unk_token_id(UNKNOWN_ID)
    writer.add_bos_token_id(BOS_ID)
    writer.add_eos_token_id(words.im_end_id)
    writer.add_eot_token_id(words.im_end_id)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    return words


def _finish(
    writer: gguf.GGUFWriter, path: str | Path, quantisation: str, metadata: Mapping[str, Any] | None
) -> Path:
    writer.add_file_type(_FILE_TYPES[quantisation])
    if quantisation.startswith("q"):
        writer.add_quantization_version(2)
    for key, value in (metadata or {}).items():
        writer.kv_data[0].pop(key, None)
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, list):
            writer.add_array(key, value)
        else:
            writer.add_string(key, str(value))
    return _write(writer, path)


def _write(writer: gguf.GGUFWriter, path: str | Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    whole = Path(path)
    parts = sorted(whole.parent.glob(f"{whole.stem}-00001-of-*.gguf"))
    return parts[0] if parts and not whole.exists() else whole
