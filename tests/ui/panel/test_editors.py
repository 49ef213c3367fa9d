"""What is particular to single editors."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.core.gguf import facts
from app.core.settings import APP, LOAD, SAMPLING, Kind, Setting
from app.core.settings.machine import Machine
from app.services.plan import Plan
from app.ui.panel.editors import Sources
from app.ui.panel.scale import SliderScale
from app.ui.panel.setting_row import SettingRow
from app.ui.panel.texts import escaped, unescaped
from tests.tiny_models import build_mtp
from tests.ui.panel.hands import type_text


@pytest.fixture
def row(qtbot, theme):
    made = []

    def make(table, key, devices=()):
        row = SettingRow(theme, Plan(table), table[key], Sources(lambda: devices), None)
        row.plan.changed.connect(lambda _key: row.refresh())
        qtbot.addWidget(row)
        row.resize(320, 80)
        row.show()
        made.append(row)
        return row

    return make


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("8k", 8192),
        ("16384", 16384),
        ("16 384", 16384),
        ("16\u2009384", 16384),
        ("16384 tokens", 16384),
        ("200000", 200000),
        ("model's own", 0),
    ],
)
def test_context_lengths_as_people_write_them(row, typed, value):
    context = row(LOAD, "n_ctx")
    type_text(context.editor.field, typed)
    assert context.plan.value("n_ctx") == value


def test_numbers_show_thin_spaces_and_their_unit(row):
    context = row(LOAD, "n_ctx")
    type_text(context.editor.field, "131072")
    assert context.editor.field.text() == "131\u202f072"
    assert context.editor.field.accessibleName() == "Context length: 131\u202f072\u202ftokens"


def test_a_word_is_a_pill_and_goes_back_to_the_last_number(row):
    layers = row(LOAD, "n_gpu_layers")
    _, pill = layers.editor.pills[0]
    assert pill.isChecked()
    type_text(layers.editor.field, "12")
    assert not pill.isChecked()
    QTest.keyClick(pill, Qt.Key.Key_Space)
    assert layers.plan.value("n_gpu_layers") == -1
    QTest.keyClick(pill, Qt.Key.Key_Space)
    assert layers.plan.value("n_gpu_layers") == 12


def test_an_unset_value_can_be_set_and_unset(row):
    threads = row(LOAD, "n_threads")
    _, pill = threads.editor.pills[0]
    assert threads.plan.value("n_threads") is None
    QTest.keyClick(pill, Qt.Key.Key_Space)
    assert threads.plan.value("n_threads") >= 1
    QTest.keyClick(pill, Qt.Key.Key_Space)
    assert threads.plan.value("n_threads") is None
    type_text(threads.editor.field, "6")
    type_text(threads.editor.field, "auto")
    assert threads.plan.value("n_threads") is None


def test_arrow_keys_step_and_steps_in_a_row_are_one_undo(row, qtbot):
    slots = row(LOAD, "n_seq_max")
    slots.editor.field.setFocus()
    for _ in range(3):
        QTest.keyClick(slots.editor.field, Qt.Key.Key_Up)
    assert slots.plan.value("n_seq_max") == 7
    slots.plan.undo()
    assert slots.plan.value("n_seq_max") == 4
    QTest.keyClick(slots.editor.slider, Qt.Key.Key_Right)
    assert slots.plan.value("n_seq_max") == 5


def test_the_loaded_value_is_a_tick(row):
    context = row(LOAD, "n_ctx")
    assert context.editor.slider.tick is None
    context.plan.set_loaded({"n_ctx": 8192})
    assert context.editor.slider.tick is not None
    assert context.editor.slider.tick > context.editor.slider.value()
    assert not context.reload_mark.isHidden()
    assert "8\u202f192" in context.reload_mark.toolTip()
    context.plan.set_loaded(None)
    assert context.editor.slider.tick is None
    assert context.reload_mark.isHidden()


def test_the_wheel_over_the_panel_changes_no_value(row):
    for key, part in (("n_ctx", "slider"), ("type_k", "combo")):
        a_row = row(LOAD, key)
        widget = getattr(a_row.editor, part)
        widget.clearFocus()
        event = QWheelEvent(
            QPointF(5, 5), widget.mapToGlobal(QPointF(5, 5)), QPoint(0, 0), QPoint(0, 120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
        assert a_row.plan.values() == {}


def test_marks_do_not_move_the_value_or_change_the_height(row, qtbot):
    context = row(LOAD, "n_ctx")
    QApplication.processEvents()
    before = (context.sizeHint().height(), context.editor.field.geometry().right(), context.editor.field.y())
    context.plan.set_loaded({})
    type_text(context.editor.field, "8192")
    context.set_chip("+1.13 GB", "kv")
    QApplication.processEvents()
    assert before == (
        context.sizeHint().height(),
        context.editor.field.geometry().right(),
        context.editor.field.y(),
    )
    assert context.title.width() > 60


def test_f1_opens_the_help(row):
    context = row(LOAD, "n_ctx")
    context.editor.field.setFocus()
    QTest.keyClick(context.editor.field, Qt.Key.Key_F1)
    assert context.is_help_open
    QTest.mouseClick(context.title, Qt.MouseButton.LeftButton)
    assert not context.is_help_open


def test_stop_strings_keep_line_breaks(row):
    stop = row(SAMPLING, "stop")
    stop.editor.unfold()
    type_text(stop.editor.lines[0].fields[0], "\\n\\nUser:")
    assert stop.plan.value("stop") == ["\n\nUser:"]
    QTest.keyClick(stop.editor.add, Qt.Key.Key_Space)
    type_text(stop.editor.lines[1].fields[0], "END")
    assert stop.plan.value("stop") == ["\n\nUser:", "END"]
    QTest.keyClick(stop.editor.lines[0].remove, Qt.Key.Key_Space)
    assert stop.plan.value("stop") == ["END"]
    stop.plan.undo()
    assert [line.fields[0].text() for line in stop.editor.lines] == ["\\n\\nUser:", "END"]


@pytest.mark.parametrize("text", ["", "a", "\n", "\\n", "a\tb\r\n", "C:\\new", "\\"])
def test_escapes_come_back(text):
    assert unescaped(escaped(text)) == text


def test_samplers_are_dropped_and_reordered_by_keyboard(row):
    order = row(SAMPLING, "samplers")
    default = SAMPLING["samplers"].default
    order.editor.unfold()
    order.editor.list.setCurrentRow(8)
    QTest.keyClick(order.editor.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert order.plan.value("samplers") == [*default[:7], "temperature", "xtc"]
    QTest.keyClick(order.editor.list, Qt.Key.Key_Space)
    assert order.plan.value("samplers") == [*default[:7], "xtc"]
    order.plan.undo()
    order.plan.undo()
    assert order.editor._chosen() == default


def test_samplers_are_reordered_by_dragging(row):
    order = row(SAMPLING, "samplers")
    order.editor.unfold()
    model = order.editor.list.model()
    assert model.moveRow(order.editor.list.rootIndex(), 8, order.editor.list.rootIndex(), 0)
    assert order.plan.value("samplers")[0] == "temperature"


def test_a_device_that_is_gone_is_still_shown(row):
    devices = row(LOAD, "devices", (("CUDA0", "RTX"),))
    devices.plan.set_value("devices", ["CUDA9"])
    devices.editor.unfold()
    assert [devices.editor.list.item(i).text() for i in range(2)] == ["CUDA9 (not found)", "RTX"]


def test_invalid_json_cannot_be_applied(row, qtbot):
    schema = row(SAMPLING, "json_schema")
    QTest.keyClick(schema.editor.button, Qt.Key.Key_Space)
    dialog = schema.editor.dialog
    dialog.edit.setPlainText('{"type": }')
    dialog.accept()
    assert schema.plan.value("json_schema") is None
    assert "line 1" in dialog.verdict.text()
    assert not dialog.ok.isEnabled()
    dialog.edit.setPlainText("")
    dialog.accept()
    assert schema.plan.value("json_schema") is None
    qtbot.waitUntil(lambda: schema.editor.dialog is None)


def test_a_file_is_chosen_in_a_dialog(row, tmp_path, qtbot):
    adapter = tmp_path / "pirate.gguf"
    adapter.write_bytes(b"GGUF")
    lora = row(LOAD, "lora")
    lora.editor.unfold()
    QTest.keyClick(lora.editor.add, Qt.Key.Key_Space)
    dialog = lora.window().findChild(QFileDialog) or lora.findChild(QFileDialog)
    dialog.fileSelected.emit(str(adapter))
    dialog.reject()
    assert lora.plan.value("lora") == [[str(adapter), 1.0]]


def test_folders_and_one_line_texts(row, theme, qtbot):
    folders = row(APP, "model_folders")
    folders.editor.unfold()
    folders.editor.add_path("/models")
    assert folders.plan.value("model_folders")[-1] == "/models"
    text = Setting(
        key="a", target="app.a", kind=Kind.TEXT, default="", title="A", summary="S.", help="H.", group="G"
    )
    from app.core.settings import Table

    line = row(Table("test", (text,)), "a")
    type_text(line.editor.field, "words")
    assert line.plan.value("a") == "words"


class TestScale:
    def test_doublings_are_evenly_spread(self):
        scale = SliderScale(512, 131072, step=256, log=True)
        assert scale.value_at(0) == 512
        assert scale.value_at(scale.n_positions - 1) == 131072
        assert scale.position_of(32768) - scale.position_of(16384) == 8
        assert all(scale.value_at(i) % 256 == 0 for i in range(scale.n_positions))

    def test_steps_leave_no_dust(self):
        scale = SliderScale(0, 2, step=0.05)
        assert scale.value_at(3) == 0.15
        assert scale.value_at(scale.position_of(0.8)) == 0.8

    def test_numbers_outside_are_at_the_ends(self):
        scale = SliderScale(1, 16, step=1)
        assert scale.value_at(scale.position_of(500)) == 16
        assert scale.value_at(scale.position_of(-1)) == 1

    @pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 5), (1, 10_000_000)])
    def test_odd_ranges(self, low, high):
        scale = SliderScale(low, high, step=1)
        assert 1 <= scale.n_positions <= 1002
        assert (scale.value_at(0), scale.value_at(scale.n_positions)) == (low, high)


def test_an_unset_number_shows_what_will_be_used(row):
    threads = row(LOAD, "n_threads")
    assert threads.editor.field.placeholderText() == "\u2013", "not known yet"
    threads.plan.set_machine(Machine(n_physical_cores=6, n_logical_cores=12))
    field, slider = threads.editor.field, threads.editor.slider
    assert (field.text(), field.placeholderText()) == ("", "6")
    assert "6\u202fthreads" in field.accessibleName()
    assert threads.editor._scale.value_at(slider.value()) == 6
    QTest.mouseClick(threads.editor.pills[0][1], Qt.MouseButton.LeftButton)
    assert threads.plan.value("n_threads") == 6, "switching the word off begins with that number"


def test_a_row_without_effect_on_the_model_is_off_and_says_why(row, model):
    experts = row(LOAD, "n_cpu_moe")
    experts.hide()  # by itself it would be a window that has to grow
    assert experts.editor.field.isEnabled()
    experts.plan.set_model(model)
    assert not experts.editor.field.isEnabled()
    [(tone, note)] = experts.notes()
    assert tone == "faint"
    assert "no experts" in note
    experts.plan.set_value("n_cpu_moe", 2)
    experts.show_problems(experts.plan.problems())
    assert len([text for _, text in experts.notes() if "no experts" in text]) == 1, "said once"


def test_a_source_of_drafts_that_the_model_does_not_have_cannot_be_chosen(row, tiny_model, tmp_path):
    source = row(LOAD, "draft_source")
    plan, combo = source.plan, source.editor.combo
    index = combo.findData("mtp")
    assert combo.model().item(index).isEnabled()  # while the model is not known
    plan.set_model(facts(str(tiny_model)))
    source.refresh()
    assert not combo.model().item(index).isEnabled()
    assert "no heads that guess ahead" in combo.model().item(index).toolTip()
    assert combo.model().item(combo.findData("ngram")).isEnabled()
    plan.set_model(facts(str(build_mtp(tmp_path / "heads.gguf"))))
    source.refresh()
    assert combo.model().item(index).isEnabled()
    combo.setFocus()
    combo.activated.emit(index)
    assert plan.value("draft_source") == "mtp"
    plan.set_model(facts(str(tiny_model)), values={"draft_source": "mtp"})  # as a loadout may have it
    source.refresh()
    assert combo.currentData() == "mtp"
    assert "heads_missing" in {str(problem.reason) for problem in plan.problems()}
