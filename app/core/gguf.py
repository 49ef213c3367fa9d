"""Model files: what a GGUF file (or a set of split files) is, cheaply, and its metadata for a viewer.

`facts` answers everything that the window, the settings' rules and the footprint need to know about a model
before it is loaded, in a few milliseconds, whatever the size of the vocabulary.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from app.core.gguf_format import GgufError, GgufReason, TensorType, quantisation_name
from app.core.gguf_header import Array, Header, Scalar, TensorInfo, Value, parse_header, read_header

__all__ = [
    "Array",
    "GgufError",
    "GgufReason",
    "Header",
    "MetadataItem",
    "ModelFacts",
    "ModelKind",
    "Scalar",
    "TensorInfo",
    "Value",
    "facts",
    "facts_of_headers",
    "files_of",
    "metadata_items",
    "parse_header",
    "part_number",
    "parts_of",
    "read_header",
    "tensors_of",
    "value_text",
]


class ModelKind(StrEnum):
    """What a GGUF file is for; only a MODEL can be chatted with."""

    MODEL = "model"
    EMBEDDING = "embedding"  # an encoder: texts to vectors
    ADAPTER = "adapter"  # LoRA
    PROJECTOR = "projector"  # mmproj: images or sound for another model
    CONTROL_VECTOR = "control_vector"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the header says of a model. Counts are 0, texts "" and flags False where the header is silent.

    `path` is the first part of a split model, `parts` all of them in order. `n_head_kv` is the largest of any
    layer; `n_head_kv_per_layer` is empty unless layers differ. `n_params` is counted from the tensors. `n_heads_ahead`
    are the multi-token heads (MTP, "next n" layers) that the model could guess its own continuation with.
    """

    path: str
    parts: tuple[str, ...]
    kind: ModelKind
    name: str
    architecture: str
    quantisation: str
    bits_per_weight: float
    n_params: int
    size_bytes: int
    n_ctx_train: int
    n_layers: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int
    n_head_kv_per_layer: tuple[int, ...]
    head_size_k: int
    head_size_v: int
    n_expert: int
    n_expert_used: int
    n_swa: int
    n_vocab: int
    tokenizer: str
    has_chat_template: bool
    rope_freq_base: float
    rope_scaling: str
    rope_scaling_factor: float
    rope_n_ctx_orig: int
    license: str
    n_heads_ahead: int = 0

    def to_json(self) -> dict[str, Any]:
        """Builtin types only."""
        return dataclasses.asdict(self) | {"kind": str(self.kind)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> ModelFacts:
        """The facts from `to_json`'s row; ValueError where it is another version's or damaged."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            value = row.get(field.name)
            value = tuple(cast("list[object]", value)) if isinstance(value, list) else value
            if not isinstance(value, _FIELD_TYPES[str(field.type)]):
                raise ValueError(f"{field.name} is missing or of another type")  # noqa: TRY004
            values[field.name] = value
        values["kind"] = ModelKind(values["kind"])
        return cls(**values)


_FIELD_TYPES: Final = {
    "str": str, "int": int, "float": float, "bool": bool, "ModelKind": str,
    "tuple[str, ...]": tuple, "tuple[int, ...]": tuple,
}  # fmt: skip


_PART_NAME: Final = re.compile(r"^(?P<stem>.+)-(?P<part>\d{5})-of-(?P<n_parts>\d{5})\.gguf$", re.IGNORECASE)
_MAX_PARTS: Final = 4096

# Encoders: llama.cpp computes embeddings with them and cannot generate.
_ENCODERS: Final = frozenset(
    {"bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3"}
    | {"eurobert", "gemma-embedding", "llama-embed", "t5encoder", "wavtokenizer-dec"}
)


def part_number(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    """(part, parts) from a name like name-00002-of-00005.gguf, else None."""
    match = _PART_NAME.match(Path(path).name)
    return (int(match["part"]), int(match["n_parts"])) if match else None


def parts_of(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """All files that the name of one part implies, existing or not; of any other name just itself."""
    whole = Path(path)
    match = _PART_NAME.match(whole.name)
    if match is None or not 1 <= int(match["n_parts"]) <= _MAX_PARTS:
        return (whole,)
    n_parts = int(match["n_parts"])
    suffix = whole.name[-len(".gguf") :]
    return tuple(
        whole.with_name(f"{match['stem']}-{n:05d}-of-{n_parts:05d}{suffix}") for n in range(1, n_parts + 1)
    )


def facts(path: str | os.PathLike[str]) -> ModelFacts:
    """What the model at `path` (any part of a split one) is; GgufError where it cannot be used."""
    header = read_header(path)
    paths = _files_of(Path(path), header)
    if len(paths) > 1:
        header = read_header(paths[0])
    return facts_of_headers(paths, [header, *(read_header(part) for part in paths[1:])])


def files_of(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The files of the model that `path` is, or is a part of; GgufError where it cannot be read or one is missing."""
    return _files_of(Path(path), read_header(path))


def _files_of(path: Path, header: Header) -> tuple[Path, ...]:
    n_parts = header.number("split.count")
    return _split_paths(path, n_parts) if n_parts > 1 else (path,)


def facts_of_headers(paths: Sequence[Path], headers: Sequence[Header]) -> ModelFacts:
    """What the model is whose parts, in order, have these paths and headers; GgufError as `facts`."""
    header = headers[0]
    tensors = [tensor for part in headers for tensor in part.tensors]
    for n, (path, part) in enumerate(zip(paths, headers, strict=True)):
        if n and part.number("split.no") != n:
            raise GgufError(GgufReason.SPLIT_MISMATCH, name=path.name)
    n_tensors = header.number("split.tensors.count")
    if len(paths) > 1 and n_tensors and n_tensors != len(tensors):
        raise GgufError(GgufReason.SPLIT_MISMATCH, name=paths[0].name)
    return _facts_of(header, tuple(paths), tensors, sum(part.size_bytes for part in headers))


def _split_paths(path: Path, n_parts: int) -> tuple[Path, ...]:
    paths = parts_of(path)
    if len(paths) != n_parts:
        raise GgufError(GgufReason.SPLIT_NAME, example=f"{path.stem}-00001-of-{n_parts:05d}.gguf")
    missing = [part.name for part in paths if not os.path.exists(part)]
    if missing:
        names = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise GgufError(GgufReason.MISSING_PARTS, n_missing=len(missing), n_parts=n_parts, names=names)
    return paths


def _facts_of(
    header: Header, paths: tuple[Path, ...], tensors: list[TensorInfo], size_bytes: int
) -> ModelFacts:
    arch = header.text("general.architecture")
    kind = _kind(header, arch)
    if not arch and kind is ModelKind.MODEL:
        raise GgufError(GgufReason.NO_ARCHITECTURE)
    if not tensors:
        raise GgufError(GgufReason.NO_TENSORS)
    n_embd, n_head = header.number(f"{arch}.embedding_length"), header.number(f"{arch}.attention.head_count")
    heads_kv = header.numbers(f"{arch}.attention.head_count_kv")
    n_params = sum(tensor.n_elements for tensor in tensors)
    head_size = n_embd // n_head if n_head else 0
    return ModelFacts(
        path=str(paths[0]),
        parts=tuple(map(str, paths)),
        kind=kind,
        name=header.text("general.name").strip() or _name_from_file(paths[0]),
        architecture=arch,
        quantisation=quantisation_name(header.metadata.get("general.file_type"), _dominating_type(tensors)),
        bits_per_weight=sum(t.size_bytes for t in tensors) * 8 / n_params if n_params else 0.0,
        n_params=n_params,
        size_bytes=size_bytes,
        n_ctx_train=header.number(f"{arch}.context_length"),
        n_layers=header.number(f"{arch}.block_count"),
        n_embd=n_embd,
        n_ff=header.number(f"{arch}.feed_forward_length"),
        n_head=n_head,
        n_head_kv=max(heads_kv, default=n_head),
        n_head_kv_per_layer=heads_kv if len(set(heads_kv)) > 1 else (),
        head_size_k=header.number(f"{arch}.attention.key_length") or head_size,
        head_size_v=header.number(f"{arch}.attention.value_length") or head_size,
        n_expert=header.number(f"{arch}.expert_count"),
        n_expert_used=header.number(f"{arch}.expert_used_count"),
        n_swa=header.number(f"{arch}.attention.sliding_window"),
        n_vocab=_n_vocab(header, arch, tensors),
        tokenizer=header.text("tokenizer.ggml.model"),
        has_chat_template=bool(header.text("tokenizer.chat_template").strip()),
        rope_freq_base=header.real(f"{arch}.rope.freq_base"),
        rope_scaling=header.text(f"{arch}.rope.scaling.type"),
        rope_scaling_factor=header.real(f"{arch}.rope.scaling.factor"),
        rope_n_ctx_orig=header.number(f"{arch}.rope.scaling.original_context_length"),
        license=header.text("general.license"),
        n_heads_ahead=_n_heads_ahead(header, arch, tensors),
    )


def _n_heads_ahead(header: Header, arch: str, tensors: Iterable[TensorInfo]) -> int:
    """The multi-token heads that the file really has: some are made without, and still name their number."""
    has_weights = any(tensor.name.endswith(".nextn.eh_proj.weight") for tensor in tensors)
    return header.number(f"{arch}.nextn_predict_layers") if has_weights else 0


def _kind(header: Header, arch: str) -> ModelKind:
    said = header.text("general.type")
    if said == "adapter":
        return ModelKind.ADAPTER
    if said == "mmproj" or arch == "clip":
        return ModelKind.PROJECTOR
    if arch == "controlvector":
        return ModelKind.CONTROL_VECTOR
    if said not in ("", "model"):  # an importance matrix, and whatever comes next
        return ModelKind.OTHER
    return ModelKind.EMBEDDING if arch in _ENCODERS else ModelKind.MODEL


def _name_from_file(path: Path) -> str:
    match = _PART_NAME.match(path.name)
    return match["stem"] if match else path.stem


def _dominating_type(tensors: Iterable[TensorInfo]) -> TensorType | None:
    """The type that most weights of the matrices have: norms and biases are always wide, and few."""
    n_weights = Counter[TensorType]()
    for tensor in tensors:
        if len(tensor.shape) > 1:
            n_weights[tensor.type] += tensor.n_elements
    return n_weights.most_common(1)[0][0] if n_weights else None


def _n_vocab(header: Header, arch: str, tensors: Iterable[TensorInfo]) -> int:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, Array):
        return tokens.n_items
    said = header.number(f"{arch}.vocab_size")
    embeddings = (t.shape[1] for t in tensors if t.name == "token_embd.weight" and len(t.shape) > 1)
    return said or next(embeddings, 0)


@dataclass(frozen=True, slots=True)
class MetadataItem:
    """One row of the metadata viewer. `text` is for people: long texts whole, arrays as their first items."""

    key: str
    type: str
    text: str


def metadata_items(path: str | os.PathLike[str]) -> list[MetadataItem]:
    """The metadata of a file in the file's order; of a truncated one too. GgufError as `read_header`."""
    header = read_header(path, allow_truncated=True)
    return [
        MetadataItem(key, header.value_types[key], value_text(value))
        for key, value in header.metadata.items()
    ]


def tensors_of(paths: Iterable[str | os.PathLike[str]], *, n_largest: int | None = None) -> list[TensorInfo]:
    """The tensors of all parts, in the files' order, or the `n_largest` in bytes, largest first."""
    tensors = [tensor for path in paths for tensor in read_header(path, allow_truncated=True).tensors]
    if n_largest is None:
        return tensors
    return sorted(tensors, key=lambda tensor: -tensor.size_bytes)[:n_largest]


def value_text(value: Value) -> str:
    """A metadata value as text: "[32000 items] <unk>, <s>, …" for an array."""
    if not isinstance(value, Array):
        return _scalar_text(value)
    shown = ", ".join(_scalar_text(item) for item in value.items[:8])
    return f"[{value.n_items} items] {shown}{', …' if value.n_items > 8 else ''}".rstrip()


def _scalar_text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.7g}" if isinstance(value, float) else str(value)
