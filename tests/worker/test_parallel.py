"""Several requests at once in a real worker: who waits for whom, told by the order of the events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests.worker.receiving import until_finished

N_CHUNK = 32


@pytest.fixture
def worker(tmp_path: Path, tiny_model: Path) -> Iterator[WorkerClient]:
    values = {"n_ctx": 4096, "n_threads": 1, "n_ubatch": N_CHUNK, "n_batch": 64, "n_seq_max": 4}
    with WorkerClient(str(tiny_model), values, tmp_path / "worker.log") as client:
        yield client
    client.receive(0)


def test_a_reply_goes_on_between_any_two_parts_of_anothers_prompt(worker: WorkerClient) -> None:
    talking, reading = worker.next_id(), worker.next_id()
    sampling = {"temperature": 0.0, "max_tokens": 200, "ignore_eos": True}
    talk = p.Generate(talking, prompt="Once", sampling=sampling, deltas_per_s=0.0)
    read = p.Generate(
        reading, prompt="A much longer text. " * 60, sampling={"max_tokens": 1, "temperature": 0}
    )
    worker.send(p.Together((talk, read)))
    events = until_finished(worker, talking, reading)
    parts = [
        number
        for number, event in enumerate(events)
        if isinstance(event, p.PromptProgress) and event.request_id == reading
    ]
    done = [
        event.n_done
        for event in events
        if isinstance(event, p.PromptProgress) and event.request_id == reading
    ]
    assert len(parts) > 10
    assert all(0 <= after - before <= N_CHUNK for before, after in itertools.pairwise(done))
    for start, end in itertools.pairwise(parts[1:]):
        between = events[start:end]
        n_tokens = sum(
            event.n_tokens
            for event in between
            if isinstance(event, p.TextDelta) and event.request_id == talking
        )
        assert n_tokens == 1  # a step, and a token of the reply, for each part of the prompt


def test_requests_of_one_measurement_can_be_laid_side_by_side(worker: WorkerClient) -> None:
    """Each ends with when it came, on one clock, and random prompts that differ, so that nothing is shared."""
    ids = [worker.next_id() for _ in range(3)]
    worker.send(p.Together(tuple(p.Bench(request_id, 50, 10, seed) for seed, request_id in enumerate(ids))))
    events = until_finished(worker, *ids)
    ends = [event for event in events if isinstance(event, p.Finished)]
    arrivals = {event.request_id: event.arrived_s for event in ends}
    assert arrivals[ids[0]] <= arrivals[ids[1]] <= arrivals[ids[2]]
    assert min(arrivals.values()) > 0
    assert all(event.timings["prompt_n"] == 50 and len(event.token_ms) == 10 for event in ends)
    texts = {
        request_id: "".join(
            event.text
            for event in events
            if isinstance(event, p.TextDelta) and event.request_id == request_id
        )
        for request_id in ids
    }
    assert len(set(texts.values())) == 3
