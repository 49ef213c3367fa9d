"""The Guide's making, for tests: what of packaging/guide_model needs neither PyTorch nor the tokenizers library.

Its modules know each other by plain names, as they do where they are run.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
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

__all__ = [
    "TEMPLATE_KINDS", "arithmetic", "corpus", "evaluate", "knowledge", "plain", "questions", "sheets", "trained",
    "written",
]  # fmt: skip

TEMPLATE_KINDS = ("what", "effect", "cost", "up", "down", "advice", "default", "where", "range", "more")


@cache
def knowledge() -> sheets.Knowledge:
    """All that the Guide is to know, with all ways to ask for it."""
    return sheets.read(later=True)


Phrasings = dict[str, dict[str, str]]
"""For each phrasing, `plain`, its answers and where each comes from."""


@cache
def trained() -> Phrasings:
    """Every phrasing that the corpus can draw, before anything is mistyped."""
    return _by_phrasing(itertools.chain(_written(), _from_templates()))


@cache
def written() -> Phrasings:
    """Those of them that somebody wrote as they are, for one answer."""
    return _by_phrasing(_written())


def _by_phrasing(phrasings: Iterable[tuple[str, str, str]]) -> Phrasings:
    found: Phrasings = defaultdict(dict)
    for question, answer, source in phrasings:
        found[plain(question)].setdefault(answer, f"{source}: {question}")
    return dict(found)


def _written() -> Iterator[tuple[str, str, str]]:
    """(question, its answer, where it comes from)."""
    known = knowledge()
    for sheet in known.sheets:
        key = sheet.row.key
        for kind, asks in sheet.asks.items():
            for ask in asks:
                yield ask, corpus.answer(sheet, kind), f"{key}, asks of {kind}"
        for symptom in sheet.symptoms:
            for around in questions.ASKED_FOR:
                yield around.format(q=symptom), corpus.answer(sheet, "symptom"), f"{key}, symptoms"
        for particular in sheet.particulars:
            for ask in particular.asks:
                yield ask, corpus.particular_answer(sheet, particular), f"{key}, qa"
    for topic in known.topics:
        for ask in topic.asks:
            yield ask, topic.answer.plain, f"{topic.sheet}.toml, {topic.key}"
    for ask in known.unknown.singles:
        yield ask, corpus.UNKNOWN, "unknown.toml"
    for templates, words, _ in known.unknown.patterns:
        for template in templates:
            for word in words:
                yield template.replace("{x}", word), corpus.UNKNOWN, f"unknown.toml, {template}"


def _from_templates() -> Iterator[tuple[str, str, str]]:
    for sheet in knowledge().sheets:
        key = sheet.row.key
        names = {sheet.title, key, *sheet.names, *([sheet.row.cli_flag] if sheet.row.cli_flag else [])}
        for kind in TEMPLATE_KINDS:
            answer = corpus.answer(sheet, kind)
            for template in questions.split(corpus.templates(sheet, kind))[0]:
                for name in sorted(names):
                    yield template.format(n=name), answer, f"{key}, {kind}, {template}"
    for topic in knowledge().topics:
        for template in questions.split(questions.WHAT)[0]:
            for name in topic.names:
                yield (
                    template.format(n=name),
                    topic.answer.plain,
                    f"{topic.sheet}.toml, {topic.key}, {template}",
                )
