"""How llama.cpp divides a context among slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.core.settings.load_table import LOAD

if TYPE_CHECKING:
    from app.core.gguf import ModelFacts

CONTEXT_STEP = 256
"""llama.cpp rounds a context, and each slot's part of it, up to a multiple of this."""


def slot_context(load: Mapping[str, Any], facts: ModelFacts | None = None) -> int:
    """The tokens one conversation can have under these load settings; 0 where the model must be known."""
    n_ctx = LOAD.value(load, "n_ctx") or (facts.n_ctx_train if facts is not None else 0)
    n_ctx = _rounded(n_ctx)
    n_slots = LOAD.value(load, "n_seq_max")
    return n_ctx if LOAD.value(load, "kv_unified") else _rounded(n_ctx // n_slots)


def _rounded(n_tokens: int) -> int:
    return -(-n_tokens // CONTEXT_STEP) * CONTEXT_STEP
