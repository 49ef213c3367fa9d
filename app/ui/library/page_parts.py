"""The Models page's header, scan bar and footer."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.core.library import ModelEntry
from app.services.hub_updates import Update
from app.services.library import LibraryService
from app.ui.format import count_text
from app.ui.icons import icon
from app.ui.library.folders_menu import FoldersMenu
from app.ui.library.table import Row, View
from app.ui.library.texts import problem_text, update_text
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, IconButton, SearchField

_SCAN_SHOWN_AFTER_MS = 250  # shorter scans leave the page in peace


class Header(QFrame):
    """Title and total, search, the ways to add, and the views with their counts."""

    searched = Signal(str)
    view_chosen = Signal(object)  # View
    file_asked = Signal()
    folder_asked = Signal()

    def __init__(self, theme: Theme, library: LibraryService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = QLabel(self.tr("Models"), self)
        self._title.setProperty("role", "title")
        self._size_text = ""
        self._total = ElidedLabel("", self)
        self._total.setProperty("role", "dim")
        self.search = SearchField(theme, self.tr("Search models"), self)
        self.search.setMaximumWidth(260)
        self.search.setMinimumWidth(120)
        self.search.searched.connect(self.searched)
        self.updates = QPushButton(icon(theme, "arrow-circle-up"), self.tr("Check for updates"), self)
        self.updates.setProperty("role", "quiet")
        self.updates.hide()
        self.add_file = QPushButton(icon(theme, "add"), self.tr("Add file…"), self)
        self.add_file.setToolTip(self.tr("Add single GGUF files"))
        self.add_file.clicked.connect(self.file_asked)
        self.add_folder = QPushButton(icon(theme, "folder-plus"), self.tr("Add folder…"), self)
        self.add_folder.setToolTip(self.tr("Search a folder and everything below it, now and from now on"))
        self.add_folder.clicked.connect(self.folder_asked)
        self.folders = IconButton(theme, "more", self.tr("Searched folders"), self)
        menu = FoldersMenu(theme, library, self)
        menu.add_asked.connect(self.folder_asked)
        self.folders.setMenu(menu)
        self.folders.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Which files are shown"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        for view in View:
            self.tabs.setTabData(self.tabs.addTab(""), view)
        self.tabs.currentChanged.connect(lambda _place: self.view_chosen.emit(self.view()))
        self._arrange()

    def view(self) -> View:
        """The chosen view."""
        return View(self.tabs.tabData(self.tabs.currentIndex()))

    def set_view(self, view: View) -> None:
        """Chooses `view`."""
        self.tabs.setCurrentIndex(list(View).index(view))

    def show_counts(self, counts: Mapping[View, int], size: str) -> None:
        """How many files each view has, and the size of all together ("" for none)."""
        self._size_text = self.tr("{size} in all").format(size=size) if size else ""
        self._show_total()
        titles = {
            View.MODELS: self.tr("Chat models"),
            View.OTHERS: self.tr("Other files"),
            View.PROBLEMS: self.tr("Problems"),
        }
        for place, view in enumerate(View):
            count = counts[view]
            text = self.tr("{title}  {n}").format(title=titles[view], n=count_text(count))
            self.tabs.setTabText(place, text if count else titles[view])
        has_problems = bool(counts[View.PROBLEMS])
        picture = icon(self._theme, "warning", "warning", on="warning") if has_problems else QIcon()
        self.tabs.setTabIcon(list(View).index(View.PROBLEMS), picture)
        is_empty = not any(counts.values())
        self.tabs.setVisible(not is_empty)
        self.search.setVisible(not is_empty)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_total()

    def _show_total(self) -> None:
        """The total goes where it would be cut: half a number is worse than none."""
        parts = [self._title, self.updates, self.add_file, self.add_folder, self.folders]
        shown = [part.sizeHint().width() for part in parts if not part.isHidden()]
        needed = sum(shown) + 8 * len(shown) + 32 + self.fontMetrics().horizontalAdvance(self._size_text) + 8
        self._total.setText(self._size_text if needed <= self.width() else "")

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 8)
        layout.setSpacing(8)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._title)
        above.addWidget(self._total, 1)
        for part in (self.updates, self.add_file, self.add_folder, self.folders):
            above.addWidget(part)
        below = QHBoxLayout()
        below.setSpacing(4)
        below.addWidget(self.tabs)
        below.addStretch(1)
        below.addWidget(self.search, 2)
        layout.addLayout(above)
        layout.addLayout(below)


class ScanBar(QFrame):
    """How far a scan is, with Cancel; appears only if it takes noticeable time."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel("", self, mode=Qt.TextElideMode.ElideMiddle)
        self._label.setProperty("role", "dim")
        bar = QProgressBar(self)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(96)
        bar.setAccessibleName(self.tr("Searching for models"))
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setProperty("role", "quiet")
        cancel.setToolTip(self.tr("Stops searching; what was found stays"))
        cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 4)
        layout.setSpacing(12)
        layout.addWidget(bar)
        layout.addWidget(self._label, 1)
        layout.addWidget(cancel)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_SCAN_SHOWN_AFTER_MS)
        self._delay.timeout.connect(self.show)
        self.hide()

    def start(self) -> None:
        """A scan has begun."""
        self._label.setText(self.tr("Searching…"))
        self._delay.start()

    def show_progress(self, n_found: int, folder: str) -> None:
        """`n_found` files were looked at, `folder` is being searched."""
        found = self.tr("1 file") if n_found == 1 else self.tr("{n} files").format(n=count_text(n_found))
        self._label.setText(self.tr("{found} · searching {folder}").format(found=found, folder=folder))

    def end(self) -> None:
        """The scan is over."""
        self._delay.stop()
        self.hide()


class Footer(QFrame):
    """Where the selected file lies, or why it cannot be used, and what can be done with it."""

    load_asked = Signal()
    update_asked = Signal()
    metadata_asked = Signal()
    reveal_asked = Signal()
    remove_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._where = ElidedLabel("", self, mode=Qt.TextElideMode.ElideMiddle)
        self._where.setProperty("role", "hint")
        self._removal = self.tr("Remove from the list (Delete); the file stays")
        self.remove = IconButton(theme, "trash", self._removal, self)
        self.reveal = IconButton(theme, "reveal", self.tr("Show in the file manager"), self)
        self.metadata = QPushButton(icon(theme, "about"), self.tr("Metadata…"), self)
        self.metadata.setToolTip(self.tr("Everything that the file says about itself"))
        self.load = QPushButton(self.tr("Load"), self)
        self.load.setProperty("role", "primary")
        self.load.setToolTip(self.tr("Load the selected model (Return)"))
        self.update_button = QPushButton(icon(theme, "download"), self.tr("Update"), self)
        self.update_button.setToolTip(self.tr("Get the newer version"))
        self.update_button.hide()
        self.update_button.clicked.connect(self.update_asked)
        self.remove.clicked.connect(self.remove_asked)
        self.reveal.clicked.connect(self.reveal_asked)
        self.metadata.clicked.connect(self.metadata_asked)
        self.load.clicked.connect(self.load_asked)
        line = QFrame(self)
        line.setProperty("role", "line")
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(8)
        row.addWidget(self._where, 1)
        for part in (self.remove, self.reveal, self.metadata, self.update_button, self.load):
            row.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(line)
        layout.addLayout(row)
        self.show_row(None)

    def show_row(self, row: Row | None, update: Update | None = None) -> None:
        """The selected row, None for none, and what the Hub said of it."""
        is_file = isinstance(row, ModelEntry)
        self.load.setEnabled(is_file and row.is_chat_model)
        self.metadata.setEnabled(is_file and bool(row.parts))
        self.reveal.setEnabled(row is not None)
        self.remove.setEnabled(row is not None)
        is_built_in = is_file and row.is_built_in
        self.remove.set_tooltip(self.tr("Hide the Guide (Delete)") if is_built_in else self._removal)
        self.update_button.setVisible(update is not None and update.is_newer)
        self._show_text(row, update)

    def _show_text(self, row: Row | None, update: Update | None) -> None:
        said = ""
        if row is not None and not isinstance(row, ModelEntry):
            said = problem_text(row)
        elif row is not None:
            said = problem_text(row.problem) if row.problem else update_text(update)
        self._where.set_mode(Qt.TextElideMode.ElideRight if said else Qt.TextElideMode.ElideMiddle)
        self._where.setText(said or (row.path if row is not None else ""))
