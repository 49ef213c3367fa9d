"""The Guide in the window: when it opens, how it is asked, and how it goes; it never ejects a model unasked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.conversation import Role
from app.core.gguf import ModelFacts
from app.core.guide import PREFERENCE, GuideFiles
from app.services.chat import Chat
from app.services.known_good import KnownGood
from app.services.library import LibraryService
from app.services.loading import Loading
from app.services.plan import Plan
from app.services.preferences import Preferences
from app.services.session import Session, SessionState


@dataclass(frozen=True, slots=True)
class _Question:
    """What is to be said as soon as the Guide is loaded, if that conversation is still the open one."""

    text: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class _Aside:
    """A plan with edits that had to make room for the Guide's."""

    path: str
    base_name: str
    values: dict[str, Any]


class GuideService(QObject):
    """Offers the Guide while it is there and not hidden. It loads with the app's defaults, not with another's plan:
    a plan that was being edited is put aside, and is back when its model is chosen again.
    """

    changed = Signal()  # is_shown, is_chosen, is_loaded or name_to_eject
    eject_needed = Signal(
        str, str
    )  # the question, the model in the way: `ask(question, eject=True)` if agreed
    asked = Signal(str)  # the question is in the open conversation, and a reply is being made
    not_asked = Signal(str)  # the question, after all: the load failed or was given up, or another was chosen

    def __init__(
        self,
        files: GuideFiles | None,
        library: LibraryService,
        loading: Loading,
        plan: Plan,
        session: Session,
        chat: Chat,
        preferences: Preferences,
        known_good: KnownGood,
        parent: QObject | None = None,
    ) -> None:
        """`files` is None where there is no Guide at all."""
        super().__init__(parent)
        self._files = files
        self._path = next(iter(files.roles)) if files is not None else ""
        self._library = library
        self._loading = loading
        self._plan = plan
        self._session = session
        self._chat = chat
        self._preferences = preferences
        self._known_good = known_good
        self._is_awaited = False  # to be loaded as soon as its header has been read
        self._may_eject = False
        self._loads_when_empty = False  # as soon as what is being ejected has gone
        self._question: _Question | None = None
        self._aside: _Aside | None = None
        library.show_built_in(preferences.value(PREFERENCE))
        self._told = self._state()
        self._connect()

    def _connect(self) -> None:
        self._library.changed.connect(self._library_changed)
        self._loading.changed.connect(self._tell)
        self._loading.refused.connect(self._give_up)
        self._loading.confirm.connect(self._give_up)
        self._session.load_failed.connect(self._give_up)
        self._session.lost.connect(self._give_up)
        self._session.loaded.connect(self._loaded)
        self._session.state_changed.connect(self._state_changed)
        self._plan.model_changed.connect(self._model_changed)
        self._preferences.changed.connect(self._preference_changed)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Its file, "" where there is no Guide."""
        return self._path

    @property
    def facts(self) -> ModelFacts | None:
        """What its header says; None where it is hidden, damaged or not there, or not read yet."""
        entry = self._library.entry(self._path)
        return entry.facts if entry is not None else None

    @property
    def is_shown(self) -> bool:
        """Whether it can be offered."""
        return bool(self._preferences.value(PREFERENCE)) and self.facts is not None

    @property
    def is_chosen(self) -> bool:
        """Whether it is the model of the plan."""
        return self._is_guide(self._loading.chosen)

    @property
    def is_loaded(self) -> bool:
        """Whether it is what the open conversation would talk to."""
        return self._session.state is SessionState.READY and self._session.model_path == self._path

    @property
    def is_awaited(self) -> bool:
        """Whether it is to be loaded as soon as its header has been read."""
        return self._is_awaited

    @property
    def needs_eject(self) -> bool:
        """Whether another model would have to go for it."""
        return bool(self.name_to_eject)

    @property
    def name_to_eject(self) -> str:
        """The other model that is loaded, being loaded, or about to be; "" for none."""
        loading = self._loading
        if loading.state in {SessionState.LOADING, SessionState.READY} or self._session.upcoming_path:
            facts = loading.loaded_facts
        else:
            facts = loading.chosen if loading.is_checking else None
        return facts.name if facts is not None and not self._is_guide(facts) else ""

    def opens_at_start(self, wanted: str = "", reopened: str = "") -> bool:
        """Whether the window begins with it: nothing else was ever used, nor is asked for.

        `wanted` is the file that the command line names, `reopened` the model of the last start, "" for none. Asks
        the disk for no more than whether the Guide's file is there.
        """
        if wanted or self._files is None or not self._preferences.value(PREFERENCE):
            return False
        used = (path for path in (reopened, *self._known_good.models()) if path)
        return all(self._was_guide(path) for path in used) and self._files.is_there

    def _is_guide(self, facts: ModelFacts | None) -> bool:
        return facts is not None and facts.path == self._path

    def _was_guide(self, path: str) -> bool:
        """Whether a file is the Guide, of this version of Loadout or of one that was installed elsewhere."""
        return bool(self._path) and Path(path).parts[-2:] == Path(self._path).parts[-2:]

    # -- what it does ---------------------------------------------------------------------------------------

    def open(self, *, eject: bool = False) -> None:
        """Chooses and loads it, as soon as its header has been read; not in another model's place, but for `eject`."""
        self._is_awaited, self._may_eject = True, eject
        self._library_changed()

    def hide(self) -> None:
        """Lists it nowhere from now on, and ejects it; the preference brings it back."""
        self._preferences.set_value(PREFERENCE, False)

    def ask(self, question: str, *, eject: bool = False) -> bool:
        """Asks it, in a conversation of its own if the open one is another model's, and loads it first if need be.

        Where another model would have to go, `eject_needed` is all that happens, but for `eject`. False where the
        question was not taken.
        """
        if not self.is_shown:
            return False
        if self.needs_eject and not eject:
            self.eject_needed.emit(question, self.name_to_eject)
            return False
        self._open_conversation()
        if self.is_loaded:
            return self._send(question)
        self._give_up()  # what was asked before, while it loads
        self._question = _Question(question, self._chat.current.id)
        self._load()
        return True

    def _open_conversation(self) -> None:
        """The open one, if it is empty or with the Guide, else a new one."""
        conversation, chat = self._chat.current, self._chat
        replies = [message for message in conversation.path() if message.role == Role.ASSISTANT]
        facts = self.facts
        is_own = bool(replies) and facts is not None and replies[-1].model == facts.name
        if chat.is_generating() or not (conversation.is_empty or is_own):
            chat.new()

    def _send(self, question: str) -> bool:
        draft = self._chat.current.draft  # what the user is writing stays where it is
        if not self._chat.send(question):
            self.not_asked.emit(question)
            return False
        if draft:
            self._chat.draft_changed(draft)
        self.asked.emit(question)
        return True

    def _load(self) -> None:
        state, session = self._session.state, self._session
        is_loading = state is SessionState.LOADING and session.model_path == self._path
        if is_loading or session.upcoming_path == self._path:
            return  # it comes
        self._put_aside()
        facts = self.facts
        if state is SessionState.EJECTING:
            self._loads_when_empty = True
            if facts is not None and not self.is_chosen:
                self._plan.set_model(facts)
        elif facts is not None and not self.is_chosen:
            self._loading.load_small(facts)
        else:
            self._load_plan()

    def _load_plan(self) -> None:
        """With nothing changed it fits anywhere, and is not kept waiting for a look at the memory."""
        plan = self._plan
        self._loading.load(looks=plan.is_modified or bool(plan.base_name))

    def _put_aside(self) -> None:
        """The edits of another model's plan: the Guide comes with the app's defaults and its own context."""
        plan = self._plan
        if plan.model is not None and plan.is_modified and not self.is_chosen and self.facts is not None:
            self._aside = _Aside(plan.model.path, plan.base_name, plan.values())

    # -- what the others say --------------------------------------------------------------------------------

    def _library_changed(self) -> None:
        if self._is_awaited and self.facts is not None:
            self._is_awaited = False
            if self.is_shown and not self.is_loaded and (self._may_eject or not self.needs_eject):
                self._load()
        self._tell()

    def _model_changed(self) -> None:
        if not self.is_chosen:
            self._is_awaited = self._loads_when_empty = False
            self._give_up()
        self._take_back_aside()

    def _take_back_aside(self) -> None:
        plan, aside = self._plan, self._aside
        if aside is None or plan.model is None or plan.model.path != aside.path:
            return
        self._aside = None
        if plan.base_name == aside.base_name:  # not where the user has just chosen another loadout
            plan.set_many({key: plan.default(key) for key in plan.changed_keys()} | aside.values)

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.EMPTY and self._loads_when_empty:
            self._loads_when_empty = False
            QTimer.singleShot(0, self, self._load_plan)  # after what else follows from it

    def _loaded(self, _got: object) -> None:
        question, self._question = self._question, None
        if question is None:
            return
        if self.is_loaded and self._chat.current.id == question.conversation_id:
            self._send(question.text)
        else:
            self.not_asked.emit(question.text)

    def _give_up(self, _why: object = None) -> None:
        question, self._question = self._question, None
        if question is not None:
            self.not_asked.emit(question.text)

    def _preference_changed(self, key: str) -> None:
        if key != PREFERENCE:
            return
        shows = bool(self._preferences.value(PREFERENCE))
        if not shows:
            self._leave()
        self._library.show_built_in(shows)
        self._tell()

    def _leave(self) -> None:
        self._is_awaited = False
        if self._loading.state is not SessionState.EMPTY and self._is_guide(self._loading.loaded_facts):
            self._loading.eject()
        if self.is_chosen:
            self._plan.set_model(None)

    def _state(self) -> tuple[bool, bool, bool, str]:
        return self.is_shown, self.is_chosen, self.is_loaded, self.name_to_eject

    def _tell(self) -> None:
        state = self._state()
        if state != self._told:
            self._told = state
            self.changed.emit()
