"""The app's and the workers' logs, live."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QGuiApplication,
    QHideEvent,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.services.log_tail import LevelReader, LogTail, log_files
from app.ui.format import bytes_text, when_text
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, IconButton, SearchField, Segmented

Line = tuple[str, str]
"""(level, text)"""

_N_LINES = 8000
_N_FILES = 60
_SHOWN_BY = {
    "all": {"debug", "info", "warning", "error"},
    "warning": {"warning", "error"},
    "error": {"error"},
}


class LogsPage(QWidget):
    """One log at a time: choose the file, filter by level and text, copy, open the folder."""

    def __init__(self, theme: Theme, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._folder = folder
        self._lines: deque[Line] = deque(maxlen=_N_LINES)
        self._levels = LevelReader()
        self._tail = LogTail(self)
        self._tail.started.connect(self._start)
        self._tail.grew.connect(self._grow)
        self._tail.unreadable.connect(self._say)
        self.files = QComboBox(self)
        self.files.setAccessibleName(self.tr("Log file"))
        self.files.setMinimumWidth(220)
        self.files.activated.connect(self._choose)
        self.levels = Segmented(
            [("all", self.tr("All")), ("warning", self.tr("Warnings")), ("error", self.tr("Errors"))], self
        )
        self.levels.set_value("all")
        self.levels.changed.connect(lambda _level: self._show_all())
        self.search = SearchField(theme, self.tr("Filter"), self)
        self.search.searched.connect(lambda _text: self._show_all())
        self.view = QPlainTextEdit(self)
        self.view.setProperty("role", "log")
        self.view.setReadOnly(True)
        self.view.setMaximumBlockCount(_N_LINES)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setAccessibleName(self.tr("Log"))
        self._is_at_end = True  # the newest line is in sight: it stays there, whatever grows or is resized
        bar = self.view.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(lambda _low, high: bar.setValue(high) if self._is_at_end else None)
        self._place = ElidedLabel("", self, mode=Qt.TextElideMode.ElideMiddle)
        self._place.setProperty("role", "hint")
        self._arrange()
        theme.changed.connect(self._show_all)

    def _arrange(self) -> None:
        title = QLabel(self.tr("Logs"), self)
        title.setProperty("role", "title")
        refresh = IconButton(self._theme, "refresh", self.tr("Look for new files"), self)
        refresh.clicked.connect(self.refresh)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addSpacing(8)
        top.addWidget(self.files)
        top.addWidget(refresh)
        top.addStretch(1)
        top.addWidget(self.levels)
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(240)
        top.addWidget(self.search, 1)
        copy = QPushButton(self.tr("Copy"), self)
        copy.setToolTip(self.tr("Copies what is shown"))
        copy.clicked.connect(self.copy)
        folder = QPushButton(self.tr("Open folder"), self)
        folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder))))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._place, 1)
        foot.addWidget(copy)
        foot.addWidget(folder)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        column.addLayout(foot)

    # -- which file -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Lists the files anew; the one that is shown stays."""
        chosen = self.files.currentData()
        self.files.clear()
        for path in log_files(self._folder)[:_N_FILES]:
            self.files.addItem(self._title(path), str(path))
            self.files.setItemData(self.files.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
        index = self.files.findData(chosen)
        self.files.setCurrentIndex(max(0, index))
        if self.files.currentData() != chosen or self._tail.path is None:
            self._choose()

    def show_file(self, path: Path) -> None:
        """Shows this file."""
        self.refresh()
        index = self.files.findData(str(path))
        if index >= 0:
            self.files.setCurrentIndex(index)
            self._choose()

    def _title(self, path: Path) -> str:
        status = path.stat()
        when, size = when_text(status.st_mtime), bytes_text(status.st_size)
        if path.suffix == ".txt":
            what = self.tr("Crash")
        elif path.name.startswith("worker-"):
            what = self.tr("Worker {name}").format(name=path.stem.split("-", 3)[-1])
        else:
            what = self.tr("App") if path.stem == "window" else path.stem
        return f"{what} · {when} · {size}"

    def _choose(self) -> None:
        name = self.files.currentData()
        self._place.setText(name or self.tr("There are no logs yet."))
        if name:
            self._tail.follow(Path(name))
        else:
            self._start([])

    # -- what it says ---------------------------------------------------------------------------------------

    def _start(self, lines: list[str]) -> None:
        self._lines.clear()
        self._levels = LevelReader()
        self._read(lines)
        self._show_all()

    def _grow(self, lines: list[str]) -> None:
        self._append([line for line in self._read(lines) if self._is_shown(line)])

    def _read(self, lines: list[str]) -> list[Line]:
        read = [(self._levels.level(line), line) for line in lines]
        self._lines.extend(read)
        return read

    def _say(self, reason: str) -> None:
        self._start([self.tr("This file cannot be read: {reason}").format(reason=reason)])

    def _show_all(self) -> None:
        self.view.clear()
        self._is_at_end = True
        self._append([line for line in self._lines if self._is_shown(line)])

    def _scrolled(self, value: int) -> None:
        self._is_at_end = value >= self.view.verticalScrollBar().maximum() - 2

    def _is_shown(self, line: Line) -> bool:
        text = self.search.text().casefold()
        level, said = line
        return level in _SHOWN_BY[self.levels.value() or "all"] and text in said.casefold()

    def _append(self, lines: list[Line]) -> None:
        """Adds lines at the end; the view follows if its end was in sight."""
        if not lines:
            return
        cursor = QTextCursor(self.view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        is_first = self.view.document().isEmpty()
        tones = {"error": "bad", "warning": "warning", "debug": "faint", "info": "text"}
        for tone, chunk in _runs(lines, tones):
            look = QTextCharFormat()
            look.setForeground(self._theme.color(tone))
            cursor.insertText(("" if is_first else "\n") + "\n".join(chunk), look)
            is_first = False
        cursor.endEditBlock()

    def copy(self) -> None:
        """What is selected, else all that is shown, to the clipboard."""
        selected = self.view.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(selected or self.view.toPlainText())

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        self._tail.resume()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._tail.stop()
        super().hideEvent(event)


def _runs(lines: list[Line], tones: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Neighbouring lines of one tone together, so that thousands of lines are a few insertions."""
    runs: list[tuple[str, list[str]]] = []
    for level, text in lines:
        tone = tones[level]
        if runs and runs[-1][0] == tone:
            runs[-1][1].append(text)
        else:
            runs.append((tone, [text]))
    return runs
