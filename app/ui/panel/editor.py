"""What every editor of a setting is: a part in the row's title line, maybe a part below it, and one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.core.settings import Setting, SettingError
from app.ui.panel import texts
from app.ui.theme import Theme, set_role
from app.ui.widgets.dragged_files import holds_files


class Editor(QObject):
    """Shows one setting's value and offers changes; it holds no truth of its own.

    `inline` stands at the right of the row's title, `below` under it; either may be None. `show_value` never emits.
    """

    edited = Signal(object, bool)  # a legal value, and whether the gesture is over
    refused = Signal(str)  # why what was entered is not taken; "" once the entry is legal or given up

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setting = setting
        self.inline: QWidget | None = None
        self.below: QWidget | None = None
        self.value: Any = setting.default

    def show_value(self, value: Any) -> None:
        """Shows `value`, and drops what was entered but refused."""
        raise NotImplementedError

    def show_unset(self, number: float | None) -> None:
        """What will be used where the value is unset, for editors of numbers; before `show_value`."""

    def show_loaded(self, value: Any, is_loaded: bool) -> None:
        """Marks the value that is loaded, where the editor can."""

    def set_bounds(self, low: float, high: float) -> None:
        """Sets the comfortable range that the model and the machine allow, for editors with a slider."""

    def set_unusable(self, why: Mapping[Any, str]) -> None:
        """Values that cannot be chosen now, each with the reason, for editors with a list."""

    def set_roomy(self, roomy: bool) -> None:
        """Whether the title line has room for what can be left out, such as units."""

    def wish_px(self) -> int:
        """How wide the inline part would like to be."""
        return self.inline.sizeHint().width() if self.inline is not None else 0

    def set_enabled(self, enabled: bool) -> None:
        """Makes the editor inert or live."""
        for part in (self.inline, self.below):
            if part is not None:
                part.setEnabled(enabled)

    def focus_widget(self) -> QWidget | None:
        """What takes the keyboard when the row is entered."""
        return self.inline or self.below

    def spoken_name(self, value: Any) -> str:
        """Title, value and unit, for screen readers."""
        name, text = texts.title(self.setting), texts.spoken(self.setting, value)
        return QCoreApplication.translate("Panel", "{title}: {value}").format(title=name, value=text)

    def offer(self, value: Any, settled: bool = True) -> bool:
        """Emits `edited` if the row takes `value`, else `refused`; returns whether it was taken."""
        try:
            clean = self.setting.check(value)
        except SettingError as error:
            self.refused.emit(error.message)
            return False
        self.refused.emit("")
        self.value = clean
        self.edited.emit(clean, settled)
        return True

    def offer_text(self, text: str) -> bool:
        """`offer` for a value as it was typed."""
        try:
            value = self.setting.parse(text)
        except SettingError as error:
            self.refused.emit(error.message)
            return False
        return self.offer(value)


class QuietCombo(QComboBox):
    """A combo box that leaves the wheel to the panel unless it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TextField(QLineEdit):
    """A line whose text counts when Return is pressed or the focus leaves; Escape brings the last value back."""

    committed = Signal(str)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.editingFinished.connect(self._finish)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if holds_files(event.mimeData()):
            event.ignore()
        else:
            super().dragEnterEvent(event)

    def show_text(self, text: str) -> None:
        """Shows a value's text; it is what Escape brings back."""
        self._shown = text
        if self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)
        self.set_bad(False)

    def set_bad(self, bad: bool) -> None:
        """Marks the text as refused."""
        set_role(self, "bad" if bad else "", "state")

    @property
    def shown(self) -> str:
        """The text of the value last shown."""
        return self._shown

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and self._is_plans_undo(event):
            event.ignore()
            return False
        return super().event(event)

    def _is_plans_undo(self, event: QEvent) -> bool:
        """Undo is the plan's as long as nothing is being typed here."""
        is_undo = isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo)
        return is_undo and self.text() == self._shown

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.show_text(self._shown)
            self.selectAll()
            self.given_up.emit()
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        if self.text() != self._shown:
            self.committed.emit(self.text())
        elif self.property("state") == "bad":  # the refused text was changed back by hand
            self.set_bad(False)
            self.given_up.emit()
