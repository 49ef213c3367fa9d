"""What a search for plans that fit answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.fit_runs import Measured, MeasureError, Values
from app.core.footprint import Assessment, Footprint, Verdict
from app.core.settings.load_table import LOAD


@dataclass(frozen=True, slots=True)
class FitPlan:
    """One plan that fits. `values` holds what differs from the table's defaults; `changes` what differs from what
    was asked (key -> new value). `n_layers` counts the output layer; `n_ctx` is the whole context.
    """

    values: dict[str, Any]
    changes: dict[str, Any]
    n_layers_offloaded: int
    n_layers: int
    n_ctx: int
    footprint: Footprint
    assessment: Assessment

    @property
    def is_tight(self) -> bool:
        """Whether it fits only without the reserve."""
        return self.assessment.verdict is Verdict.TIGHT


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer: `plans`, best first, empty where nothing fits.

    `nearest` is the plan that was short by least, where nothing fits (its assessment says by how much); one that
    loads, its weights mapped, comes before those that cannot. `refusal` is
    what `measure` raised first, if it did. `is_complete` is False where the deadline ended the search.
    """

    plans: tuple[FitPlan, ...]
    n_dry_runs: int
    elapsed_ms: float
    nearest: FitPlan | None = None
    refusal: MeasureError | None = None
    is_complete: bool = True


def plan_of(measured: Measured, asked: Values) -> FitPlan:
    """The plan that was measured, against the load settings `asked`."""
    footprint = measured.footprint
    changes = {
        row.key: measured.values.get(row.key, row.default)
        for row in LOAD
        if measured.values.get(row.key, row.default) != asked.get(row.key, row.default)
    }
    return FitPlan(
        measured.values,
        changes,
        footprint.n_layers_offloaded,
        footprint.n_layers,
        footprint.n_ctx,
        footprint,
        measured.assessment,
    )
