"""The Discover page: search the Hub, see what fits, download; and what is being downloaded."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.core.hub_address import Address
from app.core.starting_models import StartingModels
from app.services.downloads import Downloads
from app.services.hub_services import HubServices
from app.services.library import LibraryService
from app.ui.format import count_text
from app.ui.hub.discover_words import starting_row, starting_texts
from app.ui.hub.downloads_view import DownloadsView
from app.ui.hub.filter_bar import FilterBar
from app.ui.hub.model_presence import Whereabout
from app.ui.hub.model_view import ModelView
from app.ui.hub.result_pane import ResultPane
from app.ui.hub.token_dialog import TokenDialog
from app.ui.theme import Theme
from app.ui.widgets import IconButton, SearchField

_LIST_PX = 320
_LIST_WIDE_PX = 420
_LIST_SHARE = 0.27  # of the page, more of a narrow one; until the user moves the line
_LIST_MIN_PX = 250
_LIST_MAX_PX = 520
_VIEW_MIN_PX = 400
_OPEN_AFTER_MS = 250  # arrow keys run over rows that nobody wants to see


class DiscoverPage(QWidget):
    """Two views: models, and downloads. `load_requested` carries the path of a model to load."""

    load_requested = Signal(str)
    folder_requested = Signal()  # the setting of the folder for downloads

    def __init__(
        self,
        theme: Theme,
        hub: HubServices,
        downloads: Downloads,
        library: LibraryService,
        starting: StartingModels | None,
        downloads_view: DownloadsView,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hub = hub
        self._search = hub.search
        self._downloads = downloads
        self._starting = starting
        self._last_text = ""
        self._is_split_by_hand = False
        self._next = ""  # the row that the keyboard is on
        self.where = Whereabout(downloads, library, lambda: hub.endpoint, self)
        self.search_field = SearchField(theme, self.tr("Search, or paste a model's address"), self)
        self.filters = FilterBar(theme, self)
        self.token_button = IconButton(theme, "key", self.tr("Access token, for gated models"), self)
        self.tabs = QTabBar(self)
        rows = [starting_row(model) for model in starting.models] if starting is not None else []
        self.results = ResultPane(theme, hub.search, rows, self)
        self.model = ModelView(theme, hub, downloads, self.where, self)
        self.downloads_view = downloads_view
        self._stack = QStackedWidget(self)
        self._open_soon = QTimer(self)
        self._open_soon.setSingleShot(True)
        self._open_soon.setInterval(_OPEN_AFTER_MS)
        self._open_soon.timeout.connect(lambda: self.open(self._next))
        self._arrange()
        self._connect()
        self._show_downloads()
        self._show_host()
        self.results.set_here(self.where.repo_ids())

    # -- what others ask ------------------------------------------------------------------------------------

    def open(self, repo_id: str, revision: str = "main", wanted: str = "") -> None:
        """Opens a repository's page; `wanted` is a file or a quantisation to select."""
        self._open_soon.stop()
        self.show_models()
        self.results.mark(repo_id)
        self.model.open(repo_id, revision, wanted)

    def search(self, text: str) -> None:
        """Searches for `text`, as if it were typed."""
        self.show_models()
        self.search_field.setText(text)

    def show_models(self) -> None:
        """The view with search, results and the model."""
        self.tabs.setCurrentIndex(0)

    def show_downloads(self) -> None:
        """The view with the queue."""
        self.tabs.setCurrentIndex(1)

    def focus_search(self) -> None:
        """Gives the search field the keyboard."""
        self.show_models()
        self.search_field.setFocus()
        self.search_field.selectAll()

    def ask_token(self) -> None:
        """Opens the dialog for the access token."""
        TokenDialog(self._theme, self._hub.account, self._hub.endpoint, self).open()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.tabs.currentIndex() == 0:
            self.search_field.setFocus()
        self._downloads.ask_target()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._is_split_by_hand:
            share = round(self.width() * _LIST_SHARE)
            width = max(_LIST_MIN_PX, min(_LIST_PX, round(share * 1.3)), min(_LIST_WIDE_PX, share))
            self._split.setSizes([width, max(1, self.width() - width)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and self.search_field.hasFocus():
            self.results.list.setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    # -- inside ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        title = QLabel(self.tr("Discover"), self)
        title.setProperty("role", "title")
        self.tabs.setAccessibleName(self.tr("Models or downloads"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.addTab(self.tr("Browse"))
        self.tabs.addTab(self.tr("Downloads"))
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(title)
        first.addWidget(self.search_field, 1)
        self._gap = QWidget(self)
        first.addWidget(self._gap, 1)
        first.addWidget(self.token_button)
        first.addWidget(self.tabs)
        head = QVBoxLayout()
        head.setContentsMargins(16, 12, 12, 8)
        head.setSpacing(8)
        head.addLayout(first)
        head.addWidget(self.filters)
        line = QFrame(self)
        line.setProperty("role", "line")
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self.results.setMinimumWidth(_LIST_MIN_PX)
        self.results.setMaximumWidth(_LIST_MAX_PX)
        self.model.setMinimumWidth(_VIEW_MIN_PX)
        self._split.addWidget(self.results)
        self._split.addWidget(self.model)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self._stack.addWidget(self._split)
        self._stack.addWidget(self.downloads_view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(line)
        layout.addWidget(self._stack, 1)
        self._show_view()

    def _connect(self) -> None:
        self.search_field.textChanged.connect(self._text_changed)
        self.search_field.returnPressed.connect(self._ask_now)
        self.filters.changed.connect(self._ask)
        self._split.splitterMoved.connect(lambda _place, _index: self._note_split())
        self.tabs.currentChanged.connect(lambda _place: self._show_view())
        self.token_button.clicked.connect(self.ask_token)
        self.results.chosen.connect(self.open)
        self.results.list.moved.connect(self._open_later)
        self.results.filters_cleared.connect(self.filters.reset)
        self.model.token_asked.connect(self.ask_token)
        self.model.downloads_asked.connect(self.show_downloads)
        self.model.model_asked.connect(self.open)
        self.model.search_asked.connect(self.search)
        self.model.load_requested.connect(self.load_requested)
        self._hub.endpoint_changed.connect(self._show_host)
        view = self.downloads_view
        view.load_requested.connect(self.load_requested)
        view.page_requested.connect(self.open)
        view.discover_requested.connect(self.focus_search)
        view.token_requested.connect(self.ask_token)
        view.folder_requested.connect(self.folder_requested)
        self._downloads.changed.connect(self._show_downloads)
        self._downloads.progressed.connect(lambda _id: self._show_downloads())
        self.where.changed.connect(lambda: self.results.set_here(self.where.repo_ids()))
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.focus_search)

    # -- searching ------------------------------------------------------------------------------------------

    def _text_changed(self, text: str) -> None:
        was_pasted = abs(len(text) - len(self._last_text)) > 1
        self._last_text = text
        self._ask()
        if was_pasted and (address := self._search.address) is not None:
            self._open_address(address)

    def _ask(self) -> None:
        self.results.is_narrowed = self.filters.is_narrowing
        self._search.set_query(self.filters.query(self.search_field.text()))

    def _ask_now(self) -> None:
        """Return: the model that is named, else the search without its pause."""
        if (address := self._search.address) is not None:
            self._open_address(address)
        elif self.search_field.text().strip():
            self._search.search()

    def _open_address(self, address: Address) -> None:
        self.open(address.repo_id, address.revision, address.path or address.quantisation)

    def _open_later(self, repo_id: str) -> None:
        self._next = repo_id
        self._open_soon.start()

    def _show_host(self) -> None:
        if self._starting is not None:
            self.results.set_starting_texts(*starting_texts(self._starting, self._hub.client.host))

    def _note_split(self) -> None:
        self._is_split_by_hand = True

    # -- views ----------------------------------------------------------------------------------------------

    def _show_view(self) -> None:
        is_browsing = self.tabs.currentIndex() == 0
        self._stack.setCurrentIndex(0 if is_browsing else 1)
        self._gap.setVisible(not is_browsing)
        for part in (self.search_field, self.token_button, self.filters):
            part.setVisible(is_browsing)

    def _show_downloads(self) -> None:
        totals = self._downloads.totals
        n_active = totals.n_active
        text = self.tr("Downloads  {n}").format(n=count_text(n_active)) if n_active else self.tr("Downloads")
        if self.tabs.tabText(1) != text:
            self.tabs.setTabText(1, text)
            self.tabs.setMinimumWidth(self.tabs.sizeHint().width())
