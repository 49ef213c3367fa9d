"""How a footprint is held against devices, and what was predicted against what was got."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.footprint import (
    Assessment,
    Buffer,
    DeviceFootprint,
    Footprint,
    Verdict,
    assess,
    compare,
)
from app.core.run import Got, GotDevice

MIB = 1 << 20
_SIZES = st.integers(0, 1 << 40)


def _footprint(*devices: DeviceFootprint) -> Footprint:
    return Footprint(devices, (), (), 4096, 4096, False, 1.0)


def _device(needed: int, free: int, capacity: int, **more: int) -> DeviceFootprint:
    return DeviceFootprint(
        "GPU0", "", "gpu", weights_bytes=needed, free_bytes=free, capacity_bytes=capacity, **more
    )


def _held_against(
    device: DeviceFootprint, reserve: int = 0, held: int = 0, free: int | None = None
) -> Assessment:
    return assess(
        _footprint(device),
        reserve_bytes=lambda _device: reserve,
        held={device.name: held},
        free=None if free is None else {device.name: free},
    )


@pytest.mark.parametrize(
    ("needed", "free", "capacity", "reserve", "held", "verdict", "missing"),
    [
        (60, 70, 100, 10, 0, Verdict.FITS, 0),
        (61, 70, 100, 10, 0, Verdict.TIGHT, 1),
        (70, 70, 100, 10, 0, Verdict.TIGHT, 10),
        (71, 70, 100, 0, 0, Verdict.FITS_IF_CLOSED, 1),
        (100, 70, 100, 0, 0, Verdict.FITS_IF_CLOSED, 30),
        (101, 100, 100, 0, 0, Verdict.DOES_NOT_FIT, 1),
        (90, 70, 100, 0, 20, Verdict.FITS, 0),  # what the loaded model gives back
        (100, 70, 100, 0, 500, Verdict.FITS, 0),  # it cannot give back more than there is
        (101, 500, 100, 0, 500, Verdict.DOES_NOT_FIT, 1),  # nor can more be free
        (10**12, 0, 0, 5, 0, Verdict.FITS, 0),  # a device that does not tell its memory
        (60, 70, 100, 200, 0, Verdict.TIGHT, 190),  # a reserve larger than the device
    ],
)
def test_verdicts(
    needed: int, free: int, capacity: int, reserve: int, held: int, verdict: Verdict, missing: int
) -> None:
    assessment = _held_against(_device(needed, free, capacity), reserve, held)
    room = assessment.rooms[0]
    assert (assessment.verdict, room.verdict, room.missing_bytes) == (verdict, verdict, missing)


def test_newer_free_memory_counts() -> None:
    device = _device(60, 10, 100)
    assert _held_against(device).verdict is Verdict.FITS_IF_CLOSED
    assert _held_against(device, free=60).verdict is Verdict.FITS


def test_mapped_weights_make_no_plan_impossible() -> None:
    assert _held_against(_device(101, 100, 100)).is_impossible
    assert not _held_against(_device(150, 100, 100, mapped_bytes=50)).is_impossible
    assert _held_against(_device(151, 100, 100, mapped_bytes=50)).is_impossible


def test_the_worst_used_device_decides() -> None:
    silent = DeviceFootprint("RPC0", "", "rpc", weights_bytes=10**12)
    unused = DeviceFootprint("GPU1", "", "gpu", capacity_bytes=100)
    tight, bad = _device(95, 100, 100), DeviceFootprint("CPU", "", "cpu", kv_bytes=50, capacity_bytes=60)
    assessment = assess(_footprint(silent, unused, tight, bad), reserve_bytes=lambda _device: 10)
    assert assessment.verdict is Verdict.FITS_IF_CLOSED
    assert assessment.worst is not None
    assert assessment.worst.device is bad
    assert [room.verdict for room in assessment.rooms][:3] == [Verdict.FITS, Verdict.TIGHT, Verdict.TIGHT]
    fitting = assess(_footprint(silent, tight), reserve_bytes=lambda _device: 0)
    assert fitting.verdict is Verdict.FITS
    assert fitting.fullest is not None
    assert (fitting.fullest.device, fitting.fullest.left_bytes) == (tight, 5)
    assert [room.device for room in fitting.used] == [silent, tight]
    nothing = assess(_footprint(unused), reserve_bytes=lambda _device: 10)
    assert (nothing.verdict, nothing.worst) == (Verdict.FITS, None)


@given(_SIZES, _SIZES, _SIZES, _SIZES, _SIZES)
def test_whatever_is_asked_the_sums_agree(
    needed: int, free: int, capacity: int, reserve: int, held: int
) -> None:
    room = _held_against(_device(needed, free, capacity), reserve, held).rooms[0]
    assert room.available_bytes + room.others_bytes == capacity
    assert room.available_bytes >= 0
    assert room.others_bytes >= 0
    assert (room.verdict is Verdict.FITS) == (room.missing_bytes == 0)
    if capacity:
        assert (room.verdict is Verdict.DOES_NOT_FIT) == (needed > capacity)


@given(_SIZES, _SIZES, _SIZES, _SIZES, _SIZES)
def test_more_memory_never_makes_it_worse(
    needed: int, free: int, capacity: int, reserve: int, more: int
) -> None:
    order = list(Verdict)
    less = _held_against(_device(needed, free, capacity), reserve).verdict
    better = _held_against(_device(needed, free + more, capacity), reserve).verdict
    assert order.index(better) <= order.index(less)


def test_a_difference_over_one_percent_is_a_defect() -> None:
    predicted = _footprint(
        DeviceFootprint("CPU", "", "cpu", weights_bytes=1000 * MIB, kv_bytes=10, compute_bytes=100 * MIB)
    )
    got = _got(
        GotDevice("CPU", "", "cpu", weights_bytes=1010 * MIB, kv_bytes=20, compute_bytes=102 * MIB),
        GotDevice("RPC0", "", "rpc", output_bytes=MIB),
    )
    found = {(item.device, item.part): item.is_defect for item in compare(predicted, got)}
    assert found == {
        ("CPU", "weights"): False,  # not quite a hundredth of the larger
        ("CPU", "kv"): False,  # twice as much, and still less than the log can show
        ("CPU", "compute"): True,
        ("RPC0", "output"): True,  # a device that nobody thought of
    }


def _got(*devices: GotDevice) -> Got:
    return Got(
        model_name="",
        architecture="",
        quantisation="",
        n_params=0,
        n_layers=0,
        n_layers_offloaded=0,
        n_ctx=0,
        n_ctx_slot=0,
        n_ctx_train=0,
        n_slots=1,
        type_k="f16",
        type_v="f16",
        flash_attention=False,
        backend="CPU",
        load_ms=0.0,
        has_chat_template=False,
        llama_cpp="",
        devices=devices,
    )


def test_a_draft_model_is_compared_as_one_part() -> None:
    predicted = _footprint(_device(0, 0, 0, draft_bytes=100 * MIB))
    held = GotDevice("GPU0", "", "gpu", draft_bytes=102 * MIB)
    found = {item.part: item for item in compare(predicted, _got(held))}
    assert list(found) == ["draft"]
    assert found["draft"].is_defect
    small = _footprint(_device(0, 0, 0, draft_bytes=MIB))
    for rounded, is_defect in ((30_000, False), (60_000, True)):  # four lines of the log, each to 0.01 MiB
        got = _got(GotDevice("GPU0", "", "gpu", draft_bytes=MIB + rounded))
        assert compare(small, got)[0].is_defect is is_defect


def test_what_of_a_draft_model_is_idle_need_not_be_free() -> None:
    device = _device(50, 100, 100, draft_bytes=60, idle_bytes=30, draft_idle_bytes=20)
    assert (device.total_bytes, device.needed_bytes, device.draft_needed_bytes) == (110, 80, 40)
    assert [device.idle_part_bytes(part) for part in ("weights", "kv", "draft")] == [10, 0, 20]
    assert _held_against(device).verdict is Verdict.FITS


def test_a_footprint_survives_a_file_and_a_newer_version_of_it() -> None:
    footprint = Footprint(
        (_device(1, 2, 3, draft_bytes=4, draft_idle_bytes=1),), (Buffer("CPU", "kv", 5),), ("CPU", "GPU0"),
        8, 4, True, 1.5, 1, (1.0, 2.0), (Buffer("CPU", "weights", 4),), 2, 1,
    )  # fmt: skip
    record = json.loads(json.dumps(footprint.to_dict()))
    assert Footprint.from_dict(record) == footprint
    record["from_a_newer_version"] = record["devices"][0]["also"] = 1
    del record["split"]
    assert Footprint.from_dict(record).split == ()
    assert Footprint.from_dict(record).devices == footprint.devices
    with pytest.raises(KeyError):
        Footprint.from_dict({"n_ctx": 1})
