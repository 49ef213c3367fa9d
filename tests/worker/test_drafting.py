"""Guessing ahead in a real worker: the same text, what was guessed told with it, and every request ended once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import StopReason
from app.core.run import Drafting, Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests import tiny_models
from tests.worker.receiving import until_finished

FEW = [(word, 20.0) for word in (" ba", " be", " bi")]
EXACT = {"n_ctx": 2048, "n_threads": 1, "type_k": "f32", "type_v": "f32", "flash_attn": "off"}
PROMPT = " ba be bi ba be bi ba be bi"
Start = Callable[..., WorkerClient]


@pytest.fixture
def start(tmp_path: Path, tiny_model: Path) -> Iterator[Start]:
    clients: list[WorkerClient] = []

    def begin(source: str, **values: Any) -> WorkerClient:
        drafting = {"draft_source": source, "draft_ngram_size": 1, "draft_n_max": 4, "draft_adaptive": False}
        if source == "model":
            drafting["draft_model"] = str(
                tiny_models.build_llama(tmp_path / "draft.gguf", quantisation="q8_0")
            )
        log = tmp_path / f"worker-{len(clients)}.log"
        clients.append(WorkerClient(str(tiny_model), {**EXACT, **drafting, **values}, log))
        clients[-1].start()
        return clients[-1]

    yield begin
    for client in clients:
        client.stop()
        while client.receive(0.5):
            pass


def generate(client: WorkerClient, prompt: str = PROMPT, *, draft: bool = True, **sampling: Any) -> int:
    values = {"temperature": 0.0, "max_tokens": 80, "ignore_eos": True, "logit_bias": FEW, **sampling}
    request_id = client.next_id()
    client.send(p.Generate(request_id, prompt=prompt, sampling=values, draft=draft))
    return request_id


def deltas(events: list[p.Event], request_id: int) -> list[p.TextDelta]:
    return [item for item in events if isinstance(item, p.TextDelta) and item.request_id == request_id]


def end(events: list[p.Event], request_id: int) -> p.Finished:
    return next(item for item in events if isinstance(item, p.Finished) and item.request_id == request_id)


@pytest.mark.parametrize("source", ["model", "ngram"])
def test_a_reply_is_the_same_and_tells_what_was_guessed(start: Start, source: str) -> None:
    client = start(source)
    # The draft model guesses what it holds for likely: without a bias its guesses are right at times.
    sampling = {"logit_bias": []} if source == "model" else {}
    ids = [generate(client, draft=draft, **sampling) for draft in (False, True, False)]
    events = until_finished(client, *ids)
    texts = ["".join(delta.text for delta in deltas(events, item)) for item in ids]
    assert texts[0] == texts[1] == texts[2]

    told = end(events, ids[1])
    timings, drafting = Timings.from_dict(told.timings), Drafting.from_dict(told.drafting or {})
    assert 0 < drafting.accepted_n < drafting.drafted_n
    assert (timings.draft_n, timings.draft_n_accepted) == (drafting.drafted_n, drafting.accepted_n)
    assert drafting.accepted_n + drafting.n_steps == 80 - 1  # the first token came with the prompt
    assert sum(right for _, right in drafting.by_position) == drafting.accepted_n
    guessed = deltas(events, ids[1])
    assert sum(delta.n_tokens for delta in guessed) == timings.predicted_n == 80
    assert sum(len(delta.token_ms) for delta in guessed) == 79
    marked = "".join(delta.text[first:last] for delta in guessed for first, last in delta.drafted)
    # Each token of this vocabulary is a word or a mark.
    assert len(re.findall(r" \w+|[.,!?\n]", marked)) == drafting.accepted_n

    for plain in (ids[0], ids[2]):
        assert end(events, plain).drafting is None
        assert end(events, plain).timings["draft_n"] == 0
        assert not any(delta.drafted for delta in deltas(events, plain))


def test_cancelling_one_of_several_ends_it_once_and_leaves_the_others(start: Start) -> None:
    client = start("ngram", n_seq_max=3)
    staying = [generate(client, f"{number}{PROMPT}") for number in range(2)]
    leaving = generate(client, max_tokens=1500)
    events: list[p.Event] = []
    while sum(len(delta.text) for delta in deltas(events, leaving)) < 200:
        events += client.receive(20.0)
    client.send(p.Cancel(leaving))
    client.send(p.Cancel(leaving))
    events += until_finished(client, leaving, *(item for item in staying if not _has_ended(events, item)))
    again = [generate(client, f"{number}{PROMPT}", draft=False) for number in range(2)]
    events += until_finished(client, *again)
    assert end(events, leaving).reason == StopReason.CANCELLED
    for one, other in zip(staying, again, strict=True):
        assert [delta.text for delta in deltas(events, one)] != []
        assert "".join(delta.text for delta in deltas(events, one)) == "".join(
            delta.text for delta in deltas(events, other)
        )
    endings = Counter(event.request_id for event in events if isinstance(event, p.Finished))
    assert set(endings.values()) == {1}


def _has_ended(events: list[p.Event], request_id: int) -> bool:
    return any(isinstance(event, p.Finished) and event.request_id == request_id for event in events)


def test_a_measurement_is_not_helped_by_guesses(start: Start) -> None:
    client = start("ngram")
    request_id = client.next_id()
    client.send(p.Bench(request_id, 40, 20))
    told = end(until_finished(client, request_id), request_id)
    assert told.drafting is None
    assert len(told.token_ms) == 20
