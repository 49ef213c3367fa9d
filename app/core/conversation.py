"""A conversation: a tree of messages with one path through it that is shown.

Editing and regenerating add siblings, so nothing said is ever lost; `selected` remembers for every parent
which of its children is shown, so going back to an alternative finds its continuation where it was left.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.core.thinking import answer_of


class Role(StrEnum):
    """Who speaks, in the chat templates' words."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(StrEnum):
    """Where a message stands; only replies are ever anything but DONE."""

    STREAMING = "streaming"
    DONE = "done"  # `stop_reason` says how it ended, stopped by hand included
    INTERRUPTED = "interrupted"  # the worker or the app ended under it; the text is partial
    FAILED = "failed"  # `error` says why; the text so far stands


@dataclass(frozen=True, slots=True)
class ReplyError:
    """Why a reply ended in an error: a `core.reasons.FailureKind` and llama.cpp's or our own message."""

    kind: str
    message: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TrimNotice:
    """What the model did not see, or no longer saw, for lack of context: `policy` is a `core.reasons.Overflow`.

    `n_messages` with `n_tokens` were left out before the reply; `n_dropped_tokens` were dropped while it was written.
    """

    policy: str
    n_messages: int = 0
    n_tokens: int = 0
    n_dropped_tokens: int = 0


def new_id() -> str:
    """An id for a conversation or message."""
    return uuid.uuid4().hex


@dataclass(slots=True)
class Message:
    """One turn. `text` is the source as the model or the person wrote it, thinking markup included.

    `timings` is a `core.run.Timings` as a dict, None while there are none; after a continuation it is the
    continuation's alone. So are `drafting`, a `core.run.Drafting`, and `reuse`, a `core.run.Reuse`. `drafted` are the
    ranges of `text` (start, end in characters, in order) that were guessed ahead, and rightly; `is_tinted` is whether
    they are shown, None for what the preferences say. `settings` is the sampling in force. `thinking_ms` is how long
    the reply thought.
    """

    role: str
    text: str = ""
    parent_id: str | None = None
    id: str = field(default_factory=new_id)
    created_at: float = field(default_factory=time.time)  # seconds since the epoch
    state: str = MessageState.DONE
    model: str = ""
    timings: dict[str, Any] | None = None
    stop_reason: str = ""  # a core.reasons.StopReason
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    error: ReplyError | None = None
    notice: TrimNotice | None = None
    continued_from: str | None = None  # the sibling whose text this one begins with
    is_edited: bool = False
    thinking_ms: float = 0.0
    drafting: dict[str, Any] | None = None
    reuse: dict[str, Any] | None = None
    drafted: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    is_tinted: bool | None = None

    def add_text(self, text: str, drafted: Iterable[tuple[int, int]] = ()) -> None:
        """More of a reply; `drafted` are ranges of the new text, in order. Neighbouring ranges become one."""
        at = len(self.text)
        self.text += text
        for start, end in drafted:
            start, end = max(start, 0), min(end, len(text))
            if start >= end:
                continue
            if self.drafted and self.drafted[-1][1] == at + start:
                self.drafted[-1] = (self.drafted[-1][0], at + end)
            else:
                self.drafted.append((at + start, at + end))

    def continuation(self) -> Message:
        """A sibling that begins with this reply's text, for the model to go on with."""
        return Message(
            self.role,
            self.text,
            self.parent_id,
            continued_from=self.id,
            is_edited=self.is_edited,
            thinking_ms=self.thinking_ms,
            drafted=list(self.drafted),
            is_tinted=self.is_tinted,
        )

    @property
    def interrupted(self) -> bool:
        """Whether the text is partial because something ended under it."""
        return self.state == MessageState.INTERRUPTED

    @property
    def is_streaming(self) -> bool:
        """Whether more text is still to come."""
        return self.state == MessageState.STREAMING


@dataclass(slots=True)
class Conversation:
    """The tree. Messages are kept in the order of their creation, which is also the order of siblings."""

    id: str = field(default_factory=new_id)
    title: str = ""  # "" until the first user message or a rename; the window shows its own words for that
    is_title_own: bool = False  # given by the person: never replaced
    system_prompt: str = ""
    sampling: dict[str, Any] = field(default_factory=dict[str, Any])  # overrides of the sampling panel
    preset: str = ""  # name of the sampling preset chosen here
    template_options: dict[str, Any] = field(
        default_factory=dict[str, Any]
    )  # e.g. {"enable_thinking": False}
    draft: str = ""  # what stands unsent in the composer
    created_at: float = field(default_factory=time.time)
    changed_at: float = field(default_factory=time.time)
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    selected: dict[str | None, str] = field(default_factory=dict[str | None, str])  # parent id -> shown child
    _children: dict[str | None, list[str]] = field(default_factory=dict[str | None, list[str]], repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return not self.messages

    def add(self, message: Message, *, select: bool = True) -> None:
        """Add a message below `message.parent_id` (None: at the root). KeyError for an unknown parent."""
        if message.parent_id is not None and message.parent_id not in self.messages:
            raise KeyError(message.parent_id)
        self.messages[message.id] = message
        self._children.setdefault(message.parent_id, []).append(message.id)
        if select or message.parent_id not in self.selected:
            self.selected[message.parent_id] = message.id

    def children(self, parent_id: str | None) -> list[Message]:
        """All alternatives below a message, oldest first."""
        return [self.messages[child] for child in self._children.get(parent_id, [])]

    def path(self) -> list[Message]:
        """The messages that are shown, first to last."""
        shown: list[Message] = []
        parent: str | None = None
        while (child := self.selected.get(parent)) is not None:
            shown.append(self.messages[child])
            parent = child
        return shown

    @property
    def leaf(self) -> Message | None:
        """The last message shown."""
        path = self.path()
        return path[-1] if path else None

    def path_to(self, message_id: str) -> list[Message]:
        """The messages from the root to `message_id`, both included."""
        found: list[Message] = []
        at: str | None = message_id
        while at is not None:
            found.append(self.messages[at])
            at = self.messages[at].parent_id
        return found[::-1]

    def sibling_position(self, message_id: str) -> tuple[int, int]:
        """(index from 0, count) among the alternatives: (1, 3) is shown as ‹2/3›."""
        siblings = self._children[self.messages[message_id].parent_id]
        return siblings.index(message_id), len(siblings)

    def select(self, message_id: str) -> None:
        """Show `message_id`: it and everything above it; below it what was last shown there."""
        for message in self.path_to(message_id):
            self.selected[message.parent_id] = message.id

    def select_sibling(self, message_id: str, step: int) -> Message:
        """Show the alternative `step` places on, stopping at the ends; returns it."""
        siblings = self._children[self.messages[message_id].parent_id]
        at = min(max(siblings.index(message_id) + step, 0), len(siblings) - 1)
        self.select(siblings[at])
        return self.messages[siblings[at]]


def restored(conversation: Conversation, messages: Iterable[Message]) -> Conversation:
    """Fill a conversation read from a file with its messages, given in the order of their creation.

    `conversation.selected` holds what `selected_elsewhere` said. A message whose parent is missing (a damaged
    file) is put at the end of what is there rather than lost.
    """
    chosen = dict(conversation.selected)
    last: str | None = None
    for message in messages:
        if message.parent_id is not None and message.parent_id not in conversation.messages:
            message.parent_id = last
        conversation.add(message)
        last = message.id
    for parent, child in chosen.items():
        if child in conversation.messages and conversation.messages[child].parent_id == parent:
            conversation.selected[parent] = child
    return conversation


def selected_elsewhere(conversation: Conversation) -> dict[str | None, str]:
    """The choices to remember: where the child shown is not the newest, which is shown of itself."""
    return {
        parent: child
        for parent, child in conversation.selected.items()
        if child != conversation.children(parent)[-1].id
    }


def messages_to_send(
    conversation: Conversation, upto: str | None = None, *, draft: str = "", keep_last_thinking: bool = False
) -> list[dict[str, str]]:
    """What a model is given: role/content dicts for the path to `upto` (None: the one shown) and the draft.

    Thinking is left out of earlier replies. With `keep_last_thinking` the last message goes in its full
    source, as a continuation needs it. Replies without text are left out, and turns of the same role that
    meet are joined, because many templates refuse roles that do not alternate.
    """
    path = conversation.path() if upto is None else conversation.path_to(upto)
    turns: list[dict[str, str]] = []
    if conversation.system_prompt.strip():
        turns.append({"role": Role.SYSTEM.value, "content": conversation.system_prompt})
    for message in path:
        is_whole = message.role != Role.ASSISTANT or (keep_last_thinking and message is path[-1])
        _append_turn(turns, str(message.role), message.text if is_whole else answer_of(message.text))
    _append_turn(turns, Role.USER.value, draft)
    return turns


def _append_turn(turns: list[dict[str, str]], role: str, content: str) -> None:
    if not content.strip():
        return
    if turns and turns[-1]["role"] == role:
        turns[-1] = {"role": role, "content": turns[-1]["content"] + "\n\n" + content}
    else:
        turns.append({"role": role, "content": content})


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A row of the conversation list. `excerpt` is the text around a hit of a search in the messages; `model` is
    the one that wrote the newest reply."""

    id: str
    title: str
    created_at: float
    changed_at: float
    n_messages: int
    excerpt: str = ""
    model: str = ""
