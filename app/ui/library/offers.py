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
from app.ui.widgets.plain_tip import plain_tip

_CARD_WIDTH = 560


class OfferCard(QFrame):
    """Every app with models here, each with its number, size and place, and a button that adds them.

    `emptied` when nothing is left of what had the keyboard.
    """

    emptied = Signal()

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
        had_focus = self.isAncestorOf(self.window().focusWidget() or self)
        while (item := self._lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        offers = self._library.offers()
        lines = [_OfferLine(self._theme, self._library, offer, self) for offer in offers]
        for line in lines:
            self._lines.addWidget(line)
        self.add_all.setVisible(sum(not offer.is_closed for offer in offers) > 1)
        self.setVisible(bool(offers))
        if had_focus and lines:
            lines[0].show()  # else only with the next event: what is hidden takes no focus
            lines[0].take_focus()
        elif had_focus:
            self.emptied.emit()

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
        self._add = QPushButton(self.tr("Add"), self)
        self._add.setAccessibleName(self.tr("Add the models of {program}").format(program=offer.program))
        self._add.setToolTip(self._add.accessibleName())
        self._add.clicked.connect(lambda: library.add_folder(offer.path))
        self._add.setVisible(not offer.is_closed)
        row.addWidget(self._add)
        text = self.tr("Do not offer the models of {program} again").format(program=offer.program)
        self._decline = IconButton(theme, "close", text, self, size_px=12)
        self._decline.clicked.connect(lambda: library.decline(offer.path))
        row.addWidget(self._decline)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addLayout(row)

    def take_focus(self) -> None:
        """The keyboard goes to what can be done."""
        (self._decline if self._add.isHidden() else self._add).setFocus()


class OfferStrip(QFrame):
    """One line above a list that has models: what another app keeps here, Add, and a no that is for good.

    `emptied` when nothing is left of what had the keyboard.
    """

    emptied = Signal()

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._library = library
        self._path = ""
        self._is_wanted = True
        self.setProperty("role", "raised")
        self._picture = QLabel(self)
        self.label = ElidedLabel("", self)
        self.add = QPushButton(self.tr("Add"), self)
        self.decline = QPushButton(self.tr("No, thanks"), self)
        self.decline.setProperty("role", "quiet")
        self.decline.setToolTip(
            self.tr("Do not offer this folder again; the menu of searched folders still does")
        )
        self.add.clicked.connect(lambda: self._library.add_folder(self._path))
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

    def set_wanted(self, is_wanted: bool) -> None:
        """Whether this is the place to offer anything now."""
        if is_wanted is not self._is_wanted:
            self._is_wanted = is_wanted
            self.show_offers()

    def show_offers(self) -> None:
        """Shows the first offer there is; hides where there is none that can be taken, or none is wanted here."""
        offers = [offer for offer in self._library.offers() if not offer.is_closed] if self._is_wanted else []
        had_focus = self.isAncestorOf(self.window().focusWidget() or self)
        self.setVisible(bool(offers))
        if not offers:
            if had_focus:
                self.emptied.emit()
            return
        offer = offers[0]
        self._path = offer.path
        text = self.tr("{program} has {figures} on this computer, which can be used where they are.")
        if len(offers) > 1:
            text = self.tr("{program} has {figures} on this computer. More apps have some, too.")
        self.label.setText(text.format(program=offer.program, figures=offer_text(offer)))
        add = self.tr("Add the models of {program}").format(program=offer.program)
        self.add.setToolTip(plain_tip(f"{add}\n{offer.path}"))
        self.add.setAccessibleName(add)

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._theme, "folder-plus", 16, "accent"))
