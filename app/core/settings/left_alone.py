"""llama.cpp's parameters that are deliberately no settings, each with the reason.

A test compares the rows' targets and these lists with what the installed llama-cpp-python has, so that a parameter
added or dropped upstream is noticed and decided upon.
"""

from __future__ import annotations

_HEADS = "set by the engine where the model's own heads guess: see draft_source"
_ENGINE = "set by the engine itself for load progress and cancelling"

MODEL_PARAMS: dict[str, str] = {
    "progress_callback": _ENGINE,
    "progress_callback_user_data": _ENGINE,
    "vocab_only": "loads no weights, so nothing could be generated",
    "no_alloc": "loads nothing: it is how the memory footprint is measured",
    "no_host": "a trade-off between two kinds of host memory that repacking and offloading decide better",
    "lazy_mode": "llama.cpp's auto reads only such tensors on demand as are over 4 GiB, which is right",
    "load_mtp": _HEADS,
}
"""Fields of llama_model_params."""

CONTEXT_PARAMS: dict[str, str] = {
    "n_rs_seq": "set by the engine: while it guesses, as many states of a hybrid model are kept as guesses are made",
    "n_outputs_max": "set by the engine: its scheduler samples one token of each slot in a step",
    "n_outputs_max_per_seq": "one, llama.cpp's default, is what the scheduler samples of each slot",
    "ctx_type": _HEADS,
    "pooling_type": "only for embeddings, which a chat does not use",
    "attention_type": "only for embeddings, which a chat does not use",
    "embeddings": "only for embeddings, which a chat does not use",
    "defrag_thold": "deprecated: llama.cpp ignores it",
    "cb_eval": "a debugging hook",
    "cb_eval_user_data": "a debugging hook",
    "abort_callback": _ENGINE,
    "abort_callback_data": _ENGINE,
    "no_perf": "the scheduler takes its own timings, per slot",
    "samplers": "experimental: sampling on the device, without a grammar and for some samplers only",
    "n_samplers": "experimental: sampling on the device, without a grammar and for some samplers only",
    "ctx_other": _HEADS,
}
"""Fields of llama_context_params."""

SAMPLERS: dict[str, str] = {
    "llama_sampler_init": "makes samplers of one's own; no step of the chain",
    "llama_sampler_init_infill": "for filling in the middle of a text in an editor, not for chat",
    "llama_sampler_init_grammar_lazy": "deprecated in favour of the function with patterns",
    "llama_sampler_init_grammar_lazy_patterns": "a grammar that begins at a trigger, for calling tools",
}
"""Functions llama_sampler_init_*."""
