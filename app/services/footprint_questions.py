"""Questions to the dry run, one at a time on a thread of their own: the newest plan first, then what is left over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.fit import Fit, FitStopped, fit
from app.core.footprint import Footprint
from app.core.gguf import ModelFacts
from app.core.reasons import FailureKind
from app.core.settings import LOAD
from app.services.footprint_memory import StandIns, Surroundings
from app.worker.probe_client import Probe, ProbeError

_log = logging.getLogger(__name__)
_END_S = 0.8
_FIT_S = 3.0  # for the largest models; what was found by then is the answer


@dataclass(frozen=True, slots=True)
class Question:
    """What a plan needs: `values` hold what differs from the defaults, `held` what the loaded model gives back.

    `stand_ins` are the remote workers that the loaded model is on. `draft_size_bytes` is the size of the draft model's
    file, 0 while that is not known: the same path may be another file later.
    """

    facts: ModelFacts
    values: Mapping[str, Any]
    held: Mapping[str, int] = field(default_factory=dict[str, int])
    stand_ins: StandIns = field(default_factory=dict[str, Sequence[tuple[int, int]]])
    draft_size_bytes: int = 0

    def with_values(self, values: Mapping[str, Any]) -> Question:
        """The same about other settings."""
        return replace(self, values=values)

    def is_same(self, other: Question | None) -> bool:
        """Whether both have the same answer."""
        return (
            other is not None
            and (self.facts.path, self.facts.size_bytes) == (other.facts.path, other.facts.size_bytes)
            and (self.held, self.draft_size_bytes) == (other.held, other.draft_size_bytes)
            and _of_memory(self.values) == _of_memory(other.values)
        )


def _of_memory(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in LOAD and LOAD[key].affects_memory}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the dry run says: a footprint, or why there is none."""

    question: Question
    footprint: Footprint | None = None
    error: ProbeError | None = None


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """The answer to a question asked before a load."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Chips:
    """Which rows of a plan to put back to their default, one at a time; `rest` maps their keys to those values."""

    question: Question
    needed_bytes: int
    rest: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ChipAnswer:
    """What the row `key` adds against its default, in bytes; None where llama.cpp refuses the default."""

    question: Question
    key: str
    added_bytes: int | None
    is_last: bool


@dataclass(frozen=True, slots=True)
class FitQuestion:
    """Which plans for this model fit, the settings `pinned` left as they are.

    `is_rescue` tells the search after a failed load from the one that the user asked for.
    """

    question: Question
    pinned: Collection[str]
    surroundings: Surroundings
    is_rescue: bool = False


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """What the search found; `error` says why it found nothing to search in."""

    question: FitQuestion
    fit: Fit | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The process of the dry run holds nothing any more."""


Told = Answer | CheckAnswer | ChipAnswer | FitAnswer | Ended


class Questions:
    """Asks the probe on one thread; at most one question is under way.

    Of each kind only the newest waits, and the newest plan goes before searches and chips, which it interrupts
    between two dry runs. All methods but `close` return at once and may be called from the window's thread.
    """

    def __init__(self, probe: Probe, tell: Callable[[Told], object]) -> None:
        """`tell` is called on other threads."""
        self._probe = probe
        self._tell = tell
        self._changed = threading.Condition()
        self._check: Question | None = None
        self._plan: Question | None = None
        self._chips: Chips | None = None
        self._fit: FitQuestion | None = None
        self._is_paused = False
        self._is_closed = False
        self._is_busy = False
        self._n_ending = 0  # threads that end the process: until they have, it is not started again
        self._thread = threading.Thread(target=self._run, name="footprint", daemon=True)
        self._thread.start()

    # -- asking ---------------------------------------------------------------------------------------------

    def ask(self, question: Question | None) -> None:
        """The newest plan, or none; what was left to ask about the one before is dropped."""
        with self._changed:
            self._plan, self._chips = question, None
            self._changed.notify_all()

    def ask_chips(self, chips: Chips) -> None:
        """What single rows add; dropped by the next `ask`."""
        with self._changed:
            if self._plan is None:
                self._chips = chips
                self._changed.notify_all()

    def check(self, question: Question | None) -> None:
        """A plan about to be loaded: before all others. None withdraws it."""
        with self._changed:
            self._check = question
            self._changed.notify_all()

    def search(self, question: FitQuestion | None) -> None:
        """Looks for plans that fit; None ends the search."""
        with self._changed:
            self._fit = question
            self._changed.notify_all()

    # -- the process ----------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Asks nothing more and ends the process; `Ended` is told when it is gone. What waits is asked later."""
        with self._changed:
            self._is_paused = True
            self._n_ending += 1
        threading.Thread(target=self._end, name="footprint-end", daemon=True).start()

    def resume(self) -> None:
        """Goes on asking."""
        with self._changed:
            self._is_paused = False
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the thread and the process; takes a moment."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._end_process()
        self._thread.join(_END_S)

    def _end(self) -> None:
        self._end_process()
        if not self._is_closed:
            self._say(Ended())
        with self._changed:
            self._n_ending -= 1
            self._changed.notify_all()

    def _end_process(self) -> None:
        """A question under way fails with it; one that was just about to begin is caught by the second look."""
        self._probe.end()
        with self._changed:
            self._changed.wait_for(lambda: not self._is_busy, _END_S)
        if self._probe.pid is not None:
            self._probe.end()

    # -- the thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._do(job)
            except FitStopped:  # for something more urgent: it waits, unless it was withdrawn
                pass
            except Exception as error:  # the thread's boundary: the bar stays, without an answer
                _log.exception("the footprint could not be asked for")
                self._give_up(job, error)
            finally:
                with self._changed:
                    self._is_busy = False
                    self._changed.notify_all()

    def _next(self) -> Question | Chips | FitQuestion | None:
        """The most urgent question, once there is one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or (not self._is_withdrawn() and self._waits()))
            if self._is_closed:
                return None
            self._is_busy = True
            return self._check or self._plan or self._fit or self._chips

    def _waits(self) -> bool:
        return any(job is not None for job in (self._check, self._plan, self._chips, self._fit))

    def _do(self, job: Question | Chips | FitQuestion) -> None:
        if isinstance(job, Chips):
            self._do_chip(job)
        elif isinstance(job, FitQuestion):
            self._do_fit(job)
        else:
            self._do_question(job)

    def _do_question(self, question: Question) -> None:
        with self._changed:
            is_check = self._check is question
        answer = self._answer(question)
        with self._changed:
            if self._is_withdrawn() or (is_check and self._check is not question):
                return  # after a pause it is asked again
            if is_check:
                self._check = None
            elif self._plan is question:
                self._plan = None
        # An answer about the plan before is told too: the bar follows the slider.
        self._say(CheckAnswer(answer) if is_check else answer)

    def _do_chip(self, chips: Chips) -> None:
        key, values = next(iter(chips.rest.items()))
        answer = self._answer(chips.question.with_values(values))
        rest = {name: other for name, other in chips.rest.items() if name != key}
        with self._changed:
            if self._is_withdrawn() or self._chips is not chips:
                return
            self._chips = Chips(chips.question, chips.needed_bytes, rest) if rest else None
        added = chips.needed_bytes - answer.footprint.needed_bytes if answer.footprint is not None else None
        self._say(ChipAnswer(chips.question, key, added, is_last=not rest))

    def _do_fit(self, job: FitQuestion) -> None:
        asked = job.question

        def measure(values: Mapping[str, Any]) -> Footprint:
            with self._changed:
                if self._is_withdrawn() or self._fit is not job or self._check or self._plan:
                    raise FitStopped
            return self._measure(asked.with_values(values))

        judge = job.surroundings.assess
        found = fit(asked.values, asked.facts, measure, judge, pinned=job.pinned, deadline_s=_FIT_S)
        with self._changed:
            if self._is_withdrawn() or self._fit is not job:
                return
            self._fit = None
        self._say(FitAnswer(job, found))

    def _answer(self, question: Question) -> Answer:
        try:
            return Answer(question, self._measure(question))
        except ProbeError as error:
            return Answer(question, error=error)

    def _measure(self, question: Question) -> Footprint:
        return self._probe.footprint(
            question.facts.path, question.values, held=question.held, stand_ins=question.stand_ins
        )

    def _is_withdrawn(self) -> bool:
        return self._is_paused or self._is_closed or self._n_ending > 0

    def _give_up(self, job: Question | Chips | FitQuestion, defect: Exception) -> None:
        """After a defect: the job is not tried for ever."""
        with self._changed:
            is_check = self._check is job
            self._check = None if is_check else self._check
            self._plan = None if self._plan is job else self._plan
            self._chips = None if self._chips is job else self._chips
            self._fit = None if self._fit is job else self._fit
        if isinstance(job, FitQuestion):
            self._say(FitAnswer(job, error=str(defect)))
        elif isinstance(job, Question):
            answer = Answer(job, error=ProbeError(FailureKind.INTERNAL, str(defect)))
            self._say(CheckAnswer(answer) if is_check else answer)

    def _say(self, told: Told) -> None:
        try:
            self._tell(told)
        except RuntimeError:  # the Qt object is gone: the app is closing
            self._is_closed = True
