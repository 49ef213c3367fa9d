"""Files that are dragged over a field for text are for the window to take, not to be typed there."""

from __future__ import annotations

from PySide6.QtCore import QMimeData


def holds_files(dragged: QMimeData) -> bool:
    """Whether files are dragged; Qt offers their addresses as text too."""
    return any(url.isLocalFile() for url in dragged.urls())
