"""A model's own multi-token heads that guess for it: `engine.draft_model.DraftModel` without another model.

A head continues from a token and the state that the model left after the token before it, as llama.cpp's tools have it
(common_speculative_impl_draft_mtp, common/speculative.cpp): its cell at position p is made of the token there and the
model's state at p - 1. After the first guess its own state stands for the model's. Of several heads the first alone is
used, for one guess: the others were trained for the places behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.engine.bindings import lib
from app.engine.draft_model import Ask
from app.engine.heads import HeadsContext, StateBatch, StateFunctions, state_functions
from app.engine.prompts import common_prefix
from app.engine.sampler import logits_at
from app.engine.step_costs import StepCosts

_MOST_WAITING = 64
"""So many tokens of a slot may be without cells before they are given some though nobody asks for guesses: their states
take memory, and a draft should not have to wait for many.
"""

State = np.ndarray[Any, Any]
"""What the model left after a token, [n_embd] float32."""


@dataclass(slots=True)
class _Track:
    """What the heads have of one sequence.

    `tokens` lie at the positions from `first` on. The first `n_cells` of them have cells; each of the others waits with
    the state `before` it. `last` is the state after all of them, None where it is not known. `is_rough`: guesses lie in
    the cells behind.
    """

    first: int = 0
    tokens: list[int] = field(default_factory=list[int])
    n_cells: int = 0
    before: list[State | None] = field(default_factory=list["State | None"])
    last: State | None = None
    is_rough: bool = False

    @property
    def end(self) -> int:
        """The position behind the last token."""
        return self.first + len(self.tokens)

    @property
    def n_waiting(self) -> int:
        """How many tokens have no cell yet."""
        return len(self.before)


class Heads:
    """Guesses greedily, all slots together in one batch. Belongs to the thread of the scheduler.

    What the model decodes has to be shown to it (`decoded`), since the states that it reads are gone with the next
    decode. What it was not shown it cannot make up for: a prefix that came from another slot or from a state that was
    kept, or what a context shift moved. The heads then begin anew behind it, with what comes next, and look no further
    back: that can cost accepted guesses, nothing else. Where the model goes back to an earlier position, one cell is
    made without the state before it.
    """

    def __init__(self, own: HeadsContext, target_context: Any) -> None:
        """`own` runs the heads of the model that `target_context` decodes with.

        Raises:
            EngineError: this build of llama.cpp cannot.
        """
        self._context, self._target = own.context, target_context
        self._functions: StateFunctions = state_functions()
        self._memory = lib.llama_get_memory(own.context)
        self._n_vocab = own.n_vocab
        self._n_embd: int = lib.llama_model_n_embd_inp(own.model)
        self._n_ctx: int = lib.llama_n_ctx_seq(own.context)
        self._n_chunk: int = min(lib.llama_n_ubatch(own.context), lib.llama_n_batch(own.context))
        n_slots: int = lib.llama_n_seq_max(own.context)
        self.n_most = 1 if own.n_heads > 1 else self._n_ctx
        self._tracks = [_Track() for _ in range(n_slots)]
        self._batch = StateBatch(max(self._n_chunk, n_slots), self._n_embd)
        self.costs = StepCosts()
        self.caught_up_ms = 0.0

    def decoded(self, seq_id: int, cached: Sequence[int], tokens: Sequence[int], start: int) -> None:
        """The model has decoded `tokens` behind `cached`, from batch position `start` on.

        To be called for all slots that guesses may be made for, after each decode and before the next.
        """
        if len(cached) != self._tracks[seq_id].end:
            self._rewind(seq_id, cached)
        if self._tracks[seq_id].n_waiting >= _MOST_WAITING:
            self._give_cells([seq_id])
        states = self._states(start, len(tokens))
        track = self._tracks[seq_id]
        track.before += [track.last, *states[:-1]]
        track.last = states[-1]
        track.tokens += tokens

    def n_missing(self, seq_id: int, tokens: Sequence[int]) -> int:
        """How many of `tokens` it would have to process before it can guess, at least 1."""
        return 1 + min(self._tracks[seq_id].n_waiting, len(tokens))

    def guess(self, asks: list[Ask], wants_more: Callable[[Ask], bool]) -> None:
        """Fill the asks' drafts; `wants_more` is asked after each guess whether another one is wanted.

        An ask whose last tokens it was not shown stays without guesses, as does one that llama.cpp cannot decode.
        `caught_up_ms` then says what processing the tokens before took.
        """
        started_s = time.perf_counter()
        ready = self._catch_up(asks)
        self.caught_up_ms = (time.perf_counter() - started_s) * 1000
        states = [self._tracks[ask.seq_id].last for ask in ready]
        tokens = [ask.tokens[-1] for ask in ready]
        while ready:
            for index, (ask, token, state) in enumerate(zip(ready, tokens, states, strict=True)):
                position = len(ask.tokens) - 1 + len(ask.draft)
                self._batch.put(index, token, position, ask.seq_id, state, is_wanted=True)
                self._tracks[ask.seq_id].is_rough = True
            if not self._decode_guesses(len(ready)):
                return
            going_on: list[tuple[Ask, State]] = []
            for index, ask in enumerate(ready):
                ask.take_best(logits_at(self._context, index, self._n_vocab))
                ask.is_open = len(ask.draft) < min(ask.n_most, self.n_most) and wants_more(ask)
                if ask.is_open:
                    row = self._functions.state_at(self._context, index)
                    going_on.append((ask, np.ctypeslib.as_array(row, (self._n_embd,)).copy()))
            ready, states = [ask for ask, _ in going_on], [state for _, state in going_on]
            tokens = [ask.draft[-1] for ask in ready]

    def forget(self, seq_id: int) -> None:
        """Empty a sequence."""
        lib.llama_memory_seq_rm(self._memory, seq_id, -1, -1)
        self._tracks[seq_id] = _Track()

    def close(self) -> None:
        """Free the batch; the context is the caller's to close."""
        self._batch.close()

    # -- inside ---------------------------------------------------------------------------------------------

    def _states(self, start: int, count: int) -> list[State]:
        """The model's states after batch positions from `start` on, copied."""
        rows = np.ctypeslib.as_array(self._functions.states(self._target), (start + count, self._n_embd))
        return list(rows[start:].copy())

    def _rewind(self, seq_id: int, tokens: Sequence[int]) -> None:
        """Forget what lies behind `tokens`, which the model has in its cache; begin anew where all else differs."""
        track = self._tracks[seq_id]
        count = len(tokens) - track.first
        if count < 1 or common_prefix(track.tokens, tokens[track.first :]) < count:
            self._restart(seq_id, len(tokens))
            return
        if count >= track.n_cells:
            n_kept = count - track.n_cells
            if n_kept < track.n_waiting:
                track.last = track.before[n_kept]
                del track.before[n_kept:]
        else:
            track.before.clear()
            track.n_cells, track.last, track.is_rough = count, None, True
        del track.tokens[count:]

    def _restart(self, seq_id: int, position: int) -> None:
        self.forget(seq_id)
        self._tracks[seq_id].first = position

    def _catch_up(self, asks: list[Ask]) -> list[Ask]:
        """Give what waits its cells; the asks that can be answered."""
        for ask in asks:
            known = ask.tokens[:-1]
            self._rewind(ask.seq_id, known)
            track = self._tracks[ask.seq_id]
            ask.is_open = track.last is not None and len(ask.tokens) < self._n_ctx
        # No more than a prompt's last part and `_MOST_WAITING` tokens wait in any of them.
        while self._give_cells([ask.seq_id for ask in asks if ask.is_open]):
            pass
        for ask in asks:
            track = self._tracks[ask.seq_id]
            ask.is_open = ask.is_open and not track.n_waiting and track.last is not None
        return [ask for ask in asks if ask.is_open]

    def _give_cells(self, seq_ids: Sequence[int]) -> bool:
        """Process what waits in these sequences, at most one physical batch (n_ubatch) of it; False if nothing was."""
        n_used = 0
        counts: list[tuple[_Track, int]] = []
        for seq_id in seq_ids:
            track = self._tracks[seq_id]
            if not self._drop_rough(seq_id):
                continue
            count = min(
                track.n_waiting, self._n_chunk - n_used, self._n_ctx - 1 - track.first - track.n_cells
            )
            for offset in range(count):
                place = track.n_cells + offset
                self._batch.put(
                    n_used + offset, track.tokens[place], track.first + place, seq_id, track.before[offset]
                )
            if count > 0:
                n_used += count
                counts.append((track, count))
        if not n_used or not self._decode(n_used):
            return False
        for track, count in counts:
            del track.before[:count]
            track.n_cells += count
        return True

    def _drop_rough(self, seq_id: int) -> bool:
        """Take the guesses' cells back; False where that was not possible, and all is forgotten."""
        track = self._tracks[seq_id]
        if not track.is_rough:
            return True
        track.is_rough = False
        if lib.llama_memory_seq_rm(self._memory, seq_id, track.first + track.n_cells, -1):
            return True
        self._restart(seq_id, track.end)
        return False

    def _decode_guesses(self, count: int) -> bool:
        started_s = time.perf_counter()
        if not self._decode(count):
            return False
        self.costs.learn(count, (time.perf_counter() - started_s) * 1000)
        return True

    def _decode(self, n_tokens: int) -> bool:
        code = self._batch.decode(self._context, n_tokens)
        if code == 0:
            lib.llama_synchronize(self._context)
            return True
        # What an unfinished decode left is taken back; without room (1) everything is, since others hold the cells.
        for seq_id, track in enumerate(self._tracks):
            if code == 1:
                self._restart(seq_id, track.end)
            else:
                track.is_rough = True
        return False
