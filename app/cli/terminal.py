"""Text for a terminal: numbers, tables, and model text that cannot steer it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from app.core.figures import size_figure

# C0 but for tab and line feed, DEL, and C1: what a terminal may take for a command.
_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
}


def bytes_text(size_bytes: float) -> str:
    """E.g. ``5.03 GB``."""
    return " ".join(size_figure(size_bytes))


def figure(value: float) -> str:
    """A measured number with as many digits as it deserves: ``1840``, ``62.4``, ``0.213``."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns; those whose number is in `right` end flush right. The last column is never padded."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]

    def cell(line: Sequence[str], column: int) -> str:
        if column in right:
            return line[column].rjust(widths[column])
        return line[column] if column == len(headings) - 1 else line[column].ljust(widths[column])

    return "\n".join(
        "  ".join(cell(line, column) for column in range(len(headings))).rstrip() for line in lines
    )


def listing(names: Sequence[str], most: int = 12) -> str:
    """The names with commas; of more than `most` the first ones, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shown(text: str, stream: TextIO) -> str:
    """`text` as it may be written to `stream`: on a terminal without control characters, else exactly as it is."""
    return text.translate(_CONTROLS) if stream.isatty() else text


def print_json(record: Any) -> None:
    """The one JSON document of ``--json``."""
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a file's name that is no text, or a terminal with few letters
        text = json.dumps(record, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A remark beside the answer: on stderr, so that stdout stays the answer."""
    print(text, file=sys.stderr, flush=True)


class StatusLine:
    """A line on stderr that is rewritten in place, and only where a person looks at it."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Replace what is shown; nothing where stderr is no terminal."""
        if text != self._shown and sys.stderr.isatty():
            padding = " " * max(0, len(self._shown) - len(text))
            print(f"\r{text}{padding}", end="", file=sys.stderr, flush=True)
            self._shown = text

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            print(f"\r{' ' * len(self._shown)}\r", end="", file=sys.stderr, flush=True)
            self._shown = ""
