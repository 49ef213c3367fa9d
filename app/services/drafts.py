"""The library's models as drafts for the plan's model, judged off the UI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.core.drafts import Draft, candidates, judged, ranked, why_nothing_drafts
from app.core.gguf import ModelFacts
from app.core.library import ModelEntry
from app.core.vocabulary import Vocabularies
from app.services.job_thread import JobThread
from app.services.library import LibraryService
from app.services.plan import Plan

_AT_ONCE = 8  # candidates of a long list, before what is more urgent has its turn


@dataclass(frozen=True, slots=True)
class _Asked:
    """The draft model that the plan names, and the model that it is for."""

    target: ModelFacts
    path: str


@dataclass(frozen=True, slots=True)
class _Survey:
    """One look at the library; an older one than the newest is given up."""

    number: int
    target: ModelFacts
    entries: Sequence[ModelEntry]


class Drafts(QObject):
    """Judges the draft model that the plan names, and on `look` all that could take its place.

    Headers are read on a thread of its own, each file once while it does not change. The plan is told by `set_draft`.
    """

    changed = Signal()  # what `found` says, or whether it is complete
    judged = Signal()  # the plan's own draft was looked at, or it has none: see `Plan.draft`
    _one_told = Signal(object, object)  # _Asked, Draft
    _some_told = Signal(object, object, bool)  # _Survey, list[Draft], whether it is complete

    def __init__(self, plan: Plan, library: LibraryService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._library = library
        self._thread = JobThread("drafts")
        self._vocabularies = Vocabularies()  # the thread's
        self._asked: _Asked | None = None
        self._surveyed: _Survey | None = None
        self._number = 0
        self._is_complete = True
        self._found: list[Draft] = []
        self._one_told.connect(self._take_one)
        self._some_told.connect(self._take_some)
        plan.changed.connect(self._plan_changed)
        plan.model_changed.connect(self._model_changed)
        library.changed.connect(self._library_changed)

    # -- the plan's own draft -------------------------------------------------------------------------------

    @property
    def is_in_use(self) -> bool:
        """Whether the plan guesses by a draft model, and names one."""
        return self._wanted() is not None

    @property
    def chosen(self) -> Draft | None:
        """What is known of the draft model that the plan names; None for nothing yet."""
        return self._plan.draft

    def judge(self) -> None:
        """Looks at the plan's draft again, whose file may be another one by now; `judged` follows."""
        wanted = self._wanted()
        if wanted is None:
            self._asked = None
            self._plan.set_draft(None)
            self.judged.emit()
            return
        self._asked = wanted
        self._thread.post(lambda: self._one_told.emit(wanted, self._judged(wanted.target, wanted.path)))

    def _wanted(self) -> _Asked | None:
        plan = self._plan
        path = plan.value("draft_model") if plan.value("draft_source") == "model" else None
        return _Asked(plan.model, path) if plan.model is not None and path is not None else None

    def _plan_changed(self, key: str) -> None:
        if key in {"", "draft_model", "draft_source"} and self._wanted() != self._asked:
            self.judge()

    def _take_one(self, asked: _Asked, draft: Draft) -> None:
        if asked == self._asked:
            self._plan.set_draft(draft)
            self.judged.emit()

    # -- all that there are ---------------------------------------------------------------------------------

    @property
    def target(self) -> ModelFacts | None:
        """The model that a draft is looked for."""
        return self._plan.model

    @property
    def is_complete(self) -> bool:
        """Whether all models have been looked at."""
        return self._is_complete

    def found(self) -> list[Draft]:
        """The library's models as drafts, as far as they have been looked at: see `core.drafts.ranked`."""
        return ranked(self._found)

    def look(self) -> None:
        """Looks at all of the library's models; `changed` follows, more than once where there are many."""
        target = self._plan.model
        if target is None or why_nothing_drafts(target) is not None:
            return
        entries = candidates(target, self._library.entries())
        entries.sort(key=lambda entry: entry.size_bytes)  # drafts are small: the likely ones come first
        survey = self._surveyed
        if survey is not None and (survey.target, survey.entries) == (target, entries):
            return
        if survey is None or survey.target != target:
            self._found = []
        self._number += 1
        self._surveyed = survey = _Survey(self._number, target, entries)
        self._is_complete = False
        self.changed.emit()
        self._thread.post(lambda: self._survey(survey, []))

    def _model_changed(self) -> None:
        self._number += 1  # whatever is under way is about another model
        self._surveyed, self._found, self._is_complete = None, [], True
        self.changed.emit()

    def _library_changed(self) -> None:
        if self._surveyed is not None:
            self.look()

    def _take_some(self, survey: _Survey, found: list[Draft], is_complete: bool) -> None:
        if survey.number != self._number:
            return
        if is_complete or len(found) > len(self._found):  # a second look does not empty the list
            self._found = found
        self._is_complete = is_complete
        self.changed.emit()

    # -- on the thread --------------------------------------------------------------------------------------

    def _survey(self, survey: _Survey, found: list[Draft]) -> None:
        """Looks at the next few, and leaves the rest for after what was asked meanwhile."""
        if survey.number != self._number:
            return
        upcoming = survey.entries[len(found) : len(found) + _AT_ONCE]
        found = [*found, *(self._judged(survey.target, entry.path, entry) for entry in upcoming)]
        is_complete = len(found) >= len(survey.entries)
        self._some_told.emit(survey, found, is_complete)
        if not is_complete:
            self._thread.post(lambda: self._survey(survey, found))

    def _judged(self, target: ModelFacts, path: str, entry: ModelEntry | None = None) -> Draft:
        return judged(target, path, self._vocabularies, entry=entry)

    def close(self, timeout_s: float = 2.0) -> bool:
        """Ends the thread; False if a hung disk still holds it (it ends with the process)."""
        self._number += 1
        return self._thread.close(timeout_s)
