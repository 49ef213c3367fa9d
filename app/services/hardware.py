"""Samples of the machine, taken twice a second on a thread of their own."""

from __future__ import annotations

import threading
import time

import psutil
from PySide6.QtCore import QObject, Signal

from app.services.hardware_nvml import Nvml
from app.services.hardware_samples import DeviceSample, GpuAbsence, Sample
from app.services.session import Session
from app.worker.protocol import Heartbeat

_STOP_S = 0.25
"""How long `stop` waits. Only a driver that is just being opened takes longer; the thread is a daemon."""

_BackendDevices = tuple[tuple[str, int, int], ...]


class HardwareMonitor(QObject):
    """Measures RAM, CPU load, the window's and the worker's memory, and the GPUs; emits a `Sample` each time.

    NVIDIA's driver is asked directly; any other device is known by what the worker's heartbeats say about it.
    """

    sampled = Signal(object)  # Sample; emitted on the sampling thread, delivered on the receiver's

    def __init__(self, parent: QObject | None = None, *, interval_s: float = 0.5) -> None:
        super().__init__(parent)
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        # Written by the window's thread, read by the sampling thread: replaced whole, never changed.
        self._worker_pid: int | None = None
        self._backend_devices: _BackendDevices = ()

    def start(self) -> None:
        """Begin to sample; does nothing if it has begun. A stopped monitor stays stopped."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hardware", daemon=True)
            self._thread.start()

    def sample_now(self) -> None:
        """Do not wait for the next sample's time; `sampled` follows in some milliseconds while it samples at all."""
        self._wake.set()

    def stop(self) -> None:
        """No sample is emitted after this returns. Takes a moment, at most 0.3 s."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None

    def follow(self, session: Session) -> None:
        """Watch whichever worker `session` has."""
        session.heartbeat.connect(self.note_heartbeat)

        def watch(_state: object) -> None:
            self.watch_worker(session.worker_pid)

        session.state_changed.connect(watch)
        watch(session.state)

    def watch_worker(self, pid: int | None) -> None:
        """Measure this process's memory too; None for none."""
        if pid is None:
            self._backend_devices = ()
        self._worker_pid = pid

    def note_heartbeat(self, heartbeat: Heartbeat) -> None:
        """Take over what the worker's backends say about their devices' memory."""
        if self._worker_pid is not None:
            self._backend_devices = heartbeat.devices

    # -- the sampling thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        psutil.cpu_percent(None)  # the first call has nothing to compare with
        processes = _Processes()
        nvml = Nvml()
        self._stopping.wait(0.1)
        while not self._stopping.is_set():
            started_s = time.monotonic()
            self._wake.clear()
            sample = self._sample(processes, nvml)
            if self._stopping.is_set():
                break
            self.sampled.emit(sample)
            if nvml.absence is GpuAbsence.NOT_ASKED_YET:
                nvml.open()  # after the first sample: it can take seconds
            self._wake.wait(max(0.05, self._interval_s - (time.monotonic() - started_s)))
        nvml.close()

    def _sample(self, processes: _Processes, nvml: Nvml) -> Sample:
        time_s = time.monotonic()  # before anything is read: what happened by then is in what is read
        worker_pid = self._worker_pid
        memory = psutil.virtual_memory()
        own_rss_bytes, own_mapped_bytes, worker_rss_bytes, worker_mapped_bytes = processes.read(worker_pid)
        gpus = nvml.read(worker_pid)
        return Sample(
            time_s=time_s,
            ram_used_bytes=memory.total - memory.available,
            ram_total_bytes=memory.total,
            cpu_percent=psutil.cpu_percent(None),
            own_rss_bytes=own_rss_bytes,
            worker_rss_bytes=worker_rss_bytes,
            mapped_bytes=own_mapped_bytes + worker_mapped_bytes,
            devices=gpus + _from_backend(self._backend_devices, bool(gpus)),
            gpu_absence=nvml.absence,
            gpu_absence_detail=nvml.detail,
        )


class _Processes:
    """Memory of this process and of the worker."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._worker: psutil.Process | None = None

    def read(self, worker_pid: int | None) -> tuple[int, int, int | None, int]:
        """Resident and mapped bytes, first ours, then the worker's: (None, 0) for one that is gone."""
        own_bytes, own_mapped_bytes = _resident(self._own)
        if worker_pid is None:
            self._worker = None
            return own_bytes, own_mapped_bytes, None, 0
        try:
            if self._worker is None or self._worker.pid != worker_pid:
                self._worker = psutil.Process(worker_pid)
            return own_bytes, own_mapped_bytes, *_resident(self._worker)
        except psutil.Error:
            self._worker = None
            return own_bytes, own_mapped_bytes, None, 0


def _resident(process: psutil.Process) -> tuple[int, int]:
    memory = process.memory_info()
    return memory.rss, getattr(memory, "shared", 0)  # `shared` is Linux's: pages that a file lies behind


def _from_backend(devices: _BackendDevices, has_nvml: bool) -> tuple[DeviceSample, ...]:
    """What backends say, without the CPU (that is RAM) and without the GPUs that NVML describes better."""
    return tuple(
        DeviceSample(
            key=f"backend:{name}",
            name=name,
            source="backend",
            used_bytes=max(0, total_bytes - free_bytes),
            total_bytes=total_bytes,
        )
        for name, free_bytes, total_bytes in devices
        if total_bytes > 0 and not name.startswith("CPU") and not (has_nvml and name.startswith("CUDA"))
    )
