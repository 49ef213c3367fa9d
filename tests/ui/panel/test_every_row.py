"""Every load and sampling setting through its own row: changed, reset, undone, refused."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.core.settings import LOAD, SAMPLING, Kind, Setting
from app.services.plan import Plan
from app.ui.panel.editor import TextField
from app.ui.panel.editors import Sources
from app.ui.panel.list_editors import EntriesEditor
from app.ui.panel.number_editor import NumberEditor
from app.ui.panel.setting_row import SettingRow
from tests.ui.panel.hands import change, type_text

ROWS = [pytest.param(table, setting, id=setting.key) for table in (LOAD, SAMPLING) for setting in table]
LIVE = [row for row in ROWS if row.values[1].available]
DEVICES = (("CUDA0", "CUDA0 \u00b7 a GPU"), ("RPC0", "RPC0 \u00b7 another"))


def make_row(qtbot, theme, table, setting: Setting) -> SettingRow:
    plan = Plan(table)
    if setting.enabled_when is not None and setting.available:
        other, allowed = setting.enabled_when
        plan.set_value(other, allowed[0])
    row = SettingRow(theme, plan, setting, Sources(lambda: DEVICES), None)
    qtbot.addWidget(row)
    row.resize(320, 60)
    row.show()
    return row


@pytest.mark.parametrize(("table", "setting"), LIVE)
def test_a_value_entered_by_hand_is_in_the_plan(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    plan, default = row.plan, setting.default
    expected = change(row.editor, default)
    assert plan.value(setting.key) == expected
    assert plan.value(setting.key) != default
    row.refresh()
    assert row.reset_mark is not None
    assert not row.reset_mark.isHidden()
    assert not any(tone == "bad" for tone, _ in row.notes())


@pytest.mark.parametrize(("table", "setting"), LIVE)
def test_reset_and_undo_show_in_the_editor(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    expected = change(row.editor, setting.default)
    row.refresh()
    QTest.keyClick(row.reset_mark, Qt.Key.Key_Space)
    row.refresh()
    assert row.plan.value(setting.key) == setting.default
    assert row.editor.value == setting.default
    assert row.reset_mark.isHidden()
    row.plan.undo()
    row.refresh()
    assert row.plan.value(setting.key) == expected
    assert row.editor.value == expected


@pytest.mark.parametrize(("table", "setting"), ROWS)
def test_every_row_speaks(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    assert row.title.text() == setting.title
    assert setting.summary in row.title.toolTip()
    focus = row.editor.focus_widget()
    assert setting.title in focus.accessibleName() or any(
        setting.title in child.accessibleName() for child in focus.findChildren(TextField)
    )
    row.toggle_help()
    said = "\n".join(label.text() for label in row.help.findChildren(QLabel))
    assert setting.help in said
    assert (setting.cli_flag or setting.key) in said
    assert row.is_help_open
    row.toggle_help()
    assert not row.is_help_open


@pytest.mark.parametrize(("table", "setting"), [row for row in ROWS if not row.values[1].available])
def test_what_is_not_built_yet_is_marked_and_inert(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    assert any("available" in text.lower() for _, text in row.notes())
    for part in (row.editor.inline, row.editor.below):
        assert part is None or not part.isEnabled()


ILLEGAL: dict[Kind, Any] = {Kind.INT: "many", Kind.FLOAT: "much", Kind.FLOATS: "1, b"}


@pytest.mark.parametrize(("table", "setting"), [row for row in LIVE if row.values[1].kind in ILLEGAL])
def test_an_illegal_text_is_refused_in_words_and_nothing_is_lost(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    plan = row.plan
    before = plan.values()
    type_text(row.editor.field, ILLEGAL[setting.kind])
    assert plan.values() == before
    tone, text = row.notes()[0]
    assert tone == "bad"
    assert text.startswith(setting.title)
    assert row.editor.field.text() == ILLEGAL[setting.kind]
    assert row.editor.field.property("state") == "bad"
    QTest.keyClick(row.editor.field, Qt.Key.Key_Escape)
    assert row.editor.field.text() == row.editor.field.shown
    assert not any(tone == "bad" for tone, _ in row.notes())


@pytest.mark.parametrize(
    ("table", "setting"), [row for row in LIVE if row.values[1].kind in {Kind.INT, Kind.FLOAT}]
)
def test_numbers_beyond_the_legal_range_are_refused(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    for number in (setting.minimum, setting.maximum):
        outside = number - 1 if number == setting.minimum else number + 1
        type_text(row.editor.field, f"{outside:.12g}")
        assert row.plan.value(setting.key) == setting.default
        assert row.notes()[0][0] == "bad"
        type_text(row.editor.field, f"{number:.12g}")
        assert row.plan.value(setting.key) == number
        assert not any(tone == "bad" for tone, _ in row.notes())
        row.plan.reset(setting.key)
        row.refresh()


@pytest.mark.parametrize(("table", "setting"), [row for row in LIVE if row.values[1].slider is not None])
def test_the_slider_sets_the_value_and_a_drag_is_one_undo(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    editor = row.editor
    assert isinstance(editor, NumberEditor)
    slider = editor.slider
    middle = slider.rect().center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center() / 2)
    QTest.mouseMove(slider, middle)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    low, high = setting.slider
    value = row.plan.value(setting.key)
    assert low <= value <= high
    assert slider.accessibleName() == editor.spoken_name(value)
    assert row.plan.can_undo
    row.plan.undo()
    assert row.plan.value(setting.key) == setting.default


@pytest.mark.parametrize(
    ("table", "setting"),
    [row for row in LIVE if row.values[1].kind in {Kind.PAIRS, Kind.SCALED_PATHS, Kind.TOKEN_BIAS}],
)
def test_a_wrong_entry_of_a_list_is_refused_and_kept_for_mending(qtbot, theme, table, setting):
    row = make_row(qtbot, theme, table, setting)
    editor = row.editor
    assert isinstance(editor, EntriesEditor)
    editor.unfold()
    QTest.keyClick(
        editor.add, Qt.Key.Key_Space
    ) if setting.kind is not Kind.SCALED_PATHS else editor.add_path("a")
    before = row.plan.values()
    fields = editor.lines[-1].fields
    type_text(fields[0], "name")
    wrong = "" if setting.key == "tensor_overrides" else "wrong"
    type_text(fields[1], wrong)
    assert row.plan.values() in (before, {setting.key: [["name", 1.0]]}, {setting.key: [["name", 0.0]]})
    assert row.notes()[0][0] == "bad"
    assert fields[0].text() == "name"
