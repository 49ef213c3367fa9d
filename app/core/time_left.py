"""How long something will still take, from how fast it went lately."""

from __future__ import annotations

import math
from typing import Final

_MEMORY_S: Final = 12.0  # what happened longer ago counts for less than a third
_WARM_UP_S: Final = 2.0  # before that a connection is still getting up to speed
_LONGEST_S: Final = 100 * 3600.0  # beyond it the figure would be a guess


class TimeLeft:
    """A speed that forgets, and the time that follows from it, which neither jumps nor lags a change by much.

    The speed is the exponentially weighted mean of the bytes that arrived, with the weights of a mean that began empty
    taken out (as in Adam, Kingma and Ba 2015, section 3): the first seconds count in full.
    """

    def __init__(self) -> None:
        self._begin(None, 0)

    def _begin(self, at_s: float | None, n_bytes: int) -> None:
        self._at_s = at_s
        self._n_bytes = n_bytes
        self._rate = 0.0
        self._weight = 0.0
        self._known_s = 0.0

    def update(self, n_bytes: int, at_s: float) -> None:
        """`n_bytes` have arrived in all at `at_s`, of any clock that only goes forward."""
        if self._at_s is None or n_bytes < self._n_bytes:  # begun, or begun anew
            self._begin(at_s, n_bytes)
            return
        passed_s = at_s - self._at_s
        if passed_s <= 0:
            return
        keep = math.exp(-passed_s / _MEMORY_S)
        self._rate = self._rate * keep + (n_bytes - self._n_bytes) / passed_s * (1 - keep)
        self._weight = self._weight * keep + (1 - keep)
        self._known_s += passed_s
        self._at_s, self._n_bytes = at_s, n_bytes

    @property
    def has_begun(self) -> bool:
        """Whether it was told of any bytes: those of the first report may have been there before."""
        return self._at_s is not None

    @property
    def bytes_per_s(self) -> float:
        """The smoothed speed; 0 while nothing is known."""
        return self._rate / self._weight if self._weight else 0.0

    def seconds(self, n_bytes_left: int) -> float | None:
        """How long `n_bytes_left` will take; None while that cannot be said."""
        if n_bytes_left <= 0:
            return 0.0
        if self._known_s < _WARM_UP_S or self.bytes_per_s <= 0:
            return None
        seconds = n_bytes_left / self.bytes_per_s
        return seconds if seconds <= _LONGEST_S else None
