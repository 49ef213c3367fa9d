"""One message's text: a read-only browser as high as its document, with code boxes, quote bars and copy buttons.

The source text is the truth and the document only a view of it. Nothing in a text acts by itself: no resource is
ever loaded, and an address opens only when its link is chosen, and only http, https and mailto.
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDesktopServices,
    QGuiApplication,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip, QWidget

from app.ui.chat.block_writer import BlockWriter, CodeSpan
from app.ui.chat.code_colours import CodeColours, CodePalette
from app.ui.chat.markdown import MarkdownParser, MarkdownStream, PlainStream
from app.ui.chat.markdown_blocks import Kind
from app.ui.chat.marked_stream import Ranges, part
from app.ui.chat.safe_text import openable
from app.ui.chat.text_formats import CODE_BOTTOM, CODE_HEADER, CODE_PADDING, TextFormats
from app.ui.chat.tinted_markdown import TintedMarkdown
from app.ui.theme import Theme
from app.ui.widgets import IconButton

FIRST_PIECE = 12_000
"""Characters of a stored message that are shown at once; the rest follows piece by piece."""
FIRST_MARKED_PIECE = 5_000
"""The same of a marked text, which changes its look every few characters."""
FLUSH_SHARE = 5
"""A flush may take one part in so many of the time."""


class MessageText(QTextBrowser):
    """Shows Markdown (or, with `is_plain`, text as it was typed) that is set at once or streamed in."""

    height_changed = Signal()  # `height_for` may answer otherwise

    def __init__(
        self,
        theme: Theme,
        parser: MarkdownParser,
        parent: QWidget | None = None,
        *,
        is_plain: bool = False,
        size_step: int = 0,
        tone: str = "text",
    ) -> None:
        """`size_step` is added to the theme's text size, `tone` the colour token of ordinary text."""
        super().__init__(parent)
        self._theme = theme
        self._parser = parser
        self._is_plain = is_plain
        self._size_step = size_step
        self._tone = tone
        self._copy_buttons: list[IconButton] = []
        self._waiting: list[tuple[str, Ranges]] = []  # pieces of a stored text still to be shown
        self._flush_timer = QTimer(self)
        self._flush_timer.setSingleShot(True)
        self._flush_timer.timeout.connect(self._flush)
        self._flush_cost_s = 0.0
        self._flushed_at = 0.0
        self._is_streaming = False
        self._last_height = -1
        self._n_codes = 0
        self._set_up()
        self._formats = self._make_formats()
        self._writer = BlockWriter(self.document(), self._formats)
        self._colours = CodeColours(self.document(), self._writer, CodePalette(theme))
        self._stream = self._new_stream(None)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.setOpenLinks(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.viewport().setAutoFillBackground(False)
        self.anchorClicked.connect(self._open)

    def _make_formats(self) -> TextFormats:
        return TextFormats(self._theme, self._theme.text_size_px + self._size_step, tone=self._tone)

    def _new_stream(self, marked: Ranges | None) -> MarkdownStream | PlainStream | TintedMarkdown:
        if marked is not None:
            return TintedMarkdown(self._parser)
        return PlainStream() if self._is_plain else MarkdownStream(self._parser)

    # -- content --------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether there is text still to be shown or coloured."""
        return bool(self._waiting) or self._flush_timer.isActive() or self._colours.is_busy

    @property
    def is_source(self) -> bool:
        """Whether marked text is shown as it was written: what was guessed could not be told in its Markdown."""
        return isinstance(self._stream, TintedMarkdown) and self._stream.is_source

    def set_source(self, text: str, marked: Ranges | None = None) -> None:
        """Show a whole text. A long one is built in pieces, so that no one waits for it.

        With `marked` these parts of it are marked.
        """
        self._stream = self._new_stream(marked)
        self._is_streaming = False
        step = FIRST_PIECE if marked is None else FIRST_MARKED_PIECE
        step = max(1, len(text)) if self._is_plain else step
        self._waiting = [
            (text[at : at + step], part(marked or (), at, at + step))
            for at in range(0, max(1, len(text)), step)
        ]
        self._feed(*self._waiting.pop(0))
        self._show(is_last=not self._waiting)
        if self._waiting:
            self._flush_timer.start(0)

    def start_stream(self, text: str = "", marked: Ranges | None = None) -> None:
        """Show `text` and expect `append`, then `finish`; `marked` as for `set_source`."""
        self._waiting.clear()
        self._stream = self._new_stream(marked)
        self._feed(text, marked or ())
        self._is_streaming = True
        self._show(is_last=False)

    def append(self, text: str, marked: Ranges = ()) -> None:
        """More of a streamed text; shown at once, or as soon as the last flush has been paid for."""
        self._feed(text, marked)
        if self._flush_timer.isActive():
            return
        wait_s = self._flushed_at + self._flush_cost_s * FLUSH_SHARE - time.perf_counter()
        if wait_s <= 0:
            self._flush()
        else:
            self._flush_timer.start(round(wait_s * 1000) + 1)

    def finish(self) -> None:
        """The streamed text is complete."""
        self._flush_timer.stop()
        self._is_streaming = False
        self._show(is_last=True)

    def _feed(self, text: str, marked: Ranges) -> None:
        if isinstance(self._stream, TintedMarkdown):
            self._stream.feed(text, marked)
        else:
            self._stream.feed(text)

    def _flush(self) -> None:
        if self._waiting:
            self._feed(*self._waiting.pop(0))
        self._show(is_last=not self._is_streaming and not self._waiting)
        if self._waiting:
            self._flush_timer.start(0)

    def _show(self, *, is_last: bool) -> None:
        started = time.perf_counter()
        n_kept = self._stream.finish() if is_last else self._stream.update()
        self._writer.show(self._stream.blocks, n_kept)
        self._colours.text_changed(is_complete=is_last)
        # What is above the text's end has not moved.
        self._place_copy_buttons(min(self._n_codes, len(self._writer.codes)) - 1)
        self._n_codes = len(self._writer.codes)
        self._tell_height()
        self._flushed_at = time.perf_counter()
        self._flush_cost_s = self._flushed_at - started

    def restyle(self) -> None:
        """The theme has changed."""
        self._formats = self._make_formats()
        self._writer.set_formats(self._formats)
        self._colours.set_palette(CodePalette(self._theme))
        self._place_copy_buttons()
        self._tell_height()

    # -- size -----------------------------------------------------------------------------------------------

    def height_for(self, width: int) -> int:
        """The height that all of the text takes at `width`, in pixels."""
        self._set_text_width(width)
        document = self.document()
        bottom = 0
        if self._writer.blocks and self._writer.blocks[-1].kind is Kind.CODE:
            bottom = CODE_BOTTOM
        return int(document.size().height() + 0.999) + bottom

    def natural_width(self, most: int) -> int:
        """The width that the text would take by itself, at most `most`."""
        self._set_text_width(most)
        if self._writer.codes:
            return most
        return min(most, int(self.document().idealWidth() + 0.999) + 1)

    def _set_text_width(self, width: int) -> None:
        """QTextEdit goes back to its own width whenever the document changes, unless that is fixed."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)

    def _tell_height(self) -> None:
        width = self.lineWrapColumnOrWidth()
        if width <= 0:
            return
        height = self.height_for(width)
        if height != self._last_height:
            self._last_height = height
            self.height_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_copy_buttons()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the transcript scrolls

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = QRectF(event.rect())
        for code in self._writer.codes:
            box = self.code_rect(code)
            if box.intersects(shown):
                self._paint_code(painter, code, box)
        self._paint_quotes(painter, shown)
        painter.end()
        super().paintEvent(event)
        if self._is_streaming and self._writer.blocks:
            self._paint_caret()

    def code_rect(self, code: CodeSpan) -> QRectF:
        """The box of a code block, in the viewport's coordinates."""
        left = self._formats.left(code.nesting)
        first, last = self._paragraph_rect(code.first), self._paragraph_rect(code.last)
        top = first.top() - CODE_HEADER
        return QRectF(left, top, self.viewport().width() - left, last.bottom() + CODE_BOTTOM - top)

    def _paint_code(self, painter: QPainter, code: CodeSpan, box: QRectF) -> None:
        painter.setPen(self._theme.color("line"))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        if code.language:
            painter.setPen(self._theme.color("faint"))
            painter.setFont(self._theme.font(self._theme.hint_size_px))
            header = QRectF(box.left() + CODE_PADDING, box.top() + 2, box.width() - 60, CODE_HEADER)
            painter.drawText(header, int(Qt.AlignmentFlag.AlignVCenter), code.language)

    def _paint_caret(self) -> None:
        """A sign at the end of the text that more is coming."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(self.document().characterCount() - 1)
        place = self.cursorRect(cursor)
        painter = QPainter(self.viewport())
        height = self._formats.size_px + 2
        top = place.center().y() - height // 2
        painter.fillRect(place.left() + 2, top, max(5, height // 3), height, self._theme.color("dim"))

    def _paint_quotes(self, painter: QPainter, shown: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.line))
        for span in self._writer.quotes:
            first, last = self._paragraph_rect(span.first), self._paragraph_rect(span.last)
            bar = QRectF(self._formats.left(span.nesting[:-1]), first.top(), 3, last.bottom() - first.top())
            if bar.intersects(shown):
                painter.drawRoundedRect(bar, 1.5, 1.5)
        for position in self._writer.rules:
            rect = self._paragraph_rect(position)
            painter.drawRect(QRectF(rect.left(), rect.bottom() - 5, self.viewport().width() - rect.left(), 1))

    def _paragraph(self, position: int) -> QTextBlock:
        return self.document().findBlock(position)

    def _paragraph_rect(self, position: int) -> QRectF:
        return self.document().documentLayout().blockBoundingRect(self._paragraph(position))

    # -- copying --------------------------------------------------------------------------------------------

    def _place_copy_buttons(self, first: int = 0) -> None:
        """From the code block `first` on."""
        codes = self._writer.codes
        while len(self._copy_buttons) < len(codes):
            self._add_copy_button(len(self._copy_buttons))
        for index in range(max(0, first), len(self._copy_buttons)):
            button = self._copy_buttons[index]
            button.setVisible(index < len(codes))
            if index < len(codes):
                box = self.code_rect(codes[index])
                button.move(int(box.right()) - button.width() - 3, int(box.top()) + 3)

    def _add_copy_button(self, index: int) -> None:
        button = IconButton(
            self._theme, "copy", self.tr("Copy code"), self.viewport(), size_px=14, tone="faint"
        )
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.clicked.connect(lambda: self._copy_code(index))
        self._copy_buttons.append(button)

    @property
    def copy_buttons(self) -> list[IconButton]:
        """The buttons of its code blocks, first to last."""
        return self._copy_buttons

    def _copy_code(self, index: int) -> None:
        QGuiApplication.clipboard().setText(self._writer.text_of(self._writer.codes[index]))
        button = self._copy_buttons[index]
        button.set_icon("check")
        QToolTip.showText(button.mapToGlobal(QPoint(0, button.height())), self.tr("Copied"), button)
        QTimer.singleShot(1500, button, lambda: button.set_icon("copy"))

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text only: what is pasted elsewhere carries neither colours nor fonts of ours."""
        data = QMimeData()
        data.setText(self.textCursor().selection().toPlainText().replace("\t", " "))
        return data

    # -- links ----------------------------------------------------------------------------------------------

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing is ever loaded."""
        return None

    def _open(self, address: QUrl) -> None:
        if openable(address.toString()):
            QDesktopServices.openUrl(address)

    def viewportEvent(self, event: Any) -> bool:
        if isinstance(event, QHelpEvent):
            address = self.anchorAt(event.pos())
            QToolTip.showText(event.globalPos(), address, self) if address else QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.textCursor().hasSelection():
            super().contextMenuEvent(event)
        else:
            event.ignore()  # the message has a menu of its own

    def select_hit(self, text: str, number: int) -> int | None:
        """Selects occurrence `number` (from 0) of `text`, in any case; its y in pixels, None if there is none."""
        cursor = QTextCursor(self.document())
        for _ in range(number + 1):
            cursor = self.document().find(text, cursor)
            if cursor.isNull():
                return None
        self.setTextCursor(cursor)
        return self.cursorRect(cursor).top()
