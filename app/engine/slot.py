"""A slot: one sequence of a context, and what its part of the KV cache holds."""

from __future__ import annotations

from typing import Any

from app.engine.generation import Generation

_ALL = 1 << 62


class Slot:
    """One sequence. `cached` are the tokens that its part of the KV cache holds, in order.

    `prompt_end` are the logits after the first `n_prompt_end` of them ([n_vocab] float32), or None. Only the first
    `n_exact` are as decoding them would leave them: behind the place of a context shift the cells remember what was
    dropped. `n_saved` of them are on disk as `conversation`'s, which was last talked in here if `is_latest`; `source`
    is where they came from, until a request takes them. `is_fresh` marks what was read for measuring only.
    """

    __slots__ = (
        "cached",
        "conversation",
        "generation",
        "has_shared_cells",
        "is_fresh",
        "is_latest",
        "last_used",
        "n_exact",
        "n_prompt_end",
        "n_saved",
        "prompt_end",
        "seq_id",
        "source",
    )

    def __init__(self, seq_id: int) -> None:
        self.seq_id = seq_id
        self.generation: Generation | None = None
        self.last_used = 0
        self.forget()

    def forget(self) -> None:
        """Its sequence is empty."""
        self.cached: list[int] = []
        self.conversation = ""
        self.is_fresh = False
        self.is_latest = False
        self.has_shared_cells = False
        self.n_exact = _ALL
        self.n_saved = 0
        self.prompt_end: Any = None
        self.n_prompt_end = 0
        self.source = ""

    def cut(self, n_tokens: int) -> None:
        """Its sequence holds the first `n_tokens` only."""
        del self.cached[n_tokens:]
        self.n_saved = min(self.n_saved, n_tokens)
        if n_tokens <= self.n_exact:
            self.n_exact = _ALL
        if self.n_prompt_end > n_tokens:
            self.prompt_end, self.n_prompt_end = None, 0

    @property
    def is_exact(self) -> bool:
        """Whether all of it is as decoding it would leave it."""
        return self.n_exact >= len(self.cached)
