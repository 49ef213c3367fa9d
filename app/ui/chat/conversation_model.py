"""The conversations as a list model."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.core.conversation import ConversationSummary
from app.services.chat import Chat
from app.ui.format import when_text
from app.ui.widgets.plain_tip import plain_tip

Index = QModelIndex | QPersistentModelIndex
SUMMARY_ROLE = Qt.ItemDataRole.UserRole
SECOND_LINE_ROLE = Qt.ItemDataRole.UserRole + 1
GENERATING_ROLE = Qt.ItemDataRole.UserRole + 2
MODEL_LENGTH = 20
"""A longer model name would hide the time."""


class ConversationModel(QAbstractListModel):
    """Rows of `Chat.conversations`; editing the text of one renames it."""

    rename_asked = Signal(str, str)  # conversation id, title

    def __init__(self, chat: Chat, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chat = chat
        self._rows: list[ConversationSummary] = []
        self._search = ""

    def set_search(self, search: str) -> None:
        """Show what contains `search`."""
        self._search = search
        self.reload()

    @property
    def search(self) -> str:
        """What is searched for."""
        return self._search

    def reload(self) -> None:
        """Read the list again. Rows that stay keep their index objects where the order is the same."""
        rows = self._chat.conversations(self._search)
        if [row.id for row in rows] == [row.id for row in self._rows]:
            self._rows = rows
            self.refresh()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def refresh(self) -> None:
        """Titles, times and signs may have changed."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def row_of(self, conversation_id: str) -> int:
        """The row of a conversation, -1 if it is not listed."""
        return next((n for n, row in enumerate(self._rows) if row.id == conversation_id), -1)

    def summary(self, index: Index) -> ConversationSummary | None:
        """What stands in a row."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        summary = self.summary(index)
        if summary is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return summary.title or self.tr("New conversation")
        if role == SUMMARY_ROLE:
            return summary
        if role == SECOND_LINE_ROLE:
            return self._second_line(summary)
        if role == GENERATING_ROLE:
            return self._chat.is_generating(summary.id)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._second_line(summary)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(summary.title) or None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        summary = self.summary(index)
        if summary is None or role != Qt.ItemDataRole.EditRole:
            return False
        if str(value).strip() != summary.title:
            self.rename_asked.emit(summary.id, str(value).strip())
        return True

    def _second_line(self, summary: ConversationSummary) -> str:
        if summary.excerpt:
            return " ".join(summary.excerpt.split())
        model = summary.model
        if len(model) > MODEL_LENGTH:
            model = model[: MODEL_LENGTH - 1].rstrip() + "…"
        parts = [model, when_text(summary.changed_at)]
        return " · ".join(part for part in parts if part)
