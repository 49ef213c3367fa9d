"""Every device that llama.cpp knows, with what is free on it now and what the loaded model holds there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.endpoint import full_endpoint
from app.core.footprint import DeviceFootprint
from app.core.run import GotDevice
from app.services.device_scan import DeviceScan
from app.services.footprint_memory import Surroundings
from app.services.hardware import HardwareMonitor
from app.services.hardware_samples import Sample
from app.services.session import Session


@dataclass(frozen=True, slots=True)
class DeviceState:
    """One device under llama.cpp's name; `kind` as in `core.run.GotDevice`, `held` what the loaded model has there.

    `endpoint` is where a remote device is ("host:port"), "" for those of this computer.
    """

    name: str
    description: str
    kind: str
    backend: str
    free_bytes: int
    total_bytes: int
    held: GotDevice | None = None
    endpoint: str = ""

    @property
    def held_bytes(self) -> int:
        """All that the loaded model holds here."""
        return self.held.held_bytes if self.held is not None else 0

    @property
    def others_bytes(self) -> int:
        """What is neither the loaded model's nor free."""
        return max(0, self.total_bytes - self.free_bytes - self.held_bytes)


class DeviceList(QObject):
    """Puts together what the scan, the samples of the hardware and the loaded model say."""

    changed = Signal()

    def __init__(
        self,
        scan: DeviceScan,
        session: Session,
        monitor: HardwareMonitor,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._scan = scan
        self._session = session
        self._sample: Sample | None = None
        self._rows: list[dict[str, Any]] = scan.rows
        scan.found.connect(self._take_rows)
        session.state_changed.connect(self.changed)
        session.loaded.connect(self.changed)
        monitor.sampled.connect(self._take_sample)

    @property
    def is_known(self) -> bool:
        """Whether there is an answer yet."""
        return bool(self._rows)

    def devices(self) -> list[DeviceState]:
        """All of them in llama.cpp's order."""
        got = self._session.got
        held = {device.name: device for device in got.devices} if got is not None else {}
        free = self._free()
        states: list[DeviceState] = []
        for row in self._rows:
            name, kind = str(row["name"]), str(row["kind"])
            device = held.get(name)
            states.append(
                DeviceState(
                    name=name,
                    description=str(row["description"]),
                    kind=kind,
                    backend=str(row.get("backend") or ("RPC" if kind == "rpc" else "")),
                    free_bytes=free.get(name, int(row["free_bytes"])),
                    total_bytes=int(row["total_bytes"]),
                    held=device,
                    endpoint=full_endpoint(str(row["description"])) if kind == "rpc" else "",
                )
            )
        return states

    def local(self) -> list[DeviceState]:
        """Those of this computer."""
        return [device for device in self.devices() if not device.endpoint]

    def remote(self, endpoint: str) -> list[DeviceState]:
        """Those of a remote worker that llama.cpp here has been told of."""
        return [device for device in self.devices() if device.endpoint == endpoint]

    def _free(self) -> dict[str, int]:
        """What is free now by the newest samples, where they know."""
        if self._sample is None:
            return {}
        main_free_bytes = self._sample.ram_total_bytes - self._sample.ram_used_bytes
        devices = [
            DeviceFootprint(
                str(row["name"]),
                str(row["description"]),
                str(row["kind"]),
                capacity_bytes=int(row["total_bytes"]),
            )
            for row in self._rows
        ]
        return Surroundings({}, main_free_bytes=main_free_bytes, sample=self._sample).free(devices)

    def _take_rows(self, *_found: object) -> None:
        self._rows = self._scan.rows
        self.changed.emit()

    def _take_sample(self, sample: Sample) -> None:
        self._sample = sample
        self.changed.emit()
