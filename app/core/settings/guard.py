"""How much memory the guard against unwise loads wants left free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.settings.app_table import APP

_SHARES = {"relaxed": 0.0, "balanced": 1 / 20, "strict": 1 / 7}
_MIB = 1 << 20


def reserve_bytes(app: Mapping[str, Any], total_bytes: int) -> int | None:
    """What a load should leave free on a device (or in main memory) of `total_bytes`; None while the guard is off."""
    guard = APP.value(app, "guard")
    if guard == "off":
        return None
    if guard == "custom":
        return int(APP.value(app, "guard_reserve")) * _MIB
    return round(total_bytes * _SHARES[guard])
