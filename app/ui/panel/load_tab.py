"""The Load tab: loadouts, every load setting, the memory they take, and the button that loads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.core.settings.loadouts import LoadoutStore
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.services.session import Session
from app.ui.panel.editors import DraftOffer, Names, Sources
from app.ui.panel.guide_offer import GuideOffer
from app.ui.panel.load_footer import LoadFooter
from app.ui.panel.loadout_bar import LoadoutBar
from app.ui.panel.memory_chips import MemoryChips
from app.ui.panel.row_list import RowList
from app.ui.theme import Theme

_BARS_SHARE = 0.2  # of the tab's height, before the bars of many devices scroll


class LoadTab(QWidget):
    """Everything about how the model is loaded."""

    def __init__(
        self,
        theme: Theme,
        plan: Plan,
        store: LoadoutStore,
        session: Session,
        footprints: FootprintService,
        *,
        sampling: Callable[[], Mapping[str, Any]],
        devices: Names,
        drafts: DraftOffer | None = None,
        guide: GuideOffer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.bar = LoadoutBar(theme, plan, store, sampling, self)
        self.rows = RowList(theme, plan, self, sources=Sources(devices, drafts, guide))
        self.footer = LoadFooter(theme, plan, session, footprints, self)
        self.chips = MemoryChips(self.rows, plan, footprints)
        self.rows.problems_changed.connect(self.footer.show_problems)
        self.footer.problem_chosen.connect(self.rows.go_to)
        self.footer.show_problems(self.rows.problems)
        line = QFrame(self)
        line.setProperty("role", "line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.rows, 1)
        column.addWidget(line)
        column.addWidget(self.footer)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.footer.memory.set_rows_height(round(self.height() * _BARS_SHARE))
