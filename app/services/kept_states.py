"""What models have read of conversations, kept on disk: where, how much, and its end with the conversation."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core import prompt_states
from app.services.job_thread import JobThread
from app.services.preferences import Preferences
from app.worker.protocol import KeptStates

_log = logging.getLogger(__name__)
_GIB = 1 << 30
_CLOSE_S = 5.0


class KeptStatesService(QObject):
    """Tells workers where to keep states, and removes files on a thread of its own: large ones take a moment to go."""

    size_known = Signal(
        object
    )  # what all of it takes, in bytes (an int larger than Qt's); after `ask_size`, `clear`

    def __init__(self, folder: Path, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._preferences = preferences
        self._jobs = JobThread("kept-states")
        preferences.changed.connect(self._preference_changed)

    def place(self) -> KeptStates:
        """For a worker that is about to start."""
        value = self._preferences.value
        folder = str(self._folder) if value("keep_states") else ""
        return KeptStates(folder, int(value("states_limit_gib")) * _GIB, int(value("states_least_tokens")))

    def forget(self, conversation_id: str) -> None:
        """Remove what all models have kept of a conversation; the one that is loaded is told by `Session.forget`."""
        self._jobs.post(lambda: prompt_states.forget(self._folder, [conversation_id]))

    def clear(self) -> None:
        """Remove all of it; what the loaded model still holds stays with it. `size_known` follows."""
        self._jobs.post(lambda: prompt_states.clear(self._folder))
        self.ask_size()

    def ask_size(self) -> None:
        """`size_known` follows."""
        self._jobs.post(self._tell_size)

    def close(self) -> None:
        """Ends the thread after what it has to do."""
        if not self._jobs.close(_CLOSE_S):
            _log.info("files of kept states are still being removed")

    def _preference_changed(self, key: str) -> None:
        if key == "states_limit_gib":
            limit_bytes = self.place().limit_bytes
            self._jobs.post(lambda: self._trim(limit_bytes))

    def _trim(self, limit_bytes: int) -> None:
        prompt_states.trim(self._folder, limit_bytes)
        self._tell_size()

    def _tell_size(self) -> None:
        size_bytes = prompt_states.size_bytes(self._folder)
        try:
            self.size_known.emit(size_bytes)
        except RuntimeError:  # the Qt object is gone: the app is closing
            return
