"""How far ahead drafts may go: each source of guesses has a row of its own for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.reasons import DraftSource

_LIMIT_KEYS: dict[str, str] = {
    DraftSource.MODEL: "draft_n_max",
    DraftSource.MTP: "draft_n_max",
    DraftSource.NGRAM: "draft_ngram_length",
}


def limit_key(source: str) -> str:
    """The row with the most tokens of a draft from this source; that of a draft model where the source has none."""
    return _LIMIT_KEYS.get(source, _LIMIT_KEYS[DraftSource.MODEL])


def n_drafted(values: Mapping[str, Any]) -> int:
    """The most tokens of a slot that are guessed ahead in a step, by these load settings (complete)."""
    key = _LIMIT_KEYS.get(values["draft_source"])
    return values[key] if key is not None else 0
