"""Rendered Markdown with marks: every mark on the character that it was on in the source, or the source itself."""

from __future__ import annotations

import random
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.chat.markdown import MarkdownParser, MarkdownStream
from app.ui.chat.markdown_blocks import Block, Run, Style
from app.ui.chat.marked_stream import part
from app.ui.chat.tinted_markdown import TintedMarkdown
from tests.end2end.tour import REPLY

PARSER = MarkdownParser()

FITTING = {
    "list": "- a **b**\n- c\n  - d `x`\n    1. e\n    2. f\n\n- [ ] task\n- [x] done *it*\n\n  more of it\n\nend",
    "numbers": "3) a\n4) b\n\n   c\n\n10. d\n\n- - twice",
    "quote": "> a\n> b **c**\n>\n> - x\n> - y\n\nend\n\n> # h\n> lazy\ngoes on",
    "headings": "Head **x**\n====\n\ntext\n---\n\n---\n\n# A #\n## B\n---\nnext\n***\nz",
    "links": 'see [a b](http://x.y/a_b(c) "t") b and [c][1] and <http://z.w> b\n\n[1]: http://q.r\n\nend http://u.v/x.',
    "late link": "a [b] c\n\nd\n\n[b]: http://e.f\n\ng",
    "pictures": "an ![alt *x*](http://i/p.png) here ![](file:///x)\n\nmore [no](javascript:x) end",
    "entities": "a &amp; b &lt;c&gt; &copy; &#65; & \\* d \\_x\\_ &nosuch;",
    "code": "x\n\n    indented\n      more\n\ny\n```\n\na\n\n```\n~~~py\nz\n\n~~~\n```\n```\nend",
    "code in others": "> ```c\n> q\n> ```\n\n- ```\n  w\n  ```\nend",
    "breaks": "a  \nb\\\nc\nd",
    "table": "| a | b |\n|---|:-:|\n| `c` | d \\| e |\n| **f** | |\n\nend\n\na | b\n--|--\n1 | 2",
    "head of a table": "a | b\n--|--\n\nend",
    "inline": "`` a`b `` and ***bi*** and ~~s~~ **a*b** `c\nd` **a [b `c",
    "html": "<div>\n<b>x</b>\n</div>\n\n<script>a</script>",
    "hidden": "a\u200eb \u202e**c**\u202c\r\n\r\nd",
    "reply": REPLY.partition("</think>")[2] * 3,
}


def made(text: str, marked: list[tuple[int, int]], step: int = 1_000_000) -> TintedMarkdown:
    stream = TintedMarkdown(PARSER)
    for at in range(0, len(text), step):
        stream.feed(text[at : at + step], part(marked, at, at + step))
        stream.update()
    stream.finish()
    return stream


def rendered(text: str) -> list[Block]:
    stream = MarkdownStream(PARSER)
    stream.feed(text)
    stream.finish()
    return stream.blocks


def runs_of(blocks: list[Block]) -> list[Run]:
    return [
        run
        for block in blocks
        for runs in (block.runs, *(c for row in block.rows for c in row))
        for run in runs
    ]


def unmarked(blocks: list[Block]) -> list[tuple[object, ...]]:
    """What is shown, character by character, apart from the marks."""
    return [
        (character, run.style & ~Style.GUESSED, run.href) for run in runs_of(blocks) for character in run.text
    ] + [block._replace(runs=(), rows=()) for block in blocks]


def random_marks(text: str, seed: int) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text) + 1, 2 + len(text) // 3)))
    return [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b]


@pytest.mark.parametrize("name", list(FITTING))
@pytest.mark.parametrize("seed", range(3))
def test_what_models_write_keeps_its_look_and_only_gains_marks(name: str, seed: int) -> None:
    text = FITTING[name]
    stream = made(text, random_marks(text, seed))
    assert not stream.is_source
    assert unmarked(stream.blocks) == unmarked(rendered(text))


@pytest.mark.parametrize("name", list(FITTING))
def test_a_single_mark_is_where_it_was(name: str) -> None:
    """Every letter in turn, told from all others by being the only one of its kind."""
    text = FITTING[name]
    for at in range(0, len(text), 1 if len(text) < 300 else 7):
        if not text[at].isalnum() or "&" in text[max(0, at - 8) : at]:
            continue
        swapped = text[:at] + "\u00df" + text[at + 1 :]
        stream = made(swapped, [(at, at + 1)])
        if stream.is_source:  # it has become another text, e.g. an address of another kind
            continue
        marked = "".join(run.text for run in runs_of(stream.blocks) if run.style & Style.GUESSED)
        shown = "".join(run.text for run in runs_of(rendered(swapped)) if not run.style & Style.FAINT)
        assert marked == ("\u00df" if "\u00df" in shown else ""), (at, swapped)


@pytest.mark.parametrize("name", list(FITTING))
@pytest.mark.parametrize("step", [1, 2, 5, 17])
def test_streamed_it_becomes_what_it_is_as_a_whole(name: str, step: int) -> None:
    text = FITTING[name].replace("\r", "")
    marked = random_marks(text, step)
    assert made(text, marked, step).blocks == made(text, marked).blocks


MARKUP = st.lists(
    st.sampled_from(
        ["a", "b ", "*", "**", "`", "_", "[", "](", ")", "\n", "\n\n", "- ", "1. ", "> ", "# ", "|", "---", "\\",
         "&amp;", "```\n", "    ", "<b>", "!", "~~", "http://x ", ":", "=", "é", "\u200e"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(MARKUP, st.integers(0, 1000))
def test_whatever_is_written_no_mark_is_on_a_character_of_another_kind(text: str, seed: int) -> None:
    """What is shown, with its marks, stands in the source in this order, with these marks."""
    marked = random_marks(text, seed)
    stream = made(text, marked)
    flags = [any(a <= at < b for a, b in marked) for at in range(len(text))]
    source = list(zip(text, flags, strict=True))
    at = 0
    for run in runs_of(stream.blocks):
        if run.style & Style.FAINT:
            assert not run.style & Style.GUESSED
            continue
        for character in run.text:
            is_marked = bool(run.style & Style.GUESSED)
            while at < len(source) and not _fits(text, at, character, is_marked, flags):
                at += 1
            assert at < len(source), (character, is_marked, text)
            at += 1


def _fits(text: str, at: int, character: str, is_marked: bool, flags: list[bool]) -> bool:
    here = text[at]
    if here == "\n" and character in "\u2028 ":
        return character == "\u2028" or flags[at] == is_marked
    is_entity = here == "&" and text.startswith("&amp;", at) and unescape("&amp;") == character
    return (here == character or is_entity) and flags[at] == is_marked


@settings(max_examples=150, deadline=None)
@given(MARKUP, st.integers(0, 1000), st.integers(1, 9))
def test_streaming_never_changes_what_it_called_final(text: str, seed: int, step: int) -> None:
    marked = random_marks(text, seed)
    stream = TintedMarkdown(PARSER)
    before: list[Block] = []
    for at in range(0, len(text), step):
        stream.feed(text[at : at + step], part(marked, at, at + step))
        n_kept = stream.update()
        assert stream.blocks[:n_kept] == before[:n_kept]
        before = list(stream.blocks)
    n_kept = stream.finish()
    assert stream.blocks[:n_kept] == before[:n_kept]


def test_what_does_not_fit_is_shown_as_it_was_written() -> None:
    text = "fine **b**\n\n| a | b |\n|---|---|\n| c | d | too many |\n\nend"
    stream = made(text, [(7, 8), (len(text) - 3, len(text))])
    assert stream.is_source
    marked = [run.text for run in runs_of(stream.blocks) if run.style & Style.GUESSED]
    assert marked == ["b", "end"]
    assert "**" in "".join(run.text for run in runs_of(stream.blocks))
