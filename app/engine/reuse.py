"""How much of a prompt was reused, and why not more: what a conversation's cache held against what was asked next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.core.reasons import ReuseLoss
from app.core.run import Reuse
from app.engine.generation import Generation
from app.engine.prompts import common_prefix

_MAX_CONVERSATIONS = 64

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Last:
    """A conversation after its last reply: its messages, what its slot held, and the tokens of the reply."""

    messages: Messages
    cached: list[int]
    said: list[int]
    n_left_out: int
    is_shifted: bool


class Journal:
    """What the latest conversations left behind. `piece` gives a token's bytes."""

    def __init__(self, piece: Callable[[int], bytes]) -> None:
        self._piece = piece
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def account(self, generation: Generation, n_cached: int, source: str, refused: str) -> Reuse:
        """What comes of the cache for `generation`: `n_cached` tokens out of `source`.

        `refused` is the `ReuseLoss` for which a slot that had more could not be used, or "".
        """
        n_prompt = len(generation.prompt.tokens)
        last = self._last.get(generation.conversation) if generation.conversation else None
        if generation.fresh or not generation.conversation:
            return Reuse(n_prompt, n_cached, 0, source)
        if last is None:
            has_replies = any(message.get("role") == "assistant" for message in generation.messages)
            loss = ReuseLoss.NOT_READ if has_replies and source in {"", "slot"} else ""
            return Reuse(n_prompt, n_cached, 0, source, str(loss))
        n_possible = len(last.cached)
        n_shared = common_prefix(last.cached, generation.prompt.tokens)
        loss = ""
        # A prompt's last token is decoded again where the logits after it are not kept: that is no loss.
        if n_cached < min(n_shared, n_prompt) - 1:
            loss = refused or ReuseLoss.EVICTED
        elif n_cached < min(n_possible, n_prompt) - 1:
            loss = self._difference(last, generation)
        return Reuse(n_prompt, n_cached, n_possible, source, str(loss))

    def remember(self, generation: Generation, cached: Sequence[int], *, is_shifted: bool) -> None:
        """A reply has ended, with `cached` in its slot; `is_shifted` says that part was dropped on the way."""
        if not generation.conversation:
            return
        prompt = generation.prompt
        said = [*cached[len(prompt.tokens) :], *generation.todo]  # the last one was not decoded any more
        self._last[generation.conversation] = _Last(
            generation.messages, list(cached), said, prompt.n_left_out, is_shifted
        )
        self._last.move_to_end(generation.conversation)
        while len(self._last) > _MAX_CONVERSATIONS:
            self._last.popitem(last=False)

    def forget(self, conversation: str) -> None:
        """It is gone."""
        self._last.pop(conversation, None)

    def _difference(self, last: _Last, generation: Generation) -> ReuseLoss:
        """Why the prompt leaves the path of what was cached."""
        old, new = last.messages, generation.messages
        if _system(old) != _system(new):
            return ReuseLoss.SYSTEM_CHANGED
        if any(not _goes_on(*pair) for pair in zip(old, new, strict=False)):
            return ReuseLoss.MESSAGE_EDITED
        if last.is_shifted or generation.prompt.n_left_out != last.n_left_out:
            return ReuseLoss.TRIMMED
        if len(new) > len(old) and not self._was_said(last, new[len(old)]):
            return ReuseLoss.MESSAGE_EDITED
        if self._text(generation.prompt.tokens).startswith(self._text(last.cached)):
            return ReuseLoss.TOKENS
        return ReuseLoss.TEMPLATE

    def _was_said(self, last: _Last, message: Mapping[str, str]) -> bool:
        """Whether a message that follows is the reply, or the part of it that comes after the thinking."""
        if message.get("role") != "assistant":
            return True
        return message.get("content", "").strip().encode() in self._text(last.said)

    def _text(self, tokens: Sequence[int]) -> bytes:
        return b"".join(map(self._piece, tokens))


def _system(messages: Messages) -> list[str]:
    return [message.get("content", "") for message in messages if message.get("role") == "system"]


def _goes_on(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether `new` is `old`, or, of a reply that was continued, begins with it."""
    if old.get("role") != new.get("role"):
        return False
    before, now = old.get("content", ""), new.get("content", "")
    return now.startswith(before) if old.get("role") == "assistant" else now == before
