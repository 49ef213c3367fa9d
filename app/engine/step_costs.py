"""What decoding a batch of n tokens takes on this machine, measured and kept up to date.

More tokens in a batch cost less each, but not evenly: on a CPU two to four at once can take longer per token than one
alone (another kernel, the same memory traffic), eight again less. So nothing is assumed of the shape: every size that
occurs is learned, and sizes between are interpolated.
"""

from __future__ import annotations

import bisect

_LEVEL_SHARE, _SHAPE_SHARE = 0.15, 0.1
"""How much of a step's deviation is taken for a change of all costs (a longer context, a busier machine) and how much
for that of its size: small, since a single step's time varies.
"""
_MOST = 4.0
"""A step that took this many times what it should counts as no more: another program was in the way."""
_MOST_OVER_LARGER = 2.0
"""A size measured once that took this many times what a larger one takes was interrupted. Less may be true: kernels for
four or eight tokens at once leave the sizes between them slower than the next one up.
"""


class StepCosts:
    """Learned costs: a level, which moves fast, times one factor for each batch size, which moves slowly."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._shape: dict[int, float] = {}
        self._n: dict[int, int] = {}
        self._level = 1.0

    def learn(self, n_tokens: int, took_ms: float) -> None:
        """Decoding `n_tokens` took `took_ms`, sampling included."""
        if took_ms <= 0:
            return
        known = self._shape.get(n_tokens)
        if known is None:
            bisect.insort(self._sizes, n_tokens)
            self._shape[n_tokens] = took_ms / self._level
            self._n[n_tokens] = 1
            self._bound_by_larger()
            return
        error = min(took_ms / (known * self._level), _MOST) - 1
        n = self._n[n_tokens] = self._n[n_tokens] + 1
        self._level *= 1 + _LEVEL_SHARE * error
        self._shape[n_tokens] = known * (1 + max(_SHAPE_SHARE, 1 / n - _LEVEL_SHARE) * error)

    def _bound_by_larger(self) -> None:
        least = float("inf")
        for size in reversed(self._sizes):
            if self._n[size] == 1:
                self._shape[size] = min(self._shape[size], _MOST_OVER_LARGER * least)
            least = min(least, self._shape[size])

    def ms(self, n_tokens: int) -> float:
        """What a batch of `n_tokens` takes, in ms: measured, interpolated, or beyond the largest in proportion to it.

        0 where nothing was measured.
        """
        shape = self._shape.get(n_tokens)
        if shape is not None:
            return shape * self._level
        if not self._sizes:
            return 0.0
        place = bisect.bisect(self._sizes, n_tokens)
        if place == len(self._sizes):
            last = self._sizes[-1]
            return self._shape[last] * self._level * n_tokens / last
        above = self._sizes[place]
        if place == 0:
            return self._shape[above] * self._level
        below = self._sizes[place - 1]
        share = (n_tokens - below) / (above - below)
        return (self._shape[below] + share * (self._shape[above] - self._shape[below])) * self._level

    def measured(self) -> tuple[tuple[int, float], ...]:
        """(size, ms) of every size measured."""
        return tuple((size, self._shape[size] * self._level) for size in self._sizes)
