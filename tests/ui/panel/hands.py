"""What a person does to each kind of editor, with keys alone, and the value that this stands for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.core.settings import Kind, Setting
from app.ui.panel.choice_editors import ComboEditor, SegmentedEditor, choices_of
from app.ui.panel.editor import Editor, TextField
from app.ui.panel.list_editors import EntriesEditor
from app.ui.panel.number_editor import NumberEditor
from app.ui.panel.order_editor import OrderEditor
from app.ui.panel.text_editors import LongTextEditor

LONG_TEXTS = {"json_schema": '{"type": "array"}', "grammar": 'root ::= "yes" | "no"'}
ENTRIES: dict[str, tuple[list[str], Any]] = {
    "kv_overrides": (["llama.context_length", "int:9"], [["llama.context_length", "int:9"]]),
    "tensor_overrides": (["ffn_.*", "CPU"], [["ffn_.*", "CPU"]]),
}


def type_text(field: TextField, text: str) -> None:
    """Replaces the text and presses Return."""
    field.setFocus()
    field.selectAll()
    if text.isascii() and text:
        QTest.keyClicks(field, text)
    else:  # pasted: QTest knows no keys for it
        field.insert(text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def other_number(setting: Setting, present: Any) -> float:
    """A legal number, on the slider where there is one, that is not the present value."""
    low, high = setting.slider or (setting.minimum or 0, setting.maximum or 100)
    middle = (low + high) / 2
    number = round(middle) if setting.kind is Kind.INT else round(middle, 3)
    return number if number != present else number + (1 if setting.kind is Kind.INT else 0.125)


def change(editor: Editor, present: Any) -> Any:
    """Enters another legal value through the widgets; returns what the plan should hold then."""
    setting = editor.setting
    match editor:
        case NumberEditor():
            number = other_number(setting, present)
            type_text(editor.field, f"{number:.10g}")
            return setting.check(number)
        case SegmentedEditor():
            values = [value for value, _ in choices_of(setting)]
            index = (values.index(present) + 1) % len(values)
            QTest.keyClick(editor.segments.findChildren(QPushButton)[index], Qt.Key.Key_Space)
            return values[index]
        case ComboEditor():
            values = [value for value, _ in choices_of(setting)]
            index = values.index(present)
            key = Qt.Key.Key_Down if index == 0 else Qt.Key.Key_Up
            QTest.keyClick(editor.combo, key)
            return values[1 if index == 0 else index - 1]
        case LongTextEditor():
            return _write(editor)
        case EntriesEditor():
            return _add_entry(editor, present)
        case OrderEditor():
            return _reorder(editor, present)
    if setting.kind is Kind.FLOATS:
        type_text(editor.field, "3, 1")
        return [3.0, 1.0]
    type_text(editor.field, "something")
    return "something"


def _write(editor: LongTextEditor) -> str:
    text = LONG_TEXTS.get(editor.setting.key, "{{ messages }}")
    QTest.keyClick(editor.button, Qt.Key.Key_Space)
    editor.dialog.edit.setPlainText(text)
    QTest.keyClick(editor.dialog.ok, Qt.Key.Key_Space)
    return text


def _add_entry(editor: EntriesEditor, present: Any) -> Any:
    setting = editor.setting
    QTest.keyClick(editor.button, Qt.Key.Key_Space)
    if setting.kind is Kind.SCALED_PATHS:
        editor.add_path("/adapters/one.gguf")
        type_text(editor.lines[-1].fields[1], "0.5")
        return [["/adapters/one.gguf", 0.5]]
    if present:
        QTest.keyClick(editor.add, Qt.Key.Key_Space)
    kinds = {
        Kind.STRINGS: (["a\\nb"], [*(present or []), "a\nb"]),
        Kind.TOKEN_BIAS: (["13", "-2.5"], [[13, -2.5]]),
    }
    typed, expected = ENTRIES.get(setting.key) or kinds[setting.kind]
    for field, text in zip(editor.lines[-1].fields, typed, strict=True):
        type_text(field, text)
    return expected


def _reorder(editor: OrderEditor, present: Any) -> Any:
    QTest.keyClick(editor.button, Qt.Key.Key_Space)
    editor.list.setCurrentRow(0)
    if editor.setting.kind is Kind.DEVICES:
        QTest.keyClick(editor.list, Qt.Key.Key_Space)
        return [*present, "CUDA0"]
    QTest.keyClick(editor.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    return [present[1], present[0], *present[2:]]
