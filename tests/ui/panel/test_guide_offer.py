"""Asking the Guide from the help of a setting, in the panel and in Preferences."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.settings import APP, Setting
from app.services.plan import Plan
from app.services.preferences import Preferences
from app.ui.pages.preferences_page import PreferencesPage
from app.ui.panel.editors import Sources
from app.ui.panel.guide_offer import AskGuide, GuideOffer
from app.ui.panel.row_list import RowList
from app.ui.theme import Theme

REFUSAL = "A reply is being written"


@pytest.fixture
def offer(qapp: QApplication) -> GuideOffer:
    offer = GuideOffer()
    offer.show(True)
    return offer


@pytest.fixture
def asked(offer: GuideOffer) -> list[Setting]:
    asked: list[Setting] = []
    offer.asked.connect(asked.append)
    return asked


@pytest.fixture
def rows(theme: Theme, load_plan: Plan, offer: GuideOffer, qtbot: QtBot) -> RowList:
    rows = RowList(theme, load_plan, sources=Sources(guide=offer))
    qtbot.addWidget(rows)
    rows.resize(348, 600)
    rows.show()
    return rows


def ask_of(rows: RowList, key: str) -> AskGuide:
    row = rows.row(key)
    if not row.is_help_open:
        row.toggle_help()
    assert row.help is not None
    assert row.help.ask is not None
    return row.help.ask


def test_a_settings_help_asks_about_that_setting(rows: RowList, asked: list[Setting], qtbot: QtBot) -> None:
    for key in ("n_ctx", "flash_attn"):
        qtbot.mouseClick(ask_of(rows, key), Qt.MouseButton.LeftButton)
    assert [setting.key for setting in asked] == ["n_ctx", "flash_attn"]
    assert "Context length" in ask_of(rows, "n_ctx").accessibleName()


def test_tab_comes_to_it_after_the_rows_own_controls(
    rows: RowList, asked: list[Setting], qapp: QApplication
) -> None:
    ask = ask_of(rows, "n_ctx")
    row = rows.row("n_ctx")
    focus = row.editor.focus_widget()
    assert focus is not None
    rows.activateWindow()
    focus.setFocus()
    for _ in range(4):
        QTest.keyClick(qapp.focusWidget() or rows, Qt.Key.Key_Tab)
        current = qapp.focusWidget()
        if current is ask:
            break
        assert current is not None
        assert row.isAncestorOf(current)  # never past the row before the question
    QTest.keyClick(ask, Qt.Key.Key_Space)
    assert [setting.key for setting in asked] == ["n_ctx"]


def test_it_says_why_it_cannot_be_asked_now(rows: RowList, offer: GuideOffer, asked: list[Setting]) -> None:
    ask = ask_of(rows, "n_ctx")
    offer.show(True, REFUSAL)
    assert not ask.isEnabled()
    assert ask.toolTip() == ask.accessibleDescription() == REFUSAL
    ask.click()
    assert not asked
    offer.show(True)
    assert ask.isEnabled()
    assert ask.toolTip() != REFUSAL


def test_it_is_not_there_while_the_guide_is_hidden(rows: RowList, offer: GuideOffer) -> None:
    ask = ask_of(rows, "n_ctx")
    assert ask.isVisible()
    offer.show(False)
    assert not ask.isVisible()
    assert not ask_of(rows, "n_batch").isVisible()  # opened meanwhile
    offer.show(True)
    assert ask.isVisible()


def test_without_a_guide_there_is_nothing_to_ask(theme: Theme, load_plan: Plan, qtbot: QtBot) -> None:
    rows = RowList(theme, load_plan)
    qtbot.addWidget(rows)
    row = rows.row("n_ctx")
    row.toggle_help()
    assert row.help is not None
    assert row.help.ask is None


def test_preferences_ask_too(
    theme: Theme, offer: GuideOffer, asked: list[Setting], tmp_path: Path, qtbot: QtBot
) -> None:
    preferences = Preferences(APP, tmp_path / "preferences.json")
    page = PreferencesPage(theme, preferences, {}, guide=offer)
    qtbot.addWidget(page)
    page.resize(800, 600)
    page.show()
    mark = page.rows["overflow"].ask
    assert mark is not None
    assert APP["overflow"].title in mark.accessibleName()
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    assert [setting.key for setting in asked] == ["overflow"]
    offer.show(True, REFUSAL)
    assert not mark.isEnabled()
    assert mark.toolTip() == REFUSAL
    offer.show(False)
    assert not mark.isVisible()
