"""A conversation in words: its automatic title, and the whole of it as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core.conversation import Conversation, Message, Role
from app.core.thinking import split_thinking

TITLE_LENGTH = 48

_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_LINE_START = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,3}[.)]\s+)+", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MARKS = re.compile(r"(\*{1,3}|_{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\s]+")


def title_from(text: str, length: int = TITLE_LENGTH) -> str:
    """A title of at most `length` characters from a first message: one line, no Markdown, cut at a word."""
    text = _FENCE.sub(" ", text[:1000])
    text = _LINK.sub(r"\1", text)
    text = _LINE_START.sub("", text)
    text = _TAG.sub(" ", text)
    while (bare := _MARKS.sub(_unmarked, text)) != text:
        text = bare
    text = _CONTROL.sub(" ", text).strip()
    if len(text) <= length:
        return text
    head = text[:length]
    at = head.rfind(" ")
    cut = head[:at] if at > length // 3 else head[: length - 1]  # scripts without spaces are cut anywhere
    return cut.rstrip(" ,;:.–—-") + "…"


def _unmarked(match: re.Match[str]) -> str:
    """Emphasis without its marks; snake_case and 2*3*4 keep theirs."""
    before = match.string[match.start() - 1] if match.start() else " "
    after = match.string[match.end()] if match.end() < len(match.string) else " "
    is_inside_word = match[1][0] in "_*" and (before.isalnum() or after.isalnum())
    return match[0] if is_inside_word else match[2]


def to_markdown(
    conversation: Conversation,
    *,
    names: Mapping[str, str] | None = None,
    untitled: str = "Conversation",
    with_thinking: bool = False,
) -> str:
    """The path shown as Markdown. `names` maps roles to headings (in the window's language).

    With `with_thinking` a reply's thinking comes first, quoted.
    """
    headings = {"system": "System", "user": "You", "assistant": "Assistant", **(names or {})}
    blocks = [f"# {conversation.title or untitled}"]
    if conversation.system_prompt.strip():
        blocks += [f"## {headings['system']}", conversation.system_prompt.strip()]
    for message in conversation.path():
        heading = headings[message.role]
        blocks.append(f"## {heading} ({message.model})" if message.model else f"## {heading}")
        blocks += message_blocks(message, with_thinking=with_thinking)
    return "\n\n".join(block for block in blocks if block) + "\n"


def message_blocks(message: Message, *, with_thinking: bool = False) -> list[str]:
    """One message's Markdown: its thinking as a quotation if asked for, then what it says."""
    if message.role != Role.ASSISTANT:
        return [message.text.strip()]
    split = split_thinking(message.text)
    quoted = "\n".join(f"> {line}".rstrip() for line in split.thinking.splitlines())
    return [quoted, split.answer.strip()] if with_thinking else [split.answer.strip()]
