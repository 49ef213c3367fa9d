"""The memory a plan needs, per device, before it is loaded; and whether that fits.

Every number comes from a dry run of llama.cpp (`engine.dryrun`); here is what it is called, how it is added up, and
how it is held against what a device has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from app.core.run import GOT_PARTS, Got

PARTS = ("weights", "kv", "compute", "output", "draft", "projector")
"""What a device's memory is for, in the order of the bar; `DeviceFootprint` has `<part>_bytes` of each."""

DEFECT_SHARE = 0.01
"""A buffer that differs from its prediction by more than this share is logged as a defect."""

_PRINTED_BYTES = 1024 * 1024 / 100
"""What llama.cpp's log rounds sizes to: 0.01 MiB."""


_N_DRAFT_LINES = 4
"""A draft model's part is a sum of at least so many of them: weights, KV cache, compute and output buffers."""


class Verdict(StrEnum):
    """Whether a plan fits, best first."""

    FITS = "fits"
    TIGHT = "tight"  # it fits, but leaves less than the reserve
    FITS_IF_CLOSED = "fits_if_closed"  # the device is large enough, but other programs hold too much of it
    DOES_NOT_FIT = "does_not_fit"  # the device is too small

    @property
    def is_short(self) -> bool:
        """Whether there is too little memory now."""
        return self in {Verdict.FITS_IF_CLOSED, Verdict.DOES_NOT_FIT}


VERDICT_TEXTS = {
    Verdict.FITS: "fits",
    Verdict.TIGHT: "tight",
    Verdict.FITS_IF_CLOSED: "fits with other programs closed",
    Verdict.DOES_NOT_FIT: "does not fit",
}
"""English words, for the command line; the window has its own."""

_ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Buffer:
    """One kind of buffer of one buffer type, as llama.cpp's log names it at the real load.

    `part` is "weights", "kv", "compute" or "output"; several log lines of the same name and part are one sum.
    """

    name: str
    part: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeviceFootprint:
    """What a plan needs of one device, in bytes; `kind` is "cpu", "gpu", "igpu", "accel" or "rpc".

    `draft_bytes` and `projector_bytes` are all that a draft model and a vision projector take here. `mapped_bytes` is
    the part of `weights_bytes` and `draft_bytes` that is a mapped file: under pressure the system drops it and reads it
    again, so it can exceed the memory at the price of speed. `idle_bytes` is the part of it that nothing reads after
    the load, since those weights were repacked or copied to a device: file cache, and free memory as the system
    counts it. `draft_idle_bytes` of these are the draft model's.
    `free_bytes` and `capacity_bytes` are what the device had free, and has, when the dry run was made; 0 where it does
    not say.
    """

    name: str
    description: str
    kind: str
    weights_bytes: int = 0
    kv_bytes: int = 0
    compute_bytes: int = 0
    output_bytes: int = 0
    draft_bytes: int = 0
    projector_bytes: int = 0
    mapped_bytes: int = 0
    idle_bytes: int = 0
    draft_idle_bytes: int = 0
    n_layers: int = 0
    free_bytes: int = 0
    capacity_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """All that llama.cpp maps and allocates here."""
        return sum(self.part_bytes(part) for part in PARTS)

    @property
    def needed_bytes(self) -> int:
        """What has to be free for it: all but what is idle after the load."""
        return self.total_bytes - self.idle_bytes

    @property
    def draft_needed_bytes(self) -> int:
        """What of it is the draft model's."""
        return self.draft_bytes - self.draft_idle_bytes

    def part_bytes(self, part: str) -> int:
        """The bytes of one of `PARTS`."""
        return int(getattr(self, f"{part}_bytes"))

    def idle_part_bytes(self, part: str) -> int:
        """What of it is idle after the load."""
        idle = {"weights": self.idle_bytes - self.draft_idle_bytes, "draft": self.draft_idle_bytes}
        return idle.get(part, 0)


@dataclass(frozen=True, slots=True)
class Footprint:
    """A plan's memory on every device that it could use, main memory included, in llama.cpp's order of devices.

    `layer_devices` names the device of each layer, the output layer last. `n_layers` counts them. `buffers` are the
    model's own, `draft_buffers` those of its draft model, of whose `n_draft_layers` layers `n_draft_layers_offloaded`
    are not on the CPU. Where the model `has_own_heads` that guess, they are meant by these three, and their weights are
    among the model's. `n_ctx`, `n_ctx_slot` and `flash_attention` are what llama.cpp makes of what was asked.
    `elapsed_ms` is how long the dry run took; `n_model_loads` how many models had to be read for it (0 when all were
    at hand). `split` has the share of each of several devices in use where the plan leaves the split to their free
    memory: a load that is to bring exactly this has to be given it, since free memory is never the same twice. It is
    empty otherwise.
    """

    devices: tuple[DeviceFootprint, ...]
    buffers: tuple[Buffer, ...]
    layer_devices: tuple[str, ...]
    n_ctx: int
    n_ctx_slot: int
    flash_attention: bool
    elapsed_ms: float
    n_model_loads: int = 0
    split: tuple[float, ...] = ()
    draft_buffers: tuple[Buffer, ...] = ()
    n_draft_layers: int = 0
    n_draft_layers_offloaded: int = 0
    has_own_heads: bool = False

    @property
    def n_layers(self) -> int:
        """Layers of the model, the output layer included."""
        return len(self.layer_devices)

    @property
    def n_layers_offloaded(self) -> int:
        """Layers that are not on the CPU."""
        cpus = {device.name for device in self.devices if device.kind == "cpu"}
        return sum(1 for name in self.layer_devices if name not in cpus)

    @property
    def total_bytes(self) -> int:
        """All that llama.cpp maps and allocates, on all devices together."""
        return sum(device.total_bytes for device in self.devices)

    @property
    def needed_bytes(self) -> int:
        """What has to be free for it, on all devices together."""
        return sum(device.needed_bytes for device in self.devices)

    def device(self, name: str) -> DeviceFootprint | None:
        """The device called `name`, None where it is not among them."""
        return next((device for device in self.devices if device.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Builtin types only, for messages and files."""
        record = asdict(self)
        lists = ("devices", "buffers", "layer_devices", "split", "draft_buffers")
        return record | {key: list(record[key]) for key in lists}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; unknown keys are ignored.

        Raises:
            TypeError, KeyError: it is not such a record.
        """
        known = {item.name for item in fields(cls)}
        kept = {key: value for key, value in record.items() if key in known}
        kept["devices"] = tuple(_known(DeviceFootprint, device) for device in record["devices"])
        kept["buffers"] = tuple(_known(Buffer, buffer) for buffer in record["buffers"])
        kept["draft_buffers"] = tuple(_known(Buffer, buffer) for buffer in record.get("draft_buffers", ()))
        kept["layer_devices"] = tuple(record["layer_devices"])
        kept["split"] = tuple(record.get("split", ()))
        return cls(**kept)


def _known(cls: type[Any], record: Mapping[str, Any]) -> Any:
    names = {item.name for item in fields(cls)}
    return cls(**{key: value for key, value in record.items() if key in names})


@dataclass(frozen=True, slots=True)
class Room:
    """One device's memory with a plan in it.

    `available_bytes` is what the plan may take without anything else giving way: what is free now and what the
    loaded model gives back. `reserve_bytes` of it should stay free. `others_bytes` is what other programs hold.
    """

    device: DeviceFootprint
    available_bytes: int
    reserve_bytes: int
    others_bytes: int
    verdict: Verdict

    @property
    def left_bytes(self) -> int:
        """What of the available memory the plan leaves; negative where it is not enough."""
        return self.available_bytes - self.device.needed_bytes

    @property
    def missing_bytes(self) -> int:
        """How much more would have to be available for the plan to fit with its reserve; 0 where it does.

        Of a device that does not tell its memory nothing is missing: everything fits there.
        """
        if not self.device.capacity_bytes:
            return 0
        return max(0, self.reserve_bytes - self.left_bytes)

    @property
    def is_impossible(self) -> bool:
        """Whether the device is too small for what cannot be dropped and read again; mapped weights can."""
        needed = self.device.total_bytes - self.device.mapped_bytes
        return 0 < self.device.capacity_bytes < needed


@dataclass(frozen=True, slots=True)
class Assessment:
    """A footprint held against the devices. `verdict` is the worst of any device that the plan uses."""

    verdict: Verdict
    rooms: tuple[Room, ...]

    @property
    def is_impossible(self) -> bool:
        """Whether no closing of programs helps, mapped weights not counted: they need not be in memory at once."""
        return any(room.is_impossible for room in self.rooms)

    @property
    def used(self) -> tuple[Room, ...]:
        """The devices that the plan uses."""
        return tuple(room for room in self.rooms if room.device.total_bytes)

    @property
    def worst(self) -> Room | None:
        """The device that decides the verdict, None where no device is used."""
        return max(self.used, key=lambda room: (_ORDER.index(room.verdict), room.missing_bytes), default=None)

    @property
    def fullest(self) -> Room | None:
        """Of the used devices that tell their memory the one with least left, None where there is none."""
        known = (room for room in self.used if room.device.capacity_bytes)
        return min(known, key=lambda room: room.left_bytes, default=None)


def assess(
    footprint: Footprint,
    *,
    reserve_bytes: Callable[[DeviceFootprint], int],
    held: Mapping[str, int] | None = None,
    free: Mapping[str, int] | None = None,
) -> Assessment:
    """Whether `footprint` fits.

    `reserve_bytes` says how much of a device should stay free. `held` maps device names to what a loaded model
    holds there and gives back before the plan is loaded. `free` maps device names to what is free now, where that
    is known better than at the dry run. A device that does not tell its memory fits everything.
    """
    rooms = tuple(
        _room(
            device,
            (free or {}).get(device.name, device.free_bytes),
            (held or {}).get(device.name, 0),
            reserve_bytes(device),
        )
        for device in footprint.devices
    )
    verdicts = [room.verdict for room in rooms if room.device.total_bytes]
    return Assessment(max(verdicts, key=_ORDER.index, default=Verdict.FITS), rooms)


def _room(device: DeviceFootprint, free_bytes: int, held_bytes: int, reserve_bytes: int) -> Room:
    capacity, needed = device.capacity_bytes, device.needed_bytes
    if not capacity:
        return Room(device, 0, 0, 0, Verdict.FITS)
    available = min(free_bytes + held_bytes, capacity)
    if needed + reserve_bytes <= available:
        verdict = Verdict.FITS
    elif needed <= available:
        verdict = Verdict.TIGHT
    elif needed <= capacity:
        verdict = Verdict.FITS_IF_CLOSED
    else:
        verdict = Verdict.DOES_NOT_FIT
    return Room(device, available, reserve_bytes, capacity - available, verdict)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One part of one device: what was predicted and what llama.cpp allocated, in bytes."""

    device: str
    part: str
    predicted_bytes: int
    got_bytes: int

    @property
    def is_defect(self) -> bool:
        """Whether they differ by more than `DEFECT_SHARE` of the larger, and by more than the log's rounding."""
        difference = abs(self.predicted_bytes - self.got_bytes)
        larger = max(self.predicted_bytes, self.got_bytes)
        n_lines = _N_DRAFT_LINES if self.part == "draft" else 1
        return difference > DEFECT_SHARE * larger and difference > n_lines * _PRINTED_BYTES


def compare(footprint: Footprint, got: Got) -> list[Deviation]:
    """What was predicted beside what was got, for every device and part that either of them has."""
    found: list[Deviation] = []
    loaded = {device.name: device for device in got.devices}
    names = [device.name for device in footprint.devices]
    for name in [*names, *(name for name in loaded if name not in names)]:
        predicted, real = footprint.device(name), loaded.get(name)
        for part in GOT_PARTS:
            before = predicted.part_bytes(part) if predicted is not None else 0
            after = real.part_bytes(part) if real is not None else 0
            if before or after:
                found.append(Deviation(name, part, before, after))
    return found
