"""A remote worker's near end: start llama.cpp's RPC server in a process of its own, see who uses it, end it."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from app.core.tail import tail
from app.worker.rpc_serving import BAD_DEVICE, DEVICES, NO_RPC, serve
from app.worker.starting import start_shielded

_START_S = 60.0  # drivers can take their time
_POLL_S = 0.03
_TAIL_BYTES = 4000
_N_TRIES = 5  # a port that was free may be taken before the server has it

_ACCEPTED = "Accepted client connection"
_CLOSED = "Client connection closed"


class RpcWorkerFault(StrEnum):
    """Why a remote worker cannot be started."""

    PORT_IN_USE = "port_in_use"
    BAD_ADDRESS = "bad_address"  # not an address of this computer
    NO_PERMISSION = "no_permission"
    NO_RPC = "no_rpc"  # this build of llama.cpp has no RPC backend
    BAD_DEVICE = "bad_device"
    FAILED = "failed"


class RpcWorkerError(Exception):
    """A remote worker could not be started; the text says why."""

    def __init__(self, fault: RpcWorkerFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class RpcWorker:
    """One server process: started, perhaps killed, not started again. It ends with this process.

    `endpoint` is its address and port, `devices` what it serves, as `app.worker.process.device_records` gives them.
    """

    def __init__(
        self,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        n_threads: int = 1,
        devices: Sequence[str] = (),
        log_path: str | Path = os.devnull,
    ) -> None:
        """`address` is an IPv4 address of this computer, port 0 any free one; `devices` as in `serve`."""
        self._address = address
        self._wanted_port = port
        self._n_threads = n_threads
        self._names = list(devices)
        self._log_path = Path(log_path)
        self._log_start = 0
        self._process: Any = None
        self.port = port
        self.devices: list[dict[str, Any]] = []

    @property
    def endpoint(self) -> str:
        """Its host:port."""
        return f"{self._address}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's process, None before the start and after the end was noticed."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            RpcWorkerError: it cannot; nothing of it is left.
        """
        for n_left in reversed(range(_N_TRIES)):
            self.port = free_port(self._address, self._wanted_port)
            try:
                self._start()
                return
            except RpcWorkerError as error:
                self.kill()
                if self._wanted_port or error.fault is not RpcWorkerFault.PORT_IN_USE or not n_left:
                    raise

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it has ended."""
        if self._process is None:
            return True
        self._process.join(timeout_s)
        return not self._process.is_alive()

    def kill(self) -> None:
        """End it at once, as a machine that goes away would; does nothing where it has ended."""
        if self._process is None:
            return
        with contextlib.suppress(ValueError):
            if self._process.pid is not None:
                self._process.kill()
                self._process.join()
            self._process.close()
        self._process = None

    def peers(self) -> list[str]:
        """Who is connected, as host:port; whoever waits for his turn is not among them."""
        if self.pid is None:
            return []
        try:
            connections = psutil.Process(self.pid).net_connections("tcp4")
        except (psutil.Error, OSError):
            return []
        return [
            f"{item.raddr.ip}:{item.raddr.port}"
            for item in connections
            if item.raddr and item.laddr.port == self.port
        ]

    def last_words(self) -> str:
        """The end of what it wrote."""
        return tail(self._log_path, _TAIL_BYTES, start=self._log_start)

    # -- starting -------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._log_path.is_file():
            self._log_start = self._log_path.stat().st_size
        context = multiprocessing.get_context("spawn")
        reports, far_end = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve,
            args=(self.endpoint, self._n_threads, self._names, str(self._log_path), far_end),
            name="loadout-rpc-worker",
            daemon=True,
        )
        start_shielded(self._process)
        far_end.close()
        with reports:
            deadline_s = time.monotonic() + _START_S
            self.devices = self._report(reports, deadline_s)
            while not self._listens():
                if not self._process.is_alive():
                    self._process.join()
                    if (self._process.exitcode or 0) < 0:
                        return  # it did listen, and its first client made it crash: whoever watches it sees that
                    raise RpcWorkerError(
                        RpcWorkerFault.PORT_IN_USE, f"the port {self.port} cannot be listened on"
                    )
                if time.monotonic() > deadline_s:
                    raise RpcWorkerError(RpcWorkerFault.FAILED, "the server does not begin to listen")
                time.sleep(_POLL_S)

    def _report(self, reports: Any, deadline_s: float) -> list[dict[str, Any]]:
        """The devices that it serves."""
        try:
            if not reports.poll(deadline_s - time.monotonic()):
                raise RpcWorkerError(RpcWorkerFault.FAILED, "the server does not start")
            what, content = reports.recv()
        except (EOFError, OSError):
            self._process.join()
            text = f"the server's process ended (exit code {self._process.exitcode})"
            raise RpcWorkerError(RpcWorkerFault.FAILED, text) from None
        if what == DEVICES:
            return content
        faults = {NO_RPC: RpcWorkerFault.NO_RPC, BAD_DEVICE: RpcWorkerFault.BAD_DEVICE}
        raise RpcWorkerError(faults.get(what, RpcWorkerFault.FAILED), content)

    def _listens(self) -> bool:
        """Asked of the system: to connect would make this the server's first client."""
        try:
            connections = psutil.Process(self._process.pid).net_connections("tcp4")
        except (psutil.Error, OSError):
            return False
        return any(item.status == psutil.CONN_LISTEN and item.laddr.port == self.port for item in connections)


class RpcLog:
    """Reads a server's log from where it stood, again and again."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._position = self._path.stat().st_size if self._path.exists() else 0
        self._rest = b""

    def news(self) -> list[bool]:
        """True for each client that came and False for each that left since the last time, in order."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                written = file.read()
        except OSError:
            return []
        self._position += len(written)
        *lines, self._rest = (self._rest + written).split(b"\n")
        found = [line.decode("utf-8", "replace").strip() for line in lines]
        return [line == _ACCEPTED for line in found if line in {_ACCEPTED, _CLOSED}]


def free_port(address: str, port: int) -> int:
    """`port` if it can be listened on at this address, for 0 one that can.

    Raises:
        RpcWorkerError: it cannot, and why.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # there it would take a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
            return probe.getsockname()[1]
        except PermissionError:
            text = f"the port {port} is for the system's own programs: choose one above 1023"
            raise RpcWorkerError(RpcWorkerFault.NO_PERMISSION, text) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                text = f"the port {port} of {address} is in use by another program"
                raise RpcWorkerError(RpcWorkerFault.PORT_IN_USE, text) from None
            text = f"{address} is no address of this computer ({error.strerror})"
            raise RpcWorkerError(RpcWorkerFault.BAD_ADDRESS, text) from None
