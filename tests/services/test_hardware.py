"""Samples of this very machine, from the real thread."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import psutil
import pytest
from PySide6.QtCore import Qt

from app.services.hardware import HardwareMonitor
from app.services.hardware_nvml import Nvml
from app.services.hardware_samples import GpuAbsence, Sample
from app.worker.protocol import Heartbeat

HAS_NVIDIA = any(psutil.os.path.exists(path) for path in ("/dev/nvidia0", "/dev/nvidiactl"))


@pytest.fixture
def monitor(qtbot):
    monitor = HardwareMonitor(interval_s=0.05)
    yield monitor
    monitor.stop()


def samples_of(monitor: HardwareMonitor) -> list[Sample]:
    samples: list[Sample] = []
    monitor.sampled.connect(samples.append)
    return samples


def heartbeat(*devices: tuple[str, int, int]) -> Heartbeat:
    return Heartbeat("idle", 0, 0, 0, 1, devices)


def test_samples_this_machine(qtbot, monitor):
    samples = samples_of(monitor)
    monitor.start()
    qtbot.waitUntil(lambda: len(samples) >= 4)
    sample = samples[-1]
    assert sample.ram_total_bytes == psutil.virtual_memory().total
    assert 0 < sample.ram_used_bytes < sample.ram_total_bytes
    assert abs(sample.own_rss_bytes - psutil.Process().memory_info().rss) < 50e6
    assert sample.worker_rss_bytes is None
    assert 0 <= sample.cpu_percent <= 100
    assert sample.time_s == pytest.approx(time.monotonic(), abs=1.0)
    assert sample.ram_used_bytes <= sample.ram_filled_bytes <= sample.ram_total_bytes


def test_sees_the_cpu_at_work(qtbot, monitor):
    samples = samples_of(monitor)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        monitor.start()
        qtbot.waitUntil(lambda: len(samples) >= 5)
    finally:
        busy.kill()
        busy.wait()
    one_core = 100 / (psutil.cpu_count() or 1)
    assert max(sample.cpu_percent for sample in samples) > one_core / 2


def test_measures_the_worker_and_notices_its_end(qtbot, monitor):
    code = "held = bytearray(b'x' * 120_000_000); print('ready', flush=True); input()"
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    samples = samples_of(monitor)
    try:
        assert worker.stdout.readline() == "ready\n"
        monitor.watch_worker(worker.pid)
        monitor.start()
        qtbot.waitUntil(lambda: len(samples) >= 2)
        assert 120e6 < (samples[-1].worker_rss_bytes or 0) < 250e6
        others = samples[-1].ram_others_bytes
        assert others <= samples[-1].ram_used_bytes - 100e6
    finally:
        worker.communicate("\n")
    qtbot.waitUntil(lambda: samples[-1].worker_rss_bytes is None)


def test_stops_at_once_and_for_good(qtbot):
    monitor = HardwareMonitor()
    samples = samples_of(monitor)
    monitor.start()
    qtbot.waitUntil(lambda: len(samples) >= 1)
    started_s = time.monotonic()
    monitor.stop()
    assert time.monotonic() - started_s < 0.3
    assert not [thread for thread in threading.enumerate() if thread.name == "hardware"]
    n_samples = len(samples)
    qtbot.wait(100)
    assert len(samples) <= n_samples + 1  # one may have been on its way


def test_stop_without_start():
    HardwareMonitor().stop()


def test_samples_arrive_in_the_window_thread(qtbot, monitor):
    class Receiver:  # not a QObject, as Recording
        def __init__(self) -> None:
            self.seen: list[threading.Thread] = []

        def take(self, sample: Sample) -> None:
            self.seen.append(threading.current_thread())

    receiver = Receiver()
    monitor.sampled.connect(receiver.take, Qt.ConnectionType.QueuedConnection)
    monitor.start()
    qtbot.waitUntil(lambda: len(receiver.seen) >= 2)
    assert set(receiver.seen) == {threading.main_thread()}


@pytest.mark.skipif(HAS_NVIDIA, reason="this machine has NVIDIA's driver")
def test_without_nvidia_the_reason_is_known(qtbot, monitor):
    samples = samples_of(monitor)
    monitor.start()
    qtbot.waitUntil(lambda: bool(samples) and samples[-1].gpu_absence is GpuAbsence.NO_DRIVER)
    assert samples[0].gpu_absence is GpuAbsence.NOT_ASKED_YET  # the first sample does not wait for a driver
    assert samples[-1].gpu_absence_detail
    assert samples[-1].devices == ()


@pytest.mark.skipif(HAS_NVIDIA, reason="this machine has NVIDIA's driver")
def test_nvml_opens_and_closes_without_a_driver():
    nvml = Nvml()
    nvml.open()
    assert nvml.absence is GpuAbsence.NO_DRIVER
    assert nvml.read(None) == ()
    nvml.close()


def test_without_the_package_the_reason_is_known(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)  # what an import of a missing module finds
    nvml = Nvml()
    nvml.open()
    assert nvml.absence is GpuAbsence.NO_PACKAGE
    nvml.close()


def test_devices_of_other_backends_come_from_heartbeats(qtbot, monitor):
    samples = samples_of(monitor)
    monitor.watch_worker(psutil.Process().pid)
    monitor.note_heartbeat(
        heartbeat(("CPU", 5, 10), ("Metal", 3_000, 10_000), ("BLAS", 0, 0), ("RPC0[localhost:1]", 7, 9))
    )
    monitor.start()
    qtbot.waitUntil(lambda: len(samples) >= 1)
    assert [(d.name, d.used_bytes, d.total_bytes, d.source) for d in samples[-1].devices] == [
        ("Metal", 7_000, 10_000, "backend"),
        ("RPC0[localhost:1]", 2, 9, "backend"),
    ]
    monitor.watch_worker(None)
    monitor.note_heartbeat(heartbeat(("Metal", 1, 2)))  # a late one, of a worker that is gone
    qtbot.waitUntil(lambda: samples[-1].devices == ())
