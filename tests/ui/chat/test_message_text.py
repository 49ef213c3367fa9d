"""A message's text in its browser: inert, as high as its document, copied as plain text, coloured in slices."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_text import MessageText
from app.ui.theme import Theme


class Desktop(QObject):
    """Takes what the program hands to the desktop, by Qt's own means."""

    SCHEMES = ("http", "https", "mailto", "file", "javascript", "data", "smb")

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def take(self, address: QUrl) -> None:
        self.opened.append(address.toString())


@pytest.fixture
def desktop(qapp: QApplication) -> Iterator[Desktop]:
    desktop = Desktop()
    for scheme in Desktop.SCHEMES:
        QDesktopServices.setUrlHandler(scheme, desktop, "take")
    yield desktop
    for scheme in Desktop.SCHEMES:
        QDesktopServices.unsetUrlHandler(scheme)


@pytest.fixture
def text(theme: Theme, parser: MarkdownParser, qtbot: QtBot) -> MessageText:
    view = MessageText(theme, parser)
    qtbot.addWidget(view)
    return view


def show(view: MessageText, width: int = 600) -> None:
    view.resize(width, view.height_for(width))
    view.show()


def settled(view: MessageText, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not view.is_busy)


def colours(view: MessageText) -> list[list[tuple[int, int, str]]]:
    found: list[list[tuple[int, int, str]]] = []
    block = view.document().begin()
    while block.isValid():
        ranges = block.layout().formats()
        found.append([(each.start, each.length, each.format.foreground().color().name()) for each in ranges])
        block = block.next()
    return found


def test_showing_an_address_does_not_open_it_and_a_click_does(
    text: MessageText, desktop: Desktop, qtbot: QtBot
) -> None:
    text.set_source("[here](https://example.org/a?b=c)")
    show(text)
    assert desktop.opened == []
    cursor = QTextCursor(text.document())
    cursor.setPosition(2)
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect(cursor).center())
    assert desktop.opened == ["https://example.org/a?b=c"]


def test_nothing_else_is_a_link(text: MessageText) -> None:
    text.set_source(
        "[a](file:///etc/passwd) [b](javascript:alert(1)) ![c](file:///x.png) <a href='smb://x'>d</a> [e](smb://h/s)"
    )
    show(text)
    anchors = {text.anchorAt(QPoint(x, y)) for x in range(0, 600, 4) for y in range(0, text.height(), 4)}
    assert anchors == {""}


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "smb://h/s"]
)
def test_even_an_anchor_of_another_scheme_opens_nothing(
    text: MessageText, desktop: Desktop, address: str
) -> None:
    text.anchorClicked.emit(QUrl(address))
    assert desktop.opened == []


def test_nothing_is_ever_loaded(text: MessageText, tmp_path: object) -> None:
    kind = QTextDocument.ResourceType.ImageResource
    assert text.loadResource(kind.value, QUrl("file:///etc/passwd")) is None
    text.set_source("![x](file:///etc/hostname)")
    assert "<img" not in text.document().toHtml()


def test_it_is_as_high_as_its_text_at_every_width(text: MessageText, qtbot: QtBot) -> None:
    text.set_source("word " * 300 + "\n\n```\ncode\n```")
    narrow, wide = text.height_for(300), text.height_for(900)
    assert narrow > wide > 60
    show(text, 300)
    assert text.height() == narrow
    assert text.verticalScrollBar().maximum() == 0


def test_the_wheel_goes_to_the_transcript(theme: Theme, parser: MarkdownParser, qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    text = MessageText(theme, parser)
    text.set_source("line\n\n" * 200)
    text.resize(300, text.height_for(300))
    area.setWidget(text)
    area.resize(320, 200)
    area.show()
    QTest.wheelEvent(area.windowHandle(), QPointF(50, 50), QPoint(0, -240))
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() > 0)


def test_copy_button_gives_the_code_and_a_selection_plain_text(text: MessageText, qtbot: QtBot) -> None:
    text.set_source("- item\n\n```py\na = 1\n\n\tb = 2\n```\n\n```\nother\n```")
    show(text)
    first, second = text.copy_buttons
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "a = 1\n\n\tb = 2"
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == "other"
    assert first.accessibleName() == "Copy code"
    text.selectAll()
    data = text.createMimeDataFromSelection()
    assert data.formats() == ["text/plain"]
    assert data.text().startswith("• item\na = 1")


def test_code_is_coloured_in_the_end_as_if_it_had_come_at_once(
    theme: Theme, parser: MarkdownParser, qtbot: QtBot
) -> None:
    source = "Text\n```python\n" + "".join(
        f'def f{n}(x):\n    """Doc\n    {n}"""\n    return {n}\n\n' for n in range(60)
    )
    source += "```\nafter\n```c\nint a; // end\n```"
    views = [MessageText(theme, parser) for _ in range(2)]
    for view in views:
        qtbot.addWidget(view)
    views[0].set_source(source)
    views[1].start_stream()
    rng = random.Random(1)
    at = 0
    while at < len(source):
        step = rng.randint(1, 90)
        views[1].append(source[at : at + step])
        at += step
        if rng.random() < 0.2:
            qtbot.wait(5)
    views[1].finish()
    for view in views:
        settled(view, qtbot)
    assert colours(views[1]) == colours(views[0])
    assert sum(map(bool, colours(views[0]))) > 200


def test_a_long_stored_text_is_built_in_pieces(text: MessageText, qtbot: QtBot) -> None:
    source = "\n\n".join(f"Paragraph **{n}** with some words in it." for n in range(3000))
    text.height_for(600)
    text.set_source(source)
    assert text.is_busy, "not all of 120 000 characters at once"
    settled(text, qtbot)
    assert text.document().toPlainText().endswith("Paragraph 2999 with some words in it.")


def test_a_long_open_code_block_costs_no_more_at_its_end(text: MessageText) -> None:
    """Counted: how much of the document one flush touches after 100 KB of code."""
    text.height_for(600)
    text.start_stream("```python\n" + "value = 'something' + other_value\n" * 3000)
    touched: list[int] = []
    text.document().contentsChange.connect(lambda _at, removed, added: touched.append(removed + added))
    for _ in range(20):
        text.append("x = 1\n")
        text._flush()
    assert max(touched) < 200
    assert len(text._stream.blocks) == 3020 + 1 - 1


def test_streaming_keeps_a_selection_in_what_is_there(text: MessageText) -> None:
    text.start_stream("First words of a reply")
    cursor = text.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(11, QTextCursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)
    text.append(" and **more**")
    text.finish()
    assert text.textCursor().selectedText() == "First words"
