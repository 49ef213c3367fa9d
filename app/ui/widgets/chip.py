"""A small coloured label: a memory effect, a state, a tag."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.ui.theme import set_role


class Chip(QLabel):
    """Text in a tone: a token's name (``kv``, ``good``, ``accent`` ...) or "" for neutral."""

    def __init__(
        self, text: str = "", tone: str = "", parent: QWidget | None = None, *, outline: bool = False
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "chip")
        self.setProperty("outline", "true" if outline else "false")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, tone: str = "") -> None:
        """Changes text and tone together."""
        self.setText(text)
        set_role(self, tone, "tone")
