"""The composer: what Return does, what the one button says, the meter's words, the field's height."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPaintEvent, QTextCursor
from pytestqt.qtbot import QtBot

from app.ui.chat.composer import Composer, ComposerState
from app.ui.theme import Theme


@pytest.fixture
def composer(theme: Theme, qtbot: QtBot) -> Composer:
    composer = Composer(theme)
    qtbot.addWidget(composer)
    composer.resize(600, 120)
    composer.show()
    composer.set_state(ComposerState.READY, "Tiny")
    return composer


def test_return_sends_and_shift_return_is_a_new_line(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer._edit, "one")
    qtbot.keyClick(composer._edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(composer._edit, "two")
    with qtbot.waitSignal(composer.send_asked) as asked:
        qtbot.keyClick(composer._edit, Qt.Key.Key_Return)
    assert asked.args == ["one\ntwo"]


def test_nothing_is_sent_without_words_or_model_or_while_generating(composer: Composer, qtbot: QtBot) -> None:
    heard: list[str] = []
    composer.send_asked.connect(heard.append)
    composer.set_text("  \n ")
    qtbot.keyClick(composer._edit, Qt.Key.Key_Return)
    composer.set_text("hello")
    for state in (ComposerState.NO_MODEL, ComposerState.LOADING, ComposerState.GENERATING):
        composer.set_state(state, "Tiny")
        qtbot.keyClick(composer._edit, Qt.Key.Key_Return)
    assert heard == []
    assert composer.text == "hello", "what was written stays"


def test_the_one_button_says_what_can_be_done(composer: Composer, qtbot: QtBot) -> None:
    button = composer._button
    assert (button.text(), button.isEnabled()) == ("Send", False)
    composer.set_text("hello")
    assert button.isEnabled()
    composer.set_state(ComposerState.GENERATING, "Tiny")
    with qtbot.waitSignal(composer.stop_asked):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    composer.set_state(ComposerState.NO_MODEL)
    assert composer._edit.placeholderText() == "Load a model to chat"
    with qtbot.waitSignal(composer.choose_model_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    composer.set_state(ComposerState.LOADING, "Tiny")
    assert not button.isEnabled()


def test_escape_stops(composer: Composer, qtbot: QtBot) -> None:
    composer.set_state(ComposerState.GENERATING, "Tiny")
    with qtbot.waitSignal(composer.stop_asked):
        qtbot.keyClick(composer._edit, Qt.Key.Key_Escape)


def test_the_field_grows_and_then_scrolls(composer: Composer) -> None:
    heights: list[int] = []
    for n_lines in (1, 2, 6, 10, 30):
        composer.set_text("\n".join(["line"] * n_lines))
        heights.append(composer._edit.height())
    assert heights == sorted(heights)
    assert heights[0] < heights[1] < heights[2] < heights[3] == heights[4]
    assert composer._edit.verticalScrollBar().maximum() > 0
    composer.set_text("word " * 60)
    assert composer._edit.height() > heights[0], "wrapped lines count"


def test_pasting_is_plain_text(composer: Composer) -> None:
    from PySide6.QtCore import QMimeData

    data = QMimeData()
    data.setHtml("<b>bold</b><img src='file:///x'>")
    data.setText("bold")
    composer._edit.insertFromMimeData(data)
    assert composer.text == "bold"


@pytest.mark.parametrize(
    ("n_tokens", "role", "words"),
    [(1206, "faint", "take 15"), (7000, "warning", "filling up"), (8100, "bad", "nearly full")],
)
def test_the_meter_in_figures_colour_and_words(
    composer: Composer, n_tokens: int, role: str, words: str
) -> None:
    composer.set_usage(n_tokens, 8192)
    assert composer.meter_text.replace("\u202f", " ") == f"{n_tokens:,} / 8 192 tokens".replace(",", " ")
    assert composer._meter.property("role") == role
    assert words in composer._meter.toolTip()
    assert words in composer._meter.accessibleName()


def test_more_than_the_context_is_bad_only_where_it_cannot_be_sent(composer: Composer) -> None:
    composer.set_usage(9000, 8192)
    assert composer._meter.property("role") == "bad"
    assert "cannot be sent" in composer._meter.toolTip()
    composer.set_usage(9000, 8192, drops_turns=True)
    assert composer._meter.property("role") == "warning"
    assert "without some of the older turns" in composer._meter.toolTip()


def test_an_unknown_context_shows_no_meter(composer: Composer) -> None:
    composer.set_usage(0, 0)
    assert not composer._meter.isVisible()


def test_a_draft_is_told_and_another_ones_is_shown(composer: Composer, qtbot: QtBot) -> None:
    with qtbot.waitSignal(composer.draft_changed) as told:
        qtbot.keyClicks(composer._edit, "a")
    assert told.args == ["a"]
    composer.set_text("other draft")
    assert composer._edit.textCursor().position() == len("other draft")
    composer._edit.moveCursor(QTextCursor.MoveOperation.Start)
    composer.set_text("other draft")
    assert composer._edit.textCursor().position() == 0, "the same text moves no cursor"


def test_the_chip_of_a_system_prompt(composer: Composer, qtbot: QtBot) -> None:
    assert not composer._chip.isVisible()
    composer.set_system_prompt("Be brief.")
    assert composer._chip.isVisible()
    assert composer._chip.toolTip() == "Be brief."
    with qtbot.waitSignal(composer.system_prompt_asked):
        qtbot.mouseClick(composer._chip, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("width", [280, 400, 900])
def test_a_long_model_name_leaves_the_placeholder_on_one_line(composer: Composer, width: int) -> None:
    name = "A model with quite a long name, fine-tuned here (2nd try)"
    composer.set_state(ComposerState.READY, name)
    composer.resize(width, 120)
    edit = composer._edit
    shown = edit.placeholderText()
    assert edit.fontMetrics().horizontalAdvance(shown) <= edit.viewport().width() - 4
    assert shown.startswith("Message A mo")
    assert shown.endswith("…") or shown == f"Message {name}"


def test_a_model_is_offered_in_one_place(composer: Composer) -> None:
    composer.set_state(ComposerState.NO_MODEL)
    composer.set_asks_for_model(False)
    assert (composer._button.text(), composer._button.isEnabled()) == ("Send", False)
    composer.set_asks_for_model(True)
    assert (composer._button.text(), composer._button.isEnabled()) == ("Choose a model", True)


def test_what_is_written_meanwhile_is_said_to_wait(composer: Composer) -> None:
    composer.set_state(ComposerState.GENERATING, "Tiny")
    assert composer._hint.text() == ""
    composer.set_text("And then?")
    assert "once the reply has ended" in composer._hint.text()
    composer.set_state(ComposerState.READY, "Tiny")
    assert composer._hint.text() == ""


class Painted(QObject):
    """Counts paintings of more than a cursor."""

    n_times = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent) and event.rect().width() > 100:
            self.n_times += 1
        return False


def test_another_placeholder_is_painted(composer: Composer, qtbot: QtBot) -> None:
    qtbot.waitExposed(composer)
    qtbot.wait(50)

    painted = Painted(composer)
    composer._edit.viewport().installEventFilter(painted)
    composer.set_state(ComposerState.LOADING, "Tiny")
    qtbot.waitUntil(lambda: painted.n_times > 0, timeout=2000)
