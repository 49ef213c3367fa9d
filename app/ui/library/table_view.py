"""How the library's table looks: names in two lines, fewer columns where there is less room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.core.library import FolderProblem, ModelEntry
from app.ui.icons import icon
from app.ui.library.table import Column, LibraryFilter, LibraryTable, RowRole, View
from app.ui.theme import Theme

# Widest sensible text of each column, from which its width follows at any text size.
_SAMPLES = {
    Column.KIND: "Image or sound projector",
    Column.ARCHITECTURE: "qwen3moe, 128 experts",
    Column.PARAMETERS: "Parameters ",
    Column.QUANTISATION: "Quantisation ",
    Column.CONTEXT: "Context ",
    Column.SIZE: "99.9 GB ",
    Column.TEMPLATE: "Template ",
    Column.MODIFIED: "29 Nov 2026",
}
_NAME_SAMPLE = "Mixtral-8x7B-Instruct-v0.1"
_NAME_WIDTH = 420  # wider names are rare
# Shown from the first on as far as there is room; the reason takes what is left in its view.
_BY_IMPORTANCE = {
    View.MODELS: (
        Column.SIZE,
        Column.QUANTISATION,
        Column.PARAMETERS,
        Column.CONTEXT,
        Column.ARCHITECTURE,
        Column.TEMPLATE,
        Column.MODIFIED,
    ),
    View.OTHERS: (Column.KIND, Column.SIZE, Column.ARCHITECTURE, Column.QUANTISATION, Column.MODIFIED),
    View.PROBLEMS: (Column.REASON, Column.SIZE),
}


class LibraryView(QTableView):
    """The table; Return asks to load the selected row, Delete to remove it."""

    load_asked = Signal()
    remove_asked = Signal()

    def __init__(
        self, theme: Theme, table: LibraryTable, rows: LibraryFilter, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = View.MODELS
        self.setModel(rows)
        self.setItemDelegate(_PlainDelegate(theme, self))
        self.setItemDelegateForColumn(Column.NAME, _NameDelegate(theme, table, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        self.setAccessibleName(self.tr("Model files"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(40)
        self.verticalHeader().hide()
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_view(self, view: View) -> None:
        """Shows the columns of this view."""
        self._view = view
        self._fit()

    def row(self) -> ModelEntry | FolderProblem | None:
        """The selected row."""
        indexes = self.selectionModel().selectedRows()
        return indexes[0].data(RowRole) if indexes else None

    def whole_height(self) -> int:
        """How high it is with every row in sight."""
        return self.horizontalHeader().sizeHint().height() + self.model().rowCount() * self._row_height() + 2

    def select_path(self, path: str) -> bool:
        """Selects the row of this path; False if it is not shown."""
        model = self.model()
        for place in range(model.rowCount()):
            index = model.index(place, 0)
            if index.data(RowRole).path == path:
                self.selectRow(place)
                self.scrollTo(index)
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.load_asked.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._row_height())
        self._fit()

    def _row_height(self) -> int:
        return self._theme.text_size_px + self._theme.hint_size_px + 24

    def _width_of(self, column: Column) -> int:
        metrics = QFontMetrics(self._theme.font())
        return metrics.horizontalAdvance(_SAMPLES[column]) + 20

    def _fit(self) -> None:
        room = self.viewport().width()
        name_width = QFontMetrics(self._theme.font()).horizontalAdvance(_NAME_SAMPLE) + 24
        left = room - name_width
        shown: set[Column] = set()
        for column in _BY_IMPORTANCE[self._view]:
            if column is Column.REASON:
                shown.add(column)
                continue
            width = self._width_of(column)
            if column is Column.SIZE or width <= left:
                shown.add(column)
                left -= width
                self.setColumnWidth(column, width)
            else:
                break
        for column in Column:
            self.setColumnHidden(column, column is not Column.NAME and column not in shown)
        self._spread(shown, name_width, max(left, 0))

    def _spread(self, shown: set[Column], name_width: int, extra: int) -> None:
        """Gives out what room is left: to the reason, else first to the name, then to every column alike."""
        if Column.REASON in shown:
            room = name_width + extra
            name_width = min(max(name_width, room * 2 // 5), room * 3 // 5)
            self.setColumnWidth(Column.REASON, room - name_width)
        else:
            to_name = min(extra, max(_NAME_WIDTH - name_width, 0))
            each, rest = divmod(extra - to_name, len(shown) + 1)
            name_width += to_name + each + rest
            for column in shown:
                self.setColumnWidth(column, self.columnWidth(column) + each)
        self.setColumnWidth(Column.NAME, name_width)


class _PlainDelegate(QStyledItemDelegate):
    """Figures and words in the quieter colour, without a focus frame; reasons in two lines."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        _paint_ground(self, painter, option, index)
        text = str(index.data() or "")
        column = Column(index.column())
        painter.save()
        painter.setFont(self._theme.font())
        is_weak = column in (Column.MODIFIED, Column.KIND, Column.ARCHITECTURE, Column.TEMPLATE)
        painter.setPen(self._theme.color("dim" if is_weak else "text"))
        rect = option.rect.adjusted(8, 2, -8, -2)
        alignment = index.data(Qt.ItemDataRole.TextAlignmentRole)
        if column is Column.REASON:
            painter.drawText(rect, int(alignment) | int(Qt.TextFlag.TextWordWrap), text)
        else:
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, int(alignment), shown)
        painter.restore()


class _NameDelegate(QStyledItemDelegate):
    """The model's name over its file name, with a mark for the loaded one and for problems."""

    def __init__(self, theme: Theme, table: LibraryTable, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(option.rect.width(), self._theme.text_size_px + self._theme.hint_size_px + 24)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        _paint_ground(self, painter, option, index)
        row = index.data(RowRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(8, 6, -8, -6)
        rect.setLeft(rect.left() + self._paint_mark(painter, rect, row))
        self._paint_lines(painter, rect, row, str(index.data()))
        painter.restore()

    def _paint_mark(self, painter: QPainter, rect: QRect, row: ModelEntry | FolderProblem) -> int:
        if self._table.is_loaded(row):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("good"))
            painter.drawEllipse(rect.left(), rect.center().y() - 3, 8, 8)
            return 18
        if isinstance(row, FolderProblem) or row.problem:
            picture = icon(self._theme, "warning", "warning").pixmap(QSize(18, 18))
            painter.drawPixmap(rect.left(), rect.center().y() - 8, picture)
            return 28
        if self._is_newer(row):
            picture = icon(self._theme, "arrow-circle-up", "accent").pixmap(QSize(18, 18))
            painter.drawPixmap(rect.left(), rect.center().y() - 8, picture)
            return 28
        return 0

    def _is_newer(self, row: ModelEntry | FolderProblem) -> bool:
        update = self._table.update_of(row)
        return update is not None and update.is_newer

    def _paint_lines(
        self, painter: QPainter, rect: QRect, row: ModelEntry | FolderProblem, name: str
    ) -> None:
        above, below = QRect(rect), QRect(rect)
        above.setBottom(rect.top() + rect.height() // 2)
        below.setTop(rect.top() + rect.height() // 2 + 1)
        painter.setFont(self._theme.font(bold=self._table.is_loaded(row)))
        painter.setPen(self._theme.color("text"))
        self._draw(painter, above, name, Qt.TextElideMode.ElideRight)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.setPen(self._theme.color("accent" if self._is_newer(row) else "faint"))
        mode = Qt.TextElideMode.ElideRight if self._is_newer(row) else Qt.TextElideMode.ElideMiddle
        self._draw(painter, below, self._second_line(row), mode)

    def _second_line(self, row: ModelEntry | FolderProblem) -> str:
        path = Path(row.path)
        if isinstance(row, FolderProblem) or row.problem:
            return str(path.parent)
        update = self._table.update_of(row)
        if update is not None and update.is_newer:
            return self.tr("update available · {file}").format(file=self._file_line(row))
        if update is not None and update.is_here:
            return self.tr("older version · {file}").format(file=self._file_line(row))
        if self._table.is_loaded(row):
            return self.tr("loaded · {file}").format(
                file=self._file_line(row) if row.is_built_in else path.name
            )
        return self._file_line(row)

    def _file_line(self, row: ModelEntry) -> str:
        path = Path(row.path)
        if row.is_built_in:
            return self.tr("comes with Loadout")
        if row.program:
            return self._program_line(row)
        if len(row.parts) > 1:
            return self.tr("{file} and {n} more parts").format(file=path.name, n=len(row.parts) - 1)
        return path.name

    def _program_line(self, row: ModelEntry) -> str:
        """Ollama's file names are digests, Jan's all the same; other names of the same model tell more."""
        others = row.names[1:]
        if not others:
            return row.program
        return self.tr("{program} · also {names}").format(program=row.program, names=", ".join(others))

    @staticmethod
    def _draw(painter: QPainter, rect: QRect, text: str, mode: Qt.TextElideMode) -> None:
        shown = painter.fontMetrics().elidedText(text, mode, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


def _paint_ground(
    delegate: QStyledItemDelegate, painter: QPainter, option: QStyleOptionViewItem, index: Any
) -> None:
    styled = QStyleOptionViewItem(option)
    delegate.initStyleOption(styled, index)
    styled.text = ""
    styled.state &= ~QStyle.StateFlag.State_HasFocus
    style = styled.widget.style() if styled.widget else None
    if style:
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, styled, painter, styled.widget)
