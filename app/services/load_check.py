"""A last look at a plan before it is loaded: its exact footprint, against the memory that is free at that moment."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.footprint import Assessment, Footprint
from app.core.gguf import ModelFacts
from app.services.footprint_questions import Answer, Question

if TYPE_CHECKING:
    from app.services.footprint import FootprintService
    from app.worker.probe_client import ProbeError

LIMIT_MS = 1500
"""How long a load waits for the footprint of its plan."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """A plan just before it is loaded. Neither `footprint` nor `error` means that no answer came in time.

    `is_guarded` says whether the user wants to be asked about unwise loads at all.
    """

    facts: ModelFacts
    values: Mapping[str, Any]
    footprint: Footprint | None = None
    assessment: Assessment | None = None
    error: ProbeError | None = None
    is_guarded: bool = True


class LoadCheck(QObject):
    """Answers every request but a withdrawn one by `done`, within `LIMIT_MS`; one at a time, the newest counts."""

    done = Signal(object)  # Check

    def __init__(self, footprints: FootprintService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._footprints = footprints
        self._question: Question | None = None
        self._known: Footprint | None = None  # the exact answer, if it only needs the memory that is free now
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(LIMIT_MS)
        self._limit.timeout.connect(self._is_late)
        footprints.check_answered.connect(self._answered)
        footprints.sampled.connect(self._sampled)

    @property
    def is_under_way(self) -> bool:
        """Whether `done` is still to come."""
        return self._question is not None

    def request(self, facts: ModelFacts, values: Mapping[str, Any]) -> None:
        """Measures this plan; `done` follows, at once where all is known."""
        question = self._footprints.question(facts, values)
        self._question, self._known = question, self._footprints.known(question)
        self._limit.start()
        if self._known is None or not self._footprints.surroundings(fresh=True).knows(self._known):
            self._footprints.check(question)  # only the dry run knows the devices' free memory
        elif any(device.total_bytes and device.kind != "cpu" for device in self._known.devices):
            self._footprints.sample_now()
        else:
            self._finish(self._known)

    def cancel(self) -> None:
        """The plan is not to be loaded after all: `done` does not follow."""
        self._question = None
        self._limit.stop()
        self._footprints.check(None)

    def _answered(self, answer: Answer) -> None:
        if answer.question is self._question:
            self._finish(answer.footprint, answer.error)

    def _sampled(self) -> None:
        if self._question is not None and self._known is not None:
            self._finish(self._known)

    def _is_late(self) -> None:
        if self._question is None:
            return
        if self._known is None:
            _log.info("%s is loaded without knowing its footprint", self._question.facts.path)
        self._footprints.check(None)
        self._finish(self._known)

    def _finish(self, footprint: Footprint | None, error: ProbeError | None = None) -> None:
        question, self._question = self._question, None
        self._limit.stop()
        if question is None:
            return
        now = self._footprints.surroundings(fresh=True)
        assessment = now.assess(footprint) if footprint is not None else None
        self.done.emit(
            Check(question.facts, question.values, footprint, assessment, error, now.app["guard"] != "off")
        )
