"""Which plans that fit are worth showing, and in which order.

Everything that a plan gives up is counted in halvings, so that unlike things can be added:

* a context half as long as asked counts as 1.5: what was asked for cannot be done with it;
* speed: a layer that is left to the CPU takes about 8 times as long as one on the device, experts left there about
  3.5 times (few of them work on any token), a KV cache in main memory costs as much as 6 times the whole model once
  the conversation is long; half the micro-batch makes prompts a little slower (0.15). The base-2 logarithm of the sum
  is how often the speed is halved. Without the draft model that was asked for it is taken for 1.4 times slower (0.5);
* the KV cache's precision: 0.2 for q8_0 in both halves (hardly any effect), 2 for q4_0 (visible in long contexts);
  keys suffer more than values.

Plans that keep context and KV types and leave nothing behind come first, then by the sum; at a tie the plan that
changes less. A plan is left out where another one gives up no more in anything, or where it is barely faster than one
of better quality. These weights only order the list: what fits is never weighed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.fit_choices import DRAFT
from app.core.footprint import Footprint

MAX_PLANS = 6

_LAYER_ON_CPU = 7.0
_EXPERTS_ON_CPU = 2.5
_KV_ON_CPU = 6.0
_UBATCH_HALVED = 0.15
_BARELY_FASTER = 0.1
_CONTEXT_HALVED = 1.5
_NO_DRAFT = 0.5
_TYPE_LOSS = {"q8_0": 0.1, "q5_1": 0.3, "q5_0": 0.4, "q4_1": 0.9, "q4_0": 1.0, "iq4_nl": 0.95}
_KEY_WEIGHT, _VALUE_WEIGHT = 1.2, 0.8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan that fits. `values` holds every load setting.

    `is_asked`: only the placement differs from what was asked; `is_whole`: nothing was left behind. `n_expert_layers`
    is the number of layers with experts that could be moved.
    """

    values: dict[str, Any]
    footprint: Footprint
    is_asked: bool
    is_whole: bool
    n_expert_layers: int = 0


@dataclass(frozen=True, slots=True)
class _Weighed:
    index: int
    n_ctx: int
    context_loss: float
    type_loss: tuple[float, float]
    speed_loss: float
    is_asked: bool
    is_whole: bool
    tie: tuple[int, int, str]

    @property
    def loss(self) -> float:
        return self.context_loss + sum(self.type_loss) + self.speed_loss

    @property
    def keeps_all(self) -> bool:
        return self.is_whole and not self.context_loss and not sum(self.type_loss)


def ranked(candidates: Sequence[Candidate], asked: dict[str, Any], n_ctx_asked: int) -> list[int]:
    """Indices of at most `MAX_PLANS` of the `candidates`, best first. `asked` holds every load setting."""
    weighed = [_weighed(index, candidate, asked, n_ctx_asked) for index, candidate in enumerate(candidates)]
    kept: list[_Weighed] = []
    # What gives up less quality is decided on first: only a plan that is shown can make another one needless.
    for plan in sorted(weighed, key=lambda plan: (plan.loss - plan.speed_loss, -plan.n_ctx, plan.speed_loss)):
        if plan.is_asked or not any(_makes_needless(other, plan) for other in kept):
            kept.append(plan)
    shown = sorted(kept, key=_order)
    # What was asked is always shown: all others are held against it.
    last = [plan for plan in shown[MAX_PLANS:] if plan.is_asked]
    return [plan.index for plan in [*shown[: MAX_PLANS - len(last)], *last]]


def _order(plan: _Weighed) -> tuple[bool, float, tuple[int, int, str]]:
    return (not plan.keeps_all, round(plan.loss, 9), plan.tie)


def _weighed(index: int, candidate: Candidate, asked: dict[str, Any], n_ctx_asked: int) -> _Weighed:
    values, n_ctx = candidate.values, candidate.footprint.n_ctx
    changed = {key: value for key, value in values.items() if value != asked.get(key)}
    keys = _TYPE_LOSS.get(values["type_k"], 0.0) - _TYPE_LOSS.get(asked["type_k"], 0.0)
    contents = _TYPE_LOSS.get(values["type_v"], 0.0) - _TYPE_LOSS.get(asked["type_v"], 0.0)
    return _Weighed(
        index,
        n_ctx,
        # llama.cpp rounds contexts up, so that a plan may have more than it asks for
        _CONTEXT_HALVED * max(0.0, math.log2(n_ctx_asked / n_ctx)) if n_ctx and n_ctx_asked else 0.0,
        (max(0.0, keys * _KEY_WEIGHT), max(0.0, contents * _VALUE_WEIGHT)),
        _speed_loss(candidate, asked),
        candidate.is_asked,
        candidate.is_whole,
        (len(changed), -n_ctx, json.dumps(changed, sort_keys=True, default=str)),
    )


def _speed_loss(candidate: Candidate, asked: dict[str, Any]) -> float:
    drafts = _NO_DRAFT if candidate.values[DRAFT] != asked[DRAFT] else 0.0
    return drafts + _placement_loss(candidate, asked)


def _placement_loss(candidate: Candidate, asked: dict[str, Any]) -> float:
    values, footprint = candidate.values, candidate.footprint
    if candidate.is_whole and not footprint.n_layers_offloaded:
        return 0.0  # nothing to offload to
    share_left = 1 - footprint.n_layers_offloaded / max(footprint.n_layers, 1)
    n_experts_left = min(values["n_cpu_moe"], candidate.n_expert_layers)
    share_experts = n_experts_left / max(candidate.n_expert_layers, 1) * (1 - share_left)
    slowness = 1 + _LAYER_ON_CPU * share_left + _EXPERTS_ON_CPU * share_experts
    if asked["offload_kqv"] and not values["offload_kqv"]:
        slowness += _KV_ON_CPU
    halvings = math.log2(max(asked["n_ubatch"], 1) / max(values["n_ubatch"], 1))
    return math.log2(slowness) + _UBATCH_HALVED * max(0.0, halvings)


def _makes_needless(other: _Weighed, plan: _Weighed) -> bool:
    """Whether `other`, of no less quality, is faster, or better and hardly slower."""
    if other.n_ctx < plan.n_ctx or any(a > b for a, b in zip(other.type_loss, plan.type_loss, strict=True)):
        return False
    is_better = other.n_ctx > plan.n_ctx or other.type_loss != plan.type_loss
    return other.speed_loss <= plan.speed_loss + (_BARELY_FASTER if is_better else 0.0)
