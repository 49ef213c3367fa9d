"""The Guide's making, for tests: what of packaging/guide_model needs neither PyTorch nor the tokenizers library.

Its modules know each other by plain names, as they do where they are run.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "packaging" / "guide_model"
sys.path.insert(0, str(FOLDER))

import arithmetic  # noqa: E402
import corpus  # noqa: E402
import evaluate  # noqa: E402
import questions  # noqa: E402
import sheets  # noqa: E402
from questions import plain  # noqa: E402

sys.path.remove(str(FOLDER))

__all__ = ["arithmetic", "corpus", "evaluate", "knowledge", "plain", "questions", "sheets", "trained"]

_TEMPLATE_KINDS = ("what", "effect", "cost", "up", "down", "advice", "default", "where", "range", "more")


@cache
def knowledge() -> sheets.Knowledge:
    """All that the Guide is to know."""
    return sheets.read()


@cache
def trained() -> dict[str, dict[str, str]]:
    """Every phrasing that the corpus can draw, `plain`, with its answers and where each comes from."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for question, answer, source in _phrasings():
        found[plain(question)].setdefault(answer, f"{source}: {question}")
    return dict(found)


def _phrasings() -> Iterator[tuple[str, str, str]]:
    """(question, its answer, where it comes from), before anything is mistyped."""
    known = knowledge()
    for sheet in known.sheets:
        yield from _of_setting(sheet)
    for topic in known.topics:
        source = f"{topic.sheet}.toml, {topic.key}"
        for ask in topic.asks:
            yield ask, topic.answer.plain, source
        for template in questions.split(questions.WHAT)[0]:
            for name in topic.names:
                yield template.format(n=name), topic.answer.plain, f"{source}, {template}"
    for ask in known.unknown.singles:
        yield ask, corpus.UNKNOWN, "unknown.toml"
    for templates, words, _ in known.unknown.patterns:
        for template in templates:
            for word in words:
                yield template.replace("{x}", word), corpus.UNKNOWN, f"unknown.toml, {template}"


def _of_setting(sheet: sheets.Sheet) -> Iterator[tuple[str, str, str]]:
    key = sheet.row.key
    for ask in sheet.asks:
        yield ask, corpus.answer(sheet, "what"), f"{key}, asks"
    for symptom in sheet.symptoms:
        for around in questions.ASKED_FOR:
            yield around.format(q=symptom), corpus.answer(sheet, "symptom"), f"{key}, symptoms"
    for particular in sheet.particulars:
        for ask in particular.asks:
            yield ask, particular.answer.plain, f"{key}, qa"
    names = {sheet.title, key, *sheet.names, *([sheet.row.cli_flag] if sheet.row.cli_flag else [])}
    for kind in _TEMPLATE_KINDS:
        answer = corpus.answer(sheet, kind)
        for template in questions.split(corpus.templates(sheet, kind))[0]:
            for name in sorted(names):
                yield template.format(n=name), answer, f"{key}, {kind}, {template}"
