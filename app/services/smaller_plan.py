"""A plan that takes less memory than one that did not work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.core.reasons import TAKE_MEMORY, DraftSource
from app.core.settings import LOAD

if TYPE_CHECKING:
    from app.core.gguf import ModelFacts

_SMALLEST_CONTEXT = 1024
_MODEST_CONTEXT = 8192
_SMALLEST_BATCH = 128


def smaller_plan(
    values: Mapping[str, Any], facts: ModelFacts | None, *, can_offload: bool = True
) -> dict[str, Any]:
    """`values` with half the context, smaller batches, one slot, no draft model or heads and fewer layers offloaded.

    The result holds only what differs from the defaults; it equals `values` when nothing can be made smaller.
    """
    smaller = dict(values)
    n_ctx = _context(values, facts)
    if n_ctx > _SMALLEST_CONTEXT:
        smaller["n_ctx"] = max(_SMALLEST_CONTEXT, min(_MODEST_CONTEXT, n_ctx // 2))
    for key in ("n_batch", "n_ubatch"):
        size = LOAD.value(values, key)
        if isinstance(size, int) and size > _SMALLEST_BATCH:
            smaller[key] = max(_SMALLEST_BATCH, size // 2)
    if isinstance(LOAD.value(values, "n_seq_max"), int):
        smaller["n_seq_max"] = 1
    if LOAD.value(values, "draft_source") in TAKE_MEMORY:
        smaller["draft_source"] = DraftSource.OFF.value
    n_layers = facts.n_layers + 1 if facts is not None and can_offload else 0  # the output layer counts too
    offloaded = LOAD.value(values, "n_gpu_layers")
    if n_layers and isinstance(offloaded, int) and offloaded != 0:
        used = n_layers if offloaded < 0 else min(offloaded, n_layers)
        smaller["n_gpu_layers"] = used * 3 // 4
    clean, _ = LOAD.check(smaller)
    return LOAD.changed(clean)


def _context(values: Mapping[str, Any], facts: ModelFacts | None) -> int:
    """The context that `values` ask for, the model's own where they leave it to the model."""
    asked = LOAD.value(values, "n_ctx")
    if isinstance(asked, int) and asked > 0:
        return asked
    return facts.n_ctx_train if facts is not None else 0
