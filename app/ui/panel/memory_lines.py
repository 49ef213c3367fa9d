"""Which devices the memory bar shows, and where in a device's bar everything lies, in bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.footprint import PARTS, Assessment, DeviceFootprint, Room, Verdict
from app.core.run import GOT_PARTS, Got, GotDevice

OTHERS = "others"
"""What other programs hold, beside `PARTS`."""


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device: what the plan needs of it (`room`), and what the loaded model holds (None for nothing).

    Without a plan `room.device` needs nothing and `has_plan` is false. `predicted` is what was expected of the loaded
    model here before its load, None where that is not known.
    """

    room: Room
    loaded: GotDevice | None
    has_plan: bool
    predicted: DeviceFootprint | None = None

    @property
    def device(self) -> DeviceFootprint:
        """What the plan needs here."""
        return self.room.device

    @property
    def loaded_bytes(self) -> int:
        """All that the loaded model holds here."""
        return max(0, self.loaded.held_bytes - self.loaded_idle_bytes) if self.loaded is not None else 0

    @property
    def loaded_idle_bytes(self) -> int:
        """What of the loaded model's mapped weights is not used (see `DeviceFootprint`), as far as known."""
        return sum(self._loaded_idle(part) for part in GOT_PARTS)

    def _loaded_idle(self, part: str) -> int:
        return self.predicted.idle_part_bytes(part) if self.predicted is not None else 0

    def loaded_used_bytes(self, part: str) -> int:
        """What is in use of one part of the loaded model."""
        return max(0, self.loaded_part_bytes(part) - self._loaded_idle(part))

    def loaded_part_bytes(self, part: str) -> int:
        """What one part of the loaded model takes here, with what is idle of it."""
        return self.loaded.part_bytes(part) if self.loaded is not None else 0

    @property
    def used_bytes(self) -> int:
        """What is in use with the plan loaded, or now where there is no plan; other programs included."""
        ours = self.device.needed_bytes if self.has_plan else self.loaded_bytes
        return ours + self.room.others_bytes

    @property
    def free_bytes(self) -> int:
        """What the plan leaves free; less than 0 where it does not fit."""
        return self.device.capacity_bytes - self.used_bytes


def device_lines(
    assessment: Assessment | None, loaded: Got | None, predicted: Sequence[DeviceFootprint] = ()
) -> list[DeviceLine]:
    """The devices that the plan or the loaded model uses, in llama.cpp's order, and main memory, always and last.

    `predicted` is what was expected of the loaded model, device by device.
    """
    expected = {device.name: device for device in predicted}
    rooms = assessment.rooms if assessment is not None else ()
    held = {device.name: device for device in loaded.devices} if loaded is not None else {}
    lines = [
        DeviceLine(room, held.get(room.device.name), True, expected.get(room.device.name)) for room in rooms
    ]
    known = {room.device.name for room in rooms}
    has_plan = assessment is not None
    lines += [
        DeviceLine(_room_of(device), device, has_plan, expected.get(name))
        for name, device in held.items()
        if name not in known
    ]
    main = [line for line in lines if line.device.kind == "cpu"]
    used = [line for line in lines if line.device.total_bytes or line.loaded_bytes]
    return [*(line for line in used if line not in main), *main]


def used_lines(assessment: Assessment) -> list[DeviceLine]:
    """As `device_lines`, only those that the plan uses."""
    return [line for line in device_lines(assessment, None) if line.device.total_bytes]


def _room_of(device: GotDevice) -> Room:
    """A device of the loaded model that the plan does not know."""
    place = DeviceFootprint(
        device.name,
        device.description,
        device.kind,
        free_bytes=device.free_bytes,
        capacity_bytes=device.total_bytes,
    )
    others = max(0, device.total_bytes - device.free_bytes - device.held_bytes) if device.total_bytes else 0
    return Room(place, device.total_bytes - others, 0, others, Verdict.FITS)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar: `part` is one of `PARTS` or `OTHERS`."""

    part: str
    start_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BarShape:
    """A bar in bytes. `whole_bytes` is its right end; `capacity_bytes` where the device ends (0: it does not tell).

    `reserve_bytes` before the end of the device should stay free.
    """

    segments: tuple[Segment, ...]
    ghost: tuple[Segment, ...]
    whole_bytes: int
    capacity_bytes: int
    reserve_bytes: int
    verdict: Verdict

    @property
    def is_over(self) -> bool:
        """Whether something lies beyond the end of the device."""
        return 0 < self.capacity_bytes < self.whole_bytes


def shape(line: DeviceLine) -> BarShape:
    """Where everything lies in the bar of `line`: the plan's parts, then other programs, then what is free.

    What is idle is left out.
    """
    room, device = line.room, line.device
    used = [(part, device.part_bytes(part) - device.idle_part_bytes(part)) for part in PARTS]
    sizes = used if line.has_plan else []
    # Without a plan other programs keep their place, as if the loaded model lay before them.
    start = 0 if line.has_plan else line.loaded_bytes
    segments = stack([*sizes, (OTHERS, room.others_bytes)], start)
    ghost = stack([(part, line.loaded_used_bytes(part)) for part in GOT_PARTS])
    end = max((item.start_bytes + item.size_bytes for item in (*segments, *ghost)), default=0)
    return BarShape(
        segments,
        ghost,
        max(end, device.capacity_bytes, 1),
        device.capacity_bytes,
        min(room.reserve_bytes, device.capacity_bytes),
        room.verdict,
    )


def stack(sizes: Sequence[tuple[str, int]], start: int = 0) -> tuple[Segment, ...]:
    """Parts of these bytes one behind the other from `start` on; those that take nothing are left out."""
    segments: list[Segment] = []
    for part, size in sizes:
        if size > 0:
            segments.append(Segment(part, start, size))
            start += size
    return tuple(segments)
