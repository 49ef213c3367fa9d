"""Tooltips from texts that others wrote: the names in model files, titles of conversations, notes."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import Qt as GuiQt


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is. Qt takes what looks like HTML for HTML, and loads pictures it names."""
    if not GuiQt.mightBeRichText(text):
        return text
    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>"
