"""The dry runs of a fit: each made once, counted, and bounded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.footprint import Assessment, Footprint
from app.core.settings.load_table import LOAD

Values = Mapping[str, Any]
Measure = Callable[[Values], Footprint]
Judge = Callable[[Footprint], Assessment]

_MAX_DRY_RUNS = 100
_MAX_REFUSALS = 6


class MeasureError(Exception):
    """Raised by `measure` where a plan cannot be measured: whatever llama.cpp, or its process, has against it."""


class FitStopped(Exception):  # noqa: N818 - nothing went wrong
    """Raised by `measure` to end a search whose answer nobody waits for any more."""


class Refused(Exception):  # noqa: N818 - an answer, within the search
    """This plan cannot be measured."""


class Exhausted(Exception):  # noqa: N818 - nothing went wrong
    """No more dry runs may be made."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A plan (what differs from the table's defaults) and what a dry run said of it."""

    values: dict[str, Any]
    footprint: Footprint
    assessment: Assessment

    @property
    def missing_bytes(self) -> int:
        """By how much it fails to fit, over all devices that it uses."""
        return sum(room.missing_bytes for room in self.assessment.used)


class DryRuns:
    """`measure` and `judge` behind a memory of what they said; none are made after `ends_at` (`perf_counter`)."""

    def __init__(self, measure: Measure, judge: Judge, ends_at: float) -> None:
        self.n_made = 0
        self.refusal: MeasureError | None = None
        self._known: dict[str, Measured | None] = {}
        self._measure = measure
        self._judge = judge
        self._ends_at = ends_at
        self._n_refusals = 0

    def __call__(self, values: Values) -> Measured:
        """The plan `values`, measured.

        Raises:
            Refused: `measure` would not; the first reason is kept in `refusal`.
            Exhausted: it is late, or enough were made or refused.
        """
        plan = LOAD.changed(values)
        key = json.dumps(plan, sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = self._made(plan)
        found = self._known[key]
        if found is None:
            raise Refused
        return found

    def nearest(self) -> Measured | None:
        """Of all plans that were measured the one that is short by least; any that loads before those that cannot."""
        measured = [found for found in self._known.values() if found is not None]
        return min(
            measured, key=lambda found: (found.assessment.is_impossible, found.missing_bytes), default=None
        )

    def _made(self, plan: dict[str, Any]) -> Measured | None:
        late = self.n_made and time.perf_counter() > self._ends_at
        if late or self.n_made >= _MAX_DRY_RUNS or self._n_refusals >= _MAX_REFUSALS:
            raise Exhausted
        self.n_made += 1
        try:
            footprint = self._measure(plan)
        except MeasureError as error:
            self.refusal = self.refusal or error
            self._n_refusals += 1
            return None
        return Measured(plan, footprint, self._judge(footprint))
