"""A model's README, rendered as messages are: nothing is fetched, nothing runs, links open only on a click."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_text import MessageText
from app.ui.hub.readme_source import readme_markdown
from app.ui.theme import Theme

_WIDEST = 820  # longer lines are hard to read
_MARGIN = 20
_LINE_PX = 40


class ReadmeView(QScrollArea):
    """Shows one README at a time; a long one is built in pieces and cut at an end."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parser: MarkdownParser | None = (
            None  # made when it is needed: a page without a README is quicker
        )
        self._page = QWidget(self)
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(_MARGIN, 12, _MARGIN, 24)
        self._column.setSpacing(12)
        self._note = QLabel(self._page)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setProperty("role", "hint")
        self._note.setWordWrap(True)
        self._note.setMaximumWidth(_WIDEST)
        self._column.addWidget(self._note)
        self._text: MessageText | None = None
        self._column.addStretch(1)
        self.setWidget(self._page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("README"))
        self.verticalScrollBar().setSingleStep(_LINE_PX)
        theme.changed.connect(self._restyle)

    @property
    def text(self) -> MessageText | None:
        """The document, None before the first README."""
        return self._text

    def show_readme(self, source: str, base: str) -> None:
        """Shows `source`; `base` is the address that its relative links start from. "" shows nothing."""
        self._drop()
        self.verticalScrollBar().setValue(0)
        if not source.strip():
            self._note.setText(self.tr("This model has no README."))
            return
        markdown, is_cut = readme_markdown(source, base, self.tr("picture"))
        said = self.tr("Pictures are not fetched: their addresses open in the browser.")
        cut = self.tr("This README is very long; its end is shown only on its page.") if is_cut else ""
        self._note.setText(" ".join(part for part in (said, cut) if part))
        self._parser = self._parser or MarkdownParser()
        text = MessageText(self._theme, self._parser, self._page)
        text.setAccessibleName(self.tr("README"))
        text.height_changed.connect(self._fit)
        self._text = text
        self._column.insertWidget(1, text)
        text.set_source(markdown)
        text.show()
        self._fit()

    def show_note(self, note: str) -> None:
        """Says why there is no README to show."""
        self._drop()
        self._note.setText(note)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        key = Qt.Key(event.key())
        ends = {Qt.Key.Key_Home: bar.minimum(), Qt.Key.Key_End: bar.maximum()}
        if key in ends:
            bar.setValue(ends[key])
        elif key == Qt.Key.Key_Space:
            bar.setValue(bar.value() + bar.pageStep() - _LINE_PX)
        else:
            super().keyPressEvent(event)

    # -- inside ---------------------------------------------------------------------------------------------

    def _drop(self) -> None:
        if self._text is not None:
            self._text.hide()
            self._column.removeWidget(self._text)
            self._text.deleteLater()
            self._text = None

    def _fit(self) -> None:
        if self._text is None:
            return
        bar = self.verticalScrollBar().sizeHint().width()
        width = min(_WIDEST, max(120, self.width() - 2 * _MARGIN - bar))
        self._text.setFixedSize(width, self._text.height_for(width))

    def _restyle(self) -> None:
        if self._text is not None:
            self._text.restyle()
            self._fit()
