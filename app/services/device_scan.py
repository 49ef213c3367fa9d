"""Which devices llama.cpp can use, asked in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import psutil
from PySide6.QtCore import QObject, Signal

from app.core.run import GotDevice
from app.core.settings.machine import Device, Machine, takes_layers

_log = logging.getLogger(__name__)

Row = dict[str, Any]


class DeviceScan(QObject):
    """Asks on a thread, since the answer takes a process that loads llama.cpp and its drivers."""

    found = Signal(object, list)  # Machine, and (name, title) of the devices that layers can be put on

    def __init__(self, list_devices: Callable[[list[str]], list[Row]], parent: QObject | None = None) -> None:
        """`list_devices` takes remote workers ("host:port") and blocks until it has rows.

        A row holds name, description, kind, free_bytes and total_bytes. RuntimeError, OSError and ValueError say
        that there is no answer.
        """
        super().__init__(parent)
        self._list_devices = list_devices
        self._threads: list[threading.Thread] = []
        self._asked: list[str] | None = None  # the remote workers of the newest question
        self._has_failed = False  # they did not answer: asked again as soon as there is reason to
        self._rows: list[Row] = []
        self._is_over = False

    def ask(self, rpc_servers: Sequence[str] = ()) -> None:
        """Asks for the devices of this machine and of these remote workers, unless that is known already.

        `found` follows, unless there is no answer (the log then says why). Only the newest question is answered.
        """
        servers = list(rpc_servers)
        if self._is_over or (servers == self._asked and not self._has_failed):
            return
        self._asked, self._has_failed = servers, False
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._ask, args=(servers,), name="device-scan", daemon=True)
        self._threads.append(thread)
        thread.start()

    def ask_again(self, rpc_servers: Sequence[str] = ()) -> None:
        """Asks even if the answer is known: what is free has changed since."""
        self._asked = None
        self.ask(rpc_servers)

    @property
    def rows(self) -> list[Row]:
        """The newest answer; empty while there is none."""
        return list(self._rows)

    def learn(self, devices: Sequence[GotDevice]) -> None:
        """Devices that a loaded model is on: a remote worker tells nobody else of its devices meanwhile."""
        known = {row["name"] for row in self._rows}
        new = [asdict(device) for device in devices if device.name not in known]
        if new and self._rows:
            self._tell([*self._rows, *new])

    def close(self, timeout_s: float = 0.2) -> None:
        """Tells nothing from now on; the process that is being asked ends by itself."""
        self._is_over = True
        for thread in self._threads:
            thread.join(timeout_s)

    def _ask(self, servers: list[str]) -> None:
        rows = self._answer(servers)
        has_failed = rows is None
        if rows is None and servers:
            rows = self._answer([])  # a machine that is away hides none of this one's devices
        if self._asked is not servers or self._is_over:
            return
        self._has_failed = has_failed
        if rows is not None:
            self._tell(rows)

    def _tell(self, rows: list[Row]) -> None:
        self._rows = rows
        self.found.emit(machine_of(rows), titles_of(rows))

    def _answer(self, servers: list[str]) -> list[Row] | None:
        try:
            return self._list_devices(servers)
        except (RuntimeError, OSError, ValueError) as error:
            if servers:  # said in full when the model is loaded
                _log.info("the devices of %s could not be listed: %s", ", ".join(servers), error)
            else:
                _log.error("the devices could not be listed: %s", error)
            return None


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
        if takes_layers(str(row["kind"]))
    ]
