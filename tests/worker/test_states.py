"""What a worker has read of a conversation, kept for the next worker: with real processes and real files."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.run import Reuse, Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

TOLD = (
    {"role": "user", "content": "Tell me a story about a fox and a crow, and what the fox said to the crow."},
)


class Talk:
    """A worker, and what it answers."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        client.start()
        self.until(p.Loaded)

    def until(self, kind: type[Any]) -> Any:
        while True:
            for event in self.client.receive(30):
                self._check(event, kind)
                if isinstance(event, kind):
                    return event

    def _check(self, event: p.Event, kind: type[Any]) -> None:
        if isinstance(event, p.LoadFailed | p.Failed | p.Exited) and not isinstance(event, kind):
            pytest.fail(f"unexpected: {event}")
        if isinstance(event, p.TextDelta):
            self.said += event.text

    def say(self, conversation: str = "c", messages: Any = TOLD) -> tuple[str, Reuse]:
        """The reply, and what of its prompt was reused."""
        self.said = ""
        sampling = {"temperature": 0.0, "max_tokens": 16}
        self.client.send(
            p.Generate(self.client.next_id(), messages=messages, sampling=sampling, conversation=conversation)
        )
        finished = self.until(p.Finished)
        reuse = Reuse.from_dict(finished.reuse)
        assert Timings.from_dict(finished.timings).cached_n == reuse.cached_n
        return self.said, reuse

    said = ""

    def stop(self) -> None:
        self.client.stop()
        self.until(p.Exited)


Start = Callable[..., Talk]


@pytest.fixture
def states_dir(tmp_path: Path) -> Path:
    return tmp_path / "states"


@pytest.fixture
def start(tmp_path: Path, states_dir: Path) -> Iterator[Start]:
    clients: list[WorkerClient] = []

    def begin(path: Path, limit_bytes: int = 1 << 24, folder: str = "", **values: Any) -> Talk:
        kept = p.KeptStates(folder or str(states_dir), limit_bytes, 16)
        log = tmp_path / f"worker-{len(clients)}.log"
        clients.append(WorkerClient(str(path), {"n_ctx": 512, **values}, log, (), kept))
        return Talk(clients[-1])

    yield begin
    for client in clients:
        client.stop()
        while client.receive(0.5):
            pass


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.rglob("*.*"))


def test_a_conversation_is_read_once_for_two_workers(
    tiny_model: Path, start: Start, states_dir: Path
) -> None:
    first = start(tiny_model)
    said, reuse = first.say()
    assert reuse.cached_n == 0
    first.stop()
    assert files(states_dir) == [".state"]
    second = start(tiny_model)
    assert second.say() == (said, Reuse(reuse.prompt_n, reuse.prompt_n, 0, "disk", ""))
    longer = (*TOLD, {"role": "assistant", "content": said}, {"role": "user", "content": "And then?"})
    _, reuse = second.say(messages=longer)
    assert (reuse.source, reuse.loss) == ("slot", "")


@pytest.mark.parametrize(
    "values",
    [
        {"type_k": "q8_0"},
        {"rope_freq_base": 12345.0},
        {"n_ctx": 1024},
        {"kv_unified": False},
        {"flash_attn": "off"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_was_read_serves_only_where_it_is_the_same(
    tiny_model: Path, start: Start, values: dict[str, Any]
) -> None:
    first = start(tiny_model)
    said, _ = first.say()
    first.stop()
    same, reuse = start(tiny_model, **values).say()
    is_same = "n_ctx" in values
    assert reuse.source == ("disk" if is_same else "")
    assert same == said or not is_same


def test_another_model_reads_for_itself(tmp_path: Path, tiny_model: Path, start: Start) -> None:
    from tests.tiny_models import build_llama

    first = start(tiny_model)
    first.say()
    first.stop()
    _, reuse = start(build_llama(tmp_path / "other.gguf", seed=99)).say()
    assert reuse.source == ""


def test_a_deleted_conversation_is_gone_though_its_worker_still_runs(
    tiny_model: Path, start: Start, states_dir: Path
) -> None:
    first = start(tiny_model)
    first.say("kept")
    first.stop()
    second = start(tiny_model)
    second.say("kept")
    second.client.send(p.Forget("kept"))
    _, reuse = second.say("another")
    assert reuse.cached_n < reuse.prompt_n
    second.client.send(p.Forget("another"))
    second.stop()
    assert files(states_dir) == []


def test_a_damaged_state_only_costs_processing(tiny_model: Path, start: Start, states_dir: Path) -> None:
    first = start(tiny_model)
    said, _ = first.say()
    first.stop()
    (path,) = states_dir.rglob("*.state")
    raw = bytearray(path.read_bytes())
    raw[-100] ^= 1
    path.write_bytes(raw)
    second = start(tiny_model)
    again, reuse = second.say()
    assert (again, reuse.cached_n) == (said, 0)
    assert files(states_dir) == [".damaged"]
    second.stop()
    assert files(states_dir) == [".damaged", ".state"]


def test_a_folder_that_cannot_be_written_only_costs_processing(
    tiny_model: Path, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("not a folder")
    folder = str(tmp_path / "a file" / "states")
    first = start(tiny_model, folder=folder)
    said, _ = first.say()
    first.stop()
    assert start(tiny_model, folder=folder).say()[0] == said


def test_the_limit_is_kept(tiny_model: Path, start: Start, states_dir: Path) -> None:
    first = start(tiny_model, limit_bytes=1000)
    first.say()
    first.stop()
    assert files(states_dir) == []


def test_a_killed_worker_leaves_what_was_whole(tiny_model: Path, start: Start, states_dir: Path) -> None:
    first = start(tiny_model)
    said, _ = first.say()
    first.stop()
    second = start(tiny_model)
    second.say()
    pid = second.client.pid
    assert pid is not None
    (folder,) = states_dir.iterdir()
    (folder / f"{pid}-half.partial").write_bytes(b"LOADOUT")  # as if it was in the middle of writing
    os.kill(pid, signal.SIGKILL)
    second.until(p.Exited)
    third = start(tiny_model)
    assert files(states_dir) == [".state"]
    again, reuse = third.say()
    assert (again, reuse.source) == (said, "disk")


def test_without_a_folder_nothing_is_kept(tiny_model: Path, tmp_path: Path) -> None:
    with WorkerClient(str(tiny_model), {"n_ctx": 512}, tmp_path / "w.log") as client:
        talk = Talk.__new__(Talk)
        talk.client = client
        talk.until(p.Loaded)
        talk.say()
        client.stop()
        talk.until(p.Exited)
    assert [path.name for path in tmp_path.iterdir()] == ["w.log"]


@pytest.mark.rpc
@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_a_state_that_lies_on_a_remote_device_is_kept_too(tiny_model: Path, start: Start) -> None:
    with rpc_worker() as remote:
        first = start(tiny_model, rpc_servers=[remote.endpoint])
        said, _ = first.say()
        first.stop()
        second = start(tiny_model, rpc_servers=[remote.endpoint])
        again, reuse = second.say()
        assert (again, reuse.source) == (said, "disk")
        second.stop()
    here, reuse = start(tiny_model).say()  # and serves without it
    assert reuse.source == "disk"
    assert here == said
