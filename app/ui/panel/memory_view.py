"""The memory of the plan at the foot of the Load tab: a bar per device, the verdict in words, a table behind it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.core.settings import Table
from app.services.footprint import FootprintService
from app.ui.panel.memory_lines import DeviceLine
from app.ui.panel.memory_rows import DeviceRow, Legend
from app.ui.panel.memory_state import MemoryState
from app.ui.panel.memory_table import MemoryDialog, as_text
from app.ui.panel.memory_words import TONES, MemoryWords
from app.ui.panel.row_parts import NoteLine
from app.ui.theme import Theme

QUIET_MS = 300
"""How long a measurement may take before the view says that there is one."""

_N_FULL_ROWS = 2  # with more devices each gets one line
_FULL_SPACING_PX, _COMPACT_SPACING_PX = 6, 2
_MAX_ROWS_PX = 132


class MemoryView(QWidget):
    """Shows what the footprint service says; a click, Return or the context menu open the table."""

    refresh_requested = Signal()

    def __init__(self, theme: Theme, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.words = MemoryWords(table, self)
        self.state = MemoryState()
        self._service: FootprintService | None = None
        self.dialog: MemoryDialog | None = None
        self.rows: list[DeviceRow] = []
        self.lines: list[DeviceLine] = []
        self._max_rows_px = _MAX_ROWS_PX
        self._is_stale = False
        self._explained: frozenset[str] = frozenset()
        self._inside = QWidget(self)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.area = QScrollArea(self)
        self.area.setWidget(self._inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.legend = Legend(theme, self.words, self)
        self.verdict = NoteLine(theme, self)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(QUIET_MS)
        self._slow.timeout.connect(self._tell_measuring)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 2)
        column.setSpacing(5)
        column.addWidget(self.area)
        column.addWidget(self.legend)
        column.addWidget(self.verdict)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Memory of the plan"))
        self.hide()
        theme.changed.connect(self._show)

    def follow(self, service: FootprintService) -> None:
        """Shows what `service` says from now on."""
        self._service = service
        service.changed.connect(self._service_changed)  # a method, which ends with this widget
        self.refresh_requested.connect(service.refresh)
        self._service_changed()

    def _service_changed(self) -> None:
        if self._service is not None:
            self.show_state(MemoryState.of(self._service))

    def show_state(self, state: MemoryState) -> None:
        """Shows the newest answer; while a newer one is awaited it only pales, and not at once."""
        self.state = state
        if not state.is_measuring:
            self._slow.stop()
            self._is_stale = False
        elif not self._slow.isActive() and not self._is_stale:
            self._slow.start()
        self._show()

    def set_rows_height(self, height_px: int) -> None:
        """How high the bars may be together before they scroll."""
        if height_px != self._max_rows_px:
            self._max_rows_px = height_px
            self._fit_area()

    def set_explained(self, keys: frozenset[str]) -> None:
        """Settings of which is said elsewhere why they cannot work: it is not said twice."""
        if keys != self._explained:
            self._explained = keys
            self._show()

    # -- showing --------------------------------------------------------------------------------------------

    def _tell_measuring(self) -> None:
        self._is_stale = True
        self._show()

    def _show(self) -> None:
        state = self.state
        self.lines = state.lines()
        self._show_rows()
        note = self._note() if self.lines else ""
        self.legend.show_lines(self.lines, note)
        self.legend.setVisible(bool(self.lines))
        tone, said = self._said()
        self.verdict.setVisible(bool(said))
        if said:
            self.verdict.say(tone, said)
        self.setVisible(bool(self.lines or said))
        figures = [self.words.spoken(line) for line in self.lines]
        self.setAccessibleDescription(". ".join([part for part in (said, note) if part] + figures))
        if self.dialog is not None:
            self.dialog.show_state(state)

    def _show_rows(self) -> None:
        while len(self.rows) < len(self.lines):
            row = DeviceRow(self._theme, self.words, self._inside)
            self._column.addWidget(row)
            self.rows.append(row)
        is_compact = len(self.lines) > _N_FULL_ROWS
        is_pale = self._is_stale or self.state.is_of_another
        self._column.setSpacing(_COMPACT_SPACING_PX if is_compact else _FULL_SPACING_PX)
        for index, row in enumerate(self.rows):
            row.setVisible(index < len(self.lines))
            if index < len(self.lines):
                row.set_compact(is_compact)
                row.show_line(self.lines[index], is_stale=is_pale)
        self.area.setVisible(bool(self.lines))
        self._fit_area()

    def _fit_area(self) -> None:
        shown = self.rows[: len(self.lines)]
        wanted = sum(row.height_px() for row in shown) + self._column.spacing() * max(0, len(shown) - 1)
        height = min(wanted, self._max_rows_px)
        if height != self.area.height():
            self.area.setFixedHeight(height)
        if wanted <= height:
            return
        worst = self.state.assessment.worst if self.state.assessment is not None else None
        for row, line in zip(self.rows, self.lines, strict=False):
            if line.room is worst:
                self.area.ensureWidgetVisible(row, 0, 0)

    def _note(self) -> str:
        """Why the bars are pale."""
        if self.state.is_of_another:
            return self.tr("as last measured")
        return self.tr("measuring\u2026") if self._is_stale else ""

    def _said(self) -> tuple[str, str]:
        """(tone, sentence) under the bars."""
        state = self.state
        if state.error is not None:
            error = state.error
            if error.detail in self._explained:
                return "warning", self.tr("Cannot be measured as it stands")
            return "warning", self.words.error(error.kind, error.message, error.detail)
        if state.assessment is not None:
            return TONES[state.assessment.verdict], self.words.sentence(state.assessment)
        return ("faint", self.tr("Measuring the memory\u2026")) if self._is_stale else ("faint", "")

    # -- asking ---------------------------------------------------------------------------------------------

    def open_table(self) -> None:
        """Opens the same numbers as a table."""
        if self.dialog is not None or not self.lines:
            return
        self.dialog = MemoryDialog(self._theme, self.words, self.state, self.window())
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def copy_text(self) -> None:
        """Puts the table into the clipboard."""
        QGuiApplication.clipboard().setText(as_text(self.words, self.state))

    def _closed(self) -> None:
        self.dialog = None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.open_table()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.open_table()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, act in (
            (self.tr("Show as a table"), self.open_table),
            (self.tr("Copy as text"), self.copy_text),
        ):
            menu.addAction(text, act).setEnabled(bool(self.lines))
        menu.addAction(self.tr("Measure again"), self.refresh_requested.emit)
        menu.popup(event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
