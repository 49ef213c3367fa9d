"""The memory of the plan, asked of llama.cpp at every change, and how it stands to what is free and what is loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from app.core.footprint import Assessment, Deviation, DeviceFootprint, Footprint
from app.core.gguf import ModelFacts
from app.core.reasons import FailureKind
from app.core.run import Got
from app.core.settings import LOAD
from app.services.footprint_chips import RowChips
from app.services.footprint_memory import Surroundings
from app.services.footprint_questions import (
    Answer,
    CheckAnswer,
    ChipAnswer,
    Ended,
    FitAnswer,
    FitQuestion,
    Question,
    Questions,
    Told,
)
from app.services.hardware import HardwareMonitor
from app.services.memory_watch import MemoryWatch
from app.services.plan import Plan
from app.services.predictions import Predictions
from app.services.preferences import Preferences
from app.services.session import Session, SessionState
from app.worker.probe_client import Probe, ProbeError

REMOTE_IN_USE = "remote_device_in_use"
"""The `detail` of the error for a plan on a remote worker that the loaded model uses: it answers nobody else."""


def free_main_memory() -> int:
    """Bytes of main memory that programs can get without swapping, now."""
    return psutil.virtual_memory().available


class FootprintService(QObject):
    """Follows the load plan, the session, the preferences and the machine; `changed` says that any of this did.

    While a newer plan is measured the last answer stays, with `is_current` False. A plan that llama.cpp refuses has
    an `error`, whose `detail` is the setting's key where one is to blame; the answer before it stays too.
    """

    changed = Signal()
    chips_changed = Signal()
    fitted = Signal(object)  # core.fit.Fit
    fit_failed = Signal(str)  # why: llama.cpp's own words, or "" where there is nothing to fit
    check_answered = Signal(object)  # Answer, after `check`
    rescue_found = Signal(object)  # FitAnswer, after `search`
    sampled = Signal()  # the free memory has been read
    paused = Signal()  # after `pause`: the dry run's process holds nothing on any device
    _told = Signal(object)  # Told, from other threads

    def __init__(
        self,
        plan: Plan,
        session: Session,
        monitor: HardwareMonitor,
        preferences: Preferences,
        predictions: Predictions,
        probe: Probe,
        *,
        free_bytes: Callable[[], int] = free_main_memory,
        parent: QObject | None = None,
    ) -> None:
        """`free_bytes` reads the main memory that is free, at once."""
        super().__init__(parent)
        self._plan = plan
        self._session = session
        self._predictions = predictions
        self._memory = MemoryWatch(session, monitor, preferences, predictions, free_bytes, self)
        self._question: Question | None = None  # about the plan as it stands
        self._answer: Answer | None = None  # the newest with a footprint
        self._is_paused = self._is_closed = False
        self._surroundings = self.surroundings()
        self._last_key = ""  # the row that was changed last
        self._fit_pinned: Collection[str] | None = None
        self.assessment: Assessment | None = None
        self.error: ProbeError | None = None
        self._told.connect(self._take)
        self._questions = Questions(probe, self._told.emit)
        self._chips = RowChips(plan, self._questions.ask_chips, self.chips_changed.emit)
        self._connect()
        self._ask()

    def _connect(self) -> None:
        self._plan.changed.connect(self._plan_changed)
        self._session.state_changed.connect(self._state_changed)
        self._session.load_failed.connect(self._resume_soon)
        self._memory.held_changed.connect(self._held_changed)
        self._memory.sampled.connect(self._sampled)
        self._memory.guard_changed.connect(self._assess)
        self._predictions.changed.connect(self.changed)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def footprint(self) -> Footprint | None:
        """The newest exact answer about the model of the plan; None before there is one."""
        return self._answer.footprint if self._answer is not None else None

    @property
    def is_current(self) -> bool:
        """Whether `footprint` is that of the plan as it stands (and not of the one before it)."""
        if self._question is None:
            return True
        return (
            self.error is None and self._answer is not None and self._question.is_same(self._answer.question)
        )

    @property
    def is_measuring(self) -> bool:
        """Whether an answer about the plan as it stands is still to come."""
        return not self.is_current and self.error is None

    @property
    def chips(self) -> dict[str, int]:
        """What each changed row adds against its default, in bytes over all devices."""
        return dict(self._chips.values)

    @property
    def are_chips_current(self) -> bool:
        """Whether every changed row has been measured in the plan as it stands."""
        return self.is_current and self._chips.is_current

    @property
    def held(self) -> dict[str, int]:
        """What each device gets back when the loaded model goes, in bytes, as far as the system counts it as used."""
        return dict(self._memory.held)

    @property
    def loaded(self) -> Got | None:
        """What the loaded model was given; None while none is loaded."""
        return self._session.got

    @property
    def predicted(self) -> Footprint | None:
        """What was predicted for the loaded model; None where nothing was, or none is loaded."""
        return self._predictions.predicted

    @property
    def deviations(self) -> list[Deviation]:
        """What was predicted for the loaded model beside what it got, part by part."""
        return self._predictions.deviations

    def reserve_bytes(self, device: DeviceFootprint) -> int:
        """How much of a device the guard wants left free, in bytes; 0 while it is off."""
        return self._surroundings.reserve_bytes(device)

    # -- asking ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Measures the plan and reads the free memory again; `changed` follows."""
        self._ask(again=True)

    def request_fit(self, pinned: Collection[str] = ()) -> None:
        """Looks for whole plans that fit, the settings `pinned` left as they are; `fitted` or `fit_failed` follows.

        A change of the plan meanwhile begins the search anew.
        """
        if self._question is None:
            self.fit_failed.emit("")
            return
        self._fit_pinned = tuple(pinned)
        self._questions.search(FitQuestion(self._question, self._fit_pinned, self.surroundings()))

    def cancel_fit(self) -> None:
        """Ends the search without a word."""
        self._fit_pinned = None
        self._questions.search(None)

    def question(self, facts: ModelFacts, values: Mapping[str, Any]) -> Question:
        """The question about a plan that would be loaded in place of what is loaded now."""
        stand_ins = self._memory.stand_ins(values) or {}
        draft = self._plan.draft
        of_plan = draft.facts if draft is not None and draft.path == values.get("draft_model") else None
        draft_bytes = of_plan.size_bytes if of_plan is not None else 0
        return Question(facts, dict(values), dict(self._memory.held), stand_ins, draft_bytes)

    def known(self, question: Question) -> Footprint | None:
        """The answer, if this is the plan that is shown and it has been measured."""
        if self._answer is None or self.error is not None or not question.is_same(self._answer.question):
            return None
        return self._answer.footprint

    def surroundings(self, *, fresh: bool = False) -> Surroundings:
        """What a footprint is held against; with `fresh` the main memory that is free is read at this moment."""
        return self._memory.surroundings(fresh=fresh)

    def sample_now(self) -> None:
        """Reads the free memory of all devices; `sampled` follows."""
        self._memory.sample_now()

    def check(self, question: Question | None) -> None:
        """Asks this before anything else; `check_answered` follows. None withdraws it."""
        if question is not None and (error := self._why_not(question)) is not None:
            answer = Answer(question, error=error)
            QTimer.singleShot(0, self, lambda: self.check_answered.emit(answer))
            return
        self._questions.check(question)

    def search(self, question: FitQuestion) -> None:
        """Looks for other plans than `request_fit` does, unless that is under way; `rescue_found` follows."""
        if self._fit_pinned is None:
            self._questions.search(question)

    def pause(self) -> None:
        """Ends the dry run's process; `paused` follows. It goes on by itself when the session has loaded or failed."""
        self._is_paused = True
        self._questions.pause()

    def resume(self) -> None:
        """Goes on after a `pause` that no load followed."""
        self._is_paused = False
        self._questions.resume()

    def close(self) -> None:
        """Ends the thread and the process."""
        self._is_closed = True
        self._question = None
        self._questions.close()

    # -- following ------------------------------------------------------------------------------------------

    def _plan_changed(self, key: str) -> None:
        if not key or LOAD[key].affects_memory:
            self._last_key = key
            self._ask()

    def _ask(self, *, again: bool = False) -> None:
        facts = self._plan.model
        if facts is None:
            self._forget()
            return
        question = self.question(facts, self._plan.values())
        if question.is_same(self._question) and not again:
            return
        if self._question is None or self._question.facts.path != facts.path:
            self._forget()
        self._question, self.error = question, self._why_not(question)
        self._chips.drop()
        self._questions.ask(question if self.error is None else None)
        if self._fit_pinned is not None:
            self.request_fit(self._fit_pinned)
        self.changed.emit()

    def _forget(self) -> None:
        """Another model, or none: nothing that was measured says anything about it."""
        was_empty = self._question is None
        self._question = self._answer = self.assessment = self.error = None
        self._questions.ask(None)
        self._chips.forget()
        if not was_empty:
            self.changed.emit()

    def _why_not(self, question: Question) -> ProbeError | None:
        """Why this cannot be asked now."""
        if self._memory.stand_ins(question.values) is not None:
            return None
        return ProbeError(
            FailureKind.DEVICE_LOST, "the loaded model uses the same remote device", REMOTE_IN_USE
        )

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.LOADING and not self._is_paused:
            self.pause()
        elif state in {SessionState.READY, SessionState.EMPTY}:
            self._resume_soon()

    def _resume_soon(self) -> None:
        # Later: a session that ejected one model to load another is empty for a moment.
        QTimer.singleShot(0, self, self._resume_if_over)

    def _resume_if_over(self) -> None:
        if self._is_paused and self._session.state in {SessionState.READY, SessionState.EMPTY}:
            self.resume()

    def _held_changed(self) -> None:
        if not self._is_closed:
            self._ask(again=self.error is not None)
            self._assess()

    def _sampled(self) -> None:
        footprint = self.footprint
        if self._is_closed:
            return
        if footprint is not None and not self.surroundings().is_like(self._surroundings, footprint):
            self._assess()
        self.sampled.emit()

    def _assess(self) -> None:
        self._surroundings = self.surroundings()
        footprint = self.footprint
        self.assessment = self._surroundings.assess(footprint) if footprint is not None else None
        self.changed.emit()

    # -- answers --------------------------------------------------------------------------------------------

    def _take(self, told: Told) -> None:
        if self._is_closed:
            return
        match told:
            case Answer():
                self._take_answer(told)
            case CheckAnswer():
                if told.answer.question.is_same(self._question):
                    self._take_answer(told.answer)
                self.check_answered.emit(told.answer)
            case ChipAnswer():
                self._chips.take(told)
            case FitAnswer():
                self._take_fit(told)
            case Ended():
                self.paused.emit()

    def _take_answer(self, answer: Answer) -> None:
        question = self._question
        if question is None or question.facts.path != answer.question.facts.path:
            return
        is_newest = answer.question is question
        if answer.error is not None:
            if is_newest:
                self.error = answer.error
                self.changed.emit()
            return
        self._answer = answer
        if is_newest:
            self._chips.measure(answer, self._last_key)
        self._assess()

    def _take_fit(self, answer: FitAnswer) -> None:
        if answer.question.is_rescue:
            self.rescue_found.emit(answer)
            return
        if self._fit_pinned is None or not answer.question.question.is_same(self._question):
            return
        self._fit_pinned = None
        if answer.fit is not None:
            self.fitted.emit(answer.fit)
        else:
            self.fit_failed.emit(answer.error)
