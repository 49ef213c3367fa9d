"""A flat button that shows one icon."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from app.ui.icons import icon
from app.ui.theme import Theme


class IconButton(QToolButton):
    """An icon with a tooltip, which is its accessible name too; `tone` is its colour, `on` while it is checked."""

    def __init__(
        self,
        theme: Theme,
        icon_name: str,
        tooltip: str,
        parent: QWidget | None = None,
        *,
        size_px: int = 16,
        checkable: bool = False,
        tone: str = "dim",
        on: str = "accent",
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = tone
        self._on = on
        self.setIcon(icon(theme, icon_name, tone, on=on))
        self.setIconSize(QSize(size_px, size_px))
        self.setFixedSize(size_px + 12, size_px + 12)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoRaise(True)
        self.set_tooltip(tooltip)

    def set_icon(self, icon_name: str) -> None:
        """Shows another icon."""
        self.setIcon(icon(self._theme, icon_name, self._tone, on=self._on))

    def set_tooltip(self, tooltip: str) -> None:
        """Changes what the button says it does."""
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)
