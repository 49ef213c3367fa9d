"""Whether ways of producing the same reply produce the same reply, and whether what differs is rounding or a defect.

Floating-point sums depend on their order, and a batch of another size, flash attention or a cache that is shared adds
up in another order. So two faultless ways can differ in a logit's last bits, and where two tokens are almost equally
likely, in the token. How much that is depends on the model: in one with f16 weights logits that reach 24 moved by
0.02, in the same one as Q8_0 or Q4_0 by 0.24, since what is multiplied is rounded to 8 bits there and a last bit
decides which way. It is therefore measured for the very model, settings and prompts, by what can do nothing but round
otherwise (`Way.NUDGE` and `Way.BATCHES`), and a way is a defect when its logits differ by `FACTOR` times more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.core.run import percentile

FACTOR = 4.0
"""The tolerance, in units of the measured rounding.

tests/benchmarks/parity_noise.py measures it; on a CPU, 8 prompts of 64 tokens each, with weights f32, f16, q8_0 and
q4_0 and KV caches f16, q8_0 and q4_0: with slots or flash attention off the largest difference was at most 1.4 times
that of the ways that measure (2.1 times in models with random weights). With a defect, RoPE's base at half its value,
it was 73 times that with f16 weights and 5 times with quantised ones (random weights: from 2.4 times, which is beyond
`CEILING`).
"""

FLOOR = 2.0**-10
"""The least tolerance, as a share of the largest logit: one step of f16, in which KV caches and matrices are kept."""

FLOOR_UNMEASURED = 2.0**-5
"""The least tolerance where `Way.NUDGE` cannot be run: small batches alone round alike in some models."""

FLOOR_FLASH = 2.0**-6
"""The least tolerance with flash attention: llama.cpp's kernels for it keep sums in f16 that are f32 without it
(`VKQ16` in ggml-cpu/ops.cpp), and scale them anew at every larger score, so that the order of the cells matters,
which is another one in a cache that slots share. In models with f16 or quantised weights more than that is rounded
anyway; with f32 weights it was up to 0.006 of the largest logit between on and off, and 0.004 between one slot and
several, which without it was 6 and 34 times less, and nothing like it in the ways that measure.
"""

CEILING = 1 / 8
"""The largest tolerance, as a share of the largest logit: whatever was measured, more than that is not rounding."""

NUDGE = 1e-5
"""How much `Way.NUDGE` moves RoPE's base: enough to turn last bits everywhere. Ten times less turned none in one model,
ten times more no further ones in the trained models.
"""

Noted = tuple[float, ...]
"""A token and its logit, then its rivals and theirs (`engine.trace.Trace`)."""

Trace = Sequence[Noted]
"""A reply."""


class Way(StrEnum):
    """A way of producing a reply; what a report has a line of."""

    BASE = "base"  # one slot, nothing reused, nothing guessed: what the others are held against
    REPEAT = "repeat"  # the same again: whether this machine computes the same twice
    NUDGE = "nudge"  # RoPE's base moved by `NUDGE`: what rounding does
    BATCHES = "batches"  # prompts read a few tokens at a time: what rounding does
    REPLAY = "replay"  # the same prompt again, all of it in the cache
    REUSE = "reuse"  # a prompt whose beginning is in the cache
    RESTORE = "restore"  # a prompt whose state went to main memory and came back
    REOPEN = "reopen"  # a prompt whose state another process left on disk
    DRAFT = "draft"  # guesses by the draft model
    HEADS = "heads"  # guesses by the model's own heads; only of models that have some
    LOOKUP = "lookup"  # guesses from the text so far
    SLOTS = "slots"  # all prompts at once
    FLASH = "flash"  # flash attention the other way
    TOGETHER = "together"  # guesses, reuse and slots at once


MEASURING = (Way.NUDGE, Way.BATCHES)
"""The ways that can do nothing but round otherwise."""

EXACT = (Way.REPEAT, Way.REPLAY)
"""The ways that compute the very same, in the same order: nothing may differ."""


class Verdict(StrEnum):
    """What is to be thought of a way."""

    EQUAL = "equal"  # the same tokens, the logits within the tolerance
    ROUNDING = "rounding"  # other tokens, where rounding explains the choice
    DEFECT = "defect"  # more than rounding can do
    NOT_TESTED = "not_tested"  # `Untested` says why


class Untested(StrEnum):
    """Why a way was not tried."""

    NO_DRAFT_MODEL = "no_draft_model"  # none is set
    NOTHING_GUESSED = "nothing_guessed"
    NOTHING_REUSED = "nothing_reused"
    NOTHING_RESTORED = "nothing_restored"  # no state came back from main memory or disk
    QUANTISED_V = "quantised_v"  # flash attention cannot be off with such a cache
    SAME_ATTENTION = "same_attention"  # llama.cpp kept flash attention as it was
    NO_ROPE = "no_rope"  # the header names no frequency to move
    FAILED = "failed"  # it could not be run; the message is llama.cpp's or the worker's


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a way first goes wrong: the token at `position` (from 0) of the reply to prompt `prompt` (from 0).

    `gap` is how far the base's logits had its token above the other one, `other_gap` how far the way's logits had its
    own above the base's; where the rival was not among the noted ones the gap is at least that (`is_at_least`).
    The same token on both sides means that only the logits differ, by too much; -1 stands for a reply that had ended.
    `difference` is the largest difference of one logit there.
    """

    prompt: int
    position: int
    token: int
    other_token: int
    gap: float
    other_gap: float
    difference: float
    is_at_least: bool = False
    text: str = ""
    other_text: str = ""

    @property
    def swing(self) -> float:
        """How far the two tokens moved against each other between the two ways."""
        return self.gap + self.other_gap if self.token != self.other_token else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A way's replies beside the base's, as far as the tokens agree and one further, where the prompts are the same.

    `differences` has per reply the largest difference of a logit at each such position; `divergences` per reply that
    has other tokens the first one. `largest_logit` is the largest absolute value in both.
    """

    tokens: tuple[tuple[int, ...], ...]  # the base's, at the positions compared
    differences: tuple[tuple[float, ...], ...]
    divergences: tuple[Divergence, ...]
    largest_logit: float

    @property
    def n_tokens(self) -> int:
        """How many tokens could be compared."""
        return sum(len(reply) for reply in self.differences)

    @property
    def n_same(self) -> int:
        """How many replies have the same tokens."""
        return len(self.differences) - len(self.divergences)

    @property
    def noise(self) -> float:
        """The largest difference of one logit, 0 of nothing."""
        return max((max(reply, default=0.0) for reply in self.differences), default=0.0)

    @property
    def typical(self) -> float:
        """The median of the positions' largest differences."""
        every = [difference for reply in self.differences for difference in reply]
        return percentile(every, 0.5) if every else 0.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far one logit may be from another that only rounding sets apart.

    `noise` is what was measured, `largest_logit` the scale of it, `floor` the least share of it; `is_deterministic`
    says whether the same was computed twice to the bit.
    """

    noise: float
    largest_logit: float
    is_deterministic: bool = True
    floor: float = FLOOR

    @property
    def logit(self) -> float:
        """`FACTOR` times the noise, within `floor` and `CEILING`."""
        return self._at_least(self.floor)

    def of(self, way: Way) -> float:
        """What a logit may differ by in this way: nothing where the very same is computed."""
        if way in EXACT and self.is_deterministic:
            return 0.0
        return self._at_least(max(self.floor, FLOOR_FLASH) if way is Way.FLASH else self.floor)

    def _at_least(self, floor: float) -> float:
        wanted = max(FACTOR * self.noise, floor * self.largest_logit)
        return min(wanted, CEILING * self.largest_logit)


@dataclass(frozen=True, slots=True)
class Result:
    """One way: its verdict, the divergence that decides it or None, and what was counted.

    A logit differs by `noise` at most, at the median position by `typical`, and may by `tolerance`.

    `cached_n` of `prompt_n` prompt tokens were reused, `accepted_n` of `drafted_n` guesses were right.
    """

    way: str
    verdict: str
    n_tokens: int = 0
    n_replies: int = 0
    n_same: int = 0
    noise: float = 0.0
    typical: float = 0.0
    tolerance: float = 0.0
    divergence: Divergence | None = None
    prompt_n: int = 0
    cached_n: int = 0
    drafted_n: int = 0
    accepted_n: int = 0
    untested: str = ""
    message: str = ""
    load: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Report:
    """A whole check: `tolerance` as reckoned, the `results` in the order of the ways, the first the base."""

    model: str
    n_prompts: int
    max_tokens: int
    tolerance: Tolerance
    results: tuple[Result, ...]
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def verdict(self) -> Verdict:
        """The worst of all ways that were tried."""
        found = {result.verdict for result in self.results}
        return next(
            verdict
            for verdict in (Verdict.DEFECT, Verdict.ROUNDING, Verdict.EQUAL, Verdict.NOT_TESTED)
            if verdict in found or verdict is Verdict.NOT_TESTED
        )

    @property
    def is_whole(self) -> bool:
        """Whether every way could be run that should have been."""
        return all(result.untested != Untested.FAILED for result in self.results)

    def to_dict(self) -> dict[str, Any]:
        """Builtin types only, as `--json` prints it."""
        tolerance = {**asdict(self.tolerance), "factor": FACTOR, "logit": self.tolerance.logit}
        return {
            "model": self.model,
            "verdict": str(self.verdict),
            "n_prompts": self.n_prompts,
            "max_tokens": self.max_tokens,
            "tolerance": tolerance,
            "settings": dict(self.settings),
            "ways": [asdict(result) for result in self.results],
        }


def compare(base: Sequence[Trace], other: Sequence[Trace]) -> Comparison:
    """The replies of a way beside those of the base, in the same order of prompts."""
    differences: list[tuple[float, ...]] = []
    divergences: list[Divergence] = []
    largest = 0.0
    for prompt, (expected, got) in enumerate(zip(base, other, strict=True)):
        reply: list[float] = []
        for position, (one, two) in enumerate(zip(expected, got, strict=False)):
            logits, others = _logits(one), _logits(two)
            reply.append(_difference(logits, others))
            largest = max(largest, *map(abs, logits.values()), *map(abs, others.values()))
            if one[0] != two[0]:
                divergences.append(_divergence(prompt, position, one, two))
                break
        else:
            if len(expected) != len(got):
                divergences.append(_broken_off(prompt, expected, got))
        differences.append(tuple(reply))
    tokens = tuple(
        tuple(int(noted[0]) for noted in reply[: len(seen)])
        for reply, seen in zip(base, differences, strict=True)
    )
    return Comparison(tokens, tuple(differences), tuple(divergences), largest)


def tolerance_of(comparisons: Mapping[Way, Comparison], *, has_flash_attention: bool = False) -> Tolerance:
    """From what the measuring ways and the repetition gave; ways that were not run measure nothing.

    `has_flash_attention` says whether the base has it, and with it all ways but `Way.FLASH`.
    """
    measured = [comparisons[way].noise for way in MEASURING if way in comparisons]
    repeat = comparisons.get(Way.REPEAT)
    again = repeat.noise if repeat is not None else 0.0
    largest = max((item.largest_logit for item in comparisons.values()), default=0.0)
    floor = FLOOR_FLASH if has_flash_attention else FLOOR
    if Way.NUDGE not in comparisons:
        floor = FLOOR_UNMEASURED
    return Tolerance(max([*measured, again]), largest, is_deterministic=again == 0.0, floor=floor)


def judged(way: Way, comparison: Comparison, tolerance: Tolerance) -> Result:
    """The verdict on a way, and the divergence that it rests on."""
    allowed = tolerance.of(way)
    fault = _first_fault(comparison, allowed)
    if fault is not None:
        verdict, divergence = Verdict.DEFECT, fault
    elif comparison.divergences:
        verdict, divergence = Verdict.ROUNDING, comparison.divergences[0]
    else:
        verdict, divergence = Verdict.EQUAL, None
    return Result(
        way,
        verdict,
        n_tokens=comparison.n_tokens,
        n_replies=len(comparison.differences),
        n_same=comparison.n_same,
        noise=comparison.noise,
        typical=comparison.typical,
        tolerance=allowed,
        divergence=divergence,
    )


def with_texts(result: Result, texts: Mapping[int, str]) -> Result:
    """The result with the texts of the tokens at its divergence."""
    found = result.divergence
    if found is None:
        return result
    text, other_text = texts.get(found.token, ""), texts.get(found.other_token, "")
    return replace(result, divergence=replace(found, text=text, other_text=other_text))


def _first_fault(comparison: Comparison, allowed: float) -> Divergence | None:
    """The first position of any reply that `allowed` does not explain, the earliest in its reply first."""
    faults: list[Divergence] = []
    for prompt, reply in enumerate(comparison.differences):
        at = next((index for index, difference in enumerate(reply) if difference > allowed), None)
        turned = next((item for item in comparison.divergences if item.prompt == prompt), None)
        if turned is not None and at in {None, turned.position}:
            # A reply that ends where the other goes on, without a token that says so, has no excuse.
            broke_off = turned.position == len(reply)
            if at is not None or broke_off or not allowed or not _is_explained(turned, allowed):
                faults.append(turned)
        elif at is not None:
            token = comparison.tokens[prompt][at]
            faults.append(Divergence(prompt, at, token, token, 0.0, 0.0, reply[at]))
    return min(faults, key=lambda fault: (fault.position, fault.prompt), default=None)


def _is_explained(turned: Divergence, allowed: float) -> bool:
    """Whether two logits that may move by `allowed` each, one up and the other down, make this choice of that one.

    Each side for itself must have been as close: a token that its own logits are far from choosing came from elsewhere.
    """
    return max(turned.swing, turned.gap, turned.other_gap) <= 2 * allowed


def _logits(noted: Noted) -> dict[int, float]:
    return {int(token): logit for token, logit in zip(noted[::2], noted[1::2], strict=True)}


def _difference(logits: Mapping[int, float], others: Mapping[int, float]) -> float:
    """The largest difference of a logit that both know; where they know none, at least how far the best is off."""
    both = [abs(logits[token] - others[token]) for token in logits if token in others]
    return max(both) if both else max(logits.values()) - min(logits.values())


def _divergence(prompt: int, position: int, one: Noted, two: Noted) -> Divergence:
    logits, others = _logits(one), _logits(two)
    token, other = int(one[0]), int(two[0])
    known = other in logits and token in others
    return Divergence(
        prompt,
        position,
        token,
        other,
        gap=logits[token] - logits.get(other, min(logits.values())),
        other_gap=others[other] - others.get(token, min(others.values())),
        difference=_difference(logits, others),
        is_at_least=not known,
    )


def _broken_off(prompt: int, expected: Trace, got: Trace) -> Divergence:
    """One reply ended where the other went on, without a token that says so: no rounding does that."""
    position = min(len(expected), len(got))
    longer = expected if len(expected) > len(got) else got
    token = int(longer[position][0])
    pair = (token, -1) if longer is expected else (-1, token)
    return Divergence(prompt, position, *pair, 0.0, 0.0, 0.0, is_at_least=True)
