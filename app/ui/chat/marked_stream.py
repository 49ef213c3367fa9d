"""A reply's source text with the parts marked that were guessed ahead.

Exact, because it is the source: rendered Markdown leaves characters out and moves others, and which token they came
of would be a guess of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.ui.chat.markdown_blocks import Block, Kind, Run, Style, joined
from app.ui.chat.safe_text import LINE_BREAK, visible

Ranges = Iterable[tuple[int, int]]
"""Parts of a text: (start, end) in characters, in order, none overlapping another."""


class MarkedStream:
    """A text that grows, as `MarkdownStream`: `blocks` shows all of it so far, the first `n_final` will not change.

    A block is what stands between empty lines.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.n_final = 0
        self._runs: list[Run] = []  # of the last block
        self._n_breaks = 0  # line ends not yet followed by anything
        self._n_done = 0  # blocks complete since the beginning

    def feed(self, text: str, marked: Ranges = ()) -> None:
        """Take more source text, of which the ranges `marked` were guessed; `update` shows it."""
        for piece, is_marked in segments(text, marked):
            style = Style.GUESSED if is_marked else Style.PLAIN
            first, *others = piece.replace("\r\n", "\n").split("\n")
            self._add(first, style)
            for line in others:
                self._n_breaks += 1
                self._add(line, style)

    def update(self) -> int:
        """Show what is new; returns how many blocks at the start are surely what they were before."""
        n_kept, self.n_final = self.n_final, self._n_done
        del self.blocks[self._n_done :]
        if self._runs:
            self.blocks.append(Block(Kind.PARAGRAPH, joined(self._runs)))
        return n_kept

    def _add(self, text: str, style: Style) -> None:
        if not text:
            return
        if self._runs and self._n_breaks > 1:
            del self.blocks[self._n_done :]
            self.blocks.append(Block(Kind.PARAGRAPH, joined(self._runs)))
            self._n_done += 1
            self._runs = []
        elif self._runs and self._n_breaks:
            self._runs.append(Run(LINE_BREAK))
        self._n_breaks = 0
        self._runs.append(Run(visible(text), style))


def segments(text: str, marked: Ranges) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is marked."""
    at = 0
    for start, end in marked:
        yield text[at:start], False
        yield text[start:end], True
        at = end
    yield text[at:], False


def part(marked: Ranges, start: int, end: int) -> list[tuple[int, int]]:
    """What of the ranges lies from `start` to `end`, counted from `start`."""
    return [
        (max(first, start) - start, min(last, end) - start)
        for first, last in marked
        if first < end and last > start
    ]
