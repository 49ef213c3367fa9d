"""What each changed row adds to the memory of the plan, against that row's default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.core.settings import LOAD
from app.services.footprint_questions import Answer, ChipAnswer, Chips, Question
from app.services.plan import Plan

_NOT_ASKED = frozenset({"rpc_servers"})
"""llama.cpp forgets no remote worker that it was told of: each answer without them would take a new process."""


class RowChips:
    """Bytes by setting key, total over all devices; measured row by row, for the newest plan only.

    Until a row has been measured anew it keeps what it added to the plan before; `is_current` once all have been.
    """

    def __init__(self, plan: Plan, ask: Callable[[Chips], object], told: Callable[[], object]) -> None:
        """`ask` hands rows over to be measured; `told` is called when a row has changed, and when all are measured."""
        self._plan = plan
        self._ask = ask
        self._told = told
        self._question: Question | None = None
        self.values: dict[str, int] = {}
        self.is_current = True

    def forget(self) -> None:
        """There is another model, or none."""
        self._question, self.is_current = None, True
        self._replace({})

    def drop(self) -> None:
        """The plan has changed: rows that are at their default again add nothing, what is under way is for nobody."""
        self._question, self.is_current = None, False
        self._replace({key: size for key, size in self.values.items() if self._plan.is_changed(key)})

    def measure(self, answer: Answer, first: str) -> None:
        """Has the rows of the plan measured that `answer` is about, the row `first` before the others."""
        rows = [row.key for row in LOAD if row.affects_memory and row.available and row.key not in _NOT_ASKED]
        changed = sorted((key for key in rows if self._plan.is_changed(key)), key=lambda key: key != first)
        if answer.footprint is None:
            return
        self._question, self.is_current = answer.question, not changed
        self._replace({key: size for key, size in self.values.items() if key in changed})
        if changed:
            rest = {key: self._without(key) for key in changed}
            self._ask(Chips(answer.question, answer.footprint.needed_bytes, rest))

    def take(self, answer: ChipAnswer) -> None:
        """What one row adds."""
        if answer.question is not self._question:
            return
        others = {key: size for key, size in self.values.items() if key != answer.key}
        self.is_current = answer.is_last
        self._replace(
            others if answer.added_bytes is None else others | {answer.key: answer.added_bytes},
            must_tell=answer.is_last,
        )

    def _without(self, key: str) -> dict[str, Any]:
        return LOAD.changed(self._plan.all_values() | {key: self._plan.default(key)})

    def _replace(self, values: dict[str, int], *, must_tell: bool = False) -> None:
        if values != self.values or must_tell:
            self.values = values
            self._told()
