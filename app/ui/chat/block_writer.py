"""Keeps a QTextDocument equal to a list of blocks, changing only what differs at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextTable

from app.ui.chat.markdown_blocks import Block, Kind, Run, Runs, Style
from app.ui.chat.text_formats import TextFormats


@dataclass(slots=True)
class CodeSpan:
    """A code block in the document: positions of its first and last line's paragraphs, and what it holds."""

    first: int
    last: int
    nesting: str
    language: str
    first_block: int  # index into the blocks
    n_lines: int


@dataclass(slots=True)
class Span:
    """The paragraphs of one quote: positions of the first and the last one; `nesting` ends with its own "q"."""

    first: int
    last: int
    nesting: str


class BlockWriter:
    """Writes blocks into a document and remembers where each one is.

    The document is always what writing all blocks at once would have made. `codes`, `quotes` and `rules` say
    where backgrounds and lines are to be painted.
    """

    def __init__(self, document: QTextDocument, formats: TextFormats) -> None:
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        self._document = document
        self.blocks: list[Block] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.codes: list[CodeSpan] = []
        self.quotes: list[Span] = []
        self.rules: list[int] = []
        self.set_formats(formats)

    def set_formats(self, formats: TextFormats) -> None:
        """Writes everything again in other colours or sizes."""
        self._formats = formats
        self._document.setDefaultFont(formats.font)
        blocks = list(self.blocks)
        self._truncate(QTextCursor(self._document), 0)
        self.show(blocks, 0)

    def show(self, blocks: Sequence[Block], n_kept: int) -> None:
        """Make the document show `blocks`, of which the first `n_kept` are known to be there already."""
        same = min(n_kept, len(self.blocks), len(blocks))
        limit = min(len(self.blocks), len(blocks))
        while same < limit and self.blocks[same] == blocks[same]:
            same += 1
        if same == len(blocks) == len(self.blocks):
            return
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        if same < limit and self._grow(cursor, same, blocks[same]):
            same += 1
        self._truncate(cursor, same)
        for block in blocks[same:]:
            self._append(cursor, block)
        cursor.endEditBlock()

    def text_of(self, code: CodeSpan) -> str:
        """The source of a code block."""
        lines = self.blocks[code.first_block : code.first_block + code.n_lines]
        return "\n".join(_text(line.runs) for line in lines)

    # -- inside ---------------------------------------------------------------------------------------------

    def _end(self) -> int:
        """The document's last position. `movePosition` would lay out the line there first."""
        return self._document.characterCount() - 1

    def _grow(self, cursor: QTextCursor, index: int, block: Block) -> bool:
        """Changes the last blocks so that the one at `index` becomes `block`, keeping the text they share."""
        old = self.blocks[index]
        if old.kind is Kind.TABLE or old._replace(runs=()) != block._replace(runs=()):
            return self._grow_table(cursor, index, block)
        if self._needs_filling(index, old):
            return False
        self._truncate(cursor, index + 1)
        shared, rest = _shared(old.runs, block.runs)
        start = self._starts[index] + (_units(block.marker) + 1 if block.marker else 0)
        cursor.setPosition(start + shared)
        cursor.setPosition(self._end(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._insert_runs(cursor, block, rest)
        self.blocks[index] = block
        self._ends[index] = cursor.position()
        return True

    def _grow_table(self, cursor: QTextCursor, index: int, block: Block) -> bool:
        """The same for a table that has gained rows, or whose last rows have changed."""
        old = self.blocks[index]
        if old.kind is not Kind.TABLE or old._replace(rows=()) != block._replace(rows=()):
            return False
        self._truncate(cursor, index + 1)
        cursor.setPosition(self._ends[index] - 2)
        table = cursor.currentTable()
        if not isinstance(table, QTextTable):
            return False
        n_new = len(block.rows) - len(old.rows)
        if n_new > 0:
            table.appendRows(n_new)
        elif n_new < 0:
            table.removeRows(len(block.rows), -n_new)
        for row, cells in enumerate(block.rows):
            if row >= len(old.rows) or cells != old.rows[row]:
                self._fill_row(table, row, block)
        self.blocks[index] = block
        self._ends[index] = table.lastPosition() + 1
        return True

    def _truncate(self, cursor: QTextCursor, n_blocks: int) -> None:
        """Removes all but the first `n_blocks` blocks."""
        if n_blocks < len(self.blocks) or not n_blocks:
            cursor.setPosition(self._ends[n_blocks - 1] if n_blocks else 0)
            cursor.setPosition(self._end(), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self.blocks[n_blocks:], self._starts[n_blocks:], self._ends[n_blocks:]
            self._drop_spans(n_blocks)
            self._reset_last(cursor)

    def _reset_last(self, cursor: QTextCursor) -> None:
        """Gives the last paragraph the format of its block: removing text merges formats."""
        if not self.blocks or self.blocks[-1].kind is Kind.TABLE:
            cursor.setBlockFormat(self._formats.after_table() if self.blocks else self._empty())
            cursor.setBlockCharFormat(self._formats.plain(Block(Kind.PARAGRAPH)))
            return
        block = self.blocks[-1]
        cursor.setBlockFormat(self._formats.block(self._before(len(self.blocks) - 1), block))
        cursor.setBlockCharFormat(self._formats.plain(block))

    def _empty(self) -> QTextBlockFormat:
        return self._formats.block(None, Block(Kind.PARAGRAPH))

    def _before(self, index: int) -> Block | None:
        return self.blocks[index - 1] if index else None

    def _append(self, cursor: QTextCursor, block: Block) -> None:
        cursor.setPosition(self._end())
        before = self.blocks[-1] if self.blocks else None
        if block.kind is Kind.TABLE:
            self._append_table(cursor, before, block)
        else:
            self._append_paragraph(cursor, before, block)
        self.blocks.append(block)
        self._note_spans(len(self.blocks) - 1)

    def _append_paragraph(self, cursor: QTextCursor, before: Block | None, block: Block) -> None:
        form, plain = self._formats.block(before, block), self._formats.plain(block)
        if before is None or before.kind is Kind.TABLE:
            cursor.setBlockFormat(form)
            cursor.setBlockCharFormat(plain)
        else:
            cursor.insertBlock(form, plain)
        self._starts.append(cursor.position())
        if block.marker:
            cursor.insertText(f"{block.marker}\t", self._formats.marker(block))
        self._insert_runs(cursor, block, block.runs)
        if self._needs_filling(len(self.blocks), block):
            cursor.insertText("\u00a0", plain)
        self._ends.append(cursor.position())

    def _needs_filling(self, index: int, block: Block) -> bool:
        """Qt lays an empty paragraph after a table beside the table."""
        before = self._before(index)
        return before is not None and before.kind is Kind.TABLE and not block.runs and not block.marker

    def _insert_runs(self, cursor: QTextCursor, block: Block, runs: Sequence[Run]) -> None:
        for run in runs:
            cursor.insertText(run.text, self._formats.char(block, run))

    def _append_table(self, cursor: QTextCursor, before: Block | None, block: Block) -> None:
        if before is None or before.kind is Kind.TABLE:
            cursor.setBlockFormat(self._formats.after_table())
        self._starts.append(cursor.position())
        table = cursor.insertTable(len(block.rows), len(block.rows[0]), self._formats.table(before, block))
        for row in range(len(block.rows)):
            self._fill_row(table, row, block)
        cursor.setPosition(self._end())
        cursor.setBlockFormat(self._formats.after_table())
        cursor.setBlockCharFormat(self._formats.plain(Block(Kind.PARAGRAPH)))
        self._ends.append(cursor.position())

    def _fill_row(self, table: QTextTable, row: int, block: Block) -> None:
        for column, runs in enumerate(block.rows[row]):
            cell = table.cellAt(row, column)
            cursor = cell.firstCursorPosition()
            cursor.setPosition(cell.lastCursorPosition().position(), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            cursor.setBlockFormat(self._formats.cell_block(block.alignments[column]))
            cell.setFormat(
                self._formats.cell(is_head=row == 0)
            )  # it is the first paragraph's character format too
            for run in runs:
                bold = run._replace(style=run.style | Style.BOLD) if row == 0 else run
                cursor.insertText(run.text, self._formats.char(block, bold))

    # -- what is painted ------------------------------------------------------------------------------------

    def _note_spans(self, index: int) -> None:
        block, start = self.blocks[index], self._starts[index]
        if block.kind is Kind.CODE:
            if block.starts or not self.codes:
                self.codes.append(CodeSpan(start, start, block.nesting, block.language, index, 1))
            else:
                self.codes[-1].last = start
                self.codes[-1].n_lines += 1
        elif block.kind is Kind.RULE:
            self.rules.append(start)
        before = self.blocks[index - 1].nesting if index else ""
        for depth, each in enumerate(block.nesting):
            outer = block.nesting[: depth + 1]
            if each != "q":
                continue
            if before.startswith(outer):
                next(span for span in reversed(self.quotes) if span.nesting == outer).last = start
            else:
                self.quotes.append(Span(start, start, outer))

    def _drop_spans(self, n_blocks: int) -> None:
        """Makes the spans again from the last one that is whole: there are few, and they are at the end."""
        end = self._starts[n_blocks - 1] if n_blocks else -1
        self.rules = [start for start in self.rules if start <= end]
        self.quotes = [span for span in self.quotes if span.first <= end]
        for span in self.quotes:
            span.last = min(span.last, end)
        self.codes = [code for code in self.codes if code.first <= end]
        for code in self.codes[-1:]:
            code.n_lines = min(code.n_lines, n_blocks - code.first_block)
            code.last = self._starts[code.first_block + code.n_lines - 1]


def _text(runs: Runs) -> str:
    return "".join(run.text for run in runs)


def _units(text: str) -> int:
    """Length as QTextDocument counts: UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _shared(old: Runs, new: Runs) -> tuple[int, list[Run]]:
    """How much text at the start both have in the same look (in UTF-16 units), and the new runs after that."""
    shared = 0
    for index, run in enumerate(new):
        if index < len(old) and old[index] == run:
            shared += _units(run.text)
            continue
        if index < len(old) and old[index][1:] == run[1:] and run.text.startswith(old[index].text):
            done = old[index].text
            return shared + _units(done), [run._replace(text=run.text[len(done) :]), *new[index + 1 :]]
        return shared, list(new[index:])
    return shared, []
