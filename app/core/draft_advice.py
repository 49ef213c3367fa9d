"""Whether guessing tokens ahead pays for a pair of models on this machine, by what was measured over their replies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.core.reasons import DraftSource
from app.core.run import Drafting
from app.core.settings import LOAD
from app.core.settings.draft_limit import limit_key

N_CHECKED_NEEDED = 50
"""With fewer first guesses checked, the rate of right ones is known to no better than 0.14 (two standard errors)."""

LONGEST = 64
"""Longer drafts are not advised: llama.cpp's own default is 16, its lookups' 48."""

N_STEPS_NEEDED = 300
"""After so many steps that were hardly ever drafted for, the engine has had its tries: a few replies' worth."""

_IDLE_SHARE = 0.1
_N_TRUSTED = 10  # positions checked more rarely than this are taken to be like all together
_CLEAR = 0.02  # differences in speed below this are within what a measurement repeats to
_GAIN = 0.05  # what another length must promise to be worth a reload


class DraftVerdict(StrEnum):
    """What to do about drafting."""

    NOT_ENOUGH = "not_enough"  # measured yet
    OFF = "off"  # it costs more than it wins
    IDLE = "idle"  # the engine hardly drafts, because by its own figures it would not pay
    SHORTER = "shorter"
    LONGER = "longer"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class DraftAdvice:
    """A verdict and the figures that it rests on.

    Of `n_steps` that made the replies `n_drafted_steps` checked a draft. `chance` is how often a guess was right when
    those before it were. Drafts had `mean_length` tokens on average; at that length they cost as much as they win
    where the chance is `break_even`, over 1 where they never can pay. `speed_up` is what was measured,
    `best_speed_up` what drafts of `best_length` promise by the chances and costs measured, both as a factor of plain
    speed.
    """

    verdict: DraftVerdict
    n_replies: int
    n_steps: int
    n_drafted_steps: int
    n_checked: int
    chance: float
    mean_length: float
    break_even: float
    speed_up: float
    best_length: int
    best_speed_up: float


def pooled(records: Sequence[Drafting]) -> Drafting:
    """One record of many, newest first: counts and times are added up, of each cost the newest figure is taken."""
    n_positions = max((len(record.by_position) for record in records), default=0)
    by_position = tuple(
        (
            sum(record.by_position[at][0] for record in records if at < len(record.by_position)),
            sum(record.by_position[at][1] for record in records if at < len(record.by_position)),
        )
        for at in range(n_positions)
    )
    costs: dict[int, float] = {}
    for record in reversed(records):
        costs.update(record.step_ms)
    return Drafting(
        source=records[0].source if records else "",
        drafted_n=sum(record.drafted_n for record in records),
        accepted_n=sum(record.accepted_n for record in records),
        by_position=by_position,
        n_steps=sum(record.n_steps for record in records),
        n_drafted_steps=sum(record.n_drafted_steps for record in records),
        step_ms=tuple(sorted(costs.items())),
        draft_token_ms=next((r.draft_token_ms for r in records if r.draft_token_ms > 0), 0.0),
        saved_ms=math.fsum(record.saved_ms for record in records),
        spent_ms=math.fsum(record.spent_ms for record in records),
    )


def advise(records: Iterable[Drafting], n_max: int) -> DraftAdvice:
    """What to do, after these replies of one pair of models, newest first, with drafts of at most `n_max` tokens."""
    replies = [record for record in records if record.n_steps or record.drafted_n]
    total = pooled(replies)
    n_checked = total.by_position[0][0] if total.by_position else 0
    mean_length = total.drafted_n / total.n_drafted_steps if total.n_drafted_steps else 0.0
    best_length = _best_length(total, min(max(n_max * 2, 8), LONGEST))
    return DraftAdvice(
        verdict=_verdict(total, n_checked, n_max, best_length),
        n_replies=len(replies),
        n_steps=total.n_steps,
        n_drafted_steps=total.n_drafted_steps,
        n_checked=n_checked,
        chance=chance(total),
        mean_length=mean_length,
        break_even=total.break_even_rate(max(1, round(mean_length))),
        speed_up=total.speed_up,
        best_length=best_length,
        best_speed_up=speed_up_at(total, best_length),
    )


def chance(record: Drafting) -> float:
    """How often a guess was right when those before it were; 0 where none was checked."""
    n_checked = sum(checked for checked, _ in record.by_position)
    return sum(right for _, right in record.by_position) / n_checked if n_checked else 0.0


def speed_up_at(record: Drafting, length: int) -> float:
    """The factor of plain speed at which drafts of `length` tokens would decode; 1 where costs are not known.

    By the chances of each position (those too rarely checked are taken as the one before, or all together) and the
    measured costs; batches larger than any measured are taken to cost as much per token as the largest.
    """
    plain_ms = record.cost_ms(1)
    if length < 1 or plain_ms <= 0:
        return 1.0
    all_together = chance(record)
    made, reached, last = 1.0, 1.0, all_together
    for at in range(length):
        checked, right = record.by_position[at] if at < len(record.by_position) else (0, 0)
        last = right / checked if checked >= _N_TRUSTED else min(last, all_together)
        reached *= last
        made += reached
    return made * plain_ms / (_cost_ms(record, length + 1) + length * record.draft_token_ms)


def _cost_ms(record: Drafting, n_tokens: int) -> float:
    largest = max(size for size, _ in record.step_ms)
    cost = record.cost_ms(n_tokens)
    return cost * n_tokens / largest if n_tokens > largest else cost


def _best_length(record: Drafting, longest: int) -> int:
    """The draft length that promises most; the shortest of those that promise as much."""
    return max(range(1, longest + 1), key=lambda length: (speed_up_at(record, length), -length))


def _verdict(total: Drafting, n_checked: int, n_max: int, best_length: int) -> DraftVerdict:
    has_costs = total.is_judged and any(size > 1 for size, _ in total.step_ms)
    if n_checked < N_CHECKED_NEEDED or not has_costs or not total.n_drafted_steps:
        is_idle = total.n_steps >= N_STEPS_NEEDED and total.n_drafted_steps < _IDLE_SHARE * total.n_steps
        # What guesses takes memory all the while; the text so far is there anyway.
        return DraftVerdict.IDLE if is_idle and total.source != DraftSource.NGRAM else DraftVerdict.NOT_ENOUGH
    best, measured = speed_up_at(total, best_length), total.speed_up
    mean_length = total.drafted_n / total.n_drafted_steps
    if best < 1 + _CLEAR and measured < 1 + _CLEAR and min(best, measured) < 1:
        return DraftVerdict.OFF
    as_used = speed_up_at(total, max(1, round(mean_length)))
    if best_length < mean_length - 0.5 and best >= as_used * (1 + _GAIN):
        return DraftVerdict.SHORTER
    if measured < 1 - _CLEAR:  # whatever is promised
        return DraftVerdict.OFF
    is_longer_better = best_length > n_max and best >= speed_up_at(total, n_max) * (1 + _GAIN)
    return DraftVerdict.LONGER if is_longer_better and _is_reached(total, n_max) else DraftVerdict.KEEP


def _is_reached(total: Drafting, n_max: int) -> bool:
    """Whether the limit was what ended drafts: the last position allowed was checked often enough to speak."""
    return len(total.by_position) >= n_max and total.by_position[n_max - 1][0] >= _N_TRUSTED


def longest_draft(load: Mapping[str, Any], source: str) -> int:
    """How many tokens a draft from this source may have at most, with these load settings."""
    return int(LOAD.value(load, limit_key(source)))


def remedy(advice: DraftAdvice, source: str) -> dict[str, Any]:
    """The load settings that follow the advice on drafts from this source; none where nothing is to be changed."""
    if advice.verdict in (DraftVerdict.OFF, DraftVerdict.IDLE):
        return {"draft_source": DraftSource.OFF.value}
    if advice.verdict in (DraftVerdict.LONGER, DraftVerdict.SHORTER):
        return {limit_key(source): advice.best_length}
    return {}
