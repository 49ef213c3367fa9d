"""After a load that ran out of memory: the best plan for the same model that fits, found by dry runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.footprint import Footprint
from app.core.gguf import ModelFacts
from app.services.footprint import FootprintService
from app.services.footprint_questions import FitAnswer, FitQuestion
from app.services.session import Session, SessionState

LIMIT_MS = 2000
"""How long people wait to be told that a load has failed."""


class Rescue(QObject):
    """Answers every request by `done` within `LIMIT_MS`; one at a time, the newest counts."""

    done = Signal(object)  # the settings that fit (dict), None where none were found in time

    def __init__(self, footprints: FootprintService, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._footprints = footprints
        self._session = session
        self._failed: tuple[ModelFacts, dict[str, Any], Footprint | None] | None = None
        self._question: FitQuestion | None = None
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(LIMIT_MS)
        self._limit.timeout.connect(lambda: self._finish(None))
        footprints.rescue_found.connect(self._found)
        session.state_changed.connect(self._look)

    def request(self, facts: ModelFacts, values: Mapping[str, Any], footprint: Footprint | None) -> None:
        """Looks for a plan that takes less than this one, which did not fit. `footprint` is what was predicted."""
        self._failed = (facts, dict(values), footprint)
        self._limit.start()
        self._look(self._session.state)

    def cancel(self) -> None:
        """Nobody waits for it any more: `done` does not follow."""
        self._failed = self._question = None
        self._limit.stop()

    def _look(self, state: SessionState) -> None:
        """Begins once the worker has given its memory back."""
        if self._failed is None or state is not SessionState.EMPTY:
            return
        facts, values, _ = self._failed
        question = self._footprints.question(facts, values)
        self._question = FitQuestion(question, (), self._footprints.surroundings(fresh=True), is_rescue=True)
        self._footprints.search(self._question)

    def _found(self, answer: FitAnswer) -> None:
        if answer.question is not self._question or self._failed is None:
            return
        _, values, footprint = self._failed
        smaller = (
            plan.values
            for plan in (answer.fit.plans if answer.fit is not None else ())
            if plan.values != values
            and (footprint is None or plan.footprint.needed_bytes < footprint.needed_bytes)
        )
        self._finish(next(smaller, None))

    def _finish(self, values: dict[str, Any] | None) -> None:
        self.cancel()
        self.done.emit(values)
