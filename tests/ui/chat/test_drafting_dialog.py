"""The dialog of what guessing did: figures of the reply and of all, the chart, the costs, and advice."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.core.conversation import Message, Role
from app.core.draft_advice import DraftVerdict, advise
from app.core.history import Run
from app.core.reasons import DraftSource
from app.core.run import Drafting
from app.ui.chat.draft_words import advice_look, advice_text, advice_title, factor_text, ms_text, source_text
from app.ui.chat.drafting_dialog import DraftingDialog
from app.ui.icons import icon
from app.ui.theme import Theme

COSTS = ((1, 10.0), (2, 11.0), (4, 13.0), (9, 20.0))
GOOD = Drafting("model", 90, 60, ((30, 27), (27, 21), (21, 12)), 60, 30, COSTS, 1.0, 400.0, 800.0)
BAD = Drafting("model", 90, 6, ((30, 5), (5, 1), (1, 0)), 60, 30, COSTS, 4.0, -300.0, 1000.0)


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def run(drafting: Drafting, **load: Any) -> Run:
    load = {"draft_source": "model", "draft_model": "/models/small-q8_0.gguf", **load}
    return Run("m.gguf", "", {"predicted_n": 9}, load, drafting=drafting.to_dict())


def opened(theme: Theme, qtbot: QtBot, drafting: Drafting, runs: list[Run]) -> DraftingDialog:
    message = Message(Role.ASSISTANT, "text", model="Tiny", drafting=drafting.to_dict())
    dialog = DraftingDialog(theme, message, runs)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.chart is not None, timeout=30_000)
    return dialog


def test_a_replys_figures_and_those_of_all(theme: Theme, qtbot: QtBot) -> None:
    dialog = opened(theme, qtbot, GOOD, [run(GOOD), run(BAD)])
    figures = [plain(figure) for figure, _ in dialog.tile_texts]
    assert figures == ["60 of 90", "1.50×", "2.00", plain(f"{GOOD.break_even_rate(3) * 100:.0f} %")]
    assert "67 %" in plain(dialog.tile_texts[0][1])
    dialog.choose("all")
    assert [plain(figure) for figure, _ in dialog.tile_texts][:2] == ["66 of 180", factor_text(1900 / 1800)]


def test_the_chart_has_a_bar_for_each_position_and_says_what_it_is(theme: Theme, qtbot: QtBot) -> None:
    dialog = opened(theme, qtbot, GOOD, [run(GOOD)])
    chart = dialog.chart
    assert chart is not None
    bars: Any = next(item for item in chart.getPlotItem().items if type(item).__name__ == "BarGraphItem")
    assert list(bars.opts["height"]) == pytest.approx([90.0, 2100 / 27, 1200 / 21])
    assert "Guess 2: 21 of 27 right (78 %)" in plain(chart.accessibleDescription())
    line: Any = next(item for item in chart.getPlotItem().items if type(item).__name__ == "InfiniteLine")
    assert line.value() == pytest.approx(100 * GOOD.break_even_rate(3))
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert plain(dialog.readout) == "Guess 1: 27 of 30 right (90 %)"
    for _ in range(5):
        QTest.keyClick(chart, Qt.Key.Key_Right)
    assert plain(dialog.readout) == "Guess 3: 12 of 21 right (57 %)"


def test_the_costs_that_were_measured(theme: Theme, qtbot: QtBot) -> None:
    dialog = opened(theme, qtbot, GOOD, [])
    table = dialog.costs
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]
    assert [[plain(cell) for cell in row] for row in rows] == [
        ["1", "10.0 ms", "10.0 ms"],
        ["2", "11.0 ms", "5.50 ms"],
        ["4", "13.0 ms", "3.25 ms"],
        ["9", "20.0 ms", "2.22 ms"],
    ]


def test_the_advice_is_by_all_replies_of_the_pair(theme: Theme, qtbot: QtBot) -> None:
    assert opened(theme, qtbot, GOOD, [run(GOOD)]).advice.title.text() == "Not enough measured yet"
    kept = opened(theme, qtbot, GOOD, [run(GOOD, draft_n_max=3), run(GOOD, draft_n_max=3)])
    assert kept.advice.title.text() == "Keep it on"
    off = opened(theme, qtbot, GOOD, [run(BAD), run(BAD), run(BAD)])
    assert off.advice.title.text() == "Turn drafting off"
    assert "0.70×" in off.advice.text.text()


def test_the_advice_can_be_followed_where_the_pair_is_loaded(theme: Theme, qtbot: QtBot) -> None:
    message = Message(Role.ASSISTANT, "text", model="Tiny", drafting=BAD.to_dict())
    runs = [run(BAD), run(BAD), run(BAD)]
    for can_change in (False, True):
        dialog = DraftingDialog(theme, message, runs, can_change=can_change)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda dialog=dialog: dialog.chart is not None, timeout=30_000)
        offers = [b for b in dialog.findChildren(QPushButton) if b.text() == "Turn off in the plan"]
        assert len(offers) == can_change
    with qtbot.waitSignal(dialog.change_asked) as asked:
        offers[0].click()
    assert asked.args == [{"draft_source": "off"}]
    assert not dialog.isVisible()


def test_a_reply_in_which_nothing_was_guessed(theme: Theme, qtbot: QtBot) -> None:
    nothing = Drafting("ngram", n_steps=50, step_ms=((1, 9.0),))
    dialog = opened(theme, qtbot, nothing, [])
    shown = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    assert "Nothing was guessed in this reply." in shown
    assert [figure for figure, _ in dialog.tile_texts] == ["\u2013", "\u2013", "1.00", "\u2013"]
    assert "Nothing has been guessed" in dialog.advice.text.text()


def test_no_speed_is_claimed_where_a_plain_step_was_never_measured(theme: Theme, qtbot: QtBot) -> None:
    blind = Drafting(
        "model", 90, 60, ((60, 54), (54, 42)), 60, 60, ((4, 13.0), (9, 20.0)), 1.0, -400.0, 800.0
    )
    dialog = opened(theme, qtbot, blind, [run(blind)])
    assert [figure for figure, _ in dialog.tile_texts][1::2] == ["\u2013", "\u2013"]
    assert dialog.advice.title.text() == "Not enough measured yet"
    assert "was not measured" in dialog.advice.text.text()
    chart = dialog.chart
    assert chart is not None
    assert not any(type(item).__name__ == "InfiniteLine" for item in chart.getPlotItem().items)


@pytest.mark.parametrize("verdict", list(DraftVerdict))
def test_every_verdict_has_words_and_an_icon(theme: Theme, verdict: DraftVerdict) -> None:
    from dataclasses import replace

    name, tone = advice_look(verdict)
    assert not icon(theme, name, tone).isNull()
    assert advice_title(verdict)
    for break_even in (0.4, 1.6):
        for speed_up in (0.7, 1.0, 1.5):
            advice = replace(advise([GOOD], 3), verdict=verdict, break_even=break_even, speed_up=speed_up)
            text = advice_text(advice, 3)
            assert text.endswith(".")
            assert "{" not in text


def test_every_source_of_guesses_is_named() -> None:
    texts = {source_text(source, "small-q8_0") for source in DraftSource if source != DraftSource.OFF}
    assert len(texts) == len(DraftSource) - 1
    assert "guesses by small-q8_0" in texts
    assert source_text(DraftSource.MODEL, "") == "guesses by a draft model"


@pytest.mark.parametrize(
    ("ms", "text"), [(0.0412, "0.041 ms"), (1.2, "1.20 ms"), (16.13, "16.1 ms"), (120.4, "120 ms")]
)
def test_costs_in_three_figures(ms: float, text: str) -> None:
    assert plain(ms_text(ms)) == text
