"""The list of model folders: each with a button that takes it off the list, and one that adds another."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.ui.icons import icon
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, IconButton


class FoldersEditor(QWidget):
    """`edited` carries the new list; the folders themselves are never touched."""

    edited = Signal(list)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._folders: list[str] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        self.add_button = QPushButton(self.tr("Add a folder…"), self)
        self.add_button.setIcon(icon(theme, "add"))
        self.add_button.clicked.connect(self._browse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._lines)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_value(self, folders: list[str]) -> None:
        """Shows these folders."""
        self._folders = list(folders)
        while self._lines.count():
            old = self._lines.takeAt(0).widget()  # pyright: ignore[reportOptionalMemberAccess]
            if old is not None:
                old.hide()
                old.deleteLater()
        for folder in self._folders:
            self._lines.addWidget(self._line(folder))

    def add(self, folder: str) -> None:
        """Adds a folder, as if it had been chosen."""
        if folder and folder not in self._folders:
            self.edited.emit([*self._folders, folder])

    def _line(self, folder: str) -> QWidget:
        line = QWidget(self)
        label = ElidedLabel(folder, line, mode=Qt.TextElideMode.ElideMiddle)
        remove = IconButton(
            self._theme,
            "close",
            self.tr("Take {folder} off the list").format(folder=folder),
            line,
            size_px=12,
        )
        remove.clicked.connect(lambda: self.edited.emit([item for item in self._folders if item != folder]))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label, 1)
        row.addWidget(remove)
        return line

    def _browse(self) -> None:
        dialog = QFileDialog(self.window(), self._name)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.add)
        dialog.open()
