"""The bar above everything: which model, in what state, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.shell.model_menu import ModelChoice, ModelMenu
from app.ui.shell.model_pill import ModelPill
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel, IconButton
from app.ui.widgets.plain_tip import plain_tip


class BarState(StrEnum):
    """What the bar shows. `CHOSEN`: a model is planned, none is loaded."""

    EMPTY = "empty"
    CHOSEN = "chosen"
    LOADING = "loading"
    READY = "ready"
    EJECTING = "ejecting"


@dataclass(frozen=True, slots=True)
class BarContent:
    """Everything the bar shows. `notes` are texts for the right end, longest first: the first that fits is shown,
    in `note_role` (a QLabel role).

    `fraction` 0..1 is how far loading is; None while that is unknown. `has_report` makes the note a button that
    asks for what was got; `can_load` shows Load.
    """

    state: BarState = BarState.EMPTY
    name: str = ""
    detail: str = ""
    notes: tuple[str, ...] = ()
    note_role: str = "dim"
    fraction: float | None = None
    has_report: bool = False
    can_load: bool = False


class ModelBar(QFrame):
    """Pill with a menu of models, Load or Eject, progress with Cancel, and a note."""

    chosen = Signal(str, str)  # model id, loadout name ("" for none): make it the plan
    load_chosen = Signal(str, str)  # the same, and load it at once
    load_requested = Signal()
    eject_requested = Signal()
    cancel_requested = Signal()
    report_requested = Signal()
    add_requested = Signal()
    models_requested = Signal()
    hide_guide_requested = Signal()
    panel_toggled = Signal(bool)
    plots_toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bg")
        self._content = BarContent()
        self._pill = ModelPill(theme, self)
        self._pill.clicked.connect(self.open_menu)
        self._menu = ModelMenu(theme, self)
        self._menu.chosen.connect(self.chosen)
        self._menu.load_chosen.connect(self.load_chosen)
        self._menu.add_requested.connect(self.add_requested)
        self._menu.models_requested.connect(self.models_requested)
        self._menu.hide_guide_requested.connect(self.hide_guide_requested)
        self._load = self._button(self.tr("Load"), "primary", self.load_requested)
        self._eject = self._button(self.tr("Eject"), "", self.eject_requested)
        self._cancel = self._button(self.tr("Cancel"), "", self.cancel_requested)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(120)
        self._progress.setRange(0, 1000)
        self._progress.setAccessibleName(self.tr("Loading progress"))
        self._note = ElidedLabel("", self)
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._report = self._button(self.tr("Details"), "quiet", self.report_requested)
        self.plots_button = self._toggle(
            theme, "plots", self.tr("Show or hide the plots"), self.plots_toggled
        )
        self.panel_button = self._toggle(
            theme, "panel", self.tr("Show or hide the settings"), self.panel_toggled
        )
        self._arrange(theme)
        self._show_state()

    def _button(self, text: str, role: str, signal: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", role)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where one was writing
        button.clicked.connect(signal)
        return button

    def _toggle(self, theme: Theme, icon_name: str, tooltip: str, signal: SignalInstance) -> IconButton:
        button = IconButton(theme, icon_name, tooltip, self, checkable=True, tone="faint", on="text")
        button.setProperty("role", "toggle")
        button.setChecked(True)
        button.clicked.connect(signal)
        return button

    def _arrange(self, theme: Theme) -> None:
        self._row = row = QHBoxLayout()
        row.setContentsMargins(16, 7, 12, 7)
        row.setSpacing(8)
        self._parts = (self._pill, self._load, self._eject, self._progress, self._cancel)
        for part in self._parts:
            row.addWidget(part)
        row.addSpacing(4)
        row.addWidget(self._note, 1)
        row.addWidget(self._report)
        row.addWidget(self.plots_button)
        row.addWidget(self.panel_button)
        line = QFrame(self)
        line.setProperty("role", "line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(line)
        theme.changed.connect(lambda: self._fit_height(theme))
        self._fit_height(theme)

    def _fit_height(self, theme: Theme) -> None:
        self.setFixedHeight(max(48, theme.text_size_px + 35))

    def show_content(self, content: BarContent) -> None:
        """Shows another state."""
        self._content = content
        self._show_state()

    @property
    def content(self) -> BarContent:
        """What is shown."""
        return self._content

    def set_choices(self, choices: Sequence[ModelChoice]) -> None:
        """What the menu lists, in its order."""
        self._menu.set_choices(choices)

    def open_menu(self) -> None:
        """Opens the menu of models below the pill."""
        self._menu.open_below(self._pill)

    def _show_state(self) -> None:
        content, state = self._content, self._content.state
        actions = (self._cancel, self._load, self._eject)
        had_focus = any(button.hasFocus() for button in actions)
        self._pill.show_content(state, content.name, content.detail)
        self._load.setVisible(content.can_load)
        self._eject.setVisible(state in {BarState.READY, BarState.EJECTING})
        self._eject.setEnabled(state is BarState.READY)
        self._progress.setVisible(state is BarState.LOADING)
        self._cancel.setVisible(state is BarState.LOADING)
        if content.fraction is None:
            self._progress.setRange(0, 0)
        else:
            self._progress.setRange(0, 1000)
            self._progress.setValue(round(content.fraction * 1000))
        self._report.setVisible(content.has_report)
        set_role(self._note, content.note_role)
        self._fit_note()
        if had_focus and not any(button.hasFocus() for button in actions):
            # Hidden, a button hands the keyboard to whatever comes next: here it stays with the model.
            live = (button for button in actions if not button.isHidden() and button.isEnabled())
            next(live, self._pill).setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_note()

    def _fit_note(self) -> None:
        """Shows the longest note that has room; all of it is in the tooltip."""
        row = self._row
        used = row.contentsMargins().left() + row.contentsMargins().right() + 4
        for part in (*self._parts, self._report, self.plots_button, self.panel_button):
            if not part.isHidden():
                used += part.sizeHint().width() + row.spacing()
        room, notes = self.width() - used - row.spacing(), self._content.notes
        measure = self._note.fontMetrics().horizontalAdvance
        self._note.setText(next((note for note in notes if measure(note) + 4 <= room), ""))
        self._note.setToolTip(plain_tip(notes[0]) if notes else "")
        self._report.setToolTip(plain_tip(notes[0]) if notes else "")
