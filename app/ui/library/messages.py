"""What the Models page says in passing, with at most one thing to do about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.ui.theme import Theme
from app.ui.widgets import Toast

_SAID_MS = 6000


class Messages(QObject):
    """A toast over `parent` whose button does what the sentence on show offers."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._toast = Toast(theme, parent)
        self._action: Callable[[], object] | None = None
        self._toast.acted.connect(self._act)
        self._toast.gone.connect(self._forget)

    def say(
        self,
        text: str,
        button: str = "",
        action: Callable[[], object] | None = None,
        *,
        for_ms: int = _SAID_MS,
    ) -> None:
        """Shows `text` for so long, 0 until it is dismissed; `button` does `action`."""
        self._toast.show_text(text, button, for_ms=for_ms)
        self._action = action  # after: only now the sentence before this one has gone

    def _act(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()

    def _forget(self) -> None:
        self._action = None
