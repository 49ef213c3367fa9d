"""What the tests of the Hub's services share."""

from __future__ import annotations

from collections.abc import Callable


class Heard:
    """The signals that came, in order, each as its name and arguments."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    def on(self, name: str) -> Callable[..., None]:
        """A slot that notes the signal as `name`."""
        return lambda *arguments: self.events.append((name, *arguments))

    def names(self) -> list[object]:
        """Without the arguments."""
        return [event[0] for event in self.events]
