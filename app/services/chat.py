"""The open conversations and their replies, over a session and the history.

Every signal that carries a message id is sent for every conversation, the ones in the background too: a view
ignores ids that it does not show. Ids are never reused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.conversation import (
    Conversation,
    ConversationSummary,
    Message,
    MessageState,
    Role,
    messages_to_send,
)
from app.core.conversation_text import title_from, to_markdown
from app.core.history import History, HistoryError, Run
from app.services.chat_meter import ContextMeter
from app.services.chat_replies import Replies
from app.services.chat_saving import Saver
from app.services.session import Session, SessionState


class Chat(QObject):
    """What the chat view shows and asks for. One conversation is open; several may be generating."""

    list_changed = Signal()  # the conversation list: a new one, a title, an order, a deletion
    opened = Signal(object)  # Conversation: show this one from the start
    conversation_changed = (
        Signal()
    )  # the open one's title, system prompt, sampling, preset or template options
    message_added = Signal(str)  # id; the open conversation's path may have changed too: path_changed follows
    message_changed = Signal(str)  # id: something that no other signal tells: its thinking's end, its tint
    path_changed = Signal()  # the open conversation shows another branch, or a longer one
    reply_started = Signal(str)  # id; the message is in the tree, empty (or with the text that is continued)
    reply_progress = Signal(str, object)  # id, worker.protocol.PromptProgress
    reply_text = Signal(str, str)  # id, new text; the message already holds it
    reply_finished = Signal(str)  # id: see its state, stop_reason, error and timings
    notice = Signal(str, object)  # id, core.conversation.TrimNotice
    generating_changed = Signal()  # is_generating() may answer otherwise for some conversation
    context_usage = Signal(
        int, int
    )  # tokens the open conversation and draft take, one slot's context; 0, 0 unknown
    deleted = Signal(str, str)  # conversation id, title: offer undo_delete()
    measured = Signal(object)  # core.history.Run: a generation was measured and recorded
    trouble = Signal(
        object
    )  # core.history.HistoryError: cannot be saved for now; all is kept and tried again
    trouble_over = Signal()  # everything has been saved after all

    def __init__(
        self,
        session: Session,
        history: History,
        *,
        sampling_values: Callable[[], dict[str, Any]],
        overflow: Callable[[], str],
        deltas_per_s: Callable[[], float],
        loadout_name: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        """`sampling_values` is the sampling panel, under the conversation's own overrides; the callables are
        asked at each generation. A new empty conversation is open."""
        super().__init__(parent)
        self._history = history
        self._saver = Saver(history, self)
        self._replies = Replies(
            session,
            history,
            self._saver,
            sampling_values=sampling_values,
            overflow=overflow,
            deltas_per_s=deltas_per_s,
            loadout_name=loadout_name,
            parent=self,
        )
        self._session = session
        self._overflow = overflow
        self._blank = self._current = Conversation()
        self._deleted: list[str] = []
        self._meter = ContextMeter(session, self._messages_to_count, self)
        self._saver.attempt(self._tidy)
        self._connect()

    # what is there

    @property
    def current(self) -> Conversation:
        """The open conversation; a new empty one is in no list until something is said in it."""
        return self._current

    @property
    def overflow(self) -> str:
        """What happens when a conversation outgrows the context, a `core.reasons.Overflow`."""
        return self._overflow()

    def conversations(self, search: str = "") -> list[ConversationSummary]:
        """Newest first; with `search`, those whose title or messages contain it (any case)."""
        found: list[ConversationSummary] = []
        self._saver.attempt(lambda: found.extend(self._history.conversations(search.strip())))
        return found

    def is_generating(self, conversation_id: str | None = None) -> bool:
        """Whether a reply is being made in that conversation (None: the open one)."""
        return self._replies.conversation(conversation_id or self._current.id) is not None

    @property
    def n_replies(self) -> int:
        """How many replies are being made, in all conversations."""
        return self._replies.n_open

    def n_generated(self, message_id: str) -> int:
        """How many tokens of a reply being made there are, in whichever conversation; 0 for any other message."""
        return self._replies.n_generated(message_id)

    # the list

    def open(self, conversation_id: str) -> None:
        """Make it the open one. KeyError if there is none. Replies go on in the one that was open."""
        if conversation_id == self._current.id:
            return
        conversation = self._find(conversation_id)
        if conversation is not None:
            self._show(conversation)

    def new(self) -> None:
        """Open an empty conversation."""
        if not self._blank.is_empty:
            self._blank = Conversation()
        if self._current is not self._blank:
            self._show(self._blank)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a title of one's own; "" goes back to the automatic one."""
        conversation = self._find(conversation_id)
        if conversation is None:
            return
        conversation.title = title.strip()
        conversation.is_title_own = bool(conversation.title)
        self._set_automatic_title(conversation)
        self._saver.save(conversation)
        self._conversation_changed(conversation)
        self.list_changed.emit()

    def delete(self, conversation_id: str) -> None:
        """Take it from the list; `undo_delete` brings it back until the app closes. Ends its replies."""
        conversation = self._find(conversation_id)
        if conversation is None or conversation.is_empty:
            return
        self._replies.stop(conversation_id)
        self._saver.save(conversation)
        self._saver.attempt(lambda: self._history.delete(conversation_id))
        self._deleted.append(conversation_id)
        if conversation is self._current:
            self.new()
        self.list_changed.emit()
        self.deleted.emit(conversation_id, conversation.title)

    def undo_delete(self) -> str | None:
        """Bring back the conversation deleted last and open it; its id, or None where there is none."""
        if not self._deleted:
            return None
        conversation_id = self._deleted.pop()
        self._saver.attempt(lambda: self._history.undelete(conversation_id))
        self.list_changed.emit()
        self.open(conversation_id)
        return conversation_id

    def export_markdown(
        self,
        conversation_id: str | None = None,
        *,
        names: Mapping[str, str] | None = None,
        untitled: str = "",
        with_thinking: bool = False,
    ) -> str:
        """The path shown, as Markdown (None: the open conversation); `names` maps roles to headings."""
        conversation = self._find(conversation_id or self._current.id)
        if conversation is None:
            return ""
        return to_markdown(conversation, names=names, untitled=untitled, with_thinking=with_thinking)

    # the open conversation

    def set_system_prompt(self, text: str) -> None:
        """For the open conversation, from the next generation on."""
        self._current.system_prompt = text
        self._header_changed()

    def set_sampling(self, values: dict[str, Any], preset: str = "") -> None:
        """The open conversation's own sampling, over the panel's; `preset` is the name it came from."""
        self._current.sampling = dict(values)
        self._current.preset = preset
        self._header_changed()

    def set_template_options(self, values: dict[str, Any]) -> None:
        """What the open conversation's chat template is given, e.g. {"enable_thinking": False}."""
        self._current.template_options = dict(values)
        self._header_changed()

    def draft_changed(self, text: str) -> None:
        """What stands in the composer: kept with the conversation and counted for the meter."""
        if text != self._current.draft:
            self._current.draft = text
            self._saver.save_soon(self._current)
            self._count_soon()

    # asking the model: False, with nothing changed, where no model is loaded or a reply is being made here

    def send(self, text: str) -> bool:
        """Say `text` and generate a reply."""
        if not text.strip() or not self._can_generate():
            return False
        leaf = self._current.leaf
        question = Message(Role.USER, text, parent_id=leaf.id if leaf else None)
        self._current.draft = ""
        self._add(question)
        self._reply_below(question.id)
        return True

    def regenerate(self, message_id: str) -> bool:
        """Another reply beside this one; of a user message, another reply below it."""
        if not self._can_generate():
            return False
        message = self._current.messages[message_id]
        parent_id = message.parent_id if message.role == Role.ASSISTANT else message.id
        self._reply_below(parent_id)
        return True

    def edit(self, message_id: str, text: str, *, generate: bool = True) -> bool:
        """Say it otherwise, beside what was said. `generate` asks for a reply to an edited user message."""
        old = self._current.messages[message_id]
        wants_reply = generate and old.role == Role.USER
        if wants_reply and not self._can_generate():
            return False
        edited = Message(old.role, text, old.parent_id, model=old.model, is_edited=True)
        self._add(edited)
        if wants_reply:
            self._reply_below(edited.id)
        else:
            self._path_changed()
        return True

    def continue_reply(self, message_id: str) -> bool:
        """Let the model go on with this reply, in a sibling that begins with its text: the original stays."""
        old = self._current.messages[message_id]
        if not self._can_generate() or old.role != Role.ASSISTANT:
            return False
        if not old.text.strip():
            return self.regenerate(message_id)
        self._generate(old.continuation())
        return True

    def set_tinted(self, message_id: str, is_tinted: bool | None) -> None:
        """Whether a reply shows which of its text was guessed; None: as the preferences say."""
        message = self._current.messages[message_id]
        message.is_tinted = is_tinted
        self._saver.save_soon(self._current, message)
        self.message_changed.emit(message_id)

    def drafted_runs(self, message_id: str) -> list[Run]:
        """The runs of the pair of models that made this reply, newest first; none where it had no draft."""
        return self._replies.drafted_runs(message_id)

    def is_loaded_pair(self, run: Run) -> bool:
        """Whether the model that made this run is loaded, and guesses come from where they came then."""
        return self._replies.is_loaded_pair(run)

    def select_sibling(self, message_id: str, step: int) -> None:
        """Show the alternative `step` places on (-1, 1)."""
        self._current.select_sibling(message_id, step)
        self._saver.save_soon(self._current)
        self._path_changed()

    def stop(self, conversation_id: str | None = None) -> None:
        """End the reply being made (None: in the open conversation); what there is of it is kept."""
        self._replies.stop(conversation_id or self._current.id)

    def close(self) -> None:
        """Save everything, end for good what was deleted, close the history. Before the session closes."""
        self._meter.stop()
        self._replies.interrupt_all()
        self._saver.close()

    def _connect(self) -> None:
        replies = self._replies
        replies.started.connect(self.reply_started)
        replies.progress.connect(self.reply_progress)
        replies.text.connect(self.reply_text)
        replies.thought.connect(self.message_changed)
        replies.notice.connect(self.notice)
        replies.measured.connect(self.measured)
        replies.count_changed.connect(self.generating_changed)
        replies.finished.connect(self._reply_finished)
        replies.usage.connect(self._reply_usage)
        self._meter.usage.connect(self.context_usage)
        self._saver.trouble.connect(self.trouble)
        self._saver.trouble_over.connect(self.trouble_over)

    def _tidy(self) -> None:
        """What a killed process left: replies half made, conversations deleted but not yet gone."""
        self._history.mark_interrupted()
        self._history.purge_deleted()

    # conversations

    def _find(self, conversation_id: str) -> Conversation | None:
        """The live object where there is one, else from the file; None (told by `trouble`) if it is unreadable."""
        for conversation in (self._current, self._blank, self._replies.conversation(conversation_id)):
            if conversation is not None and conversation.id == conversation_id:
                return conversation
        self._saver.save_dirty()  # what was just changed in it may not have been written yet
        try:
            conversation = self._history.load(conversation_id)
        except HistoryError as error:
            self.trouble.emit(error)
            return None
        for message in conversation.messages.values():
            if message.is_streaming:  # nobody streams into it, so it could not be marked when the app started
                message.state = MessageState.INTERRUPTED
        return conversation

    def _show(self, conversation: Conversation) -> None:
        self._current = conversation
        self.opened.emit(conversation)
        self._count_soon()

    def _conversation_changed(self, conversation: Conversation) -> None:
        if conversation is self._current:
            self.conversation_changed.emit()

    def _header_changed(self) -> None:
        self._saver.save_soon(self._current)
        self.conversation_changed.emit()
        self._count_soon()

    def _set_automatic_title(self, conversation: Conversation) -> None:
        first = next((m for m in conversation.path() if m.role == Role.USER), None)
        if first is not None and not conversation.is_title_own and not conversation.title:
            conversation.title = title_from(first.text)

    # messages

    def _can_generate(self) -> bool:
        return self._session.state is SessionState.READY and not self.is_generating()

    def _add(self, message: Message) -> None:
        conversation = self._current
        conversation.add(message)
        conversation.changed_at = time.time()
        had_title = bool(conversation.title)
        self._set_automatic_title(conversation)
        self._saver.save(conversation, [message])
        self.message_added.emit(message.id)
        if not had_title:
            self._conversation_changed(conversation)
        self.list_changed.emit()

    def _reply_below(self, parent_id: str | None) -> None:
        self._generate(Message(Role.ASSISTANT, parent_id=parent_id))

    def _generate(self, reply: Message) -> None:
        reply.state = MessageState.STREAMING
        reply.model = self._replies.model_name
        self._add(reply)
        self._path_changed()
        self._replies.start(self._current, reply)

    def _path_changed(self) -> None:
        self.path_changed.emit()
        self._count_soon()

    def _reply_finished(self, message_id: str) -> None:
        self.reply_finished.emit(message_id)
        self.list_changed.emit()
        if message_id in self._current.messages:
            self._meter.settle()
            self._count_soon()

    # the meter

    def _count_soon(self) -> None:
        if not self.is_generating():
            self._meter.count_soon()

    def _messages_to_count(self) -> list[dict[str, str]]:
        return messages_to_send(self._current, draft=self._current.draft)

    def _reply_usage(self, conversation_id: str, n_tokens: int) -> None:
        if conversation_id == self._current.id:
            self._meter.show(n_tokens)
