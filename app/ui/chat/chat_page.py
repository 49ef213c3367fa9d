"""The chat page: conversations at the left, the open one's messages, the composer below them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from app.core.conversation import Conversation, Role
from app.core.history import HistoryError
from app.core.reasons import Overflow
from app.services.chat import Chat
from app.services.session import Session, SessionState
from app.ui.chat.composer import Composer, ComposerState
from app.ui.chat.conversation_list import ConversationList
from app.ui.chat.conversation_search import ConversationSearch
from app.ui.chat.find_bar import FindBar
from app.ui.chat.live_replies import LiveReplies
from app.ui.chat.transcript import COLUMN, MARGIN, Transcript
from app.ui.theme import Theme, set_role
from app.ui.widgets import EmptyState, Toast
from app.worker.protocol import PromptProgress

LIST_WIDTH = 232


class ChatPage(QWidget):
    """Shows what `chat` holds and passes on what is asked."""

    choose_model_requested = Signal()
    system_prompt_requested = Signal()  # show it in the side panel
    tint_all_asked = Signal(bool)  # whether replies are to show what was guessed of them
    plan_change_asked = Signal(dict)  # load settings

    def __init__(self, theme: Theme, chat: Chat, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chat = chat
        self._session = session
        self._chosen = ""
        self._tints = False
        self._live = LiveReplies()
        self.list = ConversationList(theme, chat, self)
        self.transcript = Transcript(theme, self)
        self.composer = Composer(theme, self)
        self._empty = EmptyState(theme, "chat", "", "", " ")
        self._intro: QWidget | None = None
        self._find = FindBar(theme, self)
        self._search = ConversationSearch(self.transcript)
        self._arrange()
        self._toast = Toast(theme, self._stack_holder)
        self._notice = Toast(theme, self._stack_holder)
        self._connect_chat()
        self._connect_parts()
        self._show_conversation(chat.current)

    def _arrange(self) -> None:
        self._stack_holder = QWidget(self)
        self._stack = QStackedLayout(self._stack_holder)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.transcript)
        self._dock = QWidget(self)
        dock = QHBoxLayout(self._dock)
        dock.setContentsMargins(MARGIN, 4, MARGIN, 14)
        dock.addWidget(self.composer)
        self.composer.setMaximumWidth(COLUMN)
        side = QFrame(self)
        set_role(side, "bg")
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack_holder, 1)
        column.addWidget(self._dock)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.addWidget(self.list)
        self._splitter.addWidget(side)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([LIST_WIDTH, 800])
        self.list.setMinimumWidth(160)
        self._splitter.setCollapsible(1, False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._splitter)
        self._side = side
        side.installEventFilter(self)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._open_find)

    def _connect_chat(self) -> None:
        chat = self._chat
        chat.opened.connect(self._show_conversation)
        chat.conversation_changed.connect(self._show_header)
        chat.path_changed.connect(self._show_path)
        chat.message_changed.connect(self._show_message)
        chat.notice.connect(self._show_message)
        chat.reply_started.connect(self._reply_started)
        chat.reply_progress.connect(self._reply_progress)
        chat.reply_text.connect(self._reply_text)
        chat.reply_finished.connect(self._reply_finished)
        chat.generating_changed.connect(self._show_state)
        chat.context_usage.connect(self._show_usage)
        chat.deleted.connect(self._offer_undo)
        chat.trouble.connect(self._show_trouble)
        chat.trouble_over.connect(self._notice.hide)
        self._session.state_changed.connect(self._show_state)

    def _connect_parts(self) -> None:
        chat, transcript, composer = self._chat, self.transcript, self.composer
        transcript.regenerate_asked.connect(self._regenerate)
        transcript.continue_asked.connect(self._continue)
        transcript.sibling_asked.connect(chat.select_sibling)
        transcript.edited.connect(self._edit)
        transcript.tint_asked.connect(self._tint)
        transcript.tint_all_asked.connect(self.tint_all_asked)
        transcript.drafting_asked.connect(self.show_drafting)
        transcript.left.connect(composer.focus)
        transcript.follow_in_tab_order(self.list.view)
        composer.send_asked.connect(self._send)
        composer.stop_asked.connect(self._stop)
        composer.draft_changed.connect(chat.draft_changed)
        composer.choose_model_requested.connect(self.choose_model_requested)
        composer.system_prompt_asked.connect(self.system_prompt_requested)
        composer.edit_last_asked.connect(self._edit_last)
        self._empty.clicked.connect(self.choose_model_requested)
        self._toast.acted.connect(chat.undo_delete)
        self._find.searched.connect(self._find_text)
        self._find.stepped.connect(self._find_step)
        self._find.closed.connect(composer.focus)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.composer.focus()

    # -- for the shell --------------------------------------------------------------------------------------

    def focus_message(self) -> None:
        """Give the keyboard to the composer."""
        self.composer.focus()

    def focus_search(self) -> None:
        """Give the keyboard to the conversation search."""
        self.list.setVisible(True)
        self.list.focus_search()

    def toggle_list(self) -> None:
        """Show or hide the conversations."""
        self.list.setVisible(not self.list.isVisible())

    def new_conversation(self) -> None:
        """Open an empty conversation, ready to write in."""
        self._chat.new()
        self.composer.focus()

    def set_intro(self, intro: QWidget | None) -> None:
        """What an empty conversation shows in place of the usual words, of a model that is there or will be at once.

        None for those words. A widget that was set is kept.
        """
        if intro is self._intro:
            return
        self._intro = intro
        if intro is not None and self._stack.indexOf(intro) < 0:
            self._stack.addWidget(intro)
        if self._stack.currentWidget() is not self.transcript:
            self._stack.setCurrentWidget(intro or self._empty)
        self._show_state()

    def set_tints(self, tints: bool) -> None:
        """Whether replies show what was guessed of them, unless they have a choice of their own."""
        self._tints = tints
        self.transcript.set_tints(tints)

    def show_drafting(self, message_id: str) -> None:
        """What guessing did for a reply of the open conversation, and for the others of the same two models."""
        from app.ui.chat.drafting_dialog import DraftingDialog

        message = self._chat.current.messages[message_id]
        if message.drafting is None:
            return
        runs = self._chat.drafted_runs(message_id)
        can_change = bool(runs) and self._chat.is_loaded_pair(runs[0])
        dialog = DraftingDialog(self._theme, message, runs, self, can_change=can_change)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.change_asked.connect(self._change_plan)
        dialog.open()

    def _change_plan(self, changes: dict[str, Any]) -> None:
        self.plan_change_asked.emit(changes)
        self._toast.show_text(self.tr("Changed in the plan. It takes effect when the model is loaded again."))

    # -- what is shown --------------------------------------------------------------------------------------

    def _show_conversation(self, conversation: Conversation) -> None:
        self._show_path(is_new=True)
        self.composer.set_text(conversation.draft)
        self.composer.set_usage(0, 0)
        self._show_header()
        self._show_state()
        for message_id in (message.id for message in conversation.path() if message.is_streaming):
            self._show_live(message_id)

    def _show_path(self, *, is_new: bool = False) -> None:
        conversation = self._chat.current
        path = conversation.path()
        places = [conversation.sibling_position(message.id) for message in path]
        self.transcript.show_path(path, places, is_new=is_new)
        self._stack.setCurrentWidget(self.transcript if path else self._intro or self._empty)
        self.composer.set_asks_for_model(bool(path))  # the empty state has a button for that
        if self._find.isVisible():
            self._find_text(self._find.text)

    def _show_header(self) -> None:
        self.composer.set_system_prompt(self._chat.current.system_prompt)

    def _show_message(self, message_id: str) -> None:
        view = self.transcript.view(message_id)
        if view is not None and message_id in self._chat.current.messages:
            view.show_state()

    def _show_state(self) -> None:
        state = self._session.state
        got = self._session.got
        name = (got.model_name if got else "") or Path(self._session.model_path).stem
        if state is SessionState.READY:
            is_busy = self._chat.is_generating()
            composer = ComposerState.GENERATING if is_busy else ComposerState.READY
        else:
            is_busy = False
            is_coming = state is SessionState.LOADING or self._intro is not None  # which is a model's own
            composer = ComposerState.LOADING if is_coming else ComposerState.NO_MODEL
        self.composer.set_state(composer, name)
        self.transcript.set_can_generate(composer is ComposerState.READY)
        self._show_empty(composer, name)

    def set_chosen(self, model: str) -> None:
        """The name of the model that is chosen, loaded or not; "" for none."""
        if model != self._chosen:
            self._chosen = model
            self.composer.set_chosen(model)
            self._show_state()

    def _show_empty(self, state: ComposerState, model: str) -> None:
        if state is ComposerState.NO_MODEL and self._chosen:
            self._empty.show_text(
                self.tr("{model} is not loaded yet").format(model=self._chosen),
                self.tr("Set its dials at the right, load it, and chat with it here."),
                self.tr("Load"),
            )
        elif state is ComposerState.NO_MODEL:
            self._empty.show_text(
                self.tr("No model is loaded"),
                self.tr("Choose a model file, set its dials at the right, load it, and chat with it here."),
                self.tr("Choose a model"),
            )
        elif state is ComposerState.LOADING:
            self._empty.show_text(
                self.tr("Loading {model}").format(model=model),
                self.tr("You can write your first message meanwhile."),
            )
        else:
            self._empty.show_text(
                self.tr("Say something to {model}").format(model=model),
                self.tr(
                    "Return sends, Shift+Return makes a new line. The figures of each reply appear under it."
                ),
            )

    def _show_usage(self, n_tokens: int, n_ctx: int) -> None:
        self.composer.set_usage(n_tokens, n_ctx, drops_turns=self._chat.overflow != Overflow.STOP)

    def _offer_undo(self, conversation_id: str, title: str) -> None:
        name = title or self.tr("New conversation")
        self._toast.show_text(self.tr("“{title}” deleted").format(title=name), self.tr("Undo"))

    def _show_trouble(self, error: HistoryError) -> None:
        text = self.tr(
            "Conversations cannot be saved for now ({reason}). Nothing is lost while Loadout runs."
        )
        self._notice.show_text(text.format(reason=str(error)), for_ms=0)

    # -- replies --------------------------------------------------------------------------------------------

    def _reply_started(self, message_id: str) -> None:
        self._live.start(message_id)
        self._show_live(message_id)

    def _reply_progress(self, message_id: str, progress: PromptProgress) -> None:
        self._live.note_progress(message_id, progress)
        self._show_live(message_id)

    def _reply_text(self, message_id: str, text: str) -> None:
        is_due = self._live.note_text(message_id, self._chat.n_generated(message_id))
        view = self.transcript.reply(message_id)
        if view is not None:
            view.take_text()
            if is_due:
                self._show_live(message_id)

    def _show_live(self, message_id: str) -> None:
        view = self.transcript.reply(message_id)
        if view is not None:
            view.show_live(*self._live.figures(message_id))

    def _reply_finished(self, message_id: str) -> None:
        self._live.end(message_id)
        view = self.transcript.reply(message_id)
        if view is not None:
            view.finish()

    # -- what is asked --------------------------------------------------------------------------------------

    def _send(self, text: str) -> None:
        if self._chat.send(text):
            self.composer.set_text("")
            self.transcript.jump_to_end()

    def _stop(self) -> None:
        self._chat.stop()

    def _regenerate(self, message_id: str) -> None:
        if self._chat.regenerate(message_id):
            self.transcript.jump_to_end()
            self.composer.focus()

    def _continue(self, message_id: str) -> None:
        if self._chat.continue_reply(message_id):
            self.transcript.jump_to_end()
            self.composer.focus()

    def _edit(self, message_id: str, text: str, wants_reply: bool) -> None:
        if self._chat.edit(message_id, text, generate=wants_reply):
            return
        self._chat.edit(message_id, text, generate=False)
        self._toast.show_text(self.tr("Saved. There is no reply: a model must be loaded and idle for one."))

    def _tint(self, message_id: str, is_wanted: bool) -> None:
        """A choice that is what the preferences say anyway goes on following them."""
        self._chat.set_tinted(message_id, None if is_wanted == self._tints else is_wanted)

    def _edit_last(self) -> None:
        mine = [message for message in self._chat.current.path() if message.role == Role.USER]
        view = self.transcript.view(mine[-1].id) if mine else None
        if view is not None and not self._chat.is_generating():
            self.transcript.show_message(mine[-1].id)
            view.start_editing()

    # -- finding --------------------------------------------------------------------------------------------

    def _open_find(self) -> None:
        self._find.open_bar()
        self._place_find()

    def _place_find(self) -> None:
        self._find.adjustSize()
        right = self.mapFromGlobal(self._side.mapToGlobal(self._side.rect().topRight()))
        self._find.move(right.x() - self._find.width() - 20, right.y() + 10)

    def _find_text(self, text: str) -> None:
        self._search.start(self._chat.current.path(), text)
        self._find_step(0)

    def _find_step(self, step: int) -> None:
        self._find.show_position(*self._search.step(step))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_find()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._place_find()
        return super().eventFilter(watched, event)
