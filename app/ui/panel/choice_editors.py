"""Switches and choices: all values in view where they are few and short, a list to open where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QWidget

from app.core.settings import Kind, Setting
from app.ui.panel import texts
from app.ui.panel.editor import Editor, QuietCombo
from app.ui.theme import Theme
from app.ui.widgets import Segmented

_MOST_SEGMENTS = 3
_MOST_LETTERS = 20
_COMBO_WIDTH_PX = 190


def choices_of(setting: Setting) -> list[tuple[Any, str]]:
    """(value, title) of every value that a BOOL or CHOICE row can take, the unset one first."""
    choices: list[tuple[Any, str]] = [(None, texts.none_title(setting))] if setting.optional else []
    if setting.kind is Kind.BOOL:
        return [*choices, (False, texts.value_text(setting, False)), (True, texts.value_text(setting, True))]
    return [*choices, *((choice.value, texts.translated(choice.title)) for choice in setting.choices)]


def fits_segments(choices: list[tuple[Any, str]]) -> bool:
    """Whether the choices are few and short enough to stand side by side."""
    return len(choices) <= _MOST_SEGMENTS and sum(len(title) for _, title in choices) <= _MOST_LETTERS


class SegmentedEditor(Editor):
    """A BOOL row, or a CHOICE of two or three short words."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        choices = choices_of(setting)
        self.segments = Segmented(choices, parent)
        template = QCoreApplication.translate("Panel", "{title}: {value}")
        for button, (_, title) in zip(self.segments.findChildren(QPushButton), choices, strict=True):
            button.setAccessibleName(template.format(title=texts.title(setting), value=title))
        self.segments.changed.connect(self.offer)
        self.inline = self.segments

    def show_value(self, value: Any) -> None:
        self.value = value
        self.segments.set_value(value)
        self.segments.setAccessibleName(self.spoken_name(value))


class ComboEditor(Editor):
    """A CHOICE row with many or long values."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self.combo = QuietCombo(parent)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.combo.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.combo.setMaximumWidth(_COMBO_WIDTH_PX)
        for value, title in choices_of(setting):
            self.combo.addItem(title, value)
        # On Linux a screen reader gives a box's value for its name.
        self.combo.setAccessibleDescription(texts.title(setting))
        self.combo.activated.connect(lambda index: self.offer(self.combo.itemData(index)))
        self.inline = self.combo

    def show_value(self, value: Any) -> None:
        self.value = value
        # findData cannot find None, which is the value of an unset row.
        values = [self.combo.itemData(index) for index in range(self.combo.count())]
        self.combo.setCurrentIndex(values.index(value) if value in values else -1)
        self.combo.setAccessibleName(self.spoken_name(value))

    def set_unusable(self, why: Mapping[Any, str]) -> None:
        model = self.combo.model()
        if not isinstance(model, QStandardItemModel):
            return
        for index in range(model.rowCount()):
            reason = why.get(self.combo.itemData(index), "")
            model.item(index).setEnabled(not reason)
            model.item(index).setToolTip(reason)

    def set_roomy(self, roomy: bool) -> None:
        """In a crowded line the box is only as wide as the value on show."""
        text = self.combo.fontMetrics().horizontalAdvance(self.combo.currentText())
        self.combo.setMaximumWidth(_COMBO_WIDTH_PX if roomy else min(_COMBO_WIDTH_PX, text + 36))

    def wish_px(self) -> int:
        return min(_COMBO_WIDTH_PX, self.combo.sizeHint().width())
