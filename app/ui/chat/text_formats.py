"""The look of each kind of block: paragraph formats, character formats, table formats, from the theme's tokens."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTableCellFormat,
    QTextTableFormat,
)

from app.ui.chat.markdown_blocks import Block, Kind, Run, Style
from app.ui.theme import Theme
from app.ui.tokens import mix, readable

CODE_PADDING = 12
CODE_HEADER = 26
CODE_BOTTOM = 12
GUESSED_SHARE = 0.24
"""Of the draft's colour, on the ground of what was guessed: ordinary and quoted text still read well on it."""
_HEADING_STEPS = (6, 4, 2, 1, 0, 0)  # pixels above the text size, for levels 1 to 6
_LINE = QTextBlockFormat.LineHeightTypes


class TextFormats:
    """Formats for one theme state; make another when the theme changes. `size_px` is the size of ordinary text."""

    def __init__(self, theme: Theme, size_px: int, *, tone: str = "text") -> None:
        self._tokens = theme.tokens
        self._tone = tone
        self.size_px = size_px
        self.font = theme.font(size_px)
        self._mono = theme.mono_font(size_px - 1)
        self._chars: dict[tuple[object, ...], QTextCharFormat] = {}
        self._blocks: dict[tuple[object, ...], QTextBlockFormat] = {}

    # -- measures -------------------------------------------------------------------------------------------

    @property
    def list_indent(self) -> int:
        """Width of one list level, in pixels."""
        return self.size_px * 2

    @property
    def quote_indent(self) -> int:
        """Width of one quote level, in pixels."""
        return 14

    def left(self, nesting: str) -> int:
        """Where text inside these containers begins, in pixels."""
        return sum(self.list_indent if each == "l" else self.quote_indent for each in nesting)

    def gap(self, before: Block | None, block: Block) -> int:
        """Pixels between a block and the one before it, the code block's own lower padding included."""
        if before is None:
            return 0
        if block.kind is Kind.CODE and not block.starts:
            return 0
        space = self._space(before, block)
        if before.kind is Kind.CODE:
            space += CODE_BOTTOM
        return space

    def _space(self, before: Block, block: Block) -> int:
        if block.kind is Kind.HEADING:
            return 18 if block.level <= 2 else 14
        if before.kind is Kind.HEADING:
            return 6
        if Kind.TABLE in (before.kind, block.kind) or Kind.CODE in (before.kind, block.kind):
            return 10
        if block.marker:
            return 4 if before.nesting.startswith("l") else 6
        return 6 if block.nesting.endswith("l") else 9

    # -- formats --------------------------------------------------------------------------------------------

    def block(self, before: Block | None, block: Block) -> QTextBlockFormat:
        """The paragraph format of `block` after `before`."""
        gap = self.gap(before, block)
        key = (gap, block.kind, block.nesting, bool(block.marker), block.level, block.starts)
        made = self._blocks.get(key)
        if made is None:
            made = self._blocks[key] = self._make_block(gap, block)
        return made

    def _make_block(self, gap: int, block: Block) -> QTextBlockFormat:
        made = QTextBlockFormat()
        left = self.left(block.nesting)
        if block.kind is Kind.CODE:
            hang = self.size_px
            made.setLeftMargin(left + CODE_PADDING + hang)
            made.setTextIndent(-hang)
            made.setRightMargin(CODE_PADDING)
            made.setTopMargin(gap + (CODE_HEADER if block.starts else 0))
            made.setLineHeight(round(self.size_px * 1.45), _LINE.MinimumHeight.value)
            return made
        made.setTopMargin(gap)
        made.setLeftMargin(left)
        if block.marker:
            made.setTextIndent(-self.list_indent)
            made.setTabPositions([QTextOption.Tab(self.list_indent, QTextOption.TabType.LeftTab)])
        if block.kind is Kind.RULE:
            made.setLineHeight(9, _LINE.FixedHeight.value)
        elif block.kind is Kind.HEADING:
            made.setHeadingLevel(block.level)
        else:
            made.setLineHeight(round(self.size_px * 1.5), _LINE.MinimumHeight.value)
        return made

    def after_table(self) -> QTextBlockFormat:
        """The empty paragraph that a document needs after a table: as low as it can be."""
        made = QTextBlockFormat()
        made.setLineHeight(1, _LINE.FixedHeight.value)
        return made

    def char(self, block: Block, run: Run) -> QTextCharFormat:
        """The character format of a run in a block."""
        key = (block.kind, block.level, "q" in block.nesting, run.style, bool(run.href))
        made = self._chars.get(key)
        if made is None:
            made = self._chars[key] = self._make_char(block, run)
        if not run.href:
            return made
        linked = QTextCharFormat(made)
        linked.setAnchor(True)
        linked.setAnchorHref(run.href)
        return linked

    def plain(self, block: Block) -> QTextCharFormat:
        """The format that an empty block keeps, and its marker."""
        return self.char(block, Run("", Style.PLAIN))

    def marker(self, block: Block) -> QTextCharFormat:
        """The format of a list item's mark."""
        made = QTextCharFormat(self.plain(block))
        made.setForeground(QColor(self._tokens.dim))
        return made

    def _make_char(self, block: Block, run: Run) -> QTextCharFormat:
        tokens = self._tokens
        made = QTextCharFormat()
        colour = tokens.dim if "q" in block.nesting else tokens.tone(self._tone)
        if block.kind is Kind.CODE:
            self._set_mono(made, tokens.text)
            if run.style & Style.GUESSED:
                made.setBackground(self._guessed())
            return made
        if block.kind is Kind.HEADING:
            size = self.size_px + _HEADING_STEPS[min(block.level, 6) - 1]
            made.setProperty(QTextFormat.Property.FontPixelSize, size)
            made.setFontWeight(QFont.Weight.DemiBold)
        if run.style & Style.BOLD:
            made.setFontWeight(QFont.Weight.DemiBold)
        if run.style & Style.ITALIC:
            made.setFontItalic(True)
        if run.style & Style.STRIKE:
            made.setFontStrikeOut(True)
        if run.style & Style.CODE:
            self._set_mono(made, colour)
            made.setBackground(QColor(mix(tokens.raised, tokens.line, 0.35)))
        if run.style & Style.FAINT:
            colour = tokens.faint
        if run.href:
            colour = tokens.accent
            made.setFontUnderline(True)
            made.setUnderlineColor(QColor(mix(tokens.accent, tokens.bg, 0.6)))
        made.setForeground(QColor(colour))
        if run.style & Style.GUESSED:
            made.setBackground(self._guessed())
            made.setForeground(QColor(readable(colour, self._guessed().name(), tokens.text)))
        return made

    def _guessed(self) -> QColor:
        return QColor(mix(self._tokens.bg, self._tokens.draft, GUESSED_SHARE))

    def _set_mono(self, made: QTextCharFormat, colour: str) -> None:
        made.setFontFamilies([self._mono.family(), "monospace"])
        made.setFontFixedPitch(True)
        made.setProperty(QTextFormat.Property.FontPixelSize, self._mono.pixelSize())
        made.setForeground(QColor(colour))

    def table(self, before: Block | None, block: Block) -> QTextTableFormat:
        """The frame of a table."""
        made = QTextTableFormat()
        made.setBorderCollapse(True)
        made.setBorder(1)
        made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        made.setBorderBrush(QBrush(QColor(self._tokens.line)))
        made.setCellPadding(6)
        made.setCellSpacing(0)
        made.setTopMargin(self.gap(before, block))
        made.setLeftMargin(self.left(block.nesting))
        made.setHeaderRowCount(1)
        made.setColumnWidthConstraints(
            [QTextLength(QTextLength.Type.VariableLength, 0)] * max(1, len(block.rows[0]))
        )
        return made

    def cell(self, *, is_head: bool) -> QTextTableCellFormat:
        """One cell of a table."""
        made = QTextTableCellFormat()
        made.merge(self.plain(Block(Kind.TABLE)))
        if is_head:
            made.setBackground(QColor(self._tokens.raised))
        return made

    def cell_block(self, alignment: str) -> QTextBlockFormat:
        """The paragraph in a cell."""
        made = QTextBlockFormat()
        flags = {"center": Qt.AlignmentFlag.AlignHCenter, "right": Qt.AlignmentFlag.AlignRight}
        made.setAlignment(flags.get(alignment, Qt.AlignmentFlag.AlignLeft))
        return made
