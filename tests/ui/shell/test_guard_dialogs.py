"""What the guard asks and refuses, in the real window with a real model, and where its buttons lead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.core.reasons import FailureKind
from app.core.settings.problem import Problem, Reason
from app.services.guard import LoadRefusal, UnwiseLoad
from app.services.session import SessionState
from app.ui.panel.memory_bar import MemoryBar
from app.ui.shell.fault_dialog import FaultDialog
from app.ui.shell.guard_words import GuardWords
from app.worker.probe_client import ProbeError
from tests.end2end import memory_tour as made_up
from tests.end2end.real_app import RealApp


@pytest.fixture
def real(qapp: QApplication, profile_dir: Path, tiny_model: Path) -> Iterator[RealApp]:
    with RealApp(profile_dir) as real:
        real.profile.loading.choose(str(tiny_model))
        real.wait(lambda: real.profile.footprints.footprint is not None, "the plan to be measured")
        yield real
        real.close_dialogs()


def guarded(real: RealApp, reserve_mib: int) -> None:
    real.profile.preferences.set_value("guard", "custom")
    real.profile.preferences.set_value("guard_reserve", reserve_mib)
    real.rest()


def dialog(real: RealApp) -> FaultDialog:
    def found() -> list[FaultDialog]:
        return [item for item in real.window.findChildren(FaultDialog) if item.isVisible()]

    real.wait(found, "the dialog")
    return found()[0]


def said(box: FaultDialog) -> str:
    return "\n".join(label.text() for label in box.findChildren(QLabel)).replace("\u202f", " ")


def click(box: FaultDialog, text: str) -> None:
    button = next(item for item in box.findChildren(QPushButton) if item.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_tight_plan_is_asked_about_and_loaded_all_the_same(real: RealApp) -> None:
    guarded(real, 1_048_576)  # a TiB: no plan leaves that much free
    panel = real.desktop.panel.load_tab.footer
    real.wait(lambda: "Tight" in panel.memory.verdict.label.text(), "the verdict")
    QTest.mouseClick(panel.load_button, Qt.MouseButton.LeftButton)
    box = dialog(real)
    assert box.windowTitle() == "Little memory would be left"
    assert "you keep free in main memory" in said(box)
    assert [bar.isVisible() for bar in box.findChildren(MemoryBar)] == [True]
    assert [item.text() for item in box.findChildren(QPushButton)] == [
        "Cancel",
        "Load anyway",
        "Find what fits",
    ]
    click(box, "Load anyway")
    real.wait(lambda: real.profile.session.state is SessionState.READY, "the model", 60)


def test_the_question_leads_to_what_fits(real: RealApp) -> None:
    guarded(real, 1_048_576)
    real.profile.loading.load()
    real.window.set_panel_shown(False)
    click(dialog(real), "Find what fits")
    footer = real.desktop.panel.load_tab.footer
    assert real.desktop.panel.isVisible()
    assert footer.fit_dialog is not None
    fit = footer.fit_dialog
    real.wait(lambda: not fit.progress.isVisible(), "the search")
    assert real.profile.session.state is SessionState.EMPTY
    fit.reject()


def test_an_impossible_plan_is_refused_with_the_numbers(real: RealApp) -> None:
    plan = real.profile.load_plan
    plan.set_many({"n_ctx": 16_777_216, "type_k": "f32", "type_v": "f32"})
    real.wait(lambda: not real.profile.footprints.is_measuring, "the plan to be measured")
    assessment = real.profile.footprints.assessment
    assert assessment is not None
    if not assessment.is_impossible:
        pytest.skip("this computer has memory for sixteen million tokens")
    real.profile.loading.load()
    box = dialog(real)
    assert "cannot fit" in box.windowTitle()
    assert "Main memory has" in said(box)
    assert [item.text() for item in box.findChildren(QPushButton)] == ["Close", "Find what fits"]
    box.reject()


@pytest.mark.parametrize(
    ("state", "title", "risk"),
    [
        ("tight", "Little memory", "may become slow"),
        ("closed", "Other programs hold", "Close some of them"),
        ("mapped", "larger than the memory", "very slow"),
    ],
)
def test_every_unwise_plan_has_its_words(qapp: QApplication, state: str, title: str, risk: str) -> None:
    assessment = made_up.states()[state].assessment
    assert assessment is not None
    told_title, told = GuardWords().question(UnwiseLoad("Walnut", assessment))
    assert title in told_title
    assert risk in told
    assert told.startswith("Walnut\n")


def test_what_a_draft_model_takes_is_told(qapp: QApplication) -> None:
    short = made_up.states()["draft"].assessment
    small = made_up.states()["draft-impossible"].assessment
    assert short is not None
    assert small is not None
    _, told = GuardWords().question(UnwiseLoad("Walnut", short))
    assert "Drafting takes 1.10\u202fGB there. " in told
    _, told = GuardWords().refusal(LoadRefusal("Walnut", assessment=small))
    assert "this plan needs 10.1\u202fGB of it. Drafting takes 3.10\u202fGB there." in told
    assert "or do without drafting" in told


def test_refusals_name_the_row(qtbot: QtBot) -> None:
    words = GuardWords()
    error = ProbeError(FailureKind.BAD_SETTING, "it needs flash attention", "type_v")
    title, text = words.refusal(LoadRefusal("Walnut", error=error))
    assert title == "llama.cpp refuses a setting"
    assert text.startswith("V cache type: it needs flash attention")
    problem = Problem("type_v", "error", Reason.V_CACHE_NEEDS_FLASH)
    title, text = words.refusal(LoadRefusal("Walnut", problems=(problem,)))
    assert title == "These settings cannot work"
    assert text.startswith("V cache type: ")
