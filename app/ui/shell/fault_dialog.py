"""A dialog for what went wrong: what happened, what to do, what the log says last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.icons import pixmap
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip

Action = tuple[str, str, Callable[[], object]]
"""(text, tooltip, what it does); it closes the dialog."""

LONG_TEXT = 600
"""Characters from which the text scrolls."""


class FaultDialog(QDialog):
    """Opened with `open()`, never `exec()`. The first of `actions` is the one to take."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        actions: Sequence[Action],
        parent: QWidget,
        *,
        detail: str = "",
        tone: str = "bad",
        icon_name: str = "warning-circle",
        close_text: str = "",
        content: QWidget | None = None,
    ) -> None:
        """`content` stands under the text: figures, bars."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(480)
        mark = QLabel(self)
        mark.setPixmap(pixmap(theme, icon_name, 28, tone))
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        heading = QLabel(title, self)
        heading.setTextFormat(
            Qt.TextFormat.PlainText
        )  # it may name a model, and a model's name is anybody's text
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        body = QLabel(text, self)
        body.setTextFormat(Qt.TextFormat.PlainText)
        body.setWordWrap(True)
        body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(heading)
        words.addWidget(self._scrolled(body) if len(text) > LONG_TEXT else body)
        if content is not None:
            words.addSpacing(4)
            words.addWidget(content)
        if len(text) <= LONG_TEXT:
            words.addStretch(1)  # what a wrapped line leaves over goes below the words, not between them
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(mark)
        top.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(top)
        if detail:
            column.addLayout(self._detail(detail), 1)
        column.addLayout(self._buttons(actions, close_text or self.tr("Close")))
        self._is_short = not detail and len(text) <= LONG_TEXT

    def showEvent(self, event: QShowEvent) -> None:
        """A few lines need the height that they have at this width, which is known only now."""
        super().showEvent(event)
        layout = self.layout()
        if self._is_short and layout is not None:
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def focus_first(self) -> None:
        """Return takes the first action: for a question that the user has just brought up."""
        first = next((button for button in self.findChildren(QPushButton) if button.isDefault()), None)
        if first is not None:
            first.setFocus()

    def _scrolled(self, body: QLabel) -> QScrollArea:
        """A long text is read by scrolling: a label in a dialog too low for it would be cut."""
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        area.setWidget(body)
        area.setMinimumHeight(260)
        self.resize(640, 420)
        return area

    def _detail(self, detail: str) -> QVBoxLayout:
        view = QPlainTextEdit(self)
        view.setProperty("role", "log")
        view.setReadOnly(True)
        view.setPlainText(detail)
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        view.setMinimumHeight(140)
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        view.setAccessibleName(self.tr("What the log says last"))
        title = QLabel(self.tr("What the log says last"), self)
        title.setProperty("role", "group")
        copy = QPushButton(self.tr("Copy"), self)
        copy.setProperty("role", "link")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(detail))
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(copy)
        part = QVBoxLayout()
        part.setSpacing(6)
        part.addLayout(head)
        part.addWidget(view, 1)
        self.resize(640, 460)
        return part

    def _buttons(self, actions: Sequence[Action], close_text: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        close = QPushButton(close_text, self)
        close.clicked.connect(self.reject)
        row.addWidget(close)
        for index, (text, tooltip, act) in reversed(list(enumerate(actions))):
            button = QPushButton(text, self)
            button.setToolTip(plain_tip(tooltip))
            button.clicked.connect(lambda _checked=False, act=act: self._take(act))
            if index == 0:
                button.setProperty("role", "primary")
                button.setDefault(True)
            row.addWidget(button)
        return row

    def _take(self, act: Callable[[], object]) -> None:
        self.accept()
        act()
