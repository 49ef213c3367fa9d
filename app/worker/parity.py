"""Runs a parity check: every way of producing the same replies, in one worker process after another.

Plain Python for the command line and the window alike; `run` blocks.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.gguf import GgufError, ModelFacts
from app.core.parity import (
    Comparison,
    Noted,
    Report,
    Result,
    Untested,
    Verdict,
    Way,
    compare,
    judged,
    tolerance_of,
    with_texts,
)
from app.core.parity_plan import (
    Asking,
    Check,
    ParityError,
    Progress,
    Variant,
    first_variants,
    further_variants,
)
from app.core.reasons import FailureKind, Overflow
from app.core.run import Got, Reuse, Timings
from app.core.vocabulary import read_vocabulary
from app.worker import protocol as p
from app.worker.client import WorkerClient

_SAVES_S = 30.0  # how long a worker may take to write its states
_WAIT_S = 0.05  # how late a cancel may be noticed
_DELTAS_PER_S = 2.0  # nobody reads along
_N_WARMING = 4  # tokens generated after half a prompt, which the whole one then has to cut back
_GUESSING = (Way.DRAFT, Way.HEADS, Way.LOOKUP)
_SOURCES = {Way.RESTORE: "memory", Way.REOPEN: "disk"}  # `core.run.Reuse.source` of what is to be tried
_DISK_BYTES = 1 << 40  # of the states that are kept for a moment: all
_NOTHING_KEPT = p.KeptStates(least_tokens=1)

Further = Callable[..., list[Variant]]


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """It was called off."""


@dataclass(slots=True)
class _Reply:
    tokens: list[Noted] = field(default_factory=list[Noted])
    timings: Timings = field(default_factory=Timings)
    source: str = ""  # of what was reused, `core.run.Reuse.source`


class _Refused(Exception):  # noqa: N818 - told in the report
    def __init__(self, kind: str, message: str, detail: str) -> None:
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail


class ParityRun:
    """One check, run once."""

    def __init__(
        self,
        check: Check,
        log_path: Path,
        on_progress: Callable[[Progress], None] = lambda _: None,
        *,
        is_called_off: Callable[[], bool] = lambda: False,
        first: Callable[[Mapping[str, Any], ModelFacts], list[Variant]] = first_variants,
        further: Further = further_variants,
    ) -> None:
        """`is_called_off` is asked often; `first` and `further` choose the ways; the workers write to `log_path`."""
        self._check = check
        self._log_path = log_path
        self._on_progress = on_progress
        self._is_called_off = is_called_off
        self._first, self._further = first, further
        self._n_done = self._n_ways = 0
        self._base: list[_Reply] = []
        self._comparisons: dict[Way, Comparison] = {}
        self._counted: dict[Way, Result] = {}

    def run(self) -> Report:
        """Try every way.

        Raises:
            ParityError: the base could not be loaded or asked.
            Cancelled: it was called off.
        """
        check = self._check
        first = self._first(check.values, check.facts)
        upper = self._further(check.values, check.facts, has_flash_attention=True)
        self._n_ways = sum(not variant.untested for variant in [*first, *upper])
        got = self._run_first(first)
        further = self._further(check.values, check.facts, has_flash_attention=got.flash_attention)
        self._n_ways = len(first) + sum(not variant.untested for variant in further)
        for variant in further:
            if variant.untested:
                self._counted[variant.way] = _untested(variant, variant.untested)
            else:
                self._run_further(variant, got)
        return self._report([*first, *further], got)

    def _run_first(self, variants: list[Variant]) -> Got:
        base = variants[0]
        try:
            with self._worker(base) as worker:
                for variant in variants:
                    self._tell(variant.way)
                    try:
                        self._try(variant, worker)
                    except _Refused as refused:
                        if variant is base or refused.kind == FailureKind.WORKER_LOST:
                            raise
                        self._counted[variant.way] = _untested(variant, Untested.FAILED, refused.message)
                    self._n_done += 1
                return worker.got
        except _Refused as refused:
            raise ParityError(refused.kind, refused.message, refused.detail) from None

    def _run_further(self, variant: Variant, got: Got) -> None:
        try:
            with self._states(variant) as kept, self._worker(variant, kept) as worker:
                if variant.way is Way.FLASH and worker.got.flash_attention == got.flash_attention:
                    self._counted[variant.way] = _untested(variant, Untested.SAME_ATTENTION)
                else:
                    self._tell(variant.way)
                    self._try(variant, worker)
        except _Refused as refused:
            self._counted[variant.way] = _untested(variant, Untested.FAILED, refused.message)
        self._n_done += 1

    def _try(self, variant: Variant, worker: _Worker) -> None:
        replies = worker.replies(variant, self._check, lambda n: self._tell(variant.way, n))
        if variant.way is Way.BASE:
            self._base = replies
        timings = [reply.timings for reply in replies]
        source = _SOURCES.get(variant.way)
        reused = [reply.timings for reply in replies if source is None or reply.source == source]
        comparison = compare([r.tokens for r in self._base], [r.tokens for r in replies])
        self._comparisons[variant.way] = comparison
        self._counted[variant.way] = Result(
            variant.way,
            Verdict.EQUAL,
            prompt_n=sum(item.prompt_n + item.cached_n for item in timings),
            cached_n=sum(item.cached_n for item in reused),
            drafted_n=sum(item.draft_n for item in timings),
            accepted_n=sum(item.draft_n_accepted for item in timings),
            load=variant.load,
        )

    # -- the report -----------------------------------------------------------------------------------------

    def _report(self, variants: list[Variant], got: Got) -> Report:
        check = self._check
        tolerance = tolerance_of(self._comparisons, has_flash_attention=got.flash_attention)
        results = [self._judged(variant.way, tolerance) for variant in variants]
        tokens = {
            token
            for result in results
            if result.divergence is not None
            for token in (result.divergence.token, result.divergence.other_token)
        }
        texts = _texts(check.facts.path, tokens)
        return Report(
            check.facts.path,
            len(check.prompts),
            check.max_tokens,
            tolerance,
            tuple(with_texts(result, texts) for result in results),
            {**check.values, "flash_attention": got.flash_attention},
        )

    def _judged(self, way: Way, tolerance: Any) -> Result:
        counted = self._counted[way]
        if counted.untested:
            return counted
        found = judged(way, self._comparisons[way], tolerance)
        found = replace(
            found,
            prompt_n=counted.prompt_n,
            cached_n=counted.cached_n,
            drafted_n=counted.drafted_n,
            accepted_n=counted.accepted_n,
            load=counted.load,
        )
        untested = _vacuous(found)
        if untested and found.verdict != Verdict.DEFECT:
            return replace(found, verdict=Verdict.NOT_TESTED, untested=untested)
        return found

    def _tell(self, way: Way, n_replies: int = 0, fraction: float | None = None) -> None:
        n_wanted = len(self._check.prompts)
        self._on_progress(Progress(way, self._n_done, self._n_ways, n_replies, n_wanted, fraction))

    @contextlib.contextmanager
    def _states(self, variant: Variant) -> Generator[p.KeptStates]:
        """Where states are kept, also those too short to be worth it; to reopen one, there must be one."""
        if variant.asking is not Asking.REOPEN:
            yield _NOTHING_KEPT
            return
        with tempfile.TemporaryDirectory(prefix="parity-", dir=self._log_path.parent) as folder:
            kept = p.KeptStates(folder, _DISK_BYTES, 1)
            with self._worker(variant, kept) as worker:
                worker.replies(variant, self._check, lambda _: None)
            yield kept

    @contextlib.contextmanager
    def _worker(self, variant: Variant, kept: p.KeptStates = _NOTHING_KEPT) -> Generator[_Worker]:
        client = WorkerClient(self._check.facts.path, variant.load, self._log_path, kept=kept)
        client.start()
        try:
            worker = _Worker(client, self._is_called_off)
            worker.load(lambda fraction: self._tell(variant.way, fraction=fraction))
            yield worker
        finally:
            client.stop(save_s=0.0 if self._is_called_off() else _SAVES_S)
            client.receive(0)  # lets go of the queue


class _Worker:
    """One worker process as a check uses it."""

    def __init__(self, client: WorkerClient, is_called_off: Callable[[], bool]) -> None:
        self._client = client
        self._is_called_off = is_called_off
        self._received: deque[p.Event] = deque()
        self.got: Got

    def load(self, on_progress: Callable[[float], None]) -> None:
        """Wait until the model is loaded."""
        for event in self._events():
            if isinstance(event, p.LoadProgress):
                on_progress(event.fraction)
            elif isinstance(event, p.Loaded):
                self.got = Got.from_dict(event.got)
                return
            elif isinstance(event, p.LoadFailed):
                raise self._refusal(event)

    def replies(self, variant: Variant, check: Check, on_reply: Callable[[int], None]) -> list[_Reply]:
        """The replies to all prompts, in their order."""
        halves = [_half(prompt) for prompt in check.prompts]
        if variant.asking in {Asking.AT_ONCE, Asking.AT_ONCE_REUSE}:
            if variant.asking is Asking.AT_ONCE_REUSE:
                self._ask([self._request(half, variant, check, n_tokens=_N_WARMING) for half in halves])
            requests = [self._request(prompt, variant, check) for prompt in check.prompts]
            return self._ask(requests, on_reply)
        if variant.asking is Asking.RESTORE:
            for prompt in check.prompts:
                self._ask([self._request(prompt, variant, check)])
        replies: list[_Reply] = []
        is_reopened = variant.asking is Asking.REOPEN  # what belongs to no conversation is not kept on disk
        for prompt, half in zip(check.prompts, halves, strict=True):
            if variant.asking is Asking.REPLAY:
                self._ask([self._request(prompt, variant, check, is_fresh=True)])
            elif variant.asking is Asking.REUSE:
                self._ask([self._request(half, variant, check, n_tokens=_N_WARMING)])
            name = f"parity {len(replies)}" if is_reopened else ""
            request = self._request(prompt, variant, check, conversation=name)
            replies += self._ask([request], n_before=len(replies))
            on_reply(len(replies))
        return replies

    def _request(
        self,
        prompt: str,
        variant: Variant,
        check: Check,
        *,
        n_tokens: int | None = None,
        is_fresh: bool | None = None,
        conversation: str = "",
    ) -> p.Generate:
        if is_fresh is None:
            is_fresh = variant.asking in {Asking.FRESH, Asking.AT_ONCE}
        limit = check.max_tokens if n_tokens is None else n_tokens
        return p.Generate(
            self._client.next_id(),
            messages=() if check.is_raw else ({"role": "user", "content": prompt},),
            prompt=prompt if check.is_raw else None,
            sampling={"temperature": 0.0, "seed": 1, **variant.sampling, "max_tokens": limit},
            overflow=Overflow.STOP,
            deltas_per_s=_DELTAS_PER_S,
            conversation=conversation,
            fresh=is_fresh,
            draft=variant.may_draft,
            trace=True,
        )

    def _ask(
        self,
        requests: Sequence[p.Generate],
        on_reply: Callable[[int], None] = lambda _: None,
        *,
        n_before: int = 0,
    ) -> list[_Reply]:
        replies = {request.request_id: _Reply() for request in requests}
        for request in requests:
            self._client.send(request)
        n_ended = 0
        for event in self._events():
            reply = replies.get(event.request_id)
            if reply is None:
                continue
            if isinstance(event, p.TokenTrace):
                reply.tokens += event.tokens
            elif isinstance(event, p.Failed):
                raise self._refusal(event, n_before + [*replies].index(event.request_id) + 1)
            elif isinstance(event, p.Finished):
                reply.timings = Timings.from_dict(event.timings)
                reply.source = Reuse.from_dict(event.reuse or {}).source
                n_ended += 1
                on_reply(n_ended)
                if n_ended == len(replies):
                    break
        return list(replies.values())

    def _events(self) -> Iterator[p.Event]:
        while True:
            while self._received:
                yield self._received.popleft()
            self._received += self._client.receive(_WAIT_S)
            if self._is_called_off():
                raise Cancelled

    def _refusal(self, event: p.Failed | p.LoadFailed, number: int = 0) -> _Refused:
        """What to say of it: of the prompt with this number (from 1) or of loading; how a worker that is gone ended."""
        message = f"prompt {number}: {event.message}" if number else event.message
        if event.kind == FailureKind.WORKER_LOST:
            for exited in [*self._received, *self._client.receive(0)]:
                if isinstance(exited, p.Exited):
                    message += f" ({exited.signal_name or f'exit code {exited.exit_code}'})"
        return _Refused(event.kind, message, event.detail)


def _half(prompt: str) -> str:
    """The beginning of a prompt, which shares all but its last tokens with it."""
    return prompt[: max(1, len(prompt) // 2)]


def _untested(variant: Variant, why: str, message: str = "") -> Result:
    return Result(variant.way, Verdict.NOT_TESTED, untested=why, message=message, load=variant.load)


def _vacuous(result: Result) -> str:
    """Why a comparison says nothing about its way, "" where it does."""
    if result.way in _GUESSING and not result.drafted_n:
        return Untested.NOTHING_GUESSED
    if result.way in {Way.REUSE, Way.REPLAY} and not result.cached_n:
        return Untested.NOTHING_REUSED
    if result.way in _SOURCES and not result.cached_n:
        return Untested.NOTHING_RESTORED
    if result.way == Way.TOGETHER and not result.cached_n and not result.drafted_n:
        return Untested.NOTHING_GUESSED
    return ""


def _texts(path: str, tokens: set[int]) -> dict[int, str]:
    if not tokens:
        return {}
    try:
        vocabulary = read_vocabulary(path)
    except GgufError:  # it was loaded a moment ago; the ids say it too
        return {}
    return {token: vocabulary.text(token) for token in tokens}
