"""The prompts of a parity check: as a file has them, and those to take where there is none."""

from __future__ import annotations

import json
import re
from typing import Any, cast

PROMPTS = (
    "Write a short story about a lighthouse keeper who finds a message in a bottle.",
    "Explain in a few sentences why the sky is blue, and why sunsets are red.",
    "Write a Python function that returns the n-th Fibonacci number, then the same function with a cache.",
    "Repeat this sentence three times: The quick brown fox jumps over the lazy dog.",
)
"""Of several kinds: free text, facts, code, and text that repeats itself, which guesses get right."""

_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def prompts_of(text: str) -> tuple[str, ...]:
    """The prompts in a file's text, in one of three forms.

    A JSON list of strings; else blocks that blank lines separate, each with its line breaks; else, without any blank
    line between text, one prompt a line.

    Raises:
        ValueError: there is no prompt, or a list of something else; the message says which.
    """
    text = text.replace("\r\n", "\n").lstrip("\ufeff").strip()
    if text.startswith("["):
        found = _listed(text)
    else:
        separator = _BLANK_LINE if _BLANK_LINE.search(text) else re.compile("\n")
        found = [part.strip() for part in separator.split(text)]
    prompts = tuple(prompt for prompt in found if prompt.strip())
    if not prompts:
        raise ValueError("there is no prompt in it")
    return prompts


def _listed(text: str) -> list[str]:
    try:
        items = cast("list[Any]", json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"it begins like a JSON list and is none: {error}") from None
    if not all(isinstance(item, str) for item in items):
        raise ValueError("a JSON list of prompts holds texts only")
    return items
