"""How full the context is: counted by the worker a moment after the last change, exact while a reply streams."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.services.session import Session, SessionState
from app.worker.protocol import Failed, TokenCount

DEBOUNCE_MS = 300
SHOW_S = 0.2


class ContextMeter(QObject):
    """Asks the session how many tokens `messages()` takes, once what it counts has stopped changing."""

    usage = Signal(int, int)  # tokens, one slot's context; 0, 0 where it is not known

    def __init__(
        self, session: Session, messages: Callable[[], list[dict[str, str]]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._messages = messages
        self._request_id: int | None = None
        self._shown_s = 0.0
        self._held: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask)
        session.token_count.connect(self._take)
        session.failed.connect(self._give_up)
        session.state_changed.connect(self._session_changed)

    def count_soon(self) -> None:
        """What is counted has changed."""
        self._request_id = self._held = None  # an answer under way is about what was
        self._timer.start()

    def show(self, n_tokens: int) -> None:
        """A reply is being made here and its worker has said how much it takes; told a few times a second."""
        self._request_id = None
        self._timer.stop()
        self._held = n_tokens
        if time.monotonic() - self._shown_s >= SHOW_S:
            self.settle()

    def settle(self) -> None:
        """Tell what `show` was last given, if that is still to be told: the reply has ended."""
        n_tokens, self._held = self._held, None
        if n_tokens is None:
            return
        self._shown_s = time.monotonic()
        got = self._session.got
        self.usage.emit(n_tokens, got.n_ctx_slot if got else 0)

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()
        self._request_id = None

    def _ask(self) -> None:
        got = self._session.got
        if self._session.state is not SessionState.READY or got is None:
            self.usage.emit(0, 0)
            return
        messages = self._messages()
        if messages:
            self._request_id = self._session.count_tokens(messages)
        else:
            self.usage.emit(0, got.n_ctx_slot)

    def _take(self, count: TokenCount) -> None:
        if count.request_id == self._request_id:
            self._request_id = None
            self.usage.emit(count.n_tokens, count.n_ctx)

    def _give_up(self, failed: Failed) -> None:
        if failed.request_id == self._request_id:  # e.g. a broken template: a reply would say so
            self._request_id = None
            self.usage.emit(0, 0)

    def _session_changed(self) -> None:
        self.count_soon()
