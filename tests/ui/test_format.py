"""Numbers as people read them."""

from __future__ import annotations

from datetime import datetime

import pytest
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout

from app.ui import format as shown


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (531_000_000, "531 MB"),
        (5_027_783_488, "5.03 GB"),
        (12_000_000_000, "12.0 GB"),
        (3e18, "3000 PB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert shown.bytes_text(size) == text.replace(" ", shown.THIN_SPACE)


def test_signed_sizes_show_what_something_costs_or_frees() -> None:
    assert shown.bytes_text(1_130_000_000, signed=True) == f"+1.13{shown.THIN_SPACE}GB"
    assert shown.bytes_text(-531_000_000, signed=True) == f"\u2212531{shown.THIN_SPACE}MB"
    assert shown.bytes_text(0, signed=True) == f"0{shown.THIN_SPACE}B"


def test_counts_have_thin_spaces() -> None:
    assert shown.count_text(16384) == f"16{shown.THIN_SPACE}384"
    assert shown.count_text(999) == "999"


@pytest.mark.parametrize(
    ("speed", "text"),
    [(62.44, "62.4 tok/s"), (1840.3, "1\u202f840 tok/s"), (0.527, "0.53 tok/s"), (99.96, "100 tok/s")],
)
def test_speeds(speed: float, text: str) -> None:
    assert shown.speed_text(speed) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.011, "11 ms"),
        (0.21, "0.21 s"),
        (3.14, "3.1 s"),
        (42.4, "42 s"),
        (125, "2 min 5 s"),
        (3840, "1 h 4 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert shown.duration_text(seconds) == text


def test_when() -> None:
    now = datetime(2026, 11, 21, 15, 0)

    def said(*moment: int) -> str:
        return shown.when_text(datetime(*moment).timestamp(), now.timestamp())

    assert said(2026, 11, 21, 14, 59, 30) == "just now"
    assert said(2026, 11, 21, 14, 58) == "2 min ago"
    assert said(2026, 11, 21, 9, 5) == "09:05"
    assert said(2026, 11, 20, 23, 0) == "yesterday"
    assert said(2026, 11, 17, 9, 0) == "Tuesday"
    assert said(2026, 11, 12, 9, 0) == "12 Nov"
    assert said(2025, 11, 12, 9, 0) == "12 Nov 2025"


@pytest.mark.parametrize("text", [shown.bytes_text(2.9e9), shown.count_text(2048), shown.percent_text(0.5)])
def test_no_line_ends_within_a_figure(qtbot, text):
    line = QTextLayout(f"aa {text}", QFont())
    line.beginLayout()
    first = line.createLine()
    first.setLineWidth(QFontMetricsF(QFont()).horizontalAdvance(f"aa {text}") - 2)
    line.endLayout()
    assert first.textLength() == len("aa ")
