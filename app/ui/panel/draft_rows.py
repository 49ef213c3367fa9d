"""The list of draft models: those that can be used, and below them the others with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.drafts import Draft
from app.ui.panel import draft_words
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip

ROW = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One line: a model, or with `draft` None a heading over the next ones."""

    draft: Draft | None
    heading: str = ""
    is_chosen: bool = False

    def text(self) -> str:
        """What the line says, for screen readers."""
        if self.draft is None:
            return self.heading
        parts = (
            self.draft.name,
            draft_words.facts_text(self.draft.facts),
            draft_words.whole_verdict(self.draft) or draft_words.verdict(self.draft)[1],
        )
        return ", ".join(part for part in parts if part)


class DraftList(QAbstractListModel):
    """The rows of the list. A heading cannot be entered, a refused model can, to read why it is refused."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[DraftRow] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return row.text()
        if role == Qt.ItemDataRole.ToolTipRole and row.draft is not None:
            return plain_tip(row.draft.path)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid() or self.rows[index.row()].draft is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def show(self, rows: Sequence[DraftRow]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def row_of(self, path: str) -> int:
        """Where the model at `path` is, else the first model; -1 in an empty list."""
        models = [n for n, row in enumerate(self.rows) if row.draft is not None]
        found = (n for n in models if (draft := self.rows[n].draft) is not None and draft.path == path)
        return next(found, models[0] if models else -1)


class DraftLines(QStyledItemDelegate):
    """A model's name and facts, under them whether it suits; refused ones are faint."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        row: DraftRow = index.data(ROW)
        hint_px = self._theme.hint_size_px
        return QSize(200, hint_px + 17 if row.draft is None else self._theme.text_size_px + hint_px + 23)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: DraftRow = index.data(ROW)
        rect = option.rect.adjusted(4, 1, -4, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.draft is None:
            self._text(painter, rect.adjusted(10, 6, -8, 0), row.heading, "faint", small=True)
        else:
            self._draw_back(painter, rect, option)
            self._draw_model(painter, rect.adjusted(10, 0, -10, 0), row, row.draft)
        painter.restore()

    def _draw_back(self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(self._theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(self._theme.color("raised"))
        else:
            return
        painter.drawRoundedRect(rect, 6, 6)

    def _draw_model(self, painter: QPainter, rect: QRect, row: DraftRow, draft: Draft) -> None:
        top = rect.adjusted(0, 5, 0, -(self._theme.hint_size_px + 10))
        below = rect.adjusted(0, self._theme.text_size_px + 9, 0, -4)
        facts = draft_words.facts_text(draft.facts)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        width = min(painter.fontMetrics().horizontalAdvance(facts) + 2, rect.width() // 2)
        right = QRect(top.right() - width, top.top(), width, top.height())
        self._text(painter, right, facts, "dim" if draft.is_usable else "faint", small=True, is_right=True)
        left = top.adjusted(0, 0, -width - 12, 0)
        if row.is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent"))
            painter.drawEllipse(QPoint(left.left() + 3, left.center().y() + 1), 3, 3)
            left.adjust(14, 0, 0, 0)
        self._text(painter, left, draft.name, "text" if draft.is_usable else "faint", is_bold=draft.is_usable)
        tone, said = draft_words.verdict(draft)
        self._text(painter, below, said, tone, small=True)

    def _text(
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        tone: str,
        *,
        small: bool = False,
        is_right: bool = False,
        is_bold: bool = False,
    ) -> None:
        theme = self._theme
        painter.setFont(theme.font(theme.hint_size_px if small else None, bold=is_bold))
        painter.setPen(theme.color(tone))
        side = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
        mode = Qt.TextElideMode.ElideRight if small else Qt.TextElideMode.ElideMiddle
        elided = painter.fontMetrics().elidedText(text, mode, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | side), elided)
