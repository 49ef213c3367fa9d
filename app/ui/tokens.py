"""The colours of the two schemes. Everything that is drawn takes its colour from one of these tokens."""

from __future__ import annotations

from dataclasses import dataclass

#: Contrast (WCAG 2) that every text reaches which must be read.
READABLE = 4.5


@dataclass(frozen=True, slots=True)
class Tokens:
    """One colour scheme; every colour is ``#rrggbb``.

    `weights`, `kv`, `compute`, `draft`, `others` mean the same in the memory bar, the plots and the chips.
    """

    is_dark: bool
    bg: str
    panel: str
    raised: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    on_accent: str
    selection: str
    weights: str
    kv: str
    compute: str
    draft: str
    others: str
    good: str
    warning: str
    bad: str

    def tone(self, name: str) -> str:
        """The token called `name`, e.g. ``"kv"`` or ``"good"``; raises AttributeError for an unknown one."""
        return str(getattr(self, name))


DARK = Tokens(
    is_dark=True,
    bg="#15171c",
    panel="#1b1e25",
    raised="#232731",
    line="#2c313c",
    text="#e6e8ee",
    dim="#a6aebc",
    faint="#858fa0",
    accent="#6ea8fe",
    on_accent="#0b1220",
    selection="#263043",
    weights="#5b8def",
    kv="#b58cf2",
    compute="#4fbf9f",
    draft="#e6a860",
    others="#586172",
    good="#5fc48a",
    warning="#e5b454",
    bad="#ef6f6c",
)

LIGHT = Tokens(
    is_dark=False,
    bg="#f6f7f9",
    panel="#ffffff",
    raised="#f0f2f6",
    line="#dfe3ea",
    text="#1c2330",
    dim="#4f5a6a",
    faint="#626c7d",
    accent="#1f5ce4",
    on_accent="#ffffff",
    selection="#e3ecfd",
    weights="#3b6fd8",
    kv="#8a5cd6",
    compute="#249c7b",
    draft="#c8842e",
    others="#aab2bf",
    good="#1a7a49",
    warning="#8a5d00",
    bad="#c53532",
)


def _channels(colour: str) -> tuple[int, int, int]:
    digits = colour.lstrip("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2, "relative luminance")."""
    linear: list[float] = []
    for channel in _channels(colour):
        value = channel / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other` mixed in."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, on: str, towards: str) -> str:
    """`colour`, moved `towards` another just as far as it takes to be readable `on` a ground."""
    for step in range(21):
        candidate = mix(colour, towards, step / 20)
        if contrast(candidate, on) >= READABLE:
            return candidate
    return towards
