"""What the plots are made of: values over time, speeds from single tokens, phases, marks.

Times are seconds on one monotonic clock, whichever the caller uses, and never run backwards within a series.
numpy is imported where it is used: it costs 0.1 s, and nothing here needs it before the first plot is drawn.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

KEPT_S = 30 * 60.0
"""How far back the plots reach."""


class Series:
    """A bounded line of (time, value); a NaN value breaks the line.

    The newest `capacity` points are kept, in a buffer of twice that size: they always lie together, so that a
    part of them can be handed out without copying, and are moved to the front once per `capacity` points.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._times = array("d", bytes(16 * capacity))
        self._values = array("d", bytes(16 * capacity))
        self._start = 0
        self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def last(self) -> tuple[float, float] | None:
        """The newest point, None while there is none."""
        if self._end == self._start:
            return None
        return self._times[self._end - 1], self._values[self._end - 1]

    def append(self, time_s: float, value: float) -> None:
        """Add a point; a time before the newest one is moved up to it."""
        if self._end == len(self._times):
            self._move_to_front()
        if self._end > self._start:
            time_s = max(time_s, self._times[self._end - 1])
        self._times[self._end] = time_s
        self._values[self._end] = value
        self._end += 1
        self._start = max(self._start, self._end - self._capacity)

    def end_line(self, time_s: float) -> None:
        """Break the line at `time_s`, unless it is broken or empty already."""
        last = self.last
        if last is not None and not math.isnan(last[1]):
            self.append(time_s, math.nan)

    def at(self, time_s: float, max_age_s: float) -> float:
        """The newest value at or before `time_s`; NaN if the line is broken there or the point is too old."""
        index = bisect_right(self._times, time_s, self._start, self._end) - 1
        if index < self._start or time_s - self._times[index] > max_age_s:
            return math.nan
        return self._values[index]

    def between(self, from_s: float, to_s: float) -> tuple[Values, Values]:
        """Times and values of the points in the closed interval, and the one before it.

        The arrays are views: they are valid until the next `append`.
        """
        import numpy as np

        low = max(self._start, bisect_left(self._times, from_s, self._start, self._end) - 1)
        high = bisect_right(self._times, to_s, self._start, self._end)
        return np.frombuffer(self._times)[low:high], np.frombuffer(self._values)[low:high]

    def _move_to_front(self) -> None:
        n_kept = self._end - self._start
        for buffer in (self._times, self._values):
            buffer[:n_kept] = buffer[self._start : self._end]
        self._start, self._end = 0, n_kept


def downsampled(times: Values, values: Values, column_s: float) -> tuple[Values, Values]:
    """The same line with at most three points per column of `column_s` seconds (a pixel's width).

    Every column keeps its lowest and its highest value, and a break if there was one. Columns are aligned to
    the clock, not to the first point: a line that scrolls keeps its shape.
    """
    import numpy as np

    if len(times) == 0 or times[-1] - times[0] >= column_s * len(times) / 3:
        return times, values
    columns = np.floor(times / column_s)
    first = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    result = np.empty((len(first), 3))
    result[:, 0] = np.fmin.reduceat(values, first)
    result[:, 1] = np.fmax.reduceat(values, first)
    broken = np.add.reduceat(np.isnan(values), first) > 0
    result[:, 2] = np.where(broken, np.nan, result[:, 1])
    return np.repeat((columns[first] + 0.5) * column_s, 3), result.ravel()


# -- speeds -------------------------------------------------------------------------------------------------


_SAME_STEP = 0.25
"""Tokens that together come within this share of a step's time after its first one are of the same step."""


@dataclass(slots=True)
class _Step:
    """One decode: how long it took and how many tokens came of it, several where guesses were right."""

    first_ms: float
    all_ms: float
    n_tokens: int = 1


@dataclass(slots=True)
class _OpenReply:
    """The latest steps of one reply, oldest first; the last one may not have given all of its tokens yet."""

    steps: deque[_Step] = field(default_factory=deque[_Step])
    sum_ms: float = 0.0
    n_tokens: int = 0

    def add(self, latency_ms: float, window_ms: float) -> bool:
        """Take in a token; whether it is the first of a step."""
        last = self.steps[-1] if self.steps else None
        is_first = last is None or last.all_ms - last.first_ms + latency_ms > _SAME_STEP * last.first_ms
        if last is None or is_first:
            self.steps.append(_Step(latency_ms, latency_ms))
        else:
            last.all_ms += latency_ms
            last.n_tokens += 1
        self.sum_ms += latency_ms
        self.n_tokens += 1
        n_kept = 2 if self._has_several() else 1
        while len(self.steps) > n_kept and self.sum_ms - self.steps[0].all_ms >= window_ms:
            gone = self.steps.popleft()
            self.sum_ms -= gone.all_ms
            self.n_tokens -= gone.n_tokens
        return is_first

    def _has_several(self) -> bool:
        """Whether steps give more than one token at times: the last one is then not to be judged by its first."""
        return self.n_tokens > len(self.steps)

    def rate(self) -> float:
        n_tokens, sum_ms = self.n_tokens, self.sum_ms
        if self._has_several() and len(self.steps) > 1:
            n_tokens -= self.steps[-1].n_tokens
            sum_ms -= self.steps[-1].all_ms
        return n_tokens * 1000 / sum_ms if sum_ms > 0 else math.nan


class TokenRate:
    """Generation speed over all open replies, from single tokens' latencies in a sliding window.

    A token's latency is the time since the token before it, so the first token of a reply has none. Of tokens that
    one step gave together the first has the step's time and the others next to none: speeds are taken over whole
    steps. Speeds of replies that are generated side by side add up.
    """

    def __init__(
        self, window_ms: float = 1000.0, min_gap_s: float = 0.1, first_after_ms: float = 250.0
    ) -> None:
        self._window_ms = window_ms
        self._first_after_ms = first_after_ms
        self._min_gap_s = min_gap_s
        self._open: dict[int, _OpenReply] = {}
        self._newest_s = -math.inf

    @property
    def n_open(self) -> int:
        """How many replies are being generated."""
        return len(self._open)

    def add(self, request_id: int, token_ms: tuple[float, ...], now_s: float) -> list[tuple[float, float]]:
        """Points (time, tokens per second) for tokens that arrived together, the last of them now.

        At most one point per `min_gap_s`: a fast model's tokens come faster than a plot can show them. None until
        a reply's tokens took `first_after_ms` together: the speed of the first two or three is chance.
        """
        reply = self._open.setdefault(request_id, _OpenReply())
        points: list[tuple[float, float]] = []
        time_s = now_s - math.fsum(token_ms) / 1000
        for latency_ms in token_ms:
            time_s += latency_ms / 1000
            is_first = reply.add(latency_ms, self._window_ms)
            is_due = reply.sum_ms >= self._first_after_ms and time_s - self._newest_s >= self._min_gap_s
            if is_first and is_due:
                rate = self._total()
                if not math.isnan(rate):
                    points.append((time_s, rate))
                    self._newest_s = time_s
        return points

    def end(self, request_id: int) -> None:
        """The reply ended; an id without tokens is fine."""
        self._open.pop(request_id, None)

    def clear(self) -> None:
        """Every reply ended."""
        self._open.clear()

    def _total(self) -> float:
        rates = [rate for reply in self._open.values() if not math.isnan(rate := reply.rate())]
        return math.fsum(rates) if rates else math.nan


class PromptRate:
    """Prompt speed from consecutive progress reports of each request.

    Reports closer together than `min_step_s` are taken as one: they were read in one go by a busy thread, and the
    time between them says nothing.
    """

    def __init__(self, min_step_s: float = 0.02) -> None:
        self._min_step_s = min_step_s
        self._seen: dict[int, tuple[float, int]] = {}  # request -> when, n_done

    def add(self, request_id: int, n_done: int, now_s: float) -> tuple[float, float, float] | None:
        """(from, to, tokens per second) of the step since an earlier report; None for the first, or too soon."""
        before = self._seen.setdefault(request_id, (now_s, n_done))
        if now_s - before[0] < self._min_step_s or n_done <= before[1]:
            return None
        self._seen[request_id] = (now_s, n_done)
        return before[0], now_s, (n_done - before[1]) / (now_s - before[0])

    def end(self, request_id: int) -> None:
        """The request's prompt is done; an unknown id is fine."""
        self._seen.pop(request_id, None)

    def clear(self) -> None:
        """Every request ended."""
        self._seen.clear()


# -- phases and marks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of one phase; `end_s` is None while it lasts."""

    phase: str
    start_s: float
    end_s: float | None


class Phases:
    """What was done when: consecutive intervals without gaps, `resting` ones left out."""

    def __init__(self, resting: str, n_kept: int = 2000) -> None:
        self._resting = resting
        self._past: deque[Interval] = deque(maxlen=n_kept)
        self._phase = resting
        self._since_s = 0.0

    @property
    def current(self) -> str:
        """The phase that lasts now."""
        return self._phase

    def change(self, phase: str, time_s: float) -> None:
        """`phase` begins (or simply goes on)."""
        if phase == self._phase:
            return
        if self._phase != self._resting and time_s > self._since_s:
            self._past.append(Interval(self._phase, self._since_s, time_s))
        self._phase = phase
        self._since_s = time_s

    def between(self, from_s: float, to_s: float) -> list[Interval]:
        """The intervals that touch this stretch of time, oldest first, the lasting one included."""
        found = [
            item
            for item in self._past
            if item.end_s is not None and item.end_s >= from_s and item.start_s <= to_s
        ]
        if self._phase != self._resting and self._since_s <= to_s:
            found.append(Interval(self._phase, self._since_s, None))
        return found

    def at(self, time_s: float) -> str:
        """The phase at a time, the resting one where nothing is known."""
        for item in self.between(time_s, time_s):
            if item.end_s is None or time_s < item.end_s:
                return item.phase
        return self._resting


class MarkKind(StrEnum):
    """Why there is a mark; the window owns the wording."""

    LOADED = "loaded"
    EJECTED = "ejected"
    LOST = "lost"  # the worker died
    SETTING = "setting"


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that took effect with another value than before."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one moment. `model_name` and `changes` say what, where it applies."""

    time_s: float
    kind: MarkKind
    model_name: str = ""
    changes: tuple[Change, ...] = ()


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    """The keys whose values differ, in the order of `after`, then those that are gone (value None)."""
    keys = [*after, *(key for key in before if key not in after)]
    return tuple(
        Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """A series over a stretch of time; all NaN where there was nothing."""

    latest: float
    lowest: float
    mean: float
    highest: float


def summary(series: Series, from_s: float, to_s: float) -> Summary:
    """Latest, lowest, mean (over points) and highest value of `series` within the interval."""
    import numpy as np

    times, values = series.between(from_s, to_s)
    inside = values[(times >= from_s) & ~np.isnan(values)]
    if len(inside) == 0:
        return Summary(math.nan, math.nan, math.nan, math.nan)
    latest = float(values[-1])
    return Summary(latest, float(inside.min()), float(inside.mean()), float(inside.max()))
