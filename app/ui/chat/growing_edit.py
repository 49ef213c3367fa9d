"""A plain text field that grows with its text up to a number of lines, then scrolls."""

from __future__ import annotations

import math

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from app.ui.theme import Theme, set_role
from app.ui.widgets.dragged_files import holds_files


class GrowingEdit(QPlainTextEdit):
    """`submitted` on Return when `submits` is set; Shift+Return is always a new line."""

    submitted = Signal()
    height_changed = Signal()

    def __init__(
        self, theme: Theme, *, max_lines: int, submits: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._max_lines = max_lines
        self._submits = submits
        set_role(self, "plain")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._grow)
        self._grow()

    def fit(self, width: int) -> None:
        """Take the height that the text needs at `width`."""
        self.resize(width, self.height())
        self._grow()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files are not text: the window takes them."""
        return super().canInsertFromMimeData(source) and not holds_files(source)

    def insertFromMimeData(self, source: object) -> None:
        """Plain text only."""
        if source.hasText():  # type: ignore[attr-defined]
            self.insertPlainText(source.text())  # type: ignore[attr-defined]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_return and self._submits and modifiers == Qt.KeyboardModifier.NoModifier:
            self.submitted.emit()
        elif is_return and modifiers & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # for whoever holds this field
        elif is_return and modifiers == Qt.KeyboardModifier.ShiftModifier:
            self.insertPlainText("\n")  # by itself Qt would make a line break inside a paragraph
        elif self._is_for_others(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _is_for_others(self, event: QKeyEvent) -> bool:
        is_up = event.key() == Qt.Key.Key_Up and not self.toPlainText()
        return is_up or event.key() == Qt.Key.Key_Escape or event.matches(QKeySequence.StandardKey.Find)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._grow()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    def _grow(self) -> None:
        line = self.fontMetrics().lineSpacing()
        n_lines = max(1, math.ceil(self.document().size().height()))  # QPlainTextDocumentLayout counts lines
        height = min(n_lines, self._max_lines) * line + 8
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)
            self.height_changed.emit()
