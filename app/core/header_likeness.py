"""Headers of one model's quantisations are alike: of the second one only what differs has to be read.

Nine tenths of a header are the vocabulary, megabytes of it, and the quantisations of a model have the same one. Where
the bytes at its beginning and those before its end are those of a header that is known, at the same places, what lies
between need not be read again: a vocabulary of another length would have moved them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.core.gguf_header import Header

_LARGE_BYTES: Final = 1 << 17  # an array of this size and more is part of what is not read
_WORTH_BYTES: Final = 1 << 19  # less than this is read as quickly as it is asked for
_SAMPLE_BYTES: Final = 1 << 15
_SLACK_BYTES: Final = 1 << 15  # how much longer than the known one what follows the vocabulary may be
_VOCABULARY: Final = "tokenizer."


@dataclass(frozen=True, slots=True, repr=False)
class Likeness:
    """A header that others are expected to be like.

    Of a file that is like it `head_bytes` from its beginning and `tail_bytes` from `tail_start` on suffice.
    """

    head_bytes: int
    tail_start: int
    tail_bytes: int
    known: bytes
    ends: Mapping[str, int]
    """Where large arrays of texts end, for `parse_header`."""

    def joined(self, head: bytes, tail: bytes) -> bytes | None:
        """The beginning of a file up to the end of `tail`, from what was read of it; None where it is unlike."""
        starts = self.head_bytes - _SAMPLE_BYTES
        has_start = head[starts:] == self.known[starts : self.head_bytes]
        has_end = tail[:_SAMPLE_BYTES] == self.known[self.tail_start : self.tail_start + _SAMPLE_BYTES]
        if len(head) != self.head_bytes or not has_start or not has_end:
            return None
        return head + self.known[self.head_bytes : self.tail_start] + tail


def likeness_of(header: Header, known: bytes) -> Likeness | None:
    """What others may be like: `header`, and the bytes that it was read from; None where it is not worth it."""
    spans = {
        key: span
        for key, span in header.spans.items()
        if key.startswith(_VOCABULARY) and span[1] - span[0] >= _LARGE_BYTES
    }
    if not spans:
        return None
    starts, ends = min(start for start, _end in spans.values()), max(end for _start, end in spans.values())
    if ends - starts < _WORTH_BYTES:
        return None
    tail_start = ends - _SAMPLE_BYTES
    tail_bytes = header.tensors_span[1] - tail_start + _SLACK_BYTES
    text_ends = {key: span[1] for key, span in spans.items() if header.value_types[key].startswith("string")}
    known = known[: header.tensors_span[1]]
    return Likeness(starts + _SAMPLE_BYTES, tail_start, tail_bytes, known, text_ends)
