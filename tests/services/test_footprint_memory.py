"""What is free, what is given back, what shall stay: figures of samples beside those of a dry run."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.core.footprint import DeviceFootprint, Footprint, Verdict
from app.core.run import Got, GotDevice, GotDraft
from app.services.footprint_memory import Surroundings, held_bytes
from app.services.hardware_samples import DeviceSample, Sample

GIB = 1 << 30
APP = {"guard": "balanced", "guard_reserve": 1024}
CPU = DeviceFootprint(
    "CPU", "a processor", "cpu", weights_bytes=GIB, free_bytes=7 * GIB, capacity_bytes=16 * GIB
)


def gpu(number: int, description: str = "NVIDIA A", *, capacity_gib: float = 8) -> DeviceFootprint:
    capacity_bytes = int(capacity_gib * GIB)
    return DeviceFootprint(
        f"CUDA{number}", description, "gpu", kv_bytes=GIB, free_bytes=5 * GIB, capacity_bytes=capacity_bytes
    )


def footprint(*devices: DeviceFootprint) -> Footprint:
    return Footprint((CPU, *devices), (), (), 512, 512, flash_attention=True, elapsed_ms=1.0)


def nvidia(index: int, used_gib: int, name: str = "NVIDIA A", *, total_gib: float = 8.1) -> DeviceSample:
    return DeviceSample(f"nvml{index}", name, "nvml", used_gib * GIB, int(total_gib * GIB))


def backend(name: str, used_gib: int) -> DeviceSample:
    return DeviceSample(f"backend:{name}", name, "backend", used_gib * GIB, 8 * GIB)


def around(*devices: DeviceSample, **others: Any) -> Surroundings:
    sample = Sample(1.0, 0, 0, 0.0, 0, devices=devices)
    return Surroundings(APP, main_free_bytes=6 * GIB, sample=sample, **others)


def test_the_drivers_figures_are_fresher_than_the_dry_runs() -> None:
    found = around(nvidia(0, 2, total_gib=8), nvidia(1, 7, total_gib=8)).free(
        footprint(gpu(1), gpu(0)).devices
    )
    assert found == {"CPU": 6 * GIB, "CUDA0": 6 * GIB, "CUDA1": 1 * GIB}
    assert around(nvidia(0, 2), nvidia(1, 2)).knows(footprint(gpu(0), gpu(1)))


def test_in_doubt_which_gpu_is_which_the_dry_run_is_believed() -> None:
    """The driver counts along the bus, CUDA by speed, and not those that it is told to leave out."""
    in_doubt = [
        (around(nvidia(0, 2)), footprint(gpu(0), gpu(1))),
        (around(nvidia(0, 2), nvidia(1, 2)), footprint(gpu(0))),
        (around(nvidia(0, 2, "NVIDIA B"), nvidia(1, 2)), footprint(gpu(0), gpu(1, "NVIDIA B"))),
        (around(nvidia(0, 2, total_gib=24), nvidia(1, 2)), footprint(gpu(0), gpu(1, capacity_gib=24))),
        (Surroundings(APP, main_free_bytes=6 * GIB), footprint(gpu(0))),
    ]
    for surroundings, plan in in_doubt:
        assert surroundings.free(plan.devices) == {"CPU": 6 * GIB}
        assert not surroundings.knows(plan)
    assert around().knows(
        footprint(dataclasses.replace(gpu(0), kv_bytes=0))
    )  # one that the plan does not use


def test_what_the_loaded_models_backends_say_is_known_by_name() -> None:
    remote = DeviceFootprint("RPC0", "elsewhere", "rpc", kv_bytes=GIB, free_bytes=GIB, capacity_bytes=8 * GIB)
    found = around(backend("RPC0", 3), backend("Vulkan7", 1)).free(footprint(remote).devices)
    assert found == {"CPU": 6 * GIB, "RPC0": 5 * GIB}


def test_a_plan_may_take_what_the_loaded_model_gives_back() -> None:
    plan = footprint(dataclasses.replace(gpu(0), kv_bytes=4 * GIB))
    full = nvidia(0, 5, total_gib=8)
    assert around(full).assess(plan).verdict is Verdict.FITS_IF_CLOSED
    assert around(full, held={"CUDA0": GIB}).assess(plan).verdict is Verdict.TIGHT
    assert around(full, held={"CUDA0": 2 * GIB}).assess(plan).verdict is Verdict.FITS


def test_small_changes_of_free_memory_are_not_worth_showing() -> None:
    plan, before = footprint(gpu(0)), around(nvidia(0, 2, total_gib=8))
    assert before.is_like(dataclasses.replace(before, main_free_bytes=6 * GIB - (60 << 20)), plan)
    assert not before.is_like(dataclasses.replace(before, main_free_bytes=6 * GIB - (65 << 20)), plan)
    assert not before.is_like(around(nvidia(0, 3, total_gib=8)), plan)
    assert not before.is_like(dataclasses.replace(before, held={"CPU": 1}), plan)
    assert not before.is_like(dataclasses.replace(before, app={"guard": "off", "guard_reserve": 0}), plan)


def _got(*devices: GotDevice, draft: GotDraft | None = None) -> Got:
    empty: dict[str, Any] = {item.name: 0 for item in dataclasses.fields(Got)}
    empty |= {"settings": {}, "differences": (), "warnings": ()}
    return Got(**empty | {"devices": devices, "draft": draft})


def test_mapped_weights_are_given_back_already() -> None:
    got = _got(
        GotDevice("CPU", "", "cpu", weights_bytes=500, kv_bytes=30, compute_bytes=20, output_bytes=1),
        GotDevice("CUDA0", "", "gpu", weights_bytes=1000, kv_bytes=60),
        GotDevice("CUDA1", "", "gpu"),
    )
    predicted = footprint()
    predicted = dataclasses.replace(predicted, devices=(dataclasses.replace(CPU, mapped_bytes=400),))
    assert held_bytes(got, {}, predicted) == {"CPU": 151, "CUDA0": 1060}
    assert held_bytes(got, {}, None) == {"CPU": 51, "CUDA0": 1060}
    assert held_bytes(got, {"use_mmap": False}, None) == {"CPU": 551, "CUDA0": 1060}
    assert held_bytes(got, {"use_direct_io": True}, None) == {"CPU": 551, "CUDA0": 1060}


def test_so_are_those_of_a_draft_model() -> None:
    of_draft = (
        GotDevice("CPU", "", "cpu", weights_bytes=100, kv_bytes=7),
        GotDevice("CUDA0", "", "gpu", weights_bytes=200, kv_bytes=9),
    )
    draft = GotDraft("Small", "Q8_0", 1, 2, 1, 512, "f16", "f16", flash_attention=True, devices=of_draft)
    got = _got(
        GotDevice("CPU", "", "cpu", weights_bytes=500, kv_bytes=30, draft_bytes=107),
        GotDevice("CUDA0", "", "gpu", weights_bytes=1000, draft_bytes=209),
        draft=draft,
    )
    assert Got.from_dict(got.to_dict()) == got
    predicted = dataclasses.replace(footprint(), devices=(dataclasses.replace(CPU, mapped_bytes=550),))
    assert held_bytes(got, {}, predicted) == {"CPU": 87, "CUDA0": 1209}
    assert held_bytes(got, {}, None) == {"CPU": 37, "CUDA0": 1209}
    assert held_bytes(got, {"use_mmap": False}, None) == {"CPU": 637, "CUDA0": 1209}
