"""Numbers as people read them, the same in the window and on a terminal. Sizes are decimal: 1 GB is 10^9 bytes."""

from __future__ import annotations

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size_figure(size_bytes: float) -> tuple[str, str]:
    """A size of 0 bytes or more in three figures, and its unit: ``("5.03", "GB")``."""
    value, unit = float(size_bytes), 0
    while value >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        value /= 1000
        unit += 1
    digits = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}", _BYTE_UNITS[unit]


def parameters_text(count: float) -> str:
    """A model's number of parameters: ``8.2B``, ``596M``."""
    for limit, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if count >= limit * 0.9995:
            value = count / limit
            return f"{value:.1f}".rstrip("0").rstrip(".") + unit if value < 99.95 else f"{value:.0f}{unit}"
    return f"{count:.0f}"
