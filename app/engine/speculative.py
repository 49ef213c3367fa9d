"""Speculative decoding: which tokens to guess ahead, how many of them, and whether to guess at all.

A draft is checked by decoding it behind the slot's last token in one batch; the slot's own sampler then chooses at each
position, and the draft counts as far as it agrees. So the reply is the model's own, whatever is guessed here. Only the
speed is at stake, and it is decided by figures measured on this machine: what a step of n tokens takes (`StepCosts`),
what a guess takes, and how often guesses of a kind were right lately (`Acceptance`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.reasons import DraftSource
from app.core.run import Drafting
from app.engine.acceptance import Acceptance
from app.engine.bindings import lib
from app.engine.calibration import calibrate
from app.engine.draft_model import Ask, DraftModel
from app.engine.generation import Generation
from app.engine.heads import HeadsContext
from app.engine.lookup import Lookup
from app.engine.model import LoadedModel
from app.engine.mtp import Heads
from app.engine.slots import Slot
from app.engine.step_costs import StepCosts

_MODEL_EDGES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
_MODEL_EXPECTED = (0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.95)
"""Kinds of a draft model's guesses, by how likely it holds them itself."""
_MATCH_EDGES = (3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 48.0)
_MATCH_EXPECTED = (0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Kinds of looked-up guesses, by how many tokens before them recurred (a draft's earlier guesses included)."""
_PLACE_EXPECTED = 0.7
_LEAST_GAIN = 1.02
"""A draft is made if by the figures it wins a fiftieth: what they cannot tell apart is not worth the trouble."""
_STAKE = 0.005
"""The share of the time that may be lost by trying again whether drafts pay by now."""
_STAKE_AT_FIRST, _MOST_LOST = 4.0, 12.0
"""In plain steps: what may be lost before anything is known, and what may be lost of earlier winnings."""
_N_TELLING = 4
"""Before a draft model has made so many guesses nothing is known of it, and reading a prompt with it is no loss."""
_READING = 6.0
"""What a reading for one more trial must be at stake at most, in plain steps; all of it is charged."""
_RISK = 0.5
"""The part of what a promising draft costs if it is all wrong that must be at stake."""


@dataclass(slots=True)
class _Outlook:
    """The step as far as it is filled: its tokens, those it is expected to make, and what drafting adds in ms."""

    n_tokens: int
    n_expected: float
    draft_ms: float = 0.0


class Speculation:
    """Guesses for the slots of one loaded model; belongs to the scheduler and its thread."""

    def __init__(self, loaded: LoadedModel) -> None:
        """`loaded` asks for drafting and can take tokens back (see `wanted`)."""
        values = loaded.values
        self.source = DraftSource(values["draft_source"])
        self.costs = StepCosts()
        self._is_adaptive = bool(values["draft_adaptive"])
        self._p_min: float = values["draft_p_min"] if loaded.draft is not None else 0.0
        self._n_ctx = loaded.n_ctx_slot
        self._n_batch: int = lib.llama_n_batch(loaded.context)
        self._is_recurrent = loaded.is_recurrent
        self._is_unified = lib.llama_model_is_hybrid(loaded.model) and bool(loaded.values["kv_unified"])
        if lib.llama_model_n_swa(loaded.model) or loaded.is_recurrent:
            # Each physical batch lets the window move on, and what falls out is overwritten, even where there is room
            # to keep it: a draft must be in one with the token before it, to be taken back.
            self._n_batch = min(self._n_batch, lib.llama_n_ubatch(loaded.context))
        self._model: DraftModel | Heads | None = None
        self._heads: Heads | None = None
        if loaded.draft is not None:
            self.n_most: int = values["draft_n_max"]
            self._n_least: int = values["draft_n_min"]
            if isinstance(loaded.draft, HeadsContext):
                self._model = self._heads = Heads(loaded.draft, loaded.context)
                self.n_most = min(self.n_most, self._heads.n_most)
            else:
                self._model = DraftModel(loaded.draft, loaded.vocabulary.n_tokens)
            self._kinds = Acceptance(_MODEL_EDGES, _MODEL_EXPECTED)
        else:
            self.n_most, self._n_least = values["draft_ngram_length"], 0
            self._kinds = Acceptance(_MATCH_EDGES, _MATCH_EXPECTED)
        self._n_gram: int = values["draft_ngram_size"]
        self._min_hits: int = values["draft_ngram_min_hits"]
        self._places = Acceptance(tuple(range(1, self.n_most)), (_PLACE_EXPECTED,) * self.n_most)
        self.drafting_ms = 0.0  # what making this step's drafts took
        self._beginning_ms = 0.0
        self._is_trial = False  # this step's drafts are made to find out
        self._n_guessed = 0
        self._has_given_up = False
        self._stake = _STAKE_AT_FIRST  # what may be lost, in plain steps
        if self._is_adaptive:
            calibrate(loaded, self.costs, 1 + self.n_most)

    @staticmethod
    def wanted(loaded: LoadedModel) -> bool:
        """Whether the settings ask for drafts, and the model's state can be taken back after a wrong one."""
        source = loaded.values["draft_source"]
        if source == DraftSource.OFF or not loaded.can_take_back:
            return False
        return source == DraftSource.NGRAM or loaded.draft is not None

    def give_up(self) -> None:
        """Guess no more: the model's memory cannot take tokens back after all."""
        self._has_given_up = True

    # -- before a step --------------------------------------------------------------------------------------

    def propose(self, slots: Sequence[Slot]) -> None:
        """Give the generations of `slots`, each with one token to decode, the drafts that pay."""
        if self._has_given_up:
            return
        started_s = time.perf_counter()
        self._is_trial = False
        outlook = _Outlook(len(slots), float(len(slots)))
        able = [(slot, slot.generation) for slot in slots if slot.generation and slot.generation.may_draft]
        if self._model is not None:
            self._ask_model(self._model, able, outlook)
        else:
            for slot, generation in able:
                self._look_up(slot, generation, outlook)
        if self._is_recurrent and len(slots) > 1:
            self._even_out(slots)
        self.drafting_ms = (time.perf_counter() - started_s) * 1000

    def _even_out(self, slots: Sequence[Slot]) -> None:
        """Make all drafts as long as the shortest.

        llama.cpp decodes sequences of unequal lengths one part after the other; on the way it may move the running
        state of one that it has decoded already, and leaves behind those to go back to.
        """
        generations = [slot.generation for slot in slots if slot.generation]
        count = min(len(generation.draft) for generation in generations)
        # Without a common cache it takes only neighbouring sequences together.
        are_neighbours = slots[-1].seq_id - slots[0].seq_id == len(slots) - 1
        is_one_part = self._is_unified or are_neighbours
        is_too_long = (1 + count) * len(slots) > self._n_batch
        if not is_one_part or is_too_long or count < self._n_least:
            count = 0
        for generation in generations:
            del generation.draft[count:]
            del generation.draft_kinds[count:]

    def _room(self, slot: Slot, generation: Generation) -> int:
        """How many guesses the context and the limit on tokens leave room for.

        One place stays free, so that a context is only ever full after a step without a draft.
        """
        in_context = self._n_ctx - len(slot.cached) - 2
        return max(0, min(self.n_most, in_context, generation.max_tokens - generation.n_generated - 1))

    def _look_up(self, slot: Slot, generation: Generation, outlook: _Outlook) -> None:
        if generation.guesser is None:
            generation.guesser = Lookup(self._n_gram, self._min_hits)
        if not generation.guesser.follow(slot.cached, generation.todo[0]):
            return
        draft, n_matched = generation.guesser.propose(self._room(slot, generation))
        if not draft:
            return
        kinds = [self._kinds.kind(n_matched + place) for place in range(len(draft))]
        count = self._worth(outlook, [self._kinds.chance(kind) for kind in kinds], 0.0)
        self._give(generation, draft[:count], kinds, outlook)

    def _ask_model(
        self, model: DraftModel | Heads, able: Sequence[tuple[Slot, Generation]], outlook: _Outlook
    ) -> None:
        asks: list[Ask] = []
        asked: list[Generation] = []
        guess_ms = model.costs.ms(max(1, len(able))) / max(1, len(able))
        for slot, generation in able:
            room = self._room(slot, generation)
            if room < max(1, self._n_least):
                continue
            expected = [self._places.chance(place) for place in range(room)]
            tokens = [*slot.cached, generation.todo[0]]
            missing_ms = 0.0
            if self._n_guessed >= _N_TELLING:
                missing_ms = model.costs.ms(model.n_missing(slot.seq_id, tokens))
            if not self._worth(outlook, expected, guess_ms, missing_ms):
                continue
            asks.append(Ask(slot.seq_id, tokens, room))
            asked.append(generation)
        if not asks:
            return
        model.guess(asks, lambda ask: self._wants_more(ask, outlook, guess_ms))
        is_beginning = not all(item.has_drafted for item in asked)
        if is_beginning and not (self._is_trial and self._n_guessed >= _N_TELLING):
            self._beginning_ms = model.caught_up_ms
        for ask, generation in zip(asks, asked, strict=True):
            generation.has_drafted = generation.has_drafted or ask.is_open or bool(ask.draft)
            self._take_guesses(ask, generation, outlook, guess_ms)

    def _wants_more(self, ask: Ask, outlook: _Outlook, guess_ms: float) -> bool:
        """Whether going on guessing promises more than checking what there is."""
        if ask.chances[-1] < self._p_min:
            ask.draft.pop()
            ask.chances.pop()
            return False
        if not self._is_adaptive:
            return True
        n_made = len(ask.draft)
        chances = [self._chance(p) for p in ask.chances]
        chances += [math.prod(chances) ** (1 / n_made)] * (ask.n_most - n_made)
        return self._best(outlook, chances, guess_ms, n_made) > n_made

    def _take_guesses(self, ask: Ask, generation: Generation, outlook: _Outlook, guess_ms: float) -> None:
        kinds = [self._kinds.kind(p) for p in ask.chances]
        count = len(ask.draft)
        self._n_guessed += count
        if self._is_adaptive:
            count = self._best(outlook, [self._kinds.chance(kind) for kind in kinds], guess_ms, count)
        outlook.draft_ms += guess_ms * len(ask.draft)
        self._give(generation, ask.draft[:count], kinds, outlook)

    def _give(self, generation: Generation, draft: list[int], kinds: list[int], outlook: _Outlook) -> None:
        # llama.cpp limits a batch to the context's length, which many slots' long drafts may exceed together.
        draft = draft[: max(0, self._n_batch - outlook.n_tokens)]
        if not draft or len(draft) < self._n_least:
            return
        generation.draft, generation.draft_kinds = draft, kinds[: len(draft)]
        right = 1.0
        for kind in generation.draft_kinds:
            right *= self._kinds.chance(kind)
            outlook.n_expected += right
        outlook.n_tokens += len(draft)

    # -- what pays ------------------------------------------------------------------------------------------

    def _chance(self, p: float) -> float:
        return self._kinds.chance(self._kinds.kind(p))

    def _worth(
        self, outlook: _Outlook, chances: Sequence[float], guess_ms: float, missing_ms: float = 0.0
    ) -> int:
        """How many guesses with these `chances` to make; 0 where drafting does not pay and trying is too dear.

        `missing_ms` is what the draft model needs before it can guess: nothing to speak of while it keeps up.
        """
        if not self._is_adaptive:
            return len(chances)
        stake_ms = self._stake * self.costs.ms(1)
        affordable = [
            count
            for count in range(1, len(chances) + 1)
            if self._at_risk_ms(outlook, count, guess_ms) * _RISK <= stake_ms
        ]
        if count := self._best(outlook, chances[: len(affordable)], guess_ms, 0):
            return count
        # It would not pay, by what is known. Now and then a draft is made all the same, to know whether it still is so:
        # one of the length that would pay most if it were right, if any would.
        self._is_trial = True
        missing_ms = min(missing_ms, _READING * self.costs.ms(1))
        n_tried = sum(
            self._at_risk_ms(outlook, count, guess_ms) + missing_ms <= stake_ms for count in affordable
        )
        return self._best(outlook, [1.0] * n_tried, guess_ms, 0)

    def _at_risk_ms(self, outlook: _Outlook, count: int, guess_ms: float) -> float:
        """What `count` guesses cost if they are all wrong."""
        return self.costs.ms(outlook.n_tokens + count) - self.costs.ms(outlook.n_tokens) + count * guess_ms

    def _best(self, outlook: _Outlook, chances: Sequence[float], guess_ms: float, n_made: int) -> int:
        """The number of guesses at which most tokens per time are expected; the first `n_made` have been made.

        With guesses that are right with c_1, c_2, ... if those before them are, k of them make the step's
        n + c_1 + c_1 c_2 + ... tokens in the time of a batch that is k tokens larger.
        """
        base = outlook.n_tokens
        spent_ms = outlook.draft_ms
        best = outlook.n_expected / (self.costs.ms(base) + spent_ms + n_made * guess_ms) * _LEAST_GAIN
        best_count = 0
        right, made = 1.0, outlook.n_expected
        for count, chance in enumerate(chances, 1):
            right *= chance
            made += right
            time_ms = self.costs.ms(base + count) + spent_ms + max(count, n_made) * guess_ms
            if made / time_ms > best:
                best, best_count = made / time_ms, count
        return best_count

    # -- after a step ---------------------------------------------------------------------------------------

    def decoded(self, entries: Sequence[tuple[Slot, int]]) -> None:
        """A batch of so many tokens of each slot, and its draft, was decoded; the slots are as before.

        The model's own heads need the states that it left, of prompts as well.
        """
        if self._heads is None or self._has_given_up:
            return
        start = 0
        for slot, count in entries:
            generation = slot.generation
            if generation is None:
                continue
            tokens = generation.todo[:count] + generation.draft
            if generation.may_draft:
                self._heads.decoded(slot.seq_id, slot.cached, tokens, start)
            start += len(tokens)

    def checked(self, generation: Generation, n_drafted: int, n_accepted: int) -> None:
        """Of a draft of `n_drafted` tokens the first `n_accepted` were right."""
        for place, kind in enumerate(generation.draft_kinds[: n_accepted + 1]):
            is_right = place < n_accepted
            self._kinds.learn(kind, is_right=is_right)
            self._places.learn(place, is_right=is_right)
        if generation.tally is not None:
            generation.tally.count_draft(n_drafted, n_accepted)

    def tally(self, generation: Generation, n_tokens: int, n_slots: int, took_ms: float) -> None:
        """Count a step as of `stepped` for a reply, with what its tokens would have taken without drafts."""
        if generation.tally is None:
            return
        n_made = generation.n_generated - generation.n_before_step
        plain_ms = took_ms if n_tokens == n_slots else n_made * self.costs.ms(n_slots)
        generation.tally.count_step(took_ms + self.drafting_ms, plain_ms)

    def stepped(self, n_tokens: int, n_slots: int, n_made: int, took_ms: float) -> None:
        """A step of `n_tokens` for `n_slots` made `n_made` tokens; it took `took_ms` besides drafting."""
        self.costs.learn(n_tokens, took_ms)
        total_ms = took_ms + self.drafting_ms
        # That the draft model reads a prompt once is no loss: the whole reply may win by it.
        won_ms = _STAKE * total_ms + self._beginning_ms - self.drafting_ms
        if n_tokens > n_slots:
            won_ms += n_made / n_slots * self.costs.ms(n_slots) - took_ms
        plain_ms = self.costs.ms(1)
        if plain_ms > 0:
            self._stake = min(self._stake + won_ms / plain_ms, _MOST_LOST)
        self.drafting_ms = self._beginning_ms = 0.0

    def drafting(self, generation: Generation) -> Drafting | None:
        """What drafting did for a reply."""
        if generation.tally is None:
            return None
        guess_ms = self._model.costs.ms(1) if self._model is not None else 0.0
        return generation.tally.drafting(self.source, self.costs.measured(), guess_ms)

    def close(self) -> None:
        """Free what guessing took; the draft model's weights are the loaded model's to close."""
        if self._model is not None:
            self._model.close()
