"""Slots: the sequences of a context, what each one's cache holds, and which suits a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.reasons import ReuseLoss
from app.engine.bindings import lib
from app.engine.generation import Generation
from app.engine.prompts import common_prefix
from app.engine.reuse import Journal
from app.engine.slot import Slot
from app.engine.slot_traffic import SlotTraffic
from app.engine.states import Found, Outline, States

__all__ = ["Cache", "Slot"]

_LITTLE = 4
"""What a conversation loses is little against the time to copy all of it if it is less than this part of the rest."""


class Cache:
    """llama.cpp's memory of one context, seen as slots.

    `n_swa` is the size of a sliding window whose older cells are gone, or 0; `is_recurrent` marks models whose
    state cannot be cut back, `is_unified` a cache whose cells all slots share. `states` keep what leaves it, the
    `journal` why less came back than a conversation had.
    """

    def __init__(
        self,
        context: Any,
        n_slots: int,
        *,
        n_swa: int,
        is_recurrent: bool,
        is_unified: bool,
        states: States | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._context = context
        self._memory = lib.llama_get_memory(context)
        self._n_swa = n_swa
        # Of a state only the window's cells are written, even where the cache itself keeps all.
        self._n_window: int = lib.llama_model_n_swa(lib.llama_get_model(context))
        self._is_recurrent = is_recurrent
        self._is_unified = is_unified
        self._n_cells: int = lib.llama_n_ctx(context)
        self._states = states or States(None, None, 1)
        self._traffic = SlotTraffic(context, self._states, self._n_window)
        self._journal = journal or Journal(lambda _token: b"")
        self._clock = 0
        self.slots = [Slot(seq_id) for seq_id in range(n_slots)]

    # -- which slot -----------------------------------------------------------------------------------------

    def choose(self, generation: Generation) -> Slot | None:
        """The idle slot for a request, or None if all are busy.

        The slot that shares most with its prompt is taken if that saves more than it throws away: a conversation's
        next turn. A state that was kept and shares more comes back first. Else an empty slot gets a copy of the shared
        part, so that a new conversation with the same system prompt costs neither its own start nor the other one's
        cache. Without an empty slot, the one that was idle longest makes way.
        """
        idle = [slot for slot in self.slots if slot.generation is None]
        if not idle:
            return None
        if generation.fresh:
            return self._spare(idle)
        tokens = generation.todo
        best = max(idle, key=lambda slot: (self._reusable(slot, tokens), slot.last_used))
        shared = self._reusable(best, tokens)
        found = self._states.best(lambda outline: self._usable(outline, tokens), shared)
        if found is not None and (slot := self._fetch(found, idle)) is not None:
            return slot
        lost = len(best.cached) - shared
        is_own = bool(generation.conversation) and generation.conversation == best.conversation
        if shared and (is_own or shared >= lost):
            # Another branch of it may be gone back to; a last reply that is made anew is not worth the copying.
            if lost > shared // _LITTLE:
                self._traffic.keep(best, on_disk=not is_own)
            return best
        return self._make_way(idle, best, shared)

    def _make_way(self, idle: Sequence[Slot], best: Slot, shared: int) -> Slot:
        """A slot for a prompt that shares less with the `best` one than that would lose."""
        lost = len(best.cached) - shared
        empty = next((slot for slot in idle if not slot.cached), None)
        if empty is not None and (self._can_adopt or not self._is_unified or 4 * shared < lost):
            self._adopt(empty, best, shared)
            return empty
        if 4 * shared >= lost:
            self._traffic.keep(best)
            return best
        return self._spare(idle)

    def _spare(self, idle: Sequence[Slot]) -> Slot:
        """An empty slot, or the one that was idle longest, its state kept."""
        slot = min(idle, key=lambda slot: (bool(slot.cached), slot.last_used))
        self._traffic.keep(slot)
        return slot

    @property
    def _can_adopt(self) -> bool:
        return self._is_unified and not self._is_recurrent and not self._n_swa

    def _adopt(self, slot: Slot, source: Slot, n_tokens: int) -> None:
        """Let the empty `slot` begin with the first `n_tokens` of `source`: free in a cache that they share."""
        if n_tokens >= self._states.least and not self._is_unified:
            self._traffic.copy(source, slot)
        if not n_tokens or not self._can_adopt:
            return
        lib.llama_memory_seq_cp(self._memory, source.seq_id, slot.seq_id, 0, n_tokens)
        slot.cached = source.cached[:n_tokens]
        slot.has_shared_cells = source.has_shared_cells = True
        if source.n_prompt_end == n_tokens:
            slot.prompt_end, slot.n_prompt_end = source.prompt_end, n_tokens

    def _reusable(self, slot: Slot, tokens: Sequence[int]) -> int:
        """How many of a prompt's first tokens need not be decoded in `slot`."""
        shared = min(common_prefix(slot.cached, tokens), slot.n_exact)
        shared = _but_the_last(shared, len(tokens), slot.n_prompt_end)
        return shared if self._can_cut(slot, shared) else 0

    def _usable(self, outline: Outline, tokens: Sequence[int]) -> int:
        """The same of a state that was kept."""
        shared = common_prefix(outline.tokens, tokens)
        shared = _but_the_last(shared, len(tokens), outline.n_prompt_end)
        can_cut = self._can_cut_to(shared, len(outline.tokens), outline.first_position)
        return shared if can_cut else 0

    # -- taking and leaving a slot ----------------------------------------------------------------------------

    def occupy(self, slot: Slot, generation: Generation) -> int:
        """Give `slot` to `generation`, cut its cache back to what the prompt shares, and return that count.

        That is the whole prompt where the logits of its end were kept; else its last token at least is left.
        """
        self._clock += 1
        slot.generation, slot.last_used = generation, self._clock
        shared = 0 if generation.fresh else self._reusable(slot, generation.todo)
        if shared == len(generation.todo) and not generation.max_tokens:
            shared -= 1  # nothing is sampled, so something must be decoded for the step to end with
        source, refused = slot.source or "slot", self._refusal(generation.todo, shared)
        if not shared or not self._can_cut(slot, shared) or not self.cut(slot, shared):
            self.clear(slot)
        n_cached = len(slot.cached)
        slot.source, slot.is_fresh = "", generation.fresh
        self._assign(slot, generation.conversation)
        if generation.reuse is None:
            generation.reuse = self._journal.account(
                generation, n_cached, source if n_cached else "", refused
            )
        return n_cached

    def _assign(self, slot: Slot, conversation: str) -> None:
        """From now on this slot is the one that `conversation` was last talked in."""
        for other in self.slots:
            other.is_latest = other.is_latest and other.conversation != conversation
        if slot.conversation != conversation:
            slot.conversation, slot.n_saved = conversation, 0
        slot.is_latest = True

    def _refusal(self, tokens: Sequence[int], n_reusable: int) -> str:
        """Why a slot that shares more with a prompt cannot be used; "" where there is none."""
        if not (self._is_recurrent or self._n_window):
            return ""
        # A last token that must be decoded again is no refusal.
        if all(common_prefix(slot.cached, tokens) <= n_reusable + 1 for slot in self.slots):
            return ""
        return ReuseLoss.RECURRENT_STATE if self._is_recurrent else ReuseLoss.SLIDING_WINDOW

    def leave(self, slot: Slot, generation: Generation) -> None:
        """`generation` has ended in `slot`, whose cache stays for what comes next."""
        self._journal.remember(generation, slot.cached, is_shifted=not slot.is_exact)

    def keep_end(self, slot: Slot, logits: Any) -> None:
        """Keep a copy of the logits ([n_vocab] float32) after what is cached: the prompt is complete.

        Where the model's memory cannot be taken back to here later, its state is kept as well, unless it is large.
        """
        slot.prompt_end, slot.n_prompt_end = logits.copy(), len(slot.cached)
        if self._is_recurrent or self._n_swa:
            self._traffic.keep_checkpoint(slot)

    # -- cutting --------------------------------------------------------------------------------------------

    def _can_cut(self, slot: Slot, n_tokens: int) -> bool:
        first = lib.llama_memory_seq_pos_min(self._memory, slot.seq_id) if self._n_window else 0
        return self._can_cut_to(n_tokens, len(slot.cached), first)

    def _can_cut_to(self, n_tokens: int, n_cached: int, first_position: int) -> bool:
        if n_tokens == n_cached:
            return True
        if not n_tokens or self._is_recurrent:
            return False
        # Of a sliding-window layer only the window's cells are kept: cutting back further would leave a hole.
        return first_position <= max(0, n_tokens - self._n_window)

    def cut(self, slot: Slot, n_tokens: int) -> bool:
        """Keep only the first `n_tokens` of the slot's cache; False where the model's memory cannot do that."""
        if not lib.llama_memory_seq_rm(self._memory, slot.seq_id, n_tokens, -1):
            return False
        slot.cut(n_tokens)
        return True

    def take_back(self, slot: Slot, n_tokens: int) -> bool:
        """As `cut`, of what was decoded last; False also where a sliding window has moved on over what is needed.

        llama.cpp overwrites what is out of the window, also where there is room to keep it.
        """
        if self._n_window:
            first = lib.llama_memory_seq_pos_min(self._memory, slot.seq_id)
            if first > max(0, n_tokens + 1 - self._n_window):  # the next token sees a window with itself
                return False
        return self.cut(slot, n_tokens)

    def clear(self, slot: Slot) -> None:
        """Empty the slot's cache."""
        lib.llama_memory_seq_rm(self._memory, slot.seq_id, -1, -1)
        slot.forget()

    def undo(self, slot: Slot) -> None:
        """Drop what an unfinished decode left behind `cached`; what cannot be cut back is to be decoded again.

        A running state cannot: llama.cpp goes back to one that the unfinished decode should have computed.
        """
        if self._is_recurrent or not self.take_back(slot, len(slot.cached)):
            self.start_over(slot)

    def start_over(self, slot: Slot) -> None:
        """Empty the slot's cache; its generation, if any, is to decode again what it held."""
        if slot.generation is None:
            self.clear(slot)
            return
        slot.generation.todo = slot.cached + slot.generation.todo
        self._clear_for_its_own(slot)

    def evict_oldest(self) -> bool:
        """Empty the idle slot that was used longest ago, its state kept; False if none holds anything."""
        idle = [slot for slot in self.slots if slot.generation is None and slot.cached]
        if not idle:
            return False
        oldest = min(idle, key=lambda slot: slot.last_used)
        self._traffic.keep(oldest)
        self.clear(oldest)
        return True

    def send_back(self, slot: Slot) -> Generation | None:
        """The generation in `slot`, which must wait for room: it is to decode again what the slot held."""
        generation, slot.generation = slot.generation, None
        if generation is not None:
            generation.todo = slot.cached + generation.todo
        self._traffic.keep(slot)
        self.clear(slot)
        return generation

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
            slot.cut(start)
            slot.cached, slot.n_exact = kept, min(slot.n_exact, start)
            return
        self._clear_for_its_own(slot)
        if slot.generation is not None:
            slot.generation.todo = kept + slot.generation.todo

    def _clear_for_its_own(self, slot: Slot) -> None:
        """Empty the cache of a slot whose generation goes on in it."""
        conversation = slot.conversation
        self.clear(slot)
        self._assign(slot, conversation)

    # -- states that leave and come back ----------------------------------------------------------------------

    def save_one(self, *, is_last_chance: bool) -> bool:
        """Hand the state of one idle slot over to the disk; False where none needs it."""
        return self._traffic.save_one(self.slots, is_last_chance=is_last_chance)

    def forget(self, conversation: str) -> None:
        """Keep nothing of a conversation, here or anywhere."""
        self._states.forget(conversation)
        self._journal.forget(conversation)
        for slot in self.slots:
            if conversation and slot.conversation == conversation:
                slot.conversation = ""
                if slot.generation is None:
                    self.clear(slot)

    def _fetch(self, found: Found, idle: Sequence[Slot]) -> Slot | None:
        """A slot that holds the state `found`; None where it could not be had."""
        state = self._states.fetch(found)
        if state is None:
            return None
        slot = self._spare(idle)
        self.clear(slot)
        # Of which only the beginning is used, as another chat's system prompt, it is still wanted as it is.
        stays = len(state.tokens) - found.n_tokens > found.n_tokens // _LITTLE
        while not self._traffic.restore(slot, state, found.source, stays=stays):
            lacks_room = sum(len(other.cached) for other in self.slots) + len(state.tokens) > self._n_cells
            if not (lacks_room and self._is_unified and self.evict_oldest()):
                return None
        return slot


def _but_the_last(shared: int, n_tokens: int, n_prompt_end: int) -> int:
    """A prompt that is there as a whole: its last token is decoded again, unless the logits after it were kept."""
    return shared - 1 if shared == n_tokens and n_prompt_end != shared else shared
