"""The files of one repository as a table model: every quantisation, its size, how it fits, and whether it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.core.hub_files import Role, Variant
from app.core.hub_fit import Fitness, NoFitness
from app.ui.format import bytes_text, percent_text
from app.ui.hub.model_words import FitText, files_text, fit_text, quality_text, role_text
from app.ui.widgets.plain_tip import plain_tip

VariantRole = Qt.ItemDataRole.UserRole
"""The `VariantRow` itself."""

AnyIndex = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, left to right."""

    NAME = 0
    SIZE = 1
    FIT = 2
    ACTION = 3


class Presence(StrEnum):
    """Where a file is."""

    THERE = "there"  # on the Hub only
    QUEUED = "queued"  # being downloaded, or waiting for it
    STOPPED = "stopped"  # in the queue, paused or failed
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a variant is: `share` of it that has arrived (0 to 1), its download's id, its path once it is here.

    `is_older` says that what is here is of an earlier commit than the page's.
    """

    presence: Presence = Presence.THERE
    share: float = 0.0
    download_id: str = ""
    path: str = ""
    is_older: bool = False


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One row: the variant, its fit in words, where it is, and whether it is the one to take."""

    variant: Variant
    fit: FitText
    where: Whereabouts = Whereabouts()
    is_recommended: bool = False
    is_outdated: bool = False  # the fit is that of another context

    @property
    def label(self) -> str:
        """The quantisation; of what is no model the file's own name, which tells more."""
        if self.variant.role is Role.MODEL:
            return self.variant.label
        return self.variant.files[0].path.rpartition("/")[2].removesuffix(".gguf")

    @property
    def note(self) -> str:
        """What the quantisation means for quality, or what the file is for."""
        return role_text(self.variant.role) or quality_text(self.variant.quality)


class VariantRows(QAbstractTableModel):
    """Models first, then what goes with them, each in the order of `core.hub_files`, sets that lack a part last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[VariantRow] = []

    def rows(self) -> Sequence[VariantRow]:
        """What is shown."""
        return self._rows

    def row_of(self, key: str) -> int:
        """The place of a variant, -1 where there is none."""
        return next((place for place, row in enumerate(self._rows) if row.variant.key == key), -1)

    def show(
        self,
        variants: Sequence[Variant],
        fits: Mapping[str, Fitness | NoFitness],
        pending: frozenset[str],
        recommended: str,
        where: Mapping[str, Whereabouts],
        n_ctx: int,
    ) -> None:
        """Shows these; rows of the same variants are changed in place, so that selection and scrolling stay.

        `n_ctx` is the context that fits were asked for.
        """
        order = sorted(
            variants, key=lambda variant: (variant.role is not Role.MODEL, not variant.is_complete)
        )
        rows = [_row(variant, fits, pending, recommended, where, n_ctx) for variant in order]
        if [row.variant for row in rows] != [row.variant for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        changed = [place for place, row in enumerate(rows) if row != self._rows[place]]
        self._rows = rows
        if changed:  # told once: three hundred files change nearly all of them at a time
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(Column) - 1))

    # -- Qt -------------------------------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == Column.SIZE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.NAME: self.tr("Quantisation"),
            Column.SIZE: self.tr("Size"),
            Column.FIT: self.tr("On this computer"),
            Column.ACTION: "",
        }[Column(section)]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        if role == VariantRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(row, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, column)
        return None

    def _text(self, row: VariantRow, column: Column) -> str:
        return {
            Column.NAME: row.label,
            Column.SIZE: bytes_text(row.variant.size_bytes),
            Column.FIT: row.fit.title,
            Column.ACTION: self.action_text(row),
        }[column]

    def action_text(self, row: VariantRow) -> str:
        """What a click on the row's mark does."""
        if not row.variant.is_complete:
            return self.tr("A part of this set is missing on the Hub")
        return {
            Presence.THERE: self.tr("Download"),
            Presence.QUEUED: self.tr("{share} have arrived: show the downloads"),
            Presence.STOPPED: self.tr("{share} have arrived, then it stopped: show the downloads"),
            Presence.HERE: self.tr("On this computer: load it")
            if row.variant.role is Role.MODEL
            else self.tr("On this computer"),
        }[row.where.presence].format(share=percent_text(row.where.share))

    def _tip(self, row: VariantRow, column: Column) -> str:
        if column is Column.NAME:
            names = [file.path for file in row.variant.files[:6]]
            more = [self.tr("and {n} more").format(n=len(row.variant.files) - 6)]
            return "\n".join([row.note, *names, *(more if len(row.variant.files) > 6 else [])])
        if column is Column.SIZE:
            return files_text(len(row.variant.files))
        if column is Column.FIT:
            return row.fit.tip or row.fit.detail
        return self.action_text(row)

    def _spoken(self, row: VariantRow, column: Column) -> str:
        recommended = self.tr("recommended") if row.is_recommended else ""
        parts = {
            Column.NAME: (row.label, recommended, row.note),
            Column.FIT: (row.fit.title, row.fit.detail),
        }.get(column, (self._text(row, column),))
        return ", ".join(part for part in parts if part)


def _row(
    variant: Variant,
    fits: Mapping[str, Fitness | NoFitness],
    pending: frozenset[str],
    recommended: str,
    where: Mapping[str, Whereabouts],
    n_ctx: int,
) -> VariantRow:
    is_pending = variant.key in pending
    fit = fits.get(variant.key)
    return VariantRow(
        variant,
        fit_text(fit, is_pending=is_pending, n_ctx=n_ctx),
        where.get(variant.key, Whereabouts()),
        is_recommended=variant.key == recommended,
        is_outdated=is_pending and isinstance(fit, Fitness),
    )
