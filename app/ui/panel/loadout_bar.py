"""The loadouts of the chosen model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from app.core.settings.loadouts import Loadout, LoadoutStore, export_json, import_json
from app.services.plan import Plan
from app.ui.format import speed_text, when_text
from app.ui.panel import texts
from app.ui.panel.dialogs import NoteDialog
from app.ui.panel.shelf_bar import Entry, ShelfBar
from app.ui.theme import Theme


class LoadoutBar(ShelfBar):
    """Named load settings of one model; each says when it last ran and how fast."""

    def __init__(
        self,
        theme: Theme,
        plan: Plan,
        store: LoadoutStore,
        sampling: Callable[[], Mapping[str, Any]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, plan, parent)
        self._store = store
        self._sampling = sampling
        self.refresh()

    @property
    def model_id(self) -> str:
        """What the library knows the chosen model by."""
        return self.plan.model.path if self.plan.model is not None else ""

    def is_ready(self) -> bool:
        return self.plan.model is not None

    def unnamed(self) -> str:
        if self.plan.model is None:
            return self.tr("No model chosen")
        return self.tr("Not saved as a loadout") if self.plan.values() else self.tr("Defaults")

    def entries(self) -> list[Entry]:
        if self.plan.model is None:
            return []
        return [self._entry(loadout) for loadout in self._store.list(self.model_id)]

    def _entry(self, loadout: Loadout) -> Entry:
        facts: list[str] = []
        if loadout.measured_tok_s is not None:
            facts.append(speed_text(loadout.measured_tok_s))
        if loadout.last_run_at is not None:
            facts.append(when_text(loadout.last_run_at))
        detail = " \u00b7 ".join(facts) or self.tr("not run yet")
        return Entry(loadout.name, detail, " \u00b7 ".join(part for part in (detail, loadout.note) if part))

    def values_of(self, name: str) -> Mapping[str, Any]:
        return self._store.get(self.model_id, name).values

    def store_as(self, name: str) -> str:
        return self._store.save(name, self.model_id, self.plan.values()).name

    def rename_to(self, name: str, new_name: str) -> str:
        return self._store.rename(self.model_id, name, new_name).name

    def copy_of(self, name: str) -> str:
        return self._store.duplicate(self.model_id, name).name

    def remove(self, name: str) -> Callable[[], object]:
        loadout = self._store.delete(self.model_id, name)
        return lambda: self._store.restore(loadout)

    def exported(self, name: str) -> str:
        return export_json(self._store.get(self.model_id, name))

    def imported(self, text: str) -> tuple[str, str]:
        loadout, problems = import_json(text, self.model_id)
        return self._store.add(loadout).name, " ".join(texts.problem_text(problem) for problem in problems)

    def extra_actions(self, menu: QMenu) -> None:
        own = self.entry() is not None
        self._action(menu, "edit", self.tr("Note\u2026"), self.edit_note, own)
        menu.addSeparator()
        self._action(menu, "copy", self.tr("Copy as llama-server command"), self.copy_command)

    def edit_note(self) -> None:
        """Asks for the loadout's note."""
        name = self.plan.base_name
        note = self._store.get(self.model_id, name).note
        hint = self.tr("What this loadout is good for")
        dialog = NoteDialog(self.tr("Note on {name}").format(name=name), note, hint, self.window())
        dialog.noted.connect(lambda text: self._note(name, text))
        self._open(dialog)

    def _note(self, name: str, text: str) -> None:
        self._try(lambda: self._store.set_note(self.model_id, name, text))
        self.refresh()

    def copy_command(self) -> None:
        """Puts the llama-server command line of the plan on the clipboard."""
        from app.core.settings.command_line import llama_server_command

        command = llama_server_command(self.model_id, self.plan.values(), dict(self._sampling()))
        QGuiApplication.clipboard().setText(command)
        self.told.emit(self.tr("Command copied"), "", None)

    def mark_run(self, name: str, tok_s: float | None = None, prompt_tok_s: float | None = None) -> None:
        """Notes that the loadout has run, with the speeds measured if there are some."""
        if any(entry.name == name for entry in self.entries()):
            self._try(lambda: self._store.mark_run(self.model_id, name, tok_s, prompt_tok_s))
            self.refresh()
