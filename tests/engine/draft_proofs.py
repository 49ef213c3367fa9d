"""What the tests of drafting share: prompts that recur, all that a reply is, and what a cache should be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from app.core.reasons import StopReason
from app.core.run import Drafting
from app.engine.bindings import lib
from app.engine.prompts import Prompt
from tests.engine.conftest import Bench

MODEL = {"draft_source": "model", "draft_n_max": 5}
LOOKUP = {"draft_source": "ngram", "draft_ngram_size": 1, "draft_ngram_length": 6}
SOURCES = [pytest.param(MODEL, id="model"), pytest.param(LOOKUP, id="lookup")]
FEW = [(word, 20.0) for word in (" ba", " be", " bi", " bo", " bu")]
"""A bias towards a handful of words: then there is something to look up, and chance makes it right now and then."""
# A text that recurs, so that there is something to look up from the first token on.
PROMPTS = [
    " kato bida kato bida kato bida kato",
    "Once upon a time there was a time there was a time",
    "one two three four. one two three four. one two",
    "Hello",
]


def saying(source: dict[str, Any], **sampling: Any) -> dict[str, Any]:
    """The sampling values with which this source's guesses are right now and then."""
    few = {"logit_bias": FEW} if source["draft_source"] == "ngram" else {}
    return {"ignore_eos": True, **few, **sampling}


def said(subject: Bench, request_id: int) -> tuple[str, StopReason, int, str]:
    """All that a reply is."""
    assert subject.sink.errors == {}
    generation = subject.sink.generations[request_id]
    return (
        subject.sink.text.get(request_id, ""),
        subject.sink.ended[request_id],
        generation.n_generated,
        generation.stop_string,
    )


def drafted(subject: Bench, *request_ids: int) -> Drafting:
    """What guessing came to over these replies."""
    found = [subject.sink.generations[request_id].drafting for request_id in request_ids]
    assert None not in found
    known = [item for item in found if item is not None]
    return Drafting(
        "", sum(item.drafted_n for item in known), sum(item.accepted_n for item in known), n_steps=0
    )


def check_cells(subject: Bench) -> None:
    """Each sequence of llama.cpp's memory ends where its slot thinks it does."""
    memory = lib.llama_get_memory(subject.loaded.context)
    for slot in subject.scheduler._cache.slots:
        assert lib.llama_memory_seq_pos_max(memory, slot.seq_id) == len(slot.cached) - 1


def ask_all(subject: Bench, prompts: Iterable[str | Prompt], **sampling: Any) -> list[tuple[Any, ...]]:
    """Say them all at once."""
    ids = [subject.submit(prompt, **sampling) for prompt in prompts]
    subject.run()
    check_cells(subject)
    return [said(subject, request_id) for request_id in ids]


def say_alike(subject: Bench, plain: Bench, **sampling: Any) -> list[int]:
    """Have both answer the prompts one after another, with the same replies; the requests' ids in `subject`."""
    ids: list[int] = []
    for prompt in PROMPTS:
        ids.append(subject.submit(prompt, **sampling))
        subject.run()
        expected = plain.submit(prompt, **sampling)
        plain.run()
        assert said(subject, ids[-1]) == said(plain, expected)
        check_cells(subject)
    return ids
