"""Saving as it goes: streamed text twice a second, and again and again while the disk refuses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.conversation import Conversation, Message
from app.core.history import History, HistoryError, HistoryProblem, checkpoint

SAVE_INTERVAL_MS = 500  # at most a second of text may be lost: half of that, and a late timer
RETRY_INTERVAL_MS = 2000
CHECKPOINT_BYTES = 4 << 20

_log = logging.getLogger(__name__)


class Saver(QObject):
    """Writes to the history for the chat; a refusal is told once and tried again until it is over."""

    trouble = Signal(object)  # HistoryError
    trouble_over = Signal()

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._dirty: dict[str, tuple[Conversation, dict[str, Message]]] = {}
        self._refused: HistoryProblem | None = None  # while the disk refuses
        self._is_told = False
        self._is_closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save_dirty)
        self._checkpoint: threading.Thread | None = None

    def save(self, conversation: Conversation, messages: Iterable[Message] = ()) -> None:
        """Write now. A conversation in which nothing was said yet is not written at all."""
        if conversation.is_empty:
            return
        _, dirty = self._dirty.pop(conversation.id, (conversation, dict[str, Message]()))
        dirty.update((message.id, message) for message in messages)
        self.attempt(lambda: self._history.save(conversation, dirty.values()))

    def save_soon(self, conversation: Conversation, message: Message | None = None) -> None:
        """Write within half a second, however often this is called."""
        if conversation.is_empty:
            return
        _, dirty = self._dirty.setdefault(conversation.id, (conversation, {}))
        if message is not None:
            dirty[message.id] = message
        if not self._timer.isActive():
            self._timer.start(SAVE_INTERVAL_MS)

    def save_dirty(self) -> None:
        """Write everything that `save_soon` was told of, and what was refused before."""
        dirty, self._dirty = self._dirty, {}
        if not dirty and self._history.n_waiting:
            self.attempt(self._history.flush)
        for conversation, messages in dirty.values():
            self.save(conversation, messages.values())
        self._checkpoint_if_long()

    def attempt(self, action: Callable[[], None]) -> bool:
        """Do something to the history; a refusal is told by `trouble` and tried again. Whether it was done."""
        try:
            action()
        except HistoryError as error:
            self._refuse(error)
            return False
        if self._refused is not None and not self._history.n_waiting:
            self._refused = None
            if self._is_told:
                self._is_told = False
                self.trouble_over.emit()
        return True

    def close(self) -> None:
        """Write everything, delete for good what was deleted, close the history."""
        if self._is_closed:
            return
        self._is_closed = True
        self._timer.stop()
        self.save_dirty()
        self._timer.stop()
        if self._checkpoint is not None:
            self._checkpoint.join()
        for action in (self._history.purge_deleted, self._history.close):
            try:
                action()
            except HistoryError as error:
                _log.error("the history could not be saved at the end: %s", error)

    def _refuse(self, error: HistoryError) -> None:
        is_passing = error.problem == HistoryProblem.LOCKED and self._refused is None
        self._refused = error.problem
        if self._history.n_waiting or self._dirty:
            self._timer.start(RETRY_INTERVAL_MS)
        if not self._is_told and not is_passing:  # another program's write is over by the next attempt
            self._is_told = True
            _log.warning("the history refuses (%s): %s", error.problem, error)
            self.trouble.emit(error)

    def _checkpoint_if_long(self) -> None:
        """The log goes back into the file in a thread: it waits for the disk."""
        if self._checkpoint is not None and self._checkpoint.is_alive():
            return
        if self._history.path is None or self._history.wal_bytes < CHECKPOINT_BYTES:
            return
        self._checkpoint = threading.Thread(
            target=_checkpoint_quietly, args=(self._history,), name="history-checkpoint"
        )
        self._checkpoint.start()


def _checkpoint_quietly(history: History) -> None:
    try:
        if history.path is not None:
            checkpoint(history.path)
    except HistoryError as error:  # the next one will do it, or the end
        _log.info("no checkpoint: %s", error)
