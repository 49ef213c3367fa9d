"""The Sampling tab: presets and every sampling setting."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.settings.presets import PresetStore
from app.services.plan import Plan
from app.ui.panel.editors import Sources
from app.ui.panel.guide_offer import GuideOffer
from app.ui.panel.preset_bar import PresetBar
from app.ui.panel.row_list import RowList
from app.ui.theme import Theme


class SamplingTab(QWidget):
    """Everything about how tokens are drawn; takes effect with the next reply."""

    def __init__(
        self,
        theme: Theme,
        plan: Plan,
        store: PresetStore,
        parent: QWidget | None = None,
        *,
        guide: GuideOffer | None = None,
    ) -> None:
        super().__init__(parent)
        self.bar = PresetBar(theme, plan, store, self)
        self.rows = RowList(theme, plan, self, sources=Sources(guide=guide))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.rows, 1)
