"""What decides about drafts: learned costs, recent acceptance, looked-up repetitions; and drafts on a real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.run import Drafting
from app.engine.acceptance import Acceptance
from app.engine.draft_tally import DraftTally
from app.engine.lookup import Lookup
from app.engine.prompts import Prompt
from app.engine.slots import Slot
from app.engine.speculative import Speculation
from app.engine.step_costs import StepCosts
from tests.engine.conftest import Bench


class TestStepCosts:
    def test_nothing_is_known_before_anything_was_measured(self) -> None:
        assert StepCosts().ms(3) == 0
        assert StepCosts().measured() == ()

    def test_sizes_between_are_interpolated_and_larger_ones_in_proportion(self) -> None:
        costs = StepCosts()
        costs.learn(1, 10.0)
        costs.learn(5, 30.0)
        assert costs.ms(1) == 10.0
        assert costs.ms(3) == 20.0
        assert costs.ms(10) == 60.0

    def test_a_shape_that_is_not_even_is_kept(self) -> None:
        costs = StepCosts()
        for _ in range(200):
            for size, ms in ((1, 16.4), (2, 38.5), (4, 54.8), (8, 54.4)):
                costs.learn(size, ms)
        assert [round(costs.ms(size), 1) for size in (1, 2, 4, 8)] == [16.4, 38.5, 54.8, 54.4]

    def test_what_slows_one_size_down_is_soon_believed_of_the_others(self) -> None:
        costs = StepCosts()
        costs.learn(1, 10.0)
        costs.learn(4, 20.0)
        for _ in range(100):
            costs.learn(1, 20.0)  # the context has grown
        assert costs.ms(1) == pytest.approx(20.0, rel=0.02)
        assert 25 < costs.ms(4) < 40

    def test_one_interrupted_step_does_not_count_for_much(self) -> None:
        costs = StepCosts()
        for _ in range(20):
            costs.learn(1, 10.0)
        costs.learn(1, 10_000.0)
        assert costs.ms(1) < 20

    def test_a_first_step_that_was_interrupted_is_found_out_by_the_next_size(self) -> None:
        costs = StepCosts()
        costs.learn(1, 400.0)
        costs.learn(2, 0.3)
        assert costs.ms(1) == pytest.approx(0.6)
        costs.learn(3, 5.0)  # nothing larger is known, and it may be so
        assert [costs.ms(size) for size in (2, 3)] == [0.3, 5.0]
        costs.learn(8, 1.0)
        assert costs.ms(3) == pytest.approx(2.0)


class TestAcceptance:
    def test_begins_with_what_is_expected_and_follows_what_happens(self) -> None:
        chances = Acceptance((0.5,), (0.2, 0.8))
        assert (chances.kind(0.4), chances.kind(0.5), chances.kind(0.9)) == (0, 1, 1)
        assert chances.chance(0) == pytest.approx(0.2)
        for _ in range(40):
            chances.learn(0, is_right=True)
        assert chances.chance(0) > 0.9
        assert chances.chance(1) == pytest.approx(0.8)

    def test_a_change_is_noticed_within_some_dozen_guesses(self) -> None:
        chances = Acceptance((), (0.5,))
        for _ in range(500):
            chances.learn(0, is_right=True)
        for _ in range(60):
            chances.learn(0, is_right=False)
        assert chances.chance(0) < 0.4


def followed(lookup: Lookup, tokens: list[int]) -> Lookup:
    assert lookup.follow(tokens[:-1], tokens[-1])
    return lookup


class TestLookup:
    def test_continues_what_recurs(self) -> None:
        lookup = followed(Lookup(3), [1, 2, 3, 4, 5, 6, 7, 1, 2, 3])
        assert lookup.propose(4) == ([4, 5, 6, 7], 3)

    def test_where_the_text_ends_a_repetition_goes_on(self) -> None:
        lookup = followed(Lookup(2), [1, 2, 3, 1, 2])
        assert lookup.propose(7) == ([3, 1, 2, 3, 1, 2, 3], 2)

    def test_the_longest_match_counts_then_the_newest(self) -> None:
        lookup = followed(Lookup(2), [9, 1, 2, 7, 8, 1, 2, 5, 6, 9, 1, 2])
        assert lookup.propose(1) == ([7], 3)
        lookup = followed(Lookup(2), [4, 1, 2, 7, 3, 1, 2, 5, 6, 1, 2])
        assert lookup.propose(1) == ([5], 2)

    def test_too_few_hits_are_no_match(self) -> None:
        lookup = followed(Lookup(2, min_hits=2), [1, 2, 3, 1, 2])
        assert lookup.propose(3) == ([], 0)
        assert followed(lookup, [1, 2, 3, 1, 2, 4, 1, 2]).propose(1) == ([4], 2)

    def test_a_shifted_context_is_entered_anew(self) -> None:
        lookup = followed(Lookup(2), [1, 2, 3, 4, 1, 2])
        assert followed(lookup, [3, 4, 5, 3, 4]).propose(1) == ([5], 2)

    def test_a_long_text_is_entered_in_pieces(self) -> None:
        tokens = [*range(20_000), 5, 6, 7]
        lookup = Lookup(3)
        n_calls = 1
        while not lookup.follow(tokens[:-1], tokens[-1]):
            n_calls += 1
            tokens.append(tokens[-1] + 1)  # the reply goes on meanwhile
        assert 1 < n_calls < 10
        assert lookup.propose(2)[0] == [tokens[-1] + 1, tokens[-1] + 2]

    @given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.integers(1, 4), st.data())
    def test_agrees_with_a_search_through_the_whole_text(
        self, tokens: list[int], n_gram: int, data: st.DataObject
    ) -> None:
        lookup = Lookup(n_gram)
        end = 1
        while end < len(tokens):  # grown by one or several tokens at a time
            end = min(len(tokens), end + data.draw(st.integers(1, 5)))
            assert lookup.follow(tokens[: end - 1], tokens[end - 1])
        draft, length = lookup.propose(3)
        places = [at for at in range(n_gram, len(tokens)) if tokens[at - n_gram : at] == tokens[-n_gram:]]
        assert bool(draft) == bool(places)
        if draft:
            assert length >= n_gram
            assert any(tokens[at - length : at] == tokens[-length:] for at in places if at >= length)
            assert any(tokens[at] == draft[0] for at in places)


class TestDrafting:
    def test_break_even_is_where_a_step_makes_what_it_costs(self) -> None:
        drafting = Drafting("model", step_ms=((1, 10.0), (5, 20.0)), draft_token_ms=1.25)
        rate = drafting.break_even_rate(4)
        assert sum(rate**power for power in range(5)) == pytest.approx((20.0 + 5.0) / 10.0)

    def test_what_can_never_pay_is_over_one(self) -> None:
        assert Drafting("model", step_ms=((1, 10.0), (2, 30.0))).break_even_rate(1) > 1

    def test_a_tally_counts_each_position_until_the_first_wrong_guess(self) -> None:
        tally = DraftTally()
        tally.count_draft(4, 2)
        tally.count_draft(2, 2)
        tally.count_draft(3, 0)
        tally.count_step(30.0, 50.0)
        drafting = tally.drafting("ngram", ((1, 10.0),), 0.0)
        assert (drafting.drafted_n, drafting.accepted_n) == (9, 4)
        assert drafting.by_position == ((3, 2), (2, 2), (1, 0))
        assert drafting.speed_up == pytest.approx(50 / 30)
        assert Drafting.from_dict(drafting.to_dict()) == drafting


REPEATING = "one two three four five six seven. one two three four five six seven. one two three"


@pytest.fixture
def drafting(bench: Callable[..., Bench], tiny_model: Path) -> Callable[..., Bench]:
    return lambda **values: bench(tiny_model, draft_adaptive=False, **values)


def test_a_model_that_drafts_for_itself_is_right_every_time(
    drafting: Callable[..., Bench], tiny_model: Path
) -> None:
    bench = drafting(draft_source="model", draft_model=str(tiny_model), draft_n_max=4)
    request_id = bench.submit("Hello there", max_tokens=41, ignore_eos=True)
    bench.run()
    found = bench.sink.generations[request_id].drafting
    assert found is not None
    assert found.accepted_n == found.drafted_n > 0
    assert found.by_position[0][0] == found.n_drafted_steps == 8  # of 5 tokens each, after the prompt's own
    assert bench.sink.generations[request_id].timings().draft_n_accepted == found.accepted_n


def test_what_was_guessed_is_told_with_the_text(drafting: Callable[..., Bench], tiny_model: Path) -> None:
    bench = drafting(draft_source="model", draft_model=str(tiny_model), draft_n_max=4)
    request_id = bench.submit("Hello there", max_tokens=11, ignore_eos=True)
    bench.run()
    text, ranges = bench.sink.text[request_id], bench.sink.drafted[request_id]
    assert ranges
    assert all(0 <= start < end <= len(text) for start, end in ranges)
    assert sum(end - start for start, end in ranges) < len(text)  # each step's last token was no guess


def test_drafts_end_where_the_reply_must(drafting: Callable[..., Bench], tiny_model: Path) -> None:
    bench = drafting(draft_source="model", draft_model=str(tiny_model), draft_n_max=16, n_ctx=256)
    short = bench.submit("Hello there", max_tokens=3, ignore_eos=True)
    bench.run()
    assert bench.sink.generations[short].n_generated == 3
    full = bench.submit("Hello there", max_tokens=1000, ignore_eos=True)
    bench.run()
    assert bench.sink.generations[full].n_generated > 200
    assert bench.sink.errors == {}


def test_a_request_may_do_without(drafting: Callable[..., Bench]) -> None:
    bench = drafting(draft_source="ngram", draft_ngram_size=2)
    request_id = bench.submit(REPEATING, max_tokens=12, ignore_eos=True, may_draft=False)
    bench.run()
    assert bench.sink.generations[request_id].drafting is None
    assert bench.sink.generations[request_id].timings().draft_n == 0


class FixedCosts(StepCosts):
    """What batches cost, whatever is measured."""

    def __init__(self, ms: Callable[[int], float]) -> None:
        super().__init__()
        self.ms = ms  # type: ignore[method-assign]

    def learn(self, n_tokens: int, took_ms: float) -> None:
        pass


class Slots:
    """One slot whose text repeats itself, so that there is always something to look up; costs as `ms` says."""

    def __init__(self, bench: Bench, ms: Callable[[int], float]) -> None:
        self.speculation = Speculation(bench.loaded)
        self.speculation.costs = FixedCosts(ms)
        self.slot = Slot(0)
        self.slot.generation = self.generation = bench.generation(Prompt([5] * 8), max_tokens=-1)
        self.slot.cached, self.generation.todo = [7, 8, 9, 10, 11] * 8, [7]
        self.generation.n_generated = 1
        self.ms = ms
        self.n_drafted = self.n_made = 0
        self.took_ms = 0.0

    def step(self, n_right: int) -> int:
        """One step in which up to `n_right` guesses are right; how many were made."""
        self.generation.draft = []
        self.speculation.propose([self.slot])
        n_drafted = len(self.generation.draft)
        n_right = min(n_right, n_drafted)
        if n_drafted:
            self.speculation.checked(self.generation, n_drafted, n_right)
        self.speculation.drafting_ms = 0.0
        self.speculation.stepped(1 + n_drafted, 1, 1 + n_right, self.ms(1 + n_drafted))
        self.took_ms += self.ms(1 + n_drafted)
        self.n_made += 1 + n_right
        self.n_drafted += n_drafted
        return n_drafted


@pytest.fixture
def slots(bench: Callable[..., Bench], tiny_model: Path) -> Callable[[Callable[[int], float]], Slots]:
    values = {"draft_source": "ngram", "draft_ngram_size": 3, "draft_ngram_length": 8}
    return lambda ms: Slots(bench(tiny_model, **values), ms)


def test_what_cannot_pay_is_never_tried(slots: Callable[[Callable[[int], float]], Slots]) -> None:
    rig = slots(lambda n: 10.0 * n)
    assert [rig.step(8) for _ in range(200)] == [0] * 200


def test_where_guesses_are_right_drafts_become_long(slots: Callable[[Callable[[int], float]], Slots]) -> None:
    rig = slots(lambda n: 10.0 + 4.0 * (n - 1))  # all right: 9 tokens for the time of 4
    for _ in range(30):
        rig.step(8)
    assert rig.step(8) == 8
    assert rig.n_made * 10.0 / rig.took_ms > 1.7


def test_where_guesses_are_wrong_hardly_anything_is_lost(
    slots: Callable[[Callable[[int], float]], Slots],
) -> None:
    rig = slots(lambda n: 10.0 + 4.0 * (n - 1))
    while rig.n_made < 512:
        rig.step(0)
    assert rig.n_drafted > 0  # it was tried
    assert rig.n_made * 10.0 / rig.took_ms > 0.97


def test_after_a_change_drafting_ends_and_comes_back(
    slots: Callable[[Callable[[int], float]], Slots],
) -> None:
    rig = slots(lambda n: 10.0 + 4.0 * (n - 1))
    for _ in range(50):
        rig.step(8)
    before_ms, n_before = rig.took_ms, rig.n_made
    while rig.n_made < n_before + 512:
        rig.step(0)
    assert (rig.n_made - n_before) * 10.0 / (rig.took_ms - before_ms) > 0.94
    n_steps = 0
    while rig.step(8) < 8:
        n_steps += 1
        assert n_steps < 2000
    assert n_steps > 0


def test_a_size_that_is_dear_is_skipped(slots: Callable[[Callable[[int], float]], Slots]) -> None:
    """As measured on two cores: two to four tokens at once take as long as eight."""
    dear = {1: 16.4, 2: 38.5, 3: 46.0, 4: 54.8}
    rig = slots(lambda n: dear.get(n, 54.6))
    for _ in range(30):
        rig.step(8)
    assert rig.step(8) == 8
