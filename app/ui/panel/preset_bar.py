"""The sampling presets: those that come with the app, each with its purpose, and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

from app.core.settings.presets import Preset, PresetStore, export_json, import_json
from app.services.plan import Plan, neutral_values
from app.ui.panel import texts
from app.ui.panel.dialogs import NoteDialog
from app.ui.panel.shelf_bar import Entry, ShelfBar
from app.ui.theme import Theme

_DETAIL_LETTERS = 40


class PresetBar(ShelfBar):
    """Named sampling values. Built-in ones are read-only: a copy can be changed."""

    def __init__(self, theme: Theme, plan: Plan, store: PresetStore, parent: QWidget | None = None) -> None:
        super().__init__(theme, plan, parent)
        self._store = store
        self.refresh()

    def unnamed(self) -> str:
        return self.tr("Not saved as a preset") if self.plan.values() else self.tr("Defaults")

    def entries(self) -> list[Entry]:
        return [self._entry(preset) for preset in self._store.all()]

    def _entry(self, preset: Preset) -> Entry:
        purpose = texts.translated(preset.purpose) if preset.is_built_in else preset.purpose
        detail = purpose.split(":")[0].split(". ")[0]  # the rest stands under the picker once it is chosen
        if len(detail) > _DETAIL_LETTERS:
            detail = detail[: _DETAIL_LETTERS - 1].rstrip() + "\u2026"
        return Entry(preset.name, detail, purpose, preset.is_built_in)

    def values_of(self, name: str) -> Mapping[str, Any]:
        return self._store.get(name).values

    def store_as(self, name: str) -> str:
        return self._store.save(name, self.plan.values()).name

    def rename_to(self, name: str, new_name: str) -> str:
        return self._store.rename(name, new_name).name

    def copy_of(self, name: str) -> str:
        preset = self._store.get(name)
        return self._store.save(self._free_name(preset.name), preset.values, preset.purpose).name

    def remove(self, name: str) -> Callable[[], object]:
        preset = self._store.get(name)
        self._store.delete(name)
        return lambda: self._store.save(preset.name, preset.values, preset.purpose)

    def exported(self, name: str) -> str:
        return export_json(self._store.get(name))

    def imported(self, text: str) -> tuple[str, str]:
        preset, problems = import_json(text)
        stored = self._store.save(self._free_name(preset.name), preset.values, preset.purpose)
        return stored.name, " ".join(texts.problem_text(problem) for problem in problems)

    def _free_name(self, name: str) -> str:
        taken = {preset.name.casefold() for preset in self._store.all()}
        candidate, number = name, 2
        while candidate.casefold() in taken:
            candidate, number = f"{name} ({number})", number + 1
        return candidate

    def extra_actions(self, menu: QMenu) -> None:
        entry = self.entry()
        own = entry is not None and not entry.is_fixed
        self._action(menu, "edit", self.tr("Purpose\u2026"), self.edit_purpose, own)
        menu.addSeparator()
        self._action(menu, "eraser", self.tr("Neutralise samplers"), self.neutralise)

    def edit_purpose(self) -> None:
        """Asks what the preset is for."""
        preset = self._store.get(self.plan.base_name)
        hint = self.tr("What this preset is for")
        title = self.tr("Purpose of {name}").format(name=preset.name)
        dialog = NoteDialog(title, preset.purpose, hint, self.window())
        dialog.noted.connect(lambda text: self._purpose(preset, text))
        self._open(dialog)

    def _purpose(self, preset: Preset, text: str) -> None:
        self._try(lambda: self._store.save(preset.name, preset.values, text))
        self.refresh()

    def neutralise(self) -> None:
        """Switches every step of the chain off, so that only the model's own probabilities count."""
        self.plan.set_many(neutral_values(self.plan.table))
        self.told.emit(self.tr("Every sampler is off"), self.tr("Undo"), self.plan.undo)
