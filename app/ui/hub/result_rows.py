"""Search results as a list model: one row per repository, or per entry of the starting list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.core.hub import Gated, HubModel
from app.ui.format import when_text
from app.ui.hub.hub_words import context_text, gated_text, short_count
from app.ui.widgets.plain_tip import plain_tip

RowRole = Qt.ItemDataRole.UserRole
"""The `ResultRow` itself."""

_FORMAT = re.compile(r"[-_. ]gguf$", re.IGNORECASE)

AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """What a row shows. `label` is said instead of the repository's name; `size` is the parameter count as said.

    `purpose` is what a model of the starting list is for. `figures` are (icon, text) pairs; `is_here` says that a file
    of it is on this machine.
    """

    repo_id: str
    label: str = ""
    size: str = ""
    purpose: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    gated: Gated = Gated.NO
    is_here: bool = False

    @property
    def name(self) -> str:
        """The repository's own name."""
        return self.repo_id.rpartition("/")[2]

    @property
    def title(self) -> str:
        """The name without the format at its end, which all of them have."""
        return self.label or _FORMAT.sub("", self.name) or self.name

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.repo_id.rpartition("/")[0]


def row_of(model: HubModel, *, is_here: bool = False) -> ResultRow:
    """The row of a search result."""
    figures = [
        ("download", short_count(model.n_downloads) if model.n_downloads is not None else ""),
        ("heart", short_count(model.n_likes) if model.n_likes is not None else ""),
        ("clock", when_text(model.updated_at) if model.updated_at else ""),
        ("cpu", model.architecture),
        ("text-align-left", context_text(model.n_ctx_train) if model.n_ctx_train else ""),
        ("scales", model.licence),
    ]
    return ResultRow(
        repo_id=model.repo_id,
        size=short_count(model.n_params) if model.n_params else "",
        figures=tuple((picture, text) for picture, text in figures if text),
        gated=model.gated,
        is_here=is_here,
    )


class ResultRows(QAbstractListModel):
    """The rows in the order in which they came."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ResultRow] = []

    def rows(self) -> Sequence[ResultRow]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Iterable[ResultRow]) -> None:
        """Shows other rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def append(self, rows: Iterable[ResultRow]) -> None:
        """More rows, after those shown."""
        added = list(rows)
        if not added:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(added) - 1)
        self._rows += added
        self.endInsertRows()

    def row_of(self, repo_id: str) -> int:
        """The place of a repository, -1 where it is not among them."""
        return next((place for place, row in enumerate(self._rows) if row.repo_id == repo_id), -1)

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == RowRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join(filter(None, (row.repo_id, row.purpose, gated_text(row.gated)))))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        return None

    def _spoken(self, row: ResultRow) -> str:
        """The row as a screen reader says it: figures have no icon there."""
        words = {
            "download": self.tr("{n} downloads"),
            "heart": self.tr("{n} likes"),
            "clock": self.tr("updated {n}"),
            "text-align-left": self.tr("{n} context"),
        }
        figures = [words.get(picture, "{n}").format(n=text) for picture, text in row.figures]
        here = self.tr("on this computer") if row.is_here else ""
        parts = [row.name, row.owner, row.size, here, gated_text(row.gated), row.purpose, *figures]
        return ", ".join(part for part in parts if part)
