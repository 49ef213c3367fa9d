"""Nobody waits for another's prompt longer than one batch takes: counted in steps, not in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.reasons import StopReason
from app.engine.prompts import Prompt
from tests.engine.conftest import Bench

MakeBench = Callable[..., Bench]
N_CHUNK = 32


def tokens(n_tokens: int, start: int = 0) -> Prompt:
    """A prompt that shares nothing with one of another `start`."""
    return Prompt([5 + (start * 101 + index * 7) % 600 for index in range(n_tokens)])


def generated(subject: Bench) -> dict[int, int]:
    """How many tokens each running request has made."""
    running = (slot.generation for slot in subject.scheduler._cache.slots)
    return {item.request_id: item.n_generated for item in running if item is not None}


@pytest.mark.parametrize("n_batch", [N_CHUNK, 4 * N_CHUNK], ids=["one chunk", "room for more"])
@pytest.mark.parametrize("unified", [True, False], ids=["unified", "split"])
def test_every_reply_gets_a_token_in_every_step_whatever_prompts_arrive(
    tiny_model: Path, bench: MakeBench, n_batch: int, unified: bool
) -> None:
    subject = bench(
        tiny_model, n_ctx=6 * 512, n_seq_max=6, n_ubatch=N_CHUNK, n_batch=n_batch, kv_unified=unified
    )
    talking = [subject.submit(tokens(4, start), max_tokens=300, ignore_eos=True) for start in range(3)]
    while any(n == 0 for n in generated(subject).values()) or not generated(subject):
        subject.scheduler.step()
    prompts = [subject.submit(tokens(300, 10 + number), max_tokens=1) for number in range(3)]
    n_steps = 0
    while any(request_id not in subject.sink.ended for request_id in prompts):
        before, n_prompted = generated(subject), subject.scheduler.n_prompted
        subject.scheduler.step()
        after = generated(subject)
        n_steps += 1
        assert all(after[request_id] == before[request_id] + 1 for request_id in talking)
        assert 0 < subject.scheduler.n_prompted - n_prompted <= N_CHUNK
    # The prompts lose no step either: each one is filled as far as it goes beside the replies' tokens.
    n_room = min(N_CHUNK, n_batch - 3)
    assert n_steps <= -(-3 * 300 // n_room) + 3


def test_a_short_prompt_does_not_wait_for_the_end_of_long_ones(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=4096, n_seq_max=4, n_ubatch=N_CHUNK, n_batch=2 * N_CHUNK)
    long_ones = [subject.submit(tokens(900, number), max_tokens=1) for number in range(3)]
    for _ in range(4):
        subject.scheduler.step()
    short = subject.submit(tokens(N_CHUNK, 20), max_tokens=2, ignore_eos=True)
    # Its turn comes after at most one batch for each of the others, and then its second token in the next step.
    for _ in range(4 + 1):
        subject.scheduler.step()
    assert subject.sink.ended == {short: StopReason.MAX_TOKENS}
    subject.run()
    assert set(subject.sink.ended) == {*long_ones, short}


def test_long_prompts_go_forward_together(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=4096, n_seq_max=3, n_ubatch=N_CHUNK, n_batch=2 * N_CHUNK)
    ids = [subject.submit(tokens(640, number), max_tokens=1) for number in range(3)]
    done = dict.fromkeys(ids, 0)
    n_seen = 0
    for _ in range(3 * 640 // N_CHUNK):
        subject.scheduler.step()
        for request_id, n_done, _total, _cached in subject.sink.progress[n_seen:]:
            done[request_id] = n_done
        n_seen = len(subject.sink.progress)
        assert max(done.values()) - min(done.values()) <= N_CHUNK
    assert set(done.values()) == {640}


def test_requests_begin_in_the_order_in_which_they_came(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_seq_max=2, n_ctx=1024, n_ubatch=N_CHUNK, n_batch=2 * N_CHUNK)
    lengths = [200, 3, 150, 7, 2, 90]
    ids = [subject.submit(tokens(n, number), max_tokens=3) for number, n in enumerate(lengths)]
    subject.run()
    begun: list[int] = []
    for request_id, _done, _total, _cached in subject.sink.progress:
        if request_id not in begun:
            begun.append(request_id)
    assert begun == ids


def test_a_request_that_had_to_make_room_is_the_next_to_begin(tiny_model: Path, bench: MakeBench) -> None:
    """Two that together outgrow the cache, and one more that would fit at once: it must not overtake for ever."""
    subject = bench(tiny_model, n_ctx=256, n_seq_max=2, kv_unified=True, n_ubatch=N_CHUNK, n_batch=64)
    first = subject.submit(tokens(120, 1), max_tokens=100, ignore_eos=True)
    second = subject.submit(tokens(100, 2), max_tokens=100, ignore_eos=True)
    third = subject.submit(tokens(4, 3), max_tokens=4, ignore_eos=True)
    subject.run()
    assert subject.sink.errors == {}
    assert list(subject.sink.ended) == [first, second, third] or list(subject.sink.ended) == [
        first,
        third,
        second,
    ]
    begun = [request_id for request_id, *_ in subject.sink.progress]
    assert begun.index(second) < begun.index(third)
    assert subject.sink.generations[second].n_generated == 100


@pytest.mark.parametrize("n_batch", [2, 5])
def test_a_batch_hardly_larger_than_the_replies_still_takes_prompts(
    tiny_model: Path, bench: MakeBench, n_batch: int
) -> None:
    subject = bench(tiny_model, n_ctx=2048, n_seq_max=4, n_ubatch=2, n_batch=n_batch)
    talking = [subject.submit(tokens(2, start), max_tokens=400, ignore_eos=True) for start in range(3)]
    for _ in range(10):
        subject.scheduler.step()
    late = subject.submit(tokens(20, 9), max_tokens=1)
    for _ in range(25):
        subject.scheduler.step()
    assert subject.sink.ended == {late: StopReason.MAX_TOKENS}
    assert set(generated(subject)) == set(talking)


def test_replies_that_guess_ahead_stall_nobody(tiny_model: Path, bench: MakeBench) -> None:
    """Drafts make steps larger: beside a prompt none are made, and among themselves every reply has a token a step."""
    source = {
        "draft_source": "ngram",
        "draft_ngram_size": 1,
        "draft_ngram_length": 8,
        "draft_adaptive": False,
    }
    subject = bench(tiny_model, n_ctx=4096, n_seq_max=4, n_ubatch=N_CHUNK, n_batch=2 * N_CHUNK, **source)
    few = [(word, 20.0) for word in (" ba", " be", " bi")]
    talking = [
        subject.submit(tokens(4, start), max_tokens=400, ignore_eos=True, logit_bias=few)
        for start in range(3)
    ]
    for _ in range(10):
        before = generated(subject)
        subject.scheduler.step()
        assert all(generated(subject)[item] > before[item] for item in talking if before.get(item))
    late = subject.submit(tokens(300, 10), max_tokens=1)
    while late not in subject.sink.ended:
        before, n_prompted = generated(subject), subject.scheduler.n_prompted
        subject.scheduler.step()
        assert all(generated(subject)[item] == before[item] + 1 for item in talking)
        assert 0 < subject.scheduler.n_prompted - n_prompted <= N_CHUNK
    subject.run()
    assert all(subject.sink.generations[item].timings().draft_n_accepted for item in talking)
