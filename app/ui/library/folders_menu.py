"""The menu of searched folders: add one, take one that another program keeps, leave one out, search again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.services.library import LibraryService
from app.ui.icons import icon
from app.ui.library.texts import offer_text
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip


class FoldersMenu(QMenu):
    """Built anew each time it opens; changes the library itself, except adding, which needs a dialog."""

    add_asked = Signal()

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._library = library
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._build)

    def _build(self) -> None:
        self.clear()
        self.addAction(icon(self._theme, "add"), self.tr("Add a folder…")).triggered.connect(self.add_asked)
        for offer in self._library.offers(declined=True):
            text = self.tr("Add the models of {program}").format(program=offer.program)
            action = self.addAction(icon(self._theme, "add"), text)
            action.setToolTip(plain_tip(f"{offer_text(offer)}\n{offer.path}"))
            action.setEnabled(not offer.is_closed)
            action.triggered.connect(lambda _checked=False, path=offer.path: self._library.add_folder(path))
        self.addSeparator()
        rescan = self.addAction(icon(self._theme, "refresh"), self.tr("Search all folders again"))
        rescan.setEnabled(bool(self._library.folders()))
        rescan.triggered.connect(self._library.rescan)
        rescan.triggered.connect(self._library.look_for_offers)
        if self._library.folders():
            self.addSection(self.tr("Searched folders"))
        for folder in self._library.folders():
            below = self.addMenu(icon(self._theme, "folder"), folder.replace("&", "&&"))
            leave = below.addAction(icon(self._theme, "close"), self.tr("Stop searching this folder"))
            leave.triggered.connect(lambda _checked=False, path=folder: self._library.remove_folder(path))
