"""The strip's few controls, and the same actions as a context menu."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QBoxLayout, QMenu, QToolButton, QWidget

from app.ui.plots.menu_button import dress_as_menu, show_text
from app.ui.theme import Theme
from app.ui.widgets.icon_button import IconButton

WINDOWS_MIN = (1, 5, 15, 30)


class StripControls(QWidget):
    """A column (collapsed: a row) of: collapse, table, how long the plots reach back."""

    window_chosen = Signal(int)  # minutes
    table_asked = Signal()
    copy_asked = Signal()
    collapse_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu(self)
        self._collapse = IconButton(theme, "down", self.tr("Collapse the plots"), self)
        self._table = IconButton(theme, "table", self.tr("Show the values as a table"), self)
        self._window = QToolButton(self)
        dress_as_menu(self._window)
        self._window.setToolTip(self.tr("How far back the plots reach"))
        self._window_menu = self._make_window_menu()
        self._window.setMenu(self._window_menu)
        self._fill_menu()
        self._collapse.clicked.connect(self.collapse_asked)
        self._table.clicked.connect(self.table_asked)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setSpacing(0)
        self.show_collapsed(False)

    def show_window(self, minutes: int) -> None:
        """Show how far back the plots reach."""
        show_text(self._window, self.tr("{n} min").format(n=minutes))
        self._window.setAccessibleName(self.tr("Plots reach back {n} minutes").format(n=minutes))
        for action in self._window_menu.actions():
            action.setChecked(action.data() == minutes)

    def show_collapsed(self, is_collapsed: bool) -> None:
        """Be a column beside the plots, or a row in a line."""
        text = self.tr("Show the plots") if is_collapsed else self.tr("Collapse the plots")
        self._collapse.set_icon("up" if is_collapsed else "down")
        self._collapse.set_tooltip(text)
        self._collapse_action.setText(text)
        self._window.setVisible(not is_collapsed)
        while self._layout.count():
            self._layout.takeAt(0)
        across = Qt.AlignmentFlag.AlignHCenter
        if is_collapsed:
            self._layout.setDirection(QBoxLayout.Direction.LeftToRight)
            self._layout.setContentsMargins(4, 2, 6, 2)
            self._layout.addWidget(self._table)
            self._layout.addWidget(self._collapse)
        else:
            self._layout.setDirection(QBoxLayout.Direction.TopToBottom)
            self._layout.setContentsMargins(2, 4, 4, 4)
            self._layout.addWidget(self._collapse, 0, across)
            self._layout.addWidget(self._table, 0, across)
            self._layout.addStretch(1)
            self._layout.addWidget(self._window, 0, across)
        self._keep_width(is_collapsed)

    def _keep_width(self, is_collapsed: bool) -> None:
        """The column is as wide as its widest text: the plots must not move when another is chosen."""
        widest = self.fontMetrics().horizontalAdvance(
            self.tr("{n} min").format(n=WINDOWS_MIN[-1]) + " \u25be"
        )
        self.setMinimumWidth(0 if is_collapsed else widest + 18)

    def _make_window_menu(self) -> QMenu:
        menu = QMenu(self.tr("Reach back"), self)
        group = QActionGroup(menu)
        for minutes in WINDOWS_MIN:
            title = self.tr("1 minute") if minutes == 1 else self.tr("{n} minutes").format(n=minutes)
            action = QAction(title, menu)
            action.setData(minutes)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, minutes=minutes: self.window_chosen.emit(minutes))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _fill_menu(self) -> None:
        self.menu.addAction(self.tr("Show values as a table\u2026"), self.table_asked.emit)
        self.menu.addAction(self.tr("Copy values"), self.copy_asked.emit)
        self.menu.addSeparator()
        self.menu.addMenu(self._window_menu)
        self.menu.addSeparator()
        self._collapse_action = self.menu.addAction("", self.collapse_asked.emit)
