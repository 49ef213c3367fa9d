"""The ways of a parity check, a row each: verdict, how many replies are the same, by how much logits differ."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.core.parity import Report, Result, Verdict, Way
from app.ui.icons import icon
from app.ui.parity.parity_words import ParityWords
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ICONS = {
    Verdict.EQUAL: "check",
    Verdict.ROUNDING: "check",
    Verdict.DEFECT: "error",
    Verdict.NOT_TESTED: "minus",
}
_NUMBERS = (2, 3)
_ROW_PX = 26


class ParityTable(QTableWidget):
    """`show_report` fills it; the current row's result is `current`."""

    def __init__(self, theme: Theme, words: ParityWords, parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self._theme = theme
        self._words = words
        self._results: tuple[Result, ...] = ()
        self.setAccessibleName(self.tr("Ways of producing the replies"))
        titles = (
            self.tr("Way"),
            self.tr("Verdict"),
            self.tr("Same replies"),
            self.tr("Logits differ by"),
            self.tr("Notes"),
        )
        for column, title in enumerate(titles):
            heading = QTableWidgetItem(title)
            heading.setTextAlignment(_RIGHT if column in _NUMBERS else _LEFT)
            self.setHorizontalHeaderItem(column, heading)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)  # all ways at one glance
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        theme.changed.connect(self._fill)

    @property
    def current(self) -> Result | None:
        """The way whose row is chosen."""
        row = self.currentRow()
        return self._results[row] if 0 <= row < len(self._results) else None

    def show_report(self, report: Report) -> None:
        """Shows the ways, and chooses the worst of them."""
        self._results = report.results
        self._fill()
        worst = next((row for row, item in enumerate(self._results) if item.verdict == report.verdict), 0)
        self.setCurrentCell(worst, 0)

    def _fill(self) -> None:
        self.setRowCount(len(self._results))
        for row, result in enumerate(self._results):
            tone, verdict = self._words.verdict(result)
            cells = (
                self._words.way(result.way),
                verdict,
                self._words.same(result),
                self._words.noise(result),
                self._words.counts(result),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_RIGHT if column in _NUMBERS else _LEFT)
                item.setToolTip(plain_tip(self._words.about(result.way) if column < 2 else text))
                if column == 1:
                    name = "minus" if result.way == Way.BASE else _ICONS[Verdict(result.verdict)]
                    item.setIcon(icon(self._theme, name, tone))
                if column == 1 or result.verdict == Verdict.NOT_TESTED:
                    item.setForeground(self._theme.color(tone))
                elif column == 4:
                    item.setForeground(self._theme.color("dim"))
                self.setItem(row, column, item)
