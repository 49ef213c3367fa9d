"""A request's messages -> prompt tokens that fit the context, shortened as the overflow policy says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.reasons import FailureKind, Overflow
from app.core.thinking import opened_by
from app.engine.errors import EngineError
from app.engine.model import LoadedModel

Message = dict[str, str]

_ROUND_TO = 4
"""Messages are left out in fours, so that the kept part, and with it the reusable prefix, changes seldom."""

_COMPARED_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Prompt:
    """`tokens` to process; the first `n_keep` stay when the context must shift while generating.

    `opening` is markup at the prompt's end that already began the reply's thinking, for the reader to see.
    `n_left_out` messages and `n_left_out_tokens` tokens of the conversation are not in it.
    """

    tokens: list[int]
    n_keep: int = 0
    n_left_out: int = 0
    n_left_out_tokens: int = 0
    opening: str = ""


class PromptWriter:
    """Writes prompts for one loaded model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._n_ctx = loaded.n_ctx_slot

    def raw(self, text: str) -> Prompt:
        """The tokens of plain text, BOS added as the model wants.

        Raises:
            EngineError: it does not fit, or is empty for this model.
        """
        vocabulary = self._loaded.vocabulary
        tokens = vocabulary.tokenize(text, add_special=True) or vocabulary.nothing()
        if len(tokens) >= self._n_ctx:
            raise self._too_long(len(tokens))
        return Prompt(tokens, n_keep=1)

    def count(self, messages: Sequence[Message], prompt: str | None) -> int:
        """How many tokens the request would take, unshortened."""
        if prompt is not None:
            return len(self._loaded.vocabulary.tokenize(prompt, add_special=True))
        return len(self._tokens(messages, False, {})) if messages else 0

    def chat(
        self,
        messages: Sequence[Message],
        overflow: Overflow,
        *,
        continue_last: bool = False,
        options: dict[str, Any] | None = None,
        max_tokens: int | None = None,
    ) -> Prompt:
        """The prompt for a conversation, whole if it fits, else shortened as `overflow` says.

        Raises:
            EngineError: the template is broken, or the prompt does not fit (PROMPT_TOO_LONG).
        """
        options = options or {}
        text = self._render(messages, continue_last, options)
        tokens = self._loaded.vocabulary.prompt(text)
        opening = "" if continue_last else opened_by(text)
        wanted = max_tokens if max_tokens is not None and max_tokens >= 0 else self._n_ctx
        reserve = min(wanted, self._n_ctx // 4)
        fits_whole = (
            len(tokens) < self._n_ctx if overflow is Overflow.STOP else len(tokens) <= self._n_ctx - reserve
        )
        head = self._n_head(messages, overflow)
        if fits_whole:
            return Prompt(tokens, self._n_keep(messages[:head], tokens, options), opening=opening)
        if overflow is Overflow.STOP:
            raise self._too_long(len(tokens))
        n_left_out, shortened = self._shorten(messages, head, continue_last, options, self._n_ctx - reserve)
        if len(shortened) >= self._n_ctx:
            raise self._too_long(len(shortened))
        n_keep = self._n_keep(messages[:head], shortened, options)
        return Prompt(shortened, n_keep, n_left_out, len(tokens) - len(shortened), opening)

    def _shorten(
        self, messages: Sequence[Message], head: int, continue_last: bool, options: dict[str, Any], limit: int
    ) -> tuple[int, list[int]]:
        """Leave out as few messages after `head` as fit into `limit` tokens (all but the last turn at most)."""
        last_turn = max(
            (i for i, message in enumerate(messages) if message["role"] == "user"), default=len(messages) - 1
        )
        most = max(last_turn - head, 0)

        def attempt(count: int) -> list[int]:
            kept = [*messages[:head], *messages[head + count :]]
            return self._tokens(kept, continue_last, options)

        low, high = 0, most
        while low < high:
            middle = (low + high) // 2
            if len(attempt(middle)) <= limit:
                high = middle
            else:
                low = middle + 1
        count = min(-(-low // _ROUND_TO) * _ROUND_TO, most)
        return count, attempt(count)

    @staticmethod
    def _n_head(messages: Sequence[Message], overflow: Overflow) -> int:
        """How many messages at the start are never left out: the system's, and for DROP_MIDDLE the first turn."""
        head = 0
        while head < len(messages) and messages[head]["role"] == "system":
            head += 1
        if overflow is Overflow.DROP_MIDDLE and len(messages) > head + 2:
            head += 2
        return head

    def _n_keep(self, head: Sequence[Message], tokens: list[int], options: dict[str, Any]) -> int:
        """How many tokens at the start come from the messages `head`."""
        if not head:
            return 1
        try:
            start = self._tokens(head, False, options)
        except EngineError:  # some templates refuse a conversation without a user's message
            return 1
        return max(1, common_prefix(start, tokens))

    def _tokens(self, messages: Sequence[Message], continue_last: bool, options: dict[str, Any]) -> list[int]:
        return self._loaded.vocabulary.prompt(self._render(messages, continue_last, options))

    def _render(self, messages: Sequence[Message], continue_last: bool, options: dict[str, Any]) -> str:
        loaded = self._loaded
        if loaded.template is None:
            raise loaded.template_error or EngineError(FailureKind.BAD_TEMPLATE, "there is no chat template")
        return loaded.template.render(messages, continue_last=continue_last, options=options)

    def _too_long(self, n_tokens: int) -> EngineError:
        message = f"the prompt has {n_tokens} tokens, and the context holds {self._n_ctx}"
        return EngineError(FailureKind.PROMPT_TOO_LONG, message, "n_ctx")


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens `left` and `right` share from the start. Of 32,000 that takes some 0.2 ms."""
    limit = min(len(left), len(right))
    for start in range(0, limit, _COMPARED_AT_ONCE):
        end = min(start + _COMPARED_AT_ONCE, limit)
        if left[start:end] != right[start:end]:  # slices compare in C
            return next(index for index in range(start, end) if left[index] != right[index])
    return limit
