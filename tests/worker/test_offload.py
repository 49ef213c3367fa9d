"""Offloading for real, to a device of the RPC backend: layers, KV cache, placement, and a device that goes away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import FailureKind
from app.core.run import Got, GotDevice
from app.worker import protocol as p
from app.worker.probe_client import Probe, ProbeError
from app.worker.process import list_devices
from tests.rpc_worker import HAS_RPC_REASON, RpcWorker, has_rpc, rpc_worker
from tests.worker.test_worker import Start, Talk, start

__all__ = ["start"]
pytestmark = [pytest.mark.rpc, pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)]


@pytest.fixture
def remote() -> Iterator[RpcWorker]:
    with rpc_worker() as worker:
        yield worker


def loaded(talk: Talk) -> tuple[Got, GotDevice, GotDevice]:
    event = talk.until(p.Loaded, p.LoadFailed)
    assert isinstance(event, p.Loaded), event
    got = Got.from_dict(event.got)
    by_kind = {device.kind: device for device in got.devices}
    return got, by_kind["rpc"], by_kind["cpu"]


def say(talk: Talk) -> str:
    request_id = talk.generate(prompt="Once upon a time", sampling={"temperature": 0.0, "max_tokens": 20})
    talk.until(p.Finished)
    return talk.text(request_id)


def test_remote_devices_are_listed(remote: RpcWorker) -> None:
    kinds = {device["kind"]: device for device in list_devices([remote.endpoint])}
    assert set(kinds) >= {"cpu", "rpc"}
    assert kinds["rpc"]["description"] == remote.endpoint
    assert kinds["rpc"]["total_bytes"] > 0


@pytest.mark.parametrize("n_layers", [0, 1, 2, 3, -1])
def test_layers_go_where_they_are_asked_to(
    tiny_model: Path, start: Start, remote: RpcWorker, n_layers: int
) -> None:
    talk = start(tiny_model, rpc_servers=[remote.endpoint], n_gpu_layers=n_layers)
    got, far, near = loaded(talk)
    expected = 3 if n_layers < 0 else n_layers
    assert (got.n_layers, got.n_layers_offloaded, far.n_layers, near.n_layers) == (
        3,
        expected,
        expected,
        3 - expected,
    )
    assert got.differences == ()
    assert got.backend == ("RPC" if expected else "CPU")
    assert (far.weights_bytes > 0) == (expected > 0)
    assert (far.kv_bytes > 0) == (expected > 1)  # the first layer to go is the output, which has no cache
    local = start(tiny_model)
    local.until(p.Loaded)
    assert say(talk) == say(local)


def test_the_cache_can_stay_here(tiny_model: Path, start: Start, remote: RpcWorker) -> None:
    _, far, near = loaded(start(tiny_model, rpc_servers=[remote.endpoint], offload_kqv=False))
    assert far.kv_bytes == 0
    assert near.kv_bytes > 0


def test_experts_can_stay_here(tiny_moe: Path, start: Start, remote: RpcWorker) -> None:
    first = start(tiny_moe, rpc_servers=[remote.endpoint])
    _, all_far, _ = loaded(first)
    first.client.stop()  # a remote worker serves one client at a time
    got, far, near = loaded(start(tiny_moe, rpc_servers=[remote.endpoint], n_cpu_moe=1))
    assert got.n_layers_offloaded == 3
    # One of two layers' experts: 4 experts x 3 matrices of 64 x 64 f32.
    assert all_far.weights_bytes - far.weights_bytes == pytest.approx(4 * 3 * 64 * 64 * 4, rel=0.1)
    assert near.weights_bytes > 0


def test_tensors_go_where_a_pattern_says(tiny_model: Path, start: Start, remote: RpcWorker) -> None:
    values: dict[str, Any] = {"rpc_servers": [remote.endpoint], "tensor_overrides": [["ffn_", "CPU"]]}
    first = start(tiny_model, **values)
    _, far, _ = loaded(first)
    first.client.stop()
    _, all_far, _ = loaded(start(tiny_model, rpc_servers=[remote.endpoint]))
    assert 0 < far.weights_bytes < all_far.weights_bytes


def test_devices_can_be_left_out(tiny_model: Path, start: Start, remote: RpcWorker) -> None:
    talk = start(tiny_model, rpc_servers=[remote.endpoint], devices=["none"])
    got = Got.from_dict(talk.until(p.Loaded).got)
    assert [device.kind for device in got.devices] == ["cpu"]
    talk.client.stop()
    named = start(tiny_model, rpc_servers=[remote.endpoint], devices=["RPC0"])
    assert loaded(named)[1].n_layers == 3


def test_a_split_that_the_device_cannot_do_is_blamed_on_the_setting(
    tiny_model: Path, start: Start, remote: RpcWorker
) -> None:
    talk = start(tiny_model, rpc_servers=[remote.endpoint], split_mode="row")
    failed = talk.until(p.LoadFailed, p.Loaded)
    assert (failed.kind, failed.detail) == (FailureKind.BAD_SETTING, "split_mode")


def test_memory_of_the_remote_device_is_in_the_heartbeats(
    tiny_model: Path, start: Start, remote: RpcWorker
) -> None:
    talk = start(tiny_model, rpc_servers=[remote.endpoint])
    talk.until(p.Loaded)
    while not (beat := talk.until(p.Heartbeat)).devices:
        pass
    ((name, free_bytes, total_bytes),) = beat.devices
    assert name == "RPC0"
    assert 0 < free_bytes <= total_bytes


def test_a_device_that_does_not_answer_is_named(tiny_model: Path, start: Start) -> None:
    failed = start(tiny_model, rpc_servers=["127.0.0.1:1"]).until(p.LoadFailed, p.Loaded)
    assert (failed.kind, failed.detail) == (FailureKind.DEVICE_LOST, "rpc_servers")
    assert "127.0.0.1:1" in failed.message


def test_a_worker_by_two_names_is_refused_instead_of_waited_for(
    tiny_model: Path, start: Start, remote: RpcWorker, tmp_path: Path
) -> None:
    names = [remote.endpoint, remote.endpoint.replace("127.0.0.1", "localhost")]
    failed = start(tiny_model, rpc_servers=names).until(p.LoadFailed, p.Loaded)
    assert (failed.kind, failed.detail) == (FailureKind.BAD_SETTING, "rpc_servers")
    assert "the same remote worker" in failed.message
    probe = Probe(tmp_path / "skeletons", tmp_path / "probe.log")
    try:
        probe.footprint(str(tiny_model), {"rpc_servers": names[:1]})
        with pytest.raises(ProbeError, match="the same remote worker"):
            probe.footprint(str(tiny_model), {"rpc_servers": names}, timeout_s=5)
        twice = probe.footprint(str(tiny_model), {"rpc_servers": names[:1] * 2}, timeout_s=5)
    finally:
        probe.end()
    assert [device.name for device in twice.devices] == ["CPU", "RPC0"]
