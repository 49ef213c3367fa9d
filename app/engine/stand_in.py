"""A stand-in for a remote worker that serves another client: the same devices to lay plans out on, computed nowhere.

llama.cpp's RPC server serves one client at a time, so while a model is loaded on a remote worker no dry run can ask
it. A server of this process, on loopback, takes its place: placement and sizes are the CPU backend's, the memory it
tells is what the loaded model's worker reports. A GPU behind the real server may pad some buffers by a little more.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import threading
import time
from dataclasses import replace

from app.core.endpoint import parse_endpoint
from app.core.reasons import FailureKind
from app.engine.bindings import function
from app.engine.devices import Device, all_devices
from app.engine.errors import EngineError

Memory = tuple[int, int]
"""(free, total) bytes of one device."""

_START_S = 3.0


class StandIns:
    """The stand-ins of this process. A server never ends: they last as long as the process does."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}  # where the stand-in listens -> for whom
        self._memory: dict[str, tuple[Memory, ...]] = {}  # of the real one's devices

    def put(self, endpoint: str, memory: list[Memory]) -> str:
        """Stands in for the remote worker at `endpoint`, which has a device for each of `memory`.

        Returns where the stand-in listens.

        Raises:
            EngineError: no server could be started.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        own = f"127.0.0.1:{port}"
        cpu = next(device for device in all_devices() if device.kind == "cpu")
        thread = threading.Thread(
            target=_serve, args=(own, cpu.handle, len(memory)), name="stand-in", daemon=True
        )
        thread.start()
        deadline_s = time.monotonic() + _START_S
        while not _listens(port):
            if time.monotonic() > deadline_s or not thread.is_alive():
                message = f"no stand-in for the remote worker at {endpoint} could be started"
                raise EngineError(FailureKind.DEVICE_LOST, message, "rpc_servers")
            time.sleep(0.01)
        self._real[own] = str(parse_endpoint(endpoint))
        self._memory[own] = tuple(memory)
        return own

    def as_real(self, devices: list[Device]) -> list[Device]:
        """`devices` with the stand-ins under the names and with the memory of those they stand in for."""
        seen: dict[str, int] = {}
        found: list[Device] = []
        for device in devices:
            own = device.description
            if own in self._real:
                n = seen[own] = seen.get(own, -1) + 1
                known = self._memory[own]
                device = replace(
                    device, description=self._real[own], told_memory=known[min(n, len(known) - 1)]
                )
            found.append(device)
        return found

    def real_name(self, buffer: str) -> str:
        """The name of a buffer type with the real endpoint in it."""
        for own, real in self._real.items():
            buffer = buffer.replace(f"[{own}]", f"[{real}]")
        return buffer


def _serve(endpoint: str, cpu: int, n_devices: int) -> None:
    handles = (ctypes.c_void_p * n_devices)(*[cpu] * n_devices)
    function("ggml_backend_rpc_start_server")(endpoint.encode(), None, 1, n_devices, handles)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False
