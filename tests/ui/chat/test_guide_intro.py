"""What an empty conversation shows while the Guide is the model, as a person uses it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.guide_intro import GuideIntro
from app.ui.theme import Theme
from tests.ui.chat.conftest import conversation_of
from tests.ui.chat.test_chat_page import Store

QUESTIONS = ("What does flash attention do?", "Why is my model slow?", "Will it fit into my memory?")
LONG = "What does a quantised key and value cache do to the memory and the words of a very long conversation?"


@pytest.fixture
def intro(theme: Theme, qtbot: QtBot) -> GuideIntro:
    intro = GuideIntro(theme, QUESTIONS)
    qtbot.addWidget(intro)
    intro.resize(560, 420)
    intro.show()
    return intro


def test_every_question_is_asked_by_a_click_and_by_keys(intro: GuideIntro, qtbot: QtBot) -> None:
    asked: list[str] = []
    intro.asked.connect(asked.append)
    for button in intro.questions:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    intro.questions[1].setFocus()
    QTest.keyClick(intro.questions[1], Qt.Key.Key_Space)
    assert asked == [*QUESTIONS, QUESTIONS[1]]


def test_a_click_on_the_words_of_a_question_asks_it(intro: GuideIntro, qtbot: QtBot) -> None:
    button = intro.questions[0]
    label = next(label for label in button.findChildren(QLabel) if label.text() == QUESTIONS[0])
    place = label.mapTo(intro, label.rect().center())
    below = intro.childAt(place)
    assert below is button  # what is drawn on it takes no clicks


def test_it_says_what_it_is_and_offers_both_ways_on(intro: GuideIntro, qtbot: QtBot) -> None:
    assert "demo" in intro.honest_line.text()
    assert "parameter" not in intro.honest_line.text()  # while it is not known how many
    intro.show_size(5_770_496)
    assert intro.honest_line.text().startswith("A 5.8M-parameter demo")
    with qtbot.waitSignal(intro.real_model_asked):
        qtbot.mouseClick(intro.real_model, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(intro.hide_asked):
        qtbot.mouseClick(intro.hide_button, Qt.MouseButton.LeftButton)


def test_everything_can_be_reached_by_tab_and_has_a_name(intro: GuideIntro, qapp: QApplication) -> None:
    intro.activateWindow()
    intro.real_model.setFocus()
    reached: list[QWidget | None] = [qapp.focusWidget()]
    for _ in range(4):
        QTest.keyClick(qapp.focusWidget() or intro, Qt.Key.Key_Tab)
        reached.append(qapp.focusWidget())
    assert reached == [intro.real_model, *intro.questions, intro.hide_button]
    assert all(button.accessibleName() or button.text() for button in intro.findChildren(QPushButton))


@pytest.mark.parametrize("text_size", [13, 24])
@pytest.mark.parametrize("size", [(560, 420), (330, 370), (330, 200)])
def test_nothing_is_cut_in_a_small_window(
    theme: Theme, qtbot: QtBot, size: tuple[int, int], text_size: int, qapp: QApplication
) -> None:
    theme.set_text_size(text_size)
    theme.apply(qapp)
    intro = GuideIntro(theme, (*QUESTIONS[:2], LONG))
    qtbot.addWidget(intro)
    intro.resize(*size)
    intro.show()
    QTest.qWait(10)
    for label in intro.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    inside = intro.widget()
    assert inside is not None
    assert inside.width() <= intro.viewport().width()
    if inside.height() > intro.viewport().height():
        assert intro.verticalScrollBar().maximum() > 0  # the rest is there to be scrolled to


def test_the_page_shows_it_in_every_empty_conversation_until_it_is_taken_away(
    page: ChatPage, intro: GuideIntro, store: Store, qtbot: QtBot
) -> None:
    page.set_intro(intro)
    assert intro.isVisible()
    assert not page._empty.isVisible()
    held = store(conversation_of(4))
    page._chat.open(held.id)
    assert not intro.isVisible()
    page.new_conversation()
    assert intro.isVisible()
    page.set_intro(None)
    assert page._empty.isVisible()
    assert not intro.isVisible()
    page._chat.open(held.id)
    page.set_intro(intro)  # it does not come over what was said
    assert page.transcript.isVisible()
    assert not isinstance(page._chat.current, Conversation) or not page._chat.current.is_empty
