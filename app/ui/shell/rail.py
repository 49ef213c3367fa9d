"""The narrow column at the left: one icon per page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.ui.shell.page import Page
from app.ui.theme import Theme
from app.ui.widgets import IconButton

_BUTTON_PX = 36


class Rail(QFrame):
    """`chosen` carries the key of the page whose button was pressed; `help_requested` asks for the help menu."""

    chosen = Signal(str)
    help_requested = Signal(QWidget)

    def __init__(self, theme: Theme, pages: Sequence[Page], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, IconButton] = {}
        column = QVBoxLayout()
        column.setContentsMargins(8, 10, 7, 10)
        column.setSpacing(4)
        for page in pages:
            self._buttons[page.key] = self._button(theme, page)
        for page in pages:
            if not page.at_bottom:
                column.addWidget(self._buttons[page.key])
        column.addStretch(1)
        for page in pages:
            if page.at_bottom:
                column.addWidget(self._buttons[page.key])
        help_button = IconButton(theme, "help", self.tr("Help"), self, size_px=18)
        help_button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        help_button.clicked.connect(lambda: self.help_requested.emit(help_button))
        column.addWidget(help_button)
        self._frame(column)

    def _frame(self, column: QVBoxLayout) -> None:
        line = QFrame(self)
        line.setProperty("role", "vline")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column)
        row.addWidget(line)

    def _button(self, theme: Theme, page: Page) -> IconButton:
        button = IconButton(theme, page.icon_name, page.title, self, size_px=18, checkable=True)
        button.setIconSize(QSize(20, 20))
        button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(page.key))
        self._group.addButton(button)
        return button

    def show_page(self, key: str) -> None:
        """Marks the page that is shown."""
        self._buttons[key].setChecked(True)

    def button(self, key: str) -> IconButton:
        """The button of a page."""
        return self._buttons[key]

    def add_hint(self, key: str, shortcut: str) -> None:
        """Names the page's shortcut in its button's tooltip."""
        button = self._buttons[key]
        button.setToolTip(f"{button.accessibleName()}  {shortcut}")
