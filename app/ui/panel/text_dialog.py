"""A roomy editor for a long text: a chat template, a grammar, a JSON schema."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.core.settings import Setting, SettingError
from app.ui.panel import texts
from app.ui.theme import Theme, set_role

_CHECK_AFTER_MS = 250


class TextDialog(QDialog):
    """Edits one LONG_TEXT value; `accepted_value` carries the legal text, None for an emptied optional one."""

    accepted_value = Signal(object)

    def __init__(self, theme: Theme, setting: Setting, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self.setWindowTitle(texts.title(setting))
        self.resize(720, 560)
        self.edit = QPlainTextEdit(self)
        self.edit.setFont(theme.mono_font())
        self.edit.setTabStopDistance(self.edit.fontMetrics().horizontalAdvance("    "))
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.edit.setAccessibleName(texts.title(setting))
        self.edit.setPlainText(text)
        self.verdict = QLabel(self)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setWordWrap(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_AFTER_MS)
        self._timer.timeout.connect(self.check)
        self.edit.textChanged.connect(self._timer.start)
        self._arrange()
        QShortcut(QKeySequence("Ctrl+Return"), self, self.accept)
        self.edit.moveCursor(QTextCursor.MoveOperation.Start)
        self.edit.setFocus()
        self.check()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        heading = QLabel(texts.title(self._setting), self)
        heading.setProperty("role", "title")
        help_label = QLabel(texts.translated(self._setting.help), self)
        help_label.setProperty("role", "dim")
        help_label.setTextFormat(Qt.TextFormat.PlainText)
        help_label.setWordWrap(True)
        layout.addWidget(heading)
        layout.addWidget(help_label)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.verdict)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        clear = QPushButton(self.tr("Clear"), self)
        clear.setProperty("role", "quiet")
        clear.setAutoDefault(False)
        clear.clicked.connect(self.edit.clear)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.ok = QPushButton(self.tr("Apply"), self)
        self.ok.setProperty("role", "primary")
        self.ok.setToolTip(self.tr("Ctrl+Return"))
        self.ok.setDefault(True)
        self.ok.clicked.connect(self.accept)
        line.addWidget(clear)
        line.addStretch(1)
        line.addWidget(cancel)
        line.addWidget(self.ok)
        return line

    def value(self) -> Any:
        """The text as the row takes it. Raises SettingError where it does not."""
        text = self.edit.toPlainText()
        if not text.strip() and self._setting.optional:
            return None
        return self._setting.check(text)

    def check(self) -> bool:
        """Says in words whether the text is legal; returns it too."""
        try:
            value = self.value()
            if value is not None and is_json(self._setting):
                json.loads(value)
        except SettingError as error:
            return self._say(error.message, "bad")
        except json.JSONDecodeError as error:
            said = self.tr("Not valid JSON: line {line}, column {column}: {message}")
            return self._say(said.format(line=error.lineno, column=error.colno, message=error.msg), "bad")
        if value is None:
            return self._say(self.tr("Empty: {what}").format(what=texts.none_title(self._setting)), "dim")
        if is_json(self._setting):
            return self._say(self.tr("Valid JSON"), "good")
        return self._say("", "dim")

    def _say(self, text: str, role: str) -> bool:
        self.verdict.setText(text)
        set_role(self.verdict, role)
        set_role(self.edit, "bad" if role == "bad" else "", "state")
        self.ok.setEnabled(role != "bad")
        return role != "bad"

    def accept(self) -> None:
        self._timer.stop()
        if self.check():
            self.accepted_value.emit(self.value())
            super().accept()


def is_json(setting: Setting) -> bool:
    """Whether a row's long text is JSON, which its key says."""
    return setting.key.startswith("json")
