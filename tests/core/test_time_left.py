"""The time left: right from the start, calm at a bumpy line, quick enough when the line changes."""

from __future__ import annotations

import random
from itertools import pairwise

from app.core.time_left import TimeLeft

MB = 1_000_000


def fed(rates: list[float], step_s: float = 0.2) -> TimeLeft:
    """After these speeds in bytes per second, one for each step."""
    left, n_bytes = TimeLeft(), 0.0
    left.update(0, 100.0)
    for number, rate in enumerate(rates, 1):
        n_bytes += rate * step_s
        left.update(round(n_bytes), 100.0 + number * step_s)
    return left


def test_a_steady_speed_is_told_as_it_is_as_soon_as_it_is_told() -> None:
    assert fed([10 * MB] * 5).seconds(100 * MB) is None, "one second says little"
    left = fed([10 * MB] * 12)
    assert abs(left.bytes_per_s - 10 * MB) < 1
    assert abs((left.seconds(100 * MB) or 0) - 10) < 1e-6


def test_what_was_there_before_the_first_update_is_no_speed() -> None:
    left = TimeLeft()
    left.update(900 * MB, 5.0)
    for number in range(1, 30):
        left.update(900 * MB + number * MB, 5.0 + number)
    assert abs(left.bytes_per_s - MB) < 1


def test_a_bumpy_line_does_not_make_it_jump() -> None:
    chance = random.Random(1)
    rates = [chance.choice([0.0, 5.0, 20.0]) * MB for _ in range(300)]
    times = [fed(rates[:number]).seconds(1000 * MB) or 0.0 for number in range(200, 300)]
    assert max(times) / min(times) < 2
    steps = [abs(after - before) / before for before, after in pairwise(times)]
    assert max(steps) < 0.06


def test_a_change_of_the_line_is_believed_within_half_a_minute() -> None:
    left = fed([20 * MB] * 300 + [2 * MB] * 150)
    assert 2 * MB < left.bytes_per_s < 4 * MB


def test_nothing_is_said_that_is_not_known() -> None:
    assert TimeLeft().seconds(5) is None
    assert fed([0.0] * 50).seconds(5) is None, "nothing arrives"
    assert fed([1.0] * 50).seconds(10**9) is None, "more than a hundred hours is a guess"
    assert TimeLeft().seconds(0) == 0.0


def test_fewer_bytes_than_before_begin_it_anew() -> None:
    left = fed([10 * MB] * 50)
    left.update(0, 200.0)
    assert left.seconds(10 * MB) is None
    for number in range(1, 20):
        left.update(number * MB, 200.0 + number)
    assert abs(left.bytes_per_s - MB) < 1


def test_a_clock_that_stands_still_changes_nothing() -> None:
    left = fed([10 * MB] * 50)
    before = left.bytes_per_s
    left.update(10**12, 110.0)
    assert left.bytes_per_s == before
