"""Finding text in the open conversation."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.ui.theme import Theme, set_role
from app.ui.widgets import IconButton, SearchField


class FindBar(QFrame):
    """A field with previous and next. Return goes on, Shift+Return back, Escape closes."""

    searched = Signal(str)
    stepped = Signal(int)  # -1 or 1
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "card")
        self._field = SearchField(theme, self.tr("Find in this conversation"), self)
        self._field.setMinimumWidth(220)
        self._field.searched.connect(self.searched)
        self._count = QLabel(self)
        set_role(self._count, "faint")
        self._count.setMinimumWidth(48)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self._field)
        layout.addWidget(self._count)
        for icon_name, tooltip, action in (
            ("up", self.tr("Previous (Shift+Return)"), self._previous),
            ("down", self.tr("Next (Return)"), self._next),
            ("close", self.tr("Close (Escape)"), self.close_bar),
        ):
            button = IconButton(theme, icon_name, tooltip, self, size_px=14)
            button.clicked.connect(action)
            layout.addWidget(button)
        self.hide()

    def open_bar(self) -> None:
        """Show it and give it the keyboard."""
        self.show()
        self.raise_()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def close_bar(self) -> None:
        """Hide it."""
        self.hide()
        self.closed.emit()

    @property
    def text(self) -> str:
        """What is searched for."""
        return self._field.text()

    def show_position(self, index: int, count: int) -> None:
        """This is hit `index` (from 0) of `count`."""
        if not self._field.text():
            self._count.setText("")
        else:
            self._count.setText(f"{index + 1}/{count}" if count else self.tr("none"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stepped.emit(-1 if is_back else 1)
        else:
            super().keyPressEvent(event)

    def _previous(self) -> None:
        self.stepped.emit(-1)

    def _next(self) -> None:
        self.stepped.emit(1)
