"""A judge of footprints with limits of a person's choice in the place of what devices have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from app.core.footprint import Assessment, DeviceFootprint, Footprint, assess


def limited_judge(
    limits: Mapping[str, int],
    *,
    reserve_bytes: Callable[[DeviceFootprint], int],
    held: Mapping[str, int] | None = None,
    free: Mapping[str, int] | None = None,
) -> Callable[[Footprint], Assessment]:
    """`assess`, but a plan may take exactly `limits[name]` bytes of a device, whatever is free there or reserved.

    The names are the footprints' own. The other arguments are those of `assess`. With `free` given for every device
    without a limit, the same footprint is always judged alike.
    """

    def reserve(device: DeviceFootprint) -> int:
        return 0 if device.name in limits else reserve_bytes(device)

    def judge(footprint: Footprint) -> Assessment:
        devices = tuple(_limited(device, limits) for device in footprint.devices)
        others = {name: size for name, size in (held or {}).items() if name not in limits}
        sampled = {name: size for name, size in (free or {}).items() if name not in limits}
        return assess(replace(footprint, devices=devices), reserve_bytes=reserve, held=others, free=sampled)

    return judge


def _limited(device: DeviceFootprint, limits: Mapping[str, int]) -> DeviceFootprint:
    if device.name not in limits:
        return device
    # A capacity of 0 would mean "does not say", which fits everything.
    return replace(device, capacity_bytes=max(limits[device.name], 1), free_bytes=limits[device.name])
