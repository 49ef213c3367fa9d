"""How a model that is not here yet would fit: on the GPU, with some of its layers there, in main memory, or not at all.

The numbers are those of dry runs on the file's real header (`core.fit` with everything but the number of layers left as
it is); nothing is guessed from the file's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.core.fit import Judge, Measure, MeasureError, fit
from app.core.footprint import Assessment, Footprint, Verdict
from app.core.gguf import ModelFacts, ModelKind
from app.core.reasons import FailureKind
from app.core.remote import RemoteHeaderError
from app.core.settings.load_table import LOAD

_LAYERS: Final = "n_gpu_layers"


class Placement(StrEnum):
    """Where the model would lie, best first."""

    GPU = "gpu"  # all of it on devices that layers can be put on
    PARTLY = "partly"  # some layers there, the others in main memory
    MEMORY = "memory"  # in main memory
    NOT = "not"  # nowhere


@dataclass(frozen=True, slots=True)
class Fitness:
    """How one file (or split set) fits this computer as it is now.

    `n_layers` counts the output layer. `footprint` and `assessment` are those of the best placement, or, where none
    fits, of the one that is short by least. `facts` is what the file's header says.
    """

    placement: Placement
    n_layers_offloaded: int
    n_layers: int
    footprint: Footprint
    assessment: Assessment
    facts: ModelFacts

    @property
    def n_ctx(self) -> int:
        """The context that this holds for, in tokens: what was asked for, or the model's own where that is shorter."""
        return self.footprint.n_ctx

    @property
    def is_tight(self) -> bool:
        """Whether it fits, but leaves less than the reserve."""
        return self.assessment.verdict is Verdict.TIGHT

    @property
    def fits_if_closed(self) -> bool:
        """Whether it would fit if other programs gave back what they hold."""
        return self.placement is Placement.NOT and self.assessment.verdict is Verdict.FITS_IF_CLOSED

    @property
    def is_impossible(self) -> bool:
        """Whether it cannot even run from the disk, its weights read again and again."""
        return self.placement is Placement.NOT and self.assessment.is_impossible

    @property
    def missing_bytes(self) -> int:
        """What the devices lack, all together; 0 where it fits."""
        if self.placement is not Placement.NOT:
            return 0
        return sum(room.missing_bytes for room in self.assessment.used)


@dataclass(frozen=True, slots=True)
class NoFitness:
    """Why it cannot be told how a file fits: its header (`header`), or the dry run (`kind`); `message` for people."""

    message: str
    header: RemoteHeaderError | None = None
    kind: FailureKind | None = None


def fitness(values: Mapping[str, Any], facts: ModelFacts, measure: Measure, judge: Judge) -> Fitness:
    """Where the model would lie with the load settings `values`, but for the number of layers: the most that fit.

    A context longer than the model was trained for is cut to that. Takes one dry run where all layers fit or there is
    no device to put them on, some five to eight otherwise.

    Raises:
        MeasureError: `measure` refused all plans.
        FitStopped: `measure` raised it.
    """
    asked = {**values, "n_ctx": _n_ctx(values, facts)}
    pinned = frozenset(row.key for row in LOAD) - {_LAYERS}
    found = fit(asked, facts, measure, judge, pinned=pinned)
    plan = found.plans[0] if found.plans else found.nearest
    if plan is None:
        raise found.refusal or MeasureError("no plan could be measured")
    placement = _placement(plan.footprint) if found.plans else Placement.NOT
    return Fitness(placement, plan.n_layers_offloaded, plan.n_layers, plan.footprint, plan.assessment, facts)


def _n_ctx(values: Mapping[str, Any], facts: ModelFacts) -> int:
    n_ctx = int(LOAD.value(values, "n_ctx"))
    return min(n_ctx, facts.n_ctx_train) if facts.n_ctx_train else n_ctx


def _placement(footprint: Footprint) -> Placement:
    if not footprint.n_layers_offloaded:
        return Placement.MEMORY
    is_whole = footprint.n_layers_offloaded == footprint.n_layers
    return Placement.GPU if is_whole else Placement.PARTLY


# -- which one to take ---------------------------------------------------------------------------------------


class Advice(StrEnum):
    """Why a file is the one to take."""

    FINEST_ON_GPU = "finest_on_gpu"  # the finest of those that fit on the GPU whole
    FINEST_WITH_ROOM = "finest_with_room"  # a finer one fits there too, but leaves less free than it should
    FINE_ENOUGH = "fine_enough"  # finer ones fit too, and are hardly better
    COARSER_FOR_GPU = "coarser_for_gpu"  # finer ones would be slow: they do not fit on the GPU whole
    BALANCED_PARTLY = "balanced_partly"  # good for its size; what does not fit on the GPU computes slowly
    BALANCED_IN_MEMORY = (
        "balanced_in_memory"  # good for its size, which is what speed depends on in main memory
    )
    FINEST_THAT_FITS = "finest_that_fits"  # only coarse ones fit
    ONLY_ONE = "only_one"  # nothing else fits


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The file to take (`key`), and why."""

    key: str
    advice: Advice


# Bits per weight, from llama.cpp's measurements of Llama 3 8B (tools/perplexity/README.md: by how much perplexity is
# above that of F16, 6.23): Q8_0 0.003, Q6_K 0.02, Q5_K_M 0.06, Q4_K_M 0.18, Q3_K_M 0.66, Q2_K 3.5.
_FINE_ENOUGH: Final = 7.5  # Q6_K has 6.6, Q8_0 8.5: what is finer than this cannot be told apart
_GOOD: Final = 4.0  # the four-bit types, IQ4_XS (4.25) the smallest
_USABLE: Final = 3.2  # IQ3_XS (3.3), Q3_K_S (3.5)
_BALANCED: Final = 4.85  # Q4_K_M
_NEARLY_WHOLE: Final = 0.9
"""With this share of the layers on the GPU a model is at most 1.7 times as slow as whole (`core.fit_ranking`)."""


def recommend(found: Mapping[str, Fitness]) -> Recommendation | None:
    """Which of the files of one repository to take, by key; None where none of them fits.

    Best is a fine one that fits on the GPU whole; generation from main memory is so much slower that a coarser one on
    the GPU is better, as long as it is usable. In main memory the speed falls with the size, so that a balanced one is
    better than the finest. Plans that leave less than the reserve count only where there are no others.
    """
    fitting = {key: fit for key, fit in found.items() if _is_choice(fit)}
    easy = {key: fit for key, fit in fitting.items() if not fit.is_tight} or fitting
    if not easy:
        return None
    if len(fitting) == 1:
        return Recommendation(next(iter(fitting)), Advice.ONLY_ONE)
    on_gpu = {key: fit for key, fit in easy.items() if fit.placement is Placement.GPU}
    nearly = {key: fit for key, fit in easy.items() if _is_nearly_whole(fit)}
    if not any(_bits(fit) >= _GOOD for fit in on_gpu.values()) and nearly:
        return _elsewhere(nearly)
    return _on_gpu(on_gpu, fitting) or _elsewhere(easy)


def _is_choice(fit: Fitness) -> bool:
    return fit.placement is not Placement.NOT and fit.facts.kind is ModelKind.MODEL


def _is_nearly_whole(fit: Fitness) -> bool:
    is_partly = fit.placement is Placement.PARTLY and fit.n_layers_offloaded >= _NEARLY_WHOLE * fit.n_layers
    return is_partly and _bits(fit) >= _GOOD


def _bits(fit: Fitness) -> float:
    return fit.facts.bits_per_weight


def _on_gpu(on_gpu: Mapping[str, Fitness], fitting: Mapping[str, Fitness]) -> Recommendation | None:
    good = {key: fit for key, fit in on_gpu.items() if _bits(fit) >= _GOOD}
    if good:
        fine = {key: fit for key, fit in good.items() if _bits(fit) <= _FINE_ENOUGH}
        key = _finest(fine) if fine else _coarsest(good)
        if _bits(good[key]) < max(map(_bits, good.values())):
            return Recommendation(key, Advice.FINE_ENOUGH)
        return Recommendation(key, _finest_advice(good[key], fitting))
    usable = {key: fit for key, fit in on_gpu.items() if _bits(fit) >= _USABLE}
    if not usable:
        return None
    key = _finest(usable)
    is_finest = _bits(usable[key]) >= max(map(_bits, fitting.values()))
    return Recommendation(key, Advice.FINEST_ON_GPU if is_finest else Advice.COARSER_FOR_GPU)


def _finest_advice(chosen: Fitness, fitting: Mapping[str, Fitness]) -> Advice:
    others = (fit for fit in fitting.values() if fit.placement is Placement.GPU)
    is_finest = _bits(chosen) >= max(map(_bits, others))
    return Advice.FINEST_ON_GPU if is_finest else Advice.FINEST_WITH_ROOM


def _elsewhere(easy: Mapping[str, Fitness]) -> Recommendation:
    good = {key: fit for key, fit in easy.items() if _bits(fit) >= _GOOD}
    if not good:
        return Recommendation(_finest(easy), Advice.FINEST_THAT_FITS)
    key = min(good, key=lambda key: (abs(_bits(good[key]) - _BALANCED), key))
    in_memory = good[key].placement is Placement.MEMORY
    return Recommendation(key, Advice.BALANCED_IN_MEMORY if in_memory else Advice.BALANCED_PARTLY)


def _finest(fits: Mapping[str, Fitness]) -> str:
    return max(fits, key=lambda key: (_bits(fits[key]), key))


def _coarsest(fits: Mapping[str, Fitness]) -> str:
    return min(fits, key=lambda key: (_bits(fits[key]), key))
