"""Series, speeds, phases: what the plots are made of."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.series import (
    Phases,
    PromptRate,
    Series,
    TokenRate,
    changes_between,
    downsampled,
    summary,
)

values_st = st.floats(min_value=-1e9, max_value=1e9) | st.just(math.nan)
points_st = st.lists(st.tuples(st.floats(min_value=0, max_value=3), values_st), max_size=200)


def filled(points: list[tuple[float, float]], capacity: int = 64) -> tuple[Series, list[tuple[float, float]]]:
    """A series of points given as (seconds since the one before, value), and the same as a list."""
    series, kept, time_s = Series(capacity), [], 100.0
    for gap_s, value in points:
        time_s += gap_s
        series.append(time_s, value)
        kept.append((time_s, value))
    return series, kept[-capacity:]


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@given(points_st)
def test_series_keeps_the_newest_points_in_order(points):
    series, kept = filled(points)
    times, values = series.between(-math.inf, math.inf)
    assert list(times) == [time_s for time_s, _ in kept]
    assert all(same(a, b) for a, (_, b) in zip(values, kept, strict=True))
    assert len(series) == len(kept)


@given(points_st, st.floats(min_value=90, max_value=800), st.floats(min_value=0, max_value=5))
def test_value_at_a_time_is_the_newest_not_too_old(points, time_s, max_age_s):
    series, kept = filled(points)
    before = [point for point in kept if point[0] <= time_s]
    expected = before[-1][1] if before and time_s - before[-1][0] <= max_age_s else math.nan
    assert same(series.at(time_s, max_age_s), expected)


@given(points_st, st.floats(min_value=90, max_value=400), st.floats(min_value=0, max_value=300))
def test_between_gives_the_interval_and_the_point_before_it(points, from_s, length_s):
    series, kept = filled(points)
    times, _ = series.between(from_s, from_s + length_s)
    inside = [time_s for time_s, _ in kept if from_s <= time_s <= from_s + length_s]
    before = [time_s for time_s, _ in kept if time_s < from_s]
    assert list(times) == before[-1:] + inside


def test_times_never_run_backwards():
    series = Series(4)
    series.append(5.0, 1.0)
    series.append(4.0, 2.0)
    assert list(series.between(0, 9)[0]) == [5.0, 5.0]


def test_a_line_is_ended_once():
    series = Series(8)
    series.end_line(1.0)
    assert series.last is None
    series.append(1.0, 3.0)
    series.end_line(2.0)
    series.end_line(3.0)
    assert len(series) == 2
    assert math.isnan(series.at(2.5, 10))


@given(
    st.lists(st.tuples(st.floats(min_value=0.001, max_value=0.2), values_st), max_size=300),
    st.floats(min_value=0.05, max_value=10),
)
def test_downsampling_keeps_extremes_and_breaks(points, column_s):
    times = np.cumsum(np.array([gap_s for gap_s, _ in points]))
    values = np.array([value for _, value in points])
    new_times, new_values = downsampled(times, values, column_s)
    if new_times is times:  # sparse enough already
        return
    n_columns = len(np.unique(np.floor(times / column_s)))
    assert len(new_times) == 3 * n_columns
    assert np.all(np.diff(new_times) >= 0)
    for column in np.unique(np.floor(times / column_s)):
        old = values[np.floor(times / column_s) == column]
        new = new_values[np.floor(new_times / column_s) == column]
        assert np.isnan(new).any() == np.isnan(old).any()
        if not np.isnan(old).all():
            assert np.nanmin(new) == np.nanmin(old)
            assert np.nanmax(new) == np.nanmax(old)


def test_downsampled_shape_does_not_depend_on_where_the_window_begins():
    times = np.arange(0, 1000, 0.1)
    values = np.sin(times * 7)
    whole_times, whole = downsampled(times, values, 5.0)
    part_times, part = downsampled(times[123:], values[123:], 5.0)
    after = part_times[3:]  # the first column lacks a part
    assert np.array_equal(part[3:], whole[np.isin(whole_times, after)])


def test_token_rate_is_that_of_the_latencies():
    rate = TokenRate(min_gap_s=0.0, first_after_ms=0.0)
    points = rate.add(1, (20.0,) * 30, now_s=10.0)
    assert points[0] == (pytest.approx(10.0 - 29 * 0.02), pytest.approx(50.0))
    assert points[-1] == (pytest.approx(10.0), pytest.approx(50.0))


def test_token_rate_follows_within_its_window():
    rate = TokenRate()
    rate.add(1, (10.0,) * 200, now_s=10.0)
    points = rate.add(1, (50.0,) * 25, now_s=11.25)
    assert points[-1][1] == pytest.approx(20.0, rel=0.05)


def test_token_rate_of_a_model_slower_than_the_window():
    rate = TokenRate()
    assert rate.add(1, (), now_s=1.0) == []  # the first token has no latency
    assert rate.add(1, (4000.0,), now_s=5.0) == [(5.0, 0.25)]
    assert rate.add(1, (2000.0,), now_s=7.0) == [(7.0, 0.5)]


def test_first_tokens_alone_give_no_rate():
    rate = TokenRate()
    assert rate.add(1, (3.0, 3.0), now_s=1.0) == []
    assert len(rate.add(1, (3.0,) * 100, now_s=1.3)) >= 1


def test_replies_side_by_side_add_up_until_they_end():
    rate = TokenRate(min_gap_s=0.0)
    rate.add(1, (20.0,) * 50, now_s=10.0)
    points = rate.add(2, (40.0,) * 25, now_s=10.5)
    assert points[-1][1] == pytest.approx(75.0)
    rate.end(1)
    assert rate.n_open == 1
    assert rate.add(2, (40.0,), now_s=10.6)[-1][1] == pytest.approx(25.0)


@pytest.mark.parametrize("step_ms", [5.0, 40.0, 200.0, 900.0, 3000.0])
@pytest.mark.parametrize("cut", [1, 3, 4, 7, 50])
def test_tokens_that_come_together_are_not_judged_by_the_first_of_them(step_ms: float, cut: int) -> None:
    """Steps of four tokens each, told in messages that end anywhere."""
    rate, now_s, points = TokenRate(), 0.0, []
    latencies = [step_ms, 0.01, 0.02, 0.01] * 60
    for at in range(0, len(latencies), cut):
        message = tuple(latencies[at : at + cut])
        now_s += sum(message) / 1000
        points += rate.add(1, message, now_s)
    settled = [value for time_s, value in points if time_s > 3 * step_ms / 1000 + 0.3]
    assert len(settled) > 0 or step_ms < 10
    assert settled == pytest.approx([4000 / (step_ms + 0.04)] * len(settled), rel=1e-6)


def test_after_a_stall_the_speed_is_that_of_the_tokens_again():
    rate = TokenRate()
    rate.add(1, (20.0,) * 100, now_s=2.0)
    rate.add(1, (900.0,), now_s=2.9)
    points = rate.add(1, (20.0,) * 200, now_s=6.9)
    assert points[-1][1] == pytest.approx(50.0)
    assert max(b - a for (a, _), (b, _) in pairwise(points)) < 0.5, "it goes on being told"


@given(st.lists(st.lists(st.floats(min_value=0, max_value=500), max_size=40), max_size=20))
def test_token_rate_gives_few_finite_points(deltas):
    rate, now_s, points = TokenRate(), 0.0, []
    for token_ms in deltas:
        now_s += sum(token_ms) / 1000
        points += rate.add(1, tuple(token_ms), now_s)
    assert all(math.isfinite(value) and value > 0 for _, value in points)
    assert all(b - a >= 0.1 - 1e-6 for (a, _), (b, _) in pairwise(points))


def test_prompt_rate_is_that_between_reports():
    rate = PromptRate()
    assert rate.add(1, 100, 5.0) is None
    assert rate.add(1, 612, 5.5) == (5.0, 5.5, 1024.0)
    rate.end(1)
    assert rate.add(1, 700, 6.0) is None


def test_reports_read_in_one_go_are_one_step():
    rate = PromptRate()
    rate.add(1, 0, 5.0)
    assert rate.add(1, 512, 5.00002) is None
    assert rate.add(1, 1024, 5.512) == (5.0, 5.512, pytest.approx(2000.0))


def test_phases():
    phases = Phases("idle")
    phases.change("prompt", 1.0)
    phases.change("generating", 2.0)
    phases.change("generating", 2.5)
    phases.change("idle", 4.0)
    phases.change("prompt", 6.0)
    assert [(i.phase, i.start_s, i.end_s) for i in phases.between(0, 9)] == [
        ("prompt", 1.0, 2.0),
        ("generating", 2.0, 4.0),
        ("prompt", 6.0, None),
    ]
    assert [i.phase for i in phases.between(2.5, 5)] == ["generating"]
    assert [phases.at(time_s) for time_s in (0.5, 1.5, 2.0, 5.0, 7.0)] == [
        "idle",
        "prompt",
        "generating",
        "idle",
        "prompt",
    ]


def test_changes_between():
    changes = changes_between({"a": 1, "b": 2, "gone": 3}, {"a": 1, "b": 5, "new": None})
    assert [(c.key, c.before, c.after) for c in changes] == [("b", 2, 5), ("gone", 3, None)]


def test_summary():
    series = Series(8)
    for time_s, value in ((1, 100.0), (5, 2.0), (6, math.nan), (7, 4.0)):
        series.append(time_s, value)
    result = summary(series, 4, 8)
    assert (result.latest, result.lowest, result.mean, result.highest) == (4.0, 2.0, 3.0, 4.0)
    assert math.isnan(summary(series, 20, 30).mean)
