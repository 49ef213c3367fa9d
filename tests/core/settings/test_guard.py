"""The guard's reserve, from off to strict."""

from __future__ import annotations

from app.core.settings import APP
from app.core.settings.guard import reserve_bytes

GIB = 1 << 30


def test_the_guard_asks_for_more_and_more() -> None:
    levels = ["relaxed", "balanced", "strict"]
    reserves = [reserve_bytes({"guard": level}, 14 * GIB) for level in levels]
    assert reserves == [0, round(0.7 * GIB), 2 * GIB]
    assert reserve_bytes({"guard": "off"}, 14 * GIB) is None
    assert reserve_bytes({}, 20 * GIB) == GIB, "balanced is the default"


def test_a_custom_reserve_does_not_depend_on_the_device() -> None:
    values = {"guard": "custom", "guard_reserve": 1536}
    assert reserve_bytes(values, 8 * GIB) == reserve_bytes(values, 80 * GIB) == 1536 << 20
    assert reserve_bytes({"guard": "custom"}, GIB) == GIB


def test_every_choice_has_a_meaning() -> None:
    for choice in APP["guard"].choice_values():
        reserve = reserve_bytes({"guard": choice}, GIB)
        assert reserve is None or reserve >= 0
