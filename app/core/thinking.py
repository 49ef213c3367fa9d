"""A reply's thinking told from its answer, for every markup that open models use.

The markup is recognised at the start of a reply only (blocks may follow one another there), so that an answer
*about* `<think>` tags stays an answer. The tags are those that llama.cpp's own chat parsers and the templates
that come with it know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TAGS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("◁think▷", "◁/think▷"),
)
"""Opening and closing markup of a thinking block."""

_CLOSING_ALONE = tuple(
    pair for pair in TAGS if pair[0] in ("<think>", "<seed:think>", "<mm:think>", "[THINK]")
)
"""Templates that end the prompt with the opening tag leave only the closing one in the reply."""

_HARMONY_STARTS = ("<|channel|>", "<|start|>assistant<|channel|>")
_HARMONY_HEADER = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>([^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>"
)
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_HARMONY_TOKENS = ("<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>")

MARKUP_TOKENS = frozenset(
    {tag.removesuffix("thought\n") for pair in TAGS for tag in pair}
    | {*_HARMONY_TOKENS, "<|message|>", "<|constrain|>"}
)
"""Control tokens that an engine must write out as text, though control tokens are otherwise not shown."""


@dataclass(frozen=True, slots=True)
class Split:
    """`is_open` says that the text so far ends inside the thinking, so that more of it may come."""

    thinking: str
    answer: str
    is_open: bool


def split_thinking(text: str, *, complete: bool = True) -> Split:
    """Split a reply's source text.

    While a reply streams, pass `complete=False` with all of its text so far: a tail that may yet become a tag
    is then withheld from both parts, so that either part only ever grows. (The one exception: where a
    template opened the thinking in the prompt, the text counts as answer until the closing tag shows what it
    was.)
    """
    body = text.lstrip()
    if body.startswith(_HARMONY_STARTS):
        return _split_harmony(body, complete)
    thinking: list[str] = []
    while True:
        tags = next((pair for pair in TAGS if body.startswith(pair[0])), None)
        if tags is None:
            break
        inside, closing, rest = body[len(tags[0]) :].partition(tags[1])
        if not closing:
            thinking.append(inside if complete else _without_partial(inside, (tags[1],)))
            return Split(_joined(thinking), "", is_open=not complete)
        thinking.append(inside)
        body = rest.lstrip()
    if not thinking:
        return _split_closing_alone(text, complete)
    if not complete and _may_become_opening(body):
        return Split(_joined(thinking), "", is_open=False)
    return Split(_joined(thinking), body, is_open=False)


def opened_by(prompt: str) -> str:
    """The opening markup that a rendered prompt ends with, "" if none.

    Put before the reply's text it makes the thinking known from the first word on, and not only at its end.
    """
    end = prompt[-64:].rstrip()
    return next((opening for opening, _ in TAGS if end.endswith(opening.rstrip())), "")


def answer_of(text: str) -> str:
    """A reply as it is sent back to the model in later turns: without its thinking."""
    return split_thinking(text).answer


def _joined(thinking: list[str]) -> str:
    return "\n\n".join(part for part in (item.strip("\n") for item in thinking) if part.strip())


def _split_closing_alone(text: str, complete: bool) -> Split:
    """A closing tag at an end of a line, without an opening one: the prompt had opened the thinking."""
    for opening, closing in _CLOSING_ALONE:
        before, found, after = text.partition(closing)
        if not found or opening in before or before.count("```") % 2:
            continue  # an example, or code, in an answer about such tags
        if before.endswith("\n") or not before.strip() or after.startswith("\n"):
            return Split(_joined([before]), after.lstrip(), is_open=False)
    if not complete and _may_become_opening(text.lstrip()):
        return Split("", "", is_open=False)
    return Split("", text, is_open=False)


def _may_become_opening(body: str) -> bool:
    """Whether `body` is the beginning of some opening markup."""
    openings = (*(opening for opening, _ in TAGS), *_HARMONY_STARTS)
    return any(opening.startswith(body) for opening in openings)


def _without_partial(text: str, tags: tuple[str, ...]) -> str:
    """`text` without a tail that is the beginning of one of `tags`."""
    longest = max(len(tag) for tag in tags) - 1
    for n_tail in range(min(longest, len(text)), 0, -1):
        if any(tag.startswith(text[-n_tail:]) for tag in tags):
            return text[:-n_tail]
    return text


def _split_harmony(body: str, complete: bool) -> Split:
    """The channels of gpt-oss: "analysis" is thinking, everything else is answer."""
    thinking: list[str] = []
    answer: list[str] = []
    is_thinking = True
    position = 0
    while header := _HARMONY_HEADER.search(body, position):
        end = _HARMONY_END.search(body, header.end())
        position = end.start() if end else len(body)
        inside = body[header.end() : position]
        if end is None and not complete:
            inside = _without_partial(inside, _HARMONY_TOKENS)
        is_thinking = header[1].strip().startswith("analysis")
        (thinking if is_thinking else answer).append(inside)
    if complete:  # what follows the last channel, or has none, is shown rather than dropped
        answer.append(_HARMONY_END.sub("", body[position:]).strip())
    return Split(_joined(thinking), _joined(answer), is_open=is_thinking and not complete)
