"""A remote worker that goes away: while it generates, while it does nothing, while the model loads."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from app.core.reasons import FailureKind
from app.core.run import Got
from app.worker import protocol as p
from tests.broken_link import broken_link
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.tiny_models import build_llama
from tests.worker.test_worker import Start, Talk, start

__all__ = ["start"]
pytestmark = [pytest.mark.rpc, pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)]

ENDLESS = {"max_tokens": 1_000_000}


def generates(talk: Talk) -> int:
    """A reply under way that would never end."""
    event = talk.until(p.Loaded, p.LoadFailed)
    assert isinstance(event, p.Loaded), event
    return goes_on(talk)


def goes_on(talk: Talk) -> int:
    request_id = talk.generate(prompt="Once upon a time", sampling=ENDLESS, overflow="drop_oldest")
    talk.until(p.TextDelta)
    return request_id


def lost(talk: Talk) -> tuple[p.Failed, p.Exited]:
    failed, exited = talk.until(p.Failed), talk.until(p.Exited)
    assert isinstance(failed, p.Failed)
    assert isinstance(exited, p.Exited)
    return failed, exited


def test_while_it_generates(tiny_model: Path, start: Start) -> None:
    with rpc_worker() as remote:
        talk = start(tiny_model, rpc_servers=[remote.endpoint])
        request_id = generates(talk)
        remote.kill()
        failed, exited = lost(talk)
        assert (failed.request_id, failed.kind, failed.detail) == (
            request_id,
            FailureKind.DEVICE_LOST,
            "rpc_servers",
        )
        assert remote.endpoint in failed.message
        assert talk.text(request_id)  # what was written is there
        assert (exited.expected, exited.lost_workers) == (False, (remote.endpoint,))
        assert "Remote RPC server crashed" in exited.log_tail
        with rpc_worker(remote.port):  # it is back at its place
            again = start(tiny_model, rpc_servers=[remote.endpoint])
            assert generates(again)
            again.client.stop()
    without = start(tiny_model)
    assert generates(without)


@pytest.mark.parametrize("which", [0, 1])
def test_of_two_the_one_that_went_is_named(tmp_path: Path, start: Start, which: int) -> None:
    model = build_llama(tmp_path / "model.gguf", n_layers=9)
    with rpc_worker() as first, rpc_worker() as second:
        remotes = [first, second]
        endpoints = [remote.endpoint for remote in remotes]
        talk = start(model, rpc_servers=endpoints, n_gpu_layers=6, tensor_split=[1.0, 1.0])
        event = talk.until(p.Loaded, p.LoadFailed)
        assert isinstance(event, p.Loaded), event
        layers = {device.name: device.n_layers for device in Got.from_dict(event.got).devices}
        assert layers == {"RPC0": 3, "RPC1": 3, "CPU": 4}
        request_id = goes_on(talk)
        remotes[which].kill()
        failed, exited = lost(talk)
        assert (failed.request_id, failed.kind) == (request_id, FailureKind.DEVICE_LOST)
        assert exited.lost_workers == (endpoints[which],)
        other = start(model, rpc_servers=[endpoints[1 - which]], n_gpu_layers=6)
        assert generates(other)


def test_while_it_does_nothing(tiny_model: Path, start: Start) -> None:
    with rpc_worker() as remote:
        talk = start(tiny_model, rpc_servers=[remote.endpoint])
        talk.until(p.Loaded)
        remote.kill()
        exited = talk.until(p.Exited)
        assert exited.lost_workers == (remote.endpoint,)
        assert not exited.expected


@pytest.mark.parametrize("n_bytes", [300, 3_000, 150_000, 400_000])
def test_while_the_model_loads(tiny_model: Path, start: Start, n_bytes: int) -> None:
    with rpc_worker() as remote, broken_link(remote.endpoint, n_bytes) as link:
        talk = start(tiny_model, rpc_servers=[link.endpoint])
        failed = talk.until(p.LoadFailed, p.Loaded)
        assert isinstance(failed, p.LoadFailed)
        assert link.is_cut
        assert (failed.kind, failed.detail) == (FailureKind.DEVICE_LOST, "rpc_servers")
        assert link.endpoint in failed.message
        exited = talk.until(p.Exited)
        assert exited.expected  # said already
        again = start(tiny_model, rpc_servers=[remote.endpoint])
        assert generates(again)


def test_a_busy_one_is_refused_instead_of_waited_for(tiny_model: Path, start: Start) -> None:
    with rpc_worker() as remote:
        first = start(tiny_model, rpc_servers=[remote.endpoint])
        first.until(p.Loaded)
        second = start(tiny_model, rpc_servers=[remote.endpoint])
        failed = second.until(p.LoadFailed, p.Loaded)
        assert failed.kind == FailureKind.DEVICE_LOST
        assert "another client" in failed.message
        assert goes_on(first)


@pytest.mark.parametrize(
    ("endpoint", "kind", "said"),
    [
        ("no-such-machine.invalid", FailureKind.DEVICE_LOST, r"no-such-machine\.invalid:50052"),
        ("[::1]:50052", FailureKind.BAD_SETTING, "no IPv6"),
        ("http://box", FailureKind.BAD_SETTING, "no host name"),
        ("box:port", FailureKind.BAD_SETTING, "port"),
    ],
)
def test_what_is_no_endpoint_is_said(
    tiny_model: Path, start: Start, endpoint: str, kind: FailureKind, said: str
) -> None:
    failed = start(tiny_model, rpc_servers=[endpoint]).until(p.LoadFailed, p.Loaded)
    assert (failed.kind, failed.detail) == (kind, "rpc_servers")
    assert re.search(said, failed.message)


def test_something_else_at_the_endpoint_ends_the_load_with_words(tiny_model: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"127.0.0.1:{server.getsockname()[1]}"
        talk = start(tiny_model, rpc_servers=[endpoint])
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            failed = talk.until(p.LoadFailed, p.Loaded)
    assert failed.kind == FailureKind.DEVICE_LOST
    assert "no remote worker" in failed.message


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells the timers of connections")
def test_a_machine_that_is_gone_without_a_word_will_be_noticed(tiny_model: Path, start: Start) -> None:
    """No cable can be pulled here: what can be seen is that the system is told to ask a silent worker."""
    with rpc_worker() as remote:
        talk = start(tiny_model, rpc_servers=[remote.endpoint])
        talk.until(p.Loaded)
        timers = [timer for port, timer in _timers() if port == remote.port]
        assert timers
        # 1: what was just sent is not confirmed yet; 2: asks when it is silent. 0 would be to wait for ever.
        assert set(timers) <= {"01", "02"}


def _timers() -> list[tuple[int, str]]:
    """(far port, kind of timer) of every connection that is established."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [(int(row[2].partition(":")[2], 16), row[5].partition(":")[0]) for row in rows if row[3] == "01"]
