"""From trained weights to a GGUF file: written in F16 by the gguf library, quantised by llama.cpp."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
from network import RMS_EPSILON, ROPE_BASE, Network, Shape
from tokenizers import Tokenizer
from tokens import CHAT_TEMPLATE, END_OF_TEXT, PRE_TOKENIZER, SPECIAL, TURN_END

QUANTISATION = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
_TENSORS = {
    "token_embd": gguf.MODEL_TENSOR.TOKEN_EMBD,
    "output_norm": gguf.MODEL_TENSOR.OUTPUT_NORM,
    "attn_norm": gguf.MODEL_TENSOR.ATTN_NORM,
    "attn_q": gguf.MODEL_TENSOR.ATTN_Q,
    "attn_k": gguf.MODEL_TENSOR.ATTN_K,
    "attn_v": gguf.MODEL_TENSOR.ATTN_V,
    "attn_output": gguf.MODEL_TENSOR.ATTN_OUT,
    "ffn_norm": gguf.MODEL_TENSOR.FFN_NORM,
    "ffn_gate": gguf.MODEL_TENSOR.FFN_GATE,
    "ffn_up": gguf.MODEL_TENSOR.FFN_UP,
    "ffn_down": gguf.MODEL_TENSOR.FFN_DOWN,
}


@dataclass(frozen=True, slots=True)
class Card:
    """What the file says of itself."""

    name: str
    description: str
    size_label: str
    role: str  # "guide" or "draft": what Loadout uses it for
    corpus: str  # SHA-256 of the corpus it was trained on


def export(network: Network, tokenizer: Tokenizer, card: Card, path: Path) -> None:
    """Writes `network` to `path`, quantised to Q8_0. The F16 file beside it is removed again."""
    plain = path.with_suffix(".f16.gguf")
    _write(network, tokenizer, card, plain)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = QUANTISATION
    params.nthread = 2
    failed = llama_cpp.llama_model_quantize(str(plain).encode(), str(path).encode(), ctypes.byref(params))
    plain.unlink()
    if failed:
        raise OSError(f"llama.cpp could not quantise to {path}")


def _write(network: Network, tokenizer: Tokenizer, card: Card, path: Path) -> None:
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer, card)
    _shape(writer, network.shape)
    _vocabulary(writer, tokenizer)
    for name, weights in network.state_dict().items():
        values = weights.float().numpy()
        writer.add_tensor(_tensor_name(name), values if values.ndim == 1 else values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, card: Card) -> None:
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(card.name)
    writer.add_author("The Loadout project")
    writer.add_organization("Loadout")
    writer.add_license("mit")
    writer.add_license_name("MIT License")
    writer.add_description(card.description)
    writer.add_size_label(card.size_label)
    writer.add_languages(["en"])
    writer.add_tags(["text-generation", "demo"])
    writer.add_string("loadout.role", card.role)
    writer.add_string("loadout.corpus_sha256", card.corpus)
    writer.add_string("loadout.provenance", _PROVENANCE)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


_PROVENANCE = (
    "Trained from random weights by packaging/guide_model of the Loadout project, on texts that the project wrote; "
    "nothing in it comes from elsewhere."
)


def _shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_vocab_size(shape.n_vocab)
    writer.add_context_length(shape.n_ctx)
    writer.add_embedding_length(shape.n_embd)
    writer.add_block_count(shape.n_layer)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(RMS_EPSILON)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    described = json.loads(tokenizer.to_str())["model"]
    texts = [text for text, _ in sorted(described["vocab"].items(), key=lambda item: item[1])]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(texts)
    writer.add_token_types([control if text in SPECIAL else normal for text in texts])
    writer.add_token_merges(
        [merge if isinstance(merge, str) else " ".join(merge) for merge in described["merges"]]
    )
    writer.add_bos_token_id(texts.index(END_OF_TEXT))
    writer.add_eos_token_id(texts.index(TURN_END))
    writer.add_pad_token_id(texts.index(END_OF_TEXT))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensor_name(parameter: str) -> str:
    """llama.cpp's name for a weight of `Network`."""
    parts = parameter.split(".")
    if parts[0] == "blk":
        return gguf.TENSOR_NAMES[_TENSORS[parts[2]]].format(bid=parts[1]) + ".weight"
    return gguf.TENSOR_NAMES[_TENSORS[parts[0]]] + ".weight"
