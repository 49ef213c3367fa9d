"""Syntax colours for the code blocks of one document, worked out in small slices of time.

Colours are laid over the text (as a QSyntaxHighlighter does), they are no part of the document. While a block
streams, only its last lines are read again, a few times a second, from a line that looks like the start of
something; when it is complete it is read once from its first line, which is then the truth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument, QTextLayout

from app.ui.chat.block_writer import BlockWriter, CodeSpan
from app.ui.theme import Theme
from app.ui.tokens import readable

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_COLOURED_LENGTH = 300_000
"""A longer code block stays plain, in characters."""
WINDOW_LINES = 60
SLICE_S = 0.006
STREAMING_INTERVAL_MS = 150

_TONES = (  # the first that a token type lies in decides
    ("Token.Comment.Preproc", "kv"),
    ("Token.Comment", "faint"),
    ("Token.Keyword.Constant", "draft"),
    ("Token.Keyword.Type", "weights"),
    ("Token.Keyword", "kv"),
    ("Token.Literal.String", "compute"),
    ("Token.Literal.Number", "draft"),
    ("Token.Name.Function", "accent"),
    ("Token.Name.Class", "accent"),
    ("Token.Name.Tag", "kv"),
    ("Token.Name.Attribute", "accent"),
    ("Token.Name.Decorator", "warning"),
    ("Token.Name.Builtin", "weights"),
    ("Token.Name.Exception", "weights"),
    ("Token.Name.Constant", "draft"),
    ("Token.Operator.Word", "kv"),
    ("Token.Operator", "dim"),
    ("Token.Punctuation", "dim"),
    ("Token.Generic.Deleted", "bad"),
    ("Token.Generic.Inserted", "good"),
    ("Token.Generic.Heading", "accent"),
    ("Token.Generic.Prompt", "faint"),
)


class CodePalette:
    """Character formats by Pygments token type, for one theme state."""

    def __init__(self, theme: Theme) -> None:
        tokens = theme.tokens
        self._formats: dict[str, QTextCharFormat] = {}
        for _, tone in _TONES:
            made = QTextCharFormat()
            made.setForeground(QColor(readable(tokens.tone(tone), tokens.raised, tokens.text)))
            self._formats[tone] = made
        self._by_type: dict[Any, QTextCharFormat | None] = {}

    def format(self, token_type: Any) -> QTextCharFormat | None:
        """None for a type that has no colour of its own."""
        if token_type not in self._by_type:
            name = str(token_type)
            tone = next(
                (tone for prefix, tone in _TONES if name == prefix or name.startswith(f"{prefix}.")), None
            )
            self._by_type[token_type] = self._formats[tone] if tone else None
        return self._by_type[token_type]


def lexer_for(language: str) -> Lexer | None:
    """The lexer of a fence's language, None where it is unknown or plain."""
    if not language or language in ("text", "plain", "plaintext", "txt"):
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


class CodeColours(QObject):
    """Colours the code blocks that a `BlockWriter` has written."""

    def __init__(self, document: QTextDocument, writer: BlockWriter, palette: CodePalette) -> None:
        super().__init__(document)
        self._document = document
        self._writer = writer
        self._palette = palette
        self._n_done: list[int] = []  # lines read for good, per code block
        self._n_shown: list[int] = []  # lines coloured for now
        self._is_complete = False
        self._job: Iterator[None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)

    def set_palette(self, palette: CodePalette) -> None:
        """Colours everything again, in other colours."""
        self._palette = palette
        self._job = None
        self._n_done.clear()
        self._n_shown.clear()
        self._timer.start(0)

    def text_changed(self, *, is_complete: bool) -> None:
        """The writer has written more; with `is_complete` that was the last of it."""
        codes = self._writer.codes
        if not codes:
            return
        self._is_complete = is_complete
        del self._n_done[len(codes) :], self._n_shown[len(codes) :]
        for index, code in enumerate(codes[: len(self._n_done)]):
            self._n_done[index] = min(self._n_done[index], code.n_lines)
        if not self._timer.isActive():
            self._timer.start(0 if is_complete or len(self._n_done) < len(codes) else STREAMING_INTERVAL_MS)

    @property
    def is_busy(self) -> bool:
        """Whether there is something left to colour."""
        return self._timer.isActive() or self._job is not None

    def _work(self) -> None:
        until = time.perf_counter() + SLICE_S
        while time.perf_counter() < until:
            if self._job is None:
                self._job = self._next_job()
                if self._job is None:
                    return
            if next(self._job, self) is self:
                self._job = None
        self._timer.start(0)

    def _next_job(self) -> Iterator[None] | None:
        codes = self._writer.codes
        missing = len(codes) - len(self._n_done)
        self._n_done += [0] * missing
        self._n_shown += [0] * missing
        for index, code in enumerate(codes):
            is_whole = self._is_complete or index < len(codes) - 1
            if is_whole and self._n_done[index] < code.n_lines:
                self._n_done[index] = self._n_shown[index] = code.n_lines
                return self._colour(code, 0)
            if not is_whole and self._n_shown[index] < code.n_lines:
                self._n_shown[index] = code.n_lines
                return self._colour(code, self._window_start(code))
        return None

    def _window_start(self, code: CodeSpan) -> int:
        """The line to read a growing block from: an unindented one after a blank one, not too far back."""
        lines = self._writer.blocks[code.first_block : code.first_block + code.n_lines]
        texts = [line.runs[0].text if line.runs else "" for line in lines[-WINDOW_LINES:]]
        for index in range(len(texts) - 2, 0, -1):
            if texts[index] and not texts[index][0].isspace() and not texts[index - 1].strip():
                return code.n_lines - len(texts) + index
        return max(0, code.n_lines - WINDOW_LINES)

    def _colour(self, code: CodeSpan, first_line: int) -> Iterator[None]:
        """Reads lines from `first_line` on and lays colours over them; yields often."""
        lexer = lexer_for(code.language)
        text = self._writer.text_of(code)
        if lexer is None or len(text) > MAX_COLOURED_LENGTH:
            return
        for _ in range(first_line):
            text = text[text.index("\n") + 1 :]
        paragraph = self._document.findBlock(code.first)
        for _ in range(first_line):
            paragraph = paragraph.next()
        ranges: list[QTextLayout.FormatRange] = []
        column = 0
        n_left = code.n_lines - first_line
        for _, token_type, value in lexer.get_tokens_unprocessed(text + "\n"):
            look = self._palette.format(token_type)
            for index, part in enumerate(value.split("\n")):
                if index:
                    self._lay(paragraph, ranges)
                    n_left -= 1
                    if not n_left:
                        return
                    paragraph, ranges, column = paragraph.next(), [], 0
                    yield
                length = len(part) if part.isascii() else len(part.encode("utf-16-le")) // 2
                if look is not None and length:
                    ranges.append(_range(column, length, look))
                column += length

    def _lay(self, paragraph: Any, ranges: list[QTextLayout.FormatRange]) -> None:
        if paragraph.isValid() and (ranges or paragraph.layout().formats()):
            cursor = QTextCursor(paragraph)
            cursor.beginEditBlock()
            paragraph.layout().setFormats(ranges)
            cursor.endEditBlock()


def _range(start: int, length: int, look: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start = start
    made.length = length
    made.format = look
    return made
