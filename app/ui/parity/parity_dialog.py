"""The parity check: which prompts, how far it is, and what every way of producing the replies came to."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.parity import Report
from app.services.parity import ParityService, ParityState
from app.ui.panel.row_parts import NoteLine
from app.ui.parity.parity_setup import ParitySetup
from app.ui.parity.parity_table import ParityTable
from app.ui.parity.parity_words import ParityWords
from app.ui.theme import Theme
from app.ui.widgets import EmptyState


class ParityDialog(QDialog):
    """The prompts, the way there, the result: a page each. Closing it calls a check off.

    `eject_requested` when the loaded model shall make room, `log_requested` with the path of the workers' log.
    """

    eject_requested = Signal()
    log_requested = Signal(str)

    def __init__(
        self, theme: Theme, service: ParityService, model_name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._service = service
        self._model_name = model_name
        self._words = ParityWords(self)
        self._asks_anew = True  # the plan may be another one than at the last check
        self.setWindowTitle(self.tr("Parity check"))
        self.setSizeGripEnabled(True)
        self.resize(940, 610)
        self.setup = ParitySetup(theme, service, self._words, self)
        self.setup.eject_requested.connect(self.eject_requested)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.setup)
        self._make_progress()
        self._make_result()
        self._make_buttons()
        self._arrange()
        self.setup.changed.connect(self._show_buttons)
        service.changed.connect(self._show_state)
        service.watch(True)
        self._show_state()
        self.setup.setFocus()

    # -- parts ----------------------------------------------------------------------------------------------

    def _make_progress(self) -> None:
        self.working = QWidget(self)
        self.status = QLabel(self)
        self.status.setProperty("role", "dim")
        self.status.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the check"))
        column = QVBoxLayout(self.working)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(self.bar)
        column.addWidget(self.status)
        column.addStretch(3)
        self.pages.addWidget(self.working)

    def _make_result(self) -> None:
        self.result_page = QWidget(self)
        self.summary = NoteLine(self._theme, self)
        self.tolerance = QLabel(self)
        self.tolerance.setProperty("role", "hint")
        self.tolerance.setWordWrap(True)
        self.table = ParityTable(self._theme, self._words, self)
        self.table.itemSelectionChanged.connect(self._show_detail)
        self.detail = QLabel(self)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.detail.setAccessibleName(self.tr("Where the chosen way differs first"))
        self.detail.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self.result_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addWidget(self.tolerance)
        column.addWidget(self.table, 1)
        column.addWidget(self.detail)
        self.pages.addWidget(self.result_page)
        self.failed = EmptyState(self._theme, "error", "", "", self.tr("Open the log"), self)
        self.failed.clicked.connect(lambda: self.log_requested.emit(self._service.log_path))
        self.pages.addWidget(self.failed)

    def _make_buttons(self) -> None:
        self.copy_text = self._button("", lambda: self._copy(as_json=False))
        self.copy_json = self._button("", lambda: self._copy(as_json=True))
        self.again = self._button(self.tr("Back to the prompts"), self._back)
        self.cancel = self._button(self.tr("Cancel the check"), self._service.cancel)
        self.close_button = self._button(self.tr("Close"), self.reject)
        self.start = self._button(self.tr("Check"), self._start)
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)

    def _button(self, text: str, act: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(act)
        return button

    def _arrange(self) -> None:
        heading = QLabel(self.windowTitle(), self)
        heading.setProperty("role", "title")
        about = QLabel(self._model_name, self)
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setProperty("role", "dim")
        line = QHBoxLayout()
        line.setSpacing(8)
        for button in (self.copy_text, self.copy_json, self.cancel):
            line.addWidget(button)
        line.addStretch(1)
        for button in (self.again, self.close_button, self.start):
            line.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(heading)
        column.addWidget(about)
        column.addWidget(self.pages, 1)
        column.addLayout(line)

    # -- showing --------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        service = self._service
        page: QWidget = self.setup
        if service.is_busy:
            page = self.working
            self._show_progress()
        elif not self._asks_anew and service.report is not None:
            page = self.result_page
        elif not self._asks_anew and service.error is not None:
            page = self.failed
            title = self.tr("The check could not be made")
            self.failed.show_text(title, self._words.failure(service.error), self.tr("Open the log"))
        is_new = page is not self.pages.currentWidget()
        self.pages.setCurrentWidget(page)
        self._show_buttons()
        if is_new and page is self.result_page and service.report is not None:
            self._show_report(service.report)
        if is_new:
            {self.working: self.cancel, self.result_page: self.table, self.failed: self.again}.get(
                page, self.setup
            ).setFocus()

    def _show_buttons(self) -> None:
        page = self.pages.currentWidget()
        self.start.setVisible(page is self.setup)
        self.start.setEnabled(self.setup.can_start)
        self.cancel.setVisible(page is self.working)
        self.cancel.setEnabled(self._service.state is ParityState.RUNNING)
        for button in (self.copy_text, self.copy_json):
            button.setVisible(page is self.result_page)
        self.again.setVisible(page in (self.result_page, self.failed))

    def _show_progress(self) -> None:
        progress = self._service.progress
        if self._service.state is ParityState.CANCELLING:
            self.status.setText(self.tr("Ending the worker\u2026"))
            return
        self.status.setText(self._words.progress(progress))
        if progress is None:
            self.bar.setRange(0, 0)
            return
        self.bar.setRange(0, 100 * progress.n_ways)
        share = progress.n_replies / progress.n_wanted if progress.n_wanted else 0.0
        self.bar.setValue(round(100 * (progress.n_done + share)))

    def _show_report(self, report: Report) -> None:
        self.summary.say(*self._words.summary(report))
        self.tolerance.setText(self._words.tolerance(report.tolerance))
        self.table.show_report(report)
        self._show_detail()
        self.copy_text.setText(self.tr("Copy as text"))
        self.copy_json.setText(self.tr("Copy as JSON"))

    def _show_detail(self) -> None:
        result = self.table.current
        if result is None:
            self.detail.clear()
            return
        detail = self._words.detail(result) or self._words.about(result.way)
        self.detail.setText(f"{self._words.way(result.way)}: {detail}")

    # -- acting ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self.setup.can_start:
            self._asks_anew = False
            self._service.start(self.setup.asked(), self.setup.tokens.value())

    def _back(self) -> None:
        self._asks_anew = True
        self._show_state()

    def _copy(self, *, as_json: bool) -> None:
        report = self._service.report
        if report is None:
            return
        if as_json:
            text = json.dumps(report.to_dict(), ensure_ascii=False, indent=2)
        else:
            text = self._words.report(report, self._model_name)
        QGuiApplication.clipboard().setText(text)
        button = self.copy_json if as_json else self.copy_text
        button.setText(self.tr("Copied"))

    def done(self, result: int) -> None:
        self._service.cancel()
        self._service.watch(False)
        self._service.changed.disconnect(self._show_state)
        self.setup.end()
        super().done(result)
