"""The model bar, its pill and its menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListView, QPushButton
from pytestqt.qtbot import QtBot

from app.ui.shell.model_bar import BarContent, BarState, ModelBar
from app.ui.shell.model_menu import ModelChoice, ModelMenu
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, SearchField

CHOICES = [
    ModelChoice("/m/qwen.gguf", "", "Qwen3-8B", "Q4_K_M · 5.03 GB"),
    ModelChoice("/m/qwen.gguf", "fast 8k", "fast 8k", "62.4 tok/s"),
    ModelChoice("/m/gemma.gguf", "", "Gemma 3 4B", "Q8_0 · 4.1 GB"),
]


@pytest.fixture
def bar(qapp: QApplication, qtbot: QtBot) -> ModelBar:
    theme = Theme()
    theme.apply(qapp)
    bar = ModelBar(theme)
    bar.setProperty("theme", theme)
    qtbot.addWidget(bar)
    bar.resize(900, 48)
    bar.set_choices(CHOICES)
    bar.show()
    return bar


def shown_buttons(bar: ModelBar) -> set[str]:
    return {button.text() for button in bar.findChildren(QPushButton) if button.isVisible() and button.text()}


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (BarState.EMPTY, set()),
        (BarState.CHOSEN, {"Load"}),
        (BarState.LOADING, {"Cancel"}),
        (BarState.READY, {"Eject"}),
    ],
)
def test_each_state_has_its_buttons(bar: ModelBar, state: BarState, buttons: set[str]) -> None:
    bar.show_content(BarContent(state, "Qwen3-8B", "Q4_K_M", can_load=state is BarState.CHOSEN))
    assert shown_buttons(bar) == buttons


def test_the_longest_note_that_fits_is_shown(bar: ModelBar) -> None:
    long, short = "4 settings differ from what was asked", "4 differ"
    content = BarContent(BarState.READY, "Qwen3-8B", "Q4_K_M", (long, short), "warning", has_report=True)
    texts = []
    for width in (1000, 560, 380):
        bar.resize(width, 48)
        bar.show_content(content)
        texts.append(next(label.text() for label in bar.findChildren(ElidedLabel) if label.toolTip() == long))
    assert texts == [long, short, ""]


def test_the_menu_searches_and_chooses_by_keys(bar: ModelBar, qtbot: QtBot) -> None:
    bar.open_menu()
    menu = bar.findChild(ModelMenu)
    assert menu is not None
    search = menu.findChild(SearchField)
    assert search is not None
    qtbot.keyClicks(search, "fast")
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.keyClick(search, Qt.Key.Key_Return)
    assert chosen.args == ["/m/qwen.gguf", "fast 8k"]
    assert not menu.isVisible()
    bar.open_menu()
    assert search.text() == ""
    qtbot.keyClick(search, Qt.Key.Key_Down)
    qtbot.keyClick(search, Qt.Key.Key_Down)
    with qtbot.waitSignal(bar.load_chosen) as loaded:
        qtbot.keyClick(search, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert loaded.args == ["/m/gemma.gguf", ""]


def test_the_menu_says_when_there_is_nothing(bar: ModelBar, qtbot: QtBot) -> None:
    bar.open_menu()
    menu = bar.findChild(ModelMenu)
    assert menu is not None
    search = menu.findChild(SearchField)
    assert search is not None
    qtbot.keyClicks(search, "llama")
    view = menu.findChild(QListView)
    assert view is not None
    assert not view.isVisible()
    with qtbot.assertNotEmitted(bar.chosen):
        qtbot.keyClick(search, Qt.Key.Key_Return)
    menu.hide()


def test_the_pill_tells_all_to_a_screen_reader(bar: ModelBar) -> None:
    bar.show_content(BarContent(BarState.READY, "Qwen3-8B", "Q4_K_M"))
    names = {button.accessibleName() for button in bar.findChildren(QPushButton)}
    assert "Qwen3-8B, Q4_K_M, loaded" in names


def test_the_keyboard_stays_with_the_model_through_a_load(bar: ModelBar, qtbot: QtBot) -> None:
    def shown(state: BarState) -> str:
        bar.show_content(BarContent(state, "Qwen3-8B", "Q4_K_M", can_load=state is BarState.CHOSEN))
        focus = QApplication.focusWidget()
        return focus.text() if isinstance(focus, QPushButton) else str(focus)

    bar.activateWindow()
    shown(BarState.CHOSEN)
    bar._load.setFocus()
    qtbot.waitUntil(bar._load.hasFocus)
    assert shown(BarState.LOADING) == "Cancel"
    assert shown(BarState.READY) == "Eject"
    shown(BarState.EJECTING)
    assert QApplication.focusWidget() is bar._pill
    bar._pill.setFocus()
    shown(BarState.READY)
    assert QApplication.focusWidget() is bar._pill, "nothing is taken from where the keyboard is"


def test_a_click_on_load_leaves_the_keyboard_where_it_is(bar: ModelBar, qtbot: QtBot) -> None:
    bar.show_content(BarContent(BarState.CHOSEN, "Qwen3-8B", "Q4_K_M", can_load=True))
    bar._pill.setFocus()
    with qtbot.waitSignal(bar.load_requested):
        qtbot.mouseClick(bar._load, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is bar._pill
