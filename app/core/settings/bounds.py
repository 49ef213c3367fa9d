"""Limits and defaults that depend on the model and the computer, such as what a slider should span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.settings.load_table import LOAD
from app.core.settings.machine import Machine
from app.core.settings.problem import Reason
from app.core.settings.setting import Setting

if TYPE_CHECKING:
    from app.core.gguf import ModelFacts

_LAYER_KEYS = frozenset({"n_gpu_layers", "n_cpu_moe"})
UNSET_FOLLOWS = {"n_threads_batch": "n_threads"}
"""Rows that take another row's number while they are unset."""
_EXPERT_KEYS = frozenset({"n_cpu_moe", "n_expert_used"})
_TINY = 20_000_000  # parameters
_THREAD_KEYS = frozenset({"n_threads", "n_threads_batch", "draft_n_threads"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number's legal range (None is unlimited) and the part of it that a slider should span."""

    minimum: float | None
    maximum: float | None
    slider: tuple[float, float] | None


def bounds(setting: Setting, facts: ModelFacts | None = None, machine: Machine | None = None) -> Bounds:
    """The row's range, narrowed by what is known of the model and the computer.

    Only sliders are narrowed: a number beyond what the model needs is legal; `rules` says when it is unwise.
    The exception is the number of experts, which a model cannot exceed.
    """
    minimum, maximum, slider = setting.minimum, setting.maximum, setting.slider
    if facts is not None and slider is not None:
        if setting.key == "n_ctx" and facts.n_ctx_train:
            slider = (min(slider[0], facts.n_ctx_train), facts.n_ctx_train)
        elif setting.key in _LAYER_KEYS and facts.n_layers:
            # the output layer can be offloaded too, but holds no experts
            slider = (0, facts.n_layers + (1 if setting.key == "n_gpu_layers" else 0))
        elif setting.key == "n_expert_used" and facts.n_expert:
            maximum, slider = facts.n_expert, (1, facts.n_expert)
    if machine is not None and slider is not None and setting.key in _THREAD_KEYS and machine.n_logical_cores:
        slider = (1, machine.n_logical_cores)
    if setting.key == "main_gpu" and machine is not None and machine.offload_devices:
        slider = (0, max(1, len(machine.offload_devices) - 1))
    return Bounds(minimum, maximum, slider)


def used_if_unset(
    key: str, values: Mapping[str, Any], facts: ModelFacts | None = None, machine: Machine | None = None
) -> float | None:
    """The number that is used for an optional row left unset, None where that is not known before loading.

    `values` are all load settings. Follows `engine.params`.
    """
    n_threads = values.get("n_threads") or (machine.n_physical_cores if machine is not None else 0)
    known: dict[str, float] = {
        "n_threads": n_threads,
        "n_threads_batch": n_threads,
        "n_expert_used": facts.n_expert_used if facts is not None else 0,
        "rope_freq_base": facts.rope_freq_base if facts is not None else 0,
    }
    return known.get(key) or None


def why_pointless(key: str, facts: ModelFacts | None) -> Reason | None:
    """Why `key` can have no effect with this model, None where it can or the model is not known."""
    if key in _EXPERT_KEYS and facts is not None and not facts.n_expert:
        return Reason.NO_EXPERTS
    return None


def model_defaults(facts: ModelFacts | None) -> dict[str, Any]:
    """Load settings whose default gives way to the model: a layer for `layers.resolve`, below all choices.

    The context is never longer by default than the model was trained for. A tiny model computes with one thread: its
    tokens take a fraction of a millisecond, and threads that wait for each other lose more as soon as anything else
    runs than they win when nothing does (the Guide on two cores: 2,600 and 3,600 tokens/s with one and two threads
    on an idle machine, 430 and 42 to 147 on a busy one).
    """
    if facts is None:
        return {}
    defaults: dict[str, Any] = {}
    if 0 < facts.n_ctx_train < LOAD["n_ctx"].default:
        defaults["n_ctx"] = facts.n_ctx_train
    if 0 < facts.n_params < _TINY:
        defaults["n_threads"] = 1
    return defaults
