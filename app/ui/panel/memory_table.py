"""The numbers of the memory view as a table: for reading one by one, for screen readers, for copying."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.footprint import Footprint
from app.ui.format import count_text, duration_text
from app.ui.panel.memory_grid import Grid, grid, layer_runs
from app.ui.panel.memory_state import MemoryState
from app.ui.panel.memory_words import TONES, MemoryWords
from app.ui.panel.row_parts import NoteLine
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

_BESIDE_PX = 20  # of the window below, at either side
_MARGIN_PX = 20
_MAX_COLUMN_PX = 240
_MAX_LAYERS_PX = 112
_ROW_SPACE_PX = 8


class MemoryDialog(QDialog):
    """Parts in rows, devices in columns, the plan beside what is loaded; below which layers lie where."""

    def __init__(
        self, theme: Theme, words: MemoryWords, state: MemoryState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._words = words
        self._grid = Grid([], [], [])
        self.setWindowTitle(self.tr("Memory of the plan"))
        self.setSizeGripEnabled(True)
        self.resize(760, 620)
        heading = QLabel(self.windowTitle(), self)
        heading.setProperty("role", "title")
        self.verdict = NoteLine(theme, self)
        self.facts = QLabel(self)
        self.facts.setProperty("role", "hint")
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setWordWrap(True)
        self.table = self._bare_table(self.tr("Memory per part and device"))
        self.layers_title = QLabel(self.tr("Layers"), self)
        self.layers_title.setProperty("role", "group")
        self.layers = self._bare_table(self.tr("Device of each layer"))
        self.layers.verticalHeader().hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN_PX, 16, _MARGIN_PX, 16)
        column.setSpacing(10)
        for part in (heading, self.verdict, self.facts, self.table, self.layers_title, self.layers):
            column.addWidget(part)
        column.setStretchFactor(self.table, 1)
        column.addLayout(self._buttons())
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self, self.copy)
        copy.setContext(Qt.ShortcutContext.WindowShortcut)
        self.show_state(state)
        self._widen(parent)
        self.table.setFocus()

    def _widen(self, parent: QWidget | None) -> None:
        """All devices side by side, as far as the window below is wide."""
        room = parent.width() - 2 * _BESIDE_PX if parent is not None else 0
        # The rows' titles are measured here: their own width is known only once they are shown.
        titles = self.table.verticalHeader().sizeHint().width()
        wanted = titles + self.table.horizontalHeader().length() + 2 * _MARGIN_PX
        self.resize(max(self.width(), min(wanted, room)), self.height())

    def _buttons(self) -> QHBoxLayout:
        copy = QPushButton(self.tr("Copy as text"), self)
        copy.setToolTip(self.tr("Tab-separated, sizes in bytes (Ctrl+C: what is selected)"))
        copy.setAutoDefault(False)
        copy.clicked.connect(self.copy_all)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        line = QHBoxLayout()
        line.addWidget(copy)
        line.addStretch(1)
        line.addWidget(close)
        return line

    def show_state(self, state: MemoryState) -> None:
        """Shows what is known now; the selection stays."""
        assessment, error = state.assessment, state.error
        if error is not None:
            self.verdict.say("warning", self._words.error(error.kind, error.message, error.detail))
        elif assessment is not None:
            self.verdict.say(TONES[assessment.verdict], self._words.sentence(assessment))
        self.verdict.setVisible(error is not None or assessment is not None)
        shown = grid(self._words, state)
        if shown != self._grid:
            self._grid = shown
            self._fill()
        footprint = state.footprint if assessment is not None else None
        self.facts.setText(self._facts(footprint) if footprint is not None else "")
        self.facts.setVisible(footprint is not None)
        self._fill_layers(footprint)

    def _facts(self, footprint: Footprint) -> str:
        attention = self.tr("on") if footprint.flash_attention else self.tr("off")
        layers = self.tr("{n} of {total} layers offloaded")
        of_draft = (
            self.tr("{n} of {total} built-in heads offloaded")
            if footprint.has_own_heads
            else self.tr("{n} of {total} layers of the draft model offloaded")
        )
        of_draft = of_draft.format(n=footprint.n_draft_layers_offloaded, total=footprint.n_draft_layers)
        facts = [
            layers.format(n=footprint.n_layers_offloaded, total=footprint.n_layers),
            *([of_draft] if footprint.n_draft_layers else []),
            self.tr("context {n} tokens, {slot} for one slot").format(
                n=count_text(footprint.n_ctx), slot=count_text(footprint.n_ctx_slot)
            ),
            self.tr("flash attention {state}").format(state=attention),
            self.tr("measured in {time}").format(time=duration_text(footprint.elapsed_ms / 1000)),
        ]
        return " \u00b7 ".join(facts)

    # -- tables ---------------------------------------------------------------------------------------------

    def _bare_table(self, name: str) -> QTableWidget:
        table = QTableWidget(self)
        table.setAccessibleName(name)
        table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + _ROW_SPACE_PX)
        table.verticalHeader().setDefaultAlignment(_LEFT)
        table.verticalHeader().setHighlightSections(False)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(_LEFT)
        header.setHighlightSections(False)
        header.setMaximumSectionSize(_MAX_COLUMN_PX)
        return table

    def _fill(self) -> None:
        table, shown = self.table, self._grid
        table.setRowCount(len(shown.rows))
        table.setColumnCount(len(shown.headers))
        for column, (title, tooltip) in enumerate(zip(shown.headers, shown.tooltips, strict=True)):
            heading = QTableWidgetItem(title)
            heading.setTextAlignment(_RIGHT)
            heading.setToolTip(plain_tip(tooltip))
            table.setHorizontalHeaderItem(column, heading)
        table.setVerticalHeaderLabels([title for title, _ in shown.rows])
        for row, (_, cells) in enumerate(shown.rows):
            for column, cell in enumerate(cells):
                item = table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(_RIGHT)
                    table.setItem(row, column, item)
                item.setText(cell.text)
                item.setToolTip(plain_tip(cell.tooltip))

    def _fill_layers(self, footprint: Footprint | None) -> None:
        runs = layer_runs(footprint.layer_devices) if footprint is not None else []
        for part in (self.layers_title, self.layers):
            part.setVisible(bool(runs))
        kinds = {device.name: device for device in footprint.devices} if footprint is not None else {}
        self.layers.setRowCount(len(runs))
        self.layers.setColumnCount(3)
        self.layers.setHorizontalHeaderLabels([self.tr("Layers"), self.tr("Number"), self.tr("Device")])
        self.layers.horizontalHeader().setStretchLastSection(True)
        n_last = footprint.n_layers - 1 if footprint is not None else -1
        for row, (first, last, name) in enumerate(runs):
            numbers = count_text(first) if first == last else f"{first}\u202f\u2013\u202f{last}"
            if first == n_last:
                numbers = self.tr("output layer")
            where = self._words.device(kinds[name]) if name in kinds else name
            for column, text in enumerate((numbers, count_text(last - first + 1), where)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_RIGHT if column == 1 else _LEFT)
                self.layers.setItem(row, column, item)
        header = self.layers.horizontalHeader().sizeHint().height()
        rows = sum(self.layers.rowHeight(row) for row in range(len(runs)))
        self.layers.setFixedHeight(min(header + rows + 4, _MAX_LAYERS_PX))

    # -- copying --------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copies what is selected in the table that has the keyboard; all numbers where that is one cell or none."""
        if self.layers.hasFocus() and self.layers.selectedRanges():
            self._copy_selection(self.layers)
        elif len(self.table.selectedItems()) > 1:
            self._copy_selection(self.table)
        else:
            self.copy_all()

    def copy_all(self) -> None:
        """Puts all numbers into the clipboard, tab-separated, in bytes."""
        QGuiApplication.clipboard().setText(self._grid.text())

    def _copy_selection(self, table: QTableWidget) -> None:
        chosen = {(item.row(), item.column()) for item in table.selectedItems()}
        rows, columns = sorted({row for row, _ in chosen}), sorted({column for _, column in chosen})
        lines = [
            "\t".join(
                self._copied(table, row, column) if (row, column) in chosen else "" for column in columns
            )
            for row in rows
        ]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _copied(self, table: QTableWidget, row: int, column: int) -> str:
        if table is self.table:
            return self._grid.rows[row][1][column].copied
        item = table.item(row, column)
        return item.text() if item is not None else ""


def as_text(words: MemoryWords, state: MemoryState) -> str:
    """The table as tab-separated lines, sizes in bytes."""
    return grid(words, state).text()
