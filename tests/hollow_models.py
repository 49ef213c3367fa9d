"""GGUF files of any size without weights: a true header and a hole. They take kilobytes and cannot be loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

_Q8 = gguf.GGMLQuantizationType.Q8_0


@dataclass(frozen=True)
class Shape:
    """The numbers that a model's size follows from; `n_expert` 0 is a dense model."""

    n_layers: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int
    n_vocab: int = 128_256
    n_ctx_train: int = 131_072
    n_expert: int = 0
    n_expert_used: int = 0
    head_size: int = 128


LLAMA_1B = Shape(16, 2048, 8192, 32, 8, head_size=64)
LLAMA_8B = Shape(32, 4096, 14336, 32, 8)
QWEN_30_LAYERS = Shape(30, 2560, 9728, 32, 8, n_vocab=151_936)
LLAMA_70B = Shape(80, 8192, 28672, 64, 8)
MIXTURE_235B = Shape(94, 4096, 1536, 64, 4, n_vocab=151_936, n_expert=128, n_expert_used=8)
LLAMA_405B = Shape(126, 16384, 53248, 128, 8)


def build_hollow(
    path: Path,
    shape: Shape,
    *,
    has_vocabulary: bool = True,
    kind: gguf.GGMLQuantizationType = _Q8,
    file_type: int = 7,
) -> Path:
    """A model of architecture llama (qwen3moe with experts) of this shape, in a sparse file; Q8_0 unless `kind` says.

    With a vocabulary its header holds `n_vocab` token texts, scores and types and as many merges, as real ones do.
    """
    writer = gguf.GGUFWriter(str(path), "qwen3moe" if shape.n_expert else "llama")
    writer.add_type("model")
    writer.add_name(path.stem)
    _add_shape(writer, shape)
    writer.add_file_type(file_type)
    n_weights, n_block_bytes = gguf.GGML_QUANT_SIZES[kind]
    _add_vocabulary(writer, shape.n_vocab if has_vocabulary else 0)
    n_bytes = 0
    for name, dims in _tensors(shape):
        is_vector = len(dims) == 1
        size_bytes = (
            dims[0] * 4 if is_vector else int(np.prod(dims, dtype=np.int64)) // n_weights * n_block_bytes
        )
        kind_of_array = np.dtype(np.float32) if is_vector else np.dtype(np.uint8)
        stored = dims if is_vector else (*dims[:-1], dims[-1] // n_weights * n_block_bytes)
        writer.add_tensor_info(name, stored, kind_of_array, size_bytes, raw_dtype=None if is_vector else kind)
        n_bytes += -(-size_bytes // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    header_bytes = -(-path.stat().st_size // 32) * 32
    with path.open("r+b") as file:
        file.truncate(header_bytes + n_bytes)
    return path


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.n_ctx_train)
    writer.add_embedding_length(shape.n_embd)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    if shape.n_expert:
        writer.add_expert_count(shape.n_expert)
        writer.add_expert_used_count(shape.n_expert_used)
        writer.add_expert_feed_forward_length(shape.n_ff)


def _add_vocabulary(writer: gguf.GGUFWriter, n_vocab: int) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    if n_vocab:
        writer.add_token_list([f"t{n:06d}" for n in range(n_vocab)])
        writer.add_token_types([1] * n_vocab)
        writer.add_token_merges([f"t{n:05d} {n % 10}" for n in range(n_vocab)])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(1)


def _tensors(shape: Shape) -> list[tuple[str, tuple[int, ...]]]:
    """(name, dimensions with the slowest first) of every tensor."""
    n_embd, n_q, n_kv = shape.n_embd, shape.n_head * shape.head_size, shape.n_head_kv * shape.head_size
    found: list[tuple[str, tuple[int, ...]]] = [("token_embd.weight", (shape.n_vocab, n_embd))]
    for layer in range(shape.n_layers):
        block: dict[str, tuple[int, ...]] = {
            "attn_norm": (n_embd,),
            "attn_q": (n_q, n_embd),
            "attn_k": (n_kv, n_embd),
            "attn_v": (n_kv, n_embd),
            "attn_output": (n_embd, n_q),
            "ffn_norm": (n_embd,),
        }
        if shape.n_expert:
            block |= {"attn_q_norm": (shape.head_size,), "attn_k_norm": (shape.head_size,)}
            block |= {"ffn_gate_inp": (shape.n_expert, n_embd)}
            block |= dict.fromkeys(("ffn_gate_exps", "ffn_up_exps"), (shape.n_expert, shape.n_ff, n_embd))
            block |= {"ffn_down_exps": (shape.n_expert, n_embd, shape.n_ff)}
        else:
            block |= dict.fromkeys(("ffn_gate", "ffn_up"), (shape.n_ff, n_embd))
            block |= {"ffn_down": (n_embd, shape.n_ff)}
        found += [(f"blk.{layer}.{name}.weight", dims) for name, dims in block.items()]
    return [*found, ("output_norm.weight", (n_embd,)), ("output.weight", (shape.n_vocab, n_embd))]
