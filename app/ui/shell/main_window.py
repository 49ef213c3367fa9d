"""The main window: rail, model bar, the page shown, plots below it, settings at its side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.ui.library.drop_target import DropTarget
from app.ui.shell.model_bar import ModelBar
from app.ui.shell.page import Page
from app.ui.shell.rail import Rail
from app.ui.shell.window_state import WindowState
from app.ui.theme import Theme
from app.ui.widgets import Toast

_PANEL_PX = 348
_PANEL_MIN_PX = 300
_PLOTS_PX = 132
_PLOTS_MIN_PX = 104
_PLOTS_MAX_PX = 420


class _Place(QFrame):
    """Room for one part of the window that may come later or be hidden."""

    def __init__(self, role: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self._widget: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.hide()

    def fill(self, widget: QWidget) -> None:
        """Puts `widget` in place of what was here."""
        if self._widget is not None:
            self._layout.removeWidget(self._widget)
            self._widget.deleteLater()
        self._layout.addWidget(widget)
        self._widget = widget

    @property
    def is_filled(self) -> bool:
        """Whether there is something to show."""
        return self._widget is not None


class MainWindow(QMainWindow):
    """Lays out what it is given and remembers how; decides nothing."""

    files_dropped = Signal(list)  # list[str]: .gguf files and folders
    page_changed = Signal(str)

    def __init__(
        self,
        theme: Theme,
        *,
        pages: Sequence[Page],
        model_bar: ModelBar,
        panel: QWidget | None = None,
        plots: QWidget | None = None,
        state: WindowState | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Loadout")
        self.setMinimumSize(760, 520)
        self._pages = {page.key: page for page in pages}
        self._state = state or WindowState()
        self._built: dict[str, QWidget] = {}
        self._current = ""
        self.model_bar = model_bar
        self.rail = Rail(theme, pages, self)
        self.rail.chosen.connect(self.show_page)
        self._stack = QStackedWidget(self)
        self._panel_place = _Place("panel", self)
        self._plots_place = _Place("bg", self)
        self.toast = Toast(theme, self._arrange())
        self.drop_target = DropTarget(theme, self._body)
        self.drop_target.dropped.connect(self.files_dropped)
        model_bar.panel_toggled.connect(self.set_panel_shown)
        model_bar.plots_toggled.connect(self.set_plots_shown)
        if panel is not None:
            self.set_panel(panel)
        if plots is not None:
            self.set_plots(plots)
        self._restore()

    # -- what is where --------------------------------------------------------------------------------------

    def set_panel(self, panel: QWidget) -> None:
        """Puts the settings into their place at the right."""
        self._panel_place.fill(panel)
        self._show_parts()

    def set_plots(self, plots: QWidget) -> None:
        """Puts the plots into their place below the page."""
        self._plots_place.fill(plots)
        self._show_parts()

    def show_page(self, key: str) -> None:
        """Shows a page, building it at the first visit. Raises KeyError for an unknown one."""
        page = self._pages[key]
        if key not in self._built:
            self._built[key] = page.build()
            self._stack.addWidget(self._built[key])
        self._current = key
        self._stack.setCurrentWidget(self._built[key])
        self.rail.show_page(key)
        self._show_parts()
        self.page_changed.emit(key)

    @property
    def current_page(self) -> str:
        """The key of the page shown."""
        return self._current

    def page(self, key: str) -> QWidget | None:
        """A page's widget, None before its first visit."""
        return self._built.get(key)

    def set_panel_shown(self, shown: bool) -> None:
        """Shows or hides the settings on the pages that they belong to."""
        self._state.panel_shown = shown
        self._show_parts()

    def set_plots_shown(self, shown: bool) -> None:
        """Shows or hides the plots on the pages that they belong to."""
        self._state.plots_shown = shown
        self._show_parts()

    def toggle_panel(self) -> None:
        """Shows the settings if they are hidden, hides them if they are shown."""
        self.set_panel_shown(not self._state.panel_shown)

    def toggle_plots(self) -> None:
        """Shows the plots if they are hidden, hides them if they are shown."""
        self.set_plots_shown(not self._state.plots_shown)

    def set_plots_collapsed(self, collapsed: bool) -> None:
        """Gives the plots' place the height of one line, or the height that it had before."""
        place = self._plots_place
        if collapsed:
            if place.isVisible():
                self._state.plots_height = place.height()
            height = place.minimumSizeHint().height()
            place.setFixedHeight(height)
        else:
            place.setMinimumHeight(_PLOTS_MIN_PX)
            place.setMaximumHeight(_PLOTS_MAX_PX)
            height = self._state.plots_height or _PLOTS_PX
        self._middle.setSizes([max(1, self._middle.height() - height), height])
        self._state.plots_collapsed = collapsed

    def state(self) -> WindowState:
        """Size, place and folded parts as they are now."""
        self._state.set_geometry(bytes(self.saveGeometry().data()))
        self._state.page = self._current
        if not self._panel_place.isHidden():  # isVisible is False once the window is closed
            self._state.panel_width = self._panel_place.width()
        if self._plots_place.isVisible() and not self._state.plots_collapsed:
            self._state.plots_height = self._plots_place.height()
        return self._state

    def come_forward(self) -> None:
        """Raises the window above the others and gives it the keyboard."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # -- layout ---------------------------------------------------------------------------------------------

    def _arrange(self) -> QWidget:
        """Builds the layout; returns the column in the middle."""
        self._middle = QSplitter(Qt.Orientation.Vertical, self)
        self._middle.setProperty("role", "bare")  # the plots draw their own upper line
        self._middle.addWidget(self._stack)
        self._middle.addWidget(self._plots_place)
        column = QWidget(self)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.model_bar)
        layout.addWidget(self._middle, 1)
        self._sides = QSplitter(Qt.Orientation.Horizontal, self)
        self._sides.addWidget(column)
        self._sides.addWidget(self._panel_place)
        for splitter in (self._middle, self._sides):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(1)
            splitter.setStretchFactor(0, 1)
            splitter.setStretchFactor(1, 0)
        self._panel_place.setMinimumWidth(_PANEL_MIN_PX)
        self._panel_place.setMaximumWidth(560)
        self._plots_place.setMinimumHeight(_PLOTS_MIN_PX)
        self._plots_place.setMaximumHeight(_PLOTS_MAX_PX)
        self._body = body = QWidget(self)
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._sides, 1)
        self.setCentralWidget(body)
        return column

    def _show_parts(self) -> None:
        page = self._pages.get(self._current)
        if page is None:
            return
        panel_there, plots_there = self._panel_place.is_filled, self._plots_place.is_filled
        self._panel_place.setVisible(panel_there and page.with_panel and self._state.panel_shown)
        self._plots_place.setVisible(plots_there and page.with_plots and self._state.plots_shown)
        for button, there, shown in (
            (self.model_bar.panel_button, panel_there and page.with_panel, self._state.panel_shown),
            (self.model_bar.plots_button, plots_there and page.with_plots, self._state.plots_shown),
        ):
            button.setVisible(there)
            button.setChecked(shown)

    def _restore(self) -> None:
        self.resize(*self._default_size())
        geometry = self._state.geometry_bytes()
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        width = self._state.panel_width or _PANEL_PX
        height = self._state.plots_height or _PLOTS_PX
        self._sides.setSizes([max(1, self.width() - width - 52), width])
        self._middle.setSizes([max(1, self.height() - height - 48), height])
        first = next(iter(self._pages))
        self.show_page(self._state.page if self._state.page in self._pages else first)

    @staticmethod
    def _default_size() -> tuple[int, int]:
        room = QGuiApplication.primaryScreen().availableGeometry()
        return min(1360, room.width() - 40), min(860, room.height() - 60)
