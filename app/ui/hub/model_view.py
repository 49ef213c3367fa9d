"""The right side of Discover: one model, with its files, how they fit, its README, and every way it may not be had."""

from __future__ import annotations

import math

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.core.hub import Gated, HubError, HubPage, HubReason
from app.services.downloads import Downloads
from app.services.hub_account import AccountState
from app.services.hub_page import PageState
from app.services.hub_services import HubServices
from app.ui.format import count_text, when_text
from app.ui.hub.hub_words import error_text
from app.ui.hub.model_context import ContextChoice
from app.ui.hub.model_failed import ModelFailed
from app.ui.hub.model_files import ModelFiles
from app.ui.hub.model_header import ModelHeader
from app.ui.hub.model_presence import Whereabout
from app.ui.hub.readme_view import ReadmeView
from app.ui.hub.strip import Strip
from app.ui.theme import Theme
from app.ui.widgets import EmptyState


class ModelView(QWidget):
    """Shows a `ModelPage`. What it asks of others goes out as signals."""

    load_requested = Signal(str)  # path of a file that is here
    token_asked = Signal()
    downloads_asked = Signal()
    model_asked = Signal(str)  # another repository
    search_asked = Signal(str)  # a text to search for

    def __init__(
        self,
        theme: Theme,
        hub: HubServices,
        downloads: Downloads,
        where: Whereabout,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._hub = hub
        self._page = hub.page
        self._account = hub.account
        self._opened = ("", "")
        self._shown = ("", "")  # the repository and the commit on show
        self.header = ModelHeader(theme, self)
        self.tabs = QTabBar(self)
        self.context = ContextChoice(self)
        self.files = ModelFiles(theme, hub, downloads, where, self)
        self.readme = ReadmeView(theme, self)
        self.notice = Strip(theme, "cloud-slash", "warning", self)
        self.busy = QProgressBar(self)
        self.failed = ModelFailed(theme, self)
        self.nothing = EmptyState(
            theme,
            "compass",
            self.tr("Choose a model"),
            self.tr("Its files are listed here, and how each of them fits this computer."),
            "",
            self,
        )
        self.no_files = EmptyState(theme, "file", "", "", "", self)
        self._bodies = QStackedWidget(self)
        self._stack = QStackedWidget(self)
        self._countdown = QTimer(self)
        self._countdown.setInterval(500)
        self._countdown.timeout.connect(self._show_error)
        self._set_up()
        self._arrange()
        self._connect()
        self._show_page()

    # -- what others ask ------------------------------------------------------------------------------------

    def open(self, repo_id: str, revision: str = "main", wanted: str = "") -> None:
        """Shows a repository; `wanted` is a file or a quantisation to select when its files are known."""
        self.files.want(wanted)
        is_open = self._page.repo_id == repo_id and self._opened == (repo_id, revision)
        if is_open and not wanted:
            if self._page.state is PageState.FAILED:
                self._page.retry()
            return
        self._opened = (repo_id, revision)
        self._page.open(repo_id, revision)

    # -- layout ---------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.tabs.setAccessibleName(self.tr("What is shown of the model"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.tabs.addTab(self.tr("Files"))
        self.tabs.addTab(self.tr("README"))
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(self.tr("Asking for the model"))
        self.busy.setStyleSheet(
            "QProgressBar { min-height: 2px; max-height: 2px; border-radius: 0; background: none; }"
        )
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(policy)

    def _arrange(self) -> None:
        for body in (self.files, self.readme, self.no_files):
            self._bodies.addWidget(body)
        self._context_label = QLabel(self.tr("Fit at"), self)
        self._context_label.setProperty("role", "dim")
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 2, 16, 6)
        bar.setSpacing(8)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        bar.addWidget(self._context_label)
        bar.addWidget(self.context)
        whole = QWidget(self)
        inner = QVBoxLayout(whole)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(bar)
        inner.addWidget(self._bodies, 1)
        self._whole = whole
        self._blank = QWidget(self)
        for part in (whole, self.failed, self._blank):
            self._stack.addWidget(part)
        self._open = QWidget(self)
        opened = QVBoxLayout(self._open)
        opened.setContentsMargins(0, 0, 0, 0)
        opened.setSpacing(0)
        for widget, stretch in ((self.busy, 0), (self.notice, 0), (self.header, 0), (self._stack, 1)):
            opened.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.nothing)
        layout.addWidget(self._open)

    def _connect(self) -> None:
        page = self._page
        page.page_changed.connect(self._show_page)
        page.fits_changed.connect(self._show_fits)
        page.readme_changed.connect(self._show_readme)
        self._account.changed.connect(self._show_fits)
        self.tabs.currentChanged.connect(lambda _place: self._show_body())
        self.context.chosen.connect(page.set_n_ctx)
        self.files.load_requested.connect(self.load_requested)
        self.files.downloads_asked.connect(self.downloads_asked)
        self.header.token_asked.connect(self.token_asked)
        self.header.base_asked.connect(self.model_asked)
        self.notice.acted.connect(page.retry)
        self.no_files.clicked.connect(self._search_quantised)
        self.failed.retry_asked.connect(page.retry)
        self.failed.token_asked.connect(self.token_asked)
        self.failed.web_asked.connect(self.header.open_web)

    # -- the page -------------------------------------------------------------------------------------------

    def _show_page(self) -> None:
        page, state = self._page, self._page.state
        self.nothing.setVisible(state is PageState.CLOSED)
        self._open.setVisible(state is not PageState.CLOSED)
        self.busy.setVisible(state is PageState.LOADING)
        self._show_error()
        if state is not PageState.READY:
            self._shown = ("", "")
        if state is PageState.CLOSED:
            return
        if state is not PageState.READY or page.page is None:
            self.header.show_name(page.repo_id, f"{self._hub.endpoint}/{page.repo_id}", self._hub.client.host)
            self._stack.setCurrentWidget(self.failed if state is PageState.FAILED else self._blank)
            self.notice.hide()
            return
        self._show_ready(page.page)

    def _show_ready(self, page: HubPage) -> None:
        """A page that has come, or that has been found to be the same."""
        model = page.model
        self.header.show_name(model.repo_id, f"{self._hub.endpoint}/{model.repo_id}", self._hub.client.host)
        self.header.show_model(model)
        self.notice.setVisible(page.is_stored)
        if page.is_stored:
            said = self.tr("Offline: this page is from {when}.").format(when=when_text(page.asked_at))
            self.notice.show_text(said, self.tr("Try now"))
        if self._shown != (model.repo_id, page.commit):
            self._shown = (model.repo_id, page.commit)
            self._begin()
        self._stack.setCurrentWidget(self._whole)
        self.files.refresh()
        self._show_fits()
        self._show_body()
        if model.gated is not Gated.NO and self._account.state is AccountState.UNKNOWN:
            self._account.check()

    def _begin(self) -> None:
        """Another page than before: from its beginning."""
        n_files = len(self._page.variants)
        title = self.tr("Files  {n}").format(n=count_text(n_files)) if n_files else self.tr("Files")
        self.tabs.setTabText(0, title)
        self.tabs.setCurrentIndex(0)
        self.files.begin()
        self._show_readme()

    def _show_error(self) -> None:
        page = self._page
        error = page.error if page.state is PageState.FAILED else None
        wait_s = page.retry_in_s if error is not None else None
        waits = wait_s is not None
        if waits != self._countdown.isActive():
            self._countdown.start() if waits else self._countdown.stop()
        if error is not None:
            again = self.tr("Trying again in {n} s.").format(n=max(1, math.ceil(wait_s))) if wait_s else ""
            self.failed.show_error(error, again, self._hub.client.host)

    def _show_fits(self) -> None:
        """What follows from the fits for the rest of the page."""
        page, host = self._page.page, self._hub.client.host
        if page is None or self._page.state is not PageState.READY:
            return
        self.context.show_n_ctx(self._page.n_ctx)
        gated, account = page.model.gated, self._account.name
        self.header.show_access(gated, has_access=not self.files.is_locked(), account=account, host=host)

    # -- the body -------------------------------------------------------------------------------------------

    def _show_body(self) -> None:
        is_files = self.tabs.currentIndex() == 0
        has_files = bool(self._page.variants)
        for part in (self._context_label, self.context):
            part.setVisible(is_files and has_files)
        if not is_files:
            self._bodies.setCurrentWidget(self.readme)
        elif has_files:
            self._bodies.setCurrentWidget(self.files)
        else:
            self._show_no_files()
            self._bodies.setCurrentWidget(self.no_files)

    def _show_no_files(self) -> None:
        page = self._page.page
        n_others = len(page.files) if page is not None else 0
        title = self.tr("No GGUF files here")
        if n_others:
            said = self.tr("Loadout runs GGUF files. Others have often made some from this model.")
            self.no_files.show_text(title, said, self.tr("Search for them"))
        else:
            self.no_files.show_text(title, self.tr("This repository has no files."))

    def _search_quantised(self) -> None:
        if self._page.page is not None:
            self.search_asked.emit(self._page.page.model.name)

    def _show_readme(self) -> None:
        page = self._page
        if page.state is not PageState.READY or page.page is None:
            self.readme.show_note("")
        elif page.readme_error is not None:
            self.readme.show_note(self._readme_error(page.readme_error))
        elif page.readme is None:
            self.readme.show_note(self.tr("Reading the README…"))
        else:
            base = f"{self._hub.endpoint}/{page.page.model.repo_id}/blob/{page.page.commit}/"
            self.readme.show_readme(page.readme, base)

    def _readme_error(self, error: HubError) -> str:
        if error.reason in (HubReason.NO_SUCH_FILE, HubReason.NOT_FOUND):
            return self.tr("This model has no README.")
        return self.tr("The README cannot be had. {why}").format(why=error_text(error))
