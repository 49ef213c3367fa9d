"""Measuring what batches of some tokens take, once after loading, so that drafting need not find out by losing."""

from __future__ import annotations

import time
from typing import Any

from app.engine.bindings import lib
from app.engine.model import LoadedModel
from app.engine.step_costs import StepCosts

_BUDGET_S = 1.0
_N_ROUNDS = 3
_SIZES = (2, 4, 8, 3, 6, 12, 16, 5)  # after 1 and the largest: those between, the most telling first


def calibrate(loaded: LoadedModel, costs: StepCosts, n_largest: int) -> None:
    """Measure batches of 1 to `n_largest` tokens on the empty context, for a second at most.

    The first two sizes are measured however long they take; a slow model's others are learned while it is used.
    """
    sizes = [1, n_largest, *(size for size in _SIZES if size < n_largest)]
    batch = lib.llama_batch_init(n_largest, 0, 1)
    started_s = time.perf_counter()
    try:
        for size in dict.fromkeys(sizes):
            if costs.knows(min(n_largest, 2)) and time.perf_counter() - started_s > _BUDGET_S:
                break
            measured_ms = [_decode_ms(loaded, batch, size) for _ in range(_N_ROUNDS)]
            if min(measured_ms) > 0:
                costs.learn(size, min(measured_ms))  # other programs can only make it longer
    finally:
        lib.llama_batch_free(batch)
        lib.llama_memory_clear(lib.llama_get_memory(loaded.context), False)


def _decode_ms(loaded: LoadedModel, batch: Any, size: int) -> float:
    """The time of decoding `size` tokens from an empty cache, with logits of each; 0 where that was not possible."""
    token = max(loaded.vocabulary.bos, loaded.vocabulary.eos, 0)
    for index in range(size):
        batch.token[index], batch.pos[index] = token, index
        batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, 0, 1
    batch.n_tokens = size
    lib.llama_memory_clear(lib.llama_get_memory(loaded.context), False)
    started_s = time.perf_counter()
    code = lib.llama_decode(loaded.context, batch)
    lib.llama_synchronize(loaded.context)
    return 0.0 if code else (time.perf_counter() - started_s) * 1000
