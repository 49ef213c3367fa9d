"""The Guide: the tiny model that comes with Loadout, knows its settings and little else, and the draft model for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.core.settings import Setting

NAME: Final = "guide"
"""What the command line calls it."""

DRAFT_NAME: Final = "guide-draft"
"""What the command line calls its draft model, as a value of `draft_model`."""

PREFERENCE: Final = "show_guide"
"""The row of the app's settings that lists or hides it."""

QUESTIONS: Final = ("What does flash attention do?", "Why is my model slow?", "Will it fit into my memory?")
"""What to begin with. In English, whatever the window's language: it understands no other."""


class Role(StrEnum):
    """What a model that comes with Loadout is for."""

    GUIDE = "guide"
    DRAFT = "draft"  # guesses for the Guide; nobody talks to it


@dataclass(frozen=True, slots=True)
class GuideFiles:
    """Where the two files lie; asking touches no disk, but for `is_there`."""

    folder: Path

    @property
    def model(self) -> Path:
        """The Guide."""
        return self.folder / "guide.gguf"

    @property
    def draft(self) -> Path:
        """The draft model for it."""
        return self.folder / "guide-draft.gguf"

    @property
    def roles(self) -> dict[str, Role]:
        """Both files, by their absolute paths."""
        return {os.path.abspath(self.model): Role.GUIDE, os.path.abspath(self.draft): Role.DRAFT}

    @property
    def is_there(self) -> bool:
        """Whether there is a Guide; its draft model may be missing all the same."""
        return self.model.is_file()


def question_about(setting: Setting) -> str:
    """What to ask the Guide about a row."""
    return f"What does {setting.title} do?"
