"""The search for plans that fit, with real dry runs on real remote devices, against trying every number of layers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.core.fit import fit
from app.core.fit_judge import limited_judge
from app.core.fit_ladder import Ladder
from app.core.footprint import Assessment, Footprint, Verdict
from app.core.gguf import ModelFacts, facts
from app.core.settings import LOAD
from app.worker.probe_client import Probe
from tests import tiny_models
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)

KEPT = ("n_ctx", "type_k", "type_v", "n_ubatch", "offload_kqv")
MODELS = ("dense", "moe", "swa")
PERCENTS = (4, 15, 33, 52, 71, 87, 96, 100)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[str]]:
    """Two remote workers."""
    with rpc_worker() as first, rpc_worker() as second:
        yield [first.endpoint, second.endpoint]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models with layers large enough to count beside compute buffers."""
    folder = tmp_path_factory.mktemp("fit")
    shape: dict[str, Any] = {"quantisation": "q8_0", "n_ctx_train": 16_384}
    dense = {"n_layers": 20, "n_embd": 128, "n_head": 4, "n_head_kv": 2, "n_ff": 512}
    return {
        "dense": tiny_models.build_llama(folder / "dense.gguf", **dense, **shape),
        "moe": tiny_models.build_moe(folder / "moe.gguf", n_layers=10, n_expert=8, n_embd=128, **shape),
        "draft": tiny_models.build_llama(folder / "draft.gguf", n_layers=6, n_embd=128, n_head=4, **shape),
        "swa": tiny_models.build_swa(folder / "swa.gguf", n_layers=20, n_swa=512, **shape),
    }


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    """A probe process."""
    probe = Probe(tmp_path / "skeletons", tmp_path / "probe.log")
    yield probe
    probe.end()


class Machine:
    """One model and some remote devices; what was measured once is remembered, so that all can be tried."""

    def __init__(self, probe: Probe, path: Path, servers: list[str]) -> None:
        self.facts: ModelFacts = facts(path)
        self.asked: dict[str, Any] = {"rpc_servers": servers, "n_ubatch": 64}
        if len(servers) > 1:  # llama.cpp's own split follows free memory, which is another at every question
            self.asked["tensor_split"] = [2.0, 1.0]
        self._probe = probe
        self._known: dict[str, Footprint] = {}

    def __call__(self, values: Mapping[str, Any]) -> Footprint:
        plan = LOAD.changed(values)
        key = repr(plan)
        if key not in self._known:
            self._known[key] = self._probe.footprint(self.facts.path, plan)
        return self._known[key]

    def limits(self, values: Mapping[str, Any], percent: int) -> dict[str, int]:
        """That share of what the plan takes of every device but the host."""
        devices = [device for device in self(values).devices if device.kind == "rpc"]
        assert all(device.total_bytes for device in devices)
        return {device.name: device.total_bytes * percent // 100 for device in devices}


def judged_by(limits: Mapping[str, int]) -> Callable[[Footprint], Assessment]:
    return limited_judge(limits, reserve_bytes=lambda _device: 0)


def by_trying(
    machine: Machine, values: Mapping[str, Any], decide: Callable[[Footprint], Assessment]
) -> dict[str, Any] | None:
    """The first rung that fits, after trying each."""
    ladder = Ladder.of(values, machine.facts, machine({**values, **Ladder.top(values, ())}), ())
    for rung in ladder.rungs:
        if decide(machine({**values, **rung})).verdict is Verdict.FITS:
            return LOAD.changed({**values, **rung})
    return None


@pytest.mark.parametrize("n_devices", [1, 2])
@pytest.mark.parametrize("model", MODELS)
def test_the_most_layers_are_those_that_trying_all_of_them_finds(
    model: str, n_devices: int, probe: Probe, files: dict[str, Path], servers: list[str]
) -> None:
    machine = Machine(probe, files[model], servers[:n_devices])
    found_layers = set[int]()
    for n_ctx, kv in itertools.product((512, 8192), ("f16", "q8_0")):
        asked = {**machine.asked, "n_ctx": n_ctx, "type_k": kv, "type_v": kv}
        for percent in PERCENTS:
            decide = judged_by(machine.limits(asked, percent))
            found = fit(asked, machine.facts, machine, decide, pinned=KEPT)
            best = by_trying(machine, asked, decide)
            assert [plan.values for plan in found.plans] == ([best] if best is not None else []), percent
            found_layers |= {plan.n_layers_offloaded for plan in found.plans}
    assert len(found_layers) > (3 if model == "moe" else 6)


@pytest.mark.parametrize(
    ("n_devices", "placement"),
    [
        (1, {}),
        (1, {"draft_n_gpu_layers": 3}),
        (1, {"draft_devices": ["none"]}),
        (2, {}),
        (2, {"draft_devices": ["RPC1"]}),
        (2, {"draft_devices": ["RPC1"], "devices": ["RPC0"], "tensor_split": []}),
    ],
)
def test_so_they_are_beside_a_draft_model(
    n_devices: int, placement: dict[str, Any], probe: Probe, files: dict[str, Path], servers: list[str]
) -> None:
    machine = Machine(probe, files["dense"], servers[:n_devices])
    machine.asked |= {"draft_source": "model", "draft_model": str(files["draft"]), "n_ctx": 4096, **placement}
    pinned = (*KEPT, "draft_source", "draft_type_k", "draft_type_v")
    found_layers = set[int]()
    for percent in PERCENTS:
        limits = machine.limits(machine.asked, percent)
        if "devices" in placement:
            del limits["RPC1"]  # it holds nothing but the draft model, which stays as large as it is
        decide = judged_by(limits)
        found = fit(machine.asked, machine.facts, machine, decide, pinned=pinned)
        best = by_trying(machine, machine.asked, decide)
        assert [plan.values for plan in found.plans] == ([best] if best is not None else []), percent
        found_layers |= {plan.n_layers_offloaded for plan in found.plans}
    assert len(found_layers) > 2


@pytest.mark.parametrize("model", MODELS)
def test_every_plan_offered_is_the_best_of_its_kind(
    model: str, probe: Probe, files: dict[str, Path], servers: list[str]
) -> None:
    machine = Machine(probe, files[model], servers[:1])
    asked = {**machine.asked, "n_ctx": 8192}
    for percent in (25, 60):
        decide = judged_by(machine.limits(asked, percent))
        found = fit(asked, machine.facts, machine, decide)
        assert found.n_dry_runs <= 50
        assert len(found.plans) >= 2
        for plan in found.plans:
            assert by_trying(machine, plan.values, decide) == plan.values


def test_a_search_takes_little_more_than_its_dry_runs(
    probe: Probe, files: dict[str, Path], servers: list[str]
) -> None:
    """How long that is in seconds depends on the machine, and a benchmark prints it."""
    machine = Machine(probe, files["dense"], servers[:1])
    asked = {**machine.asked, "n_ctx": 8192}
    decide = judged_by(machine.limits(asked, 60))
    tried: list[dict[str, Any]] = []

    def measure(values: Mapping[str, Any]) -> Footprint:
        tried.append(dict(values))
        return probe.footprint(machine.facts.path, values)

    def ratio() -> float:
        tried.clear()
        found = fit(asked, machine.facts, measure, decide)
        started = time.perf_counter()
        for values in tried:
            probe.footprint(machine.facts.path, values)
        return found.elapsed_ms / ((time.perf_counter() - started) * 1000)

    assert min(ratio() for _ in range(3)) < 1.5


def test_main_memory_alone(probe: Probe, files: dict[str, Path]) -> None:
    """No device to offload to: shorter contexts and smaller caches, each as measured."""
    path = str(files["dense"])

    def measure(values: Mapping[str, Any]) -> Footprint:
        return probe.footprint(path, values)

    asked = {"n_ctx": 16_384}
    whole = measure(asked).devices[0]
    found = fit(asked, facts(path), measure, judged_by({whole.name: whole.total_bytes * 3 // 4}))
    assert found.plans
    for plan in found.plans:
        assert set(plan.changes) <= {"n_ctx", "type_k", "type_v", "n_ubatch"}
        assert plan.footprint.devices[0].total_bytes <= whole.total_bytes * 3 // 4
    assert fit(asked, facts(path), measure, judged_by({})).plans[0].changes == {}
