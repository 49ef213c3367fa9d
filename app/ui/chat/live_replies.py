"""What is known about replies while they are made, for the figures under them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.ui.chat.reply_figures import Figure, live_figures, prompt_figures, waiting_figures
from app.worker.protocol import PromptProgress

SHOWN_EVERY_S = 0.2
"""Figures that change more often cannot be read."""


@dataclass(slots=True)
class _Live:
    progress: PromptProgress | None = None
    n_tokens: int = 0
    first_text_at: float = 0.0
    shown_at: float = 0.0


class LiveReplies:
    """By message id. Replies in the background are noted too: one may come back to them."""

    def __init__(self) -> None:
        self._live: dict[str, _Live] = {}

    def start(self, message_id: str) -> None:
        """A reply has been asked for."""
        self._live[message_id] = _Live()

    def end(self, message_id: str) -> None:
        """It is complete."""
        self._live.pop(message_id, None)

    def note_progress(self, message_id: str, progress: PromptProgress) -> None:
        """Its prompt is being read."""
        self._live.setdefault(message_id, _Live()).progress = progress

    def note_text(self, message_id: str, n_tokens: int) -> bool:
        """Text has come, the reply has `n_tokens` now; whether it is time to show figures again."""
        live = self._live.setdefault(message_id, _Live())
        live.n_tokens = n_tokens
        now = time.perf_counter()
        live.first_text_at = live.first_text_at or now
        if now - live.shown_at < SHOWN_EVERY_S:
            return False
        live.shown_at = now
        return True

    def figures(self, message_id: str) -> tuple[list[Figure], float | None]:
        """Figures for the line under the reply, and how far the prompt is while it is read."""
        live = self._live.get(message_id, _Live())
        if live.first_text_at:
            return live_figures(live.n_tokens, time.perf_counter() - live.first_text_at), None
        progress = live.progress
        if progress is None or progress.n_total <= 0:
            return waiting_figures(), None
        shown = prompt_figures(progress.n_done, progress.n_total, progress.n_cached)
        return shown, progress.n_done / progress.n_total
