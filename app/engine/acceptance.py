"""How often guesses of each kind were right lately."""

from __future__ import annotations

import bisect

_WINDOW = 48.0
"""After so many guesses of a kind older ones count half: recent enough to follow a change from prose to code."""
_PRIOR = 3.0
"""How many guesses the expectation before any counts for."""


class Acceptance:
    """The chance that a guess is right, by kind: kinds are intervals of a number that was known when guessing.

    `edges` divide that number's range; `expected` has the chance expected of each of the len(edges) + 1 kinds.
    """

    def __init__(self, edges: tuple[float, ...], expected: tuple[float, ...]) -> None:
        self._edges = edges
        self._expected = expected
        self._n = [0.0] * len(expected)
        self._right = [0.0] * len(expected)

    def kind(self, number: float) -> int:
        """The kind of a guess with this number."""
        return bisect.bisect_right(self._edges, number)

    def learn(self, kind: int, *, is_right: bool) -> None:
        """A guess of this kind was checked."""
        self._n[kind] += 1
        self._right[kind] += is_right
        if self._n[kind] > _WINDOW:
            self._n[kind] /= 2
            self._right[kind] /= 2

    def chance(self, kind: int) -> float:
        """How likely the next guess of this kind is right, 0..1."""
        return (self._right[kind] + _PRIOR * self._expected[kind]) / (self._n[kind] + _PRIOR)
