"""Rendered Markdown with the parts marked that were guessed ahead.

markdown-it does not tell where in the source a rendered character stood. It is found again by going through both side
by side: what is rendered stands in the source in the same order, and what lies between is markup, of which each kind is
known. Where anything else would have to be passed over, the text does not fit: then all of it is shown as its source
(`MarkedStream`) rather than with a mark at the wrong place. Among equal marks side by side (``**`` of which one is
markup, one text) the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

from app.ui.chat.markdown import MarkdownParser, MarkdownStream
from app.ui.chat.markdown_blocks import TASK_MARKS, Block, Kind, Run, Runs, Style, joined
from app.ui.chat.marked_stream import MarkedStream, Ranges, segments
from app.ui.chat.safe_text import LINE_BREAK, visible

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FENCE = re.compile(r"[ \t>]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*(?:`{3,}|~{3,})[^\n]*(?:\n|$)")
_FENCE_END = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*(?:\n|$)")
_RULE = re.compile(r"[ \t>]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*?(?:[-*_][ \t]*){3,}(?=\n|$)")
_UNDERLINE = re.compile(r"[ \t>]*(?:=+|-+)[ \t]*(?:\n|$)")
_DEFINITION = re.compile(r" {0,3}\[[^\]\n]+\]:[^\n]*(?:\n|$)")
_ITEM = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t\n]|$)")
_TASK = re.compile(r"\[[ xX]\](?=[ \t])")
_EMPTY_LINE = re.compile(r"[ \t>]*\n")
_HASHES = re.compile(r"#{1,6}(?=[ \t\n]|$)")
_DIVIDER = re.compile(r"[ \t>|:-]+(?:\n|$)")


class _MisfitError(Exception):
    """Something was rendered that is not found in the source where it should be."""


class _Reached(NamedTuple):
    """A place in the source, and what block ends there: its kind, whether it is a heading that is underlined, whether
    it is an item without text of its own, so that the next block may begin on the same line."""

    at: int = 0
    before: Kind | None = None
    is_underlined: bool = False
    is_bare_item: bool = False


class _Aligner:
    """Goes through the source along with the blocks that were rendered of it."""

    def __init__(self, source: str, marks: bytearray, reached: _Reached) -> None:
        """`marks` has 1 for each marked character of `source`."""
        self._source = source
        self._marks = marks
        self.at, self.before, self._is_underlined, self._is_bare_item = reached

    @property
    def reached(self) -> _Reached:
        """How far it has come, for another one to go on from."""
        return _Reached(self.at, self.before, self._is_underlined, self._is_bare_item)

    def tinted(self, block: Block) -> Block:
        """The next block, its runs divided into marked and others. Raises _MisfitError."""
        if block.kind is Kind.CODE:
            made = self._code(block)
        elif block.kind is Kind.TABLE:
            made = self._table(block)
        else:
            self._to_block(block)
            if block.kind is Kind.RULE:
                self._pass(_RULE)
            made = block._replace(runs=self._runs(block.runs))
        self.before = block.kind
        self._is_bare_item = bool(block.marker) and not block.runs
        return made

    # -- between blocks -------------------------------------------------------------------------------------

    def _here(self) -> str:
        return self._source[self.at : self.at + 1]

    def _pass(self, what: re.Pattern[str]) -> None:
        match = what.match(self._source, self.at)
        if match is None:
            raise _MisfitError
        self.at = match.end()

    def _pass_markup(self, marks: str, until: str) -> None:
        """Past links' ends, pictures' beginnings and `marks`, up to one of the characters of `until`."""
        while (here := self._here()) and here not in until:
            if here == "]":
                self._pass_link()
            elif here in marks or self._source.startswith("![", self.at):
                self.at += 1
            else:
                raise _MisfitError

    def _end_line(self) -> None:
        """Past the markup that closes what the last block had, to the next line."""
        self._pass_markup("*_~`#|[\\ \t", until="\n")
        self.at += 1

    def _to_line(self) -> None:
        """To the first line of the next block, past what belongs to none."""
        if self._is_bare_item:
            self._pass_blanks()
            if self._here() != "\n":
                return
        if self.before is not None:
            self._end_line()
        if self.before is Kind.CODE and (match := _FENCE_END.match(self._source, self.at)):
            self.at = match.end()
        if self._is_underlined and (match := _UNDERLINE.match(self._source, self.at)):
            self.at = match.end()
        self._is_underlined = False
        self._pass_empty_lines()
        while match := _DEFINITION.match(self._source, self.at):
            self.at = match.end()
            self._pass_empty_lines()

    def _pass_empty_lines(self) -> None:
        while match := _EMPTY_LINE.match(self._source, self.at):
            self.at = match.end()

    def _to_block(self, block: Block) -> None:
        """To the first character of a paragraph or heading, past the marks of what contains it."""
        self._to_line()
        self._pass_blanks()
        if block.marker:
            self._pass(_ITEM)
            self._pass_blanks()
            if block.marker in TASK_MARKS:
                self._pass(_TASK)
        if block.kind is Kind.HEADING:
            match = _HASHES.match(self._source, self.at)
            self._is_underlined = match is None
            self.at = match.end() if match else self.at

    def _pass_blanks(self) -> None:
        while self._here() and self._here() in " \t>":
            self.at += 1

    # -- blocks ---------------------------------------------------------------------------------------------

    def _code(self, block: Block) -> Block:
        """A line of code stands at the end of a line, after what contains it."""
        if block.starts or self.before is not Kind.CODE:
            self._to_line()
            if match := _FENCE.match(self._source, self.at):
                self.at = match.end()
        else:
            self.at = min(self.at + 1, len(self._source))  # past the last line's end
        end = self._source.find("\n", self.at)
        end = len(self._source) if end < 0 else end
        text = "".join(run.text for run in block.runs)
        if not text and _FENCE_END.match(self._source, self.at):  # an empty block
            self.at -= 1
            return block
        start = end - len(text)
        if start < self.at or self._source[start:end] != text or self._source[self.at : start].strip(" \t>"):
            raise _MisfitError
        self.at = end
        return block._replace(runs=self._divided(block.runs, range(start, end)))

    def _table(self, block: Block) -> Block:
        rows: list[tuple[Runs, ...]] = []
        for number, row in enumerate(block.rows):
            if number == 0:
                self._to_line()
            else:
                self._end_line()
            if number == 1:
                self._pass(_DIVIDER)
            rows.append(tuple(self._cell(cell, is_first=index == 0) for index, cell in enumerate(row)))
        if len(block.rows) == 1:
            self._end_line()
            self._pass(_DIVIDER)
            self.at = max(0, self.at - 1)
        return block._replace(rows=tuple(rows))

    def _cell(self, runs: Runs, *, is_first: bool) -> Runs:
        self._pass_blanks()
        if self._here() == "|":
            self.at += 1
        elif not is_first and runs:
            raise _MisfitError
        made = self._runs(runs)
        self._pass_markup("*_~`[\\ \t", until="|\n")
        return made

    # -- inside a block -------------------------------------------------------------------------------------

    def _runs(self, runs: Runs) -> Runs:
        """What this app added to the text (addresses of pictures, of links that do not open) is in no source."""
        made: list[Run] = []
        for run in runs:
            if run.style & Style.FAINT:
                made.append(run)
            else:
                made += self._divided((run,), [self._find(character) for character in run.text])
        return joined(made)

    def _divided(self, runs: Runs, places: Sequence[int]) -> Runs:
        """The runs, cut where the mark changes; `places` is where each of their characters stands in the source."""
        made: list[Run] = []
        first = 0
        for run in runs:
            text, here = run.text, places[first : first + len(run.text)]
            marks = [self._marks[at] and text[index] != LINE_BREAK for index, at in enumerate(here)]
            start = 0
            for index in range(1, len(text) + 1):
                if index == len(text) or marks[index] != marks[start]:
                    style = run.style | Style.GUESSED if marks[start] else run.style
                    made.append(Run(text[start:index], style, run.href))
                    start = index
            first += len(text)
        return joined(made)

    def _find(self, character: str) -> int:
        """Where the next character that was rendered stands in the source."""
        while here := self._here():
            at = self.at
            match = _ENTITY.match(self._source, at) if here == "&" else None
            if match is not None and unescape(match.group()) == character:
                self.at = match.end()
                return at
            if here == character or (here == "\n" and character in (LINE_BREAK, " ")):
                self.at += 1
                return at
            if here == "]":
                self._pass_link()
            elif here in "*_~`[<> \t\\" or (here == "!" and self._source.startswith("![", at)):
                self.at += 1
            else:
                raise _MisfitError
        raise _MisfitError

    def _pass_link(self) -> None:
        """Past the end of a link's text, and its address or label."""
        self.at += 1
        here = self._here()
        if here == "(":
            depth = 0
            for at in range(self.at, len(self._source)):
                character = self._source[at]
                if self._source[at - 1] != "\\":
                    depth += (character == "(") - (character == ")")
                if not depth:
                    self.at = at + 1
                    return
            raise _MisfitError
        if here == "[" and (end := self._source.find("]", self.at)) > 0:
            self.at = end + 1


class TintedMarkdown:
    """A text that grows, as `MarkdownStream`, with the ranges marked that are fed with it.

    `is_source` says that it did not fit, and is shown as its source.
    """

    def __init__(self, parser: MarkdownParser) -> None:
        self._stream = MarkdownStream(parser)
        self._plain: MarkedStream | None = None
        self.blocks: list[Block] = []
        self.n_final = 0
        self._source = ""
        self._marks = bytearray()
        self._n_done = 0  # blocks that are final and divided
        self._reached = _Reached()  # after them

    @property
    def is_source(self) -> bool:
        """Whether the source is shown instead of the rendered text."""
        return self._plain is not None

    def feed(self, text: str, marked: Ranges = ()) -> None:
        """Take more source text, of which the ranges `marked` were guessed; `update` shows it."""
        pieces: list[str] = []
        for piece, is_marked in segments(text, marked):
            shown = visible(piece.replace("\r\n", "\n").replace("\r", "\n"))
            pieces.append(shown)
            self._marks += bytes((is_marked,)) * len(shown)
            if self._plain is not None:
                self._plain.feed(shown, [(0, len(shown))] if is_marked else [])
        self._source += "".join(pieces)
        if self._plain is None:
            self._stream.feed(text)

    def update(self) -> int:
        """Show what is new; returns how many blocks at the start are surely what they were before."""
        return self._update(is_last=False)

    def finish(self) -> int:
        """As `update`, knowing that nothing follows."""
        return self._update(is_last=True)

    def _update(self, *, is_last: bool) -> int:
        if self._plain is not None:
            return self._show_source(self._plain)
        n_kept = self._stream.finish() if is_last else self._stream.update()
        if n_kept < self._n_done:  # a link was defined after its use: all was parsed again
            self._n_done, self._reached = 0, _Reached()
        n_kept = min(n_kept, self._n_done)
        aligner = _Aligner(self._source, self._marks, self._reached)
        blocks = self.blocks[: self._n_done]
        rendered = self._stream.blocks
        for index in range(self._n_done, len(rendered)):
            try:
                blocks.append(aligner.tinted(rendered[index]))
            except _MisfitError:
                if is_last or index < self._stream.n_final:
                    return self._give_up()
                blocks += rendered[index:]  # unfinished: it may fit yet
                break
            if index < self._stream.n_final:
                self._n_done, self._reached = index + 1, aligner.reached
        self.blocks, self.n_final = blocks, self._n_done
        return n_kept

    def _give_up(self) -> int:
        self._plain = MarkedStream()
        for at, mark in enumerate(self._marks):
            self._plain.feed(self._source[at], [(0, 1)] if mark else [])
        self._show_source(self._plain)
        return 0

    def _show_source(self, plain: MarkedStream) -> int:
        n_kept = plain.update()
        self.blocks, self.n_final = plain.blocks, plain.n_final
        return n_kept
