"""What checking a draft takes: nothing but `llama_decode` of 1, 2, ... tokens behind a text, taken back each time.

    python tests/benchmarks/bare_verify.py MODEL N_PAST N_MOST N_THREADS N_CTX

Prints one JSON object: {"step_ms": [[1, ms], [2, ms], ...]}, each the median of several, with logits of every token.
"""

from __future__ import annotations

import ctypes
import json
import random
import statistics
import sys
import time

import llama_cpp.llama_cpp as lib

N_ROUNDS = 9


def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    pass


def main(path: str, n_past: int, n_most: int, n_threads: int, n_ctx: int) -> dict[str, list[list[float]]]:
    quiet = lib.llama_log_callback(_quiet)
    lib.llama_log_set(quiet, None)
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = n_ctx, n_threads, n_threads
    context = lib.llama_init_from_model(model, params)
    memory = lib.llama_get_memory(context)
    n_vocab = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    chance = random.Random(1)
    batch = lib.llama_batch_init(max(n_past, n_most), 0, 1)

    def decode(position: int, count: int) -> float:
        for index in range(count):
            batch.token[index], batch.pos[index] = chance.randrange(n_vocab), position + index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = count <= n_most
        batch.n_tokens = count
        started = time.perf_counter()
        if lib.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")
        lib.llama_synchronize(context)
        return (time.perf_counter() - started) * 1000

    decode(0, n_past)
    sizes = range(1, n_most + 1)
    found: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(N_ROUNDS + 1):  # all sizes in each round: the first round is not counted
        for size in sizes:
            took_ms = decode(n_past, size)
            lib.llama_memory_seq_rm(memory, 0, n_past, -1)
            if number:
                found[size].append(took_ms)
    return {"step_ms": [[size, statistics.median(found[size])] for size in sizes]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
