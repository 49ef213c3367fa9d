"""Where a number lies on its slider: equal steps, or doublings cut in eight where doubling is the natural step."""

from __future__ import annotations

from bisect import bisect_left

_PARTS_OF_A_DOUBLING = 8
_MOST_STEPS = 1000
_STEPS_WITHOUT_A_STEP = 100


class SliderScale:
    """The stops of a slider from `low` to `high`; positions count from 0 to `n_positions` - 1."""

    def __init__(self, low: float, high: float, *, step: float | None = None, log: bool = False) -> None:
        self.low = low
        self.high = max(high, low)
        self._stops = (
            _log_stops(low, self.high, step) if log and low > 0 else _linear_stops(low, self.high, step)
        )

    @property
    def n_positions(self) -> int:
        """How many stops there are, at least one."""
        return len(self._stops)

    def value_at(self, position: int) -> float:
        """The number at a position; positions outside are clamped."""
        return self._stops[min(max(position, 0), len(self._stops) - 1)]

    def position_of(self, value: float) -> int:
        """The stop nearest to `value`; the first or last for a value outside."""
        right = bisect_left(self._stops, value)
        if right == 0:
            return 0
        if right == len(self._stops):
            return right - 1
        return right if self._stops[right] - value < value - self._stops[right - 1] else right - 1


def _linear_stops(low: float, high: float, step: float | None) -> list[float]:
    span = high - low
    if span <= 0:
        return [low]
    step = step or span / _STEPS_WITHOUT_A_STEP
    step *= max(1, -(-span // (step * _MOST_STEPS)))
    count = int(span / step + 1e-9)
    stops = [_rounded(low + index * step) for index in range(count + 1)]
    return stops if high - stops[-1] < step * 1e-6 else [*stops, high]


def _log_stops(low: float, high: float, step: float | None) -> list[float]:
    stops = {low, high}
    start = low
    while start < high:
        for part in range(_PARTS_OF_A_DOUBLING):
            stop = start * (1 + part / _PARTS_OF_A_DOUBLING)
            stop = max(low, round(stop / step) * step) if step else _rounded(stop)
            if stop < high:
                stops.add(stop)
        start *= 2
    return sorted(stops)


def _rounded(value: float) -> float:
    """Without the dust of adding steps such as 0.05."""
    return float(f"{value:.10g}")
