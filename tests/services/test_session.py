"""The session on a real worker, under a real event loop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.core.reasons import FailureKind, StopReason
from app.services.session import Session, SessionState

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    numbers = iter(range(100))
    session = Session(lambda _path: tmp_path / f"worker-{next(numbers)}.log")
    yield session
    session.close()


def load(session: Session, qtbot: QtBot, path: Path, **values: Any) -> None:
    with qtbot.waitSignal(session.loaded, timeout=20_000):
        session.load(str(path), {"n_ctx": 512, **values})


def test_load_talk_eject(session: Session, qtbot: QtBot, tiny_model: Path) -> None:
    states: list[SessionState] = []
    session.state_changed.connect(states.append)
    load(session, qtbot, tiny_model)
    assert session.got
    assert (session.model_path, session.asked) == (str(tiny_model), {"n_ctx": 512})
    texts: list[str] = []
    session.text.connect(lambda delta: texts.append(delta.text))
    with qtbot.waitSignal(session.finished, timeout=20_000) as caught:
        request_id = session.generate(HELLO, {"max_tokens": 20})
    assert caught.args[0].request_id == request_id
    assert caught.args[0].reason == StopReason.MAX_TOKENS
    assert "".join(texts)
    pid = session.worker_pid
    assert pid
    with qtbot.waitSignal(
        session.state_changed, check_params_cb=lambda s: s is SessionState.EMPTY, timeout=10_000
    ):
        session.eject()
    assert not psutil.pid_exists(pid)
    assert states == [SessionState.LOADING, SessionState.READY, SessionState.EJECTING, SessionState.EMPTY]
    assert session.got is None


def test_loading_another_ejects_the_first(
    session: Session, qtbot: QtBot, tiny_model: Path, tiny_moe: Path
) -> None:
    load(session, qtbot, tiny_model)
    first = session.worker_pid
    load(session, qtbot, tiny_moe)
    assert first
    assert not psutil.pid_exists(first)
    assert session.model_path == str(tiny_moe)


def test_loading_another_while_the_first_loads(
    session: Session, qtbot: QtBot, tiny_model: Path, tiny_moe: Path
) -> None:
    failures: list[object] = []
    session.load_failed.connect(failures.append)
    session.load(str(tiny_model), {})
    load(session, qtbot, tiny_moe)
    assert session.model_path == str(tiny_moe)
    assert failures == []


def test_a_load_that_is_aborted(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    from tests.tiny_models import build_random

    path = build_random(tmp_path / "r.gguf", 60_000_000)
    session.load(str(path), {"use_mmap": False})
    with qtbot.waitSignal(session.load_failed, timeout=20_000) as caught:
        session.abort_load()
    assert caught.args[0].kind == FailureKind.CANCELLED
    qtbot.waitUntil(lambda: session.state is SessionState.EMPTY, timeout=10_000)


def test_a_broken_file(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_text("no model")
    lost: list[object] = []
    session.lost.connect(lost.append)
    with qtbot.waitSignal(session.load_failed, timeout=20_000) as caught:
        session.load(str(path), {})
    assert caught.args[0].kind == FailureKind.BAD_FILE
    qtbot.waitUntil(lambda: session.state is SessionState.EMPTY, timeout=10_000)
    assert lost == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_that_is_killed(session: Session, qtbot: QtBot, tiny_model: Path) -> None:
    load(session, qtbot, tiny_model)
    failed: list[Any] = []
    session.failed.connect(failed.append)
    request_id = session.generate(HELLO, {"max_tokens": 1_000_000}, overflow="drop_oldest")
    with qtbot.waitSignal(session.text, timeout=20_000):
        pass
    assert session.worker_pid
    with qtbot.waitSignal(session.lost, timeout=20_000) as caught:
        os.kill(session.worker_pid, signal.SIGKILL)
    assert caught.args[0].signal_name == "SIGKILL"
    assert [(event.request_id, event.kind) for event in failed] == [(request_id, FailureKind.WORKER_LOST)]
    assert session.state is SessionState.EMPTY
    load(session, qtbot, tiny_model)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_request_that_crosses_the_end_of_the_worker_fails_too(
    session: Session, qtbot: QtBot, tiny_model: Path
) -> None:
    load(session, qtbot, tiny_model)
    failed: list[Any] = []
    session.failed.connect(failed.append)
    assert session.worker_pid
    assert session._feed
    os.kill(session.worker_pid, signal.SIGKILL)
    session._feed.join(10)  # the end has been read, and waits for this thread
    assert session.state is SessionState.READY
    request_id = session.generate(HELLO, {"max_tokens": 5})
    with qtbot.waitSignal(session.lost, timeout=5000):
        pass
    qtbot.waitUntil(lambda: bool(failed), timeout=5000)
    assert [(event.request_id, event.kind) for event in failed] == [(request_id, FailureKind.WORKER_LOST)]


def test_a_request_without_a_model_fails_after_its_id_is_known(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.failed, timeout=5000) as caught:
        request_id = session.generate(HELLO, {})
    assert (caught.args[0].request_id, caught.args[0].kind) == (request_id, FailureKind.WORKER_LOST)


def test_closing_while_generating_leaves_nothing(session: Session, qtbot: QtBot, tiny_model: Path) -> None:
    load(session, qtbot, tiny_model)
    session.generate(HELLO, {"max_tokens": 1_000_000}, overflow="drop_oldest")
    with qtbot.waitSignal(session.text, timeout=20_000):
        pass
    pid = session.worker_pid
    session.close()
    assert pid
    assert not psutil.pid_exists(pid)
