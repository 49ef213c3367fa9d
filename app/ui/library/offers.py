"""Models of other apps on this machine, offered: all of them on the empty page, one at a time above a full list."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.offers import Offer
from app.services.library import LibraryService
from app.ui.icons import pixmap
from app.ui.library.texts import offer_text
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, IconButton

_CARD_WIDTH = 560


class OfferCard(QFrame):
    """Every app with models here, each with its number, size and place, and a button that adds them."""

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._library = library
        self.setProperty("role", "card")
        self._title = QLabel(self.tr("Models of other apps on this computer"), self)
        self._title.setProperty("role", "strong")
        note = QLabel(self.tr("They are used where they are; nothing is copied or moved."), self)
        note.setProperty("role", "hint")
        note.setWordWrap(True)
        self.add_all = QPushButton(self.tr("Add all"), self)
        self.add_all.setToolTip(self.tr("Add the models of all these apps"))
        self.add_all.clicked.connect(self._add_all)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(note)
        head = QHBoxLayout()
        head.addLayout(words, 1)
        head.addWidget(self.add_all, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(self._lines)
        self.setMaximumWidth(_CARD_WIDTH)
        library.offers_changed.connect(self.show_offers)
        self.show_offers()

    def show_offers(self) -> None:
        """Shows what there is to offer now; hides where there is nothing."""
        while (item := self._lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        offers = self._library.offers()
        for offer in offers:
            self._lines.addWidget(_OfferLine(self._theme, self._library, offer, self))
        self.add_all.setVisible(sum(not offer.is_closed for offer in offers) > 1)
        self.setVisible(bool(offers))

    def _add_all(self) -> None:
        for offer in self._library.offers():
            if not offer.is_closed:
                self._library.add_folder(offer.path)


class _OfferLine(QWidget):
    def __init__(self, theme: Theme, library: LibraryService, offer: Offer, parent: QWidget) -> None:
        super().__init__(parent)
        line = QFrame(self)
        line.setProperty("role", "line")
        name = QLabel(offer.program, self)
        figures = ElidedLabel(offer_text(offer), self)
        figures.setProperty("role", "dim")
        where = ElidedLabel(offer.path, self, mode=Qt.TextElideMode.ElideMiddle)
        where.setProperty("role", "faint")
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(name)
        above.addWidget(figures, 1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addLayout(above)
        words.addWidget(where)
        row = QHBoxLayout()
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(12)
        row.addLayout(words, 1)
        if not offer.is_closed:
            add = QPushButton(self.tr("Add"), self)
            add.setAccessibleName(self.tr("Add the models of {program}").format(program=offer.program))
            add.setToolTip(add.accessibleName())
            add.clicked.connect(lambda: library.add_folder(offer.path))
            row.addWidget(add)
        text = self.tr("Do not offer the models of {program} again").format(program=offer.program)
        decline = IconButton(theme, "close", text, self, size_px=12)
        decline.clicked.connect(lambda: library.decline(offer.path))
        row.addWidget(decline)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addLayout(row)


class OfferStrip(QFrame):
    """One line above a list that has models: what another app keeps here, Add, and Not now, which is for good."""

    asked = Signal(str)  # a folder was added

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._library = library
        self._path = ""
        self.setProperty("role", "raised")
        self._picture = QLabel(self)
        self.label = ElidedLabel("", self)
        self.add = QPushButton(self.tr("Add"), self)
        self.decline = QPushButton(self.tr("No, thanks"), self)
        self.decline.setProperty("role", "quiet")
        self.decline.setToolTip(
            self.tr("Do not offer this folder again; the menu of searched folders still does")
        )
        self.add.clicked.connect(self._add)
        self.decline.clicked.connect(lambda: self._library.decline(self._path))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self.label, 1)
        row.addWidget(self.add)
        row.addWidget(self.decline)
        theme.changed.connect(self._draw)
        self._draw()
        library.offers_changed.connect(self.show_offers)
        self.show_offers()

    def show_offers(self) -> None:
        """Shows the first offer there is; hides where there is none that can be taken."""
        offers = [offer for offer in self._library.offers() if not offer.is_closed]
        self.setVisible(bool(offers))
        if not offers:
            return
        offer = offers[0]
        self._path = offer.path
        text = self.tr("{program} has {figures} on this computer, which can be used where they are.")
        if len(offers) > 1:
            text = self.tr("{program} has {figures} on this computer. More apps have some, too.")
        self.label.setText(text.format(program=offer.program, figures=offer_text(offer)))
        add = self.tr("Add the models of {program}").format(program=offer.program)
        self.add.setToolTip(f"{add}\n{offer.path}")
        self.add.setAccessibleName(add)

    def _add(self) -> None:
        path = self._path
        self._library.add_folder(path)
        self.asked.emit(path)

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._theme, "folder-plus", 16, "accent"))
