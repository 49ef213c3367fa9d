"""Whether guessing pays: verdicts by measured chances and costs."""

from __future__ import annotations

import pytest

from app.core.draft_advice import DraftVerdict, advise, chance, longest_draft, pooled, remedy, speed_up_at
from app.core.run import Drafting
from app.core.settings import LOAD


def measured(
    chances: list[float],
    *,
    step_ms: tuple[tuple[int, float], ...] = ((1, 10.0), (2, 11.0), (4, 13.0), (9, 20.0)),
    draft_token_ms: float = 1.0,
    n_drafts: int = 1000,
    speed_up: float | None = None,
    source: str = "model",
) -> Drafting:
    """A record of `n_drafts` whole drafts whose guesses are right with these chances, and what that takes."""
    by_position: list[tuple[int, int]] = []
    reached = n_drafts
    for each in chances:
        right = round(reached * each)
        by_position.append((reached, right))
        reached = right
    accepted = sum(right for _, right in by_position)
    drafting = Drafting(
        source=source,
        drafted_n=n_drafts * len(chances),
        accepted_n=accepted,
        by_position=tuple(by_position),
        n_steps=n_drafts,
        n_drafted_steps=n_drafts,
        step_ms=step_ms,
        draft_token_ms=draft_token_ms,
    )
    spent = n_drafts * (drafting.cost_ms(len(chances) + 1) + len(chances) * draft_token_ms)
    plain = (n_drafts + accepted) * drafting.cost_ms(1) if speed_up is None else spent * speed_up
    return Drafting(**{**drafting.to_dict(), "spent_ms": spent, "saved_ms": plain - spent})


def test_what_is_promised_at_the_length_used_is_what_was_measured() -> None:
    record = measured([0.8, 0.7, 0.6])
    assert speed_up_at(record, 3) == pytest.approx(record.speed_up, rel=0.002)


def test_good_guesses_are_kept() -> None:
    advice = advise([measured([0.8, 0.7, 0.6])], n_max=3)
    assert advice.verdict is DraftVerdict.KEEP
    assert advice.speed_up > 1.4
    assert advice.break_even < advice.chance < 1


def test_guesses_that_cost_more_than_they_win_are_turned_off() -> None:
    advice = advise([measured([0.2, 0.2, 0.2], draft_token_ms=4.0)], n_max=3)
    assert advice.verdict is DraftVerdict.OFF
    assert advice.speed_up < 1
    assert advice.best_speed_up < 1
    assert advice.chance < advice.break_even


def test_a_batch_that_costs_as_its_tokens_do_can_never_pay() -> None:
    """As on a CPU where two tokens take more than twice as long as one: not even with all guesses right."""
    costs = ((1, 10.0), (2, 21.0), (4, 42.0))
    advice = advise([measured([1.0, 1.0, 1.0], step_ms=costs, draft_token_ms=0.5)], n_max=3)
    assert advice.verdict is DraftVerdict.OFF
    assert advice.break_even > 1


def test_longer_drafts_where_the_limit_ends_drafts_that_go_on_being_right() -> None:
    record = measured([0.97, 0.97, 0.97], draft_token_ms=0.2)
    advice = advise([record], n_max=3)
    assert advice.verdict is DraftVerdict.LONGER
    assert advice.best_length > 3
    assert advice.best_speed_up > speed_up_at(record, 3)
    assert advise([record], n_max=16).verdict is DraftVerdict.KEEP  # something else ends them


def test_shorter_drafts_where_only_the_first_guesses_are_right() -> None:
    advice = advise([measured([0.8, 0.1] + [0.05] * 14, draft_token_ms=1.5)], n_max=16)
    assert advice.verdict is DraftVerdict.SHORTER
    assert advice.best_length < 3
    assert advice.best_speed_up > advice.speed_up * 1.05


def test_a_measured_loss_counts_more_than_what_costs_promise() -> None:
    advice = advise([measured([0.8, 0.7, 0.6], speed_up=0.9)], n_max=3)
    assert advice.best_speed_up > 1.3
    assert advice.verdict is DraftVerdict.OFF


@pytest.mark.parametrize(
    "record",
    [
        measured([0.9, 0.9], n_drafts=20),
        measured([0.9, 0.9], step_ms=((1, 10.0),)),
        measured([0.9, 0.9], step_ms=()),
        Drafting("ngram"),
        Drafting(
            "ngram", n_steps=500, step_ms=((1, 10.0), (2, 11.0)), spent_ms=5000.0
        ),  # nothing was ever guessed
    ],
)
def test_without_enough_measured_nothing_is_advised(record: Drafting) -> None:
    assert advise([record], n_max=3).verdict is DraftVerdict.NOT_ENOUGH


def test_a_draft_model_that_the_engine_hardly_asks_is_memory_for_nothing() -> None:
    costs = ((1, 10.0), (2, 21.0))
    tried = Drafting("model", 2, 0, ((2, 0),), 400, 2, costs, 9.0, -20.0, 4000.0)
    assert advise([tried], 8).verdict is DraftVerdict.IDLE
    assert advise([tried], 8).n_drafted_steps == 2
    assert advise([Drafting(**{**tried.to_dict(), "n_steps": 100})], 8).verdict is DraftVerdict.NOT_ENOUGH
    assert advise([Drafting(**{**tried.to_dict(), "source": "ngram"})], 8).verdict is DraftVerdict.NOT_ENOUGH


def test_the_longest_draft_is_that_of_the_source() -> None:
    load = {"draft_n_max": 5, "draft_ngram_length": 30}
    assert longest_draft(load, "model") == 5
    assert longest_draft(load, "ngram") == 30
    assert longest_draft({}, "model") == LOAD["draft_n_max"].default


def test_what_follows_from_the_advice() -> None:
    off = advise([measured([0.2, 0.2, 0.2], draft_token_ms=4.0)], n_max=3)
    assert remedy(off, "model") == {"draft_source": "off"}
    longer = advise([measured([0.97, 0.97, 0.97], draft_token_ms=0.2)], n_max=3)
    assert remedy(longer, "model") == {"draft_n_max": longer.best_length}
    assert remedy(longer, "ngram") == {"draft_ngram_length": longer.best_length}
    for advice in (off, longer):
        for source in ("model", "ngram"):
            assert LOAD.check(remedy(advice, source)) == (remedy(advice, source), [])
    assert remedy(advise([], 3), "model") == {}


def test_nothing_at_all() -> None:
    advice = advise([], n_max=3)
    assert (advice.verdict, advice.n_replies, advice.speed_up) == (DraftVerdict.NOT_ENOUGH, 0, 1.0)


def test_replies_add_up_and_the_newest_cost_counts() -> None:
    new = Drafting("model", 6, 3, ((2, 2), (2, 1)), 4, 2, ((1, 12.0), (3, 15.0)), 0.0, 5.0, 40.0)
    old = Drafting("model", 3, 0, ((3, 0),), 5, 3, ((1, 10.0), (2, 11.0)), 2.0, -8.0, 60.0)
    both = pooled([new, old])
    assert (both.drafted_n, both.accepted_n, both.n_steps, both.n_drafted_steps) == (9, 3, 9, 5)
    assert both.by_position == ((5, 2), (2, 1))
    assert both.step_ms == ((1, 12.0), (2, 11.0), (3, 15.0))
    assert both.draft_token_ms == 2.0
    assert (both.saved_ms, both.spent_ms) == (-3.0, 100.0)
    assert chance(both) == pytest.approx(3 / 7)


def test_small_replies_add_up_to_enough() -> None:
    small = measured([0.6, 0.5, 0.3], n_drafts=20)
    assert advise([small], 3).verdict is DraftVerdict.NOT_ENOUGH
    advice = advise([small] * 3, 3)
    assert advice.verdict is not DraftVerdict.NOT_ENOUGH
    assert advice.n_replies == 3
