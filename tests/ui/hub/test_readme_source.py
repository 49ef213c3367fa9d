"""READMEs as they are on the Hub, and as they might be if someone meant harm."""

from __future__ import annotations

import random
import time

import pytest

from app.ui.chat.markdown import MarkdownParser, MarkdownStream
from app.ui.chat.safe_text import openable
from app.ui.hub.readme_source import MAX_LENGTH, readme_markdown

BASE = "https://huggingface.co/owner/name/blob/main/"


def _shown(source: str) -> str:
    """The text that a reader sees."""
    stream = MarkdownStream(MarkdownParser())
    stream.feed(_markdown(source))
    stream.finish()
    lines: list[str] = []
    for block in stream.blocks:
        cells = [cell for row in block.rows for cell in row] or [block.runs]
        lines.append(block.marker + " | ".join("".join(run.text for run in runs) for runs in cells))
    return "\n".join(lines)


def _links(source: str) -> list[str]:
    stream = MarkdownStream(MarkdownParser())
    stream.feed(_markdown(source))
    stream.finish()
    runs = [
        run
        for block in stream.blocks
        for runs in [block.runs, *(cell for row in block.rows for cell in row)]
        for run in runs
    ]
    return list(dict.fromkeys(run.href for run in runs if run.href))


def _markdown(source: str) -> str:
    return readme_markdown(source, BASE, "picture")[0]


def test_front_matter_and_comments_are_not_shown() -> None:
    assert _shown("---\nlicense: mit\ntags:\n- x\n---\n<!-- note\nto self -->\nHello") == "Hello"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('<div align="center"><h1>Title</h1></div>\n\nText', "Title\nText"),
        ("one<br>two", "one\u2028two"),
        ("one<br>\ntwo", "one\u2028two"),
        ("one<br><br>two", "one\ntwo"),
        ("<summary><b>More</b></summary>text", "More\ntext"),
        ("a&nbsp&nbsp| b&nbsp;c", "a  | b c"),
        ('<a href="x">\n  <img alt="A">\n</a>\n<a href="y">b </a>', "picture: A\u2028b"),
        ("> [!NOTE]\n> Careful", "Note\u2028Careful"),
        ("<b>bold</b> and <unknown-tag>kept</unknown-tag>", "bold and kept"),
        ("<ul>\n  <li>one</li>\n  <li>two</li>\n</ul>", "•one\n•two"),
        ("<details><summary>More</summary>\n\ninside\n\n</details>", "More\ninside"),
        (
            "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2 | 3</td></tr></table>",
            "A | B | 1 | 2 | 3",
        ),
        ("`<think>` stays", "<think> stays"),
        ("a < b and c > d", "a < b and c > d"),
        ("```html\n<div>code</div>\n```", "<div>code</div>"),
        ("<pre>a &lt; b</pre>", "a < b"),
        ('<img src="logo.png" alt="Logo">', "picture: Logo"),
        ("![Logo](logo.png)", "picture: Logo"),
        ("[contents](#top)", "contents"),
    ],
)
def test_html_is_shown_as_what_it_says(source: str, shown: str) -> None:
    assert _shown(source) == shown


def test_relative_addresses_lead_to_the_repository() -> None:
    assert _links("[licence](LICENSE) [up](../x) [there](https://example.com/a)") == [
        f"{BASE}LICENSE",
        "https://huggingface.co/owner/name/blob/x",
        "https://example.com/a",
    ]
    assert _links('<a href="docs/a.md">a</a> [![b](b.svg)](https://example.com/b)') == [
        f"{BASE}docs/a.md",
        "https://example.com/b",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<script>alert(1)",
        "<style>* { color: red }</style>",
        "<svg onload=alert(1)></svg>",
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        '<a href="file:///etc/passwd">x</a>',
        "[x](file:///etc/passwd) ![y](file:///etc/passwd)",
        '<img src="data:text/html,<script>alert(1)</script>">',
        '<img src="x" onerror="alert(1)">',
        '<iframe src="https://example.com"></iframe>',
        '<a href="https://example.com/)[x](javascript:alert(1)">x</a>',
        "<form action=https://example.com><input></form>",
    ],
)
def test_nothing_hostile_can_be_clicked(source: str) -> None:
    assert all(openable(link) for link in _links(source))
    assert "alert" not in _shown(source) or "<script" not in source


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "![",
        "[",
        "`",
        "<div>",
        "<!--",
        "<pre>",
        "<svg>",
        "](a",
        "[![a](b)",
        "<table><tr><td>",
        "<b>",
    ],
)
def test_a_readme_made_to_be_slow_is_not(piece: str) -> None:
    started = time.process_time()
    shown, is_cut = readme_markdown(piece * (6_000_000 // len(piece)), BASE, "picture")
    assert is_cut
    assert len(shown) < 20 * MAX_LENGTH
    assert time.process_time() - started < 2.0  # quadratic ones take minutes


def test_any_tangle_of_tags_gives_text() -> None:
    pieces = [
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<a href=x>",
        "</a>",
        "<li>",
        "<ul>",
        "</ul>",
        "`",
        "```\n",
    ]
    pieces += [
        "<b>",
        "</b>",
        "<h1>",
        "\n",
        "text",
        "![a](b)",
        "[",
        "](",
        ")",
        "<pre>",
        "</pre>",
        "<!--",
        "-->",
        "|",
        "---\n",
    ]
    chance = random.Random(4)
    for _ in range(300):
        source = "".join(chance.choices(pieces, k=chance.randrange(1, 40)))
        assert all(openable(link) for link in _links(source)), source
