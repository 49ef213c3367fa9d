"""Markdown as blocks: what is shown, what is inert, and that streaming gives what rendering at once gives."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.chat.markdown import MAX_INLINE_LENGTH, MarkdownParser, MarkdownStream, PlainStream
from app.ui.chat.markdown_blocks import Block, Kind, Run, Style

PARSER = MarkdownParser()
PIECES = [
    *("a", "b c", "\n", "\n\n", "- ", "1. ", "2) ", "+ ", "> ", "```", "~~~", "`", "*", "**", "_", "[x]", "[x]: /u"),
    *("(y)", "|", "---", "===", "# ", "    ", "  ", " ", "\t", "a|b", "-|-", "<div>", "![i](u)", "\r", "\r\n", "\\"),
    *("&amp;", "http://x.y/z", "\n- a", "\n```\n", "\n```py\n", "~~", "10. ", '"t"', ":", "\x00", "\u202e", "😀"),
    *("\n\na|b\n-|-\n", "\n|1|2|\n", "\n\n[x]: http://q.r\n"),
]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=80))


def at_once(text: str) -> list[Block]:
    stream = MarkdownStream(PARSER)
    stream.feed(text)
    stream.finish()
    return stream.blocks


def in_pieces(text: str, cuts: list[int]) -> list[Block]:
    stream = MarkdownStream(PARSER)
    start = 0
    for cut in sorted(cut % (len(text) + 1) for cut in cuts):
        stream.feed(text[start:cut])
        n_kept = stream.n_final
        before = stream.blocks[:n_kept]
        stream.update()
        assert stream.blocks[:n_kept] == before, "a final block has changed"
        start = cut
    stream.feed(text[start:])
    stream.finish()
    return stream.blocks


def words(blocks: list[Block]) -> str:
    cells = [cell for block in blocks for row in block.rows for cell in row]
    return "".join(run.text for runs in [*(block.runs for block in blocks), *cells] for run in runs)


def links(blocks: list[Block]) -> list[str]:
    return [run.href for block in blocks for run in block.runs if run.href]


@settings(max_examples=3000)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12))
def test_any_chunking_gives_what_rendering_at_once_gives(text: str, cuts: list[int]) -> None:
    assert in_pieces(text, cuts) == at_once(text)


@settings(max_examples=300)
@given(TEXTS)
def test_so_does_one_character_at_a_time(text: str) -> None:
    assert in_pieces(text, list(range(len(text)))) == at_once(text)


def test_what_is_finished_is_not_parsed_again() -> None:
    stream = MarkdownStream(PARSER)
    stream.feed("# One\n\nTwo\n\n- a\n- b\n- c\n  still c\n")
    stream.update()
    assert [words([block]) for block in stream.blocks[: stream.n_final]] == ["One", "Two", "a", "b"]
    stream.feed("\n```py\nx = 1\ny = ")
    stream.update()
    assert words(stream.blocks[: stream.n_final]).endswith("x = 1")
    assert words(stream.blocks[stream.n_final :]) == "y = "


def test_a_list_goes_on_with_its_numbers_after_its_first_items_are_final() -> None:
    stream = MarkdownStream(PARSER)
    for line in ("7. a\n", "7. b\n", "7. c\n", "   more\n", "7. d\n"):
        stream.feed(line)
        stream.update()
    stream.finish()
    assert [block.marker for block in stream.blocks] == ["7.", "8.", "9.", "10."]


def test_a_link_defined_after_its_use_is_a_link_in_the_end() -> None:
    text = "See [the paper].\n\nMore text.\n\n[the paper]: https://example.org/p\n"
    stream = MarkdownStream(PARSER)
    stream.feed(text[:30])
    stream.update()
    assert links(stream.blocks) == []
    stream.feed(text[30:])
    stream.finish()
    assert links(stream.blocks) == ["https://example.org/p"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<div onclick=x>**b**</div>\n\n<!-- c -->", "<div onclick=x>b</div><!-- c -->"),
        ("a <b>bold</b> <img src=http://x/y>", "a <b>bold</b> <img src=http://x/y>"),
    ],
)
def test_html_is_text(text: str, shown: str) -> None:
    blocks = at_once(text)
    assert words(blocks) == shown


def test_an_image_is_its_text_and_its_address() -> None:
    (block,) = at_once("![a **fine** cat](https://tracker.example/p.png?u=1)")
    assert words([block]) == "a fine cat (https://tracker.example/p.png?u=1)"
    assert links([block]) == ["https://tracker.example/p.png?u=1"]
    assert words(at_once(f"![x](data:image/png;base64,{'A' * 5000})")).endswith("…)")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,<script>x</script>",
        "smb://host/share",
        "C:\\\\Windows",
        "/etc/passwd",
        "//host/path",
        "#fragment",
        "ms-settings:",
        "java\tscript:alert(1)",
    ],
)
def test_other_addresses_are_shown_and_inert(address: str) -> None:
    blocks = at_once(f"[text](<{address}>)")
    assert links(blocks) == []
    assert "text" in words(blocks)
    assert any(run.style & Style.FAINT for run in blocks[0].runs) or address in words(blocks)


@pytest.mark.parametrize("address", ["http://a.b/c", "https://a.b/c?d=e", "mailto:a@b.c"])
def test_these_may_be_opened(address: str) -> None:
    assert links(at_once(f"[text]({address})")) == [address]


def test_bare_addresses_are_links_without_the_sentence_around_them() -> None:
    blocks = at_once("See https://a.b/c(d), (http://e.f/g) and `https://in.code` and **http://h.i**.")
    assert links(blocks) == ["https://a.b/c(d)", "http://e.f/g", "http://h.i"]


def test_control_and_reordering_characters_neither_act_nor_hide() -> None:
    shown = words(at_once("a\x1b[31mred\x07 \x00 b\u202ec\u2066d \u2028e \ufdd0 \ufffc f\x85 \u200fg\ufeff"))
    assert "\u241b[31mred\u2407" in shown
    assert not set(shown) & set("\x1b\x07\x00\u202e\u2066\u2029\ufdd0\ufffc\x85\u200f\ufeff")
    code = at_once("```\nif a:\u202e x\x1b[2J\n```")
    assert words(code) == "if a:\ufffd x\u241b[2J"


def test_lone_surrogates_are_no_text() -> None:
    assert words(at_once("a\ud83db")) == "a\ufffdb"


def test_code_is_kept_as_it_is() -> None:
    blocks = at_once("```Python title=x\n  a = 1\n\n\tb = '**no**' # <b>\n```\nafter")
    code = [block for block in blocks if block.kind is Kind.CODE]
    assert [words([line]) for line in code] == ["  a = 1", "", "\tb = '**no**' # <b>"]
    assert [line.starts for line in code] == [True, False, False]
    assert {line.language for line in code} == {"python"}


def test_a_half_written_closing_fence_is_not_shown_as_code() -> None:
    stream = MarkdownStream(PARSER)
    stream.feed("````\ncode\n```")
    stream.update()
    assert words(stream.blocks) == "code"
    stream.feed("\nmore")
    stream.update()
    assert words(stream.blocks) == "code```more"


def test_structure() -> None:
    blocks = at_once(
        "# H\n\n> q\n>> r\n\n1. one\n   - two\n\n   para\n\n---\n\n| a | b |\n|:-:|--:|\n| *c* | d | e |\n| f |\n"
    )
    seen = [(block.kind, block.nesting, block.marker) for block in blocks]
    assert seen == [
        (Kind.HEADING, "", ""),
        (Kind.PARAGRAPH, "q", ""),
        (Kind.PARAGRAPH, "qq", ""),
        (Kind.PARAGRAPH, "l", "1."),
        (Kind.PARAGRAPH, "ll", "•"),
        (Kind.PARAGRAPH, "l", ""),
        (Kind.RULE, "", ""),
        (Kind.TABLE, "", ""),
    ]
    table = blocks[-1]
    assert table.alignments == ("center", "right")
    assert [len(row) for row in table.rows] == [2, 2, 2]
    assert table.rows[1][0] == (Run("c", Style.ITALIC),)
    tasks = at_once("- [ ] a\n- [x] **b**")
    assert [(task.marker, words([task])) for task in tasks] == [("☐", "a"), ("☑", "b")]


@pytest.mark.parametrize(
    "text",
    [
        "> " * 20_000 + "a",
        "- " * 20_000 + "a",
        "".join(" " * n + "- a\n" for n in range(300)),
        "*a **a _a __a " * 4_000,
        "[" * 50_000,
        "![" * 25_000,
        "[a](" * 20_000,
        "`a``" * 20_000,
        "<a " * 20_000,
        "|" * 50_000 + "\n" + "|-" * 25_000,
        "a|b\n-|-\n" + "1|2\n" * 4_000,
        "a\n" * 20_000,
        "\\" * 50_000,
        "&amp" * 20_000,
        "http://" * 10_000,
        "https://a.b/" + "()" * 10_000 + "(" * 5_000 + ")" * 9_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_malicious_text_takes_bounded_time(text: str) -> None:
    started = time.perf_counter()
    at_once(text)
    assert time.perf_counter() - started < 3, "a second at most here; without bounds these take minutes"


def test_an_endless_paragraph_is_shown_plainly() -> None:
    text = "*a* " * (MAX_INLINE_LENGTH // 4 + 10)
    assert words(at_once(text)).startswith("*a* *a*")


def test_what_was_typed_is_shown_as_typed() -> None:
    stream = PlainStream()
    stream.feed("# no *heading* <b>\n    __init__\n\n```py\nx\n```\n```open\n[l](u)\x1b")
    stream.finish()
    kinds = [block.kind for block in stream.blocks]
    assert kinds == [Kind.PARAGRAPH, Kind.CODE, Kind.PARAGRAPH]
    assert words(stream.blocks) == "# no *heading* <b>\u2028    __init__x```open\u2028[l](u)\u241b"
