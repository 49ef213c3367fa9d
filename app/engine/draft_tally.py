"""What drafting did for one reply, counted while it is generated."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.run import Drafting


class DraftTally:
    """Counts one reply's guesses; `drafting` is the sum so far."""

    __slots__ = (
        "_accepted",
        "_checked",
        "_n_drafted_steps",
        "_n_steps",
        "_saved_ms",
        "_spent_ms",
        "n_drafted",
    )

    def __init__(self) -> None:
        self._checked: list[int] = []
        self._accepted: list[int] = []
        self.n_drafted = 0
        self._n_steps = 0
        self._n_drafted_steps = 0
        self._spent_ms = 0.0
        self._saved_ms = 0.0

    @property
    def n_accepted(self) -> int:
        """How many guesses were right."""
        return sum(self._accepted)

    def count_draft(self, n_drafted: int, n_accepted: int) -> None:
        """A draft was checked: `n_accepted` of its `n_drafted` tokens were right, the next, if any, was not."""
        self.n_drafted += n_drafted
        self._n_drafted_steps += 1
        n_checked = min(n_accepted + 1, n_drafted)
        while len(self._checked) < n_checked:
            self._checked.append(0)
            self._accepted.append(0)
        for position in range(n_checked):
            self._checked[position] += 1
            self._accepted[position] += position < n_accepted

    def count_step(self, took_ms: float, plain_ms: float) -> None:
        """A step took `took_ms`, guessing included; without guesses its tokens would have taken `plain_ms`."""
        self._n_steps += 1
        self._spent_ms += took_ms
        self._saved_ms += plain_ms - took_ms

    def drafting(self, source: str, step_ms: Sequence[tuple[int, float]], draft_token_ms: float) -> Drafting:
        """The reply's account; `step_ms` and `draft_token_ms` are the costs measured by now."""
        return Drafting(
            source=source,
            drafted_n=self.n_drafted,
            accepted_n=self.n_accepted,
            by_position=tuple(zip(self._checked, self._accepted, strict=True)),
            n_steps=self._n_steps,
            n_drafted_steps=self._n_drafted_steps,
            step_ms=tuple(step_ms),
            draft_token_ms=draft_token_ms,
            saved_ms=self._saved_ms,
            spent_ms=self._spent_ms,
        )
