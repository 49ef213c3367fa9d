"""The near end alone, with a process in the worker's place that does one odd thing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import pytest

from app.worker import client as client_module
from app.worker import protocol as p
from app.worker.client import WorkerClient

_LEAVES_AFTER_S = 0.7


def gives_up_slowly(
    path: str, values: dict[str, Any], split: Any, commands: Any, events: Queue[p.Event], log: str, kept: Any
) -> None:
    """As llama.cpp's abort does it: the word first, the process's end (a core dump, say) a while later."""
    events.put(p.Aborting("lost it", ("127.0.0.1:50052",)))
    time.sleep(_LEAVES_AFTER_S)
    os._exit(6)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerClient]:
    monkeypatch.setattr(client_module, "worker_main", gives_up_slowly)
    with WorkerClient("none.gguf", {}, tmp_path / "worker.log") as client:
        yield client


def test_a_last_word_kept_for_the_client_is_no_empty_answer(client: WorkerClient) -> None:
    failed, exited = client.receive()  # without limit: so never empty before the end
    assert isinstance(failed, p.LoadFailed)
    assert "127.0.0.1:50052" in failed.message
    assert isinstance(exited, p.Exited)
    assert client.receive() == []


def test_with_a_limit_it_is_not_the_end_of_the_wait(client: WorkerClient) -> None:
    events = client.receive(30.0)
    assert isinstance(events[-1], p.Exited)
    assert events[-1].lost_workers == ("127.0.0.1:50052",)


def test_a_limit_is_kept(client: WorkerClient) -> None:
    assert client.receive(0) == []
    assert client.receive(0.01) == []
