"""Finding whole plans that fit: which settings to keep, the search, and the plans to choose from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.fit import CHANGEABLE, DRAFT, PLACEMENT, SPLIT, Fit
from app.core.fit_choices import DRAFT_KV_KEYS
from app.core.footprint import Verdict
from app.core.reasons import TAKE_MEMORY
from app.core.settings.machine import takes_layers
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.ui.format import duration_text
from app.ui.panel import texts
from app.ui.panel.fit_card import FitCard
from app.ui.panel.fit_words import FitWords
from app.ui.panel.memory_words import MemoryWords
from app.ui.theme import Theme
from app.ui.widgets import EmptyState

_N_COLUMNS = 2
_ITEM_PADDING_PX = 10  # the style's, above and below a card


class FitDialog(QDialog):
    """Searches as soon as it is open, and again whenever another setting is to be kept."""

    def __init__(
        self,
        theme: Theme,
        plan: Plan,
        service: FootprintService,
        words: MemoryWords,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plan = plan
        self._service = service
        self._memory_words = words
        self._words = FitWords(plan, words, self)
        self.setWindowTitle(self.tr("Find what fits"))
        self.setSizeGripEnabled(True)
        self.resize(620, 560)
        self.boxes: dict[str, QCheckBox] = {}
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Plans that fit"))
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSpacing(2)
        self.list.itemActivated.connect(self._use_item)
        self.empty = EmptyState(theme, "memory", "", "", parent=self)
        self.empty.clicked.connect(self.search)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.list)
        self.pages.addWidget(self.empty)
        self.status = QLabel(self)
        self.status.setProperty("role", "hint")
        self.status.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Searching"))
        self._arrange()
        service.fitted.connect(self._fitted)
        service.fit_failed.connect(self._failed)
        self.search()

    def _arrange(self) -> None:
        heading = QLabel(self.windowTitle(), self)
        heading.setProperty("role", "title")
        model = self._plan.model
        about = QLabel(model.name if model is not None else "", self)
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setProperty("role", "dim")
        keep = QLabel(self.tr("Keep as they are"), self)
        keep.setProperty("role", "group")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        for part in (heading, about, keep):
            column.addWidget(part)
        column.addLayout(self._keep())
        column.addSpacing(4)
        column.addWidget(self.progress)
        column.addWidget(self.status)
        column.addWidget(self.pages, 1)
        column.addLayout(self._buttons())

    def _keep(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        for index, key in enumerate(self._offered()):
            setting = self._plan.table[key]
            value = texts.value_text(setting, self._plan.value(key))
            box = QCheckBox(f"{texts.title(setting)}: {value}".replace("&", "&&"), self)
            # Where the layers go is what the search is for: kept only where the user says so here.
            box.setChecked(self._plan.is_changed(key) and key not in PLACEMENT)
            box.setToolTip(texts.translated(setting.summary))
            box.toggled.connect(self.search)
            grid.addWidget(box, index // _N_COLUMNS, index % _N_COLUMNS)
            self.boxes[key] = box
        return grid

    def _offered(self) -> list[str]:
        """The settings that the search could change here."""
        footprint = self._service.footprint
        pointless = {
            key for key in DRAFT_KV_KEYS if not self._plan.is_changed(key)
        }  # nothing is lost by these
        pointless |= {DRAFT} if self._plan.value(DRAFT) not in TAKE_MEMORY else set()
        if footprint is None:
            pointless.add(SPLIT)
        else:
            n_devices = sum(1 for device in footprint.devices if takes_layers(device.kind))
            pointless |= {SPLIT} if n_devices == 1 else set()
            pointless |= {SPLIT, *PLACEMENT, "offload_kqv"} if not n_devices else set()
        return [key for key in CHANGEABLE if self._plan.is_enabled(key) and key not in pointless]

    def _buttons(self) -> QHBoxLayout:
        self.cancel = QPushButton(self.tr("Cancel the search"), self)
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self._cancel)
        close = QPushButton(self.tr("Close"), self)
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        self.use = QPushButton(self.tr("Use this plan"), self)
        self.use.setProperty("role", "primary")
        self.use.setDefault(True)
        self.use.setToolTip(self.tr("Puts these settings into the panel; one undo takes them back"))
        self.use.clicked.connect(self.use_chosen)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.cancel)
        line.addStretch(1)
        line.addWidget(close)
        line.addWidget(self.use)
        return line

    def pinned(self) -> list[str]:
        """The settings that are to be kept."""
        return [key for key, box in self.boxes.items() if box.isChecked()]

    # -- the search -----------------------------------------------------------------------------------------

    def search(self) -> None:
        """Begins anew with the settings that are to be kept now."""
        self._show_searching(True)
        self.status.setText(self.tr("Asking llama.cpp for the exact memory of each candidate\u2026"))
        self._service.request_fit(self.pinned())

    def _show_searching(self, is_searching: bool) -> None:
        self.progress.setVisible(is_searching)
        self.cancel.setVisible(is_searching)
        self.pages.setEnabled(not is_searching)
        self.use.setEnabled(not is_searching and self.list.count() > 0)

    def _cancel(self) -> None:
        self._service.cancel_fit()
        self.list.clear()
        self._show_searching(False)
        self._say_nothing(
            self.tr("The search was cancelled"),
            self.tr("Change what to keep, or search again."),
            self.tr("Search again"),
        )

    def _fitted(self, found: Fit) -> None:
        self.list.clear()
        for plan in found.plans:
            card = FitCard(self._theme, self._words, self._memory_words, plan, self.list)
            item = QListWidgetItem(self.list)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, self._words.spoken(plan))
            self.list.setItemWidget(item, card)
        self._show_searching(False)
        if not found.plans:
            text = self._words.nothing(found.nearest, found.refusal, self.pinned())
            if found.is_complete:
                self._say_nothing(self.tr("Nothing fits"), text)
                return
            time = duration_text(found.elapsed_ms / 1000)
            ended = self.tr(
                "Not everything was tried: with more settings kept as they are there is less to try."
            )
            title = self.tr("Nothing was found in {time}").format(time=time)
            self._say_nothing(title, f"{text}\n\n{ended}")
            return
        self.status.setText(self._summary(found))
        self.status.show()
        self.pages.setCurrentWidget(self.list)
        self.list.setCurrentRow(0)
        self.list.setFocus()
        self._fit_items()

    def _summary(self, found: Fit) -> str:
        n_plans = len(found.plans)
        if all(plan.assessment.verdict is not Verdict.FITS for plan in found.plans):
            said = self.tr("No plan leaves free what the guard keeps free; this comes nearest")
        elif n_plans == 1:
            said = self.tr("1 plan that fits")
        else:
            said = self.tr("{n} plans that fit").format(n=n_plans)
        how = self.tr("1 plan measured in {time}, without loading it")
        if found.n_dry_runs != 1:
            how = self.tr("{n} plans measured in {time}, without loading any")
        how = how.format(n=found.n_dry_runs, time=duration_text(found.elapsed_ms / 1000))
        ended = "" if found.is_complete else self.tr("not everything was tried")
        return " \u00b7 ".join(part for part in (said, how, ended) if part)

    def _failed(self, why: str) -> None:
        self.list.clear()
        self._show_searching(False)
        what = why or self.tr("There is no model to fit.")
        advice = self.tr("Mend the plan first, or look into the Logs page for llama.cpp's own words.")
        self._say_nothing(
            self.tr("The search could not be made"), f"{what}\n\n{advice}", self.tr("Search again")
        )

    def _say_nothing(self, title: str, text: str, button: str = "") -> None:
        self.status.hide()
        self.empty.show_text(title, text, button)
        self.pages.setCurrentWidget(self.empty)

    # -- choosing -------------------------------------------------------------------------------------------

    def use_chosen(self) -> None:
        """Makes the chosen plan the plan."""
        item = self.list.currentItem()
        if item is not None:
            self._use_item(item)

    def _use_item(self, item: QListWidgetItem) -> None:
        card = self.list.itemWidget(item)
        if isinstance(card, FitCard):
            self._plan.set_many(card.found.changes)
            self.accept()

    # -- the window -----------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_items()

    def _fit_items(self) -> None:
        """Cards are as high as their texts need at this width."""
        width = self.list.viewport().width() - 2 * self.list.spacing()
        for row in range(self.list.count()):
            item = self.list.item(row)
            card = self.list.itemWidget(item)
            if isinstance(card, FitCard):
                size = card.sizeHint()
                size.setWidth(width)
                size.setHeight(card.height_for(width) + _ITEM_PADDING_PX)
                item.setSizeHint(size)

    def done(self, result: int) -> None:
        self._service.cancel_fit()
        self._service.fitted.disconnect(self._fitted)
        self._service.fit_failed.disconnect(self._failed)
        super().done(result)
