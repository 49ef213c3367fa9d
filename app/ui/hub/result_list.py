"""How search results look: name and size over owner and figures, as much as there is room for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QIcon, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.core.hub import Gated
from app.ui.hub.result_rows import ResultRow, ResultRows, RowRole
from app.ui.icons import icon
from app.ui.theme import Theme

_SIDE = 10
_TOP = 8
_NEAR_END_PX = 1200  # more is asked for before the end is seen
_CENTRE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class ResultList(QListView):
    """The list; only the rows on screen cost anything. `chosen` carries a repository, `end_neared` asks for more."""

    chosen = Signal(str)
    moved = Signal(str)  # the keyboard is on another one
    end_neared = Signal()

    def __init__(self, theme: Theme, rows: ResultRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows = rows
        self.setModel(rows)
        self.setItemDelegate(ResultDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(self.tr("Models found"))
        self.clicked.connect(lambda index: self.chosen.emit(index.data(RowRole).repo_id))
        self.verticalScrollBar().valueChanged.connect(self.tell_end)
        theme.changed.connect(self.scheduleDelayedItemsLayout)

    def mark(self, repo_id: str) -> None:
        """Shows which repository is open; "" for none."""
        place = self._rows.row_of(repo_id)
        if place < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != place or not self.selectionModel().hasSelection():
            self.setCurrentIndex(self._rows.index(place))

    def tell_end(self) -> None:
        """Asks for more where the end is near, or in sight at once."""
        self.executeDelayedItemsLayout()  # until then the bar knows nothing of new rows
        bar = self.verticalScrollBar()
        if self._rows.rowCount() and bar.maximum() - bar.value() < _NEAR_END_PX:
            self.end_neared.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex().data(RowRole).repo_id)
            return
        before = self.currentIndex()
        super().keyPressEvent(event)
        after = self.currentIndex()
        if after.isValid() and after != before:
            self.moved.emit(after.data(RowRole).repo_id)

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._rows.rowCount():
            self.selectionModel().setCurrentIndex(
                self._rows.index(0), self.selectionModel().SelectionFlag.NoUpdate
            )


class ResultDelegate(QStyledItemDelegate):
    """Paints a `ResultRow`. All rows of a list are of one kind, so of one height."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons: dict[tuple[str, str], QIcon] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        theme = self._theme
        height = 2 * _TOP + theme.text_size_px + theme.hint_size_px + 14
        if index.data(RowRole).purpose:
            height += theme.hint_size_px + 6
        return QSize(160, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        row: ResultRow = index.data(RowRole)
        self._paint_ground(painter, option, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(_SIDE, _TOP, -_SIDE, -_TOP)
        first = QRect(rect.left(), rect.top(), rect.width(), self._theme.text_size_px + 7)
        right = self._paint_marks(painter, first, row)
        first.setRight(right)
        painter.setFont(self._theme.font(bold=True))
        painter.setPen(self._theme.color("text"))
        self._draw(painter, first, row.title, _ELIDE_RIGHT)
        below = QRect(rect.left(), first.bottom() + 2, rect.width(), rect.bottom() - first.bottom() - 1)
        if row.purpose:
            self._paint_purpose(painter, below, row)
        else:
            self._paint_figures(painter, below, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        styled = QStyleOptionViewItem(option)
        self.initStyleOption(styled, index)
        styled.text = ""
        is_focused = bool(styled.state & QStyle.StateFlag.State_HasFocus)
        styled.state &= ~QStyle.StateFlag.State_HasFocus
        styled.rect = option.rect.adjusted(0, 1, 0, -1)
        style = styled.widget.style() if styled.widget else None
        if style:
            style.drawControl(QStyle.ControlElement.CE_ItemViewItem, styled, painter, styled.widget)
        if is_focused:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(styled.rect).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
            painter.restore()

    def _paint_marks(self, painter: QPainter, rect: QRect, row: ResultRow) -> int:
        """Size, lock and presence at the right end of the first line; returns where they begin."""
        right = rect.right()
        if row.size:
            painter.setFont(self._theme.font(self._theme.hint_size_px))
            width = painter.fontMetrics().horizontalAdvance(row.size) + 14
            chip = QRectF(right - width, rect.top() + 1, width, rect.height() - 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("faint", 0.25))
            painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
            painter.setPen(self._theme.color("text"))
            painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), row.size)
            right -= width + 6
        marks = [("check-circle", "good")] if row.is_here else []
        marks += [("lock-simple", "warning")] if row.gated is not Gated.NO else []
        for name, tone in marks:
            side = self._theme.text_size_px + 2
            self._icon(name, tone).paint(
                painter, QRect(right - side, rect.center().y() - side // 2, side, side)
            )
            right -= side + 6
        return right - 2

    def _paint_figures(self, painter: QPainter, rect: QRect, row: ResultRow) -> None:
        """The owner, then figures as long as there is room."""
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        metrics = painter.fontMetrics()
        figures = [(name, text, metrics.horizontalAdvance(text)) for name, text in row.figures]
        side = self._theme.hint_size_px + 1
        least = sum(width + side + 16 for _name, _text, width in figures[:2])
        owner_room = min(metrics.horizontalAdvance(row.owner) + 2, max(60, rect.width() - least))
        painter.setPen(self._theme.color("dim"))
        self._draw(
            painter, QRect(rect.left(), rect.top(), owner_room, rect.height()), row.owner, _ELIDE_RIGHT
        )
        left = rect.left() + owner_room + 12
        painter.setPen(self._theme.color("faint"))
        for name, text, width in figures:
            if left + side + 4 + width > rect.right() + 1:
                break
            place = QRect(left, rect.center().y() - side // 2, side, side)
            self._icon(name, "faint").paint(painter, place)
            painter.setPen(self._theme.color("faint"))
            painter.drawText(QRect(left + side + 4, rect.top(), width + 2, rect.height()), _CENTRE, text)
            left += side + 4 + width + 12

    def _paint_purpose(self, painter: QPainter, rect: QRect, row: ResultRow) -> None:
        """Two lines of what it is for."""
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        painter.setPen(self._theme.color("dim"))
        metrics = painter.fontMetrics()
        first, rest = _wrapped(row.purpose, metrics, rect.width())
        height = rect.height() // 2
        painter.drawText(QRect(rect.left(), rect.top(), rect.width(), height), _CENTRE, first)
        below = QRect(rect.left(), rect.top() + height, rect.width(), height)
        self._draw(painter, below, rest, _ELIDE_RIGHT)

    def _icon(self, name: str, tone: str) -> QIcon:
        if (name, tone) not in self._icons:
            self._icons[name, tone] = icon(self._theme, name, tone)
        return self._icons[name, tone]

    @staticmethod
    def _draw(painter: QPainter, rect: QRect, text: str, mode: Qt.TextElideMode) -> None:
        painter.drawText(rect, _CENTRE, painter.fontMetrics().elidedText(text, mode, rect.width()))


_ELIDE_RIGHT = Qt.TextElideMode.ElideRight


def _wrapped(text: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """`text` as a first line of at most `width` pixels, and the rest."""
    if metrics.horizontalAdvance(text) <= width:
        return text, ""
    words = text.split(" ")
    n_fitting = 1
    while n_fitting < len(words) and metrics.horizontalAdvance(" ".join(words[: n_fitting + 1])) <= width:
        n_fitting += 1
    return " ".join(words[:n_fitting]), " ".join(words[n_fitting:])
