"""The files of a model's page: the table of quantisations, and under it what can be done with the selected one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.hub import Gated
from app.core.hub_files import Role, Variant, companions, drafts, find_variant
from app.core.hub_fit import Fitness
from app.services.downloads import Downloads
from app.services.hub_page import PageState
from app.services.hub_services import HubServices
from app.ui.hub.model_footer import ModelFooter
from app.ui.hub.model_presence import Whereabout
from app.ui.hub.model_rows import Presence, VariantRows
from app.ui.hub.model_table import VariantTable
from app.ui.hub.model_words import advice_text, wants_access
from app.ui.icons import icon
from app.ui.library.reveal import reveal
from app.ui.theme import Theme

_MENU_ICONS = {
    Presence.THERE: "download",
    Presence.QUEUED: "download",
    Presence.STOPPED: "pause-circle",
    Presence.HERE: "load",
}


class ModelFiles(QWidget):
    """Shows the variants of a `ModelPage`, follows their fits, and puts what is chosen into the queue."""

    load_requested = Signal(str)  # path of a file that is here
    downloads_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        hub: HubServices,
        downloads: Downloads,
        where: Whereabout,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hub = hub
        self._page = hub.page
        self._downloads = downloads
        self._where = where
        self._wanted = ""
        self._has_chosen = False  # a row by hand: the recommendation no longer moves the selection
        self._is_moving = False
        self.rows = VariantRows(self)
        self.table = VariantTable(theme, self.rows, self)
        self.footer = ModelFooter(theme, self)
        framed = QHBoxLayout()
        framed.setContentsMargins(10, 0, 4, 0)
        framed.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(framed, 1)
        layout.addWidget(self.footer)
        self._connect()

    # -- what others ask ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Another page is shown: nothing of it is chosen yet."""
        self._has_chosen = False
        self.footer.forget()

    def want(self, text: str) -> None:
        """Selects this file or quantisation as soon as the files are known."""
        self._wanted = text

    def download_selected(self) -> None:
        """Puts the selected file into the queue, with the companions that are ticked."""
        row, page = self.table.row(), self._page.page
        if row is None or page is None or not row.variant.is_complete or self.is_locked():
            return
        files = [*row.variant.files, *self.footer.chosen_extras()]
        title = f"{page.model.name} {row.label}"
        self._downloads.add(page, files, title, self._hub.endpoint)

    def act(self, key: str) -> None:
        """What the mark of a row promises: download, show the queue, or load."""
        self.table.select_key(key)
        row = self.table.row()
        if row is None:
            return
        if row.where.presence is Presence.THERE:
            self.download_selected()
        elif row.where.presence is Presence.HERE:
            self._load()
        else:
            self.downloads_asked.emit()

    def is_locked(self) -> bool:
        """Whether a gated model's files cannot be had, as far as their headers tell."""
        page = self._page
        if page.page is None or page.page.model.gated is Gated.NO or page.pending:
            return False
        fits = page.fits.values()
        return any(wants_access(fit) for fit in fits) and not any(isinstance(fit, Fitness) for fit in fits)

    def refresh(self) -> None:
        """Shows what is known now."""
        page = self._page
        if page.page is None or page.state is not PageState.READY:
            return
        best = page.recommended.key if page.recommended is not None else ""
        where = self._where.of_page(page.page, page.variants)
        self._is_moving = True
        self.rows.show(page.variants, page.fits, page.pending, best, where, page.n_ctx)
        if not self._has_chosen and page.variants:
            self._select(best)
        self._is_moving = False
        self._show_footer()

    # -- inside ---------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._page.fits_changed.connect(self.refresh)
        self._where.changed.connect(self.refresh)
        self._downloads.target_changed.connect(self._show_footer)
        self.table.selected.connect(self._row_selected)
        self.table.acted.connect(self.act)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.verticalScrollBar().valueChanged.connect(lambda _value: self._show_first())
        self.footer.download_asked.connect(self.download_selected)
        self.footer.load_asked.connect(self._load)
        self.footer.downloads_asked.connect(self.downloads_asked)

    def _select(self, best: str) -> None:
        """What was asked for by name, else the recommended one."""
        named = find_variant(self._wanted, self._page.variants) if self._wanted else None
        self._wanted = ""
        self._has_chosen = named is not None
        self.table.select_key(named.key if named is not None else best or self._first_choice())

    def _first_choice(self) -> str:
        """What is selected before anything is known: what is selected already, else the first row."""
        row = self.table.row()
        return row.variant.key if row is not None else self.rows.rows()[0].variant.key

    def _row_selected(self) -> None:
        if not self._is_moving:
            self._has_chosen = True
        self._show_footer()

    def _show_first(self) -> None:
        if self._page.pending:
            self._page.show_first(self.table.keys_on_screen())

    def _show_footer(self) -> None:
        row = self.table.row()
        best = self._page.recommended
        is_best = row is not None and best is not None and best.key == row.variant.key
        advice = advice_text(best.advice) if is_best and best is not None else ""
        extras = self._extras(row.variant) if row is not None else ()
        self.footer.show_row(row, extras, advice, self._downloads.target, is_locked=self.is_locked())

    def _extras(self, variant: Variant) -> Sequence[Variant]:
        """What goes with a model, as far as it is not here yet."""
        if variant.role is not Role.MODEL:
            return ()
        found = [*companions(variant, self._page.variants), *drafts(self._page.variants)[:1]]
        rows = {row.variant.key: row for row in self.rows.rows()}
        return [extra for extra in found if rows[extra.key].where.presence is Presence.THERE]

    def _show_menu(self, position: QPoint) -> None:
        row = self.table.row()
        if row is None or not self.table.indexAt(position).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        act = menu.addAction(icon(self._theme, _MENU_ICONS[row.where.presence]), self.rows.action_text(row))
        act.setEnabled(row.variant.is_complete)
        act.triggered.connect(lambda: self.act(row.variant.key))
        copy = menu.addAction(icon(self._theme, "copy"), self.tr("Copy the file's address"))
        copy.triggered.connect(lambda: self._copy_address(row.variant))
        if row.where.path:
            shown = menu.addAction(icon(self._theme, "reveal"), self.tr("Show in the file manager"))
            shown.triggered.connect(lambda: reveal(row.where.path))
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _copy_address(self, variant: Variant) -> None:
        page = self._page.page
        if page is not None:
            path = variant.files[0].path
            address = f"{self._hub.endpoint}/{page.model.repo_id}/blob/{page.revision}/{path}"
            QGuiApplication.clipboard().setText(address)

    def _load(self) -> None:
        row = self.table.row()
        if row is not None and row.where.path and row.variant.role is Role.MODEL:
            self.load_requested.emit(row.where.path)
