"""Loadouts: a model's load settings saved under a name, with when they last ran and how fast."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from app.core.settings.load_table import LOAD
from app.core.settings.problem import Problem
from app.core.settings.saved import SavedList, number_of, read_values, text_of, usable_name
from app.core.settings.store import StoreReport

_VERSION = 1
_FORMAT = "loadout-load-settings"


class LoadoutError(ValueError):
    """A loadout that cannot be saved, renamed or imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Loadout:
    """One saved plan of one model. `values` hold only what differs from the defaults.

    `model_id` is whatever the library knows the model by. Times are seconds since 1970, speeds tokens per second,
    both None before the first run. `left` and `extra` keep what the file holds and this version cannot take.
    """

    name: str
    model_id: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    note: str = ""
    created_at: float = 0.0
    last_run_at: float | None = None
    measured_tok_s: float | None = None
    measured_prompt_tok_s: float | None = None
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """A setting on which two plans differ, with both values (defaults filled in)."""

    key: str
    first: Any
    second: Any


class LoadoutStore:
    """All loadouts of all models, in one JSON file. Names are unique per model, whatever their case.

    Every change is written at once and raises StoreError when it cannot be; memory and file then still agree.
    What another process has written meanwhile (the command line notes speeds) is read first.
    `reports` and `problems` tell what was wrong with the file when it was read.
    """

    def __init__(self, path: Path) -> None:
        self._saved = SavedList(path, _VERSION, "loadouts", _from_json, _to_json)
        self.reports: list[StoreReport] = self._saved.reports
        self.problems: list[Problem] = self._saved.problems

    def list(self, model_id: str) -> list[Loadout]:
        """A model's loadouts, the last used first, then the newest."""
        self._saved.refresh()
        own = [loadout for loadout in self._saved.items if loadout.model_id == model_id]
        return sorted(own, key=lambda item: (item.last_run_at or 0.0, item.created_at), reverse=True)

    def get(self, model_id: str, name: str) -> Loadout:
        """Raises KeyError when the model has no loadout of this name."""
        self._saved.refresh()
        for loadout in self._saved.items:
            if loadout.model_id == model_id and loadout.name.casefold() == name.casefold():
                return loadout
        raise KeyError(name)

    def last_used(self, model_id: str) -> Loadout | None:
        """The one that ran last; None if none ever ran."""
        run = [loadout for loadout in self.list(model_id) if loadout.last_run_at is not None]
        return run[0] if run else None

    def save(self, name: str, model_id: str, values: Mapping[str, Any], note: str | None = None) -> Loadout:
        """Saves `values` under `name`, replacing the model's loadout of that name.

        A replaced loadout keeps its note (unless one is given) and, if the values are the same, its measurements.

        Raises:
            LoadoutError: the name is empty.
        """
        name = _usable(name)
        changed = LOAD.changed(values)
        old = self._find(model_id, name)
        if old is None:
            loadout = Loadout(name, model_id, changed, note or "", created_at=time.time())
        else:
            loadout = replace(old, name=name, note=old.note if note is None else note)
            if old.values != changed:
                unknown = {key: value for key, value in old.left.items() if key not in LOAD}
                loadout = replace(
                    loadout, values=changed, left=unknown, measured_tok_s=None, measured_prompt_tok_s=None
                )
        self._put(old, loadout)
        return loadout

    def add(self, loadout: Loadout) -> Loadout:
        """Adds an imported loadout under a name that is still free for its model."""
        name = self._free_name(loadout.model_id, _usable(loadout.name))
        added = replace(loadout, name=name, created_at=time.time())
        self._put(None, added)
        return added

    def rename(self, model_id: str, name: str, new_name: str) -> Loadout:
        """Raises LoadoutError when the new name is empty or taken, KeyError when there is no `name`."""
        old = self.get(model_id, name)
        new_name = _usable(new_name)
        taken = self._find(model_id, new_name)
        if taken is not None and not _is_same(taken, old):
            raise LoadoutError(f"This model already has a loadout called {new_name}.")
        loadout = replace(old, name=new_name)
        self._put(old, loadout)
        return loadout

    def duplicate(self, model_id: str, name: str, new_name: str = "") -> Loadout:
        """A copy under `new_name` or, without one, under a free name; it has not run yet. Raises KeyError."""
        old = self.get(model_id, name)
        new_name = self._free_name(model_id, _usable(new_name or old.name))
        copy = Loadout(
            new_name, model_id, dict(old.values), old.note, created_at=time.time(), extra=old.extra
        )
        self._put(None, copy)
        return copy

    def set_note(self, model_id: str, name: str, note: str) -> Loadout:
        """Raises KeyError when there is no such loadout."""
        old = self.get(model_id, name)
        loadout = replace(old, note=note)
        self._put(old, loadout)
        return loadout

    def delete(self, model_id: str, name: str) -> Loadout:
        """Removes and returns it, so that `restore` can bring it back. Raises KeyError."""
        old = self.get(model_id, name)
        self._write([loadout for loadout in self._saved.items if not _is_same(loadout, old)])
        return old

    def restore(self, loadout: Loadout) -> None:
        """Brings back what `delete` returned, measurements and all."""
        self._put(None, replace(loadout, name=self._free_name(loadout.model_id, loadout.name)))

    def mark_run(
        self, model_id: str, name: str, tok_s: float | None = None, prompt_tok_s: float | None = None
    ) -> Loadout:
        """Notes that the loadout has run now, and the speeds measured with it, where there are some.

        Raises KeyError when there is no such loadout.
        """
        old = self.get(model_id, name)
        loadout = replace(
            old,
            last_run_at=time.time(),
            measured_tok_s=old.measured_tok_s if tok_s is None else tok_s,
            measured_prompt_tok_s=old.measured_prompt_tok_s if prompt_tok_s is None else prompt_tok_s,
        )
        self._put(old, loadout)
        return loadout

    def _find(self, model_id: str, name: str) -> Loadout | None:
        try:
            return self.get(model_id, name)
        except KeyError:
            return None

    def _free_name(self, model_id: str, name: str) -> str:
        candidate, number = name, 2
        while self._find(model_id, candidate) is not None:
            candidate, number = f"{name} ({number})", number + 1
        return candidate

    def _put(self, old: Loadout | None, new: Loadout) -> None:
        self._write([*(other for other in self._saved.items if old is None or not _is_same(other, old)), new])

    def _write(self, loadouts: list[Loadout]) -> None:
        self._saved.replace(loadouts)


def _is_same(one: Loadout, other: Loadout) -> bool:
    """Whether both are the same loadout; it may have been read anew meanwhile, or been measured."""
    return one.model_id == other.model_id and one.name.casefold() == other.name.casefold()


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[ValueDifference]:
    """The load settings on which two plans differ, in the table's order."""
    pairs = ((row.key, LOAD.value(first, row.key), LOAD.value(second, row.key)) for row in LOAD)
    return [ValueDifference(key, one, two) for key, one, two in pairs if one != two]


def portable(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` without what only makes sense on this computer: devices, layer counts, threads, files."""
    return {key: value for key, value in LOAD.changed(values).items() if not LOAD[key].machine_bound}


def export_json(loadout: Loadout) -> str:
    """A loadout as text to share: name, note and the settings that are not bound to this machine."""
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": loadout.name,
        "note": loadout.note,
        "model": loadout.model_id.replace("\\", "/").rpartition("/")[2],
        "values": portable(loadout.values),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def import_json(text: str, model_id: str = "") -> tuple[Loadout, list[Problem]]:
    """A shared loadout, for `model_id`, and what of it this version does not take.

    Settings bound to another machine are left out, should the text hold any.

    Raises:
        LoadoutError: the text is no exported loadout.
    """
    try:
        document: Any = json.loads(text)
        if not isinstance(document, dict) or cast(dict[str, Any], document).get("format") != _FORMAT:
            raise LoadoutError("This is no exported loadout.")
        record = cast(dict[str, Any], document)
        values, _, problems = read_values(LOAD, record)
        name, note = _usable(text_of(record, "name")), text_of(record, "note", "")
    except LoadoutError:
        raise
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise LoadoutError(f"This is no exported loadout ({error}).") from None
    return Loadout(name, model_id, portable(values), note), problems


def _usable(name: str) -> str:
    name = usable_name(name)
    if not name:
        raise LoadoutError("A loadout needs a name.")
    return name


_FIELDS = frozenset(
    {
        "name",
        "model_id",
        "values",
        "note",
        "created_at",
        "last_run_at",
        "measured_tok_s",
        "measured_prompt_tok_s",
    }
)


def _to_json(loadout: Loadout) -> dict[str, Any]:
    record = {key: getattr(loadout, key) for key in sorted(_FIELDS)}
    return {**loadout.extra, **record, "values": {**loadout.left, **loadout.values}}


def _from_json(record: dict[str, Any]) -> tuple[Loadout, list[Problem]]:
    values, left, problems = read_values(LOAD, record)
    loadout = Loadout(
        name=_usable(text_of(record, "name")),
        model_id=text_of(record, "model_id"),
        values=values,
        note=text_of(record, "note", ""),
        created_at=number_of(record, "created_at") or 0.0,
        last_run_at=number_of(record, "last_run_at"),
        measured_tok_s=number_of(record, "measured_tok_s"),
        measured_prompt_tok_s=number_of(record, "measured_prompt_tok_s"),
        left=left,
        extra={key: value for key, value in record.items() if key not in _FIELDS},
    )
    return loadout, problems
