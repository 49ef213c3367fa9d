"""What a search for plans that fit may change, and how the KV cache's types compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.core.settings.slots import CONTEXT_STEP

PLACEMENT = ("n_gpu_layers", "n_cpu_moe")
"""Where the layers go: what the search is for."""

SPLIT = "tensor_split"
"""What it may change besides, where there are several devices."""

DRAFT = "draft_source"
"""Whether there is a draft model beside it: given up where that lets more of the model itself be on the device."""

DRAFT_KV_KEYS = ("draft_type_k", "draft_type_v")
"""The draft model's cache: smaller, it costs accepted guesses at most, never the quality of a reply."""

KV_KEYS = ("type_k", "type_v")

CHANGEABLE = ("n_ctx", *PLACEMENT, *KV_KEYS, "n_ubatch", "offload_kqv", SPLIT, DRAFT, *DRAFT_KV_KEYS)
"""All load settings that the search may change, unless they are pinned."""

KV_LADDER = ("q8_0", "q4_0")
"""The smaller KV types that are tried, the better one first."""

UNQUANTISED = frozenset({"f32", "f16", "bf16"})

MIN_CONTEXT = 2048
"""Contexts are not offered smaller than this, unless less was asked for."""

_BITS = {"f32": 32, "q8_0": 8.5, "q5_1": 6, "q5_0": 5.5, "q4_1": 5, "q4_0": 4.5, "iq4_nl": 4.5}


def kv_bits(name: str) -> float:
    """Bits per value of a KV type, the blocks' scales included (ggml's block layouts)."""
    return _BITS.get(name, 16)


def smaller_contexts(n_ctx: int) -> Iterator[int]:
    """Halves of `n_ctx`, rounded as llama.cpp rounds contexts."""
    while n_ctx // 2 >= MIN_CONTEXT:
        n_ctx = n_ctx // 2 // CONTEXT_STEP * CONTEXT_STEP
        yield n_ctx


def smaller_kv(types: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What each step of `KV_LADDER` makes smaller of these KV types (row -> type); no step that changes nothing."""
    for name in KV_LADDER:
        if smaller := {key: name for key, held in types.items() if kv_bits(name) < kv_bits(held)}:
            yield smaller
