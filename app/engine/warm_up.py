"""The first decode of a model, which reads all its weights once."""

from __future__ import annotations

from typing import Any

from app.engine.bindings import lib


def warm_up(context: Any, token: int, *, has_experts: bool) -> bool:
    """Decode `token` with all weights at work and forget it again; False where llama.cpp cannot run the model.

    So the first reply is not slowed by reading them (as llama-server does it).
    """
    tokens = (lib.llama_token * 2)(token, token)
    lib.llama_set_warmup(context, True)
    code = lib.llama_decode(context, lib.llama_batch_get_one(tokens, 1))
    lib.llama_set_warmup(context, False)
    if code >= 0 and has_experts:
        # The graph of the warm-up, in which all experts have a part, would serve for the next batch of one token too:
        # llama.cpp does not look at the warm-up where it reuses a graph. A batch of another size ends it.
        code = lib.llama_decode(context, lib.llama_batch_get_one(tokens, 2))
    lib.llama_memory_clear(lib.llama_get_memory(context), True)
    lib.llama_synchronize(context)
    return code >= 0
