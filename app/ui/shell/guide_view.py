"""The Guide in the window: the questions of an empty chat, asking from a setting's help, hiding and bringing back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from app.core.guide import PREFERENCE, QUESTIONS, question_about
from app.core.settings import Setting
from app.services.profile import Profile
from app.services.session import SessionState
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.guide_intro import GuideIntro
from app.ui.panel.guide_offer import GuideOffer
from app.ui.shell.fault_dialog import Action, FaultDialog
from app.ui.shell.main_window import MainWindow
from app.ui.theme import Theme

_CHAT = "chat"


class GuideView(QObject):
    """Between `GuideService` and the window. What it is asked goes to the chat; a model is ejected only if agreed."""

    real_model_asked = Signal()

    def __init__(self, theme: Theme, profile: Profile, window: MainWindow, offer: GuideOffer) -> None:
        super().__init__(window)
        self._theme = theme
        self._guide = profile.guide
        self._chat = profile.chat
        self._session = profile.session
        self._loading = profile.loading
        self._preferences = profile.preferences
        self._window = window
        self._offer = offer
        self._intro: GuideIntro | None = None
        self._is_opening = False  # at the start: it will be loaded, and is not yet chosen
        self._early = ""  # a question from before its header was read
        self._undo: Callable[[], object] | None = None
        self._connect()
        profile.library.scan_finished.connect(self._library_read)
        self._show()

    def _connect(self) -> None:
        guide, chat, window = self._guide, self._chat, self._window
        guide.changed.connect(self._show)
        guide.eject_needed.connect(self._ask_to_eject)
        guide.asked.connect(self._stop_waiting)
        guide.not_asked.connect(self._stop_waiting)
        chat.generating_changed.connect(self._show)
        chat.opened.connect(self._show)
        self._session.state_changed.connect(self._show)
        self._loading.changed.connect(self._show)
        window.page_changed.connect(self._show)
        self._offer.asked.connect(self.ask_about)
        window.toast.acted.connect(self._act)
        window.toast.gone.connect(self._forget)

    # -- what is asked of it --------------------------------------------------------------------------------

    def expect(self) -> None:
        """The window is about to open with the Guide: its questions are there before it is."""
        self._is_opening = True
        self._show()

    def open_at_start(self) -> None:
        """Loads it."""
        self._guide.open()

    def ask_about(self, setting: Setting) -> None:
        """Asks what a setting does, and shows the answer."""
        self._ask(question_about(setting))

    def hide(self) -> None:
        """Lists it nowhere, and says where to bring it back."""
        was_loaded = self._is_talked_to()
        self._guide.hide()
        said = self.tr("The Guide is hidden. “Show the Guide” in Preferences brings it back.")
        self._window.toast.show_text(said, self.tr("Undo"))
        self._undo = self._load_again if was_loaded else self._bring_back

    def add_to(self, menu: QMenu) -> None:
        """Adds the line of the help menu that opens the Guide, or brings it back."""
        guide = self._guide
        if guide.is_shown:
            action = menu.addAction(self.tr("Ask the Guide"), self._open)
            action.setEnabled(not self._refusal())
            action.setToolTip(self._refusal())
        elif not self._preferences.value(PREFERENCE) and guide.path and Path(guide.path).is_file():
            menu.addAction(self.tr("Show the Guide"), self._show_again)

    # -- what is shown --------------------------------------------------------------------------------------

    def _show(self, *_what: object) -> None:
        self._offer.show(self._guide.is_shown, self._refusal())
        if self._loading.chosen is not None:
            self._is_opening = False
        if self._early and self._guide.is_shown:
            question, self._early = self._early, ""
            self._ask(question)
        page = self._window.page(_CHAT)
        if isinstance(page, ChatPage):
            page.set_intro(self._made_intro() if self._is_talked_to() else None)

    def _is_talked_to(self) -> bool:
        """Whether an empty conversation would be with the Guide, now or in a moment."""
        guide, state = self._guide, self._session.state
        if state in {SessionState.LOADING, SessionState.READY}:
            return guide.is_shown and self._session.model_path == guide.path
        return self._is_opening or (guide.is_chosen and self._loading.is_checking)

    def _made_intro(self) -> GuideIntro:
        if self._intro is None:
            self._intro = intro = GuideIntro(self._theme, QUESTIONS)
            intro.asked.connect(self._ask)
            intro.real_model_asked.connect(self.real_model_asked)
            intro.hide_asked.connect(self.hide)
        facts = self._guide.facts
        self._intro.show_size(facts.n_params if facts is not None else 0)
        return self._intro

    def _refusal(self) -> str:
        """Why it cannot be asked now."""
        if self._chat.is_generating() or (self._chat.n_replies and self._guide.needs_eject):
            return self.tr("A reply is being written. Ask when it has ended, or stop it.")
        return ""

    def _library_read(self, _n_models: int) -> None:
        """What cannot be read by now does not open."""
        if self._guide.facts is None:
            self._is_opening, self._early = False, ""
        self._show()

    def _stop_waiting(self, *_question: object) -> None:
        if self._intro is not None:
            self._intro.show_waiting("")

    # -- what is done ---------------------------------------------------------------------------------------

    def _ask(self, question: str) -> None:
        if self._is_opening and not self._guide.is_shown:
            self._early = question
            self._made_intro().show_waiting(question)
            return
        if self._guide.ask(question):
            self._show_chat()
            if self._intro is not None and not self._guide.is_loaded:
                self._intro.show_waiting(question)

    def _ask_to_eject(self, question: str, name: str) -> None:
        self._confirm(name, self.tr("Eject and ask"), lambda: self._ask_after_eject(question))

    def _ask_after_eject(self, question: str) -> None:
        if self._guide.ask(question, eject=True):
            self._show_chat()

    def _confirm(self, name: str, yes: str, act: Callable[[], object]) -> None:
        text = self.tr(
            "Only one model is loaded at a time. The settings of {name} are kept, and so are its conversations."
        )
        actions: list[Action] = [(yes, "", act)]
        dialog = FaultDialog(
            self._theme,
            self.tr("Eject {name} and load the Guide?").format(name=name),
            text.format(name=name),
            actions,
            self._window,
            tone="accent",
            icon_name="guide",
            close_text=self.tr("Cancel"),
        )
        dialog.open()
        dialog.focus_first()

    def _open(self) -> None:
        """An empty conversation with the Guide."""
        if self._guide.needs_eject:
            self._confirm(self._guide.name_to_eject, self.tr("Eject and load"), self._open_after_eject)
        else:
            self._open_after_eject()

    def _open_after_eject(self) -> None:
        self._guide.open(eject=True)
        self._chat.new()
        self._show_chat()

    def _show_chat(self) -> None:
        """Where the answer comes, with the keyboard where one goes on asking."""
        self._window.show_page(_CHAT)
        page = self._window.page(_CHAT)
        if isinstance(page, ChatPage):
            page.focus_message()

    def _show_again(self) -> None:
        """After it was hidden; another model stays where it is."""
        self._bring_back()
        if self._guide.needs_eject:
            self._window.toast.show_text(self.tr("The Guide is back, in the list of models and in the help."))
        else:
            self._open()

    def _load_again(self) -> None:
        self._bring_back()
        self._guide.open()

    def _bring_back(self) -> None:
        self._preferences.set_value(PREFERENCE, True)

    def _act(self) -> None:
        act, self._undo = self._undo, None
        if act is not None:
            act()

    def _forget(self) -> None:
        self._undo = None
