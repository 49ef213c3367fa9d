"""How a button looks that opens a menu in the strip: its text, and a small arrow after it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton

from app.ui.icons import icon
from app.ui.theme import Theme


def dress_as_menu(button: QToolButton, theme: Theme) -> None:
    """Give `button` the arrow, and let a click open its menu."""
    button.setIcon(icon(theme, "down"))
    button.setIconSize(QSize(10, 10))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow comes after the text
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
