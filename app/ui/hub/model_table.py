"""How the files of a repository look: two lines a row, the recommended one marked, one mark to download or load."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.ui.format import bytes_text
from app.ui.hub.model_rows import Column, Presence, VariantRole, VariantRow, VariantRows
from app.ui.icons import icon
from app.ui.theme import Theme
from app.ui.tokens import mix

_PAD = 10
_ACTION_PX = 42
_CENTRE = Qt.AlignmentFlag.AlignVCenter
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_NAME_SAMPLE = "UD-Q4_K_XL"
_FIT_SAMPLE = "126 of 127 layers on the GPU"  # the widest title of the fit column


class VariantTable(QTableView):
    """The table. `selected` when another row is; `acted` carries the key of a row whose mark was clicked or that
    Return or a double click chose.
    """

    selected = Signal()
    acted = Signal(str)

    def __init__(self, theme: Theme, rows: VariantRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows = rows
        self.setModel(rows)
        self.setItemDelegate(_VariantDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Files of this model"))
        header = self.horizontalHeader()
        header.setAccessibleName(self.tr("Columns"))
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(30)
        self.verticalHeader().hide()
        self.selectionModel().selectionChanged.connect(lambda _on, _off: self.selected.emit())
        rows.modelReset.connect(self.selected)
        self.doubleClicked.connect(self._double_clicked)
        theme.changed.connect(self._restyle)
        self._restyle()

    def row(self) -> VariantRow | None:
        """The selected row."""
        indexes = self.selectionModel().selectedRows()
        return indexes[0].data(VariantRole) if indexes else None

    def select_key(self, key: str) -> None:
        """Selects a variant and brings it into view."""
        place = self._rows.row_of(key)
        if place >= 0 and place != self.currentIndex().row():
            self.selectRow(place)
            self.scrollTo(self._rows.index(place, 0))

    def keys_on_screen(self) -> list[str]:
        """The variants that can be seen."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        last = self._rows.rowCount() - 1 if last < 0 else last
        return [row.variant.key for row in self._rows.rows()[max(0, first) : last + 1]]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row is not None:
            self.acted.emit(row.variant.key)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and index.isValid() and self._is_mark(index):
            self.acted.emit(index.data(VariantRole).variant.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        is_over = index.isValid() and self._is_mark(index)
        shape = Qt.CursorShape.PointingHandCursor if is_over else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # -- inside ---------------------------------------------------------------------------------------------

    @staticmethod
    def _is_mark(index: Any) -> bool:
        return index.column() == Column.ACTION and index.data(VariantRole).variant.is_complete

    def _double_clicked(self, index: Any) -> None:
        if index.column() != Column.ACTION:  # its single clicks have acted already
            self.acted.emit(index.data(VariantRole).variant.key)

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.text_size_px + self._theme.hint_size_px + 22)
        self._fit()

    def _fit(self) -> None:
        metrics = QFontMetrics(self._theme.font())
        room = self.viewport().width()
        size = max(metrics.horizontalAdvance(bytes_text(8.88 * unit)) for unit in (1e6, 1e9)) + 2 * _PAD
        fit = metrics.horizontalAdvance(_FIT_SAMPLE) + 2 * _PAD + 24
        least = QFontMetrics(self._theme.font(bold=True)).horizontalAdvance(_NAME_SAMPLE) + 2 * _PAD
        fit = max(80, min(fit, room - size - _ACTION_PX - least))
        name = room - size - fit - _ACTION_PX
        if name > 420:  # what is left over is shared out, so that the columns stay near each other
            fit += (name - 420) * 2 // 3
            name = room - size - fit - _ACTION_PX
        self.setColumnWidth(Column.SIZE, size)
        self.setColumnWidth(Column.FIT, fit)
        self.setColumnWidth(Column.ACTION, _ACTION_PX)
        self.setColumnWidth(Column.NAME, max(60, name))


class _VariantDelegate(QStyledItemDelegate):
    """Paints a `VariantRow`, each column in its way."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons: dict[tuple[str, str], QIcon] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        row: VariantRow = index.data(VariantRole)
        self._paint_ground(painter, option, index, row)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(_PAD, 5, -_PAD, -5)
        column = Column(index.column())
        if column is Column.NAME:
            self._paint_name(painter, rect, row)
        elif column is Column.SIZE:
            painter.setFont(self._theme.font())
            painter.setPen(self._theme.color("text"))
            painter.drawText(rect, int(_RIGHT | _CENTRE), str(index.data()))
        elif column is Column.FIT:
            self._paint_fit(painter, rect, row)
        else:
            is_over = bool(option.state & QStyle.StateFlag.State_MouseOver)
            self._paint_action(painter, option.rect.center(), row, is_over=is_over)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Any, row: VariantRow
    ) -> None:
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if row.is_recommended and not is_selected:
            tokens = self._theme.tokens
            painter.fillRect(option.rect, QColor(mix(tokens.bg, tokens.good, 0.09)))
        styled = QStyleOptionViewItem(option)
        self.initStyleOption(styled, index)
        styled.text = ""
        styled.state &= ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
        style = styled.widget.style() if styled.widget else None
        if style:
            style.drawControl(QStyle.ControlElement.CE_ItemViewItem, styled, painter, styled.widget)
        if row.is_recommended and index.column() == Column.NAME:
            painter.fillRect(
                QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()),
                self._theme.color("good"),
            )

    # -- columns --------------------------------------------------------------------------------------------

    def _paint_name(self, painter: QPainter, rect: QRect, row: VariantRow) -> None:
        above, below = _lines(rect)
        painter.setFont(self._theme.font(bold=True))
        painter.setPen(self._theme.color("text"))
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(row.label)
        chip = self.tr("Recommended") if row.is_recommended else ""
        hint = QFontMetrics(self._theme.font(self._theme.hint_size_px))
        chip_width = hint.horizontalAdvance(chip) + 14 if chip else 0
        has_room = width + 8 + chip_width <= above.width()  # else the bar at the left and the footer say it
        self._draw(painter, above, row.label)
        if chip and has_room:
            left = above.left() + width + 8
            self._paint_chip(painter, QRect(left, above.top(), chip_width, above.height()), chip)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.setPen(self._theme.color("dim"))
        self._draw(painter, below, row.note)

    def _paint_chip(self, painter: QPainter, rect: QRect, text: str) -> None:
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("good", 0.16))
        box = QRectF(rect).adjusted(0, 1, 0, -1)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(self._theme.color("good"))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_fit(self, painter: QPainter, rect: QRect, row: VariantRow) -> None:
        text = row.fit
        painter.setOpacity(0.5 if row.is_outdated else 1.0)
        if not row.variant.is_complete:
            painter.setPen(self._theme.color("bad"))
            painter.setFont(self._theme.font())
            self._draw(painter, rect, self.tr("A part is missing on the Hub"))
            return
        side = self._theme.text_size_px + 3
        if text.icon_name:
            top = rect.center().y() - side // 2 + 1
            self._icon(text.icon_name, text.tone).paint(painter, QRect(rect.left(), top, side, side))
            rect = rect.adjusted(side + 8, 0, 0, 0)
        painter.setFont(self._theme.font())
        painter.setPen(self._theme.color("dim" if text.tone == "faint" else text.tone))
        if not text.detail:
            self._draw(painter, rect, text.title)
            return
        above, below = _lines(rect)
        self._draw(painter, above, text.title)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.setPen(self._theme.color("dim"))
        self._draw(painter, below, text.detail)

    def _paint_action(self, painter: QPainter, centre: QPoint, row: VariantRow, *, is_over: bool) -> None:
        if not row.variant.is_complete:
            return
        box = QRect(centre.x() - 14, centre.y() - 14, 28, 28)
        if is_over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("line"))
            painter.drawRoundedRect(box, 7, 7)
        presence = row.where.presence
        if presence is Presence.QUEUED:
            self._paint_ring(painter, QRectF(box).adjusted(5, 5, -5, -5), row.where.share)
            return
        name, tone = {
            Presence.THERE: ("download", "text" if is_over else "dim"),
            Presence.STOPPED: ("pause-circle", "warning"),
            Presence.HERE: ("check-circle", "good"),
        }[presence]
        self._icon(name, tone).paint(painter, box.adjusted(5, 5, -5, -5))

    def _paint_ring(self, painter: QPainter, box: QRectF, share: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("faint", 0.4), 2.5))
        painter.drawEllipse(box)
        painter.setPen(QPen(self._theme.color("accent"), 2.5))
        painter.drawArc(box, 90 * 16, -round(360 * 16 * max(0.02, min(1.0, share))))

    def _icon(self, name: str, tone: str) -> QIcon:
        if (name, tone) not in self._icons:
            self._icons[name, tone] = icon(self._theme, name, tone)
        return self._icons[name, tone]

    @staticmethod
    def _draw(painter: QPainter, rect: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(_LEFT | _CENTRE), shown)


def _lines(rect: QRect) -> tuple[QRect, QRect]:
    """The upper and the lower line of a row."""
    middle = rect.top() + round(rect.height() * 0.54)
    return (
        QRect(rect.left(), rect.top(), rect.width(), middle - rect.top()),
        QRect(rect.left(), middle, rect.width(), rect.bottom() - middle + 1),
    )
