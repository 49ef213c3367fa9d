"""What several replies that were generated at once came to: their speed together, and each one's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.run import Timings


@dataclass(frozen=True, slots=True)
class Reply:
    """One of them: when it came (s, on a clock that all share), and how long each token after the first took (ms)."""

    arrived_s: float
    timings: Timings
    token_ms: tuple[float, ...]

    @property
    def first_s(self) -> float:
        """When its first token was there."""
        return self.arrived_s + self.timings.ttft_ms / 1000


@dataclass(frozen=True, slots=True)
class Parallel:
    """Replies generated at once, over the steps in which all of them were.

    `token_ms` has for each reply the latencies of the same `n_tokens` steps; `first_token_ms` how long after the
    earliest arrival each had its first token; `n_prompt` is the sum of all prompts' tokens, processed by the time
    that the last one had its first token.
    """

    token_ms: tuple[tuple[float, ...], ...]
    first_token_ms: tuple[float, ...]
    n_prompt: int

    @property
    def n_tokens(self) -> int:
        """How many tokens each made while all of them were generating."""
        return len(self.token_ms[0])

    @property
    def request_per_second(self) -> tuple[float, ...]:
        """Each one's tokens per second."""
        return tuple(len(latencies) * 1000 / math.fsum(latencies) for latencies in self.token_ms)

    @property
    def total_per_second(self) -> float:
        """Tokens per second of all together."""
        return math.fsum(self.request_per_second)

    @property
    def prompt_per_second(self) -> float:
        """Prompt tokens per second of all together; the few replies that begin meanwhile take part of that time."""
        return self.n_prompt * 1000 / max(self.first_token_ms)


def together(replies: Sequence[Reply], n_tokens: int) -> Parallel | None:
    """The first `n_tokens` steps in which all `replies` were generating; of fewer such steps all; None of none.

    Replies begin one after the other, as their prompts are done, and so they end. Every step makes a token of each
    that is generating, so the steps are counted from the token that each had when the last one began.
    """
    last = max(replies, key=lambda reply: reply.first_s)
    # Tokens of one step are sampled one after the other: what comes just after the last one's first is of its step.
    begun_s = last.first_s + min(last.token_ms, default=0.0) / 2000
    starts = [_n_tokens_at(reply, begun_s) for reply in replies]
    count = min(len(reply.token_ms) - start for reply, start in zip(replies, starts, strict=True))
    count = min(count, n_tokens)
    if count < 1:
        return None
    arrived_s = min(reply.arrived_s for reply in replies)
    return Parallel(
        tuple(reply.token_ms[start : start + count] for reply, start in zip(replies, starts, strict=True)),
        tuple((reply.first_s - arrived_s) * 1000 for reply in replies),
        sum(reply.timings.prompt_n for reply in replies),
    )


def _n_tokens_at(reply: Reply, time_s: float) -> int:
    """How many tokens after the first it had made by then."""
    now_s, count = reply.first_s, 0
    for latency_ms in reply.token_ms:
        now_s += latency_ms / 1000
        if now_s > time_s:
            break
        count += 1
    return count
