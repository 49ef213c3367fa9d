"""The row of the draft model: what is chosen, and the list to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from app.core.figures import parameters_text
from app.core.settings import Setting
from app.services.drafts import Drafts
from app.ui.panel import texts
from app.ui.panel.draft_menu import DraftMenu
from app.ui.panel.editor import Editor
from app.ui.panel.picker_button import PickerButton
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from app.ui.widgets.plain_tip import plain_tip


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """Where draft models come from, and what takes the user to where more are to be found."""

    drafts: Drafts
    discover: Callable[[], object]


class DraftEditor(Editor):
    """A MODEL row: a button with the model's name that opens the list of those that can be chosen."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget, offer: DraftOffer) -> None:
        super().__init__(theme, setting, parent)
        self._drafts = offer.drafts
        box = QWidget(parent)
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self.button = PickerButton(theme, box, has_menu=False)
        self.button.clicked.connect(self.open)
        self.button.installEventFilter(self)
        self.browse = IconButton(theme, "folder-open", self.tr("Choose a file"), box, size_px=14)
        self.browse.setObjectName("browse")
        self.browse.clicked.connect(self._browse)
        line.addWidget(self.button, 1)
        line.addWidget(self.browse)
        self.below = box
        self.menu = DraftMenu(theme, self._drafts, box)
        self.menu.chosen.connect(self._take)
        self.menu.browse_requested.connect(self._browse)
        self.menu.discover_requested.connect(offer.discover)

    def show_value(self, value: Any) -> None:
        self.value = value
        self.button.show_name(self._name(value))
        self.button.setAccessibleName(f"{texts.title(self.setting)}: {self._name(value)}")
        self.button.setToolTip(plain_tip(str(value or "")))

    def focus_widget(self) -> QWidget:
        return self.button

    def _name(self, value: Any) -> str:
        if not value:
            return self.tr("Choose a draft model\u2026")
        draft = self._drafts.chosen
        if draft is None or draft.path != value:
            return Path(value).name
        size = parameters_text(draft.facts.n_params) if draft.facts is not None else ""
        return f"{draft.name} \u00b7 {size}" if size else draft.name

    # -- acting ---------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Opens the list."""
        self.menu.open_below(self.button, self.value)

    def _take(self, path: str | None) -> None:
        if self.offer(path):
            self.show_value(self.value)
        self.button.setFocus()

    def _browse(self) -> None:
        start = str(Path(self.value).parent) if self.value else ""
        dialog = QFileDialog(self.button.window(), texts.title(self.setting), start)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("GGUF models (*.gguf *.GGUF)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down opens the list, as with a combo box; Delete leaves no draft model."""
        if watched is self.button and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.open()
                return True
            if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self.value is not None:
                self._take(None)
                return True
        return super().eventFilter(watched, event)
