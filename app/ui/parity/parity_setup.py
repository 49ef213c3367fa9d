"""What is to be checked: the prompts, how long the replies may be, and the memory that it takes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.parity_prompts import PROMPTS, prompts_of
from app.services.parity import ParityService
from app.ui.panel.row_parts import NoteLine
from app.ui.parity.parity_words import ParityWords
from app.ui.theme import Theme, set_role

_MAX_TOKENS = 4096
_TOKENS = 64


class ParitySetup(QWidget):
    """`changed` when a check has become possible or impossible, `eject_requested` when what is loaded shall go."""

    changed = Signal()
    eject_requested = Signal()

    def __init__(self, theme: Theme, service: ParityService, words: ParityWords, parent: QWidget) -> None:
        super().__init__(parent)
        self._service = service
        self._words = words
        self.prompts = QPlainTextEdit("\n\n".join(PROMPTS), self)
        self.prompts.setAccessibleName(self.tr("Prompts"))
        self.prompts.setTabChangesFocus(True)
        self.prompts.textChanged.connect(self._show_hint)
        self.hint = QLabel(self)
        self.hint.setWordWrap(True)
        self.open_file = QPushButton(self.tr("Open a file\u2026"), self)
        self.open_file.setAutoDefault(False)
        self.open_file.clicked.connect(self._choose_file)
        self.tokens = QSpinBox(self)
        self.tokens.setRange(1, _MAX_TOKENS)
        self.tokens.setValue(_TOKENS)
        self.tokens.setAccessibleName(self.tr("Most tokens of each reply"))
        self.need = NoteLine(theme, self)
        self.eject = QPushButton(self.tr("Eject it first"), self)
        self.eject.setAutoDefault(False)
        self.eject.clicked.connect(self.eject_requested)
        self.setFocusProxy(self.prompts)
        self._arrange()
        service.need_changed.connect(self._show_need)
        service.file_read.connect(self._take_file)
        self._show_hint()
        self._show_need()

    def _arrange(self) -> None:
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
        label.setBuddy(self.prompts)
        tokens_label = QLabel(self.tr("Most tokens of each reply"), self)
        tokens_label.setBuddy(self.tokens)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.open_file)
        line.addStretch(1)
        line.addWidget(tokens_label)
        line.addWidget(self.tokens)
        room = QHBoxLayout()
        room.setSpacing(8)
        room.addWidget(self.need, 1, Qt.AlignmentFlag.AlignVCenter)
        room.addWidget(self.eject)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(about)
        column.addWidget(label)
        column.addWidget(self.prompts, 1)
        column.addWidget(self.hint)
        column.addLayout(line)
        column.addLayout(room)

    # -- what is asked --------------------------------------------------------------------------------------

    def asked(self) -> tuple[str, ...]:
        """The prompts; none where the text holds none."""
        told = self._read()
        return told if isinstance(told, tuple) else ()

    @property
    def can_start(self) -> bool:
        """Whether there are prompts, and a memory that could ever hold the model."""
        need = self._service.need
        return bool(self.asked()) and not (need is not None and need.is_impossible)

    def _read(self) -> tuple[str, ...] | str:
        """The prompts, or what is wrong with the text."""
        text = self.prompts.toPlainText()
        if not text.strip():
            return self.tr("Write a prompt, or open a file of them.")
        try:
            return prompts_of(text)
        except ValueError:
            return self.tr("This begins like a JSON list and is no list of texts.")

    # -- showing --------------------------------------------------------------------------------------------

    def _show_hint(self) -> None:
        told = self._read()
        if isinstance(told, str):
            self._say("bad", told)
        else:
            n = self.tr("1 prompt.") if len(told) == 1 else self.tr("{n} prompts.").format(n=len(told))
            form = self.tr("One a line, blocks with blank lines between them, or a JSON list.")
            self._say("hint", f"{n} {form}")
        self.changed.emit()

    def _say(self, role: str, text: str) -> None:
        self.hint.setText(text)
        set_role(self.hint, role)

    def _show_need(self) -> None:
        service = self._service
        if service.need is not None:
            self.need.say(*self._words.need(service.need, service.loaded_name))
        elif service.is_measuring:
            self.need.say("faint", self.tr("Measuring what it takes\u2026"))
        else:
            text = self.tr("What it takes could not be measured; each load takes about what the plan takes.")
            self.need.say("faint", text)
        self.eject.setVisible(bool(service.loaded_name))
        self.changed.emit()

    # -- a file ---------------------------------------------------------------------------------------------

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
        self._say("bad", bad)

    def end(self) -> None:
        """Listen no more."""
        self._service.need_changed.disconnect(self._show_need)
        self._service.file_read.disconnect(self._take_file)
