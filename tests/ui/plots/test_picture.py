"""Axes with round figures, and readings as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetricsF

from app.ui.plots.picture import Item, Reading, rounded_up, ticks
from app.ui.theme import Theme


@given(st.floats(min_value=1e-6, max_value=1e13))
def test_an_axis_ends_a_little_above_its_values(value):
    top = rounded_up(value)
    assert value * (1 - 1e-9) <= top <= value * 1.5 + 1e-9


def test_an_axis_without_values():
    assert rounded_up(0) == rounded_up(math.nan) == rounded_up(math.inf) == 1.0
    assert ticks(0) == [0.0]


@given(st.floats(min_value=1e-6, max_value=1e13))
def test_ticks_are_few_and_within(top):
    found = ticks(top)
    assert found[0] == 0
    assert 2 <= len(found) <= 4
    assert found[-1] <= top * (1 + 1e-6)
    assert found[-1] >= top * 0.499


def test_ticks_are_round():
    assert ticks(100) == [0, 50, 100]
    assert ticks(12.9) == [0, 5, 10]
    assert ticks(80) == [0, 25, 50, 75]


def test_a_reading_as_text():
    reading = Reading(
        "RAM", "9.2 / 12.9", "GB", items=(Item("weights", "worker", "8 GB"),), note="n", warning="hot"
    )
    assert reading.text() == "RAM: 9.2 / 12.9 GB, worker 8 GB, n, hot"


@pytest.mark.parametrize("top", [0.5, 9.0, 130.0, 1500.0, 2600.0, 8000.0, 42_000.0, 950_000.0])
def test_every_tick_has_room_for_its_figure_beside_the_plot(top, qapp):
    from app.ui.plots.time_plot import LEFT_PX, _figures

    theme = Theme()
    metrics = QFontMetricsF(theme.font(theme.hint_size_px))
    assert len(_figures(top, 1.0, top)) >= 2
    for _, text in _figures(top, 1.0, top):
        assert metrics.horizontalAdvance(text) <= LEFT_PX - 4, "pyqtgraph drops what does not fit"
