"""The small model that guesses for the large one: its own context, one sequence for each of the large one's slots."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.engine.bindings import lib
from app.engine.draft_load import DraftWeights
from app.engine.prompts import common_prefix
from app.engine.sampler import logits_at
from app.engine.step_costs import StepCosts

_LARGEST_LEARNED = 32  # beyond, the time of a batch is in proportion to it


@dataclass(slots=True)
class Ask:
    """Up to `n_most` guesses at what follows `tokens` in sequence `seq_id`.

    `draft` and `chances` fill up with the guesses and how likely the draft model holds each (0..1), while `is_open`.
    """

    seq_id: int
    tokens: list[int]
    n_most: int
    draft: list[int] = field(default_factory=list[int])
    chances: list[float] = field(default_factory=list[float])
    is_open: bool = True

    def take_best(self, logits: np.ndarray[Any, Any]) -> None:
        """The likeliest token by these logits is the next guess."""
        best = int(logits.argmax())
        self.draft.append(best)
        self.chances.append(1.0 / float(np.exp(logits - logits[best]).sum()))


class DraftModel:
    """Guesses greedily, all slots together in one batch. Belongs to the thread of the scheduler.

    It keeps up with a slot's tokens by itself: what the large model refused is taken back, what is new is processed, at
    most one physical batch (n_ubatch) of it in a step, so that a long prompt holds nobody up.
    """

    def __init__(self, weights: DraftWeights, n_target_vocab: int) -> None:
        """`n_target_vocab` is the size of the large model's vocabulary, which may be a little larger or smaller."""
        self._context = weights.context
        self._memory = lib.llama_get_memory(weights.context)
        self._n_vocab = weights.n_vocab
        self._n_common = min(weights.n_vocab, n_target_vocab)
        self._n_ctx: int = lib.llama_n_ctx_seq(weights.context)
        self._n_chunk: int = min(lib.llama_n_ubatch(weights.context), lib.llama_n_batch(weights.context))
        n_slots: int = lib.llama_n_seq_max(weights.context)
        self._cached: list[list[int]] = [[] for _ in range(n_slots)]
        self._n_batch = max(self._n_chunk, n_slots)
        self._batch: Any = lib.llama_batch_init(self._n_batch, 0, 1)
        for index in range(self._n_batch):
            self._batch.n_seq_id[index] = 1
        self.costs = StepCosts()
        self.caught_up_ms = 0.0

    def n_missing(self, seq_id: int, tokens: Sequence[int]) -> int:
        """How many of `tokens` it would have to process before it can guess, at least 1."""
        return max(1, len(tokens) - common_prefix(self._cached[seq_id], tokens))

    def guess(self, asks: list[Ask], wants_more: Callable[[Ask], bool]) -> None:
        """Fill the asks' drafts; `wants_more` is asked after each guess whether another one is wanted.

        An ask whose tokens cannot all be processed yet, or that llama.cpp cannot decode, stays without guesses.
        `caught_up_ms` then says what processing the tokens took.
        """
        started_s = time.perf_counter()
        ready: list[tuple[Ask, int]] = self._catch_up(asks)
        self.caught_up_ms = (time.perf_counter() - started_s) * 1000
        while ready:
            for ask, index in ready:
                ask.take_best(logits_at(self._context, index, self._n_vocab)[: self._n_common])
                ask.is_open = len(ask.draft) < ask.n_most and wants_more(ask)
            going_on = [ask for ask, _ in ready if ask.is_open]
            for index, ask in enumerate(going_on):
                self._put(index, ask.draft[-1], len(self._cached[ask.seq_id]), ask.seq_id, is_wanted=True)
            if not going_on or not self._decode(len(going_on)):
                return
            for ask in going_on:
                self._cached[ask.seq_id].append(ask.draft[-1])
            ready = [(ask, index) for index, ask in enumerate(going_on)]

    def forget(self, seq_id: int) -> None:
        """Empty a sequence."""
        lib.llama_memory_seq_rm(self._memory, seq_id, -1, -1)
        self._cached[seq_id].clear()

    def close(self) -> None:
        """Free the batch; the weights are the caller's to close."""
        if self._batch is not None:
            lib.llama_batch_free(self._batch)
            self._batch = None

    # -- inside ---------------------------------------------------------------------------------------------

    def _catch_up(self, asks: list[Ask]) -> list[tuple[Ask, int]]:
        """Process what is new of each; the asks that can be answered, with the batch position of their logits."""
        n_used = 0
        entries: list[tuple[Ask, int]] = []
        for ask in asks:
            cached = self._cached[ask.seq_id]
            n_kept = min(common_prefix(cached, ask.tokens), len(ask.tokens) - 1)
            if n_kept < len(cached) and not self._cut(ask.seq_id, n_kept):
                n_kept = 0
            count = min(len(ask.tokens) - n_kept, self._n_chunk - n_used)
            if len(ask.tokens) >= self._n_ctx or count < 1:
                ask.is_open = False
                continue
            for offset in range(count):
                self._put(n_used + offset, ask.tokens[n_kept + offset], n_kept + offset, ask.seq_id)
            n_used += count
            self._batch.logits[n_used - 1] = ask.is_open = n_kept + count == len(ask.tokens)
            entries.append((ask, count))
        if not n_used or not self._decode(n_used):
            return []
        ready: list[tuple[Ask, int]] = []
        index = -1
        for ask, count in entries:
            index += count
            cached = self._cached[ask.seq_id]
            cached += ask.tokens[len(cached) : len(cached) + count]
            if ask.is_open:
                ready.append((ask, index))
        return ready

    def _put(self, index: int, token: int, position: int, seq_id: int, *, is_wanted: bool = False) -> None:
        batch = self._batch
        # An id that it does not have (the large model's vocabulary may have more) stands as another token: a guess
        # may be wrong, a decode of it would fail.
        batch.token[index] = token if token < self._n_vocab else 0
        batch.pos[index] = position
        batch.seq_id[index][0] = seq_id
        batch.logits[index] = is_wanted

    def _decode(self, n_tokens: int) -> bool:
        started_s = time.perf_counter()
        self._batch.n_tokens = n_tokens
        code = lib.llama_decode(self._context, self._batch)
        if code != 0:
            self._take_back(code)
            return False
        lib.llama_synchronize(self._context)
        if n_tokens <= _LARGEST_LEARNED or n_tokens == self._n_chunk:
            self.costs.learn(n_tokens, (time.perf_counter() - started_s) * 1000)
        return True

    def _take_back(self, code: int) -> None:
        """Undo what an unfinished decode left; without room (1) everything goes, since others hold the cells."""
        for seq_id, cached in enumerate(self._cached):
            if code == 1:
                self.forget(seq_id)
            else:
                self._cut(seq_id, len(cached))

    def _cut(self, seq_id: int, n_tokens: int) -> bool:
        if not lib.llama_memory_seq_rm(self._memory, seq_id, n_tokens, -1):
            self.forget(seq_id)
            return False
        del self._cached[seq_id][n_tokens:]
        return True
