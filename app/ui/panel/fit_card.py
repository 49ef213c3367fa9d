"""One plan that fits, as a card in the list of them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.fit import FitPlan
from app.core.footprint import Assessment, Verdict
from app.ui.panel.fit_words import FitWords
from app.ui.panel.memory_bar import MemoryBar
from app.ui.panel.memory_lines import shape, used_lines
from app.ui.panel.memory_words import TONES, MemoryWords
from app.ui.theme import Theme
from app.ui.widgets import Chip, ElidedLabel
from app.ui.widgets.plain_tip import plain_tip

_NAME_EM = 6
_BAR_PX = 8


class MiniBars(QWidget):
    """A thin bar and a figure for each device that a plan uses."""

    def __init__(
        self,
        theme: Theme,
        words: MemoryWords,
        assessment: Assessment,
        figures: list[str],
        parent: QWidget | None = None,
    ) -> None:
        """`figures` has what to say at the right of each device that is used, in the assessment's order."""
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (line, figure) in enumerate(zip(used_lines(assessment), figures, strict=True)):
            name = ElidedLabel(words.short(line.device), self)
            name.setProperty("role", "hint")
            name.setFixedWidth(_NAME_EM * theme.hint_size_px)
            bar = MemoryBar(theme, self, height_px=_BAR_PX)
            bar.show_shape(shape(line))
            said = QLabel(figure, self)
            said.setProperty("small", "true")
            said.setProperty("role", TONES[line.room.verdict] if line.room.verdict.is_short else "dim")
            said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for part in (name, bar, said):
                part.setToolTip(plain_tip("\n".join(words.lines(line))))
            grid.addWidget(name, row, 0)
            grid.addWidget(bar, row, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(said, row, 2)


class FitCard(QWidget):
    """What the plan is, what it changes, and what it leaves free on each device."""

    def __init__(
        self,
        theme: Theme,
        fit_words: FitWords,
        words: MemoryWords,
        found: FitPlan,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.found = found
        title = QLabel(fit_words.title(found), self)
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.setProperty("role", "strong")
        title.setWordWrap(True)
        changes = QLabel(fit_words.changes(found), self)
        changes.setTextFormat(Qt.TextFormat.PlainText)
        changes.setProperty("role", "hint")
        changes.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title, 1)
        if found.assessment.verdict is not Verdict.FITS:
            verdict = found.assessment.verdict
            head.addWidget(Chip(words.verdict(verdict), TONES[verdict], self), 0, Qt.AlignmentFlag.AlignTop)
        figures = [fit_words.left(line.room) for line in used_lines(found.assessment)]
        bars = MiniBars(theme, words, found.assessment, figures, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 12, 10)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(changes)
        column.addWidget(bars)

    def height_for(self, width: int) -> int:
        """How high the card is at `width`: its texts wrap."""
        layout = self.layout()
        return layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 90

    def sizeHint(self) -> QSize:
        return QSize(300, super().sizeHint().height())
