"""What can be done with a row of the Models page, as a menu."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.library import ModelEntry
from app.services.hub_updates import Update
from app.ui.icons import icon
from app.ui.library.table import Row
from app.ui.theme import Theme


class RowMenu(QMenu):
    """Each signal is a choice; the menu deletes itself when it is closed."""

    load_asked = Signal()
    metadata_asked = Signal()
    update_asked = Signal()
    page_asked = Signal()
    reveal_asked = Signal()
    remove_asked = Signal()

    def __init__(
        self, theme: Theme, row: Row, update: Update | None, parent: QWidget, *, has_hub: bool
    ) -> None:
        super().__init__(parent)
        is_file = isinstance(row, ModelEntry)
        load = self.addAction(icon(theme, "load"), self.tr("Load"))
        load.setEnabled(is_file and row.is_chat_model)
        load.triggered.connect(self.load_asked)
        if has_hub and is_file and row.origins:
            self._add_hub(theme, update)
        metadata = self.addAction(icon(theme, "about"), self.tr("Metadata…"))
        metadata.setEnabled(is_file and bool(row.parts))
        metadata.triggered.connect(self.metadata_asked)
        shown = self.addAction(icon(theme, "reveal"), self.tr("Show in the file manager"))
        shown.triggered.connect(self.reveal_asked)
        self.addSeparator()
        if is_file and row.is_built_in:
            text = self.tr("Hide the Guide")
        else:
            text = self.tr("Remove from the list") if is_file else self.tr("Stop searching this folder")
        self.addAction(icon(theme, "close"), text).triggered.connect(self.remove_asked)

    def _add_hub(self, theme: Theme, update: Update | None) -> None:
        """What can be done with a model that came from the Hub."""
        if update is not None and update.is_newer:
            newer = self.addAction(icon(theme, "download"), self.tr("Get the newer version"))
            newer.triggered.connect(self.update_asked)
        page = self.addAction(icon(theme, "discover"), self.tr("Its page on the Hub"))
        page.triggered.connect(self.page_asked)
