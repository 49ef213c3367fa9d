"""A large figure and, under it, what it says."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget


class FigureTile(QFrame):
    """One of several side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self._figure = QLabel(self)
        self._figure.setProperty("role", "title")
        self._caption = QLabel(self)
        self._caption.setProperty("role", "hint")
        self._caption.setWordWrap(True)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(1)
        column.addWidget(self._figure)
        column.addWidget(self._caption, 1)

    @property
    def texts(self) -> tuple[str, str]:
        """The figure and what it says."""
        return self._figure.text(), self._caption.text()

    def show_figure(self, figure: str, caption: str) -> None:
        """Show another one."""
        self._figure.setText(figure)
        self._caption.setText(caption)
        self.setAccessibleName(f"{figure} {caption}")
