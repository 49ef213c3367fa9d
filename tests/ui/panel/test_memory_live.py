"""The Load tab over the real footprint service: bar, chips, fit and the Load button follow llama.cpp's own numbers."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.core.fit import Fit
from app.core.fit_choices import CHANGEABLE, DRAFT, SPLIT
from app.core.settings.loadouts import LoadoutStore
from app.services.session import SessionState
from app.ui.format import bytes_text
from app.ui.panel.load_tab import LoadTab
from app.ui.panel.memory_chips import STALE
from app.ui.panel.memory_grid import grid
from tests.hollow_models import LLAMA_405B, build_hollow
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.services.footprint_rig import footprint_rig
from tests.tiny_models import build_llama

_LONG = 40_960


@pytest.fixture
def rig(qtbot, tmp_path):
    with footprint_rig(tmp_path, qtbot) as rig:
        yield rig


@pytest.fixture
def tab(qtbot, theme, rig, tmp_path):
    tab = LoadTab(
        theme, rig.plan, LoadoutStore(tmp_path / "shown-loadouts.json"), rig.session, rig.service,
        sampling=dict, devices=list,
    )  # fmt: skip
    qtbot.addWidget(tab)
    tab.resize(348, 700)
    tab.show()
    return tab


@pytest.fixture
def long_model(tiny_model, rig):
    """The tiny model as if it had been trained for a long context, so that its slider is long too."""
    from app.core import gguf

    rig.plan.set_model(dataclasses.replace(gguf.facts(tiny_model), n_ctx_train=_LONG))
    rig.settle()


def shown_bytes(tab):
    return sum(line.device.total_bytes for line in tab.footer.memory.lines)


def test_without_a_model_there_is_nothing(tab):
    assert tab.footer.memory.isHidden()
    assert not tab.footer.fit_button.isEnabled()


def test_the_bar_follows_the_slider_to_the_exact_answer(tab, rig, long_model):
    assert shown_bytes(tab) == rig.service.footprint.total_bytes > 0
    slider = tab.rows.row("n_ctx").editor.slider
    for step in range(0, slider.maximum(), 7):
        slider.setValue(step)
        QApplication.processEvents()
    slider.setValue(slider.maximum())
    rig.settle()
    assert rig.plan.value("n_ctx") == _LONG
    assert shown_bytes(tab) == rig.measured().total_bytes
    assert "Fits" in tab.footer.memory.accessibleDescription()


def test_what_is_loaded_lies_under_the_plan_and_was_predicted(tab, rig, tiny_model, qtbot):
    rig.choose(tiny_model, n_ctx=512)
    rig.load()
    view = tab.footer.memory
    qtbot.waitUntil(lambda: any(line.loaded_bytes for line in view.lines), timeout=10_000)
    qtbot.waitUntil(lambda: bool(rig.service.deviations), timeout=10_000)
    assert tab.footer.got_view._said == "Got what was asked and predicted"
    assert sum(line.loaded_bytes for line in view.lines) == pytest.approx(shown_bytes(tab), rel=0.01)
    got = tab.footer.got_view
    got.open_list()
    cells = [got.dialog.devices.item(1, column).text() for column in range(4)]
    assert cells[0] == "predicted"
    assert cells[2] == bytes_text(rig.service.predicted.device("CPU").weights_bytes)
    got.dialog.accept()
    rig.plan.set_value("n_ctx", 2048)
    rig.settle()
    titles = dict(grid(view.words, view.state).rows)
    planned, loaded = titles["KV cache"][0], titles["KV cache"][1]
    rounding = 4 * 1024 * 1024 / 100  # what is loaded is read from llama.cpp's log
    assert int(planned.copied) == pytest.approx(4 * int(loaded.copied), abs=rounding)
    rig.session.eject()
    qtbot.waitUntil(lambda: rig.session.state is SessionState.EMPTY, timeout=20_000)
    qtbot.waitUntil(lambda: not any(line.loaded_bytes for line in view.lines), timeout=5000)


# -- chips ----------------------------------------------------------------------------------------------------


def test_a_changed_row_says_what_it_adds(tab, rig, tiny_model):
    rig.choose(tiny_model)
    before = rig.service.footprint.total_bytes
    assert tab.rows.row("n_ctx").chip is None
    rig.plan.set_value("n_ctx", 8192)
    rig.settle()
    rig.settle_chips()
    chip = tab.rows.row("n_ctx").chip
    added = rig.service.footprint.total_bytes - before
    assert rig.service.chips["n_ctx"] == added > 0
    assert chip.isVisible()
    assert chip.text().startswith("+")
    assert "more memory than the default" in chip.toolTip()
    rig.plan.set_value("type_k", "q8_0")
    rig.settle()
    rig.settle_chips()
    saving = tab.rows.row("type_k").chip
    assert saving.text().startswith("\u2212")
    assert saving.property("tone") == "good"
    rig.plan.reset("n_ctx")
    assert not chip.isVisible()  # at once, whatever is being measured
    rig.settle()
    assert not chip.isVisible()


def test_a_row_that_is_built_later_has_its_chip(tab, rig, tiny_model):
    rig.choose(tiny_model)
    rig.plan.set_value("use_mmap", False)
    key = "n_batch"
    rig.plan.set_value(key, 4096)
    rig.settle()
    rig.settle_chips()
    group = tab.rows._group_of(key)
    group.unfold(True)
    chip = group.rows[key].chip
    assert chip is not None
    assert chip.text()


def test_chips_pale_while_they_are_measured_anew(tab, rig, tiny_model, qtbot):
    rig.choose(tiny_model)
    rig.plan.set_value("n_ctx", 8192)
    rig.settle()
    rig.settle_chips()
    chip = tab.rows.row("n_ctx").chip
    assert chip.property("tone") != STALE
    rig.service.pause()  # as during a load: no answer comes
    rig.plan.set_value("n_ctx", 4096)
    assert chip.property("tone") != STALE
    qtbot.waitUntil(lambda: chip.property("tone") == STALE, timeout=3000)
    qtbot.waitUntil(lambda: "measuring" in tab.footer.memory.accessibleDescription(), timeout=3000)
    rig.service.resume()
    rig.settle()
    qtbot.waitUntil(lambda: chip.property("tone") != STALE, timeout=10_000)
    assert rig.service.are_chips_current, "the plan has its answer before its rows have theirs"
    assert "measuring" not in tab.footer.memory.accessibleDescription()


# -- what cannot be loaded ------------------------------------------------------------------------------------


def test_an_impossible_plan_keeps_the_button_shut_and_says_why(tab, rig, tiny_model):
    rig.choose(tiny_model)
    assert tab.footer.load_button.isEnabled()
    rig.plan.set_many({"n_ctx": 16_777_216, "type_k": "f32", "type_v": "f32", "n_seq_max": 1})
    rig.settle()
    if not rig.service.assessment.is_impossible:
        pytest.skip("this computer has memory for sixteen million tokens")
    assert not tab.footer.load_button.isEnabled()
    assert "Main memory has" in tab.footer.load_button.toolTip()
    assert tab.footer.verdict.label.text() == "Cannot be loaded"
    assert "Does not fit" in tab.footer.memory.verdict.label.text()
    rig.plan.reset_all()
    rig.settle()
    assert tab.footer.load_button.isEnabled()


def test_what_llama_cpp_refuses_is_said_in_place_of_a_verdict(tab, rig, tmp_path, tiny_model):
    rig.choose(tiny_model)
    rig.plan.set_value("rpc_servers", ["127.0.0.1:1"])
    rig.settle()
    assert rig.service.error is not None
    said = tab.footer.memory.verdict.label.text()
    assert said.startswith("Cannot be measured")
    rig.plan.reset("rpc_servers")
    rig.settle()
    assert "Fits" in tab.footer.memory.verdict.label.text()


def test_why_a_setting_cannot_work_is_said_once(tab, rig, tiny_model):
    rig.choose(tiny_model)
    rig.plan.set_many({"type_v": "q8_0", "flash_attn": "off"})
    rig.settle()
    assert rig.service.error is not None
    assert rig.service.error.detail == "type_v"
    assert tab.footer.memory.verdict.label.text() == "Cannot be measured as it stands"
    assert "V cache type" in tab.footer.problem_note.label.text()
    rig.plan.reset_all()
    rig.settle()
    assert "Fits" in tab.footer.memory.verdict.label.text()


# -- fit ------------------------------------------------------------------------------------------------------


def open_fit(tab, qtbot):
    QTest.keyClick(tab.footer.fit_button, Qt.Key.Key_Space)
    dialog = tab.footer.fit_dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.progress.isVisible(), timeout=20_000)
    return dialog


def test_what_was_changed_is_kept_but_for_the_placement(tab, rig, long_model, qtbot):
    rig.plan.set_value("type_k", "q8_0")
    rig.plan.set_value("n_gpu_layers", 1)
    rig.settle()
    dialog = open_fit(tab, qtbot)
    assert dialog.pinned() == ["type_k"]
    assert {"n_ctx", "type_k", "type_v"} <= set(dialog.boxes)
    assert not {"n_gpu_layers", "n_cpu_moe", "offload_kqv", SPLIT} & set(
        dialog.boxes
    )  # no device takes layers
    assert "CPU" not in dialog.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    dialog.reject()
    qtbot.waitUntil(lambda: tab.footer.fit_dialog is None)


def test_going_without_the_draft_model_is_offered_only_where_it_may_be(tab, rig, long_model, qtbot, tmp_path):
    dialog = open_fit(tab, qtbot)
    assert DRAFT not in dialog.boxes
    dialog.reject()
    qtbot.waitUntil(lambda: tab.footer.fit_dialog is None)
    draft = build_llama(tmp_path / "draft.gguf", n_layers=6, n_embd=256, n_ctx_train=_LONG)
    rig.preferences.set_value("guard", "relaxed")
    rig.plan.set_many({"draft_source": "model", "draft_model": str(draft)})
    rig.settle()
    tab.footer.memory.open_table()
    assert "0 of 7 layers of the draft model offloaded" in tab.footer.memory.dialog.facts.text()
    tab.footer.memory.dialog.reject()
    device = rig.service.footprint.device("CPU")
    rig.free_bytes = device.needed_bytes - device.draft_needed_bytes // 2
    rig.service.refresh()
    rig.settle()
    dialog = open_fit(tab, qtbot)
    assert dialog.boxes[DRAFT].text() == "Drafting: Draft model"
    assert DRAFT in dialog.pinned()  # the user chose it
    dialog.boxes[DRAFT].setChecked(False)
    qtbot.waitUntil(lambda: dialog.list.count() > 0 and not dialog.progress.isVisible(), timeout=20_000)
    spoken = [
        dialog.list.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(dialog.list.count())
    ]
    assert any("no drafting" in text for text in spoken)
    dialog.reject()
    qtbot.waitUntil(lambda: tab.footer.fit_dialog is None)


def test_a_plan_that_fits_is_used_as_one_step(tab, rig, long_model, qtbot):
    # The guard wants nothing free; the plan, with a long context, takes more than there is.
    rig.preferences.set_value("guard", "relaxed")
    small = rig.service.footprint.device("CPU").total_bytes
    rig.plan.set_value("n_ctx", _LONG)
    rig.settle()
    large = rig.service.footprint.device("CPU").total_bytes
    rig.free_bytes = (small + large) // 2
    rig.service.refresh()
    rig.settle()
    dialog = open_fit(tab, qtbot)
    assert dialog.pinned() == ["n_ctx"]
    dialog.boxes["n_ctx"].setChecked(False)
    qtbot.waitUntil(lambda: dialog.list.count() > 0 and not dialog.progress.isVisible(), timeout=20_000)
    cards = [dialog.list.itemWidget(dialog.list.item(row)).found for row in range(dialog.list.count())]
    assert all(card.assessment.verdict in {"fits", "tight"} for card in cards)
    chosen = cards[0]
    assert chosen.changes
    spoken = dialog.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "\u2192" in spoken
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.footer.fit_dialog is None)
    assert {key: rig.plan.value(key) for key in chosen.changes} == chosen.changes
    rig.settle()
    assert rig.service.footprint.total_bytes == chosen.footprint.total_bytes
    rig.plan.undo()
    assert rig.plan.values() == {"n_ctx": _LONG, "n_threads": 1}


def test_nothing_fits_and_the_dialog_says_by_how_much(tab, rig, long_model, qtbot):
    rig.free_bytes = 1000
    rig.service.refresh()
    rig.settle()
    dialog = open_fit(tab, qtbot)
    assert dialog.list.count() == 0
    assert not dialog.use.isEnabled()
    text = dialog.empty._text.text()
    assert "smaller quantisation" in text
    assert "needs" in text
    assert "Close other programs" in text
    assert "Untick" not in text  # nothing is kept
    dialog.reject()


def test_closing_programs_is_advised_only_where_it_is_enough(tab, rig, tmp_path, qtbot):
    shape = dataclasses.replace(LLAMA_405B, n_vocab=1024)
    rig.choose(build_hollow(tmp_path / "large.gguf", shape), n_ctx=8192)
    dialog = open_fit(tab, qtbot)
    text = dialog.empty._text.text()
    assert "Closing other programs is not enough" in text
    assert "loads, but reads weights from the disk" in text  # mapped, it could be loaded
    assert "Untick" in text
    dialog.reject()


def test_a_search_that_was_cut_short_says_so(tab, rig, long_model, qtbot):
    dialog = open_fit(tab, qtbot)
    dialog._fitted(Fit((), 40, 3000.0, is_complete=False))
    assert "3.0 s" in dialog.empty._title.text()
    assert "Not everything was tried" in dialog.empty._text.text()
    dialog.reject()


def test_plans_that_leave_too_little_free_are_not_said_to_fit(tab, rig, long_model, qtbot):
    rig.preferences.set_value("guard", "custom")
    rig.preferences.set_value("guard_reserve", 1_048_576)
    dialog = open_fit(tab, qtbot)
    assert dialog.list.count() > 0
    assert "guard" in dialog.status.text()
    assert "fit" not in dialog.status.text()
    dialog.reject()


def test_a_search_can_be_cancelled_and_begun_again(tab, rig, long_model, qtbot):
    rig.service.pause()  # it does not answer
    QTest.keyClick(tab.footer.fit_button, Qt.Key.Key_Space)
    dialog = tab.footer.fit_dialog
    assert dialog.progress.isVisible()
    QTest.keyClick(dialog.cancel, Qt.Key.Key_Space)
    assert not dialog.progress.isVisible()
    assert "cancelled" in dialog.empty._title.text()
    rig.service.resume()
    QTest.keyClick(dialog.empty.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: dialog.list.count() > 0, timeout=20_000)
    dialog.reject()


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_with_several_devices_each_has_its_line_and_the_split_can_be_kept(tab, rig, tiny_model, qtbot):
    with rpc_worker() as first, rpc_worker() as second:
        rig.choose(tiny_model, rpc_servers=[first.endpoint, second.endpoint])
        names = [line.device.name for line in tab.footer.memory.lines]
        assert names == ["RPC0", "RPC1", "CPU"]
        assert "RPC1" in tab.footer.memory.accessibleDescription()
        assert tab.footer.memory.rows[0]._is_compact
        dialog = open_fit(tab, qtbot)
        assert SPLIT in dialog.boxes
        card = dialog.list.itemWidget(dialog.list.item(0)).found
        assert set(card.changes) <= set(CHANGEABLE)
        dialog.reject()
        rig.plan.set_value("rpc_servers", [])
        rig.settle()
        rig.service.pause()  # lets go of the workers before they end
