"""One window per profile."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from app.ui.shell.single_instance import SingleInstance


def test_only_the_first_may_claim_a_profile(tmp_path: Path, qtbot: QtBot) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim()
    assert not second.claim()
    (tmp_path / "other").mkdir()
    other = SingleInstance(tmp_path / "other")
    assert other.claim()
    other.release()
    first.release()
    assert second.claim()
    second.release()


def test_senseless_messages_do_no_harm(tmp_path: Path, qtbot: QtBot, allow_log) -> None:
    allow_log("senseless")
    first = SingleInstance(tmp_path)
    assert first.claim()
    for message in (b"not json\n", b"[1, 2]\n", b"x" * 200_000):
        socket = QLocalSocket()
        socket.connectToServer(first._name)
        assert socket.waitForConnected(1000)
        with qtbot.assertNotEmitted(first.asked, wait=100):
            socket.write(message)
            socket.flush()
        socket.abort()
    first.release()
