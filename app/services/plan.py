"""The plan: settings being edited, not yet loaded. Pure state over a settings table, with undo and no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.drafts import Draft, why_nothing_drafts
from app.core.gguf import ModelFacts
from app.core.heads import unused_heads, why_no_heads
from app.core.reasons import DraftSource
from app.core.settings import LOAD, Apply, Problem, Setting, Table
from app.core.settings.bounds import Bounds, bounds, model_defaults, used_if_unset, why_pointless
from app.core.settings.layers import resolve
from app.core.settings.machine import Machine
from app.core.settings.rules import load_problems, sampling_problems

_SOURCE = "draft_source"
N_UNDO = 200
"""How many changes can be taken back."""


@dataclass(frozen=True, slots=True)
class _State:
    """What undo brings back: the chosen loadout or preset and the edits on top of it."""

    base_name: str = ""
    base: dict[str, Any] = field(default_factory=dict[str, Any])
    edits: dict[str, Any] = field(default_factory=dict[str, Any])


class Plan(QObject):
    """Values of one settings table while they are being edited.

    Layers, later wins: the table's defaults, the app's own defaults, what the model asks for, the chosen loadout or
    preset (the base), the edits. Only edits that say something else than the layers below them are kept.
    """

    changed = Signal(str)  # a setting's key; "" when everything may have changed
    model_changed = Signal()
    undo_changed = Signal(bool)

    def __init__(
        self,
        table: Table,
        *,
        app_defaults: Mapping[str, Any] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.table = table
        self.model: ModelFacts | None = None
        self.machine: Machine | None = None
        self.draft: Draft | None = None
        self.loaded: dict[str, Any] | None = None
        self.n_ctx_slot = 0
        self._app_defaults = dict(app_defaults or {})
        self._model_defaults: dict[str, Any] = {}
        self._state = _State()
        self._undo: list[tuple[_State, str]] = []  # the state before a change, and the key that it changed
        self._open_key: str | None = None

    # -- values ---------------------------------------------------------------------------------------------

    def value(self, key: str) -> Any:
        """The value in force for `key`. Raises KeyError for a key that is not in the table."""
        setting = self.table[key]
        for layer in (self._state.edits, self._state.base, self._model_defaults, self._app_defaults):
            if key in layer:
                return layer[key]
        return setting.default

    def default(self, key: str) -> Any:
        """What `reset` brings: what the model asks for, else the app's default, else the table's."""
        setting = self.table[key]
        return self._model_defaults.get(key, self._app_defaults.get(key, setting.default))

    def all_values(self) -> dict[str, Any]:
        """Every setting's value, in the table's order."""
        layers = (self._app_defaults, self._model_defaults, self._state.base, self._state.edits)
        return resolve(self.table, *layers)

    def values(self) -> dict[str, Any]:
        """Only what differs from the table's defaults: what is saved and what a worker is sent."""
        return self.table.changed(self.all_values())

    def is_changed(self, key: str) -> bool:
        """Whether `key` differs from its default."""
        return self.value(key) != self.default(key)

    def changed_keys(self) -> list[str]:
        """The settings that differ from their defaults, in the table's order."""
        return [setting.key for setting in self.table if self.is_changed(setting.key)]

    def is_enabled(self, key: str) -> bool:
        """Whether the row is live: available, of use to the model, and what it depends on is as it needs it."""
        if not self.table[key].available or why_pointless(key, self.model) is not None:
            return False
        return self.table.is_live(key, self.all_values())

    def used_if_unset(self, key: str) -> float | None:
        """The number that is used where the row `key` is unset, None where it is not known."""
        return used_if_unset(key, self.all_values(), self.model, self.machine)

    def why_pointless(self, key: str) -> Problem | None:
        """Why `key` can have no effect with the model of the plan, None where it can."""
        reason = why_pointless(key, self.model)
        return Problem(key, "warning", reason) if reason is not None else None

    def remarks(self, key: str) -> list[Problem]:
        """What is to be known about `key` and the model of the plan, though nothing is wrong with its value."""
        if self.table is not LOAD or self.model is None:
            return []
        source = self.value(_SOURCE)
        known = [unused_heads(self.model)] if source != DraftSource.MTP else []
        if source == DraftSource.OFF:  # else the rules say so
            known.append(why_nothing_drafts(self.model))
        return [remark for remark in known if remark is not None and remark.key == key]

    def unusable(self, key: str) -> dict[Any, Problem]:
        """The values of `key` that the model of the plan rules out, each with the reason; never the chosen one, of
        which `problems` tells.
        """
        if key != _SOURCE or self.model is None or self.value(key) == DraftSource.MTP:
            return {}
        why = why_no_heads(self.model)
        return {DraftSource.MTP.value: why} if why is not None else {}

    def bounds(self, key: str) -> Bounds:
        """The range that the chosen model and the machine leave to `key`, and its comfortable part."""
        return bounds(self.table[key], self.model, self.machine)

    # -- editing --------------------------------------------------------------------------------------------

    def set_value(self, key: str, value: Any, *, settled: bool = True) -> None:
        """Sets `key` to `value`.

        With `settled` False the change belongs to a gesture that goes on (a slider being dragged): all of it is one
        step for `undo`, until a settled change, a change of another setting or `settle`.

        Raises:
            SettingError: the value is not legal; nothing has changed.
        """
        clean = self.table[key].check(value)
        if clean != self.value(key):
            if self._open_key != key:
                self._remember(key)
            edits = {name: old for name, old in self._state.edits.items() if name != key}
            if clean != self._below(key):
                edits[key] = clean
            self._state = _State(self._state.base_name, self._state.base, edits)
            self._open_key = key
            self.changed.emit(key)
        if settled:
            self._open_key = None

    def settle(self) -> None:
        """Ends a gesture begun with an unsettled `set_value`."""
        self._open_key = None

    def reset(self, key: str) -> None:
        """Brings `key` back to its default."""
        self.set_value(key, self.default(key))

    def reset_all(self) -> None:
        """Brings every setting back to its default, as one step."""
        self.set_many({key: self.default(key) for key in self.changed_keys()})

    def set_many(self, values: Mapping[str, Any]) -> None:
        """Sets several settings as one step.

        Raises:
            SettingError: one of them is not legal; nothing has changed.
        """
        clean = {key: self.table[key].check(value) for key, value in values.items()}
        if all(self.value(key) == value for key, value in clean.items()):
            return
        self._remember("")
        edits = self._state.edits | clean
        edits = {key: value for key, value in edits.items() if value != self._below(key)}
        self._state = _State(self._state.base_name, self._state.base, edits)
        self.changed.emit("")

    def revert(self) -> None:
        """Drops the edits: back to the chosen loadout or preset."""
        if self._state.edits:
            self._remember("")
            self._state = _State(self._state.base_name, self._state.base)
            self.changed.emit("")

    def _below(self, key: str) -> Any:
        return self._state.base.get(key, self.default(key))

    # -- undo -----------------------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def undo_key(self) -> str:
        """The setting that `undo` would bring back; "" for none or several."""
        return self._undo[-1][1] if self._undo else ""

    def undo(self) -> None:
        """Takes back the last change; does nothing when there is none."""
        if not self._undo:
            return
        self._state, key = self._undo.pop()
        self._open_key = None
        self.undo_changed.emit(self.can_undo)
        self.changed.emit(key)

    def _remember(self, key: str) -> None:
        self._undo.append((self._state, key))
        del self._undo[:-N_UNDO]
        self._open_key = None
        self.undo_changed.emit(True)

    # -- loadouts and presets -------------------------------------------------------------------------------

    @property
    def base_name(self) -> str:
        """The name of the chosen loadout or preset, "" for none."""
        return self._state.base_name

    @property
    def is_modified(self) -> bool:
        """Whether there are edits that the chosen loadout or preset does not hold."""
        return bool(self._state.edits)

    def choose(self, name: str, values: Mapping[str, Any]) -> None:
        """Puts a loadout or preset in force in place of the one before and the edits, as one step."""
        clean, _ = self.table.check(values)
        self._remember("")
        self._state = _State(name, clean)
        self.changed.emit("")

    def mark_saved(self, name: str) -> None:
        """The values in force have been saved under `name`: they are the base now."""
        self._state = _State(name, self.values())
        self.changed.emit("")

    def rebase(self, name: str, values: Mapping[str, Any]) -> None:
        """What is chosen is now called `name` and holds `values`; the values in force stay as they are."""
        in_force = self.all_values()
        clean, _ = self.table.check(values)
        self._state = _State(name, clean)
        edits = {key: value for key, value in in_force.items() if value != self._below(key)}
        self._state = _State(name, clean, edits)
        self.changed.emit("")

    def forget_base(self) -> None:
        """The chosen loadout or preset is gone: its values stay as edits."""
        self._state = _State("", {}, self.values())
        self.changed.emit("")

    # -- the model and what is loaded -----------------------------------------------------------------------

    def set_model(
        self, facts: ModelFacts | None, base_name: str = "", values: Mapping[str, Any] | None = None
    ) -> None:
        """Starts a plan for another model, with its saved settings if any. There is no undo across models."""
        clean, _ = self.table.check(values or {})
        self.model, self.draft = facts, None
        self._model_defaults = model_defaults(facts) if self.table is LOAD else {}
        self._state = _State(base_name, clean)
        self._undo.clear()
        self._open_key = None
        self.undo_changed.emit(False)
        self.model_changed.emit()
        self.changed.emit("")

    def set_machine(self, machine: Machine | None) -> None:
        """What the computer has, for the rules that depend on it."""
        self.machine = machine
        self.changed.emit("")

    def set_draft(self, draft: Draft | None) -> None:
        """What is known of the draft model that the plan names, for the rules; None while that is not known."""
        if draft != self.draft:
            self.draft = draft
            self.changed.emit("draft_model")

    def set_loaded(self, values: Mapping[str, Any] | None) -> None:
        """The settings that the loaded model was asked for; None when no model is loaded."""
        self.loaded = None if values is None else resolve(self.table, values)
        self.changed.emit("")

    def differs_from_loaded(self, key: str) -> bool:
        """Whether a reload is needed for `key` to take effect."""
        setting = self.table[key]
        if self.loaded is None or setting.apply is not Apply.LOAD or not setting.available:
            return False
        return self.value(key) != self.loaded[key]

    def needs_reload(self) -> bool:
        """Whether anything differs from what is loaded."""
        return any(self.differs_from_loaded(setting.key) for setting in self.table)

    def set_context(self, n_ctx_slot: int) -> None:
        """The context of one conversation as it was loaded, in tokens (0: unknown), for the rules of sampling."""
        self.n_ctx_slot = n_ctx_slot
        self.changed.emit("")

    def problems(self) -> list[Problem]:
        """What is wrong or unwise about the values in force, errors first."""
        values = self.all_values()
        if self.table is LOAD:
            found = load_problems(values, self.model, self.machine, self.draft)
        else:
            found = sampling_problems(values, self.n_ctx_slot)
        found = [problem for problem in found if problem.key in self.table]
        return sorted(found, key=lambda problem: problem.severity != "error")

    def why_disabled(self, key: str) -> tuple[Setting, tuple[Any, ...]] | None:
        """The setting that keeps `key` from being live and the values that would make it so; None when it is live."""
        condition = self.table[key].enabled_when
        if condition is None or self.is_enabled(key):
            return None
        other, allowed = condition
        return self.table[other], allowed


_SWITCHED_OFF = (
    "dynatemp_range",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "dry_multiplier",
    "adaptive_target",
)


def neutral_values(table: Table) -> dict[str, Any]:
    """The sampling values with which every token is drawn from the model's own probabilities, nothing cut or bent."""
    values: dict[str, Any] = {"temperature": 1.0, "mirostat": "0"}
    for key in _SWITCHED_OFF:
        values[key] = next(number for number, name in table[key].named if name == "off")
    return values
