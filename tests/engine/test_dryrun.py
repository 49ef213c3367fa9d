"""Dry runs on builds of llama.cpp that tell less than the one here; what they say otherwise: tests/worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.footprint import Footprint
from app.engine import breakdown
from app.engine.dryrun import DryRun
from app.engine.errors import EngineError
from app.engine.native_log import NativeLog
from tests.tiny_models import build_llama


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(build_llama(tmp_path_factory.mktemp("dryrun") / "model.gguf", n_layers=4, n_embd=128))


@pytest.fixture
def dry_run(native_log: NativeLog) -> Iterator[DryRun]:
    found = DryRun(native_log)
    yield found
    found.close()


def _sizes(footprint: Footprint) -> dict[str, int]:
    return {f"{item.name} {item.part}": item.size_bytes for item in footprint.buffers}


@pytest.mark.parametrize("use_mmap", [True, False])
def test_a_build_that_does_not_tell_its_tensors(
    dry_run: DryRun, model: str, monkeypatch: pytest.MonkeyPatch, use_mmap: bool
) -> None:
    values = {"n_ctx": 512, "use_mmap": use_mmap, "use_extra_bufts": False}
    exact = dry_run.footprint(model, values)
    dry_run.close()
    # What Microsoft's build has: the function is not among what the library exports.
    untelling = replace(breakdown._layout(), tensor_map=())
    monkeypatch.setattr(breakdown, "_layout", lambda: untelling)
    untold = dry_run.footprint(model, values)
    assert _sizes(untold) == _sizes(exact)
    assert (
        untold.devices[0].mapped_bytes
        == exact.devices[0].mapped_bytes
        == (exact.devices[0].weights_bytes if use_mmap else 0)
    )


def test_weights_that_are_used_where_the_file_is_mapped_are_not_idle(dry_run: DryRun, model: str) -> None:
    device = dry_run.footprint(model, {"n_ctx": 512, "use_mmap": True, "use_extra_bufts": False}).devices[0]
    alignment = 64  # between two tensors of the file
    assert 0 <= device.idle_bytes < 40 * alignment
    assert device.needed_bytes == device.total_bytes - device.idle_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel counts of mapped pages")
def test_idle_weights_are_not_read_after_the_load(native_log: NativeLog, tmp_path: Path) -> None:
    """A child process: what the kernel knows of its pages is cleared."""
    path = build_llama(
        tmp_path / "model.gguf", n_layers=6, n_embd=512, n_head=8, n_head_kv=8, n_ff=2048, quantisation="q4_0"
    )
    found = DryRun(native_log)
    device = found.footprint(str(path), {"n_ctx": 256, "use_mmap": True}).devices[0]
    found.close()
    if not device.idle_bytes:
        pytest.skip("this CPU does not repack Q4_0")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True
    )
    mapped_kb, read_kb = (int(number) for number in done.stdout.split())
    assert device.idle_bytes > 0.9 * device.mapped_bytes
    assert mapped_kb * 1024 >= device.idle_bytes
    # Pages are read ahead in groups of 64 kB.
    assert read_kb * 1024 <= device.mapped_bytes - device.idle_bytes + 0.05 * device.mapped_bytes


_READ = """
import re, sys
from llama_cpp import Llama

def sizes():
    found, ours = {}, False
    for line in open("/proc/self/smaps"):
        if re.match(r"[0-9a-f]+-", line):
            ours = line.rstrip().endswith(sys.argv[1])
        elif ours:
            key, value = line.split()[:2]
            found[key] = found.get(key, 0) + int(value) if value.isdigit() else 0
    return found

model = Llama(sys.argv[1], n_ctx=256, verbose=False)
mapped = sizes()["Size:"]
open("/proc/self/clear_refs", "w").write("1")
model.eval(list(range(3, 60)))
model.eval([5])
print(mapped, sizes()["Referenced:"])
"""


def test_a_build_that_does_not_tell_its_memory(
    dry_run: DryRun, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    untelling = replace(breakdown._layout(), memory_breakdown="none")
    monkeypatch.setattr(breakdown, "_layout", lambda: untelling)
    with pytest.raises(EngineError, match="does not tell"):
        dry_run.footprint(model, {})


@pytest.mark.skipif(sys.platform != "linux", reason="what stands where is that of libstdc++")
def test_a_map_that_is_laid_out_otherwise_is_not_believed(
    dry_run: DryRun, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (
        replace(breakdown._LIBSTDCXX, count=1),  # the node's colour and its padding
        replace(breakdown._LIBSTDCXX, count=2),  # a pointer
        replace(breakdown._LIBSTDCXX, root=5, count=5),  # the number of nodes taken for a node
    ):
        monkeypatch.setattr(breakdown, "_layout", lambda wrong=wrong: wrong)
        with pytest.raises(EngineError, match="does not tell"):
            dry_run.footprint(model, {})


def test_a_file_that_is_replaced_is_read_again(dry_run: DryRun, tmp_path: Path) -> None:
    path = build_llama(tmp_path / "model.gguf", n_layers=2)
    before = dry_run.footprint(str(path), {"n_ctx": 64})
    build_llama(path, n_layers=5)
    after = dry_run.footprint(str(path), {"n_ctx": 64})
    assert (before.n_layers, after.n_layers, after.n_model_loads) == (3, 6, 1)
    assert after.devices[0].mapped_bytes > before.devices[0].mapped_bytes


def test_headers_are_not_kept_for_ever(dry_run: DryRun, tmp_path: Path) -> None:
    for number in range(20):
        path = build_llama(tmp_path / f"{number}.gguf", n_layers=1)
        dry_run.footprint(str(path), {"n_ctx": 64})
    assert len(dry_run._headers) <= 16
