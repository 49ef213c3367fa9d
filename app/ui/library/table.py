"""The library as a table model: one row per file, filtered by view and search, sorted by value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from app.core.figures import parameters_text
from app.core.guide import Role
from app.core.library import FolderProblem, ModelEntry
from app.services.hub_updates import Update
from app.ui.format import bytes_text, when_text
from app.ui.library.texts import (
    architecture_text,
    context_text,
    kind_text,
    origin_text,
    problem_text,
    searched_text,
    update_text,
)
from app.ui.widgets.plain_tip import plain_tip

Row = ModelEntry | FolderProblem
AnyIndex = QModelIndex | QPersistentModelIndex

SortRole = Qt.ItemDataRole.UserRole
RowRole = Qt.ItemDataRole.UserRole + 1


class View(StrEnum):
    """Which of the library's files are shown."""

    MODELS = "models"
    OTHERS = "others"  # adapters, projectors, encoders
    PROBLEMS = "problems"


class Column(IntEnum):
    """The table's columns from left to right."""

    NAME = 0
    KIND = 1
    ARCHITECTURE = 2
    PARAMETERS = 3
    QUANTISATION = 4
    CONTEXT = 5
    SIZE = 6
    TEMPLATE = 7
    MODIFIED = 8
    REASON = 9


_RIGHT = {Column.PARAMETERS, Column.CONTEXT, Column.SIZE, Column.MODIFIED}


def view_of(row: Row) -> View:
    """Where a row is shown."""
    if isinstance(row, FolderProblem) or row.problem:
        return View.PROBLEMS
    return View.MODELS if row.is_chat_model else View.OTHERS


def row_id(row: Row) -> str:
    """What identifies a row from one scan to the next."""
    return row.path


class LibraryTable(QAbstractTableModel):
    """All rows of all views."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._loaded_path = ""
        self._update_of: Callable[[ModelEntry], Update | None] = lambda _entry: None
        self._updates: dict[str, Update | None] = {}

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Shows these rows, in any order; selections and scroll positions stay with the rows that stay."""
        wanted = {row_id(row): row for row in rows}
        for place in reversed(range(len(self._rows))):
            if row_id(self._rows[place]) not in wanted:
                self.beginRemoveRows(QModelIndex(), place, place)
                del self._rows[place]
                self.endRemoveRows()
        for place, row in enumerate(self._rows):
            fresh = wanted.pop(row_id(row))
            if fresh != row:
                self._rows[place] = fresh
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(Column) - 1))
        if wanted:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(wanted) - 1)
            self._rows += wanted.values()
            self.endInsertRows()

    def set_loaded(self, path: str) -> None:
        """Marks the model that is loaded; "" for none."""
        self._loaded_path = path
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    def is_loaded(self, row: Row) -> bool:
        """Whether this is the loaded model."""
        return row.path == self._loaded_path

    def set_updates(self, update_of: Callable[[ModelEntry], Update | None]) -> None:
        """Where to ask what the Hub said of a model; call `show_updates` when that may differ."""
        self._update_of = update_of

    def show_updates(self) -> None:
        """Shows what the Hub says by now; only rows of which it says something else are drawn and sorted again."""
        before, self._updates = self._updates, {row.path: self.update_of(row) for row in self._rows}
        for place, row in enumerate(self._rows):
            if before.get(row.path) != self._updates[row.path]:
                self.dataChanged.emit(self.index(place, 0), self.index(place, 0))

    def update_of(self, row: Row) -> Update | None:
        """What the Hub said of this model, None for nothing."""
        return self._update_of(row) if isinstance(row, ModelEntry) else None

    def rows(self) -> list[Row]:
        """All rows, unfiltered."""
        return list(self._rows)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], Column(index.column())
        if role == RowRole:
            return row
        if role == SortRole:
            return _sort_value(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tooltip(row, column))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        return None

    def _title(self, column: Column) -> str:
        return {
            Column.NAME: self.tr("Name"),
            Column.KIND: self.tr("Kind"),
            Column.ARCHITECTURE: self.tr("Architecture"),
            Column.PARAMETERS: self.tr("Parameters"),
            Column.QUANTISATION: self.tr("Quantisation"),
            Column.CONTEXT: self.tr("Context"),
            Column.SIZE: self.tr("Size"),
            Column.TEMPLATE: self.tr("Template"),
            Column.MODIFIED: self.tr("Modified"),
            Column.REASON: self.tr("Why it cannot be used"),
        }[column]

    def _text(self, row: Row, column: Column) -> str:
        if column is Column.NAME:
            return Path(row.path).name if isinstance(row, FolderProblem) else row.name
        if isinstance(row, FolderProblem):
            return problem_text(row) if column is Column.REASON else ""
        if column is Column.SIZE:
            return bytes_text(row.size_bytes)
        if column is Column.MODIFIED:
            return when_text(row.modified_at) if row.modified_at else ""
        if column is Column.REASON:
            return problem_text(row.problem) if row.problem else ""
        return self._fact_text(row, column)

    def _fact_text(self, row: ModelEntry, column: Column) -> str:
        facts = row.facts
        if facts is None:
            return ""
        if column is Column.TEMPLATE:
            return self.tr("yes") if facts.has_chat_template else self.tr("no")
        is_draft = row.built_in is Role.DRAFT
        return {
            Column.KIND: self.tr("Draft model") if is_draft else kind_text(facts.kind),
            Column.ARCHITECTURE: architecture_text(facts),
            Column.PARAMETERS: parameters_text(facts.n_params),
            Column.QUANTISATION: facts.quantisation,
            Column.CONTEXT: context_text(facts.n_ctx_train),
        }[column]

    def _name_tip(self, row: Row) -> str:
        if isinstance(row, FolderProblem):
            return row.path
        origin = origin_text(row)
        came = self.tr("From {origin}").format(origin=origin) if origin else ""
        return "\n".join(filter(None, (row.path, came, update_text(self.update_of(row)))))

    def _tooltip(self, row: Row, column: Column) -> str:
        if column is Column.NAME:
            return self._name_tip(row)
        if column is Column.TEMPLATE and isinstance(row, ModelEntry) and row.facts:
            if row.facts.has_chat_template:
                return self.tr("The file carries a chat template.")
            return self.tr("No chat template in the file: chats use a general one, or complete plain text.")
        if column is Column.MODIFIED and isinstance(row, ModelEntry) and row.modified_at:
            moment = QDateTime.fromSecsSinceEpoch(int(row.modified_at))
            return QLocale().toString(moment, QLocale.FormatType.LongFormat)
        return self._text(row, column) if column in (Column.REASON, Column.ARCHITECTURE, Column.KIND) else ""


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _sort_value(row: Row, column: Column) -> Any:
    if isinstance(row, FolderProblem):
        return problem_text(row) if column is Column.REASON else row.path.casefold()
    if column is Column.SIZE:
        return row.size_bytes
    if column is Column.MODIFIED:
        return row.modified_at
    facts = row.facts
    if facts is None:
        return problem_text(row.problem) if column is Column.REASON and row.problem else row.name.casefold()
    return {
        Column.NAME: row.name.casefold(),
        Column.KIND: kind_text(facts.kind),
        Column.ARCHITECTURE: facts.architecture,
        Column.PARAMETERS: float(facts.n_params),
        Column.QUANTISATION: facts.bits_per_weight,
        Column.CONTEXT: facts.n_ctx_train,
        Column.TEMPLATE: int(facts.has_chat_template),
        Column.REASON: "",
    }[column]


class LibraryFilter(QSortFilterProxyModel):
    """The rows of one view whose words all match the search."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = View.MODELS
        self._words: list[str] = []
        self.setSortRole(SortRole)

    def set_view(self, view: View) -> None:
        """Shows another view's rows."""
        self._view = view
        self.invalidate()

    def set_search(self, text: str) -> None:
        """Shows only rows that hold each word of `text` somewhere."""
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: AnyIndex) -> bool:
        row = self.sourceModel().index(source_row, 0, source_parent).data(RowRole)
        if view_of(row) is not self._view:
            return False
        text = row.path.casefold() if isinstance(row, FolderProblem) else searched_text(row)
        return all(word in text for word in self._words)

    def lessThan(self, left: AnyIndex, right: AnyIndex) -> bool:
        one, other = left.data(SortRole), right.data(SortRole)
        if one == other:
            return row_id(left.data(RowRole)) < row_id(right.data(RowRole))
        return one < other
