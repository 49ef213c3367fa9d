"""Editing a message where it stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.ui.chat.growing_edit import GrowingEdit
from app.ui.theme import Theme, set_role


class MessageEditor(QFrame):
    """The text with Save, and for a user's message Save & send. Control+Return saves, Escape cancels."""

    saved = Signal(str, bool)  # text, and whether a reply is wanted
    cancelled = Signal()
    height_changed = Signal()

    def __init__(self, theme: Theme, text: str, *, can_send: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_send = can_send
        set_role(self, "card")
        self._edit = GrowingEdit(theme, max_lines=18, parent=self)
        self._edit.setAccessibleName(self.tr("Message text"))
        self._edit.setPlainText(text)
        self._edit.height_changed.connect(self.height_changed)
        cancel = self._button(self.tr("Cancel"), "quiet", self.cancelled.emit)
        save = self._button(self.tr("Save"), "" if can_send else "primary", lambda: self._save(is_sent=False))
        self._buttons = [cancel, save]
        if can_send:
            self._buttons.append(
                self._button(self.tr("Save && send"), "primary", lambda: self._save(is_sent=True))
            )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        for button in self._buttons:
            row.addWidget(button)
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self._edit)
        layout.addLayout(row)

    def _button(self, text: str, role: str, action: object) -> QPushButton:
        button = QPushButton(text, self)
        if role:
            set_role(button, role)
        button.clicked.connect(action)
        return button

    @property
    def edit(self) -> QPlainTextEdit:
        """The text being edited."""
        return self._edit

    def start(self) -> None:
        """Give it the keyboard, at the end of the text."""
        self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def height_for(self, width: int) -> int:
        """The height that it takes at `width`, in pixels."""
        self._edit.fit(width - 20)
        self._layout.activate()
        return self._layout.totalSizeHint().height()

    def tab_chain(self) -> list[QWidget]:
        """Its controls in the order of the Tab key."""
        return [self._edit, *self._buttons]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif is_return and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._save(is_sent=self._can_send)
        else:
            super().keyPressEvent(event)

    def _save(self, *, is_sent: bool) -> None:
        text = self._edit.toPlainText()
        if text.strip():
            self.saved.emit(text, is_sent)
