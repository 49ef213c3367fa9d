"""Lists of entries: texts, name=value pairs, files with a scale, tokens with a bias. Folded until they are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.settings import Kind, Setting
from app.ui.icons import icon
from app.ui.panel import texts
from app.ui.panel.editor import Editor, TextField
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from app.ui.widgets.plain_tip import plain_tip


def _tr(text: str) -> str:
    return QCoreApplication.translate("Panel", text)


def _number(text: str) -> float | str:
    """The number in `text`; text that is none is left for the row to refuse."""
    try:
        return float(text.strip().replace("\u2212", "-"))
    except ValueError:
        return text


def _token(text: str) -> int | str:
    plain = texts.unescaped(text)
    return int(plain) if plain.isascii() and plain.isdigit() else plain


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of an entry: how its part of the value becomes text and back."""

    hint: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    width_px: int = 0  # 0: as much as there is
    initial: str = ""


def _columns(setting: Setting) -> tuple[_Column, ...]:
    if setting.kind in {Kind.STRINGS, Kind.FOLDERS}:
        return (_Column(_tr("text; \\n is a line break"), texts.unescaped, texts.escaped),)
    if setting.kind is Kind.PAIRS:
        value = texts.translated(setting.item_hint) or _tr("value")
        return (_Column(_tr("name or pattern"), str.strip, str), _Column(value, str.strip, str))
    if setting.kind is Kind.SCALED_PATHS:
        scale = _Column(_tr("scale"), _number, lambda number: f"{number:g}", 56, "1")
        return (_Column(_tr("file"), str.strip, str), scale)
    bias = _Column(_tr("bias"), _number, lambda number: f"{number:g}", 56, "0")
    return (_Column(_tr("token id or text"), _token, lambda token: texts.escaped(str(token))), bias)


class EntryLine(QWidget):
    """One entry: its fields and a button to remove it."""

    committed = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, name: str, columns: tuple[_Column, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._columns = columns
        self.fields: list[TextField] = []
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for column in columns:
            field = TextField(self)
            field.setPlaceholderText(column.hint)
            field.setToolTip(column.hint)
            field.setAccessibleName(f"{name}: {column.hint}")
            field.committed.connect(lambda _text: self.committed.emit())
            if column.width_px:
                field.setFixedWidth(column.width_px)
            self.fields.append(field)
            line.addWidget(field, 0 if column.width_px else 1)
        self.remove = IconButton(theme, "close", _tr("Remove"), self, size_px=12)
        self.remove.clicked.connect(self.removed.emit)
        line.addWidget(self.remove)

    def show_parts(self, parts: list[Any] | None) -> None:
        """Shows an entry's values; None for a new, empty one."""
        for index, (column, field) in enumerate(zip(self._columns, self.fields, strict=True)):
            field.show_text(column.initial if parts is None else column.write(parts[index]))

    def parts(self) -> list[Any] | None:
        """What the fields say; None as long as the first is empty."""
        if not self.fields[0].text():
            return None
        return [column.read(field.text()) for column, field in zip(self._columns, self.fields, strict=True)]

    def set_bad(self, bad: bool) -> None:
        """Marks the entry as refused."""
        for field in self.fields:
            field.set_bad(bad)


class FoldingEditor(Editor):
    """A button with a summary of the list; the list under the row is built when it is first opened."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self.button = QPushButton(parent)
        self.button.setIcon(icon(theme, "down", "dim"))
        self.button.setLayoutDirection(_opposite(parent))
        self.button.setCheckable(True)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.setMaximumWidth(170)
        self.button.toggled.connect(self._fold)
        self.inline = self.button
        self.below = QWidget(parent)
        self.below.hide()
        self._is_built = False

    def show_value(self, value: Any) -> None:
        self.value = value
        self.button.setText(self.summary(value))
        self.button.setToolTip(plain_tip(texts.value_text(self.setting, value)))
        self.button.setAccessibleName(self.spoken_name(value))
        if self._is_built:
            self.show_items(value)

    def summary(self, value: Any) -> str:
        """The value in a few words."""
        if not value:
            return texts.value_text(self.setting, value)
        return self.tr("1 entry") if len(value) == 1 else self.tr("{n} entries").format(n=len(value))

    def build(self, below: QWidget) -> None:
        """Fills the part under the row."""
        raise NotImplementedError

    def show_items(self, value: Any) -> None:
        """Shows the list's items."""
        raise NotImplementedError

    def unfold(self) -> None:
        """Opens the list."""
        self.button.setChecked(True)

    def _fold(self, is_open: bool) -> None:
        assert self.below is not None
        if is_open and not self._is_built:
            self.build(self.below)
            self._is_built = True
            self.show_items(self.value)
        self.button.setIcon(icon(self.theme, "up" if is_open else "down", "dim"))
        self.below.setVisible(is_open)


class EntriesEditor(FoldingEditor):
    """STRINGS, FOLDERS, PAIRS, SCALED_PATHS and TOKEN_BIAS rows: one line of fields for each entry."""

    def build(self, below: QWidget) -> None:
        self._columns = _columns(self.setting)
        self.lines: list[EntryLine] = []
        layout = QVBoxLayout(below)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(4)
        self._box = QVBoxLayout()
        self._box.setSpacing(4)
        layout.addLayout(self._box)
        is_file = self.setting.kind in {Kind.SCALED_PATHS, Kind.FOLDERS}
        self.add = QPushButton(self.tr("Add a file\u2026") if is_file else self.tr("Add"), below)
        self.add.setProperty("role", "quiet")
        self.add.setIcon(icon(self.theme, "add", "dim"))
        self.add.setAccessibleName(f"{texts.title(self.setting)}: {self.add.text()}")
        self.add.clicked.connect(self._browse if is_file else self.add_line)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_items(self, value: Any) -> None:
        entries = [[item] if len(self._columns) == 1 else list(item) for item in value or ()]
        if self.lines and entries == [parts for line in self.lines if (parts := line.parts()) is not None]:
            return  # a line that is still empty stays where it is
        for line in self.lines:
            self._box.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = []
        for entry in entries:
            self._append(entry)
        if not entries and self.setting.kind is not Kind.SCALED_PATHS:
            self._append(None)

    def add_line(self) -> None:
        """Adds an empty entry and goes there."""
        self._append(None).fields[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def add_path(self, path: str) -> None:
        """Adds a file or folder."""
        line = self._append(None)
        line.fields[0].setText(path)
        self._gather()

    def _append(self, entry: list[Any] | None) -> EntryLine:
        assert self.below is not None
        line = EntryLine(self.theme, texts.title(self.setting), self._columns, self.below)
        line.show_parts(entry)
        line.committed.connect(self._gather)
        line.removed.connect(lambda: self._remove(line))
        self._box.addWidget(line)
        self.lines.append(line)
        return line

    def _remove(self, line: EntryLine) -> None:
        self.lines.remove(line)
        self._box.removeWidget(line)
        line.hide()
        line.deleteLater()
        self._gather()

    def _gather(self) -> None:
        entries = [parts for parts in (line.parts() for line in self.lines) if parts is not None]
        value = [parts[0] for parts in entries] if len(self._columns) == 1 else entries
        taken = self.offer(value if value or not self.setting.optional else None)
        for line in self.lines:
            line.set_bad(not taken and line.parts() is not None and not self._is_legal(line))
        if taken:
            self.button.setText(self.summary(value))

    def _is_legal(self, line: EntryLine) -> bool:
        parts = line.parts()
        try:
            self.setting.check(parts if len(self._columns) == 1 else [parts])
        except ValueError:
            return False
        return True

    def _browse(self) -> None:
        dialog = QFileDialog(self.button.window(), texts.title(self.setting))
        is_folder = self.setting.kind is Kind.FOLDERS
        dialog.setFileMode(QFileDialog.FileMode.Directory if is_folder else QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.add_path)
        dialog.open()


def _opposite(widget: QWidget) -> Qt.LayoutDirection:
    """The direction that puts a button's icon behind its text."""
    is_left_to_right = widget.layoutDirection() is Qt.LayoutDirection.LeftToRight
    return Qt.LayoutDirection.RightToLeft if is_left_to_right else Qt.LayoutDirection.LeftToRight
