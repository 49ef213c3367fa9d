"""Rendered Markdown as a flat list of blocks: what the document shows, without Qt.

A block is one paragraph of the document (a code block gives one per line) or a table. Its look depends on itself
and on the block before it, never on what follows: that is why a streamed text can be committed piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, NamedTuple

from app.ui.chat.safe_text import LINE_BREAK, openable

if TYPE_CHECKING:
    from markdown_it.token import Token


class Style(IntFlag):
    """How a run of text looks."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8
    FAINT = 16
    GUESSED = 32


class Run(NamedTuple):
    """Text of one style; `href` is an address that a click may open, or empty."""

    text: str
    style: Style = Style.PLAIN
    href: str = ""


Runs = tuple[Run, ...]


class Kind(Enum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    CODE = "code"  # one line of a code block
    RULE = "rule"
    TABLE = "table"


class Block(NamedTuple):
    """One block. `nesting` names its containers from the outside in: "q" a quote, "l" a list level."""

    kind: Kind
    runs: Runs = ()
    nesting: str = ""
    marker: str = ""  # "•" or "3." at the first block of a list item
    level: int = 0  # of a heading, 1..6
    starts: bool = True  # False for the second and later lines of a code block
    language: str = ""  # of a code block, on every line
    rows: tuple[tuple[Runs, ...], ...] = ()  # of a table, the first is its head
    alignments: tuple[str, ...] = ()  # per column: "", "left", "center", "right"


class Group(NamedTuple):
    """The blocks of one top-level block or of one item of a top-level list, and the source line it starts at."""

    start_line: int
    blocks: list[Block]
    fence: Token | None = None
    numbering: ListNumbering | None = None  # of an item: how it is numbered


class ListNumbering(NamedTuple):
    """Where a list goes on: its kind, its marker character and the next item's number."""

    ordered: bool
    markup: str
    next_number: int


Inline = Callable[[str], Runs]

TASK_MARKS = ("☐", "☑")
BULLETS = ("•", "◦", "▪")
_MARKS = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\{}|^]+")
_TASK = re.compile(r"^\[([ xX])\][ \u00a0]")


def code_blocks(text: str, language: str, nesting: str = "", *, starts: bool = True) -> list[Block]:
    """The lines of a code block; `text` is without its last newline."""
    lines = text.split("\n")
    made = [code_line(lines[0], language, nesting, starts=starts)]
    made += [code_line(line, language, nesting) for line in lines[1:]]
    return made


def code_line(line: str, language: str, nesting: str = "", *, starts: bool = False) -> Block:
    """One line of a code block."""
    return Block(
        Kind.CODE, (Run(line, Style.CODE),) if line else (), nesting, starts=starts, language=language
    )


def language_of(info: str) -> str:
    """The language that a fence's info string names: its first word, bounded."""
    words = info.split()
    return words[0].strip("{}.").lower()[:40] if words else ""


def runs_from(tokens: Sequence[Token]) -> Runs:
    """The runs of an inline token's children."""
    runs: list[Run] = []
    style = Style.PLAIN
    links: list[str] = []
    for token in tokens:
        kind = token.type
        href = links[-1] if links and openable(links[-1]) else ""
        if kind in ("text", "text_special", "html_inline"):
            runs.extend([Run(token.content, style, href)] if links else _with_addresses(token.content, style))
        elif kind in ("softbreak", "hardbreak"):
            runs.append(Run(LINE_BREAK, style, href))
        elif kind == "code_inline":
            runs.append(Run(token.content, style | Style.CODE, href))
        elif kind == "link_open":
            links.append(str(token.attrGet("href") or ""))
        elif kind == "link_close":
            runs.extend(_inert_target(links.pop(), runs))
        elif kind == "image":
            runs.extend(_image(token, style))
        elif kind.endswith("_open"):
            style |= _MARKS.get(kind[:-5], Style.PLAIN)
        elif kind.endswith("_close"):
            style &= ~_MARKS.get(kind[:-6], Style.PLAIN)
    return joined(runs)


def joined(runs: Sequence[Run]) -> Runs:
    """Neighbours of the same look made one, empty runs left out."""
    result: list[Run] = []
    for run in runs:
        if not run.text:
            continue
        if result and result[-1][1:] == run[1:]:
            result[-1] = run._replace(text=result[-1].text + run.text)
        else:
            result.append(run)
    return tuple(result)


def _with_addresses(text: str, style: Style) -> Iterator[Run]:
    """Plain text in which bare http addresses become links."""
    if "://" not in text:
        yield Run(text, style)
        return
    end = 0
    for match in _ADDRESS.finditer(text):
        address = match.group().rstrip(".,;:!?*_~")
        while address.endswith((")", "]")) and address.count("(") + address.count("[") < (
            address.count(")") + address.count("]")
        ):
            address = address[:-1]
        yield Run(text[end : match.start()], style)
        yield Run(address, style, address if openable(address) else "")
        end = match.start() + len(address)
    yield Run(text[end:], style)


def _inert_target(address: str, before: Sequence[Run]) -> Iterator[Run]:
    """What follows a link's text: the address where it will not be opened, or where there was no text."""
    if openable(address):
        if not before or before[-1].href != address:
            yield Run(address, Style.PLAIN, address)
    elif address:
        yield Run(f" ({shortened(address)})", Style.FAINT)


def _image(token: Token, style: Style) -> Iterator[Run]:
    """An image is never fetched: its text and its address are shown instead."""
    source = str(token.attrGet("src") or "")
    alt = "".join(run.text for run in runs_from(token.children or ())) or token.content
    yield Run(alt, style | Style.ITALIC)
    yield Run(" (" if alt else "(", Style.FAINT)
    yield Run(shortened(source), Style.FAINT, source if openable(source) else "")
    yield Run(")", Style.FAINT)


def shortened(address: str, length: int = 300) -> str:
    """An address as shown: a data: address may hold a whole picture."""
    return address if len(address) <= length else address[: length - 1] + "…"


class Flattener:
    """Turns block tokens into groups of blocks. One use per parse."""

    def __init__(self, inline: Inline, numbering: ListNumbering | None = None) -> None:
        self._inline = inline
        self._continued = numbering  # of a list whose first items were committed before
        self._nesting: list[str] = []
        self._lists: list[ListNumbering] = []
        self._markers: list[str] = []  # of items that have no block yet
        self._blocks: list[Block] = []

    def groups(self, tokens: Sequence[Token]) -> list[Group]:
        """One group per top-level block; a top-level list gives one per item."""
        groups: list[Group] = []
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type in (
                "bullet_list_open",
                "ordered_list_open",
                "bullet_list_close",
                "ordered_list_close",
            ):
                self._take(tokens, index)
                index += 1
                continue
            end = _end_of(tokens, index)
            numbering = self._lists[0] if self._lists else None
            self._blocks = []
            while index < end:
                index = self._take(tokens, index)
            fence = token if token.type == "fence" else None
            groups.append(Group(token.map[0] if token.map else 0, self._blocks, fence, numbering))
        return groups

    def _take(self, tokens: Sequence[Token], index: int) -> int:
        """Handles the token at `index`; returns the index of the next one to handle."""
        token = tokens[index]
        kind = token.type
        if kind == "inline":
            self._emit(Kind.PARAGRAPH, self._inline(token.content))
        elif kind == "heading_open":
            self._emit(Kind.HEADING, self._inline(tokens[index + 1].content), level=int(token.tag[1:]))
            return index + 3
        elif kind in ("fence", "code_block"):
            self._code(token.content, language_of(token.info))
        elif kind == "hr":
            self._emit(Kind.RULE)
        elif kind == "table_open":
            end = _end_of(tokens, index)
            self._table(tokens[index:end])
            return end
        else:
            self._container(token)
        return index + 1

    def _container(self, token: Token) -> None:
        kind = token.type
        if kind == "blockquote_open":
            self._nesting.append("q")
        elif kind == "blockquote_close":
            self._nesting.pop()
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._flush_markers()
            self._open_list(token)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._nesting.pop()
        elif kind == "list_item_open":
            self._open_item()
        elif kind == "list_item_close":
            self._flush_markers()

    def _open_list(self, token: Token) -> None:
        ordered = token.type == "ordered_list_open"
        start = token.attrGet("start")
        numbering = ListNumbering(ordered, token.markup, 1 if start is None else int(start))
        if not self._lists and not self._nesting and self._continued is not None:
            numbering = self._continued
        self._continued = None
        self._lists.append(numbering)
        self._nesting.append("l")

    def _open_item(self) -> None:
        here = self._lists[-1]
        bullet = BULLETS[min(sum(not each.ordered for each in self._lists) - 1, len(BULLETS) - 1)]
        self._markers.append(f"{here.next_number}{here.markup}" if here.ordered else bullet)
        self._lists[-1] = here._replace(next_number=here.next_number + 1)

    def _flush_markers(self) -> None:
        """An item without text of its own still shows its marker."""
        if self._markers:
            self._emit(Kind.PARAGRAPH)

    def _emit(self, kind: Kind, runs: Runs = (), *, level: int = 0) -> None:
        self._continued = None
        marker = self._markers.pop() if self._markers else ""
        self._markers.clear()
        if marker and kind is Kind.RULE:
            self._blocks.append(Block(Kind.PARAGRAPH, (), "".join(self._nesting), marker))
            marker = ""
        elif marker and runs and (task := _TASK.match(runs[0].text)):
            marker = TASK_MARKS[task[1] != " "]
            runs = joined([runs[0]._replace(text=runs[0].text[task.end() :]), *runs[1:]])
        self._blocks.append(Block(kind, runs, "".join(self._nesting), marker, level))

    def _code(self, content: str, language: str) -> None:
        self._flush_markers()
        self._continued = None
        self._blocks.extend(code_blocks(content.removesuffix("\n"), language, "".join(self._nesting)))

    def _table(self, tokens: Sequence[Token]) -> None:
        self._flush_markers()
        self._continued = None
        rows: list[list[Runs]] = []
        alignments: list[str] = []
        for index, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(self._inline(tokens[index + 1].content))
                if len(rows) == 1:
                    alignments.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
        width = len(rows[0])
        even = tuple(tuple(row[:width] + [()] * (width - len(row))) for row in rows)
        self._blocks.append(
            Block(Kind.TABLE, (), "".join(self._nesting), rows=even, alignments=tuple(alignments))
        )


def _end_of(tokens: Sequence[Token], index: int) -> int:
    """The index after the token that closes the one at `index`."""
    depth = 0
    for position in range(index, len(tokens)):
        depth += tokens[position].nesting
        if depth == 0:
            return position + 1
    return len(tokens)
