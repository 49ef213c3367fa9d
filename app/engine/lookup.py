"""Prompt lookup: guesses at the next tokens from what followed the same tokens earlier in the text.

The idea is Apoorv Saxena's prompt lookup decoding (2023); llama.cpp has it as ngram-simple. The index grows by what is
new, so that a step costs the same in a long text as in a short one.
"""

from __future__ import annotations

from collections.abc import Sequence

_N_PLACES = 4  # of an n-gram, the newest, whose surroundings are compared
_LONGEST_MATCH = 64
_AT_ONCE = 8192  # tokens of a long prompt that are entered in one step: some 5 ms


class Lookup:
    """The index of one generation's tokens. `n_gram` tokens must recur, `min_hits` times before, to be continued."""

    def __init__(self, n_gram: int, min_hits: int = 1) -> None:
        self._n_gram = n_gram
        self._min_hits = min_hits
        self._tokens: list[int] = []
        self._places: dict[tuple[int, ...], list[int]] = {}
        self._hits: dict[tuple[int, ...], int] = {}
        self._n_entered = 0

    def follow(self, cached: Sequence[int], token: int) -> bool:
        """The slot's tokens are now `cached` and `token`; False while a long text is not wholly entered yet."""
        n_old = len(self._tokens)
        if n_old > len(cached) or self._tokens[-1:] != cached[n_old - 1 : n_old]:
            self._tokens.clear()  # the context was shifted: what stayed moved up
            self._places.clear()
            self._hits.clear()
            n_old = self._n_entered = 0
        self._tokens += cached[n_old:]
        self._tokens.append(token)
        return self._enter()

    def _enter(self) -> bool:
        """Enter the n-grams that end before the last token: the last one's continuation is what is looked for."""
        tokens, n = self._tokens, self._n_gram
        end = min(len(tokens) - 1, self._n_entered + _AT_ONCE)
        for last in range(max(self._n_entered, n), end + 1):
            key = tuple(tokens[last - n : last])
            places = self._places.setdefault(key, [])
            places.append(last)
            self._hits[key] = self._hits.get(key, 0) + 1
            if len(places) > _N_PLACES:
                del places[0]
        self._n_entered = max(self._n_entered, end + 1)
        return end == len(tokens) - 1

    def propose(self, n_most: int) -> tuple[list[int], int]:
        """Up to `n_most` tokens that followed the longest match, and that match's length; ([], 0) without one.

        Of equally long matches the newest counts. Where the text ends, a repetition goes on by itself.
        """
        tokens, n = self._tokens, self._n_gram
        if len(tokens) <= n or n_most < 1:
            return [], 0
        key = tuple(tokens[-n:])
        if self._hits.get(key, 0) < self._min_hits:
            return [], 0
        best, length = 0, 0
        for place in reversed(self._places[key]):
            matched = self._match(place)
            if matched > length:
                best, length = place, matched
        draft = tokens[best : best + n_most]
        period = len(tokens) - best
        while len(draft) < n_most:
            draft.append(draft[len(draft) - period])
        return draft, length

    def _match(self, place: int) -> int:
        """How many tokens before `place` equal the last ones."""
        tokens = self._tokens
        size = len(tokens)
        most = min(place, _LONGEST_MATCH)
        for count in range(most):
            if tokens[place - 1 - count] != tokens[size - 1 - count]:
                return count
        return most
