"""The memory bar's arithmetic and words, for devices that this machine does not have."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from app.core.footprint import PARTS, DeviceFootprint, Verdict, assess
from app.core.reasons import FailureKind
from app.core.settings import LOAD
from app.ui.panel.memory_grid import grid, layer_runs
from app.ui.panel.memory_lines import OTHERS, device_lines, shape
from app.ui.panel.memory_state import MemoryState
from app.ui.panel.memory_view import QUIET_MS, MemoryView
from app.ui.panel.memory_words import MemoryWords
from tests.end2end import memory_tour as made_up

_SIZES = st.integers(0, 40 * 10**9)


@pytest.fixture
def view(qtbot, theme):
    view = MemoryView(theme, LOAD)
    qtbot.addWidget(view)
    view.resize(320, 300)
    view.show()
    return view


def shown(view, name):
    view.show_state(made_up.states()[name])
    view.adjustSize()
    view.resize(320, view.sizeHint().height())
    QApplication.processEvents()


def spoken(view):
    return view.accessibleDescription().replace("\u202f", " ")


# -- where everything lies ------------------------------------------------------------------------------------


@given(
    sizes=st.lists(_SIZES, min_size=len(PARTS), max_size=len(PARTS)),
    free=_SIZES,
    capacity=_SIZES,
    reserve=_SIZES,
)
def test_a_bar_holds_every_byte_once(sizes, free, capacity, reserve):
    parts = {f"{part}_bytes": size for part, size in zip(PARTS, sizes, strict=True)}
    device = DeviceFootprint(
        "CUDA0", "", "gpu", **parts, free_bytes=min(free, capacity), capacity_bytes=capacity
    )
    answer = made_up.footprint(device)
    line = device_lines(assess(answer, reserve_bytes=lambda _device: reserve), None)
    if not sum(sizes):
        assert line == []  # a device that nothing uses, and no main memory here
        return
    drawn = shape(line[0])
    end = 0
    for item in drawn.segments:
        assert item.start_bytes == end  # side by side, nothing between
        assert item.size_bytes > 0
        end += item.size_bytes
    others = line[0].room.others_bytes
    assert end == sum(sizes) + others == line[0].used_bytes
    assert drawn.whole_bytes == max(end, capacity)
    assert drawn.is_over is (0 < capacity < end)
    if capacity:
        fits = line[0].room.verdict in {Verdict.FITS, Verdict.TIGHT}
        assert fits is not drawn.is_over  # red exactly where it does not fit


def test_main_memory_is_always_there_and_last():
    lines = device_lines(made_up.states()["three"].assessment, None)
    assert [line.device.name for line in lines] == ["CUDA0", "CUDA1", "RPC0", "CPU"]
    idle = made_up.held_against(
        made_up.footprint(DeviceFootprint("CPU", "", "cpu", capacity_bytes=9), made_up.gpu())
    )
    assert [line.device.name for line in device_lines(idle, None)] == ["CUDA0", "CPU"]


def test_a_device_that_only_the_loaded_model_uses_has_its_line():
    loaded = made_up.loaded(made_up.gpu(3, free=2.0))
    plan = made_up.states()["cpu-only"].assessment
    lines = {line.device.name: line for line in device_lines(plan, loaded)}
    assert set(lines) == {"CUDA3", "CPU"}
    gpu = lines["CUDA3"]
    assert gpu.device.total_bytes == 0
    assert gpu.loaded_bytes == sum(item.size_bytes for item in shape(gpu).ghost)
    assert gpu.room.others_bytes == 8 * 10**9 - 2 * 10**9 - gpu.loaded_bytes
    assert shape(gpu).segments[0].part == OTHERS


def test_what_is_idle_of_the_draft_model_is_left_out_of_its_part():
    plan = made_up.footprint(
        dataclasses.replace(made_up.gpu(draft=1.0), idle_bytes=600_000_000, draft_idle_bytes=400_000_000),
        made_up.main_memory(),
    )
    (gpu, _) = device_lines(made_up.held_against(plan), made_up.loaded(*plan.devices), plan.devices)
    drawn = shape(gpu)
    assert [(item.part, item.size_bytes) for item in drawn.segments if item.part in {"weights", "draft"}] == [
        ("weights", 4_200_000_000),
        ("draft", 600_000_000),
    ]
    assert {item.part: item.size_bytes for item in drawn.ghost}["draft"] == 600_000_000
    assert gpu.loaded_bytes == sum(item.size_bytes for item in drawn.ghost)


def test_layers_of_one_device_are_one_run_and_the_output_layer_is_its_own():
    assert layer_runs(["A", "A", "B", "B"]) == [(0, 1, "A"), (2, 2, "B"), (3, 3, "B")]
    assert layer_runs([]) == []
    assert layer_runs(["A"]) == [(0, 0, "A")]


# -- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fits", "Fits, 1.35 GB to spare on CUDA0"),
        ("tight", "Tight: leaves 250 MB of the 400 MB you keep free on CUDA0"),
        ("closed", "Fits with other programs closed: needs 1.25 GB of the 2.90 GB they hold on CUDA0"),
        ("does-not-fit", "Does not fit: 1.95 GB too much on CUDA0"),
        ("impossible", "Does not fit: 31.0 GB too much in main memory"),
        ("mapped", "loads, but reads weights from the disk all the time"),
        ("six", "on CUDA5, and 2 more devices"),
        ("refused", "Cannot be measured: a quantised V cache needs flash attention. Change the setting V cache type."),
        ("crashed", "Only the measuring ended"),
        ("in-use", "Eject the model to measure this plan"),
    ],
)  # fmt: skip
def test_the_verdict_is_said_with_its_number(view, name, said):
    shown(view, name)
    assert said in view.verdict.label.text().replace("\u202f", " ")
    assert said in spoken(view)


def test_every_number_can_be_heard(view):
    shown(view, "moe")
    figures = (
        "weights: 2.10 GB, KV cache: 2.40 GB, drafting: 500 MB, other programs: 800 MB, capacity: 8.00 GB"
    )
    for text in (*figures.split(", "), "kept free by the guard: 400 MB", "Main memory", "left free: 1.85 GB"):
        assert text in spoken(view), text
    assert view.rows[0].toolTip().count("\n") >= 8


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_says_what_to_do(qapp, kind):
    words = MemoryWords(LOAD)
    said = words.error(kind, "It went wrong.", "no such row")
    assert said.startswith("Cannot be measured: It went wrong. ")
    assert said.endswith(".")
    assert len(said) > 60


def test_what_is_impossible_is_told_with_the_numbers(qapp):
    words = MemoryWords(LOAD)
    said = words.impossible(made_up.states()["impossible"].assessment).replace("\u202f", " ")
    assert said == (
        "Main memory has 32.0 GB; this plan needs 34.0 GB of it, not counting 18.0 GB of weights that can stay in "
        "the file."
    )
    assert words.impossible(made_up.states()["mapped"].assessment) == ""


# -- the view -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", made_up.states())
def test_nothing_is_cut(view, name):
    shown(view, name)
    for row in view.rows:
        if row.isVisible():
            assert row.sum.width() >= row.sum.sizeHint().width(), name
            assert row.bar.height() >= row.bar.sizeHint().height(), name
            assert row.rect().contains(row.bar.geometry()), name
    wanted = sum(row.height() for row in view.rows if row.isVisible())
    assert view.area.height() >= min(wanted, 130), name


def test_many_devices_scroll_in_little_room_to_the_one_that_fails(view):
    shown(view, "six")
    view.set_rows_height(60)
    view.show_state(made_up.states()["six"])
    QApplication.processEvents()
    view.show_state(made_up.states()["six"])
    assert view.area.height() == 60
    worst = view.rows[5]
    top = worst.mapTo(view.area.viewport(), QPoint(0, 0)).y()
    assert isinstance(view.area, QScrollArea)
    assert 0 <= top <= 60 - worst.height() + 1


def test_beyond_the_device_it_is_red_and_within_it_is_not(view, theme):
    for name, is_red in (("does-not-fit", True), ("fits", False)):
        shown(view, name)
        bar = view.rows[0].bar
        picture, bad = bar.grab().toImage(), theme.color("bad")
        reds = [
            x
            for x in range(bar.width())
            if abs(picture.pixelColor(x, 6).red() - bad.red()) < 6
            and abs(picture.pixelColor(x, 6).green() - bad.green()) < 6
        ]
        assert bool(reds) is is_red
        if is_red:
            assert min(reds) >= bar.x_of(bar.shape.capacity_bytes) - 1


def test_it_says_that_it_measures_only_after_a_while(view, qtbot):
    state = made_up.states()["fits"]
    view.show_state(state)
    slow = MemoryState(state.footprint, state.assessment, is_measuring=True)
    view.show_state(slow)
    assert "measuring" not in spoken(view)
    assert "Fits" in spoken(view)  # the old numbers stay
    qtbot.waitUntil(lambda: "measuring" in spoken(view), timeout=QUIET_MS * 5)
    assert "Fits" in spoken(view)
    view.show_state(state)
    assert "measuring" not in spoken(view)
    view.show_state(slow)
    view.show_state(state)
    qtbot.wait(QUIET_MS + 50)
    assert "measuring" not in spoken(view)


def test_nothing_to_say_takes_no_room(view):
    view.show_state(MemoryState())
    assert view.isHidden()


def test_a_key_a_click_and_the_menu_open_the_table(view, qtbot):
    shown(view, "ghost-three")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Return)
    dialog = view.dialog
    assert dialog is not None
    assert [dialog.table.horizontalHeaderItem(n).text() for n in (0, 1, 8)] == [
        "CUDA0",
        "CUDA0, loaded",
        "Total",
    ]
    dialog.accept()
    qtbot.waitUntil(lambda: view.dialog is None)
    QTest.mouseClick(view.rows[0].bar, Qt.MouseButton.LeftButton)
    assert view.dialog is not None
    view.dialog.accept()


def test_the_table_is_copied_as_text_to_the_byte(view, qtbot):
    shown(view, "ghost-three")
    view.open_table()
    dialog = view.dialog
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    cells = {line[0]: dict(zip(lines[0][1:], line[1:], strict=True)) for line in lines[1:]}
    state = made_up.states()["ghost-three"]
    gpu = state.footprint.device("CUDA0")
    assert cells["Weights"]["CUDA0"] == str(gpu.weights_bytes)
    assert cells["Sum"]["Total"] == str(state.footprint.total_bytes)
    assert cells["KV cache"]["CUDA0, loaded"] == str(round(gpu.kv_bytes * 0.6))
    assert cells["Capacity"]["RAM"] == str(32 * 10**9)
    assert cells["Verdict"]["RPC0"] == "fits with other programs closed"
    dialog.table.setCurrentCell(0, 0)
    dialog.table.item(0, 1).setSelected(True)
    dialog.copy()
    assert QGuiApplication.clipboard().text() == f"{gpu.weights_bytes}\t{cells['Weights']['CUDA0, loaded']}"
    dialog.accept()


def test_in_a_wide_window_the_table_shows_all_devices(theme, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1800, 1000)
    view = MemoryView(theme, LOAD, window)
    window.show()
    shown(view, "ghost-three")
    view.open_table()
    qtbot.waitUntil(view.dialog.isVisible)
    assert view.dialog.table.horizontalScrollBar().maximum() == 0
    assert view.dialog.width() < 1800
    view.dialog.accept()


def test_the_table_follows_and_keeps_what_is_selected(view):
    shown(view, "fits")
    view.open_table()
    view.dialog.table.setCurrentCell(1, 0)
    before = view.dialog.table.item(1, 0).text()
    view.show_state(made_up.states()["tight"])
    assert view.dialog.table.item(1, 0).text() != before
    assert (view.dialog.table.currentRow(), view.dialog.table.currentColumn()) == (1, 0)
    assert "Tight" in view.dialog.verdict.label.text()
    view.show_state(made_up.states()["six"])
    assert view.dialog.table.columnCount() == 8
    view.show_state(made_up.states()["crashed"])
    view.show_state(MemoryState())
    view.dialog.accept()


def test_the_grid_has_no_part_that_nobody_uses(qapp):
    shown_parts = [title for title, _ in grid(MemoryWords(LOAD), made_up.states()["cpu-only"]).rows]
    assert shown_parts[:5] == ["Weights", "KV cache", "Compute buffers", "Output buffer", "Sum"]
    assert "Draft model" not in shown_parts
