"""The probe process: it answers, ends when it is left alone, and may be killed at any time without harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.footprint import Footprint, compare
from app.core.gguf import tensors_of
from app.core.reasons import FailureKind
from app.core.run import Got
from app.worker.client import WorkerClient
from app.worker.probe_client import Probe, ProbeError
from app.worker.protocol import Exited, Loaded, LoadFailed
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.tiny_models import build_llama, build_moe, build_projector

needs_rpc = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    found = Probe(tmp_path / "skeletons", tmp_path / "probe.log")
    yield found
    found.end()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(build_llama(tmp_path_factory.mktemp("probe") / "model.gguf", n_layers=4, n_embd=128))


def sum_of(footprint: Footprint) -> int:
    """All that the model itself takes, without its draft model."""
    return sum(buffer.size_bytes for buffer in footprint.buffers)


def sizes(footprint: Footprint) -> list[tuple[str, str, int]]:
    return [(buffer.name, buffer.part, buffer.size_bytes) for buffer in footprint.buffers]


def wait_until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_another_context_needs_no_other_look_at_the_file(probe: Probe, model: str) -> None:
    first = probe.footprint(model, {"n_ctx": 512})
    second = probe.footprint(model, {"n_ctx": 1024})
    assert (first.n_model_loads, second.n_model_loads) == (1, 0)
    assert second.devices[0].kv_bytes == 2 * first.devices[0].kv_bytes
    assert second.devices[0].weights_bytes == first.devices[0].weights_bytes


def test_the_skeleton_says_what_the_file_says(probe: Probe, model: str, tmp_path: Path) -> None:
    from app.core.skeleton import Skeletons

    skeleton = Skeletons(tmp_path / "other").of(model)
    assert skeleton.stat().st_size < Path(model).stat().st_size
    assert sizes(probe.footprint(str(skeleton), {})) == sizes(probe.footprint(model, {}))


def test_it_ends_when_it_is_left_alone_and_starts_again(tmp_path: Path, model: str) -> None:
    probe = Probe(tmp_path / "skeletons", tmp_path / "probe.log", idle_s=0.2)
    try:
        first = probe.footprint(model, {})
        pid = probe.pid
        wait_until(lambda: probe.pid is None)
        assert sizes(probe.footprint(model, {})) == sizes(first)
        assert probe.pid not in (None, pid)
    finally:
        probe.end()
    assert probe.pid is None


def test_a_change_of_the_file_is_seen(probe: Probe, tmp_path: Path) -> None:
    path = build_llama(tmp_path / "model.gguf", n_layers=2)
    before = probe.footprint(str(path), {})
    path.unlink()
    build_llama(path, n_layers=3)
    assert probe.footprint(str(path), {}).n_layers == before.n_layers + 1


@needs_signals
def test_killed_in_the_middle_of_a_question_it_is_replaced(probe: Probe, model: str) -> None:
    expected = sizes(probe.footprint(model, {}))
    assert probe.pid is not None
    os.kill(probe.pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (probe.pid, signal.SIGKILL)).start()
    with pytest.raises(ProbeError) as caught:
        probe.footprint(model, {"n_ctx": 512})
    assert caught.value.kind is FailureKind.WORKER_LOST
    assert "SIGKILL" in caught.value.message
    assert sizes(probe.footprint(model, {})) == expected


@needs_signals
def test_a_probe_that_hangs_is_given_up(probe: Probe, model: str) -> None:
    expected = sizes(probe.footprint(model, {}))
    assert probe.pid is not None
    os.kill(probe.pid, signal.SIGSTOP)
    started_s = time.monotonic()
    with pytest.raises(ProbeError, match="in time"):
        probe.footprint(model, {}, timeout_s=0.4)
    assert time.monotonic() - started_s < 2
    assert probe.pid is None
    assert sizes(probe.footprint(model, {})) == expected


@needs_signals
def test_ending_it_ends_the_question_too(probe: Probe, model: str) -> None:
    probe.footprint(model, {})
    assert probe.pid is not None
    os.kill(probe.pid, signal.SIGSTOP)
    threading.Timer(0.2, probe.end).start()
    with pytest.raises(ProbeError) as caught:
        probe.footprint(model, {})
    assert caught.value.kind is FailureKind.WORKER_LOST


@needs_signals
def test_without_a_place_for_its_log_it_answers_too(tmp_path: Path, model: str) -> None:
    (tmp_path / "logs").write_text("a file")
    probe = Probe(tmp_path / "skeletons", tmp_path / "logs" / "probe.log")
    try:
        assert probe.footprint(model, {"n_ctx": 512}).n_ctx == 512
        probe.end()
        (tmp_path / "logs").unlink()  # with the folder gone it is made anew
        assert probe.footprint(model, {"n_ctx": 512}).n_ctx == 512
        assert (tmp_path / "logs" / "probe.log").exists()
    finally:
        probe.end()


def test_it_does_not_outlive_its_parent(tmp_path: Path, model: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pathlib import Path
        from app.worker.probe_client import Probe
        if __name__ == "__main__":
            probe = Probe(Path({str(tmp_path / "skeletons")!r}), Path({str(tmp_path / "log")!r}))
            probe.footprint({model!r}, {{}})
            print(probe.pid, flush=True)
            time.sleep(60)
        """)
    )
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_file_that_is_none_is_refused_in_words(probe: Probe, tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("no model")
    with pytest.raises(ProbeError, match="not a GGUF file") as caught:
        probe.footprint(str(path), {})
    assert caught.value.kind is FailureKind.BAD_FILE
    with pytest.raises(ProbeError, match="no longer there"):
        probe.footprint(str(tmp_path / "gone.gguf"), {})


def test_llama_cpps_own_last_words_are_kept(probe: Probe, tmp_path: Path) -> None:
    """Not those of a debugger, which an abort starts where one is installed."""
    path = build_llama(tmp_path / "layers.gguf", metadata={"llama.block_count": 1 << 20})
    with pytest.raises(ProbeError) as caught:
        probe.footprint(str(path), {})
    assert caught.value.kind is FailureKind.WORKER_LOST
    assert "GGML_ASSERT(hparams.n_layer" in caught.value.detail.splitlines()[-1]


def test_an_impossible_setting_names_its_row(probe: Probe, model: str) -> None:
    with pytest.raises(ProbeError) as caught:
        probe.footprint(model, {"flash_attn": "off", "type_v": "q8_0"})
    assert (caught.value.kind, caught.value.detail) == (FailureKind.BAD_SETTING, "type_v")
    with pytest.raises(ProbeError) as caught:
        probe.footprint(model, {"devices": ["CUDA7"]})
    assert caught.value.detail == "devices"


def test_an_absurd_context_is_counted_not_allocated(probe: Probe, model: str) -> None:
    found = probe.footprint(model, {"n_ctx": 1 << 24})
    assert found.devices[0].kv_bytes == 1 << 34
    assert probe.pid is not None
    assert psutil.Process(probe.pid).memory_info().rss < 2 << 30
    with pytest.raises(ProbeError) as caught:  # llama.cpp's own list of so many cells is too long already
        probe.footprint(model, {"n_ctx": 1 << 30}, timeout_s=50)
    assert caught.value.kind is FailureKind.OUT_OF_MEMORY


def test_a_draft_model_is_counted_apart(probe: Probe, model: str, tmp_path: Path) -> None:
    small = str(build_llama(tmp_path / "draft.gguf", n_layers=1))
    plain = probe.footprint(model, {"n_ctx": 512})
    alone = probe.footprint(small, {"n_ctx": 512})
    both = probe.footprint(model, {"n_ctx": 512, "draft_source": "model", "draft_model": small})
    assert both.devices[0].draft_bytes == alone.devices[0].total_bytes == both.total_bytes - sum_of(both)
    assert sorted(both.draft_buffers, key=str) == sorted(alone.buffers, key=str)
    assert (both.n_draft_layers, both.n_draft_layers_offloaded, plain.n_draft_layers) == (2, 0, 0)
    # The model checks several guesses at once, for which it needs more room for logits; the rest is as without.
    assert [item for item in sizes(both) if item[1] != "compute"] == [
        item for item in sizes(plain) if item[1] != "compute"
    ]
    assert sum_of(plain) <= sum_of(both) < 1.1 * sum_of(plain)


def test_what_is_wrong_with_a_draft_model_names_its_own_row(probe: Probe, model: str, tmp_path: Path) -> None:
    small = str(build_llama(tmp_path / "draft.gguf", n_layers=1))
    (tmp_path / "text.gguf").write_text("no model")
    wrong: dict[str, dict[str, Any]] = {
        "draft_model": {"draft_model": str(tmp_path / "gone.gguf")},
        "draft_devices": {"draft_devices": ["CUDA7"]},
        "draft_type_v": {"flash_attn": "off", "draft_type_v": "q8_0"},
    }
    for row, values in [*wrong.items(), ("draft_model", {"draft_model": str(tmp_path / "text.gguf")})]:
        with pytest.raises(ProbeError) as caught:
            probe.footprint(model, {"draft_source": "model", "draft_model": small, **values})
        assert (caught.value.kind, caught.value.detail) == (FailureKind.BAD_SETTING, row)
    unused = probe.footprint(model, {"draft_model": str(tmp_path / "gone.gguf")})
    assert not unused.devices[0].draft_bytes


def test_a_vision_projector_is_counted_apart(probe: Probe, model: str, tmp_path: Path) -> None:
    projector = build_projector(tmp_path / "mmproj.gguf")
    plain = probe.footprint(model, {"n_ctx": 512})
    both = probe.footprint(model, {"n_ctx": 512}, projector=str(projector))
    weights_bytes = sum(tensor.size_bytes for tensor in tensors_of([projector]))
    assert weights_bytes < both.devices[0].projector_bytes < 2 * weights_bytes
    assert both.total_bytes == plain.total_bytes + both.devices[0].projector_bytes
    with pytest.raises(ProbeError) as caught:
        probe.footprint(model, {}, projector=model)
    assert caught.value.kind is FailureKind.BAD_FILE


@needs_rpc
def test_remote_workers_that_are_no_longer_asked_for_are_gone(probe: Probe, model: str) -> None:
    with rpc_worker() as one, rpc_worker() as other:
        both = probe.footprint(model, {"rpc_servers": [one.endpoint, other.endpoint]})
        assert [device.kind for device in both.devices].count("rpc") == 2
        second = probe.footprint(model, {"rpc_servers": [other.endpoint]})
        assert [device.description for device in second.devices if device.kind == "rpc"] == [other.endpoint]
        none = probe.footprint(model, {})
        assert [device.kind for device in none.devices] == ["cpu"]
        probe.end()


@needs_rpc
def test_a_remote_worker_that_goes_away_is_named_and_its_return_is_seen(probe: Probe, model: str) -> None:
    with rpc_worker() as worker:
        values = {"rpc_servers": [worker.endpoint]}
        expected = sizes(probe.footprint(model, values))
        worker.kill()
        with pytest.raises(ProbeError) as caught:  # llama.cpp ends the process over the lost connection
            probe.footprint(model, values)
        assert caught.value.kind is FailureKind.WORKER_LOST
        with pytest.raises(ProbeError, match=worker.endpoint):
            probe.footprint(model, values)
    with rpc_worker(worker.port) as again:
        assert again.endpoint == worker.endpoint
        assert sizes(probe.footprint(model, values)) == expected
        probe.end()


@needs_rpc
def test_while_a_model_is_on_a_remote_worker_plans_for_it_are_still_answered(
    probe: Probe, model: str, tmp_path: Path
) -> None:
    mixture = str(build_moe(tmp_path / "mixture.gguf"))
    with rpc_worker() as worker:
        values = {"rpc_servers": [worker.endpoint], "n_gpu_layers": 3}
        expected = [probe.footprint(path, values) for path in (model, mixture)]
        probe.end()
        with WorkerClient(model, values, tmp_path / "worker.log") as client:
            ending = _first(client, (Loaded, LoadFailed, Exited))
            assert isinstance(ending, Loaded), ending
            stand_ins = {worker.endpoint: [(7 << 30, 8 << 30)]}
            found = [probe.footprint(path, values, stand_ins=stand_ins) for path in (model, mixture)]
            probe.end()
    assert [sizes(item) for item in found] == [sizes(item) for item in expected]
    remote = next(device for device in found[0].devices if device.kind == "rpc")
    assert (remote.description, remote.free_bytes, remote.capacity_bytes) == (
        worker.endpoint,
        7 << 30,
        8 << 30,
    )
    assert found[0].layer_devices == expected[0].layer_devices


@needs_rpc
def test_a_split_by_free_memory_is_loaded_as_it_was_measured(
    probe: Probe, model: str, tmp_path: Path
) -> None:
    with rpc_worker() as one, rpc_worker() as other:
        values = {"rpc_servers": [one.endpoint, other.endpoint]}
        even = probe.footprint(model, values)
        uneven = probe.footprint(model, values | {"tensor_split": [1.0, 3.0]})
        probe.end()
        got = [_loaded(model, values, tmp_path / "worker.log", split) for split in (even.split, (1.0, 3.0))]
    assert len(even.split) == 2
    assert uneven.split == ()
    assert even.layer_devices != uneven.layer_devices
    for predicted, real in zip((even, uneven), got, strict=True):
        assert not [item for item in compare(predicted, real) if item.is_defect]
        assert real.settings["tensor_split"] == []  # nobody asked for one
        assert not real.differences


def _loaded(model: str, values: dict[str, Any], log_path: Path, split: Sequence[float]) -> Got:
    with WorkerClient(model, values, log_path, split) as client:
        ending = _first(client, (Loaded, LoadFailed, Exited))
        assert isinstance(ending, Loaded), ending
        return Got.from_dict(ending.got)


def _first(client: WorkerClient, kinds: tuple[type, ...]) -> object:
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        for event in client.receive(0.5):
            if isinstance(event, kinds):
                return event
    raise AssertionError("no such event")
