"""Every keyboard shortcut, in one table: the actions are made from it, and the list that F1 opens shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.shell.page import Page


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`sequence` in Qt's portable form, e.g. ``Ctrl+Shift+B`` (Ctrl is Command on a Mac)."""

    name: str
    sequence: str
    title: str
    group: str

    def text(self) -> str:
        """The keys as this system writes them."""
        return QKeySequence(self.sequence).toString(QKeySequence.SequenceFormat.NativeText)


class Shortcuts(QObject):
    """The table, and one QAction per row, added to `window`."""

    def __init__(self, window: QWidget, pages: Sequence[Page]) -> None:
        super().__init__(window)
        self._window = window
        self.table: tuple[Shortcut, ...] = (*self._page_rows(pages), *self._rows())
        self._actions = {row.name: self._action(row) for row in self.table}

    def on(self, name: str, slot: Callable[[], object]) -> QAction:
        """Calls `slot` on the shortcut `name`. Raises KeyError for a name that is not in the table."""
        action = self._actions[name]
        action.triggered.connect(lambda _checked=False: slot())
        action.setEnabled(True)
        return action

    def __getitem__(self, name: str) -> Shortcut:
        return next(row for row in self.table if row.name == name)

    def _page_rows(self, pages: Sequence[Page]) -> list[Shortcut]:
        group = self.tr("Go to")
        return [
            Shortcut(f"page:{page.key}", f"Ctrl+{number}", page.title, group)
            for number, page in enumerate(pages[:9], start=1)
        ]

    def _rows(self) -> list[Shortcut]:
        go_to, model = self.tr("Go to"), self.tr("Model")
        chat, window = self.tr("Chat"), self.tr("Window")
        return [
            Shortcut("preferences", "Ctrl+,", self.tr("Preferences"), go_to),
            Shortcut("search_chats", "Ctrl+K", self.tr("Search conversations"), go_to),
            Shortcut("search_settings", "Ctrl+Shift+F", self.tr("Search settings"), go_to),
            Shortcut("choose_model", "Ctrl+M", self.tr("Choose a model"), model),
            Shortcut("open", "Ctrl+O", self.tr("Add a model file"), model),
            Shortcut("load", "Ctrl+L", self.tr("Load or reload with the settings of the plan"), model),
            Shortcut("eject", "Ctrl+E", self.tr("Eject the model"), model),
            Shortcut(
                "undo_setting", "Ctrl+Shift+Z", self.tr("Take back the last change of a setting"), model
            ),
            Shortcut("new_chat", "Ctrl+N", self.tr("New conversation"), chat),
            Shortcut("focus_message", "Ctrl+J", self.tr("Write a message"), chat),
            Shortcut("stop", "Ctrl+.", self.tr("Stop the reply"), chat),
            Shortcut("toggle_list", "Ctrl+B", self.tr("Show or hide the conversations"), window),
            Shortcut("toggle_panel", "Ctrl+Shift+B", self.tr("Show or hide the settings"), window),
            Shortcut("toggle_plots", "Ctrl+Shift+P", self.tr("Show or hide the plots"), window),
            Shortcut("shortcuts", "F1", self.tr("This list"), window),
            Shortcut("quit", "Ctrl+Q", self.tr("Quit"), window),
        ]

    def _action(self, row: Shortcut) -> QAction:
        action = QAction(row.title, self._window)
        action.setShortcut(QKeySequence(row.sequence))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setEnabled(False)  # until something answers to it
        self._window.addAction(action)
        return action


class ShortcutsDialog(QDialog):
    """The list of shortcuts, with the keys that single parts of the window answer to themselves."""

    def __init__(self, shortcuts: Shortcuts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        body = QFrame(self)
        grid = QGridLayout(body)
        grid.setContentsMargins(24, 16, 24, 24)
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for group, rows in self._rows(shortcuts).items():
            self._add(grid, group, [], "group")
            for title, keys in rows.items():
                self._add(grid, title, keys, "")
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.resize(520, 600)

    def _rows(self, shortcuts: Shortcuts) -> dict[str, dict[str, list[str]]]:
        """Keys by title, by group; what can be reached in two ways is one line."""
        rows: dict[str, dict[str, list[str]]] = {}
        for row in (*shortcuts.table, *self._elsewhere()):
            rows.setdefault(row.group, {}).setdefault(row.title, []).append(row.text())
        return rows

    def _elsewhere(self) -> list[Shortcut]:
        message, conversation = self.tr("In the message"), self.tr("In a conversation")
        conversations = self.tr("In the list of conversations")
        settings, models = self.tr("In the settings"), self.tr("In the list of models")
        discover = self.tr("In Discover")
        return [
            Shortcut("", "Return", self.tr("Send"), message),
            Shortcut("", "Shift+Return", self.tr("New line"), message),
            Shortcut("", "Up", self.tr("Edit the last message (in an empty field)"), message),
            Shortcut("", "Escape", self.tr("Stop the reply"), message),
            Shortcut("", "Ctrl+F", self.tr("Find"), conversation),
            Shortcut("", "F2", self.tr("Rename"), conversations),
            Shortcut("", "Delete", self.tr("Delete"), conversations),
            Shortcut("", "Ctrl+Z", self.tr("Bring back what was deleted"), conversations),
            Shortcut("", "Ctrl+Z", self.tr("Take back the last change"), settings),
            Shortcut("", "Return", self.tr("Load the model"), models),
            Shortcut("", "Delete", self.tr("Remove it from the list"), models),
            Shortcut("", "Ctrl+F", self.tr("Search"), models),
            Shortcut("", "Ctrl+F", self.tr("Search"), discover),
            Shortcut("", "Down", self.tr("From the search to the results"), discover),
            Shortcut("", "Return", self.tr("Open the model, download the file"), discover),
        ]

    def _add(self, grid: QGridLayout, title: str, keys: list[str], role: str) -> None:
        line = grid.rowCount()
        if role:
            grid.setRowMinimumHeight(line, 12)
            line += 1
        label = QLabel(title, self)
        label.setProperty("role", role)
        grid.addWidget(label, line, 0)
        places = QHBoxLayout()
        places.setSpacing(6)
        places.addStretch(1)
        for key in keys:
            chip = QLabel(key, self)
            chip.setProperty("role", "chip")
            places.addWidget(chip)
        grid.addLayout(places, line, 1)
        label.setAccessibleDescription(", ".join(keys))
