"""What the Models page says when it has no row to show."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from app.services.library import LibraryService
from app.ui.library.offers import OfferCard
from app.ui.library.table import View
from app.ui.theme import Theme
from app.ui.widgets import EmptyState


class EmptyViews(QWidget):
    """No models at all, none in this view, or none that match the search: each with what to do next."""

    folder_asked = Signal()
    discover_asked = Signal()
    search_cleared = Signal()

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self.nothing = EmptyState(
            theme,
            "models",
            "",
            "",
            "",
            self,
            second_text=self.tr("Find one to download"),
        )
        self.no_match = EmptyState(theme, "search", "", "", self.tr("Clear the search"), self)
        self.none_here = EmptyState(theme, "models", "", "", "", self)
        self.scanning = EmptyState(
            theme,
            "search",
            self.tr("Searching for models…"),
            self.tr("What is found appears here at once."),
            "",
            self,
        )
        self.offers = OfferCard(theme, library, self)
        self._first = self._with_offers()
        self._layout = QStackedLayout(self)
        for part in (self._first, self.no_match, self.none_here, self.scanning):
            self._layout.addWidget(part)
        self.offers.emptied.connect(self.nothing.button.setFocus)
        self.nothing.clicked.connect(self.folder_asked)
        self.nothing.second_clicked.connect(self.discover_asked)
        self.no_match.clicked.connect(self.search_cleared)

    def show_for(self, view: View, search: str, *, n_rows: int, has_guide: bool = False) -> None:
        """Says why nothing is shown: `n_rows` is how many the library has in all.

        With none of the user's own, but `has_guide`, what came with Loadout is listed above.
        """
        if n_rows and search:
            title = self.tr("Nothing matches “{text}”").format(text=search)
            self.no_match.show_text(title, self._elsewhere(), self.tr("Clear the search"))
            self._layout.setCurrentWidget(self.no_match)
        elif n_rows:
            self.none_here.show_text(*self._none_texts(view))
            self._layout.setCurrentWidget(self.none_here)
        elif self._library.is_scanning:
            self._layout.setCurrentWidget(self.scanning)
        else:
            self.nothing.show_text(
                self.tr("No models of your own yet") if has_guide else self.tr("No models yet"),
                self.tr("Add a folder with GGUF files, or drop files here.\nThey stay where they are."),
                self.tr("Add a folder…"),
            )
            self._layout.setCurrentWidget(self._first)

    def _elsewhere(self) -> str:
        return self.tr("Names, files, architectures and quantisations\nof this view are searched.")

    def _none_texts(self, view: View) -> tuple[str, str]:
        return {
            View.MODELS: (
                self.tr("No chat models"),
                self.tr("None of the files that were found can be chatted with.\nThe other views say why."),
            ),
            View.OTHERS: (
                self.tr("No other files"),
                self.tr("Adapters, projectors, control vectors and\nembedding models are listed here."),
            ),
            View.PROBLEMS: (self.tr("No problems"), self.tr("Every file that was found can be used.")),
        }[view]

    def _with_offers(self) -> QWidget:
        """The first page, with what other apps have below its button; six apps are taller than a small window."""
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        first = QWidget(scroll)
        scroll.setWidget(first)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.offers, 100)
        middle.addStretch(1)
        column = QVBoxLayout(first)
        column.setContentsMargins(24, 0, 24, 24)
        column.addStretch(2)  # the two stay near each other in a tall window
        column.addWidget(self.nothing)
        column.addLayout(middle)
        column.addStretch(3)
        return scroll
