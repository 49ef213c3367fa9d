"""Several replies side by side: which of their steps count, and what speed those make."""

from __future__ import annotations

import math

import pytest

from app.core.parallel import Reply, together
from app.core.run import Timings


def reply(arrived_s: float, ttft_ms: float, *token_ms: float, n_prompt: int = 10) -> Reply:
    return Reply(arrived_s, Timings(prompt_n=n_prompt, ttft_ms=ttft_ms), token_ms)


def test_one_reply_alone_is_its_own_speed() -> None:
    run = together([reply(5.0, 100.0, 10.0, 30.0, 20.0)], 3)
    assert run is not None
    assert run.total_per_second == pytest.approx(50.0)
    assert run.request_per_second == (pytest.approx(50.0),)
    assert run.prompt_per_second == pytest.approx(100.0)
    assert run.n_tokens == 3


def test_only_steps_in_which_all_generate_are_counted() -> None:
    # The first one makes two tokens, of 100 ms each, while the second one's prompt is processed.
    first = reply(0.0, 50.0, 100.0, 100.0, 10.0, 10.0, 10.0)
    second = reply(0.001, 249.0, 10.0, 10.0, 10.0, 10.0, 10.0)
    run = together([first, second], 100)
    assert run is not None
    assert run.token_ms == ((10.0, 10.0, 10.0), (10.0, 10.0, 10.0))
    assert run.total_per_second == pytest.approx(200.0)
    assert run.first_token_ms == (pytest.approx(50.0), pytest.approx(250.0))
    assert run.n_prompt == 20
    assert run.prompt_per_second == pytest.approx(80.0)


@pytest.mark.parametrize("offset_ms", [-0.5, 0.5])
def test_a_token_of_the_same_step_counts_as_of_that_step(offset_ms: float) -> None:
    """Whether a slot is sampled before or after the one that begins must not add a prompt's step to its latencies."""
    talking = reply(0.0, 50.0, 200.0 + offset_ms, 10.0, 10.0)
    beginning = reply(0.0, 250.0, 10.0, 10.0)
    run = together([talking, beginning], 2)
    assert run is not None
    assert run.token_ms == ((10.0, 10.0), (10.0, 10.0))


def test_the_steps_are_the_same_number_for_all() -> None:
    run = together([reply(0.0, 10.0, *[5.0] * 20), reply(0.0, 30.0, *[5.0] * 20)], 12)
    assert run is not None
    assert [len(latencies) for latencies in run.token_ms] == [12, 12]
    assert math.isclose(run.total_per_second, sum(run.request_per_second))


def test_replies_that_never_generate_at_once_have_no_speed_together() -> None:
    assert together([reply(0.0, 10.0, 5.0, 5.0), reply(1.0, 10.0, 5.0, 5.0)], 8) is None
    assert together([reply(0.0, 10.0)], 8) is None
