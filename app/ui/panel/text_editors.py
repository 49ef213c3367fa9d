"""Texts: one line, a file's path, a short list of numbers, or a long text in a dialog of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.core.settings import Kind, Setting
from app.ui.panel import texts
from app.ui.panel.editor import Editor, TextField
from app.ui.panel.text_dialog import TextDialog
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from app.ui.widgets.plain_tip import plain_tip

_DELETE = Qt.WidgetAttribute.WA_DeleteOnClose


class LineEditor(Editor):
    """A TEXT row: a line of its own under the title."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self.field = self._make_field(parent)
        self.field.setPlaceholderText(texts.none_title(setting) if setting.optional else "")
        self.field.committed.connect(self._typed)
        self.field.given_up.connect(lambda: self.refused.emit(""))
        self.below = self.field

    def _make_field(self, parent: QWidget) -> TextField:
        return TextField(parent)

    def show_value(self, value: Any) -> None:
        self.value = value
        self.field.show_text(self._text(value))
        self.field.setAccessibleName(self.spoken_name(value))

    def _text(self, value: Any) -> str:
        return "" if value is None else str(value)

    def _typed(self, text: str) -> None:
        self._finish(self.offer(text if text or not self.setting.optional else None))

    def _finish(self, taken: bool) -> None:
        self.field.set_bad(not taken)
        if taken:
            self.show_value(self.value)


class _ShortField(TextField):
    """A field in the title line, as wide as its few numbers, within limits."""

    def sizeHint(self) -> QSize:
        text = self.text() or self.placeholderText()
        width = self.fontMetrics().horizontalAdvance(text) + 24
        return QSize(min(max(width, 84), 160), super().sizeHint().height())


class FloatsEditor(LineEditor):
    """A FLOATS row: numbers with commas, in the title line."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self.field.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.field.setPlaceholderText(texts.none_title(setting))
        self.inline, self.below = self.field, None

    def _make_field(self, parent: QWidget) -> TextField:
        return _ShortField(parent)

    def _text(self, value: Any) -> str:
        return ", ".join(f"{number:g}" for number in value or ())

    def _typed(self, text: str) -> None:
        if not text.strip():
            self._finish(self.offer(None if self.setting.optional else []))
        else:
            self._finish(self.offer_text(text))
        self.field.updateGeometry()


class PathEditor(LineEditor):
    """A PATH or FOLDER row: a line for the path and a button to look for the file or folder."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        box = QWidget(parent)
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self.field.setParent(box)
        self._is_folder = setting.kind is Kind.FOLDER
        tip = self.tr("Choose a folder") if self._is_folder else self.tr("Choose a file")
        self.browse = IconButton(theme, "folder-open", tip, box, size_px=14)
        self.browse.setObjectName("browse")
        self.browse.clicked.connect(self._browse)
        line.addWidget(self.field, 1)
        line.addWidget(self.browse)
        self.below = box

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        self.field.setToolTip(plain_tip(str(value or "")))

    def _browse(self) -> None:
        start = str(Path(self.value) if self._is_folder else Path(self.value).parent) if self.value else ""
        dialog = QFileDialog(self.field.window(), texts.title(self.setting), start)
        mode = QFileDialog.FileMode
        dialog.setFileMode(mode.Directory if self._is_folder else mode.ExistingFile)
        dialog.setAttribute(_DELETE)
        dialog.fileSelected.connect(self._typed)
        dialog.open()


class LongTextEditor(Editor):
    """A LONG_TEXT row: a button that says how long the text is and opens it in a dialog."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self.button = QPushButton(parent)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self._open)
        self.dialog: TextDialog | None = None
        self.inline = self.button

    def show_value(self, value: Any) -> None:
        self.value = value
        if value:
            n_lines = value.count("\n") + 1
            said = self.tr("1 line") if n_lines == 1 else self.tr("{n} lines").format(n=n_lines)
        else:
            said = texts.none_title(self.setting) if self.setting.optional else self.tr("empty")
        self.button.setText(self.tr("{what} \u2026").format(what=said))
        self.button.setAccessibleName(f"{texts.title(self.setting)}: {said}")

    def _open(self) -> None:
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = TextDialog(self.theme, self.setting, self.value or "", self.button.window())
        self.dialog.setAttribute(_DELETE)
        self.dialog.accepted_value.connect(self._accept)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _accept(self, value: Any) -> None:
        self.offer(value)
        self.show_value(self.value)

    def _closed(self) -> None:
        self.dialog = None


def text_editor(kind: Kind) -> type[Editor]:
    """The editor class of a text-like kind."""
    return {
        Kind.TEXT: LineEditor,
        Kind.FLOATS: FloatsEditor,
        Kind.PATH: PathEditor,
        Kind.MODEL: PathEditor,
        Kind.FOLDER: PathEditor,
        Kind.LONG_TEXT: LongTextEditor,
    }[kind]
