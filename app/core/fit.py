"""Plans that fit, found by dry runs alone: the most layers on the device, and what else could be given up or gained.

`fit` asks an abstract `measure` for footprints and an abstract `judge` whether they fit, so that it knows neither
processes nor devices. Nothing in it is estimated: every plan that it names was measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.fit_choices import (
    CHANGEABLE,
    DRAFT,
    DRAFT_KV_KEYS,
    KV_KEYS,
    MIN_CONTEXT,
    PLACEMENT,
    SPLIT,
    UNQUANTISED,
    smaller_contexts,
    smaller_kv,
)
from app.core.fit_ladder import Ladder
from app.core.fit_plan import Fit, FitPlan, plan_of
from app.core.fit_ranking import Candidate, ranked
from app.core.fit_runs import (
    DryRuns,
    Exhausted,
    FitStopped,
    Judge,
    Measure,
    Measured,
    MeasureError,
    Refused,
    Values,
)
from app.core.fit_search import LadderSearch, Look, look
from app.core.fit_split import split_by_room, uses_several
from app.core.footprint import Verdict
from app.core.gguf import ModelFacts
from app.core.reasons import TAKE_MEMORY, DraftSource
from app.core.settings.load_table import LOAD
from app.core.settings.rules import load_problems

__all__ = [
    "CHANGEABLE",
    "DRAFT",
    "MIN_CONTEXT",
    "PLACEMENT",
    "SPLIT",
    "Fit",
    "FitPlan",
    "FitStopped",
    "Judge",
    "Measure",
    "MeasureError",
    "fit",
]

_MIN_UBATCH = 64


def fit(
    values: Values,
    facts: ModelFacts,
    measure: Measure,
    judge: Judge,
    *,
    pinned: Collection[str] = (),
    deadline_s: float = math.inf,
) -> Fit:
    """Plans that fit, starting from the load settings `values` and never changing those in `pinned`.

    For every choice of context, KV types and the like, the plan with the most layers on the device is the very one
    that trying every number of layers would find. A plan fits where `judge` says so with the reserve; where none
    does, those that leave less than the reserve are taken. A plan of which `measure` raises `MeasureError` is left
    out; `FitStopped` passes through. `deadline_s` bounds the time: what was found by then is the answer.
    """
    started = time.perf_counter()
    runs = DryRuns(measure, judge, started + deadline_s)
    plans: list[FitPlan] = []
    is_complete = True
    for accepted in (Verdict.FITS, Verdict.TIGHT):
        exploration = _Exploration(dict(values), facts, runs, frozenset(pinned), accepted)
        is_complete = exploration.explore()
        plans = exploration.plans()
        if plans or not is_complete:
            break
    short = None if plans else runs.nearest()
    nearest = None if short is None else plan_of(short, values)
    elapsed_ms = (time.perf_counter() - started) * 1000
    return Fit(tuple(plans), runs.n_made, elapsed_ms, nearest, runs.refusal, is_complete)


# -- what to try ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Best:
    """The best rung of one choice. `rung` 0 gives up nothing."""

    choice: dict[str, Any]
    rung: int
    measured: Measured


@dataclass(slots=True)
class _Exploration:
    """One walk through the choices; `accepted` is the worst verdict that counts as fitting."""

    asked: dict[str, Any]
    facts: ModelFacts
    runs: DryRuns
    pinned: frozenset[str]
    accepted: Verdict
    found: list[_Best] = field(default_factory=list[_Best])
    _errors: frozenset[str] = frozenset()
    _ladder: Ladder | None = None
    _split: dict[str, Any] = field(default_factory=dict[str, Any])

    def explore(self) -> bool:
        """Fill `found`; False where it was cut short."""
        self._errors = self._complaints({})
        try:
            asked = self._best({})
            if asked is not None and asked.rung == 0:
                self._gain()
            else:
                self._give_up(self._dealt_out(asked))
        except Exhausted:
            return False
        return True

    def plans(self) -> list[FitPlan]:
        """What was found and is worth showing, best first."""
        top = self._ladder
        candidates = [
            Candidate(
                {**LOAD.defaults(), **best.measured.values},
                best.measured.footprint,
                is_asked=not best.choice,
                is_whole=best.rung == 0,
                n_expert_layers=top.n_expert_layers if top is not None else 0,
            )
            for best in self.found
        ]
        order = ranked(candidates, {**LOAD.defaults(), **self.asked}, self._context())
        return [plan_of(self.found[index].measured, self.asked) for index in order]

    # -- more than was asked for

    def _gain(self) -> None:
        """Everything fits: the longest context with it, the same with a smaller KV cache, and better KV types."""
        longer = [{"n_ctx": n_ctx} for n_ctx in reversed(self._larger_contexts())]
        reached = self._longest_whole({}, longer)
        for types in self._kv_choices()[1:2]:
            self._longest_whole(types, longer[:reached])
        if self._is_quantised() and not any(key in self.pinned for key in KV_KEYS):
            self._add(self._whole({"type_k": "f16", "type_v": "f16"}))

    def _longest_whole(self, types: dict[str, Any], contexts: Sequence[dict[str, Any]]) -> int:
        """Find the first of `contexts` (longest first) with which nothing is left behind; how many are too long."""
        best: _Best | None = None
        low, high = 0, len(contexts)  # those before `low` are too long, those from `high` on are not
        guess = low
        while low < high:
            seen = self._whole({**types, **contexts[guess]})
            if seen is not None:
                best, high = seen, guess
            else:
                low = guess + 1
            guess = (low + high) // 2
        self._add(best)
        return low

    # -- less than was asked for

    def _dealt_out(self, asked: _Best | None) -> _Best | None:
        """`asked`, or what it is with layers dealt out to several devices by their room, for all that follows."""
        split = self._split_by_room()
        if not split:
            return asked
        before, self.found = self.found, []
        self._split = {SPLIT: split}
        try:
            better = self._best({}, None if asked is None else asked.rung)
        except Exhausted:
            self.found = before
            raise
        if better is None or (asked is not None and better.rung >= asked.rung):
            self.found, self._split = before, {}
            return asked
        return better

    def _split_by_room(self) -> list[float]:
        """Shares for the devices in use; [] where they are given, or where there is nothing to share."""
        is_given = SPLIT in self.pinned or bool(self._value(SPLIT))
        if self._ladder is None or is_given or self._value("split_mode") != "layer":
            return []
        try:
            seen = self.runs(self._rung_values({}, 0))
            if not uses_several(seen.footprint, are_chosen=bool(self._value("devices"))):
                return []
            # Plans that are not whole are like the second rung, and unlike the first.
            seen = self.runs(self._rung_values({}, min(1, len(self._ladder) - 1)))
        except Refused:
            return []
        has_draft_apart = bool(self._value("draft_devices"))
        return split_by_room(seen.footprint, seen.assessment, self.accepted, has_draft_apart=has_draft_apart)

    def _give_up(self, asked: _Best | None) -> None:
        """Not everything fits: less for the draft model, smaller KV types, shorter contexts, both, a smaller batch, the
        KV cache elsewhere."""
        contexts, kv_choices = self._contexts()[1:], self._kv_choices()
        if self._has_draft:
            self._give_up_draft(kv_choices)
        for types in kv_choices[1:]:
            smaller = self._best(types)
            if smaller is not None and smaller.rung == 0:
                break
        for types in kv_choices[:2]:
            n_too_long = self._longest_whole(types, contexts)
            if contexts and n_too_long == len(contexts):
                self._part(types, contexts, asked)
            contexts = contexts[:n_too_long]
        self._smaller_batch(asked)
        self._kv_off_device()

    def _give_up_draft(self, kv_choices: list[dict[str, Any]]) -> None:
        """A smaller cache for the draft model alone, then no draft model, if need be with smaller KV types."""
        for types in kv_choices[1:2]:
            if own := {key: name for key, name in types.items() if key in DRAFT_KV_KEYS}:
                self._best(own)
        for types in kv_choices if DRAFT not in self.pinned else ():
            ours = {key: name for key, name in types.items() if key in KV_KEYS}
            best = self._best({**ours, DRAFT: DraftSource.OFF.value})
            if best is not None and best.rung == 0:
                break

    def _part(self, types: dict[str, Any], contexts: list[dict[str, Any]], asked: _Best | None) -> None:
        """No context lets everything fit: the shortest, and the longest where there is something between."""
        least = self._best({**types, **contexts[-1]})
        if least is not None and (asked is None or least.rung + 1 < asked.rung):
            self._best({**types, **contexts[0]})

    def _smaller_batch(self, asked: _Best | None) -> None:
        n_ubatch = int(self._value("n_ubatch"))
        for divisor in (4, 2) if "n_ubatch" not in self.pinned else ():
            if n_ubatch // divisor >= _MIN_UBATCH:
                best = self._best({"n_ubatch": n_ubatch // divisor}, None if asked is None else asked.rung)
                if best is None or best.rung:
                    return  # a half would gain no more than a quarter

    def _kv_off_device(self) -> None:
        uses_device = self._ladder is not None and len(self._ladder) > 1
        if uses_device and self._value("offload_kqv") and "offload_kqv" not in self.pinned:
            self._best({"offload_kqv": False})

    # -- one choice

    def _add(self, best: _Best | None) -> None:
        if best is not None and all(best.choice != known.choice for known in self.found):
            self.found.append(best)

    def _best(self, choice: dict[str, Any], hint: int | None = None) -> _Best | None:
        """The first rung that fits with `choice` over what was asked, also noted in `found`."""
        known = next((best for best in self.found if best.choice == choice), None)
        if known is not None or not self._is_allowed(choice):
            return known
        try:
            rung = self._searched(choice, hint)
        except Refused:
            return None
        if rung is None:
            return None
        best = _Best(choice, rung, self.runs(self._rung_values(choice, rung)))
        self.found.append(best)
        return best

    def _searched(self, choice: dict[str, Any], hint: int | None) -> int | None:
        def look_at(rung: int) -> Look:
            measured = self.runs(self._rung_values(choice, rung))
            return look(measured.assessment, self.accepted)

        ladder = self._the_ladder(choice)
        is_uniform = not self.facts.n_swa and not self.facts.n_head_kv_per_layer
        search = LadderSearch(len(ladder), look_at, kink=ladder.kink, is_uniform=is_uniform)
        return search.first_that_fits(hint)

    def _whole(self, choice: dict[str, Any]) -> _Best | None:
        """The first rung of `choice` if it fits."""
        if not self._is_allowed(choice):
            return None
        try:
            measured = self.runs(self._rung_values(choice, 0))
        except Refused:
            return None
        fits = look(measured.assessment, self.accepted).fits
        return _Best(choice, 0, measured) if fits else None

    def _rung_values(self, choice: dict[str, Any], rung: int) -> dict[str, Any]:
        return {**self.asked, **self._split, **choice, **self._the_ladder(choice)[rung]}

    def _the_ladder(self, choice: dict[str, Any]) -> Ladder:
        """The rungs are the same for every choice; what there is to offload is seen in a dry run."""
        if self._ladder is None:
            top = Ladder.top(self.asked, self.pinned)
            footprint = self.runs({**self.asked, **choice, **top}).footprint
            self._ladder = Ladder.of(self.asked, self.facts, footprint, self.pinned)
        return self._ladder

    # -- which choices there are

    def _value(self, key: str) -> Any:
        return LOAD.value(self.asked, key)

    def _context(self) -> int:
        """The context asked for, in tokens; 0 where the model's own is not known."""
        return int(self._value("n_ctx") or self.facts.n_ctx_train)

    def _contexts(self) -> list[dict[str, Any]]:
        """What was asked, then halves of it."""
        halves = smaller_contexts(self._context()) if "n_ctx" not in self.pinned else ()
        return [{}, *({"n_ctx": n_ctx} for n_ctx in halves)]

    def _larger_contexts(self) -> list[int]:
        """Doubles of what was asked, up to the trained context."""
        n_ctx, most = self._context(), self.facts.n_ctx_train
        if "n_ctx" in self.pinned or not 0 < n_ctx < most:
            return []
        doubles: Iterator[int] = (n_ctx << n for n in range(1, 32))
        return [*(double for double in doubles if double < most), most]

    @property
    def _has_draft(self) -> bool:
        return self._value(DRAFT) in TAKE_MEMORY

    def _is_quantised(self) -> bool:
        return any(self._value(key) not in UNQUANTISED for key in KV_KEYS)

    def _kv_choices(self) -> list[dict[str, Any]]:
        """The KV types asked for, then smaller ones that the model and the other settings allow."""
        keys = (*KV_KEYS, *DRAFT_KV_KEYS) if self._value(DRAFT) == DraftSource.MODEL else KV_KEYS
        types = {key: self._value(key) for key in keys if key not in self.pinned}
        return [{}, *(choice for choice in smaller_kv(types) if self._is_allowed(choice))]

    def _is_allowed(self, choice: dict[str, Any]) -> bool:
        return self._complaints(choice) <= self._errors

    def _complaints(self, choice: dict[str, Any]) -> frozenset[str]:
        """The rules that a choice breaks: its errors, and warnings about what it changes."""
        return frozenset(
            f"{problem.key} {problem.reason}"
            for problem in load_problems({**self.asked, **choice}, self.facts)
            if problem.severity == "error" or problem.key in KV_KEYS
        )
