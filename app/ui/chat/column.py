"""The messages of a path one below the other: where each is, how high, and which need work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from app.core.conversation import Message
from app.ui.chat.message_view import INSET, MessageView

TOP, GAP, BOTTOM = 20, 10, 16

Place = tuple[int, int]
"""A message's index among its alternatives, and their number."""


@dataclass(slots=True, eq=False)
class Slot:
    """A message of the path. `view` is None until it is built, and again once it was let go. `height` is estimated
    until it was laid out once, for `width`. All measures are pixels."""

    message: Message
    place: Place
    view: MessageView | None = None
    y: int = 0
    height: int = 0
    width: int = 0
    is_stale: bool = True  # to be laid out again when it comes near
    is_old_style: bool = False  # made under another theme

    @property
    def bottom(self) -> int:
        """The y below it."""
        return self.y + self.height

    def needs_work(self, width: int) -> bool:
        """Whether it must be laid out before it is seen in a column of `width`."""
        return self.is_stale or self.is_old_style or self.width != width

    def has(self, focus: QWidget | None) -> bool:
        """Whether `focus` is its view or in it."""
        return (
            focus is not None
            and self.view is not None
            and (self.view is focus or self.view.isAncestorOf(focus))
        )


class Column:
    """The slots, first to last. It moves views, it neither makes nor lays them out."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.height = 0

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots)

    def __len__(self) -> int:
        return len(self.slots)

    @property
    def views(self) -> list[MessageView]:
        """All views that are built, first to last."""
        return [slot.view for slot in self.slots if slot.view is not None]

    def find(self, message_id: str) -> Slot | None:
        """The slot of a message, None if it is not in the path."""
        return next((slot for slot in reversed(self.slots) if slot.message.id == message_id), None)

    def index_with(self, focus: QWidget | None) -> int | None:
        """The index of the slot that has the keyboard, None if none has."""
        return next((index for index, slot in enumerate(self.slots) if slot.has(focus)), None)

    def n_common(self, messages: Sequence[Message]) -> int:
        """How many of `messages` at the start are shown already."""
        n_same = 0
        for slot, message in zip(self.slots, messages, strict=False):
            if slot.message is not message:
                break
            n_same += 1
        return n_same

    def cut(self, n_kept: int) -> list[MessageView]:
        """Keeps the first slots only; the views of the others."""
        gone = [slot.view for slot in self.slots[n_kept:] if slot.view is not None]
        del self.slots[n_kept:]
        return gone

    def add(self, message: Message, place: Place, width: int) -> None:
        """One more at the end, of a height estimated for `width`."""
        self.slots.append(Slot(message, place, height=_estimated_height(message, width)))

    def stack(self, left: int) -> None:
        """Puts every slot below the one before it, and its view at `left`."""
        y = TOP
        for slot in self.slots:
            slot.y = y
            view = slot.view
            if view is not None and (view.x() != left - INSET or view.y() != y):
                view.move(left - INSET, y)
            y += slot.height + GAP
        self.height = y + BOTTOM

    def first_below(self, y: int) -> Slot | None:
        """The first slot of which something lies below `y`."""
        return next((slot for slot in self.slots if slot.y > 0 and slot.bottom > y), None)

    def waiting(self, top: int, bottom: int, width: int) -> list[Slot]:
        """What lies between `top` and `bottom` and is not ready for a column of `width`."""
        return [
            slot for slot in self.slots if slot.y < bottom and slot.bottom > top and slot.needs_work(width)
        ]

    def farthest(self, top: int, bottom: int, n_at_most: int) -> list[Slot]:
        """Slots with a view outside of `top` to `bottom`, the farthest away first."""
        outside = [slot for slot in self.slots if slot.view and (slot.y > bottom or slot.bottom < top)]
        middle = (top + bottom) // 2
        return sorted(outside, key=lambda slot: -abs(slot.y - middle))[:n_at_most]


def _estimated_height(message: Message, width: int) -> int:
    """A guess at a message's height in pixels, from its lines of ordinary length."""
    n_lines = message.text.count("\n") + len(message.text) * 7 // max(width, 1) + 1
    return n_lines * 20 + 40
