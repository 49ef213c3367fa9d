"""The panel at the right of the window: Load, Sampling and Chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.core.prompts import PromptStore
from app.core.run import Got
from app.core.settings.loadouts import LoadoutStore
from app.core.settings.presets import PresetStore
from app.services.chat import Chat
from app.services.drafts import Drafts
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.services.session import Session, SessionState
from app.ui.panel import texts
from app.ui.panel.chat_tab import ChatTab
from app.ui.panel.editors import DraftOffer
from app.ui.panel.guide_offer import GuideOffer
from app.ui.panel.load_tab import LoadTab
from app.ui.panel.row_list import RowList
from app.ui.panel.sampling_tab import SamplingTab
from app.ui.theme import Theme
from app.ui.widgets import IconButton, SearchField, Toast

LOAD_TAB, SAMPLING_TAB, CHAT_TAB = range(3)
_ENOUGH_TOKENS = 16  # a speed from fewer tokens is noise


class SidePanel(QFrame):
    """The dials. `load_requested` when the plan is to be loaded; tabs are built when they are first opened."""

    load_requested = Signal()
    discover_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        load_plan: Plan,
        sampling_plan: Plan,
        loadouts: LoadoutStore,
        presets: PresetStore,
        session: Session,
        chat: Chat,
        footprints: FootprintService,
        *,
        prompts: PromptStore | None = None,
        drafts: Drafts | None = None,
        guide: GuideOffer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._theme = theme
        self._load_plan = load_plan
        self._sampling_plan = sampling_plan
        self._loadouts = loadouts
        self._presets = presets
        self._session = session
        self._chat = chat
        self._prompts = prompts or PromptStore()
        self._guide = guide
        self._devices: tuple[tuple[str, str], ...] = ()
        self._take_back: Callable[[], object] | None = None
        self._loaded_name = ""
        self.sampling_tab: SamplingTab | None = None
        self.chat_tab: ChatTab | None = None
        self.setMinimumWidth(300)
        self._build_head(theme)
        self.load_tab = LoadTab(
            theme,
            load_plan,
            loadouts,
            session,
            footprints,
            sampling=sampling_plan.values,
            devices=lambda: self._devices,
            drafts=None if drafts is None else DraftOffer(drafts, self.discover_requested.emit),
            guide=guide,
        )
        self.load_tab.footer.load_requested.connect(self.load_requested)
        self.load_tab.bar.told.connect(self.tell)
        self.load_tab.rows.filtered.connect(self._said_found)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.load_tab)
        self.pages.addWidget(QWidget(self))
        self.pages.addWidget(QWidget(self))
        self._toasts: dict[int, Toast] = {}
        self._arrange()
        self._connect()
        self._show_undo()

    def _build_head(self, theme: Theme) -> None:
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Panel"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        for name, tip in (
            (self.tr("Load"), self.tr("How the model is loaded")),
            (self.tr("Sampling"), self.tr("How tokens are chosen")),
            (self.tr("Chat"), self.tr("What belongs to this conversation")),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(name), tip)
        self.search = SearchField(theme, self.tr("Search settings"), self)
        self.search.setToolTip(self.tr("Titles, descriptions, keys and llama-server flags (Ctrl+F)"))
        self.changed_only = IconButton(theme, "filter", self.tr("Changed only"), self, checkable=True)
        self.undo_button = IconButton(theme, "undo", self.tr("Undo"), self)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 8)
        head.addWidget(self.tabs, 1)
        line = QFrame(self)
        line.setProperty("role", "line")
        self.tools = QWidget(self)
        tools = QHBoxLayout(self.tools)
        tools.setContentsMargins(14, 10, 10, 0)
        tools.setSpacing(2)
        tools.addWidget(self.search, 1)
        tools.addSpacing(4)
        tools.addWidget(self.changed_only)
        tools.addWidget(self.undo_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line)
        column.addWidget(self.tools)
        column.addWidget(self.pages, 1)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self.show_tab)
        self.search.searched.connect(self._filter)
        self.changed_only.toggled.connect(lambda _on: self._filter())
        self.undo_button.clicked.connect(self.undo)
        for keys, act in (
            (QKeySequence.StandardKey.Find, self.focus_search),
            (QKeySequence.StandardKey.Undo, self.undo),
        ):
            shortcut = QShortcut(QKeySequence(keys), self, act)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for plan in (self._load_plan, self._sampling_plan):
            # Methods, which end with this widget: plans outlive it, and change once more when the worker ends.
            plan.undo_changed.connect(self._show_undo)
            plan.changed.connect(self._show_undo)
        self._session.state_changed.connect(self._state_changed)
        self._session.loaded.connect(self._loaded)
        self._chat.measured.connect(self._measured)

    # -- what others ask ------------------------------------------------------------------------------------

    def set_devices(self, devices: Sequence[tuple[str, str]]) -> None:
        """(name, title) of the devices that layers can be put on, for the rows that choose among them."""
        self._devices = tuple(devices)
        self._load_plan.changed.emit("")

    @property
    def devices(self) -> tuple[tuple[str, str], ...]:
        """What `set_devices` was given."""
        return self._devices

    def show_tab(self, index: int) -> None:
        """Shows Load (0), Sampling (1) or Chat (2)."""
        if index == SAMPLING_TAB and self.sampling_tab is None:
            self.sampling_tab = SamplingTab(
                self._theme, self._sampling_plan, self._presets, guide=self._guide
            )
            self.sampling_tab.bar.told.connect(self.tell)
            self.sampling_tab.rows.filtered.connect(self._said_found)
            self._put(index, self.sampling_tab)
        elif index == CHAT_TAB and self.chat_tab is None:
            self.chat_tab = ChatTab(self._theme, self._chat, self._sampling_plan, self._prompts)
            self.chat_tab.told.connect(self.tell)
            self._put(index, self.chat_tab)
        if self.tabs.currentIndex() != index:
            self.tabs.setCurrentIndex(index)
        self.pages.setCurrentIndex(index)
        self.tools.setVisible(index != CHAT_TAB)
        self._filter()
        self._show_undo()

    def go_to(self, key: str) -> None:
        """Shows a setting's row, wherever it is."""
        is_load = key in self._load_plan.table
        self.show_tab(LOAD_TAB if is_load else SAMPLING_TAB)
        self.search.clear()
        self.changed_only.setChecked(False)
        rows = self.rows()
        if rows is not None:
            rows.go_to(key)

    def focus_search(self) -> None:
        """Puts the keyboard into the search line."""
        if self.tabs.currentIndex() == CHAT_TAB:
            self.show_tab(LOAD_TAB)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def undo(self) -> None:
        """Takes back the last change of the tab on show."""
        plan = self.plan()
        if plan is not None and plan.can_undo:
            key = plan.undo_key
            plan.undo()
            rows = self.rows()
            if key and rows is not None:
                rows.go_to(key)

    def tell(self, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Says what happened over the panel's lower edge, with a way to take it back."""
        index = self.tabs.currentIndex()
        if index not in self._toasts:
            # Over the rows: the foot of the Load tab stays free.
            toast = Toast(self._theme, self.rows() or self.pages)
            toast.acted.connect(self._act)
            self._toasts[index] = toast
        self._take_back = act
        self._toasts[index].show_text(text, action)

    def find_what_fits(self) -> None:
        """Opens the search for plans that fit."""
        self.show_tab(LOAD_TAB)
        self.load_tab.footer.open_fit()

    # -- inside ---------------------------------------------------------------------------------------------

    def plan(self) -> Plan | None:
        """The plan of the tab on show."""
        return {LOAD_TAB: self._load_plan, SAMPLING_TAB: self._sampling_plan}.get(self.tabs.currentIndex())

    def rows(self) -> RowList | None:
        """The rows of the tab on show."""
        index = self.tabs.currentIndex()
        if index == LOAD_TAB:
            return self.load_tab.rows
        return self.sampling_tab.rows if index == SAMPLING_TAB and self.sampling_tab is not None else None

    def _put(self, index: int, page: QWidget) -> None:
        empty = self.pages.widget(index)
        self.pages.insertWidget(index, page)
        if empty is not None:
            self.pages.removeWidget(empty)
            empty.deleteLater()

    def _filter(self, _text: str = "") -> None:
        rows = self.rows()
        if rows is not None:
            rows.filter(self.search.text(), self.changed_only.isChecked())

    def _said_found(self, n_found: int) -> None:
        found = self.tr("{n} found").format(n=n_found) if n_found >= 0 else ""
        self.search.setAccessibleDescription(found)

    def _show_undo(self, *_what: object) -> None:
        plan = self.plan()
        can_undo = plan is not None and plan.can_undo
        self.undo_button.setEnabled(can_undo)
        name = texts.title(plan.table[plan.undo_key]) if plan is not None and plan.undo_key else ""
        tip = (
            self.tr("Undo: {name} (Ctrl+Z)").format(name=name)
            if name
            else self.tr("Undo the last change (Ctrl+Z)")
        )
        self.undo_button.set_tooltip(tip)
        n_changed = len(plan.changed_keys()) if plan is not None else 0
        self.changed_only.set_tooltip(self.tr("Changed only ({n})").format(n=n_changed))

    def _act(self) -> None:
        act, self._take_back = self._take_back, None
        if act is not None:
            act()

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.LOADING:
            plan = self._load_plan
            self._loaded_name = "" if plan.is_modified else plan.base_name
        elif state is SessionState.EMPTY:
            self._sampling_plan.set_context(0)

    def _loaded(self, got: Got) -> None:
        if self._loaded_name and self._session.model_path == self.load_tab.bar.model_id:
            self.load_tab.bar.mark_run(self._loaded_name)
        self._sampling_plan.set_context(got.n_ctx_slot)

    def _measured(self, run: object) -> None:
        """A reply was measured: its speed belongs to the loadout that is loaded."""
        from app.core.history import Run

        if not isinstance(run, Run) or not run.loadout or run.timings.get("predicted_n", 0) < _ENOUGH_TOKENS:
            return
        if run.model_id == self.load_tab.bar.model_id:
            self.load_tab.bar.mark_run(run.loadout, run.predicted_per_second, run.prompt_per_second or None)
