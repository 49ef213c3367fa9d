"""NVIDIA's GPUs through NVML. Slow to open (up to seconds), so only ever used on the sampling thread."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from app.services.hardware_samples import DeviceSample, GpuAbsence, Throttle

# Bits of nvmlDeviceGetCurrentClocksEventReasons (nvml.h, nvmlClocksEventReasons).
_THROTTLES = (
    (0x04, Throttle.POWER),  # SwPowerCap
    (0x20 | 0x40, Throttle.HEAT),  # SwThermalSlowdown, HwThermalSlowdown
    (0x80, Throttle.BRAKE),  # HwPowerBrakeSlowdown
)


class Nvml:
    """The driver's view of its GPUs. Never raises: what a GPU does not report is None.

    `absence` is None while there is something to read, otherwise why not; `detail` is the driver's own text.
    """

    def __init__(self) -> None:
        self.absence: GpuAbsence | None = GpuAbsence.NOT_ASKED_YET
        self.detail = ""
        self._nvml: Any = None
        self._handles: list[Any] = []
        self._names: list[str] = []
        self._limits_w: list[float | None] = []

    def open(self) -> None:
        """Load the driver's library and find its GPUs; sets `absence`."""
        try:
            # By name: the package has no types, and on a machine without it this is one of the outcomes.
            self._nvml = importlib.import_module("pynvml")
        except ImportError as error:
            self.absence, self.detail = GpuAbsence.NO_PACKAGE, str(error)
            return
        try:
            self._nvml.nvmlInit()
        except (self._nvml.NVMLError, OSError, AttributeError) as error:
            self.absence, self.detail = self._why_not(error), str(error)
            return
        self._find()

    def close(self) -> None:
        """Let go of the driver; harmless if it was never opened."""
        if self.absence in {None, GpuAbsence.NO_DEVICE}:
            self._ask(self._nvml.nvmlShutdown)
        self._handles = []
        self.absence = GpuAbsence.NOT_ASKED_YET

    def read(self, worker_pid: int | None) -> tuple[DeviceSample, ...]:
        """One sample per GPU that still answers; empty without any."""
        samples = (self._read_one(index, worker_pid) for index in range(len(self._handles)))
        return tuple(sample for sample in samples if sample is not None)

    # -- inside ---------------------------------------------------------------------------------------------

    def _why_not(self, error: Exception) -> GpuAbsence:
        missing = (self._nvml.NVMLError_LibraryNotFound, self._nvml.NVMLError_DriverNotLoaded)
        return GpuAbsence.NO_DRIVER if isinstance(error, missing) else GpuAbsence.FAILED

    def _find(self) -> None:
        nvml = self._nvml
        n_devices: int = self._ask(nvml.nvmlDeviceGetCount) or 0
        for index in range(n_devices):
            handle = self._ask(nvml.nvmlDeviceGetHandleByIndex, index)
            if handle is None:
                continue
            self._handles.append(handle)
            self._names.append(self._ask(nvml.nvmlDeviceGetName, handle) or "NVIDIA GPU")
            self._limits_w.append(_thousandth(self._ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)))
        self.absence = None if self._handles else GpuAbsence.NO_DEVICE

    def _read_one(self, index: int, worker_pid: int | None) -> DeviceSample | None:
        nvml, handle = self._nvml, self._handles[index]
        memory = self._ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        if memory is None:
            return None
        utilisation = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        temperature = self._ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
        reasons = self._ask(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle) or 0
        return DeviceSample(
            key=f"nvml{index}",
            name=self._names[index],
            source="nvml",
            used_bytes=int(memory.used),
            total_bytes=int(memory.total),
            worker_bytes=self._worker_bytes(handle, worker_pid) if worker_pid is not None else None,
            load_percent=float(utilisation.gpu) if utilisation is not None else None,
            power_w=_thousandth(self._ask(nvml.nvmlDeviceGetPowerUsage, handle)),
            power_limit_w=self._limits_w[index],
            temperature_c=float(temperature) if temperature is not None else None,
            throttles=tuple(throttle for bits, throttle in _THROTTLES if reasons & bits),
        )

    def _worker_bytes(self, handle: Any, pid: int) -> int | None:
        """The worker's memory here, None if the driver does not know it (Windows, containers)."""
        for processes in (
            self._nvml.nvmlDeviceGetComputeRunningProcesses,
            self._nvml.nvmlDeviceGetGraphicsRunningProcesses,  # Vulkan
        ):
            for process in self._ask(processes, handle) or ():
                if process.pid == pid and process.usedGpuMemory is not None:
                    return int(process.usedGpuMemory)
        return None

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The answer, None if this driver or this GPU has none."""
        try:
            return function(*arguments)
        except self._nvml.NVMLError:
            return None


def _thousandth(value: int | None) -> float | None:
    return value / 1000 if value is not None else None
