"""From a chosen model to a loaded one: the plan, the guard, the load itself, and the ways out when it fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.gguf import ModelFacts
from app.core.library import ModelEntry
from app.core.reasons import FailureKind
from app.core.run import Got
from app.core.settings.loadouts import Loadout, LoadoutStore
from app.services.drafts import Drafts
from app.services.footprint import FootprintService
from app.services.guard import LoadRefusal, question_of, refusal_of
from app.services.known_good import KnownGood
from app.services.library import LibraryService
from app.services.load_check import Check, LoadCheck
from app.services.load_ends import LoadFailure, Lost
from app.services.plan import Plan
from app.services.predictions import Predictions
from app.services.rescue import Rescue
from app.services.session import Session, SessionState
from app.services.smaller_plan import smaller_plan
from app.worker import protocol as p

_LESS_MAY_HELP = frozenset({FailureKind.OUT_OF_MEMORY, FailureKind.ENGINE, FailureKind.DEVICE_LOST})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A plan as it was when the user asked to load it."""

    facts: ModelFacts
    values: dict[str, Any]
    loadout_name: str

    def is_same(self, other: _Wanted | None) -> bool:
        return other is not None and (self.facts.path, self.values) == (other.facts.path, other.values)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An unwise plan, while the user is asked about it."""

    wanted: _Wanted
    check: Check


class Loading(QObject):
    """Knows the chosen model and takes it to the session. Shows nothing: what needs words goes out as a signal."""

    changed = Signal()  # the model chosen, the state, the progress, or what was got
    confirm = Signal(object)  # UnwiseLoad: call `load_anyway` if the user agrees
    refused = Signal(object)  # LoadRefusal: a plan that cannot work
    failed = Signal(object)  # LoadFailure
    lost = Signal(object)  # Lost
    unusable = Signal(str, str)  # a file that was to be opened, and why it cannot be

    def __init__(
        self,
        session: Session,
        plan: Plan,
        library: LibraryService,
        loadouts: LoadoutStore,
        known_good: KnownGood,
        footprints: FootprintService,
        predictions: Predictions,
        parent: QObject | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._plan = plan
        self._library = library
        self._loadouts = loadouts
        self._known_good = known_good
        self._footprints = footprints
        self._predictions = predictions
        self._drafts = drafts
        self._awaits_draft = False  # a load was asked for, and its draft model is being looked at
        self._check = LoadCheck(footprints, self)
        self._rescue = Rescue(footprints, session, self)
        self._failure: LoadFailure | None = None  # not told yet: a plan that fits is looked for
        self._wanted: _Wanted | None = None  # being checked, or waiting for the dry run's process to end
        self._waiting: tuple[str, bool] | None = None  # a file not in the library yet, and whether to load it
        self._asked: _Asked | None = None  # the unwise plan that was asked about
        self._agreed: _Wanted | None = None
        self._loaded_name = ""
        self._loaded_facts: ModelFacts | None = None
        self._loaded_values: dict[str, Any] = {}
        self._log_path = ""
        self._was_ready = False
        self._split: tuple[float, ...] = ()  # over several devices, as measured for what is to be loaded
        self.loadout_name = ""  # the loadout that is loaded, "" if it was changed or has no name
        self.fraction: float | None = None  # of the load, 0..1
        self.stage = ""  # of the load: "weights", "context", "adapters", "warm_up"
        self._weights_since_s = 0.0
        self._connect()

    def _connect(self) -> None:
        self._session.state_changed.connect(self._state_changed)
        self._session.load_progress.connect(self._progressed)
        self._session.loaded.connect(self._loaded)
        self._session.load_failed.connect(self._load_failed)
        self._session.lost.connect(self._worker_lost)
        self._session.finished.connect(self._replied)
        self._plan.model_changed.connect(self._model_changed)
        self._check.done.connect(self._checked)
        self._footprints.paused.connect(self._load_wanted)
        self._rescue.done.connect(self._rescued)
        self._library.changed.connect(self._look_for_waiting)
        if self._drafts is not None:
            self._drafts.judged.connect(self._draft_judged)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        """What the session is doing."""
        return self._session.state

    @property
    def chosen(self) -> ModelFacts | None:
        """The model of the plan."""
        return self._plan.model

    @property
    def loaded_facts(self) -> ModelFacts | None:
        """The header of the model that is loaded or being loaded."""
        return self._loaded_facts if self.state is not SessionState.EMPTY else None

    @property
    def loaded_path(self) -> str:
        """The file of the model that is loaded, "" while none is."""
        facts = self.loaded_facts
        return facts.path if facts is not None and self.got is not None else ""

    @property
    def is_checking(self) -> bool:
        """Whether a load was asked for and has not begun: its memory is being looked at."""
        return self._wanted is not None or self._awaits_draft

    @property
    def got(self) -> Got | None:
        """What was got by the last load, while it is loaded."""
        return self._session.got

    def seconds_left(self) -> float | None:
        """How long reading the weights is going to take still; None while nobody can know."""
        elapsed_s = time.monotonic() - self._weights_since_s
        if self.stage != "weights" or self.fraction is None or self.fraction < 0.05 or elapsed_s < 1:
            return None
        return elapsed_s * (1 - self.fraction) / self.fraction

    def choices(self) -> list[tuple[ModelEntry, list[Loadout]]]:
        """Models that can be loaded with their loadouts, the last used first, then by name, the Guide last."""
        models = [
            entry for entry in self._library.entries() if entry.facts is not None and entry.is_chat_model
        ]
        listed = [(entry, self._loadouts.list(entry.id)) for entry in models]
        return sorted(listed, key=lambda item: (not item[0].is_built_in, _last_run(item[1])), reverse=True)

    # -- choosing -------------------------------------------------------------------------------------------

    def choose(self, model_id: str, loadout: str | None = None, *, load: bool = False) -> None:
        """Makes a model the plan, with a loadout's settings ("" for none, None for the last used), and loads it."""
        entry = self._library.entry(model_id)
        if entry is None:
            self.open_file(model_id, load=load)
            return
        if entry.facts is None or not entry.is_chat_model:
            self.unusable.emit(entry.path, entry.error or "")
            return
        name, values = self._start_of_plan(model_id, loadout)
        self._plan.set_model(entry.facts, name, values)
        if load:
            self.load()

    def open_file(self, path: str, *, load: bool = False) -> None:
        """Adds a file to the library and chooses it as soon as its header has been read."""
        entry_id = self._library.add_file(path)
        self._waiting = (entry_id, load)

    def _start_of_plan(self, model_id: str, loadout: str | None) -> tuple[str, dict[str, Any]]:
        if loadout:
            return loadout, self._loadouts.get(model_id, loadout).values
        if loadout is None and (last := self._loadouts.last_used(model_id)) is not None:
            return last.name, last.values
        return "", self._known_good.get(model_id) or {}

    def _look_for_waiting(self) -> None:
        self.changed.emit()
        if self._waiting is None:
            return
        entry_id, load = self._waiting
        entry = self._library.entry(entry_id)
        if entry is not None:
            self._waiting = None
            self.choose(entry_id, load=load)

    # -- loading --------------------------------------------------------------------------------------------

    def load(self, *, looks: bool = True) -> None:
        """Loads the plan as it stands; `refused`, `confirm` or the session's signals follow within two seconds.

        Without `looks`, at once: what is known to take next to nothing needs no look at the memory.
        """
        if self._plan.model is None or self.state is SessionState.EJECTING:
            return
        if self._drafts is not None and self._drafts.is_in_use:
            self._awaits_draft = True
            self._drafts.judge()  # its file may have gone since it was chosen
            self.changed.emit()
        else:
            self._load_plan(looks=looks)

    def load_small(self, facts: ModelFacts) -> None:
        """Makes a model the plan, with nothing changed, and loads it at once: one that takes next to nothing."""
        self._footprints.pause()  # before the choice begins a dry run, whose process would only be in the way
        self._plan.set_model(facts)
        self.load(looks=False)
        if not self.is_checking:
            self._footprints.resume()

    def _draft_judged(self) -> None:
        if self._awaits_draft:
            self._awaits_draft = False
            self._load_plan()
            self.changed.emit()

    def _load_plan(self, *, looks: bool = True) -> None:
        facts = self._plan.model
        if facts is None or self.state is SessionState.EJECTING:
            return
        errors = tuple(item for item in self._plan.problems() if item.severity == "error")
        if errors:
            self.refused.emit(LoadRefusal(facts.name, problems=errors))
            return
        named = self._plan.base_name if not self._plan.is_modified else ""
        wanted = _Wanted(facts, self._plan.values(), named)
        if wanted.is_same(self._wanted):
            return  # asked for twice
        if self._wanted is not None:
            self._footprints.resume()  # it may have been about to load another
        self._rescue.cancel()
        self._rescued(None)
        self._wanted, self._asked = wanted, None
        if looks:
            self._check.request(facts, wanted.values)
        else:
            self._check.cancel()
            self._begin(Check(facts, wanted.values))
        self.changed.emit()

    def load_anyway(self) -> None:
        """The user agreed to what `confirm` asked; the same plan is not asked about again."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._agreed = self._wanted = asked.wanted
            self._begin(asked.check)

    def load_values(self, values: dict[str, Any]) -> None:
        """Loads the plan's model with these settings, which become the plan."""
        self._plan.set_many({key: self._plan.default(key) for key in self._plan.changed_keys()} | values)
        self.load()

    def cancel(self) -> None:
        """Aborts a load."""
        self._drop_wanted()
        self._session.abort_load()

    def eject(self) -> None:
        """Gives the memory back."""
        self._drop_wanted()
        self._session.eject()

    def _model_changed(self) -> None:
        wanted, model = self._wanted, self._plan.model
        self._awaits_draft = False
        if wanted is not None and (model is None or model.path != wanted.facts.path):
            self._drop_wanted()
        self.changed.emit()

    def _drop_wanted(self) -> None:
        was_awaiting, self._awaits_draft = self._awaits_draft, False
        if self._wanted is None:
            if was_awaiting:
                self.changed.emit()
            return
        self._wanted = None
        self._check.cancel()
        self._footprints.resume()
        self.changed.emit()

    def _checked(self, check: Check) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        refusal = refusal_of(wanted.facts.name, check)
        question = question_of(wanted.facts.name, check) if not wanted.is_same(self._agreed) else None
        if refusal is None and question is None:
            self._begin(check)
            return
        self._wanted = None
        self.changed.emit()
        if refusal is not None:
            self.refused.emit(refusal)
        elif question is not None:
            self._asked = _Asked(wanted, check)
            self.confirm.emit(question)

    def _begin(self, check: Check) -> None:
        """The dry run's process must hold nothing on a device while the model is loaded; `_load_wanted` follows."""
        self._predictions.expect(check.facts, check.values, check.footprint)
        self._split = check.footprint.split if check.footprint is not None else ()
        self._footprints.pause()

    def _load_wanted(self) -> None:
        if self._wanted is None or self._check.is_under_way:
            return
        wanted, self._wanted = self._wanted, None
        self._loaded_facts, self._loaded_values = wanted.facts, wanted.values
        self._loaded_name = wanted.facts.name
        self.loadout_name = wanted.loadout_name
        self.fraction, self.stage, self._was_ready = None, "", False
        self._weights_since_s = time.monotonic()
        self._session.load(wanted.facts.path, wanted.values, self._split)
        self._log_path = str(self._session.log_path or "")
        self.changed.emit()

    # -- what the session says ------------------------------------------------------------------------------

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.LOADING:
            self._log_path = str(self._session.log_path or "")
        if state in {SessionState.EMPTY, SessionState.EJECTING}:
            self._plan.set_loaded(None)
        self.changed.emit()

    def _progressed(self, fraction: float, stage: str) -> None:
        self.fraction, self.stage = fraction, stage
        self.changed.emit()

    def _loaded(self, _got: Got) -> None:
        self._was_ready = True
        self._plan.set_loaded(self._session.asked)
        self.changed.emit()

    def _replied(self, _event: p.Finished) -> None:
        if self._loaded_facts is not None:
            self._known_good.put(self._loaded_facts.path, self._loaded_values)

    def _load_failed(self, event: p.LoadFailed) -> None:
        self.fraction = None
        self.changed.emit()
        if event.kind in {FailureKind.CANCELLED, FailureKind.WORKER_LOST}:
            return  # `lost`, which knows how the worker ended, follows for the second
        good, smaller = self._ways_out()
        if event.kind == FailureKind.BAD_FILE:
            good = None  # no settings mend a file
        if event.kind not in _LESS_MAY_HELP:
            smaller = None
        failure = LoadFailure(event, self._loaded_name, good, smaller, self._log_path)
        facts = self._loaded_facts
        if event.kind == FailureKind.OUT_OF_MEMORY and smaller is not None and facts is not None:
            self._failure = failure
            self._rescue.request(facts, self._loaded_values, self._predictions.predicted)
        else:
            self.failed.emit(failure)

    def _rescued(self, fitting: dict[str, Any] | None) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            self.failed.emit(failure if fitting is None else replace(failure, smaller=fitting))

    def _worker_lost(self, event: p.Exited) -> None:
        good, smaller = self._ways_out()
        self.changed.emit()
        self.lost.emit(Lost(event, self._loaded_name, not self._was_ready, good, smaller, self._log_path))

    def _ways_out(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The settings that last worked with this model, and a plan that needs less than the one that did not."""
        facts, values = self._loaded_facts, self._loaded_values
        if facts is None or self._plan.model is None or self._plan.model.path != facts.path:
            return None, None
        machine = self._plan.machine
        can_offload = machine is None or machine.offload_devices != ()
        smaller = smaller_plan(values, facts, can_offload=can_offload)
        return self._known_good.get(facts.path), smaller if smaller != values else None


def _last_run(loadouts: Sequence[Loadout]) -> float:
    return max((item.last_run_at or 0.0 for item in loadouts), default=0.0)
