"""The dialog of the parity check: prompts in, verdicts out, by keyboard too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.parity import Divergence, Report, Result, Tolerance, Verdict, Way
from app.core.parity_plan import ParityError, Progress
from app.services.parity import ParityService, ParityState
from app.ui.parity.parity_dialog import ParityDialog
from app.ui.parity.parity_words import ParityWords, token_text
from app.ui.theme import Theme
from tests.services.footprint_rig import FootprintRig, footprint_rig

_TURNED = Divergence(1, 6, 7, 8, 0.011, 0.005, 0.01, text="\u2581kato", other_text="\u0120beli")


def _report(*results: Result) -> Report:
    return Report("m.gguf", 2, 8, Tolerance(0.01, 10.0), results)


@pytest.fixture
def rig(tmp_path: Path, qtbot: QtBot) -> Iterator[FootprintRig]:
    with footprint_rig(tmp_path, qtbot) as rig:
        yield rig


@pytest.fixture
def parity(rig: FootprintRig, tmp_path: Path, tiny_model: Path) -> Iterator[ParityService]:
    rig.choose(tiny_model, n_ctx=512, n_threads=1)
    service = ParityService(rig.plan, rig.session, rig.service, lambda _path: tmp_path / "parity.log")
    yield service
    service.close()


@pytest.fixture
def dialog(parity: ParityService, qtbot: QtBot, tmp_path: Path) -> Iterator[ParityDialog]:
    theme = Theme(cache=tmp_path / "marks")
    parent = QWidget()
    qtbot.addWidget(parent)
    shown = ParityDialog(theme, parity, "Tiny llama", parent)
    shown.show()
    yield shown
    if shown.isVisible():
        shown.reject()


def test_a_check_from_the_prompts_to_the_copied_report(
    dialog: ParityDialog, parity: ParityService, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: parity.need is not None, timeout=20_000)
    assert "One load at a time" in dialog.setup.need.label.text()
    dialog.setup.prompts.setPlainText("Kato beli.\nFagi lena.")
    assert dialog.setup.hint.text().startswith("2 prompts.")
    dialog.setup.tokens.setValue(6)
    assert dialog.start.isDefault()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.pages.currentWidget() is dialog.working
    assert dialog.focusWidget() is dialog.cancel
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.result_page, timeout=60_000)
    assert dialog.table.rowCount() == len(Way) - 1  # it has no heads of its own
    assert "No defect" in dialog.summary.label.text()
    assert dialog.table.item(0, 1).text() == "base"
    dialog.copy_json.click()
    record = json.loads(QGuiApplication.clipboard().text())
    assert record["n_prompts"] == 2
    assert record["max_tokens"] == 6
    dialog.copy_text.click()
    assert QGuiApplication.clipboard().text().startswith("Tiny llama\n2 prompts")
    dialog.again.click()
    assert dialog.pages.currentWidget() is dialog.setup
    assert dialog.setup.prompts.toPlainText() == "Kato beli.\nFagi lena."


def test_text_that_holds_no_prompts_cannot_be_checked(dialog: ParityDialog) -> None:
    for text, told in (("  \n", "Write a prompt"), ("[1", "no list of texts")):
        dialog.setup.prompts.setPlainText(text)
        assert told in dialog.setup.hint.text()
        assert not dialog.start.isEnabled()
    dialog.setup.prompts.setPlainText("Kato")
    assert dialog.setup.hint.text().startswith("1 prompt.")
    assert dialog.start.isEnabled()


def test_a_file_replaces_the_prompts_or_is_refused(
    dialog: ParityDialog, parity: ParityService, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "prompts.json"
    path.write_text('["Kato", "Beli", "Domu"]', encoding="utf-8")
    parity.read_file(str(path))
    qtbot.waitUntil(lambda: dialog.setup.hint.text().startswith("3 prompts."), timeout=5000)
    parity.read_file(str(tmp_path / "none.txt"))
    qtbot.waitUntil(lambda: "none.txt cannot be used" in dialog.setup.hint.text(), timeout=5000)
    assert "Kato" in dialog.setup.prompts.toPlainText()


def test_closing_calls_the_check_off(dialog: ParityDialog, parity: ParityService, qtbot: QtBot) -> None:
    dialog.start.click()
    assert parity.state is ParityState.RUNNING
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: parity.state is ParityState.IDLE, timeout=30_000)


def test_cancelling_goes_back_to_the_prompts(
    dialog: ParityDialog, parity: ParityService, qtbot: QtBot
) -> None:
    dialog.start.click()
    dialog.cancel.click()
    assert not dialog.cancel.isEnabled()
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.setup, timeout=30_000)
    assert dialog.start.isEnabled()


def test_a_failure_is_told_with_a_way_out(dialog: ParityDialog, parity: ParityService, qtbot: QtBot) -> None:
    dialog.setup.prompts.setPlainText("Kato.\n" + "beli " * 600)
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.failed, timeout=30_000)
    with qtbot.waitSignal(dialog.log_requested) as blocker:
        dialog.failed.button.click()
    assert blocker.args == [parity.log_path]
    dialog.again.click()
    assert dialog.pages.currentWidget() is dialog.setup


def test_the_loaded_model_is_ejected_only_when_asked(
    dialog: ParityDialog, rig: FootprintRig, parity: ParityService, qtbot: QtBot
) -> None:
    assert not dialog.setup.eject.isVisible()
    rig.load()
    qtbot.waitUntil(dialog.setup.eject.isVisible, timeout=10_000)
    qtbot.waitUntil(lambda: "stays loaded" in dialog.setup.need.label.text(), timeout=20_000)
    with qtbot.waitSignal(dialog.eject_requested):
        dialog.setup.eject.click()
    assert rig.session.got is not None  # it only asks
    rig.loading.eject()
    qtbot.waitUntil(lambda: not dialog.setup.eject.isVisible(), timeout=20_000)


def test_the_worst_way_is_chosen_and_its_divergence_told(dialog: ParityDialog, parity: ParityService) -> None:
    base = Result(Way.BASE, Verdict.EQUAL, n_replies=2, n_same=2)
    turned = Result(Way.FLASH, Verdict.ROUNDING, n_replies=2, n_same=1, divergence=_TURNED, tolerance=0.04)
    broken = dataclasses.replace(turned, way=Way.SLOTS, verdict=Verdict.DEFECT, noise=2.5)
    parity.report = _report(base, turned, broken)
    dialog._asks_anew = False
    dialog._show_state()
    assert dialog.table.current is not None
    assert dialog.table.current.way == Way.SLOTS
    assert "A defect" in dialog.summary.label.text()
    for part in ("Prompt 2, token 7", "\u201c kato\u201d (7)", "\u201c beli\u201d (8)", "0.016", "0.08"):
        assert part in dialog.detail.text()
    dialog.table.setCurrentCell(0, 0)
    assert "held against" in dialog.detail.text()


def test_every_control_has_a_name_and_the_keyboard(dialog: ParityDialog) -> None:
    for button in dialog.findChildren(QAbstractButton):
        assert button.text() or button.accessibleName() or not button.isVisible()
    for widget in (dialog.setup.prompts, dialog.setup.tokens, dialog.table, dialog.bar, dialog.detail):
        assert widget.accessibleName()
    for widget in (
        dialog.setup.prompts,
        dialog.setup.open_file,
        dialog.setup.tokens,
        dialog.table,
        dialog.start,
    ):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_every_word_is_there(qtbot: QtBot) -> None:
    words = ParityWords()
    assert len({words.way(way) for way in Way}) == len({words.about(way) for way in Way}) == len(Way)
    for reason in ("no_draft_model", "nothing_guessed", "quantised_v", "no_rope", "same_attention"):
        assert words.counts(Result(Way.DRAFT, Verdict.NOT_TESTED, untested=reason))
    failed = words.counts(Result(Way.DRAFT, Verdict.NOT_TESTED, untested="failed", message="no memory"))
    assert failed.endswith("no memory")
    whole = _report(Result(Way.BASE, Verdict.EQUAL), Result(Way.SLOTS, Verdict.EQUAL))
    assert words.summary(whole) == ("good", "No defect; ways compared: 1. Every reply has the same tokens.")
    partly = _report(Result(Way.DRAFT, Verdict.NOT_TESTED, untested="failed"))
    assert words.summary(partly)[0] == "warning"
    assert "does not compute the same" in words.tolerance(Tolerance(0.1, 10.0, is_deterministic=False))
    ended = Result(Way.SLOTS, Verdict.DEFECT, divergence=Divergence(0, 3, 5, -1, 0, 0, 0))
    assert "ends after token 3" in words.detail(ended)
    same = Result(Way.SLOTS, Verdict.DEFECT, divergence=Divergence(0, 3, 5, 5, 0, 0, 0.7), tolerance=0.1)
    assert "0.7" in words.detail(same)
    assert "Shorten" in words.failure(ParityError("prompt_too_long", "prompt 1: too long"))
    assert words.progress(None)
    assert "loading" in words.progress(Progress(Way.DRAFT, 2, 9, fraction=0.4))
    assert "reply 2 of 4" in words.progress(Progress(Way.DRAFT, 2, 9, 1, 4))
    assert token_text(4, "") == "#4"
    assert token_text(9, "a\nb") == "\u201ca\\nb\u201d (9)"
