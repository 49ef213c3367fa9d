"""Text of unknown origin made fit to show: nothing in it may act, hide or reorder.

Model text may contain control characters (terminal escapes), bidirectional overrides that make code read
differently from what it is, and the noncharacters that QTextDocument uses for its own structure.
"""

from __future__ import annotations

from urllib.parse import urlsplit

REPLACEMENT = "\ufffd"
LINE_BREAK = "\u2028"
"""QTextDocument's line break inside a paragraph."""

OPENABLE_SCHEMES = frozenset({"http", "https", "mailto"})


def _table() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
    table[0x7F] = "\u2421"
    for low, high in (
        (0x80, 0x9F),  # C1 controls
        (0x2028, 0x202E),  # line and paragraph separators; bidirectional embeddings and overrides
        (0x2066, 0x2069),  # bidirectional isolates
        (0xD800, 0xDFFF),  # lone surrogates: not text
        (0xFDD0, 0xFDEF),  # noncharacters; Qt marks frames with the first two
        (0xFFF9, 0xFFFC),  # annotation marks and the object replacement character
        (0xFFFE, 0xFFFF),
    ):
        table.update(dict.fromkeys(range(low, high + 1), REPLACEMENT))
    for mark in (
        0x061C,
        0x200E,
        0x200F,
        0xFEFF,
    ):  # direction marks and the byte order mark: invisible, dropped
        table[mark] = ""
    return table


_VISIBLE = _table()


def visible(text: str) -> str:
    """`text` with control characters shown as symbols and reordering characters neutralised.

    Works character by character, so that pieces of a text give the pieces of its result.
    """
    return text.translate(_VISIBLE)


def openable(address: str) -> bool:
    """Whether a click may hand `address` to the desktop: http, https and mailto only."""
    try:
        return urlsplit(address).scheme.lower() in OPENABLE_SCHEMES
    except ValueError:
        return False
