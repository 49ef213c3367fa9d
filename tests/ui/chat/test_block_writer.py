"""Blocks in a document: written piece by piece, the document is the one that writing all at once makes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication

from app.ui.chat.block_writer import BlockWriter
from app.ui.chat.markdown import MarkdownStream
from app.ui.chat.text_formats import TextFormats
from app.ui.theme import Theme
from tests.ui.chat.test_markdown import PARSER, TEXTS


def document_of(formats: TextFormats, pieces: list[str]) -> tuple[QTextDocument, BlockWriter]:
    document = QTextDocument()
    writer = BlockWriter(document, formats)
    stream = MarkdownStream(PARSER)
    for piece in pieces:
        stream.feed(piece)
        writer.show(stream.blocks, stream.update())
    writer.show(stream.blocks, stream.finish())
    return document, writer


def painted(writer: BlockWriter) -> list[object]:
    codes = [
        (code.first, code.last, code.nesting, code.n_lines, writer.text_of(code)) for code in writer.codes
    ]
    return [codes, [(quote.first, quote.last, quote.nesting) for quote in writer.quotes], writer.rules]


@settings(max_examples=250)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12))
def test_any_chunking_gives_the_same_document(qapp: QApplication, text: str, cuts: list[int]) -> None:
    formats = TextFormats(Theme(), 13)
    ends = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    whole, one = document_of(formats, [text])
    pieces, other = document_of(formats, [text[a:b] for a, b in pairwise(ends)])
    assert pieces.toHtml() == whole.toHtml()
    assert painted(other) == painted(one)


def test_text_that_stays_is_not_written_again(qapp: QApplication) -> None:
    document = QTextDocument()
    writer = BlockWriter(document, TextFormats(Theme(), 13))
    stream = MarkdownStream(PARSER)
    stream.feed("Some **bold** words")
    writer.show(stream.blocks, stream.update())
    document.documentLayout()  # without one the document tells nobody
    changes: list[tuple[int, int, int]] = []
    document.contentsChange.connect(lambda *change: changes.append(change))
    stream.feed(" and more")
    writer.show(stream.blocks, stream.update())
    assert document.toPlainText() == "Some bold words and more"
    assert max(removed for _, removed, _ in changes) <= 1
    assert min(position for position, _, _ in changes) == len("Some bold words")


def test_a_table_grows_row_by_row(qapp: QApplication) -> None:
    formats = TextFormats(Theme(), 13)
    rows = ["x\n\n| a | b |\n|---|---|\n", *(f"| {n} | *{n}* |\n" for n in range(20)), "\nend"]
    pieces, _ = document_of(formats, rows)
    whole, _ = document_of(formats, ["".join(rows)])
    assert pieces.toHtml() == whole.toHtml()
    assert "19" in pieces.toPlainText()


def test_other_colours_show_the_same_text(theme: Theme) -> None:
    theme.set_mode("light")
    document, writer = document_of(
        TextFormats(theme, 13), ["# A\n\n| a |\n|---|\n| 1 |\n\n> q\n\n```py\nx\n```\n- i"]
    )
    before, text = document.toHtml(), document.toPlainText()
    theme.set_mode("dark")
    writer.set_formats(TextFormats(theme, 13))
    assert document.toPlainText() == text
    assert document.toHtml() != before
    theme.set_mode("light")
    writer.set_formats(TextFormats(theme, 13))
    assert document.toHtml() == before
