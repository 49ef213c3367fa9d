"""The Models page: the model files on this machine, to look through, load, inspect, add to and tidy."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.core.library import FolderProblem, ModelEntry
from app.services.hub_updates import Updates
from app.services.library import LibraryService
from app.ui.format import bytes_text
from app.ui.library.drop_target import DropTarget
from app.ui.library.empty_views import EmptyViews
from app.ui.library.messages import Messages
from app.ui.library.metadata_dialog import MetadataDialog
from app.ui.library.offers import OfferStrip
from app.ui.library.page_parts import Footer, Header, ScanBar
from app.ui.library.reveal import reveal
from app.ui.library.row_menu import RowMenu
from app.ui.library.table import LibraryFilter, LibraryTable, Row, View, view_of
from app.ui.library.table_view import LibraryView
from app.ui.library.texts import short_name
from app.ui.library.updates import UpdateBar, UpdateView
from app.ui.theme import Theme

_ANY_HEIGHT = 16_777_215  # QWIDGETSIZE_MAX, which PySide lacks
_REFRESH_MS = 60  # a scan tells ten times a second; several changes at once are one redraw


class ModelsPage(QWidget):
    """Shows the library; `load_requested` carries the path of the model to load.

    With `updates` it asks the Hub for newer versions when the user asks.
    """

    load_requested = Signal(str)
    download_requested = Signal(object, list)  # HubPage, list[HubFile]
    page_requested = Signal(str, str)  # repository and revision of the model whose page on the Hub is wanted
    downloads_requested = Signal()  # show them
    discover_requested = Signal()  # look for models to download
    hide_guide_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        library: LibraryService,
        updates: Updates | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._library = library
        self._awaited = ""  # a file just added: selected as soon as its header is read
        self.table = LibraryTable(self)
        self.rows = LibraryFilter(self)
        self.rows.setSourceModel(self.table)
        self.header = Header(theme, library, self)
        self.scan_bar = ScanBar(self)
        self.offers = OfferStrip(theme, library, self)
        self.view = LibraryView(theme, self.table, self.rows, self)
        self.empty = EmptyViews(theme, library, self)
        self.footer = Footer(theme, self)
        self._drop = DropTarget(theme, self)
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(_REFRESH_MS)
        self._middle = QWidget(self)
        self._messages = Messages(theme, self._middle)
        self.update_bar = UpdateBar(self)
        self._update_view = self._with_updates(updates) if updates is not None else None
        self._arrange()
        self._connect()
        self._show_rows()

    # -- what others ask ----------------------------------------------------------------------------------------

    def add_paths(self, paths: Iterable[str]) -> None:
        """Adds files and folders, as when they are dropped on the window."""
        for path in paths:
            if Path(path).is_dir():
                self._library.add_folder(path)
            else:
                self._awaited = self._library.add_file(path)

    def set_loaded(self, path: str) -> None:
        """Marks the model that is loaded; "" for none."""
        self.table.set_loaded(path)

    def choose_file(self) -> None:
        """Asks for GGUF files and adds them."""
        dialog = QFileDialog(self, self.tr("Add model files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("GGUF models (*.gguf *.GGUF)"), self.tr("All files (*)")])
        dialog.filesSelected.connect(self.add_paths)
        self._open(dialog)

    def choose_folder(self) -> None:
        """Asks for a folder and adds it."""
        dialog = QFileDialog(self, self.tr("Add a folder of models"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(self.add_paths)
        self._open(dialog)

    # -- what the selected row can do -----------------------------------------------------------------------------

    def load_selected(self) -> None:
        """Asks for the selected model to be loaded; nothing where it cannot be."""
        row = self.view.row()
        if isinstance(row, ModelEntry) and row.is_chat_model:
            self.load_requested.emit(row.path)

    def show_metadata(self) -> None:
        """Opens the metadata viewer of the selected file."""
        row = self.view.row()
        if isinstance(row, ModelEntry) and row.parts:
            MetadataDialog(self._theme, row, self).open()

    def reveal_selected(self) -> None:
        """Shows the selected file or folder in the file manager."""
        row = self.view.row()
        if row is not None and not reveal(row.path):
            self._messages.say(self.tr("The system has no file manager to show it with."))

    def remove_selected(self) -> None:
        """Takes the selected row off the list, with a way back; its file stays."""
        row = self.view.row()
        if isinstance(row, FolderProblem):
            self._library.remove_folder(row.path)
        elif row is not None and row.is_built_in:
            self.hide_guide_requested.emit()
        elif row is not None:
            self._library.remove(row.id)
            text = self.tr("{name} is off the list. Its file stays where it is.")
            undo = functools.partial(self._library.restore, row.id)
            self._messages.say(text.format(name=short_name(row.name)), self.tr("Undo"), undo)

    def update_selected(self) -> None:
        """Gets the newer version of the selected model."""
        row = self.view.row()
        if isinstance(row, ModelEntry) and self._update_view is not None:
            self._update_view.get(row)

    def open_page_of_selected(self) -> None:
        """Asks for the page on the Hub of the repository that the selected model came from."""
        row = self.view.row()
        if isinstance(row, ModelEntry) and row.origins:
            self.page_requested.emit(row.origins[0].repo_id, row.origins[0].revision)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.setFocus()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._framed = QWidget(self)
        frame = QVBoxLayout(self._framed)
        frame.setContentsMargins(8, 0, 8, 0)
        frame.setSpacing(8)
        frame.addWidget(self.offers)
        frame.addWidget(self.view)
        middle = QVBoxLayout(self._middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        for part in (self._framed, self.empty):
            middle.addWidget(part, 1)
        for part in (self.header, self.scan_bar, self.update_bar, self._middle, self.footer):
            layout.addWidget(part, 1 if part is self._middle else 0)

    def _with_updates(self, updates: Updates) -> UpdateView:
        view = UpdateView(updates, self.header.updates, self.update_bar, self._messages, self)
        view.download_requested.connect(self.download_requested)
        view.page_requested.connect(self.page_requested)
        view.downloads_requested.connect(self.downloads_requested)
        view.newer_requested.connect(self._show_newer)
        self.table.set_updates(updates.of)
        updates.changed.connect(self._refresh.start)
        return view

    def _connect(self) -> None:
        library, header, footer = self._library, self.header, self.footer
        library.changed.connect(self._refresh.start)
        self._refresh.timeout.connect(self._show_rows)
        library.scan_started.connect(self.scan_bar.start)
        library.scan_progressed.connect(self.scan_bar.show_progress)
        library.scan_finished.connect(self._end_scan)
        library.storage_failed.connect(self._tell_storage)
        self.scan_bar.cancelled.connect(library.cancel_scan)
        header.searched.connect(self._search)
        header.view_chosen.connect(self._show_view)
        header.file_asked.connect(self.choose_file)
        header.folder_asked.connect(self.choose_folder)
        self.offers.emptied.connect(self.view.setFocus)
        self.empty.folder_asked.connect(self.choose_folder)
        self.empty.discover_asked.connect(self.discover_requested)
        self.empty.search_cleared.connect(header.search.clear)
        self.view.load_asked.connect(self.load_selected)
        self.view.doubleClicked.connect(self.load_selected)
        self.view.remove_asked.connect(self.remove_selected)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().selectionChanged.connect(self._show_selection)
        footer.load_asked.connect(self.load_selected)
        footer.update_asked.connect(self.update_selected)
        footer.metadata_asked.connect(self.show_metadata)
        footer.reveal_asked.connect(self.reveal_selected)
        footer.remove_asked.connect(self.remove_selected)
        self._drop.dropped.connect(self.add_paths)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(header.search.setFocus)

    def _open(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_rows(self) -> None:
        rows: list[Row] = [*self._library.entries(), *self._library.folder_problems()]
        self.table.set_rows(rows)
        self.table.show_updates()
        counts = dict.fromkeys(View, 0)
        size_bytes = 0
        for row in rows:
            counts[view_of(row)] += 1
            size_bytes += row.size_bytes if isinstance(row, ModelEntry) else 0
        if self._update_view is not None:
            self._update_view.show_button()
        self.header.show_counts(counts, bytes_text(size_bytes) if size_bytes else "")
        self._follow_awaited()
        self._show_emptiness()
        self._show_selection()

    def _follow_awaited(self) -> None:
        entry = self._library.entry(self._awaited)
        if entry is not None:
            self._awaited = ""
            self.header.set_view(view_of(entry))
            self.view.select_path(entry.path)

    def _show_emptiness(self) -> None:
        is_empty = self.rows.rowCount() == 0
        had_focus = self.empty.isAncestorOf(self.window().focusWidget() or self)
        rows = self.table.rows()
        has_own = any(isinstance(row, FolderProblem) or not row.is_built_in for row in rows)
        is_beginning = (
            not is_empty and not has_own
        )  # only what came with Loadout: what to do next stands below it
        self.empty.setVisible(is_empty or is_beginning)
        self._framed.setVisible(not is_empty)
        self._framed.setMaximumHeight(self.view.whole_height() if is_beginning else _ANY_HEIGHT)
        self.offers.set_wanted(not is_beginning)  # all of them are offered below
        self.footer.setVisible(bool(rows))
        if is_empty or is_beginning:
            n_rows = len(rows) if is_empty else 0
            self.empty.show_for(
                self.header.view(), self.header.search.text(), n_rows=n_rows, has_guide=bool(rows)
            )
        elif had_focus:
            self.view.setFocus()

    def _search(self, text: str) -> None:
        self.rows.set_search(text)
        self._show_emptiness()

    def _show_view(self, view: View) -> None:
        self.rows.set_view(view)
        self.view.set_view(view)
        self._show_emptiness()
        self._show_selection()

    def _show_selection(self) -> None:
        row = self.view.row()
        self.footer.show_row(row, self.table.update_of(row) if row is not None else None)

    def _end_scan(self, _n_models: int) -> None:
        self.scan_bar.end()
        self._show_rows()

    def _tell_storage(self, path: str, words: str) -> None:
        text = self.tr("The list of models cannot be saved to {path}: {words}").format(path=path, words=words)
        self._messages.say(text, for_ms=0)

    def _show_newer(self) -> None:
        """Selects the first model that has a newer version."""
        newer = [
            row
            for row in self.table.rows()
            if isinstance(row, ModelEntry) and (update := self.table.update_of(row)) and update.is_newer
        ]
        if newer:
            self.header.search.clear()
            self._search("")
            first = min(newer, key=lambda entry: entry.name.casefold())
            self.header.set_view(view_of(first))
            self.view.select_path(first.path)

    def _show_menu(self, position: QPoint) -> None:
        row = self.view.row()
        if row is None:
            return
        update = self.table.update_of(row)
        menu = RowMenu(self._theme, row, update, self, has_hub=self._update_view is not None)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.load_asked.connect(self.load_selected)
        menu.metadata_asked.connect(self.show_metadata)
        menu.update_asked.connect(self.update_selected)
        menu.page_asked.connect(self.open_page_of_selected)
        menu.reveal_asked.connect(self.reveal_selected)
        menu.remove_asked.connect(self.remove_selected)
        menu.popup(self.view.viewport().mapToGlobal(position))
