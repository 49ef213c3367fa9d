"""The reference: nothing but `llama_decode`, one token at a time, as llama.cpp's own bench does it.

    python tests/benchmarks/bare_loop.py MODEL N_PROMPT N_GENERATE N_THREADS N_CTX

Prints one JSON object. Tokens are random, nothing is sampled, no text is made.
"""

from __future__ import annotations

import ctypes
import json
import random
import sys
import time

import llama_cpp.llama_cpp as lib


def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    pass


def main(path: str, n_prompt: int, n_generate: int, n_threads: int, n_ctx: int) -> dict[str, float]:
    quiet = lib.llama_log_callback(_quiet)
    lib.llama_log_set(quiet, None)
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = n_ctx, n_threads, n_threads
    context = lib.llama_init_from_model(model, params)
    n_vocab = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    chance = random.Random(1)

    def decode(tokens: list[int]) -> None:
        array = (lib.llama_token * len(tokens))(*tokens)
        if lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens))) != 0:
            raise SystemExit("llama_decode failed")
        lib.llama_synchronize(context)

    decode([1, 2])  # the first decode pays for memory that is touched for the first time
    lib.llama_memory_clear(lib.llama_get_memory(context), False)
    started = time.perf_counter()
    for start in range(0, n_prompt, params.n_batch):
        decode([chance.randrange(n_vocab) for _ in range(min(params.n_batch, n_prompt - start))])
    prompted = time.perf_counter()
    for _ in range(n_generate):
        decode([chance.randrange(n_vocab)])
    ended = time.perf_counter()
    return {
        "prompt_ms": (prompted - started) * 1000,
        "generation_ms": (ended - prompted) * 1000,
        "n_generated": n_generate,
        "tokens_per_second": n_generate / (ended - prompted),
        "prompt_tokens_per_second": n_prompt / (prompted - started),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
