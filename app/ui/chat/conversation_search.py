"""Hits of a search in the messages that are shown, and going from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.conversation import Message, Role
from app.core.thinking import answer_of
from app.ui.chat.transcript import Transcript


class ConversationSearch:
    """Counts hits in the source text; a hit that lies in markup alone shows its message without a selection."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._hits: list[tuple[str, int]] = []  # message id, number of the hit in it
        self._text = ""
        self._at = 0

    def start(self, path: Sequence[Message], text: str) -> None:
        """Find `text`, in any case, in these messages; the last hit is the first shown."""
        self._text = text
        needle = text.casefold()
        self._hits = [
            (message.id, number)
            for message in path
            for number in range(_shown(message).casefold().count(needle) if needle else 0)
        ]
        self._at = max(0, len(self._hits) - 1)

    def step(self, step: int) -> tuple[int, int]:
        """Go `step` hits on, round the ends, and show it; (its index, how many there are)."""
        if not self._hits:
            return 0, 0
        self._at = (self._at + step) % len(self._hits)
        message_id, number = self._hits[self._at]
        self._transcript.show_message(message_id)
        view = self._transcript.view(message_id)
        if view is not None:
            y = view.text.select_hit(self._text, number)
            if y is not None:
                self._transcript.show_part(view, view.text.y() + y)
        return self._at, len(self._hits)


def _shown(message: Message) -> str:
    return answer_of(message.text) if message.role == Role.ASSISTANT else message.text
