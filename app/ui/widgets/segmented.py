"""A choice among a few values, all of them visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class Segmented(QFrame):
    """Buttons side by side of which one is on; `choices` are (value, title) pairs, or texts that are both.

    `changed` carries the value that the user chose; setting it from code emits nothing.
    """

    changed = Signal(object)

    def __init__(self, choices: Sequence[tuple[Any, str] | str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segments")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._values: list[Any] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for index, choice in enumerate(choices):
            value, title = (choice, choice) if isinstance(choice, str) else choice
            layout.addWidget(self._button(index, len(choices), value, title))
        self._group.idClicked.connect(self._clicked)
        self._group.idToggled.connect(lambda _index, _checked: self._keep_tab_stop())

    def _button(self, index: int, count: int, value: Any, title: str) -> QPushButton:
        button = QPushButton(title, self)
        button.setCheckable(True)
        button.setAccessibleName(title)
        button.setProperty("role", "segment")
        ends = {0: "first", count - 1: "last"}
        button.setProperty("end", "only" if count == 1 else ends.get(index, "inner"))
        self._group.addButton(button, index)
        self._values.append(value)
        return button

    def _keep_tab_stop(self) -> None:
        """Tab comes to the chosen segment; left to itself Qt stops at the first one, or at the last one clicked."""
        chosen = self._group.checkedId()
        for index, button in enumerate(self._group.buttons()):
            is_stop = index == max(0, chosen)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus)

    def value(self) -> Any:
        """The chosen value, None if there is none yet."""
        index = self._group.checkedId()
        return self._values[index] if index >= 0 else None

    def set_value(self, value: Any) -> None:
        """Shows `value` as chosen; an unknown value leaves none chosen."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self._group.buttons():
            button.setChecked(False)
        self._group.setExclusive(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        index = self._group.checkedId() + step
        if step and 0 <= index < len(self._values):
            self._group.button(index).setFocus(Qt.FocusReason.TabFocusReason)
            self._group.button(index).click()
            return
        super().keyPressEvent(event)

    def _clicked(self, index: int) -> None:
        self.changed.emit(self._values[index])
