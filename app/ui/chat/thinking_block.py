"""A reply's thinking, folded behind one line."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.marked_stream import Ranges, part
from app.ui.chat.message_text import MessageText
from app.ui.format import count_text, duration_text
from app.ui.icons import icon
from app.ui.theme import Theme

INDENT = 12
HEADER = 24


class ThinkingBlock(QWidget):
    """ "Thought for 3.1 s · 142 words"; a click opens it. Its text is made when it is first opened."""

    height_changed = Signal()

    def __init__(self, theme: Theme, parser: MarkdownParser, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parser = parser
        self._source = ""
        self._marked: Ranges | None = None
        self._is_streaming = False
        self._is_open = False
        self._body: MessageText | None = None
        self._header = QToolButton(self)
        self._header.setAutoRaise(True)
        self._header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._header.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._header.setIcon(icon(theme, "right", "faint"))
        self._header.clicked.connect(self.toggle)
        self.restyle()

    @property
    def header(self) -> QToolButton:
        """The line that opens and folds it."""
        return self._header

    @property
    def is_open(self) -> bool:
        """Whether the thinking itself is shown."""
        return self._is_open

    def show_thinking(
        self, text: str, thinking_ms: float, *, is_streaming: bool, marked: Ranges | None = None
    ) -> None:
        """`text` so far; with `is_streaming` more may come. With `marked` it is its source, these parts marked."""
        is_same = text.startswith(self._source) and (marked is None) == (self._marked is None)
        at = len(self._source)
        was_streaming, self._is_streaming = self._is_streaming, is_streaming
        self._source, self._marked = text, marked
        self._set_title(thinking_ms, is_streaming)
        if self._body is not None:
            if not is_same or not (was_streaming or is_streaming):
                self._fill()
            else:
                self._body.append(text[at:], part(marked or (), at, len(text)))
                if not is_streaming:
                    self._body.finish()

    def _set_title(self, thinking_ms: float, is_streaming: bool) -> None:
        words = count_text(len(self._source.split()))
        time = duration_text(thinking_ms / 1000)
        if is_streaming:
            title = self.tr("Thinking… {time} · {words} words").format(time=time, words=words)
        elif thinking_ms:
            title = self.tr("Thought for {time} · {words} words").format(time=time, words=words)
        else:
            title = self.tr("Thought · {words} words").format(words=words)
        if title != self._header.text():
            self._header.setText(title)
            self._header.setAccessibleName(title)
            self._header.adjustSize()

    def height_for(self, width: int) -> int:
        """The height at `width`, in pixels; places the parts for it."""
        self._header.setGeometry(INDENT - 4, 0, min(self._header.sizeHint().width(), width - INDENT), HEADER)
        if self._body is None or not self.is_open:
            return HEADER
        height = self._body.height_for(width - INDENT - 2)
        self._body.setGeometry(INDENT + 2, HEADER + 2, width - INDENT - 2, height)
        return HEADER + 2 + height + 4

    def restyle(self) -> None:
        """The theme has changed."""
        self._header.setFont(self._theme.font(self._theme.text_size_px - 1))
        if self._body is not None:
            self._body.restyle()

    def toggle(self) -> None:
        """Open or fold it."""
        is_open = self._is_open = not self._is_open
        self._header.setIcon(icon(self._theme, "down" if is_open else "right", "faint"))
        if is_open and self._body is None:
            self._body = MessageText(self._theme, self._parser, self, size_step=-1, tone="dim")
            self._body.height_changed.connect(self.height_changed)
            self._fill()
        if self._body is not None:
            self._body.setVisible(is_open)
        self.height_changed.emit()

    def _fill(self) -> None:
        assert self._body is not None
        if self._is_streaming:
            self._body.start_stream(self._source, self._marked)
        else:
            self._body.set_source(self._source, self._marked)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, 2, 2, self.height() - 4, self._theme.color("line"))
