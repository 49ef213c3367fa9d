"""The figures under a reply: right, in words, and always on one line."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.conversation import Message, MessageState, ReplyError, Role, TrimNotice
from app.core.reasons import FailureKind, Overflow, StopReason
from app.core.run import Drafting
from app.ui.chat.reply_figures import figures, live_figures, prompt_figures, record_html, record_rows
from app.ui.chat.stats_line import StatsLine
from app.ui.chat.words import failure_text, stop_text, trim_text, trouble_detail, trouble_text
from app.ui.theme import Theme
from tests.ui.chat.conftest import TIMINGS


def reply(**values: object) -> Message:
    fields = {"timings": dict(TIMINGS), "stop_reason": "end_of_turn", "model": "Qwen3-8B", **values}
    return Message(Role.ASSISTANT, "text", **fields)


def texts(message: Message) -> list[str]:
    return [figure.text.replace("\u202f", " ") for figure in figures(message)]


def test_a_replys_figures() -> None:
    assert texts(reply()) == [
        "62.4 tok/s",
        "prompt 1 833 tok/s",
        "0.21 s to first token",
        "412 tokens",
        "cached 380/600",
        "end of turn",
    ]
    assert next(iter(figures(reply()))).is_strong


def drafting(saved_ms: float, spent_ms: float = 1000.0) -> dict[str, object]:
    return Drafting(
        "model", 100, 71, ((40, 36), (36, 35)), 60, 40, ((1, 9.0),), 1.0, saved_ms, spent_ms
    ).to_dict()


def test_what_guessing_did_is_among_the_figures() -> None:
    won = reply(drafting=drafting(420.0))
    assert "guessed 71/100 (71 %)" in texts(won)
    assert "1.42× by guessing" in texts(won)
    assert {figure.text for figure in figures(won) if figure.action} == {
        figure.text for figure in figures(won) if "guess" in figure.text
    }
    assert not any(figure.tone for figure in figures(won))
    lost = figures(reply(drafting=drafting(-200.0)))
    assert [(figure.text, figure.tone) for figure in lost if figure.tone] == [
        ("0.80× by guessing", "warning")
    ]
    rows = {name: value.replace("\u202f", " ") for name, value in record_rows(won)}
    assert rows["Guessed ahead"] == "100 tokens"
    assert rows["of these right"] == "71 tokens, 71 %"
    assert rows["Speed by guessing"].startswith("1.42×")


def test_where_nothing_was_guessed_that_is_said_and_no_speed_made_up() -> None:
    nothing = texts(reply(drafting=Drafting("ngram", n_steps=50, step_ms=((1, 9.0),)).to_dict()))
    assert "nothing guessed" in nothing
    assert not any("×" in text for text in nothing)
    unmeasured = texts(reply(drafting=drafting(0.0, 0.0)))
    assert "guessed 71/100 (71 %)" in unmeasured
    assert not any("×" in text for text in unmeasured)


def test_a_click_on_what_guessing_did_asks_for_more(theme: Theme, qtbot: QtBot) -> None:
    line = StatsLine(theme)
    qtbot.addWidget(line)
    line.resize(900, 24)
    message = reply(drafting=drafting(420.0))
    line.show_figures(figures(message), message)
    line.show()
    place = line.action_rect("drafting").center().toPoint()
    with qtbot.waitSignal(line.chosen) as chosen:
        QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["drafting"]
    with qtbot.assertNotEmitted(line.chosen):
        QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(3, 12))


def test_speeds_over_few_tokens_are_marked() -> None:
    shown = texts(reply(timings={**TIMINGS, "predicted_n": 20, "prompt_n": 31}))
    assert shown[0].startswith("≈ ")
    assert shown[1].startswith("prompt ≈ ")
    assert not any("≈" in text for text in texts(reply(timings={**TIMINGS, "predicted_n": 32})))
    assert "fewer than 32 tokens" in record_html(reply(timings={**TIMINGS, "predicted_n": 20}))
    assert "fewer than" not in record_html(reply(timings={**TIMINGS, "predicted_n": 32}))


def test_no_figures_are_made_up() -> None:
    assert texts(reply(timings=None, stop_reason="")) == []
    assert texts(reply(timings={**TIMINGS, "predicted_n": 1, "predicted_ms": 0.0, "prompt_n": 1}))[
        0
    ].endswith("first token")
    assert not any("tok/s" in figure.text for figure in live_figures(1, 0.0))


def test_the_least_important_figures_go_first(theme: Theme, qtbot: QtBot) -> None:
    line = StatsLine(theme)
    qtbot.addWidget(line)
    message = reply(stop_reason=StopReason.MAX_TOKENS)
    all_figures = figures(message)
    line.show_figures(all_figures, message)
    line.show()
    seen: list[list[str]] = []
    for width in range(900, 20, -10):
        line.resize(width, 24)
        if not seen or line.shown_texts != seen[-1]:
            seen.append(line.shown_texts)
    assert len(seen[0]) == len(all_figures)
    assert seen[-1] == [all_figures[0].text], "the speed stays however narrow it is"
    order = [figure.text for figure in sorted(all_figures, key=lambda figure: figure.importance)]
    dropped = [next(iter(set(a) - set(b))) for a, b in pairwise(seen)]
    assert dropped == order[: len(dropped)]
    assert all(shown == [f.text for f in all_figures if f.text in shown] for shown in seen), "the order stays"


def test_every_figure_is_told_to_those_who_listen(theme: Theme, qtbot: QtBot) -> None:
    line = StatsLine(theme)
    qtbot.addWidget(line)
    line.resize(60, 24)
    message = reply(settings={"temperature": 0.7, "seed": 42, "stop": []})
    line.show_figures(figures(message), message)
    assert "412 tokens" in line.accessibleName()
    assert "temperature: 0.7" in line.accessibleDescription()
    assert "stop" not in dict(record_rows(message))


def test_the_full_record_is_text_however_it_is_written() -> None:
    html = record_html(reply(model="<b>x</b><img src=file:///y>", settings={"grammar": "a" * 500}))
    assert "<img" not in html
    assert "&lt;b&gt;" in html
    assert len(html) < 3000


def test_while_the_prompt_is_read() -> None:
    shown = [figure.text.replace("\u202f", " ") for figure in prompt_figures(512, 4000, 380)]
    assert shown == ["reading the prompt", "512 / 4 000 tokens", "380 from the cache"]


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_has_words_and_something_to_do(kind: FailureKind) -> None:
    what, advice = failure_text(kind)
    assert what.endswith(".")
    assert advice.endswith(".")


def test_every_end_has_words() -> None:
    assert all(stop_text(reason) for reason in StopReason)
    assert stop_text("of a later version") == ""


def test_what_went_wrong() -> None:
    assert trouble_text(reply()) is None
    interrupted = trouble_text(reply(state=MessageState.INTERRUPTED))
    assert interrupted is not None
    assert "interrupted" in interrupted[0]
    lost = trouble_text(reply(state=MessageState.INTERRUPTED, error=ReplyError(FailureKind.WORKER_LOST)))
    assert lost is not None
    assert "process ended" in lost[0]


def test_what_the_template_says_is_said() -> None:
    failed = reply(error=ReplyError(FailureKind.BAD_TEMPLATE, "only user \x1b[1mroles", "chat_template"))
    assert trouble_detail(failed) == "Only user \u241b[1mroles"
    assert (
        trouble_detail(reply(error=ReplyError(FailureKind.WORKER_LOST, "the worker process has ended"))) == ""
    )
    assert trouble_detail(reply()) == ""


def test_what_was_left_out() -> None:
    oldest = trim_text(TrimNotice(Overflow.DROP_OLDEST, 4, 1210)).replace("\u202f", " ")
    assert "oldest messages (4, 1 210 tokens)" in oldest
    assert "middle" in trim_text(TrimNotice(Overflow.DROP_MIDDLE, 4, 1210))
