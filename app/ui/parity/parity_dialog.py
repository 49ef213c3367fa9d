"""The parity check: which prompts, how far it is, and what every way of producing the replies came to."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.parity import Report
from app.core.parity_prompts import PROMPTS, prompts_of
from app.services.parity import ParityService, ParityState
from app.ui.panel.row_parts import NoteLine
from app.ui.parity.parity_table import ParityTable
from app.ui.parity.parity_words import ParityWords
from app.ui.theme import Theme, set_role
from app.ui.widgets import EmptyState

_MAX_TOKENS = 4096
_TOKENS = 64


class ParityDialog(QDialog):
    """Three pages: the prompts, the way there, the result. Closing it calls a check off.

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
        self.setWindowTitle(self.tr("Parity check"))
        self.setSizeGripEnabled(True)
        self.resize(940, 610)
        self.pages = QStackedWidget(self)
        self._make_setup()
        self._make_progress()
        self._make_result()
        self._make_buttons()
        self._arrange()
        service.changed.connect(self._show_state)
        service.need_changed.connect(self._show_need)
        service.file_read.connect(self._take_file)
        self._asks_anew = True  # the plan may be another one than at the last check
        service.watch(True)
        self._show_state()
        self.prompts.setFocus()

    # -- parts ----------------------------------------------------------------------------------------------

    def _make_setup(self) -> None:
        self.setup = QWidget(self)
        about = QLabel(
            self.tr(
                "Produces the same replies in every way there is: with reused prompts and without, with guesses "
                "ahead and without, in one slot and in several, with flash attention on and off. The first token that "
                "differs is named. Floating-point sums depend on their order, so some models choose another token "
                "here and there; whether that is rounding or a defect is measured."
            ),
            self,
        )
        about.setProperty("role", "dim")
        about.setWordWrap(True)
        label = QLabel(self.tr("Prompts"), self)
        label.setProperty("role", "group")
        self.prompts = QPlainTextEdit("\n\n".join(PROMPTS), self)
        self.prompts.setAccessibleName(self.tr("Prompts"))
        self.prompts.setTabChangesFocus(True)
        self.prompts.textChanged.connect(self._show_state)
        label.setBuddy(self.prompts)
        self.hint = QLabel(self)
        self.hint.setProperty("role", "hint")
        self.hint.setWordWrap(True)
        self.open_file = QPushButton(self.tr("Open a file\u2026"), self)
        self.open_file.setAutoDefault(False)
        self.open_file.clicked.connect(self._choose_file)
        self.tokens = QSpinBox(self)
        self.tokens.setRange(1, _MAX_TOKENS)
        self.tokens.setValue(_TOKENS)
        self.tokens.setAccessibleName(self.tr("Most tokens of each reply"))
        tokens_label = QLabel(self.tr("Most tokens of each reply"), self)
        tokens_label.setBuddy(self.tokens)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.open_file)
        line.addStretch(1)
        line.addWidget(tokens_label)
        line.addWidget(self.tokens)
        self.need = NoteLine(self._theme, self)
        self.eject = QPushButton(self.tr("Eject it first"), self)
        self.eject.setAutoDefault(False)
        self.eject.clicked.connect(self.eject_requested)
        room = QHBoxLayout()
        room.setSpacing(8)
        room.addWidget(self.need, 1, Qt.AlignmentFlag.AlignVCenter)
        room.addWidget(self.eject)
        column = QVBoxLayout(self.setup)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (about, label):
            column.addWidget(part)
        column.addWidget(self.prompts, 1)
        column.addWidget(self.hint)
        column.addLayout(line)
        column.addLayout(room)
        self.pages.addWidget(self.setup)

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
            self._show_report(service.report)
        elif not self._asks_anew and service.error is not None:
            page = self.failed
            self.failed.show_text(
                self.tr("The check could not be made"),
                self._words.failure(service.error),
                self.tr("Open the log") if service.log_path else "",
            )
        is_new = page is not self.pages.currentWidget()
        self.pages.setCurrentWidget(page)
        told = self._read()
        self.start.setVisible(page is self.setup)
        self.start.setEnabled(isinstance(told, tuple) and not self._is_impossible())
        self.cancel.setVisible(page is self.working)
        self.cancel.setEnabled(service.state is ParityState.RUNNING)
        for button in (self.copy_text, self.copy_json):
            button.setVisible(page is self.result_page)
        self.again.setVisible(page in (self.result_page, self.failed))
        if is_new:
            first = {self.setup: self.prompts, self.working: self.cancel, self.result_page: self.table}
            first.get(page, self.again).setFocus()
        self._show_hint(told)
        self._show_need()

    def _show_hint(self, told: tuple[str, ...] | str) -> None:
        form = self.tr("One a line, blocks with blank lines between them, or a JSON list.")
        if isinstance(told, str):
            self.hint.setText(told)
            set_role(self.hint, "bad")
            return
        n_prompts = self.tr("1 prompt.") if len(told) == 1 else self.tr("{n} prompts.").format(n=len(told))
        self.hint.setText(f"{n_prompts} {form}")
        set_role(self.hint, "hint")

    def _show_need(self) -> None:
        service = self._service
        loaded = service.loaded_name
        if service.need is not None:
            self.need.say(*self._words.need(service.need, loaded))
        elif service.is_measuring:
            self.need.say("faint", self.tr("Measuring what it takes\u2026"))
        else:
            text = self.tr("What it takes could not be measured; each load takes about what the plan takes.")
            self.need.say("faint", text)
        self.eject.setVisible(bool(loaded))
        self.start.setEnabled(isinstance(self._read(), tuple) and not self._is_impossible())

    def _is_impossible(self) -> bool:
        return self._service.need is not None and self._service.need.is_impossible

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
        if self.pages.currentWidget() is not self.result_page:
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

    def _read(self) -> tuple[str, ...] | str:
        """The prompts, or what is wrong with the text."""
        text = self.prompts.toPlainText()
        if not text.strip():
            return self.tr("Write a prompt, or open a file of them.")
        try:
            return prompts_of(text)
        except ValueError:
            return self.tr("This begins like a JSON list and is no list of texts.")

    def _start(self) -> None:
        prompts = self._read()
        if isinstance(prompts, tuple):
            self._asks_anew = False
            self._service.start(prompts, self.tokens.value())

    def _back(self) -> None:
        self._asks_anew = True
        self._show_state()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Prompts"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Texts (*.txt *.json *.md)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._service.read_file)
        dialog.open()

    def _take_file(self, name: str, text: object) -> None:
        if isinstance(text, str):
            self.prompts.setPlainText(text)
            return
        bad = self.tr("{name} cannot be used: it must be UTF-8 text of at most 1 MB.").format(name=name)
        self.hint.setText(bad)
        set_role(self.hint, "bad")

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
        self._service.need_changed.disconnect(self._show_need)
        self._service.file_read.disconnect(self._take_file)
        super().done(result)
