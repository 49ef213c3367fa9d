"""A button with a menu that shows what is chosen, shortened to the room it has."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel


class PickerButton(QPushButton):
    """Looks like a combo box, opens a menu that is filled when it is about to show."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, has_menu: bool = True) -> None:
        """Without `has_menu` only `clicked` tells that it was pressed."""
        super().__init__(parent)
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if has_menu:
            self.setMenu(QMenu(self))
        self._name = ElidedLabel("", self)
        self._caret = QLabel(self)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(10, 0, 8, 0)
        inside.setSpacing(6)
        inside.addWidget(self._name, 1)
        inside.addWidget(self._caret)
        for label in (self._name, self._caret):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self._draw)
        self._draw()

    def show_name(self, name: str) -> None:
        """Says what is chosen."""
        self._name.setText(name)
        self.setAccessibleName(name)

    def _draw(self) -> None:
        self._caret.setPixmap(pixmap(self._theme, "down", 12))
