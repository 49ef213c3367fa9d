"""What a model's header says: every metadata entry and every tensor, to search, read and copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.library import ModelEntry, ModelProblem
from app.services.library_details import DetailsReader, ModelDetails
from app.ui.format import THIN_SPACE, bytes_text, count_text
from app.ui.library.texts import problem_text
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel, SearchField

_SHOWN_LETTERS = 300  # of a value in the table; the field below shows all of it
SortRole = Qt.ItemDataRole.UserRole
FullRole = Qt.ItemDataRole.UserRole + 1
AnyIndex = QModelIndex | QPersistentModelIndex
Cell = tuple[str, Any, str]  # shown, sorted by, in full


class _Rows(QAbstractTableModel):
    """Rows of ready texts."""

    def __init__(self, titles: Sequence[str], right: frozenset[int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = titles
        self._right = right
        self._rows: list[tuple[Cell, ...]] = []

    def set_rows(self, rows: list[tuple[Cell, ...]]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._titles[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown, sorted_by, full = self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        return {Qt.ItemDataRole.DisplayRole: shown, SortRole: sorted_by, FullRole: full}.get(role)

    def _alignment(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in self._right else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class _Table(QTableView):
    """A sorted, searchable table of which rows can be copied."""

    def __init__(self, model: _Rows, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = QSortFilterProxyModel(self)
        self.rows.setSourceModel(model)
        self.rows.setSortRole(SortRole)
        self.rows.setFilterRole(FullRole)
        self.rows.setFilterKeyColumn(-1)
        self.rows.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # the file's own order, until a header is clicked

    def copied_text(self) -> str:
        """The selected rows, or all that are shown, as lines of tab-separated full texts."""
        chosen = [index.row() for index in self.selectionModel().selectedRows()]
        places = sorted(chosen) or range(self.rows.rowCount())
        columns = range(self.rows.columnCount())
        lines = [[str(self.rows.index(row, column).data(FullRole)) for column in columns] for row in places]
        return "\n".join("\t".join(line) for line in lines)


class MetadataDialog(QDialog):
    """Reads the header in the background when opened; never changes the file."""

    def __init__(self, theme: Theme, entry: ModelEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Metadata of {name}").format(name=entry.name))
        self.resize(860, 600)
        self._theme = theme
        self._search = SearchField(theme, self.tr("Search keys, values and tensors"), self)
        self._status = QLabel(self.tr("Reading…"), self)
        self._status.setProperty("role", "dim")
        self._metadata_rows = _Rows([self.tr("Key"), self.tr("Type"), self.tr("Value")], frozenset(), self)
        self._tensor_rows = _Rows(
            [self.tr("Tensor"), self.tr("Shape"), self.tr("Type"), self.tr("Size")], frozenset({3}), self
        )
        self.metadata = _Table(self._metadata_rows, self.tr("Metadata"), self)
        self.tensors = _Table(self._tensor_rows, self.tr("Tensors"), self)
        self._value = QPlainTextEdit(self)
        self._tabs = QTabWidget(self)
        self._copy = QPushButton(self.tr("Copy"), self)
        self._arrange(entry)
        self._connect()
        self._reader = DetailsReader(entry.parts, self)
        self._reader.ready.connect(self._show_details)
        self._reader.failed.connect(self._show_problem)
        self._reader.start()

    def done(self, result: int) -> None:
        self._reader.close()
        super().done(result)

    def copy(self) -> None:
        """Copies the selected rows, or all shown ones, of the open tab."""
        QGuiApplication.clipboard().setText(self._table().copied_text())

    def _table(self) -> _Table:
        return self.metadata if self._tabs.currentIndex() == 0 else self.tensors

    def _arrange(self, entry: ModelEntry) -> None:
        title = ElidedLabel(entry.name, self)
        title.setProperty("role", "title")
        path = ElidedLabel(entry.path, self, mode=Qt.TextElideMode.ElideMiddle)
        path.setProperty("role", "hint")
        self._value.setReadOnly(True)
        self._value.setProperty("role", "log")
        self._value.setAccessibleName(self.tr("Value of the selected key"))
        self._value.setPlaceholderText(self.tr("Select a key to read its whole value here."))
        below = QWidget(self)
        room = QVBoxLayout(below)
        room.setContentsMargins(0, 8, 0, 0)
        room.addWidget(self._value)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.addWidget(self.metadata)
        parts.addWidget(below)
        parts.setChildrenCollapsible(False)
        parts.setSizes([320, 120])
        self._tabs.addTab(parts, self.tr("Metadata"))
        self._tabs.addTab(self.tensors, self.tr("Tensors"))
        self._tabs.setDocumentMode(True)
        self._copy.setToolTip(self.tr("Copies the selected rows, or all rows shown"))
        close = QPushButton(self.tr("Close"), self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(path)
        layout.addWidget(self._search)
        layout.addWidget(self._tabs, 1)
        foot = QHBoxLayout()
        for part, stretch in ((self._status, 1), (self._copy, 0), (close, 0)):
            foot.addWidget(part, stretch)
        layout.addLayout(foot)
        header = self.metadata.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.metadata.setColumnWidth(0, 290)
        self.metadata.setColumnWidth(1, 120)
        self.tensors.setColumnWidth(0, 340)
        self.tensors.setColumnWidth(1, 200)
        self.tensors.setColumnWidth(2, 100)

    def _connect(self) -> None:
        self._copy.clicked.connect(self.copy)
        copy_key = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy_key.activated.connect(self.copy)
        find_key = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find_key.activated.connect(self._search.setFocus)
        self._search.searched.connect(self._filter)
        self._tabs.currentChanged.connect(self._tell_counts)
        self.metadata.selectionModel().currentRowChanged.connect(self._show_value)

    def _filter(self, text: str) -> None:
        for table in (self.metadata, self.tensors):
            table.rows.setFilterFixedString(text)
        self._tell_counts()

    def _show_details(self, details: ModelDetails) -> None:
        self._metadata_rows.set_rows(
            [
                (_cell(item.key), _cell(item.type), (_one_line(item.text), item.text, item.text))
                for item in details.metadata
            ]
        )
        rows: list[tuple[Cell, ...]] = []
        for tensor in details.tensors:
            shape = f"{THIN_SPACE}×{THIN_SPACE}".join(map(count_text, tensor.shape))
            plain = "x".join(map(str, tensor.shape))
            size = (bytes_text(tensor.size_bytes), tensor.size_bytes, str(tensor.size_bytes))
            rows.append(
                (_cell(tensor.name), (shape, tensor.n_elements, plain), _cell(tensor.type.name), size)
            )
        self._tensor_rows.set_rows(rows)
        self._tell_counts()

    def _show_problem(self, problem: ModelProblem) -> None:
        self._status.setText(problem_text(problem))
        set_role(self._status, "bad")

    def _tell_counts(self) -> None:
        table = self._table()
        n_shown, n_all = table.rows.rowCount(), table.rows.sourceModel().rowCount()
        if not n_all:
            return
        if n_shown < n_all:
            text = self.tr("{shown} of {all}").format(shown=count_text(n_shown), all=count_text(n_all))
        elif table is self.tensors:
            text = self.tr("1 tensor") if n_all == 1 else self.tr("{n} tensors").format(n=count_text(n_all))
        else:
            text = self.tr("{n} entries").format(n=count_text(n_all))
        self._status.setText(text)

    def _show_value(self, current: QModelIndex, _before: QModelIndex) -> None:
        self._value.setPlainText(str(current.siblingAtColumn(2).data(FullRole) or ""))


def _cell(text: str) -> Cell:
    return text, text, text


def _one_line(text: str) -> str:
    line = text[:_SHOWN_LETTERS].replace("\r", "").replace("\n", "⏎ ").replace("\t", " ")
    return line + "…" if len(text) > _SHOWN_LETTERS else line
