"""Named system prompts: a few that come with the app, and the user's own in a JSON file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from app.core.settings.store import JsonStore, StoreReport

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt under a name."""

    name: str
    text: str
    is_built_in: bool = False


BUILT_IN = (
    Prompt("Plain assistant", "You are a helpful assistant.", True),
    Prompt(
        "Short and plain",
        "Answer in as few words as the question allows. No introduction, no summary, no list where a sentence does. "
        "If you do not know, say so.",
        True,
    ),
    Prompt(
        "Programmer",
        "You are a careful programmer. Give working code first, then a short explanation of what is not obvious. "
        "Name the assumptions you make, handle errors, and do not change what was not asked for.",
        True,
    ),
    Prompt(
        "Teacher",
        "Explain step by step, from what the learner already knows, with one small example for each new idea. "
        "End with a question that checks whether it was understood.",
        True,
    ),
    Prompt(
        "Editor",
        "Improve the text you are given: clear, correct, no longer than before, in its own voice and language. "
        "Return the edited text only.",
        True,
    ),
    Prompt(
        "Translator",
        "Translate what you are given into English, or into the language that is named. Keep meaning, tone and "
        "formatting. Return the translation only.",
        True,
    ),
)
"""The prompts that come with the app."""


class PromptStore:
    """The user's prompts after the built-in ones. Without a path nothing can be saved.

    Every change is written at once and raises StoreError when it cannot be; memory and file then still agree.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._store = JsonStore(path, _VERSION) if path is not None else None
        self._own: list[Prompt] = []
        self.reports: list[StoreReport] = []
        if self._store is not None:
            document, reports = self._store.load()
            self.reports += reports
            self._read(self._store, document)

    @property
    def can_save(self) -> bool:
        """Whether there is a file for the user's own prompts."""
        return self._store is not None

    def all(self) -> tuple[Prompt, ...]:
        """The built-in prompts, then the user's by name."""
        return (*BUILT_IN, *sorted(self._own, key=lambda prompt: prompt.name.casefold()))

    def save(self, name: str, text: str) -> Prompt:
        """Saves `text` under `name`, replacing the user's prompt of that name.

        Raises:
            ValueError: the name is empty, comes with the app, or there is no file to save to.
        """
        name = " ".join(name.split())
        if not name:
            raise ValueError("A prompt needs a name.")
        if any(prompt.name.casefold() == name.casefold() for prompt in BUILT_IN):
            raise ValueError("That name comes with the app; choose another.")
        prompt = Prompt(name, text)
        self._write([*(old for old in self._own if old.name.casefold() != name.casefold()), prompt])
        return prompt

    def delete(self, name: str) -> Prompt:
        """Removes and returns the user's prompt of this name. Raises KeyError when there is none."""
        for prompt in self._own:
            if prompt.name == name:
                self._write([other for other in self._own if other is not prompt])
                return prompt
        raise KeyError(name)

    def _write(self, prompts: list[Prompt]) -> None:
        if self._store is None:
            raise ValueError("There is no file for prompts.")
        rows = [{"name": prompt.name, "text": prompt.text} for prompt in prompts]
        self._store.save({"prompts": rows})
        self._own = prompts

    def _read(self, store: JsonStore, document: dict[str, Any]) -> None:
        try:
            for row in document.get("prompts", []):
                record = cast(dict[str, Any], row)
                name, text = record["name"], record["text"]
                if not isinstance(name, str) or not name.strip() or not isinstance(text, str):
                    raise TypeError("a name and a text are needed")
                self._own.append(Prompt(name, text))
        except (TypeError, KeyError, AttributeError) as error:
            self._own = []
            self.reports.append(store.report_damage(f"a prompt makes no sense: {error!r}"))
