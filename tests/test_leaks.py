"""The leak check itself can fail."""

from __future__ import annotations

import logging
import subprocess
import threading
from typing import Any

import psutil
import pytest

from tests import leaks
from tests.leaks import LeakCheck


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> LeakCheck:
    monkeypatch.setattr(leaks, "SETTLE_S", 0.1)
    check = LeakCheck(("^WARNING expected",))
    check.start()
    return check


def test_finds_nothing_where_nothing_is_left(check: LeakCheck) -> None:
    assert check.finish(set()) == []


@pytest.mark.allow_log("expected", "surprise")
def test_names_unexpected_warnings_only(check: LeakCheck) -> None:
    logging.getLogger("expected").warning("one")
    logging.getLogger("surprise").warning("two")
    assert check.finish(set()) == ["  logged WARNING surprise: two"]


def test_names_a_running_thread(check: LeakCheck) -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, name="stray", daemon=True)
    thread.start()
    found = check.finish(set())
    go_on.set()
    thread.join()
    assert len(found) == 1
    assert "stray" in found[0]


def test_ends_and_names_a_running_process(check: LeakCheck) -> None:
    process = subprocess.Popen(["sleep", "60"])
    found = check.finish(set())
    assert found == [f"  process {process.pid}: sleep 60"]
    assert not psutil.pid_exists(process.pid)
    process.wait()


def test_names_a_visible_window(check: LeakCheck, qapp: Any) -> None:
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    window.show()
    found = check.finish(set())
    assert len(found) == 1
    assert "QWidget" in found[0]
