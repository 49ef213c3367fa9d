"""One window per profile: a second start hands its file to the first and ends."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_log = logging.getLogger(__name__)
_ANSWER_MS = 2000
_LONGEST_MESSAGE = 64 * 1024


class SingleInstance(QObject):
    """`claim` finds out who is first; `asked` carries what a later start wants ("" or a file to open)."""

    asked = Signal(str)

    def __init__(self, profile: Path, parent: QObject | None = None) -> None:
        """`profile` is a folder that identifies the profile."""
        super().__init__(parent)
        self._lock = QLockFile(str(profile / "window.lock"))
        self._lock.setStaleLockTime(0)  # stale only when its process is gone
        user = os.environ.get("USER", "") or os.environ.get("USERNAME", "")
        digest = hashlib.sha256(os.fsencode(f"{user}\0{profile.resolve()}")).hexdigest()[:20]
        self._name = f"loadout-{digest}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)

    def claim(self) -> bool:
        """Whether this is the first window of the profile; it then listens to later starts."""
        if not self._lock.tryLock(100):
            return False
        QLocalServer.removeServer(self._name)  # left behind by a crash: the lock says nobody owns it
        if not self._server.listen(self._name):
            _log.warning("later starts cannot reach this window: %s", self._server.errorString())
        return True

    def ask_first(self, file: str) -> bool:
        """Asks the first window to come forward and open `file`; whether it has answered."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_ANSWER_MS):
            return False
        socket.write(json.dumps({"open": file}).encode() + b"\n")
        socket.waitForBytesWritten(_ANSWER_MS)
        answered = socket.waitForReadyRead(_ANSWER_MS) and bytes(socket.readAll().data()).startswith(b"ok")
        socket.disconnectFromServer()
        return answered

    def release(self) -> None:
        """Lets the next start be the first."""
        self._server.close()
        self._lock.unlock()

    def _greet(self) -> None:
        socket = self._server.nextPendingConnection()
        socket.readyRead.connect(lambda: self._read(socket))
        socket.disconnected.connect(socket.deleteLater)
        self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > _LONGEST_MESSAGE:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        try:
            wish = json.loads(bytes(socket.readLine().data()))
            file = str(wish.get("open", ""))
        except (ValueError, AttributeError):
            _log.warning("a later start sent something senseless")
            return
        socket.write(b"ok\n")
        socket.flush()
        self.asked.emit(file)
