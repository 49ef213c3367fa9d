"""A worker with a draft model in it: on a device of its own, lost, killed, and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.reasons import FailureKind
from app.core.run import Got
from app.worker import protocol as p
from tests.broken_link import broken_link
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.tiny_models import build_llama
from tests.worker.test_worker import Start, Talk, start

__all__ = ["start"]

needs_rpc = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
ENDLESS = {"temperature": 0.0, "max_tokens": 1_000_000}
STORY = "Once upon a time there was"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return build_llama(folder / "draft.gguf", n_layers=1, seed=5)


def drafted(small: Path, **values: Any) -> dict[str, Any]:
    return {"draft_source": "model", "draft_model": str(small), **values}


def loaded(talk: Talk) -> Got:
    event = talk.until(p.Loaded, p.LoadFailed)
    assert isinstance(event, p.Loaded), event
    return Got.from_dict(event.got)


def tells(talk: Talk, **fields: Any) -> str:
    request_id = talk.generate(prompt=STORY, **fields)
    ended = talk.until(p.Finished, p.Failed)
    assert isinstance(ended, p.Finished), ended
    return talk.text(request_id)


def test_the_draft_is_a_stage_of_the_load_and_part_of_what_was_got(
    tiny_model: Path, small: Path, start: Start
) -> None:
    talk = start(tiny_model, **drafted(small))
    got = loaded(talk)
    stages = [event.stage for event in talk.events if isinstance(event, p.LoadProgress)]
    assert list(dict.fromkeys(stages)) == ["weights", "context", "warm_up", "draft"]
    assert got.draft is not None
    assert got.devices[0].draft_bytes == sum(device.held_bytes for device in got.draft.devices) > 0
    assert tells(talk)


def test_a_killed_worker_leaves_nothing_of_either_model(
    tiny_model: Path, small: Path, start: Start, tmp_path: Path
) -> None:
    talk = start(tiny_model, **drafted(small))
    loaded(talk)
    assert talk.client.pid is not None
    process = psutil.Process(talk.client.pid)
    before = set(tmp_path.rglob("*"))
    request_id = talk.generate(prompt=STORY, sampling=ENDLESS, overflow="drop_oldest")
    talk.until(p.TextDelta)
    talk.client._process.kill()  # as the system would, not as the client does
    failed, exited = talk.until(p.Failed), talk.until(p.Exited)
    assert (failed.request_id, failed.kind) == (request_id, FailureKind.WORKER_LOST)
    assert (exited.signal_name, exited.expected) == ("SIGKILL", False)
    assert talk.endings()[request_id] == 1
    assert not process.is_running()
    assert set(tmp_path.rglob("*")) == before
    again = start(tiny_model, **drafted(small))
    assert loaded(again).draft is not None
    assert tells(again)


def test_a_bad_draft_ends_the_load_with_its_row(tiny_model: Path, tmp_path: Path, start: Start) -> None:
    other = build_llama(tmp_path / "other.gguf", n_vocab=1000)
    for path in (other, tmp_path / "gone.gguf"):
        talk = start(tiny_model, **drafted(path))
        failed = talk.until(p.LoadFailed, p.Loaded)
        assert isinstance(failed, p.LoadFailed)
        assert (failed.kind, failed.detail) == (FailureKind.BAD_SETTING, "draft_model")
        assert talk.until(p.Exited).expected


@pytest.mark.rpc
@needs_rpc
def test_a_draft_on_a_remote_device_writes_what_is_written_without(
    tiny_model: Path, small: Path, start: Start
) -> None:
    plain = start(tiny_model)
    loaded(plain)
    expected = tells(plain)
    with rpc_worker() as remote:
        values = {"rpc_servers": [remote.endpoint], "devices": ["none"], "draft_devices": ["RPC0"]}
        talk = start(tiny_model, **drafted(small, **values))
        got = loaded(talk)
        assert got.draft is not None
        assert (got.n_layers_offloaded, got.draft.n_layers_offloaded) == (0, 2)
        held = {
            device.name: (device.held_bytes - device.draft_bytes, device.draft_bytes)
            for device in got.devices
        }
        assert held["RPC0"][0] == 0 < held["RPC0"][1]
        assert got.differences == ()
        assert tells(talk) == expected
        talk.client._process.kill()
        talk.until(p.Exited)
        again = start(tiny_model, **drafted(small, **values))  # the remote worker has let go of the draft
        assert loaded(again).draft is not None
        assert tells(again) == expected
        again.client.stop()


@pytest.mark.rpc
@needs_rpc
def test_its_remote_worker_lost_in_the_middle_is_named(tiny_model: Path, small: Path, start: Start) -> None:
    with rpc_worker() as remote:
        values = {"rpc_servers": [remote.endpoint], "devices": ["none"], "draft_devices": ["RPC0"]}
        talk = start(tiny_model, **drafted(small, **values))
        loaded(talk)
        request_id = talk.generate(prompt=STORY, sampling=ENDLESS, overflow="drop_oldest")
        talk.until(p.TextDelta)
        remote.kill()
        # Where guessing does not pay it guesses no more: then asking for the memory, twice a second, notices it.
        failed = talk.until(p.Failed)
        assert (failed.request_id, failed.kind) == (request_id, FailureKind.DEVICE_LOST)
        assert remote.endpoint in failed.message
        assert talk.until(p.Exited).lost_workers == (remote.endpoint,)


@pytest.mark.rpc
@needs_rpc
def test_a_remote_worker_lost_while_the_draft_loads_ends_the_load(
    tiny_model: Path, small: Path, start: Start
) -> None:
    n_bytes = small.stat().st_size // 2  # of its weights, the only ones that go there
    with rpc_worker() as remote, broken_link(remote.endpoint, n_bytes) as link:
        values = {"rpc_servers": [link.endpoint], "devices": ["none"], "draft_devices": ["RPC0"]}
        talk = start(tiny_model, **drafted(small, **values))
        failed = talk.until(p.LoadFailed, p.Loaded)
        assert isinstance(failed, p.LoadFailed), failed
        assert link.is_cut
        assert (failed.kind, failed.detail) == (FailureKind.DEVICE_LOST, "rpc_servers")
        assert "draft" in {event.stage for event in talk.events if isinstance(event, p.LoadProgress)}
        assert talk.until(p.Exited).expected
