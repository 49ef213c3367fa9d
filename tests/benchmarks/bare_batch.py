"""The reference: nothing but `llama_decode`, each time with one token for each of several sequences.

    python tests/benchmarks/bare_batch.py MODEL N_PARALLEL N_PROMPT N_GENERATE N_THREADS N_CTX UNIFIED

Prints one JSON object. Tokens are random, nothing is sampled, no text is made. What llama.cpp's own batched bench does,
in the context that a worker makes: as many logits as sequences, the same context, one shared cache or one for each.
"""

from __future__ import annotations

import ctypes
import json
import random
import sys
import time
from typing import Any

import llama_cpp.llama_cpp as lib


def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    pass


def main(
    path: str, n_parallel: int, n_prompt: int, n_generate: int, n_threads: int, n_ctx: int, unified: int
) -> dict[str, float]:
    quiet = lib.llama_log_callback(_quiet)
    lib.llama_log_set(quiet, None)
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = n_ctx, n_threads, n_threads
    params.n_seq_max = params.n_outputs_max = n_parallel
    params.kv_unified = bool(unified)
    context = lib.llama_init_from_model(model, params)
    n_vocab = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    chance = random.Random(1)
    batch: Any = lib.llama_batch_init(max(n_parallel, params.n_ubatch), 0, 1)

    def decode(entries: list[tuple[int, int]], *, logits: bool) -> None:
        for index, (seq_id, position) in enumerate(entries):
            batch.token[index] = chance.randrange(n_vocab)
            batch.pos[index], batch.n_seq_id[index], batch.logits[index] = position, 1, logits
            batch.seq_id[index][0] = seq_id
        batch.n_tokens = len(entries)
        if lib.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")
        lib.llama_synchronize(context)

    step = [(seq_id, 0) for seq_id in range(n_parallel)]
    decode(step, logits=True)  # the first decode pays for memory that is touched for the first time
    lib.llama_memory_clear(lib.llama_get_memory(context), False)
    started = time.perf_counter()
    prompts = [(seq_id, position) for seq_id in range(n_parallel) for position in range(n_prompt)]
    for start in range(0, len(prompts), params.n_ubatch):
        decode(prompts[start : start + params.n_ubatch], logits=False)
    prompted = time.perf_counter()
    for number in range(n_generate):
        decode([(seq_id, n_prompt + number) for seq_id in range(n_parallel)], logits=True)
    ended = time.perf_counter()
    return {
        "prompt_tokens_per_second": len(prompts) / (prompted - started),
        "tokens_per_second": n_generate * n_parallel / (ended - prompted),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
