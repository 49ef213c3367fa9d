"""What a load brought: whether it is what was asked and what was predicted, on one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.footprint import Deviation
from app.core.run import Got
from app.core.settings import Table
from app.ui.icons import icon
from app.ui.panel.got_dialog import GotDialog
from app.ui.panel.got_words import GotWords
from app.ui.panel.memory_words import MemoryWords
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip


class GotView(QWidget):
    """A line that says what was got, and what differs; behind it the list of everything."""

    def __init__(self, theme: Theme, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = table
        self._words = GotWords(table, self)
        self._memory_words = MemoryWords(table, self)
        self._got: Got | None = None
        self._said = ""
        self._asked: dict[str, Any] = {}
        self._deviations: list[Deviation] = []
        self._summary = QPushButton(self)
        self._summary.setProperty("role", "link")
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._summary.clicked.connect(self.open_list)
        self.dialog: GotDialog | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._summary)
        self.hide()

    def show_got(self, got: Got | None, asked: dict[str, Any] | None = None) -> None:
        """Shows what was got for the settings `asked`; None when nothing is loaded."""
        self._got, self._asked = got, dict(asked or {})
        self.setVisible(got is not None)
        if got is not None:
            self._say(got)

    def show_deviations(self, deviations: Sequence[Deviation]) -> None:
        """Takes what was predicted for the loaded model beside what it got; nothing where nothing was predicted."""
        if list(deviations) != self._deviations:
            self._deviations = list(deviations)
            if self._got is not None:
                self._say(self._got)

    def _say(self, got: Got) -> None:
        titles = [self._words.title(item.key) for item in got.differences]
        remarks = [self._words.remark(remark) for remark in got.warnings]
        wrong = [self._memory_words.deviation(item) for item in self._deviations if item.is_defect]
        lines = [*(self._words.difference(item) for item in got.differences), *remarks, *wrong]
        if titles:
            text = self.tr("Not as asked: {titles}").format(titles=", ".join(titles))
        elif remarks:
            text = remarks[0]
        elif wrong:
            text = self.tr("Not as predicted: {what}").format(what=wrong[0])
        elif self._deviations:
            text = self.tr("Got what was asked and predicted")
        else:
            text = self.tr("Got what was asked")
        self._said = text
        self._fit_summary()
        self._summary.setAccessibleDescription("\n".join(lines))
        more = self.tr("Click for every setting as asked and as got")
        self._summary.setToolTip(plain_tip("\n".join([*lines, more])))
        tone, name = ("warning", "warning") if lines else ("good", "check")
        self._summary.setIcon(icon(self._theme, name, tone))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_summary()

    def _fit_summary(self) -> None:
        room = self.width() - self._summary.iconSize().width() - 12
        metrics = self._summary.fontMetrics()
        self._summary.setText(metrics.elidedText(self._said, Qt.TextElideMode.ElideRight, room))
        self._summary.setAccessibleName(self._said)

    def open_list(self) -> None:
        """Opens the list of all settings as asked and as got."""
        if self._got is None or self.dialog is not None:
            return
        self.dialog = GotDialog(
            self._theme, self._table, self._got, self._asked, self._deviations, self.window()
        )
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        self.dialog = None
