"""What to do about drafting, why, and a button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from app.core.draft_advice import DraftAdvice, remedy
from app.ui.chat.draft_words import advice_look, advice_text, advice_title, remedy_text
from app.ui.icons import pixmap
from app.ui.theme import Theme

ICON_PX = 20


class AdviceCard(QFrame):
    """Advice on drafts from `source` of at most `n_max` tokens; with `can_change` it can be followed."""

    followed = Signal(dict)  # load settings

    def __init__(
        self,
        theme: Theme,
        advice: DraftAdvice,
        source: str,
        n_max: int,
        parent: QWidget | None = None,
        *,
        can_change: bool = False,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._advice = advice
        self.setProperty("role", "card")
        self._sign = QLabel(self)
        self.title = QLabel(advice_title(advice.verdict), self)
        self.title.setProperty("role", "strong")
        self.text = QLabel(advice_text(advice, n_max), self)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setProperty("role", "dim")
        self.text.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.title, 0, 1)
        grid.addWidget(self.text, 1, 1)
        grid.setColumnStretch(1, 1)
        changes = remedy(advice, source)
        if changes and can_change:
            follow = QPushButton(remedy_text(advice), self)
            follow.clicked.connect(lambda: self.followed.emit(changes))
            grid.addWidget(follow, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        self.restyle()

    def restyle(self) -> None:
        """The theme has changed."""
        name, tone = advice_look(self._advice.verdict)
        self._sign.setPixmap(pixmap(self._theme, name, ICON_PX, tone))
