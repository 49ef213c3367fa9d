"""Colours that can be read, a style sheet that Qt understands, icons in the theme's colours."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.ui import icons
from app.ui.stylesheet import chip_colours
from app.ui.theme import Theme, set_role
from app.ui.tokens import DARK, LIGHT, READABLE, Tokens, contrast

SCHEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
TEXTS = ("text", "dim", "faint", "accent", "good", "warning", "bad")


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme()
    theme.apply(qapp)
    return theme


@SCHEMES
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("ground", ["bg", "panel", "raised"])
def test_every_text_can_be_read(tokens: Tokens, name: str, ground: str) -> None:
    assert contrast(tokens.tone(name), tokens.tone(ground)) >= READABLE


@SCHEMES
def test_texts_on_coloured_grounds_can_be_read(tokens: Tokens) -> None:
    assert contrast(tokens.on_accent, tokens.accent) >= READABLE
    for name in ("text", "dim", "accent"):
        assert contrast(tokens.tone(name), tokens.selection) >= READABLE
    for tone in ("kv", "weights", "compute", "draft", "good", "warning", "bad", "accent"):
        text, ground = chip_colours(tokens, tone)
        assert contrast(text, ground) >= READABLE


def test_the_chosen_scheme_reaches_the_widgets(theme: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    label = QLabel("x", window)
    grounds = set()
    for mode, tokens in (("dark", DARK), ("light", LIGHT)):
        theme.set_mode(mode)
        window.ensurePolished()
        assert theme.tokens is tokens
        assert label.palette().windowText().color() == QColor(tokens.text)
        grounds.add(window.grab().toImage().pixelColor(window.width() - 2, window.height() - 2).name())
    assert grounds == {DARK.bg, LIGHT.bg}


def test_a_change_is_told_once(theme: Theme, qtbot: QtBot) -> None:
    theme.set_mode("dark")
    heard: list[bool] = []
    theme.changed.connect(lambda: heard.append(True))
    theme.set_mode("light")
    theme.set_mode("light")
    theme.set_text_size(15)
    assert len(heard) == 2
    assert theme.text_size_px == 15


def test_roles_restyle_a_widget(theme: Theme, qtbot: QtBot) -> None:
    theme.set_mode("dark")
    label = QLabel("x")
    qtbot.addWidget(label)
    set_role(label, "bad")
    assert label.palette().windowText().color() == QColor(DARK.bad)
    set_role(label, "good")
    assert label.palette().windowText().color() == QColor(DARK.good)


def test_buttons_and_fields_share_one_height(theme: Theme, qtbot: QtBot) -> None:
    button, number = QPushButton("Load"), QSpinBox()
    for widget in (button, number):
        qtbot.addWidget(widget)
        widget.ensurePolished()
    assert abs(button.sizeHint().height() - number.sizeHint().height()) <= 4


def test_a_number_keeps_its_room(theme: Theme, qtbot: QtBot) -> None:
    number = QSpinBox()
    qtbot.addWidget(number)
    number.resize(96, 30)
    number.show()
    field = number.lineEdit().geometry()
    assert field.left() >= 6
    assert field.right() <= 90
    assert field.width() > 60


def test_every_icon_of_ours_exists_and_follows_the_scheme(theme: Theme) -> None:
    for name in icons.ALIASES:
        icons.icon(theme, name)
    stop = icons.icon(theme, "stop", "text")
    colours = []
    for mode in ("dark", "light"):
        theme.set_mode(mode)
        image = stop.pixmap(32).toImage()
        painted = {
            image.pixelColor(x, y).name()
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).alpha() == 255
        }
        colours.append(painted)
    assert colours == [{DARK.text}, {LIGHT.text}]


def test_an_unknown_icon_is_a_mistake(theme: Theme) -> None:
    with pytest.raises(KeyError):
        icons.icon(theme, "no such thing")
