"""What a view shows while it has nothing: what this is, and the one thing to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme


class EmptyState(QWidget):
    """Icon, title, sentence and at most one button, `clicked` when it was; `second_clicked` for a quieter one."""

    clicked = Signal()
    second_clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        icon_name: str,
        title: str,
        text: str,
        button_text: str = "",
        parent: QWidget | None = None,
        *,
        second_text: str = "",
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon_name
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(title, self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "title")
        self._title.setWordWrap(True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel(text, self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setProperty("role", "dim")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        self._text.setMaximumWidth(420)
        self.button = QPushButton(button_text, self)
        self.button.setProperty("role", "primary")
        self.button.setVisible(bool(button_text))
        self.button.clicked.connect(self.clicked)
        self.second = QPushButton(second_text, self)
        self.second.setVisible(bool(second_text))
        self.second.clicked.connect(self.second_clicked)
        self._arrange()
        theme.changed.connect(self._draw)
        self._draw()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(self._picture)
        layout.addWidget(self._title)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._text, 100)
        middle.addStretch(1)
        layout.addLayout(middle)
        layout.addSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.button)
        buttons.addWidget(self.second)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        layout.addStretch(3)

    def show_text(self, title: str, text: str, button_text: str = "") -> None:
        """Says something else."""
        self._title.setText(title)
        self._text.setText(text)
        self.button.setText(button_text)
        self.button.setVisible(bool(button_text))

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._theme, self._icon_name, 40, "faint"))
