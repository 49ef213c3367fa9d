"""What the rules and bounds need to know of the computer; whoever can measure it fills it in."""

from __future__ import annotations

import sys
from dataclasses import dataclass


def takes_layers(kind: str) -> bool:
    """Whether layers can be offloaded to a device of this kind ("gpu", "igpu", "accel", "rpc" or "cpu")."""
    return kind not in {"cpu", "accel"}


@dataclass(frozen=True, slots=True)
class Device:
    """A device under llama.cpp's name for it; `kind` is "gpu", "igpu", "accel", "rpc" or "cpu"."""

    name: str
    kind: str = "gpu"
    free_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """A computer; unknown numbers are 0, unknown `devices` None. The CPU need not be among the devices."""

    n_physical_cores: int = 0
    n_logical_cores: int = 0
    ram_bytes: int = 0
    devices: tuple[Device, ...] | None = None
    platform: str = sys.platform

    @property
    def offload_devices(self) -> tuple[Device, ...] | None:
        """The devices that layers can be offloaded to; None while they are unknown."""
        if self.devices is None:
            return None
        return tuple(device for device in self.devices if takes_layers(device.kind))

    @property
    def default_devices(self) -> tuple[Device, ...] | None:
        """Those of them that llama.cpp takes, in its order, when none are chosen (`llama_prepare_model_devices`)."""
        known = self.offload_devices
        if known is None:
            return None
        remote = tuple(device for device in known if device.kind == "rpc")
        gpus = tuple(device for device in known if device.kind == "gpu")
        return remote + (gpus or tuple(device for device in known if device.kind == "igpu"))
