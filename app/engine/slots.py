"""Slots: the sequences of a context, what each one's cache holds, and which suits a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.engine.bindings import lib
from app.engine.generation import Generation
from app.engine.prompts import common_prefix


class Slot:
    """One sequence. `cached` are the tokens that its part of the KV cache holds, in order.

    `prompt_end` are the logits after the first `n_prompt_end` of them ([n_vocab] float32), or None.
    """

    __slots__ = (
        "cached",
        "generation",
        "has_shared_cells",
        "last_used",
        "n_prompt_end",
        "prompt_end",
        "seq_id",
    )

    def __init__(self, seq_id: int) -> None:
        self.seq_id = seq_id
        self.cached: list[int] = []
        self.generation: Generation | None = None
        self.last_used = 0
        self.has_shared_cells = False
        self.prompt_end: Any = None
        self.n_prompt_end = 0


class Cache:
    """llama.cpp's memory of one context, seen as slots.

    `n_swa` is the size of a sliding window whose older cells are gone, or 0; `is_recurrent` marks models whose
    state cannot be cut back, `is_unified` a cache whose cells all slots share.
    """

    def __init__(
        self, context: Any, n_slots: int, *, n_swa: int, is_recurrent: bool, is_unified: bool
    ) -> None:
        self._memory = lib.llama_get_memory(context)
        self._n_swa = n_swa
        self._is_recurrent = is_recurrent
        self._is_unified = is_unified
        self._clock = 0
        self.slots = [Slot(seq_id) for seq_id in range(n_slots)]

    def choose(self, tokens: Sequence[int]) -> Slot | None:
        """The idle slot for a prompt, or None if all are busy.

        The slot that shares most is taken if that saves more than it throws away: a conversation's next turn. Else an
        empty slot gets a copy of the shared part (in a unified cache that is free), so that a new conversation with
        the same system prompt costs neither its own start nor the other one's cache. Without an empty slot, the one
        that was idle longest makes way.
        """
        idle = [slot for slot in self.slots if slot.generation is None]
        if not idle:
            return None
        shared, best = max(
            ((common_prefix(slot.cached, tokens), slot) for slot in idle), key=lambda pair: pair[0]
        )
        lost = len(best.cached) - shared
        if shared and shared >= lost:
            return best
        empty = next((slot for slot in idle if not slot.cached), None)
        if empty is not None:
            self._adopt(empty, best, shared)
            return empty
        return best if 4 * shared >= lost else min(idle, key=lambda slot: slot.last_used)

    def _adopt(self, slot: Slot, source: Slot, n_tokens: int) -> None:
        """Let the empty `slot` begin with the first `n_tokens` of `source`, where that costs nothing."""
        if not n_tokens or not self._is_unified or self._is_recurrent or self._n_swa:
            return
        lib.llama_memory_seq_cp(self._memory, source.seq_id, slot.seq_id, 0, n_tokens)
        slot.cached = source.cached[:n_tokens]
        slot.has_shared_cells = source.has_shared_cells = True

    def occupy(self, slot: Slot, generation: Generation) -> int:
        """Give `slot` to `generation`, cut its cache back to what the prompt shares, and return that count.

        At least the prompt's last token is always decoded again: its logits are needed.
        """
        self._clock += 1
        slot.generation, slot.last_used = generation, self._clock
        shared = (
            0
            if generation.fresh
            else min(common_prefix(slot.cached, generation.todo), len(generation.todo) - 1)
        )
        if not self._can_cut(slot, shared) or not self.cut(slot, shared):
            self.clear(slot)
        return len(slot.cached)

    def _can_cut(self, slot: Slot, n_tokens: int) -> bool:
        if n_tokens == len(slot.cached):
            return True
        if not n_tokens or self._is_recurrent:
            return False
        # Of a sliding-window layer only the window's cells are kept: cutting back further would leave a hole.
        return not self._n_swa or lib.llama_memory_seq_pos_min(self._memory, slot.seq_id) <= max(
            0, n_tokens - self._n_swa
        )

    def cut(self, slot: Slot, n_tokens: int) -> bool:
        """Keep only the first `n_tokens` of the slot's cache; False where the model's memory cannot do that."""
        if not lib.llama_memory_seq_rm(self._memory, slot.seq_id, n_tokens, -1):
            return False
        del slot.cached[n_tokens:]
        return True

    def keep_end(self, slot: Slot, logits: Any) -> None:
        """Keep a copy of the logits ([n_vocab] float32) after what is cached: the prompt is complete."""
        slot.prompt_end, slot.n_prompt_end = logits.copy(), len(slot.cached)

    def clear(self, slot: Slot) -> None:
        """Empty the slot's cache."""
        lib.llama_memory_seq_rm(self._memory, slot.seq_id, -1, -1)
        slot.cached.clear()
        slot.has_shared_cells = False

    def undo(self, slot: Slot) -> None:
        """Drop what an unfinished decode left behind `cached`; what cannot be cut back is to be decoded again."""
        if self.cut(slot, len(slot.cached)):
            return
        if slot.generation is not None:
            slot.generation.todo = slot.cached + slot.generation.todo
        self.clear(slot)

    def evict_oldest(self) -> bool:
        """Empty the idle slot that was used longest ago; False if none holds anything."""
        idle = [slot for slot in self.slots if slot.generation is None and slot.cached]
        if not idle:
            return False
        self.clear(min(idle, key=lambda slot: slot.last_used))
        return True

    def drop(self, slot: Slot, start: int, count: int) -> None:
        """Forget `count` tokens of a generating slot from position `start` on; the rest moves up.

        llama.cpp moves the rest in place (its context shift) where the memory can and no other slot uses the same
        cells; otherwise what is kept is decoded again.
        """
        kept = slot.cached[:start] + slot.cached[start + count :]
        can_shift = not (self._is_recurrent or self._n_swa or slot.has_shared_cells)
        if can_shift and lib.llama_memory_can_shift(self._memory):
            seq_id, n_past = slot.seq_id, len(slot.cached)
            lib.llama_memory_seq_rm(self._memory, seq_id, start, start + count)
            lib.llama_memory_seq_add(self._memory, seq_id, start + count, n_past, -count)
            slot.cached = kept
            return
        self.clear(slot)
        if slot.generation is not None:
            slot.generation.todo = kept + slot.generation.todo
