"""The left side of Discover: what was found or is offered to begin with, and what the search is doing."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.hub import HubReason
from app.services.hub_search import HubSearch, SearchState
from app.ui.format import count_text, when_text
from app.ui.hub.hub_words import error_text
from app.ui.hub.result_list import ResultList
from app.ui.hub.result_rows import ResultRow, ResultRows, row_of
from app.ui.hub.strip import Strip
from app.ui.icons import icon
from app.ui.theme import Theme
from app.ui.widgets import EmptyState

_COUNTDOWN_MS = 500
_NOTHING_THERE = frozenset({HubReason.NOT_FOUND, HubReason.UNAUTHORISED})  # an address was searched for


class ResultPane(QWidget):
    """Shows a `HubSearch`, or `starting` while nothing is searched. `chosen` carries the repository to open."""

    chosen = Signal(str)
    filters_cleared = Signal()

    def __init__(
        self, theme: Theme, search: HubSearch, starting: Sequence[ResultRow], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._search = search
        self._starting = list(starting)
        self._here: Collection[str] = frozenset()
        self._opened = ""
        self._shows_starting = True
        self.is_narrowed = False  # whether filters leave results out
        self.rows = ResultRows(self)
        self.list = ResultList(theme, self.rows, self)
        self.heading = QLabel(self)
        self.heading.setProperty("role", "group")
        self.hint = QLabel(self)
        self.hint.setProperty("role", "hint")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.go_to = QPushButton(icon(theme, "arrow-right"), "", self)
        self.go_to.clicked.connect(self._open_address)
        self.busy = QProgressBar(self)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(self.tr("Searching"))
        self.notice = Strip(theme, "cloud-slash", "warning", self)
        self.notice.acted.connect(search.retry)
        self.footer = Strip(theme, "", "dim", self)
        self.footer.acted.connect(search.retry)
        self.empty = EmptyState(theme, "search", "", "", "", self)
        self.failed = EmptyState(theme, "cloud-slash", "", "", self.tr("Try again"), self)
        self._stack = QStackedWidget(self)
        self._countdown = QTimer(self)
        self._countdown.setInterval(_COUNTDOWN_MS)
        self._countdown.timeout.connect(self._show_state)
        self._arrange()
        self._connect()
        self._show_rows()

    # -- what others ask ------------------------------------------------------------------------------------

    def mark(self, repo_id: str) -> None:
        """Shows which repository is open; "" for none."""
        self._opened = repo_id
        self.list.mark(repo_id)

    def set_here(self, repo_ids: Collection[str]) -> None:
        """Of which repositories there is a file on this computer."""
        if set(repo_ids) != set(self._here):
            self._here = frozenset(repo_ids)
            place = self.list.verticalScrollBar().value()
            self._show_rows()
            self.list.verticalScrollBar().setValue(place)

    # -- inside ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        framed = QWidget(self)
        frame = QVBoxLayout(framed)
        frame.setContentsMargins(8, 4, 4, 0)
        frame.addWidget(self.list)
        self._framed = framed
        for part in (framed, self.empty, self.failed):
            self._stack.addWidget(part)
        self._top = QWidget(self)
        top = QVBoxLayout(self._top)
        top.setContentsMargins(16, 8, 12, 6)
        top.setSpacing(4)
        for part in (self.heading, self.hint, self.go_to):
            top.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.busy)
        layout.addWidget(self.notice)
        layout.addWidget(self._top)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.footer)
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when a search begins
        self.busy.setSizePolicy(policy)
        self.busy.setStyleSheet(
            "QProgressBar { min-height: 2px; max-height: 2px; border-radius: 0; background: none; }"
        )

    def _connect(self) -> None:
        search = self._search
        search.reset.connect(self._show_rows)
        search.appended.connect(self._append)
        search.state_changed.connect(self._show_state)
        self.list.chosen.connect(self.chosen)
        self.list.end_neared.connect(search.more)
        self.empty.clicked.connect(self.filters_cleared)
        self.failed.clicked.connect(search.retry)

    def _is_starting(self) -> bool:
        """Whether the starting list is shown: nothing was found yet, and nothing failed."""
        state = self._search.state
        return not self._search.models and state in (SearchState.IDLE, SearchState.SEARCHING)

    def _show_rows(self) -> None:
        self._shows_starting = self._is_starting()
        if self._shows_starting:
            rows = [replace(row, is_here=row.repo_id in self._here) for row in self._starting]
        else:
            rows = [row_of(model, is_here=model.repo_id in self._here) for model in self._search.models]
        self.rows.set_rows(rows)
        self.list.verticalScrollBar().setValue(0)
        self.list.mark(self._opened)
        self._show_state()

    def _append(self, first: int) -> None:
        self.rows.append(
            row_of(model, is_here=model.repo_id in self._here) for model in self._search.models[first:]
        )

    def _show_state(self) -> None:
        search = self._search
        if self._shows_starting != self._is_starting():
            self._show_rows()
            return
        is_busy = search.state in (SearchState.SEARCHING, SearchState.MORE)
        self.busy.setVisible(is_busy)
        self._show_top()
        self._show_notice()
        self._show_footer()
        self._show_middle()
        waits = search.retry_in_s is not None
        if waits != self._countdown.isActive():
            self._countdown.start() if waits else self._countdown.stop()
        if search.state is SearchState.DONE:
            QTimer.singleShot(0, self.list, self.list.tell_end)  # a tall window shows the end at once

    def _show_top(self) -> None:
        is_starting = self._is_starting()
        self.heading.setVisible(is_starting)
        self.hint.setVisible(is_starting)
        has_address = self._show_address()
        self._top.setVisible(is_starting or has_address)

    def set_starting_texts(self, heading: str, hint: str) -> None:
        """What is said above the starting list."""
        self.heading.setText(heading)
        self.hint.setText(hint)

    def _show_address(self) -> bool:
        """Offers to open the model that the text names, unless it is among the results."""
        address = self._search.address
        shown = address is not None and self.rows.row_of(address.repo_id) < 0
        self.go_to.setVisible(shown)
        if address is not None:
            text = self.tr("Open {name}").format(name=address.repo_id.replace("&", "&&"))
            self.go_to.setText(text)
            self.go_to.setAccessibleName(text)
        return shown

    def _open_address(self) -> None:
        address = self._search.address
        if address is not None:
            self.chosen.emit(address.repo_id)

    def _show_notice(self) -> None:
        search = self._search
        self.notice.setVisible(search.is_stored and bool(search.models))
        if search.is_stored:
            said = self.tr("Offline: results from {when}.").format(when=when_text(search.asked_at))
            self.notice.show_text(f"{said} {self._wait_text()}".strip(), self.tr("Try now"))

    def _show_footer(self) -> None:
        search, n_models = self._search, len(self._search.models)
        has_failed = search.state is SearchState.FAILED
        self.footer.setVisible(bool(n_models) and search.state is not SearchState.IDLE)
        if has_failed and search.error is not None:
            said = f"{error_text(search.error)} {self._wait_text()}".strip()
            self.footer.show_text(said, self.tr("Try again"), icon_name="warning", tone="warning")
        elif search.state is SearchState.MORE:
            self.footer.show_text(self.tr("Asking for more…"))
        elif search.has_more:
            self.footer.show_text(self.tr("{n} models so far").format(n=count_text(n_models)))
        else:
            found = self.tr("1 model") if n_models == 1 else self.tr("{n} models")
            self.footer.show_text(found.format(n=count_text(n_models)))

    def _show_middle(self) -> None:
        search = self._search
        if self.rows.rowCount():
            self._stack.setCurrentWidget(self._framed)
        elif search.error is not None and search.error.reason in _NOTHING_THERE:
            self.empty.show_text(self.tr("Nothing found"), error_text(search.error))
            self._stack.setCurrentWidget(self.empty)
        elif search.state is SearchState.FAILED and search.error is not None:
            title = (
                self.tr("No connection")
                if search.error.reason is HubReason.NO_NETWORK
                else self.tr("The search failed")
            )
            text = "\n".join(part for part in (error_text(search.error), self._wait_text()) if part)
            self.failed.show_text(title, text, self.tr("Try again"))
            self._stack.setCurrentWidget(self.failed)
        else:
            self._show_nothing()
            self._stack.setCurrentWidget(self.empty)

    def _show_nothing(self) -> None:
        text = self._search.query.text.strip()
        title = (
            self.tr("Nothing found for “{text}”").format(text=text[:60]) if text else self.tr("Nothing found")
        )
        if self.is_narrowed:
            said = self.tr("Perhaps a filter is too narrow.")
            self.empty.show_text(title, said, self.tr("Clear filters"))
        else:
            said = self.tr("Try fewer words, or paste the address of a model's page.")
            self.empty.show_text(title, said)

    def _wait_text(self) -> str:
        wait_s = self._search.retry_in_s
        if wait_s is None:
            return ""
        return self.tr("Trying again in {n} s.").format(n=max(1, math.ceil(wait_s)))
