"""Tokens' bytes -> text: incremental UTF-8, and stop strings that may arrive in pieces."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Turns the byte pieces of tokens into text, and ends at the first stop string.

    A character split over tokens is held back until it is whole; so is text that may be the start of a stop string.
    Invalid bytes become U+FFFD.
    """

    def __init__(self, stop_strings: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stop for stop in stop_strings if stop)
        self._held = ""
        self.stop_string = ""
        self.n_decoded = 0  # characters so far; those given out are the first of them

    def feed(self, piece: bytes) -> str:
        """The text that is certain after `piece`; once `stop_string` is set, all text before it has been given."""
        text = self._decoder.decode(piece)
        self.n_decoded += len(text)
        if not self._stops:
            return text
        return self._release(self._held + text)

    def finish(self) -> str:
        """What was held back, at the end of a reply without a stop string."""
        text = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        if self.stop_string:
            return ""
        if not self._stops:
            return text
        released = self._release(text)
        rest, self._held = self._held, ""
        return released if self.stop_string else released + rest

    def _release(self, text: str) -> str:
        found = [(text.find(stop), -len(stop), stop) for stop in self._stops if stop in text]
        if found:
            position, _, self.stop_string = min(found)
            self._held = ""
            return text[:position]
        keep = max(self._overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - keep :] if keep else ""
        return text[: len(text) - keep] if keep else text

    @staticmethod
    def _overlap(text: str, stop: str) -> int:
        for size in range(min(len(text), len(stop) - 1), 0, -1):
            if stop.startswith(text[-size:]):
                return size
        return 0
