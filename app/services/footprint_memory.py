"""What a plan may take: the memory that is free now, what a loaded model gives back, and what shall stay free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.endpoint import full_endpoint
from app.core.footprint import Assessment, DeviceFootprint, Footprint, assess
from app.core.run import Got, GotDevice, GotDraft
from app.core.settings import LOAD
from app.core.settings.guard import reserve_bytes
from app.services.hardware_samples import DeviceSample, Sample

StandIns = Mapping[str, Sequence[tuple[int, int]]]
"""Remote workers that cannot be asked, with the (free, total) bytes of each of their devices."""

_SAME_SIZE = 0.1  # CUDA calls a device somewhat smaller than its driver does, small ones most of all
_NOTICEABLE_BYTES = 64 << 20
_NOTICEABLE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that a footprint is held against. Never changed, so that any thread may ask it.

    `held` maps device names to what the loaded model gives back. `main_free_bytes` is the main memory that is
    free, `sample` the newest of the other devices, `app` the preferences "guard" and "guard_reserve".
    """

    app: Mapping[str, Any]
    held: Mapping[str, int] = field(default_factory=dict[str, int])
    main_free_bytes: int | None = None
    sample: Sample | None = None

    def reserve_bytes(self, device: DeviceFootprint) -> int:
        """How much of a device shall stay free; 0 while the guard is off."""
        return reserve_bytes(self.app, device.capacity_bytes) or 0

    def free(self, devices: Sequence[DeviceFootprint]) -> dict[str, int]:
        """What is free now on those of the devices of which it is known better than from the dry run."""
        found = _driver_free(devices, self.sample.devices if self.sample is not None else ())
        if self.main_free_bytes is not None:
            found |= {device.name: self.main_free_bytes for device in devices if device.kind == "cpu"}
        return found

    def assess(self, footprint: Footprint) -> Assessment:
        """Whether it fits."""
        free = self.free(footprint.devices)
        return assess(footprint, reserve_bytes=self.reserve_bytes, held=self.held, free=free)

    def knows(self, footprint: Footprint) -> bool:
        """Whether every device that is used is one whose free memory is known without another dry run."""
        free = self.free(footprint.devices)
        return all(device.name in free for device in footprint.devices if device.total_bytes)

    def is_like(self, other: Surroundings, footprint: Footprint) -> bool:
        """Whether nothing has changed that is worth showing."""
        if self.app != other.app or self.held != other.held:
            return False
        mine, theirs = self.free(footprint.devices), other.free(footprint.devices)
        return mine.keys() == theirs.keys() and not any(
            _is_noticeable(size, theirs[name]) for name, size in mine.items()
        )


def _is_noticeable(before_bytes: int, after_bytes: int) -> bool:
    change = abs(before_bytes - after_bytes)
    return change > min(_NOTICEABLE_BYTES, max(before_bytes, after_bytes) * _NOTICEABLE_SHARE)


def _driver_free(devices: Sequence[DeviceFootprint], samples: Sequence[DeviceSample]) -> dict[str, int]:
    """Free bytes by llama.cpp's name: what the loaded model's backends say, and NVIDIA's driver of its GPUs."""
    names = {device.name for device in devices}
    backend = {
        sample.name: _free(sample)
        for sample in samples
        if sample.source == "backend" and sample.name in names
    }
    return backend | _nvidia_free(devices, [sample for sample in samples if sample.source == "nvml"])


def _nvidia_free(devices: Sequence[DeviceFootprint], gpus: Sequence[DeviceSample]) -> dict[str, int]:
    """The driver numbers its GPUs by their place on the bus, CUDA by their speed: where names or sizes do not agree
    one by one, nothing is said."""
    cuda = [device for device in devices if device.name.startswith("CUDA")]
    if not cuda or len(cuda) != len(gpus):
        return {}
    pairs = list(zip(sorted(cuda, key=_number), gpus, strict=True))
    if not all(_are_same(device, gpu) for device, gpu in pairs):
        return {}
    return {device.name: _free(gpu) for device, gpu in pairs}


def _are_same(device: DeviceFootprint, gpu: DeviceSample) -> bool:
    alike = abs(device.capacity_bytes - gpu.total_bytes) <= gpu.total_bytes * _SAME_SIZE
    return alike and device.description == gpu.name


def _number(device: DeviceFootprint) -> int:
    digits = device.name.removeprefix("CUDA")
    return int(digits) if digits.isdecimal() else -1


def _free(sample: DeviceSample) -> int:
    return max(0, sample.total_bytes - sample.used_bytes)


def held_bytes(got: Got, asked: Mapping[str, Any], predicted: Footprint | None) -> dict[str, int]:
    """What each device gets back when the loaded model goes, in bytes, as far as the system counts it as used.

    The pages of a mapped file count as free already. How much is mapped is known from the dry run; without one all
    weights in main memory are taken for it, unless `asked`, the settings of the load, rule it out.
    """
    held: dict[str, int] = {}
    for device in got.devices:
        if held_here := max(0, device.held_bytes - _mapped_bytes(device, got.draft, asked, predicted)):
            held[device.name] = held_here
    return held


def _mapped_bytes(
    device: GotDevice, draft: GotDraft | None, asked: Mapping[str, Any], predicted: Footprint | None
) -> int:
    if device.kind != "cpu":
        return 0
    weights = device.weights_bytes + (draft.weights_bytes(device.name) if draft is not None else 0)
    if predicted is not None and (found := predicted.device(device.name)) is not None:
        return min(found.mapped_bytes, weights)
    copied = LOAD.value(asked, "use_mmap") is False or LOAD.value(asked, "use_direct_io")
    return 0 if copied else weights


def stand_ins_of(values: Mapping[str, Any], asked: Mapping[str, Any], got: Got | None) -> StandIns | None:
    """The remote workers of the plan `values` that the model loaded with `asked` is on, with their devices' memory.

    None where not all of their devices are known: the loaded model tells of those only that it may use.
    """
    used = {full_endpoint(text) for text in LOAD.value(asked, "rpc_servers")}
    found: dict[str, list[tuple[int, int]]] = {}
    for text in LOAD.value(values, "rpc_servers"):
        if full_endpoint(text) not in used:
            continue
        memory = [
            (device.free_bytes, device.total_bytes)
            for device in (got.devices if got is not None else ())
            if device.kind == "rpc" and device.description == full_endpoint(text)
        ]
        if not memory or LOAD.value(asked, "devices"):
            return None
        found[text] = memory
    return found
