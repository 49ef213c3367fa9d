"""The line at the top of a tab: what is chosen from a shelf of named values, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from app.core.settings.store import StoreError
from app.services.plan import Plan
from app.ui.icons import icon
from app.ui.panel import texts
from app.ui.panel.dialogs import CompareDialog, NameDialog
from app.ui.panel.picker_button import PickerButton
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from app.ui.widgets.plain_tip import plain_tip

Result = TypeVar("Result")
_JSON = "JSON (*.json)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the shelf: `detail` stands behind its name, `about` under it when chosen."""

    name: str
    detail: str = ""
    about: str = ""
    is_fixed: bool = False


class ShelfBar(QWidget):
    """Base of the loadout and the preset bar: choose, save, save as, rename, duplicate, delete, compare, share."""

    told = Signal(str, str, object)  # what happened, a word for taking it back ("" for none), and how

    def __init__(self, theme: Theme, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.plan = plan
        self.dialog: QWidget | None = None
        self.picker = PickerButton(theme, self)
        self.picker.menu().aboutToShow.connect(self._fill_picker)
        self.save_button = IconButton(theme, "save", self.tr("Save"), self)
        self.save_button.clicked.connect(self.save)
        self.more_button = IconButton(theme, "more", self.tr("More"), self)
        self.more_button.setMenu(QMenu(self.more_button))
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.menu().aboutToShow.connect(self._fill_more)
        self.about = QLabel(self)
        self.about.setProperty("role", "faint")
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setWordWrap(True)
        self._arrange()
        plan.changed.connect(self.refresh)
        plan.model_changed.connect(self.refresh)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self.picker, 1)
        line.addSpacing(4)
        line.addWidget(self.save_button)
        line.addWidget(self.more_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 10, 0)
        column.setSpacing(3)
        column.addLayout(line)
        column.addWidget(self.about)

    # -- what a shelf says of itself ------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """What is on the shelf, what is offered first first."""
        raise NotImplementedError

    def values_of(self, name: str) -> Mapping[str, Any]:
        """The values under a name."""
        raise NotImplementedError

    def store_as(self, name: str) -> str:
        """Saves the plan's values under `name`; returns the name as it was stored. Raises ValueError, StoreError."""
        raise NotImplementedError

    def rename_to(self, name: str, new_name: str) -> str:
        """Renames; returns the name as stored. Raises ValueError, StoreError."""
        raise NotImplementedError

    def copy_of(self, name: str) -> str:
        """Duplicates; returns the copy's name. Raises ValueError, StoreError."""
        raise NotImplementedError

    def remove(self, name: str) -> Callable[[], object]:
        """Deletes; returns what brings it back. Raises StoreError."""
        raise NotImplementedError

    def exported(self, name: str) -> str:
        """The text to share."""
        raise NotImplementedError

    def imported(self, text: str) -> tuple[str, str]:
        """Takes in a shared text; returns its name and what was left out. Raises ValueError, StoreError."""
        raise NotImplementedError

    def unnamed(self) -> str:
        """What values are called that are not saved."""
        raise NotImplementedError

    def extra_actions(self, menu: QMenu) -> None:
        """Adds what only this shelf can do."""

    def is_ready(self) -> bool:
        """Whether anything can be saved now."""
        return True

    # -- showing --------------------------------------------------------------------------------------------

    def entry(self) -> Entry | None:
        """The chosen one."""
        return next((entry for entry in self.entries() if entry.name == self.plan.base_name), None)

    def refresh(self, _change: object = None) -> None:
        """Shows what is chosen and whether it has been changed since."""
        entry = self.entry()
        name = texts.translated(entry.name) if entry is not None and entry.is_fixed else self.plan.base_name
        if not name:
            name = self.unnamed()
        elif self.plan.is_modified:
            name = self.tr("{name} (changed)").format(name=name)
        self.picker.show_name(name)
        self.about.setText(entry.about if entry is not None else "")
        self.about.setVisible(bool(self.about.text()))
        can_save = self.is_ready() and (entry is None or (self.plan.is_modified and not entry.is_fixed))
        self.save_button.setEnabled(can_save)
        self.picker.setEnabled(self.is_ready())
        self.more_button.setEnabled(self.is_ready())

    def _fill_picker(self) -> None:
        menu = self.picker.menu()
        menu.clear()
        menu.setMinimumWidth(self.picker.width())
        for entry in self.entries():
            shown = texts.translated(entry.name) if entry.is_fixed else entry.name
            action = menu.addAction(f"{shown.replace('&', '&&')}\t{entry.detail}")
            action.setCheckable(True)
            action.setChecked(entry.name == self.plan.base_name)
            action.setToolTip(plain_tip(entry.about))
            action.triggered.connect(lambda _checked=False, name=entry.name: self.choose(name))
        menu.setToolTipsVisible(True)
        if not menu.isEmpty():
            menu.addSeparator()
        self._action(menu, "add", self.tr("Save as\u2026"), self.save_as)
        self._action(
            menu, "reset", self.tr("Reset all to defaults"), self.reset_all, bool(self.plan.changed_keys())
        )

    def _fill_more(self) -> None:
        menu = self.more_button.menu()
        menu.clear()
        entry = self.entry()
        own = entry is not None and not entry.is_fixed
        self._action(menu, "save", self.tr("Save as\u2026"), self.save_as)
        self._action(
            menu,
            "undo",
            self.tr("Drop changes"),
            self.plan.revert,
            entry is not None and self.plan.is_modified,
        )
        self._action(menu, "rename", self.tr("Rename\u2026"), self.rename, own)
        self._action(menu, "copy", self.tr("Duplicate"), self.duplicate, entry is not None)
        self.extra_actions(menu)
        menu.addSeparator()
        self._action(menu, "compare", self.tr("Compare\u2026"), self.compare)
        self._action(menu, "export", self.tr("Export\u2026"), self.export, entry is not None)
        self._action(menu, "import", self.tr("Import\u2026"), self.import_file)
        menu.addSeparator()
        self._action(menu, "delete", self.tr("Delete"), self.delete, own)

    def _action(
        self, menu: QMenu, icon_name: str, text: str, act: Callable[[], object], enabled: bool = True
    ) -> QAction:
        mark: QIcon = icon(self.theme, icon_name)
        action = menu.addAction(mark, text)
        action.triggered.connect(lambda _checked=False: act())
        action.setEnabled(enabled)
        return action

    # -- acting ---------------------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Puts what is saved under `name` in force; `Plan.undo` takes it back."""
        self.plan.choose(name, self.values_of(name))

    def reset_all(self) -> None:
        """Every setting to its default."""
        self.plan.choose("", {})

    def save(self) -> None:
        """Saves the changes under the chosen name, or asks for one."""
        entry = self.entry()
        if entry is None or entry.is_fixed:
            self.save_as()
        else:
            self._save_under(entry.name)

    def save_as(self) -> None:
        """Asks for a name and saves under it."""
        entry = self.entry()
        self._ask(
            self.tr("Save as"),
            "" if entry is None or entry.is_fixed else entry.name,
            self.tr("Save"),
            self._save_under,
        )

    def rename(self) -> None:
        """Asks for another name."""
        old = self.plan.base_name
        self._ask(self.tr("Rename"), old, self.tr("Rename"), lambda new: self._rename(old, new))

    def duplicate(self) -> None:
        """Makes a copy and chooses it; changes that are not saved stay changes."""
        copy = self._try(lambda: self.copy_of(self.plan.base_name))
        if copy is not None:
            self.plan.rebase(copy, self.values_of(copy))
            self.told.emit(self.tr("Duplicated as {name}").format(name=copy), "", None)

    def delete(self) -> None:
        """Deletes what is chosen; it can be brought back."""
        name = self.plan.base_name
        restore = self._try(lambda: self.remove(name))
        if restore is None:
            return
        self.plan.forget_base()
        self.refresh()
        said = self.tr("{name} deleted").format(name=name)
        self.told.emit(said, self.tr("Undo"), lambda: self._restore(name, restore))

    def _restore(self, name: str, restore: Callable[[], object]) -> None:
        self._try(lambda: restore() or name)
        if any(entry.name == name for entry in self.entries()) and not self.plan.base_name:
            self.plan.rebase(name, self.values_of(name))
        self.refresh()

    def compare(self) -> None:
        """Opens two of them, or one and what is on show, side by side."""
        sets = {self.tr("as shown now"): self.plan.values()}
        sets |= {entry.name: dict(self.values_of(entry.name)) for entry in self.entries()}
        sets[self.tr("defaults")] = {}
        names = list(sets)
        second = self.plan.base_name if self.plan.base_name in sets else names[1]
        self._open(CompareDialog(self.plan.table, sets, names[0], second, self.window()))

    def export(self) -> None:
        """Asks for a file and writes the shared form of what is chosen."""
        name = self.plan.base_name
        dialog = QFileDialog(self.window(), self.tr("Export"), f"{_file_name(name)}.json", _JSON)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(lambda path: self.export_to(name, path))
        self._open(dialog)

    def export_to(self, name: str, path: str) -> None:
        """Writes the shared form of `name` to a file."""
        try:
            Path(path).write_text(self.exported(name), encoding="utf-8")
        except OSError as error:
            self.told.emit(self.tr("Not exported: {error}").format(error=error.strerror or error), "", None)
            return
        self.told.emit(self.tr("Exported to {file}").format(file=Path(path).name), "", None)

    def import_file(self) -> None:
        """Asks for a shared file and takes it in."""
        dialog = QFileDialog(self.window(), self.tr("Import"), "", _JSON)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_from)
        self._open(dialog)

    def import_from(self, path: str) -> None:
        """Takes in a shared file and puts it in force."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.told.emit(self.tr("Not imported: {error}").format(error=error), "", None)
            return
        taken = self._try(lambda: self.imported(text))
        if taken is not None:
            name, left_out = taken
            self.choose(name)
            said = self.tr("Imported {name}").format(name=name)
            self.told.emit(f"{said}. {left_out}" if left_out else said, "", None)

    def _save_under(self, name: str) -> None:
        stored = self._try(lambda: self.store_as(name))
        if stored is not None:
            self.plan.mark_saved(stored)
            self.told.emit(self.tr("Saved as {name}").format(name=stored), "", None)

    def _rename(self, old: str, new: str) -> None:
        stored = self._try(lambda: self.rename_to(old, new))
        if stored is not None:
            self.plan.rebase(stored, self.values_of(stored))

    def complaint(self, name: str) -> str:
        """What is wrong with a name; "" for nothing."""
        fixed = {entry.name.casefold() for entry in self.entries() if entry.is_fixed}
        if name.strip().casefold() in fixed:
            return self.tr("That name comes with the app; choose another.")
        return ""

    # -- inside ---------------------------------------------------------------------------------------------

    def _ask(self, title: str, name: str, ok_text: str, then: Callable[[str], object]) -> None:
        dialog = NameDialog(title, name, ok_text, self.complaint, self.window())
        dialog.named.connect(then)
        self._open(dialog)

    def _open(self, dialog: Any) -> None:
        self.dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None

    def _try(self, act: Callable[[], Result]) -> Result | None:
        try:
            return act()
        except StoreError as error:
            report = error.report
            self.told.emit(texts.translated(report.template()).format(**report.values), "", None)
        except (ValueError, KeyError) as error:
            self.told.emit(texts.translated(str(error)), "", None)
        return None


def _file_name(name: str) -> str:
    return (
        "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name).strip()
        or "export"
    )
