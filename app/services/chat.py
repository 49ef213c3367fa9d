"""The open conversations and their replies, over a session and the history.

Every signal that carries a message id is sent for every conversation, the ones in the background too: a view
ignores ids that it does not show. Ids are never reused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.core.conversation import Conversation, ConversationSummary

if TYPE_CHECKING:
    from app.core.history import History
    from app.services.session import Session


class Chat(QObject):
    """What the chat view shows and asks for. One conversation is open; several may be generating."""

    list_changed = Signal()  # the conversation list: a new one, a title, an order, a deletion
    opened = Signal(object)  # Conversation: show this one from the start
    conversation_changed = (
        Signal()
    )  # the open one's title, system prompt, sampling, preset or template options
    message_added = Signal(str)  # id; the open conversation's path may have changed too: path_changed follows
    message_changed = Signal(str)  # id: anything about it but streamed text
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
        raise NotImplementedError

    # what is there

    @property
    def current(self) -> Conversation:
        """The open conversation; a new empty one is in no list until something is said in it."""
        raise NotImplementedError

    def conversations(self, search: str = "") -> list[ConversationSummary]:
        """Newest first; with `search`, those whose title or messages contain it (any case)."""
        raise NotImplementedError

    def is_generating(self, conversation_id: str | None = None) -> bool:
        """Whether a reply is being made in that conversation (None: the open one)."""
        raise NotImplementedError

    # the list

    def open(self, conversation_id: str) -> None:
        """Make it the open one. KeyError if there is none. Replies go on in the one that was open."""
        raise NotImplementedError

    def new(self) -> None:
        """Open an empty conversation."""
        raise NotImplementedError

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a title of one's own; "" goes back to the automatic one."""
        raise NotImplementedError

    def delete(self, conversation_id: str) -> None:
        """Take it from the list; `undo_delete` brings it back until the app closes. Ends its replies."""
        raise NotImplementedError

    def undo_delete(self) -> str | None:
        """Bring back the conversation deleted last and open it; its id, or None where there is none."""
        raise NotImplementedError

    def export_markdown(self, conversation_id: str | None = None) -> str:
        """The path shown, as Markdown (None: the open conversation)."""
        raise NotImplementedError

    # the open conversation

    def set_system_prompt(self, text: str) -> None:
        """For the open conversation, from the next generation on."""
        raise NotImplementedError

    def set_sampling(self, values: dict[str, Any], preset: str = "") -> None:
        """The open conversation's own sampling, over the panel's; `preset` is the name it came from."""
        raise NotImplementedError

    def set_template_options(self, values: dict[str, Any]) -> None:
        """What the open conversation's chat template is given, e.g. {"enable_thinking": False}."""
        raise NotImplementedError

    def draft_changed(self, text: str) -> None:
        """What stands in the composer: kept with the conversation and counted for the meter."""
        raise NotImplementedError

    # asking the model: False, with nothing changed, where no model is loaded or a reply is being made here

    def send(self, text: str) -> bool:
        """Say `text` and generate a reply."""
        raise NotImplementedError

    def regenerate(self, message_id: str) -> bool:
        """Another reply beside this one; of a user message, another reply below it."""
        raise NotImplementedError

    def edit(self, message_id: str, text: str, *, generate: bool = True) -> bool:
        """Say it otherwise, beside what was said. `generate` asks for a reply to an edited user message."""
        raise NotImplementedError

    def continue_reply(self, message_id: str) -> bool:
        """Let the model go on with this reply, in a sibling that begins with its text: the original stays."""
        raise NotImplementedError

    def select_sibling(self, message_id: str, step: int) -> None:
        """Show the alternative `step` places on (-1, 1)."""
        raise NotImplementedError

    def stop(self, conversation_id: str | None = None) -> None:
        """End the reply being made (None: in the open conversation); what there is of it is kept."""
        raise NotImplementedError

    def close(self) -> None:
        """Save everything, end for good what was deleted, close the history. Before the session closes."""
        raise NotImplementedError
