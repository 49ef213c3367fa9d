"""Which devices llama.cpp can use here, asked once in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import psutil
from PySide6.QtCore import QObject, Signal

from app.core.settings.machine import Device, Machine

_log = logging.getLogger(__name__)

Row = dict[str, Any]


class DeviceScan(QObject):
    """Asks on a thread, since the answer takes a process that loads llama.cpp and its drivers."""

    found = Signal(object, list)  # Machine, and (name, title) of the devices that layers can be put on

    def __init__(self, list_devices: Callable[[], list[Row]], parent: QObject | None = None) -> None:
        """`list_devices` blocks until it has rows of name, description, kind, free_bytes and total_bytes."""
        super().__init__(parent)
        self._list_devices = list_devices
        self._thread: threading.Thread | None = None
        self._is_over = False

    def start(self) -> None:
        """Asks; `found` follows, unless the devices cannot be had (the log then says why)."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._ask, name="device-scan", daemon=True)
            self._thread.start()

    def close(self, timeout_s: float = 0.2) -> None:
        """Tells nothing from now on; the process that is being asked ends by itself."""
        self._is_over = True
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _ask(self) -> None:
        try:
            rows = self._list_devices()
        except (RuntimeError, OSError, ValueError) as error:
            _log.error("the devices could not be listed: %s", error)
            return
        if not self._is_over:
            self.found.emit(machine_of(rows), titles_of(rows))


def machine_of(rows: list[Row]) -> Machine:
    """This computer, for the rules between settings."""
    devices = tuple(
        Device(str(row["name"]), str(row["kind"]), int(row["free_bytes"]), int(row["total_bytes"]))
        for row in rows
    )
    return Machine(
        n_physical_cores=psutil.cpu_count(logical=False) or 0,
        n_logical_cores=psutil.cpu_count() or 0,
        ram_bytes=psutil.virtual_memory().total,
        devices=devices,
    )


def titles_of(rows: list[Row]) -> list[tuple[str, str]]:
    """(llama.cpp's name, what to call it) of the devices that layers can be put on."""
    return [
        (str(row["name"]), f"{row['name']} · {row['description']}")
        for row in rows
        if row["kind"] not in {"cpu", "accel"}
    ]
