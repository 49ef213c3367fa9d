"""States between slots and where they are kept: when one is worth keeping, taking it, and putting it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from app.engine.bindings import lib
from app.engine.slot import Slot
from app.engine.states import Array, State, States, read_state, write_state

_CHECKPOINT_SHARE = 8
"""Of the room for states in memory one that is taken at every prompt's end may fill this part: taking it costs time."""
_GROWTH = 8
"""A slot's state is written to disk again when it has grown by this part: its start is written over and over then."""

_MAX_READ_S = 2.0
"""Taking a state holds up all replies: what would take longer, as over a slow network, is not taken."""
_LEAST_TIMED_BYTES = 1 << 20  # a smaller one says nothing of the speed


class SlotTraffic:
    """Moves the sequences of one context to `states` and back. `n_window` is the model's sliding window, or 0."""

    def __init__(self, context: Any, states: States, n_window: int) -> None:
        self._context = context
        self._memory = lib.llama_get_memory(context)
        self._states = states
        self._n_window = n_window
        self._s_per_byte = 0.0  # of the last state that was taken

    def save_one(self, slots: Sequence[Slot], *, is_last_chance: bool) -> bool:
        """Hand the state of one idle slot over to the disk; False where none needs it.

        While there is time, only what is new enough is worth writing its start again.
        """
        if self._states.disk is None:
            return False
        unsaved = [slot for slot in slots if self._is_unsaved(slot, is_last_chance=is_last_chance)]
        if not unsaved:
            return False
        slot = max(unsaved, key=lambda slot: slot.last_used)
        state = self._state_of(slot)
        slot.n_saved = len(slot.cached)
        if state is not None:
            self._states.disk.keep(state)
        return True

    def keep_checkpoint(self, slot: Slot) -> None:
        """Keep the state of a slot in memory that goes on and cannot be taken back to here, unless it is large."""
        memory = self._states.memory
        size_bytes: int = lib.llama_state_seq_get_size_ext(self._context, slot.seq_id, 0)
        if memory is None or not memory.has_room_for(_CHECKPOINT_SHARE * size_bytes):
            return
        if (state := self._state_of(slot)) is not None:
            memory.keep(state)

    def restore(self, slot: Slot, state: State, source: str, *, stays: bool = False) -> bool:
        """Put `state` into the empty `slot`; False where the cache has no room for it.

        One that `stays` is kept in memory besides: the slot will not hold all of it.
        """
        if not write_state(self._context, slot.seq_id, state.data):
            return False
        slot.cached = list(state.tokens)
        slot.prompt_end, slot.n_prompt_end = state.prompt_end, state.n_prompt_end
        slot.conversation, slot.source = state.conversation, source
        if source == "disk":
            slot.n_saved = len(state.tokens)
        elif self._states.memory is not None and not stays:
            self._states.memory.taken(state)
        return True

    def copy(self, source: Slot, slot: Slot) -> None:
        """Let the empty `slot` hold what `source` holds, where they share no cells and copying is worth it."""
        if len(source.cached) < self._states.least or (state := self._state_of(source)) is None:
            return
        if write_state(self._context, slot.seq_id, state.data):
            slot.cached = list(state.tokens)
            slot.prompt_end, slot.n_prompt_end = state.prompt_end, state.n_prompt_end
            slot.n_exact = source.n_exact

    def _is_unsaved(self, slot: Slot, *, is_last_chance: bool) -> bool:
        n_cached = len(slot.cached)
        if not (slot.conversation and slot.is_latest and slot.is_exact) or slot.generation is not None:
            return False
        if self._states.disk is None or n_cached < self._states.least:
            return False
        return n_cached - slot.n_saved > (0 if is_last_chance else slot.n_saved // _GROWTH)

    def keep(self, slot: Slot, *, on_disk: bool = True) -> None:
        """Keep the state of a slot that is about to lose it, where it is worth that."""
        states = self._states
        if len(slot.cached) < states.least or not slot.is_exact or slot.is_fresh:
            return
        wants_disk = on_disk and self._is_unsaved(slot, is_last_chance=True)
        size_bytes: int = lib.llama_state_seq_get_size_ext(self._context, slot.seq_id, 0)
        wants_memory = states.memory is not None and states.memory.has_room_for(size_bytes)
        if not (wants_disk or wants_memory) or (state := self._state_of(slot)) is None:
            return
        if states.memory is not None and wants_memory:
            states.memory.keep(state)
        if states.disk is not None and wants_disk:
            states.disk.keep(state)

    def _state_of(self, slot: Slot) -> State | None:
        n_tokens = len(slot.cached)
        ends_there = lib.llama_memory_seq_pos_max(self._memory, slot.seq_id) == n_tokens - 1
        # What lies behind are guesses that were not needed any more.
        if not ends_there and not lib.llama_memory_seq_rm(self._memory, slot.seq_id, n_tokens, -1):
            return None
        data = self._read(slot)
        if data is None:
            return None
        return State(
            tokens=list(slot.cached),
            data=data,
            prompt_end=slot.prompt_end,
            n_prompt_end=slot.n_prompt_end,
            # Whatever the cache holds, of a sliding window's layers only the window is written.
            first_position=max(0, n_tokens - self._n_window) if self._n_window else 0,
            conversation=slot.conversation,
        )

    def _read(self, slot: Slot) -> Array | None:
        size_bytes: int = lib.llama_state_seq_get_size_ext(self._context, slot.seq_id, 0)
        if size_bytes * self._s_per_byte > _MAX_READ_S:
            self._s_per_byte /= 2  # it may have been a bad moment: tried again in a while
            return None
        started_s = time.perf_counter()
        data = read_state(self._context, slot.seq_id)
        self._s_per_byte = (time.perf_counter() - started_s) / max(size_bytes, _LEAST_TIMED_BYTES)
        return data
