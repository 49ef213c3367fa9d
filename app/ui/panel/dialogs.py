"""Small dialogs of the panel: a name, a note, two sets of values side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Table
from app.ui.panel import texts
from app.ui.theme import set_role
from app.ui.widgets.plain_tip import plain_tip


class _Dialog(QDialog):
    """A title, the content, and the buttons at the lower right."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 16, 20, 16)
        self.column.setSpacing(10)
        heading = QLabel(title, self)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "title")
        self.column.addWidget(heading)

    def add_buttons(self, ok_text: str, *, cancel: bool = True) -> QPushButton:
        """Adds the buttons; returns the one that accepts."""
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        if cancel:
            no = QPushButton(self.tr("Cancel"), self)
            no.setAutoDefault(False)
            no.clicked.connect(self.reject)
            line.addWidget(no)
        ok = QPushButton(ok_text, self)
        ok.setProperty("role", "primary" if cancel else "")
        ok.setDefault(True)
        ok.clicked.connect(self.accept)
        line.addWidget(ok)
        self.column.addLayout(line)
        return ok


class NameDialog(_Dialog):
    """Asks for a name; `named` carries it. `complaint` says what is wrong with a name, "" if nothing."""

    named = Signal(str)

    def __init__(
        self,
        title: str,
        name: str,
        ok_text: str,
        complaint: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent)
        self._complaint = complaint
        self.field = QLineEdit(name, self)
        self.field.setMinimumWidth(320)
        self.field.setAccessibleName(self.tr("Name"))
        self.field.selectAll()
        self.said = QLabel(self)
        self.said.setProperty("role", "bad")
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.column.addWidget(self.field)
        self.column.addWidget(self.said)
        self.ok = self.add_buttons(ok_text)
        self.field.textChanged.connect(self._check)
        self._check()

    def _check(self) -> None:
        said = self._complaint(self.field.text()) if self.field.text().strip() else ""
        self.said.setText(said)
        self.ok.setEnabled(bool(self.field.text().strip()) and not said)

    def accept(self) -> None:
        if self.ok.isEnabled():
            self.named.emit(self.field.text().strip())
            super().accept()


class NoteDialog(_Dialog):
    """Asks for a few lines of text; `noted` carries them."""

    noted = Signal(str)

    def __init__(self, title: str, note: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.edit = QPlainTextEdit(note, self)
        self.edit.setPlaceholderText(hint)
        self.edit.setAccessibleName(title)
        self.edit.setTabChangesFocus(True)
        self.edit.setMinimumSize(400, 140)
        self.column.addWidget(self.edit)
        self.add_buttons(self.tr("Save"))

    def accept(self) -> None:
        self.noted.emit(self.edit.toPlainText().strip())
        super().accept()


class CompareDialog(_Dialog):
    """Two sets of values side by side: only what differs. `sets` maps names to values, in order."""

    def __init__(
        self,
        table: Table,
        sets: Mapping[str, Mapping[str, Any]],
        first: str,
        second: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(QCoreApplication.translate("CompareDialog", "Compare"), parent)
        self._table = table
        self._sets = sets
        self.resize(620, 480)
        self.first, self.second = QComboBox(self), QComboBox(self)
        line = QHBoxLayout()
        line.setSpacing(8)
        for box, name, which in (
            (self.first, first, self.tr("First")),
            (self.second, second, self.tr("Second")),
        ):
            box.addItems(list(sets))
            box.setCurrentText(name)
            box.setAccessibleName(which)
            box.currentTextChanged.connect(self._show)
            line.addWidget(box, 1)
        self.column.addLayout(line)
        self.said = QLabel(self)
        self.said.setProperty("role", "dim")
        self.column.addWidget(self.said)
        self.list = QTableWidget(self)
        self._style_list()
        self.column.addWidget(self.list, 1)
        self.add_buttons(self.tr("Close"), cancel=False)
        self._show()

    def _style_list(self) -> None:
        self.list.setColumnCount(3)
        self.list.verticalHeader().hide()
        self.list.setShowGrid(False)
        self.list.setAccessibleName(self.tr("What differs"))
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.list.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def _show(self) -> None:
        names = (self.first.currentText(), self.second.currentText())
        one, two = (self._sets[name] for name in names)
        differing = [s for s in self._table if self._table.value(one, s.key) != self._table.value(two, s.key)]
        n = len(differing)
        self.said.setText(
            self.tr("No setting differs.")
            if n == 0
            else self.tr("1 setting differs.")
            if n == 1
            else self.tr("{n} settings differ.").format(n=n)
        )
        set_role(self.said, "good" if n == 0 else "dim")
        self.list.setHorizontalHeaderLabels([self.tr("Setting"), *names])
        self.list.setRowCount(n)
        for row, setting in enumerate(differing):
            values = [self._table.value(values, setting.key) for values in (one, two)]
            cells = [texts.title(setting), *(texts.spoken(setting, value) for value in values)]
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                self.list.setItem(row, column, item)
