"""Measuring what batches of some tokens take, once after loading, so that drafting need not find out by losing."""

from __future__ import annotations

import time
from typing import Any

from app.engine.bindings import lib
from app.engine.model import LoadedModel
from app.engine.step_costs import StepCosts

_BUDGET_S = 1.0
_N_ROUNDS = 3
_LARGEST = 17  # a larger batch is measured last: its time is about in proportion, and may be very long
_SIZES = (2, 4, 8, 3, 6, 12, 16, 5)  # after 1 and a large one: those between, the most telling first


def calibrate(loaded: LoadedModel, costs: StepCosts, n_largest: int) -> None:
    """Measure batches of 1 to `n_largest` tokens on the empty context, for a second at most.

    One token and one large batch are decoded however long that takes; a slow model's others are learned in use.
    """
    sizes = [1, min(n_largest, _LARGEST), *(size for size in _SIZES if size < n_largest), n_largest]
    batch = lib.llama_batch_init(n_largest, 0, 1)
    until_s = time.perf_counter() + _BUDGET_S
    try:
        for place, size in enumerate(dict.fromkeys(sizes)):
            measured_ms: list[float] = []
            n_needed = 1 if place < 2 else 0
            while len(measured_ms) < (_N_ROUNDS if time.perf_counter() < until_s else n_needed):
                measured_ms.append(_decode_ms(loaded, batch, size))
            if measured_ms and min(measured_ms) > 0:
                costs.learn(size, min(measured_ms))  # other programs can only make it longer
    finally:
        lib.llama_batch_free(batch)
        lib.llama_memory_clear(lib.llama_get_memory(loaded.context), False)


def _decode_ms(loaded: LoadedModel, batch: Any, size: int) -> float:
    """The time of decoding `size` tokens from an empty cache, with logits of each; 0 where that was not possible."""
    token = loaded.vocabulary.any_token
    for index in range(size):
        batch.token[index], batch.pos[index] = token, index
        batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, 0, 1
    batch.n_tokens = size
    lib.llama_memory_clear(lib.llama_get_memory(loaded.context), False)
    started_s = time.perf_counter()
    code = lib.llama_decode(loaded.context, batch)
    lib.llama_synchronize(loaded.context)
    return 0.0 if code else (time.perf_counter() - started_s) * 1000
