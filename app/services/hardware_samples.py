"""What the hardware does at one moment, as measured; all memory in bytes, all loads 0..100 %."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GpuAbsence(StrEnum):
    """Why nothing can be read from NVIDIA's driver. The window owns the wording."""

    NOT_ASKED_YET = "not_asked_yet"
    NO_PACKAGE = "no_package"  # nvidia-ml-py is not installed
    NO_DRIVER = "no_driver"  # its library is not on this machine, or the kernel module is not loaded
    NO_DEVICE = "no_device"  # the driver is there and knows no GPU
    FAILED = "failed"  # any other answer; `gpu_absence_detail` is the driver's text


class Throttle(StrEnum):
    """Why a GPU runs slower than it could."""

    POWER = "power"
    HEAT = "heat"
    BRAKE = "brake"  # the power supply asked for it


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """One device other than the CPU. None means that nobody reports it.

    `key` stays the same while the device is there. `source` is "nvml" for what NVIDIA's driver reports,
    "backend" for what the worker's own backend does (then only the memory is known).
    """

    key: str
    name: str
    source: str
    used_bytes: int
    total_bytes: int
    worker_bytes: int | None = None
    load_percent: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: float | None = None
    throttles: tuple[Throttle, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole machine at `time_s` (time.monotonic).

    `ram_used_bytes` is what cannot be taken back at once, as the system counts it. The pages of a mapped
    model file are in `worker_rss_bytes` (they have to lie in RAM for it to be fast) though the system counts
    them as free to take; `mapped_bytes` is that part of the two processes' memory, where the system tells.
    `worker_rss_bytes` is None while there is no worker.
    """

    time_s: float
    ram_used_bytes: int
    ram_total_bytes: int
    cpu_percent: float
    own_rss_bytes: int
    worker_rss_bytes: int | None = None
    mapped_bytes: int = 0
    devices: tuple[DeviceSample, ...] = ()
    gpu_absence: GpuAbsence | None = GpuAbsence.NOT_ASKED_YET
    gpu_absence_detail: str = ""

    @property
    def ram_others_bytes(self) -> int:
        """What neither the window nor the worker uses."""
        ours_bytes = self.own_rss_bytes + (self.worker_rss_bytes or 0) - self.mapped_bytes
        return max(0, self.ram_used_bytes - ours_bytes)

    @property
    def ram_filled_bytes(self) -> int:
        """Others, window and worker together: at least what the system calls used."""
        return min(
            self.ram_total_bytes,
            self.ram_others_bytes + self.own_rss_bytes + (self.worker_rss_bytes or 0),
        )
