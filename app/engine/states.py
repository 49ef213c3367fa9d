"""States of sequences that left the KV cache: kept in host memory, and on disk where one is given, for their return."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from app.engine.bindings import lib

Array = np.ndarray[Any, Any]
_NO_FLAGS = 0  # LLAMA_STATE_SEQ_FLAGS_NONE: the whole sequence, in host memory


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One sequence as `llama_state_seq_get_data_ext` wrote it.

    `tokens` are what it holds, in order; `prompt_end` are the logits after the first `n_prompt_end` of them
    ([n_vocab] float32), or None; `first_position` is the oldest cell: 0, but for a window that has slid. `data` is
    [size] uint8.
    """

    tokens: list[int]
    data: Array
    prompt_end: Array | None = None
    n_prompt_end: int = 0
    first_position: int = 0
    conversation: str = ""

    @property
    def size_bytes(self) -> int:
        """What it takes of memory."""
        return self.data.nbytes + (self.prompt_end.nbytes if self.prompt_end is not None else 0)


class Outline(Protocol):
    """A state that is kept somewhere: what must be known to choose it."""

    @property
    def tokens(self) -> list[int]:
        """What it holds."""
        ...

    @property
    def n_prompt_end(self) -> int:
        """After how many of them the logits were kept; 0 for none."""
        ...

    @property
    def first_position(self) -> int:
        """Its oldest cell."""
        ...


class Disk(Protocol):
    """States on disk, of the model that is loaded; nothing here raises: what fails costs only processing."""

    def outlines(self) -> Iterable[Outline]:
        """What is there."""
        ...

    def load(self, outline: Any) -> State | None:
        """The state of one of the `outlines`; None where it is damaged or gone."""
        ...

    def keep(self, state: State) -> None:
        """Write it soon, in place of what there is of its conversation."""
        ...

    def forget(self, conversation: str) -> None:
        """Remove what there is of a conversation, also what is still to be written."""
        ...


def read_state(context: Any, seq_id: int) -> Array | None:
    """A sequence's state, [size] uint8; None where llama.cpp gives none, or there is no memory for it."""
    size = lib.llama_state_seq_get_size_ext(context, seq_id, _NO_FLAGS)
    if not size:
        return None
    try:
        data = np.empty(size, dtype=np.uint8)
    except MemoryError:
        return None
    written = lib.llama_state_seq_get_data_ext(context, _pointer(data), size, seq_id, _NO_FLAGS)
    return data if written == size else None


def write_state(context: Any, seq_id: int, data: Array) -> bool:
    """Give a sequence the state `data`; False, with the sequence empty, where there is no room for it."""
    return (
        lib.llama_state_seq_set_data_ext(context, _pointer(data), data.nbytes, seq_id, _NO_FLAGS)
        == data.nbytes
    )


def _pointer(data: Array) -> Any:
    return ctypes.cast(data.ctypes.data, ctypes.POINTER(ctypes.c_uint8))


class StateMemory:
    """States in host memory, least recently kept first, together at most `limit_bytes`.

    `free_bytes` tells the memory that all programs leave: the states never take more than what stays free beside them.
    With `can_cut` a longer state serves as well as one of its beginning.
    """

    def __init__(self, limit_bytes: int, free_bytes: Callable[[], int], *, can_cut: bool = True) -> None:
        self._limit_bytes = limit_bytes
        self._free_bytes = free_bytes
        self._can_cut = can_cut
        self._states: list[State] = []

    @property
    def size_bytes(self) -> int:
        """What all states take."""
        return sum(state.size_bytes for state in self._states)

    def outlines(self) -> Sequence[State]:
        """What is there."""
        return tuple(self._states)

    def has_room_for(self, size_bytes: int) -> bool:
        """Whether a state of that size would be kept."""
        return size_bytes <= self._budget_bytes

    @property
    def _budget_bytes(self) -> int:
        return min(self._limit_bytes, (self._free_bytes() + self.size_bytes) // 2)

    def keep(self, state: State) -> bool:
        """Take it in, in place of those that it contains and of the oldest; False where it has no room at all."""
        budget_bytes = self._budget_bytes
        if state.size_bytes > budget_bytes:
            return False
        self._states = [kept for kept in self._states if not self._serves_for(state, kept)]
        if any(self._serves_for(kept, state) for kept in self._states):
            return True
        self._states.append(state)
        while self.size_bytes > budget_bytes:
            del self._states[0]
        return True

    def _serves_for(self, state: State, other: State) -> bool:
        """Whether `other` is not needed beside `state`."""
        held = state.tokens[: len(other.tokens)] if self._can_cut else state.tokens
        return held == other.tokens

    def taken(self, state: State) -> None:
        """It is in a slot again, which serves for it, unless the slot cannot be taken back to it later."""
        if self._can_cut:
            self._states = [kept for kept in self._states if kept is not state]

    def forget(self, conversation: str) -> None:
        """Drop what there is of a conversation."""
        self._states = [kept for kept in self._states if kept.conversation != conversation]


@dataclass(frozen=True, slots=True)
class Found:
    """A state that suits a prompt; `source` is "memory" or "disk", `n_tokens` of it can be used."""

    outline: Outline
    source: str
    n_tokens: int


class States:
    """Both places. `least` is the number of tokens from which on a state is worth keeping or fetching."""

    def __init__(self, memory: StateMemory | None, disk: Disk | None, least: int) -> None:
        self.memory = memory
        self.disk = disk
        self.least = max(least, 1)

    def best(self, usable: Callable[[Outline], int], more_than: int) -> Found | None:
        """The state of which most tokens can be used, if that saves at least `least` tokens over `more_than`."""
        places = (("memory", self.memory), ("disk", self.disk))
        found = itertools.chain.from_iterable(
            (Found(outline, source, usable(outline)) for outline in place.outlines())
            for source, place in places
            if place is not None
        )
        best = max(found, key=lambda item: item.n_tokens, default=None)
        return best if best is not None and best.n_tokens >= more_than + self.least else None

    def fetch(self, found: Found) -> State | None:
        """The state itself; None where it turns out damaged or gone."""
        if found.source == "disk" and self.disk is not None:
            return self.disk.load(found.outline)
        return found.outline if isinstance(found.outline, State) else None

    def forget(self, conversation: str) -> None:
        """Drop what there is of a conversation, everywhere."""
        if self.memory is not None:
            self.memory.forget(conversation)
        if self.disk is not None:
            self.disk.forget(conversation)
