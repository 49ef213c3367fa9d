"""The batch that a step decodes: some tokens of each slot, and the draft behind the last of them."""

from __future__ import annotations

from typing import Any

from app.engine.bindings import lib
from app.engine.slots import Slot


class Batch:
    """A `llama_batch` of up to `n_most` tokens, filled anew for each step. `close` frees it.

    `entries` are the slots in it, in order, with how many of their own tokens (their drafts not counted).
    """

    def __init__(self, n_most: int) -> None:
        self.n_most = n_most
        self.n_tokens = 0
        self.entries: list[tuple[Slot, int]] = []
        self.handle: Any = lib.llama_batch_init(n_most, 0, 1)
        for index in range(n_most):
            self.handle.n_seq_id[index] = 1

    def clear(self) -> None:
        """Nothing is in it."""
        self.entries.clear()
        self.n_tokens = self.handle.n_tokens = 0

    def put(self, slot: Slot, count: int) -> None:
        """Add the next `count` tokens that the slot's generation has to do, and its draft.

        Logits are computed of the last of all its tokens and of every one of the draft.
        """
        batch, generation = self.handle, slot.generation
        if generation is None:
            return
        position, seq_id, first = len(slot.cached), slot.seq_id, self.n_tokens
        draft = generation.draft
        tokens = [*generation.todo, *draft] if draft else generation.todo
        for offset in range(count + len(draft)):
            index = first + offset
            batch.token[index] = tokens[offset]
            batch.pos[index] = position + offset
            batch.seq_id[index][0] = seq_id
            batch.logits[index] = offset >= count
        if count == len(generation.todo):
            batch.logits[first + count - 1] = 1
        self.entries.append((slot, count))
        self.n_tokens = batch.n_tokens = first + count + len(draft)

    def drop_drafts(self) -> bool:
        """Let the slots in it guess nothing after all; False where none did."""
        drafted = [slot.generation for slot, _ in self.entries if slot.generation and slot.generation.draft]
        for generation in drafted:
            generation.draft = []
        return bool(drafted)

    def close(self) -> None:
        """Free it; idempotent."""
        if self.handle is not None:
            lib.llama_batch_free(self.handle)
            self.handle = None
