"""Named sampling settings: those that come with the app, each saying what it is for, and the user's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from app.core.settings.problem import Problem
from app.core.settings.sampling_table import SAMPLING
from app.core.settings.saved import SavedList, read_values, text_of, usable_name
from app.core.settings.store import StoreReport

_VERSION = 1
_FORMAT = "loadout-sampling-preset"


@dataclass(frozen=True, slots=True)
class Preset:
    """Sampling values under a name; `values` hold only what differs from the defaults.

    `left` and `extra` keep what the user's file holds and this version cannot take: values, and other fields.
    """

    name: str
    purpose: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    is_built_in: bool = False
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


BUILT_IN = (
    Preset(
        "Exact",
        "The same most likely answer every time: extraction, classification, sums, comparing settings.",
        {"temperature": 0.0},
        is_built_in=True,
    ),
    Preset(
        "Code",
        "Programs and commands: careful choices, a little variety, no penalty on the repetition that code needs.",
        {"temperature": 0.2, "top_p": 0.9},
        is_built_in=True,
    ),
    Preset(
        "General chat",
        "Everyday conversation: natural variety without losing the thread. llama.cpp's own defaults.",
        {},
        is_built_in=True,
    ),
    Preset(
        "Creative",
        "Stories and brainstorming: bold choices, the nonsense tail cut off, word-for-word repetition discouraged.",
        {
            "temperature": 1.1,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0.1,
            "dry_multiplier": 0.8,
            "dry_penalty_last_n": 1024,
        },
        is_built_in=True,
    ),
    Preset(
        "Structured output",
        "JSON and other fixed forms: nearly certain choices, held to any JSON object; replace the schema by yours.",
        {"temperature": 0.1, "top_p": 0.9, "json_schema": '{"type": "object"}'},
        is_built_in=True,
    ),
)
"""The presets that come with the app. They cannot be changed, only saved under another name."""


class PresetError(ValueError):
    """A preset that cannot be saved, renamed or imported; the message says why."""


class PresetStore:
    """The user's presets in one JSON file, after the built-in ones.

    Every change is written at once and raises StoreError when it cannot be; memory and file then still agree.
    `reports` and `problems` tell what was wrong with the file when it was read.
    """

    def __init__(self, path: Path) -> None:
        self._saved = SavedList(path, _VERSION, "presets", _from_json, _to_json)
        self.reports: list[StoreReport] = self._saved.reports
        self.problems: list[Problem] = self._saved.problems

    def all(self) -> tuple[Preset, ...]:
        """The built-in presets, then the user's by name."""
        return (*BUILT_IN, *sorted(self._saved.items, key=lambda preset: preset.name.casefold()))

    def get(self, name: str) -> Preset:
        """The preset of this name, in any case. Raises KeyError."""
        for preset in self.all():
            if preset.name.casefold() == name.casefold():
                return preset
        raise KeyError(name)

    def save(self, name: str, values: Mapping[str, Any], purpose: str = "") -> Preset:
        """Saves `values` under `name`, replacing the user's preset of that name.

        Raises:
            PresetError: the name is empty or belongs to a built-in preset.
        """
        name = self._usable(name)
        old = self._find(name)
        preset = Preset(name, purpose, SAMPLING.changed(values))
        if old is not None:
            unknown = {key: value for key, value in old.left.items() if key not in SAMPLING}
            preset = replace(preset, purpose=purpose or old.purpose, left=unknown, extra=old.extra)
        self._saved.replace([*(other for other in self._saved.items if other is not old), preset])
        return preset

    def add(self, preset: Preset) -> Preset:
        """Adds an imported preset under a name that is still free."""
        name, number = preset.name, 2
        while any(other.name.casefold() == name.casefold() for other in self.all()):
            name, number = f"{preset.name} ({number})", number + 1
        added = replace(preset, name=name, is_built_in=False)
        self._saved.replace([*self._saved.items, added])
        return added

    def rename(self, name: str, new_name: str) -> Preset:
        """Raises PresetError when the new name is empty or taken, KeyError when the user has no preset `name`."""
        old = self._own(name)
        new_name = self._usable(new_name)
        taken = self._find(new_name)
        if taken is not None and taken is not old:
            raise PresetError(f"There is already a preset called {new_name}.")
        preset = replace(old, name=new_name)
        self._saved.replace([preset if other is old else other for other in self._saved.items])
        return preset

    def delete(self, name: str) -> Preset:
        """Removes and returns it. Raises KeyError when the user has no preset of this name."""
        old = self._own(name)
        self._saved.replace([other for other in self._saved.items if other is not old])
        return old

    def _find(self, name: str) -> Preset | None:
        matches = (preset for preset in self._saved.items if preset.name.casefold() == name.casefold())
        return next(matches, None)

    def _own(self, name: str) -> Preset:
        preset = self._find(name)
        if preset is None:
            raise KeyError(name)
        return preset

    def _usable(self, name: str) -> str:
        name = usable_name(name)
        if not name:
            raise PresetError("A preset needs a name.")
        if any(preset.name.casefold() == name.casefold() for preset in BUILT_IN):
            raise PresetError(f"{name} comes with the app and cannot be changed; choose another name.")
        return name


def export_json(preset: Preset) -> str:
    """A preset as text to share; `import_json` reads it."""
    document = {"format": _FORMAT, "version": _VERSION, **_to_json(replace(preset, left={}, extra={}))}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def import_json(text: str) -> tuple[Preset, list[Problem]]:
    """A shared preset, and what of it this version does not take. Raises PresetError when `text` is none."""
    try:
        document: Any = json.loads(text)
        if not isinstance(document, dict) or cast(dict[str, Any], document).get("format") != _FORMAT:
            raise PresetError("This is no exported preset.")
        record = cast(dict[str, Any], document)
        preset, problems = _from_json(record)
    except PresetError:
        raise
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise PresetError(f"This is no exported preset ({error}).") from None
    return replace(preset, left={}, extra={}), problems


def _to_json(preset: Preset) -> dict[str, Any]:
    values = {**preset.left, **preset.values}
    return {**preset.extra, "name": preset.name, "purpose": preset.purpose, "values": values}


def _from_json(record: dict[str, Any]) -> tuple[Preset, list[Problem]]:
    values, left, problems = read_values(SAMPLING, record)
    name = usable_name(text_of(record, "name"))
    if not name:
        raise ValueError("a preset needs a name")
    extra = {key: value for key, value in record.items() if key not in {"name", "purpose", "values"}}
    return Preset(name, text_of(record, "purpose", ""), values, left=left, extra=extra), problems
