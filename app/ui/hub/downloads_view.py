"""The queue of downloads, and what has arrived lately."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.download import DownloadState
from app.services.download_item import DownloadItem
from app.services.downloads import Downloads
from app.ui.hub import download_words as words
from app.ui.hub.download_row import DownloadRow
from app.ui.library.reveal import reveal
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, EmptyState, Toast

_WIDTH_PX = 960  # at 13 px text
_CLOCK_MS = 1000


class DownloadsView(QWidget):
    """Shows what the service knows; every wish goes to it as it is."""

    load_requested = Signal(str)  # the path of a model
    page_requested = Signal(str, str)  # repository, revision
    discover_requested = Signal()
    token_requested = Signal()
    folder_requested = Signal()  # the setting download_folder

    def __init__(self, theme: Theme, downloads: Downloads, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._downloads = downloads
        self.rows: dict[str, DownloadRow] = {}
        self._totals = ElidedLabel("", self)
        self._totals.setProperty("role", "strong")
        self.pause_all = self._quiet(self.tr("Pause all"), downloads.pause_all)
        self.resume_all = self._quiet(self.tr("Resume all"), downloads.resume_all)
        self.clear = self._quiet(self.tr("Clear finished"), downloads.clear_finished)
        self.clear.setToolTip(self.tr("Takes what is finished off the list; the files stay"))
        self._target = ElidedLabel("", self, mode=Qt.TextElideMode.ElideMiddle)
        self._target.setProperty("role", "hint")
        self.change = QPushButton(self.tr("Change…"), self)
        self.change.setProperty("role", "link")
        self.change.setAccessibleName(self.tr("Choose another folder for downloads"))
        self.change.clicked.connect(self.folder_requested)
        self.empty = self._nothing()
        self.toast = Toast(theme, self)
        self.toast.acted.connect(lambda: downloads.restore(self._cancelled))
        self._cancelled = ""
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._tick)
        self._arrange()
        downloads.changed.connect(self._show)
        downloads.progressed.connect(self._show_figures)
        downloads.target_changed.connect(self._show_target)
        self._show()

    # -- parts ----------------------------------------------------------------------------------------------

    def _nothing(self) -> EmptyState:
        said = self.tr(
            "What you download from Discover is listed here. Downloads go on where they stopped, "
            "also after the app was closed."
        )
        find = self.tr("Find a model")
        empty = EmptyState(self._theme, "download", self.tr("No downloads"), said, find, self)
        empty.clicked.connect(self.discover_requested)
        return empty

    def _quiet(self, text: str, ask: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "quiet")
        button.clicked.connect(ask)
        return button

    def _arrange(self) -> None:
        self._area = self._list()
        line = QFrame(self)
        line.setProperty("role", "line")
        self._beside: list[QHBoxLayout] = []
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for part, share in (
            (self._head(), 0),
            (self._area, 1),
            (self.empty, 1),
            (line, 0),
            (self._foot(), 0),
        ):
            whole.addWidget(part, share)
        self._area.verticalScrollBar().rangeChanged.connect(self._keep_in_line)

    def _head(self) -> QWidget:
        head = QHBoxLayout()
        head.setContentsMargins(24, 16, 24, 8)
        head.setSpacing(8)
        head.addWidget(self._totals, 1)
        for button in (self.pause_all, self.resume_all, self.clear):
            head.addWidget(button)
        above = QWidget(self)
        self._beside.append(self._centre(above, head))
        return above

    def _foot(self) -> QWidget:
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 10)
        foot.setSpacing(12)
        foot.addWidget(self._target, 1)
        foot.addWidget(self.change)
        below = QWidget(self)
        self._beside.append(self._centre(below, foot))
        return below

    def _list(self) -> QScrollArea:
        self._under_way = self._heading(self.tr("In the queue"))
        self._done = self._heading(self.tr("Finished"))
        self._waiting_rows, self._finished_rows = QVBoxLayout(), QVBoxLayout()
        column = QVBoxLayout()
        column.setContentsMargins(24, 4, 24, 72)  # a toast covers no button
        column.setSpacing(8)
        for heading, rows in ((self._under_way, self._waiting_rows), (self._done, self._finished_rows)):
            rows.setSpacing(8)
            column.addWidget(heading)
            column.addLayout(rows)
        column.addStretch(1)
        body = QWidget(self)
        self._centre(body, column)
        area = QScrollArea(self)
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName(self.tr("Downloads"))
        return area

    def _keep_in_line(self, _least: int, most: int) -> None:
        """What is above and below the list stays in line with it, beside its scroll bar too."""
        width = self._area.verticalScrollBar().sizeHint().width() if most else 0
        for row in self._beside:
            row.setContentsMargins(0, 0, width, 0)

    def _centre(self, around: QWidget, layout: QLayout) -> QHBoxLayout:
        """`layout` in the middle of `around`, no wider than is easily read."""
        middle = QWidget(around)
        middle.setLayout(layout)

        def limit() -> None:
            middle.setMaximumWidth(_WIDTH_PX * self._theme.text_size_px // 13)

        self._theme.changed.connect(limit)
        limit()
        row = QHBoxLayout(around)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        return row

    def _heading(self, text: str) -> QLabel:
        heading = QLabel(text, self)
        heading.setProperty("role", "group")
        heading.setContentsMargins(0, 8, 0, 0)
        return heading

    # -- what it shows --------------------------------------------------------------------------------------

    def _show(self) -> None:
        items = self._downloads.items
        known = {item.id for item in items}
        for download_id in [key for key in self.rows if key not in known]:
            row = self.rows.pop(download_id)
            row.hide()
            row.deleteLater()
        finished = sorted(
            (item for item in items if item.state is DownloadState.FINISHED),
            key=lambda item: item.finished_at or 0.0,
            reverse=True,
        )
        waiting = [item for item in items if item.state is not DownloadState.FINISHED]
        self._place(waiting, self._waiting_rows)
        self._place(finished, self._finished_rows)
        self._under_way.setVisible(bool(waiting) and bool(finished))
        self._done.setVisible(bool(finished))
        self._area.setVisible(bool(items))
        self.empty.setVisible(not items)
        self.pause_all.setVisible(any(item.state.is_active for item in items))
        can_resume = {DownloadState.PAUSED, DownloadState.FAILED}
        self.resume_all.setVisible(sum(item.state in can_resume for item in items) > 1)
        self.clear.setVisible(bool(finished))
        self._order([*waiting, *finished])
        self._show_totals()
        self._show_target()

    def _place(self, items: list[DownloadItem], layout: QVBoxLayout) -> None:
        for index, item in enumerate(items):
            row = self.rows.get(item.id) or self._new_row(item)
            row.show_item(item)
            if layout.indexOf(row) != index:
                layout.insertWidget(index, row)

    def _order(self, items: list[DownloadItem]) -> None:
        """The keyboard goes down the list, as it is now."""
        stops: list[QWidget] = [self.pause_all, self.resume_all, self.clear]
        for item in items:
            row = self.rows[item.id]
            stops += [row, row.terms, row.remedy, row.load, row.pause, row.resume, row.retry, row.reveal]
            stops += [row.cancel, row.more]
        for one, following in pairwise([*stops, self.change]):
            QWidget.setTabOrder(one, following)

    def _new_row(self, item: DownloadItem) -> DownloadRow:
        row = DownloadRow(self._theme, item, self)
        service, key = self._downloads, item.id
        row.paused.connect(lambda: service.pause(key))
        row.resumed.connect(lambda: service.resume(key))
        row.cancelled.connect(lambda: self._cancel(key))
        row.moved.connect(lambda n_places: service.move(key, n_places))
        row.revealed.connect(lambda: self._reveal(key))
        row.load_asked.connect(lambda: self.load_requested.emit(row.item.paths[0]))
        row.page_asked.connect(
            lambda: self.page_requested.emit(row.item.request.repo_id, row.item.request.revision)
        )
        row.terms_asked.connect(lambda: QDesktopServices.openUrl(_address(row.item)))
        row.token_asked.connect(self.token_requested)
        row.folder_asked.connect(self.folder_requested)
        self.rows[key] = row
        return row

    def _show_figures(self, download_id: str) -> None:
        item = self._downloads.item(download_id)
        if item is not None and self.isVisible():
            self.rows[download_id].show_item(item)
            self._show_totals()

    def _show_totals(self) -> None:
        said = words.totals_text(self._downloads.totals)
        self._totals.setText(said or (self.tr("Nothing is being downloaded") if self.rows else ""))

    def _show_target(self) -> None:
        target = self._downloads.target
        self._target.setText(words.target_text(target) if target is not None else "")
        self._target.setToolTip(target.path if target is not None else "")

    def _tick(self) -> None:
        for row in self.rows.values():
            row.show_time()

    # -- wishes ---------------------------------------------------------------------------------------------

    def _cancel(self, download_id: str) -> None:
        row = self.rows[download_id]
        focused = self.focusWidget()
        had_focus = focused is not None and (focused is row or row.isAncestorOf(focused))
        is_finished = row.item.state is DownloadState.FINISHED
        said = self.tr("{title} was taken off the list") if is_finished else self.tr("{title} was cancelled")
        self._cancelled = download_id
        self._downloads.cancel(download_id)
        if had_focus:
            (next(iter(self.rows.values()), None) or self.change).setFocus()
        self.toast.show_text(said.format(title=row.item.request.title), self.tr("Undo"))

    def _reveal(self, download_id: str) -> None:
        paths = self.rows[download_id].item.paths
        if not paths or not reveal(paths[0]):
            self.toast.show_text(self.tr("The folder could not be opened"))

    def showEvent(self, event: QShowEvent) -> None:
        self._downloads.look_for_files()
        self._downloads.ask_target()
        self._show()
        self._clock.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._clock.stop()
        super().hideEvent(event)


def _address(item: DownloadItem) -> QUrl:
    return QUrl(f"{item.request.endpoint}/{item.request.repo_id}")
