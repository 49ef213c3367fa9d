"""The plots as numbers: a table that can be read without seeing them, and copied."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.series import Series, Summary, summary
from app.services.hardware_recording import Recording
from app.ui.format import bytes_text, percent_text, speed_text

_REFRESH_MS = 1000


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One quantity over the window shown: its name, and latest, lowest, mean and highest value as text."""

    name: str
    latest: str
    lowest: str
    mean: str
    highest: str

    def cells(self) -> tuple[str, ...]:
        """All five, in this order."""
        return self.name, self.latest, self.lowest, self.mean, self.highest


class Values(QObject):
    """What a recording holds, as rows of text."""

    def __init__(self, recording: Recording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recording = recording

    def titles(self) -> tuple[str, ...]:
        """The column headings."""
        return self.tr("Value"), self.tr("Latest"), self.tr("Lowest"), self.tr("Mean"), self.tr("Highest")

    def rows(self, now_s: float, window_s: float) -> list[ValueRow]:
        """One row per quantity known, over the last `window_s` seconds."""
        return [
            ValueRow(name, *_texts(summary(series, now_s - window_s, now_s), text))
            for name, series, text in self._series()
            if len(series)
        ]

    def as_text(self, now_s: float, window_s: float) -> str:
        """The table with tabs between its columns, as a spreadsheet takes it."""
        lines = [self.titles(), *(row.cells() for row in self.rows(now_s, window_s))]
        return "\n".join("\t".join(cells).replace("\u202f", " ") for cells in lines) + "\n"

    def _series(self) -> list[tuple[str, Series, Callable[[float], str]]]:
        recording = self._recording
        found: list[tuple[str, Series, Callable[[float], str]]] = [
            (self.tr("Generation speed"), recording.generation, speed_text),
            (self.tr("Prompt speed"), recording.prompt, speed_text),
            (self.tr("RAM used by the worker"), recording.ram_worker, bytes_text),
            (self.tr("RAM used by this window"), recording.ram_window, bytes_text),
            (self.tr("RAM used by others"), recording.ram_others, bytes_text),
            (self.tr("CPU load"), recording.cpu, _percent),
        ]
        for track in recording.devices.values():
            name = track.latest.name
            found += [
                (self.tr("{device}: memory used").format(device=name), track.used, bytes_text),
                (self.tr("{device}: memory of the worker").format(device=name), track.worker, bytes_text),
                (self.tr("{device}: load").format(device=name), track.load, _percent),
                (self.tr("{device}: power, of its limit").format(device=name), track.power, _percent),
            ]
        return found


class ValuesDialog(QDialog):
    """The values in a window that stays up to date while it is open."""

    COLUMNS: ClassVar[int] = 5

    def __init__(
        self,
        values: Values,
        clock: Callable[[], float],
        window_s: Callable[[], float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._values = values
        self._clock = clock
        self._window_s = window_s
        self.setWindowTitle(self.tr("Values in the plots"))
        self.resize(620, 380)
        self.table = self._make_table()
        buttons = QDialogButtonBox(self)
        self.copy_button = QPushButton(self.tr("Copy"), self)
        self.copy_button.setToolTip(self.tr("Copy the table, for a spreadsheet"))
        self.copy_button.clicked.connect(self.copy)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.close)
        buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Bring the table up to date; the selection stays."""
        rows = self._values.rows(self._clock(), self._window_s())
        if self.table.rowCount() != len(rows):
            self.table.setRowCount(len(rows))
        for index, row in enumerate(rows):
            for column, text in enumerate(row.cells()):
                self._set_cell(index, column, text)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self._values.as_text(self._clock(), self._window_s()))

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, self.COLUMNS, self)
        table.setHorizontalHeaderLabels(self._values.titles())
        table.setAccessibleName(self.tr("Values in the plots"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    def _set_cell(self, row: int, column: int, text: str) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem(text)
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)
        elif item.text() != text:
            item.setText(text)


def _texts(values: Summary, text: Callable[[float], str]) -> tuple[str, str, str, str]:
    latest, lowest, mean, highest = (
        "\u2013" if math.isnan(value) else text(value)
        for value in (values.latest, values.lowest, values.mean, values.highest)
    )
    return latest, lowest, mean, highest


def _percent(percent: float) -> str:
    return percent_text(percent / 100)
