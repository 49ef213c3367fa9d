"""Dry runs on builds of llama.cpp that tell less than the one here; what they say otherwise: tests/worker."""

from __future__ import annotations

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
