"""What a remote worker's process runs: llama.cpp's RPC server, which never comes back."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from app.worker.process import device_records, end_with_parent, redirect_output

if TYPE_CHECKING:
    from app.engine.devices import Device

NO_RPC = "no_rpc"
BAD_DEVICE = "bad_device"
NO_SERVER = "no_server"
DEVICES = "devices"


def serve(endpoint: str, n_threads: int, names: Sequence[str], log_path: str, reports: Connection) -> None:
    """Serve the devices called `names` (none: the GPUs, else the CPU) at `endpoint`, an IPv4 address and a port.

    Tells through `reports` first (DEVICES, its devices), or at once why it ends: (NO_RPC | BAD_DEVICE | NO_SERVER,
    a text). All output goes to `log_path`.
    """
    redirect_output(log_path)
    os.environ["GGML_NO_BACKTRACE"] = "1"  # llama.cpp's own words come last, not a debugger's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches us too; the parent decides
    end_with_parent()
    from app.engine.bindings import MissingFunctionError, function
    from app.engine.errors import EngineError

    try:
        start_server = function("ggml_backend_rpc_start_server")
        devices = _chosen(names)
    except MissingFunctionError as error:
        _end(reports, NO_RPC, str(error))
    except EngineError as error:
        _end(reports, BAD_DEVICE, error.message)
    else:
        import ctypes

        reports.send((DEVICES, device_records(devices)))
        handles = (ctypes.c_void_p * len(devices))(*(device.handle for device in devices))
        start_server(endpoint.encode(), None, n_threads, len(devices), handles)
        _end(reports, NO_SERVER, "llama.cpp's RPC server ended")


def _chosen(names: Sequence[str]) -> list[Device]:
    """The devices to serve, as llama.cpp's own rpc-server chooses them."""
    from app.engine.devices import all_devices, named

    here = all_devices()
    if names:
        return [named(here, name, "device") for name in names]
    offload = [device for device in here if device.is_offload]
    return offload or [device for device in here if device.kind == "cpu"]


def _end(reports: Connection, what: str, text: str) -> None:
    reports.send((what, text))
    reports.close()
    sys.stderr.flush()
    os._exit(1)
