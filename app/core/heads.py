"""Models with built-in heads that guess several tokens ahead (multi-token prediction, MTP): which can be used."""

from __future__ import annotations

from typing import Final

from app.core.gguf import ModelFacts
from app.core.settings.problem import Problem, Reason

_ROW: Final = "draft_source"

# Architectures whose heads llama.cpp runs (LLM_GRAPH_TYPE_DECODER_MTP in src/models). With more heads than one those of
# the first group end the process (GGML_ASSERT). DeepSeek 4 and GLM 5 Next keep a memory of another kind for theirs.
_ONE_HEAD: Final = frozenset(
    {"glm4moe", "glm-dsa", "deepseek2", "deepseek32", "qwen35", "qwen35moe", "qwen3next"}
    | {"bailingmoe3", "cohere2moe", "nemotron_h_moe"}
)
_SEVERAL_HEADS: Final = frozenset({"hy_v3", "mimo2", "step35"})


def why_no_heads(model: ModelFacts) -> Problem | None:
    """Why `model` cannot guess by heads of its own; None where it can, if the build of llama.cpp can."""
    if not model.n_heads_ahead:
        return Problem(_ROW, "error", Reason.HEADS_MISSING)
    most = 1 if model.architecture in _ONE_HEAD else model.n_heads_ahead
    if model.architecture in _ONE_HEAD | _SEVERAL_HEADS and model.n_heads_ahead <= most:
        return None
    values = {"architecture": model.architecture, "n_heads": model.n_heads_ahead}
    return Problem(_ROW, "error", Reason.HEADS_UNKNOWN, values)


def unused_heads(model: ModelFacts) -> Problem | None:
    """What is to be said of the heads of a model that are not in use; None where it has none."""
    if not model.n_heads_ahead:
        return None
    if (why := why_no_heads(model)) is not None:
        return Problem(_ROW, "warning", why.reason, why.values)
    return Problem(_ROW, "warning", Reason.HEADS_UNUSED)
