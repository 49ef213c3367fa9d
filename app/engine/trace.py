"""What the model thought of each token of a reply: the logits that tell rounding from a defect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.engine.sampler import logits_at

N_RIVALS = 4
"""How many of the other tokens are kept, likeliest first: where rounding turns a choice, the new one is among them."""

_PART = 40  # a token takes at most 5 * (5 + 9) bytes as pickled and a little for the tuple; a message stays under 4 KB

Noted = tuple[float, ...]
"""A token, its logit, then each rival and its logit; the logits are the model's, before any sampler."""


class Trace:
    """The tokens of one generation with their logits. `n_vocab` logits come out of a decode for each position."""

    def __init__(self, n_vocab: int) -> None:
        self._n_vocab = n_vocab
        self._noted: list[Noted] = []

    def note(self, context: Any, index: int, token: int) -> None:
        """`token` was chosen from the logits of batch position `index` of the last decode."""
        self.note_logits(logits_at(context, index, self._n_vocab), token)

    def note_logits(self, logits: np.ndarray[Any, Any], token: int) -> None:
        """`token` was chosen from `logits`, n_vocab of them, which were kept from an earlier decode."""
        n_kept = min(N_RIVALS + 1, len(logits))
        kept = np.argpartition(logits, -n_kept)[-n_kept:]
        rivals = sorted(
            ((int(rival), float(logits[rival])) for rival in kept if rival != token),
            key=lambda item: (-item[1], item[0]),
        )
        told = [(token, float(logits[token])), *rivals[:N_RIVALS]]
        self._noted.append(tuple(number for pair in told for number in pair))

    def parts(self) -> Iterator[tuple[Noted, ...]]:
        """All that was noted, so many tokens at a time as one message may hold."""
        for start in range(0, len(self._noted), _PART):
            yield tuple(self._noted[start : start + _PART])
