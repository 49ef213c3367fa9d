"""A remark in a conversation: something was left out, a reply failed or was interrupted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme, set_role

DETAIL_CHARS = 300  # a template may raise whatever it likes


class Notice(QFrame):
    """An icon in a tone, what happened, what to do about it, and at most one button."""

    acted = Signal()

    def __init__(self, theme: Theme, icon_name: str, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon_name
        self._tone = tone
        set_role(self, "card")
        self._picture = QLabel(self)
        self._picture.setFixedWidth(18)
        self._title = _line(self, "")
        self._detail = _line(self, "dim")
        self._advice = _line(self, "hint")
        self._button = QPushButton(self)
        self._button.clicked.connect(self._act)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._detail)
        texts.addWidget(self._advice)
        layout = self._layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.restyle()

    def show_text(self, title: str, advice: str = "", button_text: str = "", *, detail: str = "") -> None:
        """What it says; `detail` is what the engine or the model's file says of it, as it came."""
        self._title.setText(title)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self._button.setText(button_text)
        self._button.setVisible(bool(button_text))
        self._detail.setText(detail if len(detail) <= DETAIL_CHARS else f"{detail[:DETAIL_CHARS]}…")
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(" ".join(part for part in (title, self._detail.text(), advice) if part))

    def height_for(self, width: int) -> int:
        """The height that it takes at `width`, in pixels."""
        self._layout.activate()  # while hidden it would answer from before the text was set
        return self._layout.totalHeightForWidth(width)

    def set_can_act(self, can_act: bool) -> None:
        """Whether the button can be pressed now."""
        self._button.setEnabled(can_act)

    def tab_chain(self) -> list[QWidget]:
        """Its controls in the order of the Tab key."""
        return [self._button]

    def _act(self) -> None:
        self.acted.emit()

    def restyle(self) -> None:
        """The theme has changed."""
        self._picture.setPixmap(pixmap(self._theme, self._icon_name, 16, self._tone))


def _line(parent: QWidget, role: str) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label
