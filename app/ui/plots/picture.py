"""What one plot shows at one moment: plain data, made by a panel and painted by a `TimePlot`. No Qt, no pyqtgraph."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.series import Values


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Values over time in the colour of a token; NaN breaks it. `on_right` puts it on the right axis."""

    times: Values
    values: Values
    tone: str
    on_right: bool = False
    dotted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """What lies between two curves over the same times."""

    times: Values
    lower: Values
    upper: Values
    tone: str


@dataclass(frozen=True, slots=True)
class Band:
    """A phase, from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    tone: str


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One plot: `window_s` seconds up to `now_s`, values from 0 to `y_max` (`right_max` on the right axis, 0: none).

    `scale` divides values for the axis' figures (1e9: GB). `limit` is a dashed line. `message` stands in the middle
    of an empty plot.
    """

    now_s: float
    window_s: float
    y_max: float
    right_max: float = 0.0
    scale: float = 1.0
    bands: tuple[Band, ...] = ()
    areas: tuple[Area, ...] = ()
    lines: tuple[Line, ...] = ()
    marks_s: tuple[float, ...] = ()
    limit: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a panel's legend: a swatch, what it is, its value. Entries at the end are dropped first."""

    tone: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures above a plot. `is_live` False: the main figure is from the past. `note` is said after
    the legend, `warning` beside the title.
    """

    title: str
    main: str
    unit: str
    is_live: bool = True
    items: tuple[Item, ...] = field(default_factory=tuple)
    note: str = ""
    warning: str = ""

    def text(self) -> str:
        """All of it in one line, for a screen reader and the collapsed strip's tooltip."""
        parts = [f"{self.main} {self.unit}".strip()]
        parts += [f"{item.label} {item.value}".strip() for item in self.items]
        parts += [text for text in (self.note, self.warning) if text]
        return f"{self.title}: {', '.join(parts)}"


_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def rounded_up(value: float) -> float:
    """The next round figure at or above `value`, for the end of an axis; 1 for nothing."""
    if not value > 0 or math.isinf(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _STEPS if step * power >= value * (1 - 1e-9)), 10 * power)


def ticks(top: float) -> list[float]:
    """Three or four round figures from 0 up to at most `top`."""
    if not top > 0:
        return [0.0]
    rough = top / 3.5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [index * step for index in range(int(top / step + 1e-9) + 1)]
