"""How much a flush of streamed Markdown costs at various lengths, incrementally and if all were rendered again.

Run: QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.stream_markdown
"""

from __future__ import annotations

import os
import statistics
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication

from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_text import MessageText
from app.ui.theme import Theme

PIECE = 12  # characters a flush brings at 60 tok/s and 20 flushes a second
PROSE = (
    "Each step reads the **whole** cache, so the `bandwidth` decides; see [the paper](https://example.org/x). "
    "What is kept per token is one key and one value vector per layer.\n\n"
    "## What follows\n\n- one thing\n- another, with *emphasis*\n- a third\n\n"
    "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\ndef f(x):\n    return x + 1  # comment\n```\n\n"
)
CODE = "```python\n" + "def value(x: int) -> str:\n    return f'{x + 1}'  # a comment\n\n" * 1700


def text_of(sample: str, length: int) -> str:
    """`sample` repeated to `length` characters."""
    return (sample * (length // len(sample) + 1))[:length]


def flushes(theme: Theme, parser: MarkdownParser, text: str, n: int = 60) -> tuple[float, float]:
    """Median and longest time of a flush at the end of `text`, in ms."""
    view = MessageText(theme, parser)
    view.height_for(720)
    view.start_stream(text[: -n * PIECE])
    times: list[float] = []
    for at in range(len(text) - n * PIECE, len(text), PIECE):
        started = time.perf_counter()
        view.append(text[at : at + PIECE])
        view._flush()  # also where the view would have waited a little
        times.append((time.perf_counter() - started) * 1000)
    view.deleteLater()
    return statistics.median(times), max(times)


def again(text: str) -> float:
    """The time Qt takes to render all of it once more, in ms."""
    document = QTextDocument()
    document.setTextWidth(720)
    started = time.perf_counter()
    document.setMarkdown(text)
    document.size()
    return (time.perf_counter() - started) * 1000


def main() -> int:
    """Print a table; the ratio says how many times cheaper a flush is than rendering all again."""
    app = QApplication.instance() or QApplication(sys.argv)
    assert app is not None
    theme, parser = Theme(), MarkdownParser()
    flushes(theme, parser, text_of(PROSE, 2000))  # imports and caches
    print(f"{'text':14}{'characters':>11}{'flush ms':>10}{'longest':>9}{'all again':>11}{'ratio':>8}")
    for name, sample in (("prose", PROSE), ("one code block", CODE)):
        for length in (2_000, 8_000, 32_000, 100_000):
            text = text_of(sample, length) if name == "prose" else CODE[:length]
            median, longest = flushes(theme, parser, text)
            whole = again(text)
            print(f"{name:14}{length:>11}{median:>10.2f}{longest:>9.2f}{whole:>11.1f}{whole / median:>8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
