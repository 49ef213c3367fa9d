"""One generation under way: what is still to decode, its sampler, its text and its clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core.reasons import Overflow, StopReason
from app.core.run import Drafting, Reuse, Timings
from app.engine.draft_tally import DraftTally
from app.engine.errors import EngineError
from app.engine.lookup import Lookup
from app.engine.prompts import Prompt
from app.engine.sampler import Sampler
from app.engine.text import TextStream

_MAX_DELTA_TOKENS = 100
_MAX_DELTA_CHARS = 800
"""Keep a delta under 4 KB as pickled, four bytes a character and nine a latency."""


class Sink(Protocol):
    """Where a scheduler reports to; each call is for the generation with id `request_id`."""

    def on_prompt(self, request_id: int, n_done: int, n_total: int, n_cached: int) -> None:
        """`n_done` of `n_total` prompt tokens are in the cache."""
        ...

    def on_trimmed(self, request_id: int, policy: Overflow, n_messages: int, n_tokens: int) -> None:
        """Part of the conversation was left out to fit the context."""
        ...

    def on_text(
        self,
        request_id: int,
        text: str,
        n_tokens: int,
        token_ms: tuple[float, ...],
        drafted: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """New text, and the latencies of its tokens (the first token of a reply has none).

        `drafted` has the ranges (start, end) of the text that were guessed rightly.
        """
        ...

    def on_finished(self, generation: Generation, reason: StopReason) -> None:
        """It ended well; `generation.timings()` and `.stop_string` are final."""
        ...

    def on_failed(self, request_id: int, error: EngineError) -> None:
        """It could not be produced."""
        ...


@dataclass(slots=True)
class Generation:
    """One request in the scheduler.

    `todo` holds the tokens to decode next: the rest of the prompt, or the one sampled last. `settings` are the
    complete sampling values. `fresh` starts from an empty cache (for measuring). `draft` are the guesses that are
    decoded behind `todo` in this step; none are made where `may_draft` is False.
    """

    request_id: int
    prompt: Prompt
    settings: dict[str, Any]
    sampler: Sampler
    stream: TextStream
    sink: Sink
    overflow: Overflow = Overflow.STOP
    interval_s: float = 1 / 30
    fresh: bool = False
    collect_latencies: bool = False
    may_draft: bool = True
    conversation: str = ""
    messages: tuple[dict[str, str], ...] = ()  # what the prompt was written from
    trace: Any = None  # an engine.trace.Trace, where the tokens' logits are wanted
    arrived_s: float = field(default_factory=time.perf_counter)

    todo: list[int] = field(init=False)
    draft: list[int] = field(default_factory=list[int])
    draft_kinds: list[int] = field(default_factory=list[int])
    has_drafted: bool = False
    n_before_step: int = 0  # tokens generated before the step that is under way
    guesser: Lookup | None = None
    tally: DraftTally | None = None
    drafting: Drafting | None = None  # what the tally came to, at the end
    reuse: Reuse | None = None
    n_cached: int = -1
    n_generated: int = 0
    all_ms: list[float] = field(default_factory=list[float])
    _started_s: float = 0.0
    _first_s: float = 0.0
    _last_s: float = 0.0
    _ended_s: float = 0.0
    _flushed_s: float = 0.0
    _text: list[str] = field(default_factory=list[str])
    _n_chars: int = 0
    _token_ms: list[float] = field(default_factory=list[float])
    _drafted: list[tuple[int, int]] = field(
        default_factory=list[tuple[int, int]]
    )  # of the reply's whole text
    _n_decoded: int = 0  # characters of the text up to the last token, those held back included
    _n_sent: int = 0
    _n_unsent: int = 0

    def __post_init__(self) -> None:
        self.todo = list(self.prompt.tokens)

    @property
    def is_prompting(self) -> bool:
        """Whether the first token is still to come."""
        return self.n_generated == 0

    @property
    def max_tokens(self) -> int:
        """The most tokens to generate; without a limit, more than any context holds."""
        limit = self.settings["max_tokens"]
        return limit if limit is not None and limit >= 0 else 1 << 40

    def start(self, n_cached: int) -> None:
        """Its prompt begins to be processed; `n_cached` tokens need not be."""
        if self.n_cached < 0:
            self.n_cached = n_cached
            self._started_s = time.perf_counter()

    def add(self, text: str, *, is_drafted: bool = False) -> None:
        """Take in the next token's text and send what is due: the first token at once, then at the set rate.

        `text` is what the stream let go with the token; which of it is the token's own the stream knows.
        """
        now_s = time.perf_counter()
        self.n_generated += 1
        self._n_unsent += 1
        if self.n_generated == 1:
            self._first_s = now_s
        else:
            latency_ms = (now_s - self._last_s) * 1000
            self._token_ms.append(latency_ms)
            if self.collect_latencies:
                self.all_ms.append(latency_ms)
        self._last_s = now_s
        n_before, self._n_decoded = self._n_decoded, self.stream.n_decoded
        if is_drafted and self._n_decoded > n_before:
            self._drafted.append((n_before, self._n_decoded))
        if text:
            self._text.append(text)
            self._n_chars += len(text)
        due = self.n_generated == 1 or now_s - self._flushed_s >= self.interval_s
        if due or self._n_unsent >= _MAX_DELTA_TOKENS or self._n_chars >= _MAX_DELTA_CHARS:
            self.flush()

    def flush(self) -> None:
        """Send the text and latencies not yet sent."""
        self._flushed_s = self._last_s
        if not self._n_unsent and not self._text:
            return
        text = "".join(self._text)
        n_pieces = max(1, -(-len(text) // _MAX_DELTA_CHARS))
        for piece in range(n_pieces):
            start = piece * _MAX_DELTA_CHARS
            end = min(start + _MAX_DELTA_CHARS, len(text))
            is_last = piece == n_pieces - 1
            self.sink.on_text(
                self.request_id,
                text[start:end],
                self._n_unsent if is_last else 0,
                tuple(self._token_ms) if is_last else (),
                _ranges(self._drafted, self._n_sent + start, self._n_sent + end),
            )
        self._n_sent += len(text)
        self._text.clear()
        self._token_ms.clear()
        self._drafted = [item for item in self._drafted if item[1] > self._n_sent]
        self._n_chars = self._n_unsent = 0

    def end(self, reason: StopReason) -> None:
        """Send the rest and report the end."""
        rest = self.stream.finish()
        if rest:
            self._text.append(rest)
        self.flush()
        self._ended_s = time.perf_counter()
        self.sampler.close()
        self.sink.on_finished(self, reason)

    def fail(self, error: EngineError) -> None:
        """Send the rest and report the failure."""
        self.flush()
        self.sampler.close()
        self.sink.on_failed(self.request_id, error)

    @property
    def stop_string(self) -> str:
        """The stop string that ended it, or ""."""
        return self.stream.stop_string

    def timings(self) -> Timings:
        """What was measured; times are ms. An ended prompt counts as processed up to where it was cancelled."""
        ended_s = self._ended_s or time.perf_counter()
        cached_n = max(self.n_cached, 0)
        started_s = self._started_s or ended_s
        prompt_end_s = self._first_s or ended_s
        processed_n = len(self.prompt.tokens) - cached_n - (len(self.todo) if self.is_prompting else 0)
        return Timings(
            prompt_n=max(processed_n, 0) if self.n_cached >= 0 else 0,
            cached_n=cached_n,
            prompt_ms=(prompt_end_s - started_s) * 1000,
            predicted_n=self.n_generated,
            predicted_ms=(self._last_s - self._first_s) * 1000 if self.n_generated else 0.0,
            ttft_ms=(self._first_s - self.arrived_s) * 1000 if self.n_generated else 0.0,
            total_ms=(ended_s - self.arrived_s) * 1000,
            draft_n=self.tally.n_drafted if self.tally else 0,
            draft_n_accepted=self.tally.n_accepted if self.tally else 0,
        )


def _ranges(ranges: list[tuple[int, int]], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """What of `ranges` lies between `start` and `end`, counted from `start`, neighbours joined."""
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        first, last = max(first, start) - start, min(last, end) - start
        if first >= last:
            continue
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)
