"""SIGINT and SIGTERM end the window as closing it does: saved, and with no worker left."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class ProcessSignals(QObject):
    """`asked_to_end` when the process gets one of the signals; does nothing on Windows, which has none."""

    asked_to_end = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._old: dict[int, object] = {}
        self._notifier: QSocketNotifier | None = None
        if sys.platform == "win32":
            return
        # Python runs a signal's function only between its own instructions, and Qt's loop has none: the wake-up
        # file brings the loop back.
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        for name in _SIGNALS:
            number = getattr(signal, name)
            self._old[number] = signal.signal(number, self._ignore)

    def close(self) -> None:
        """Puts back what was there before."""
        if self._notifier is None:
            return
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_wakeup)
        for number, before in self._old.items():
            signal.signal(number, before)  # pyright: ignore[reportArgumentType]
        self._near.close()
        self._far.close()
        self._notifier = None

    def _ignore(self, _number: int, _frame: FrameType | None) -> None:
        """The wake-up file tells; Python needs a function all the same."""

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._near.recv(64)
        self.asked_to_end.emit()
