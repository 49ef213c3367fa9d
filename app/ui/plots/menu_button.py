"""How a button looks that opens a menu in the strip: its text, and a small arrow after it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

_PADDING_PX = 6


def dress_as_menu(button: QToolButton) -> None:
    """Flat, text only, and a click opens its menu."""
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def show_text(button: QToolButton, text: str) -> None:
    """Write `text` and the arrow; the button is just as wide as they are."""
    shown = f"{text} \u25be"
    button.setText(shown)
    button.setFixedWidth(button.fontMetrics().horizontalAdvance(shown) + 2 * _PADDING_PX)
