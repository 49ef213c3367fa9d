"""The context for which a model's page says how its files fit."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from app.ui.format import count_text

CONTEXTS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144)
"""Contexts to choose from, in tokens; the preference may hold any other one."""


class ContextChoice(QComboBox):
    """A choice among contexts; `chosen` carries the one that the user took, 0 for the model's own."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setAccessibleName(self.tr("Context that the fit is found for"))
        self.setToolTip(
            self.tr("How long the context shall be, in tokens: the longer, the more memory it takes")
        )
        self.activated.connect(lambda _place: self.chosen.emit(self.currentData()))

    def show_n_ctx(self, n_ctx: int) -> None:
        """Shows `n_ctx` as chosen, adding it where it is not among the usual ones."""
        known: list[int] = sorted({*CONTEXTS, n_ctx} - {0})
        if [*known, 0] != [self.itemData(place) for place in range(self.count())]:
            self.clear()
            for number in known:
                self.addItem(self.tr("{n} tokens").format(n=count_text(number)), number)
            self.addItem(self.tr("the model's own"), 0)
        self.setCurrentIndex(self.findData(n_ctx))
