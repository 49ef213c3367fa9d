"""A remote worker of ggml's RPC backend on loopback: an offload device for machines that have none."""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import time
from collections.abc import Iterator

HAS_RPC_REASON = "this build of llama.cpp has no RPC backend (build with CMAKE_ARGS=-DGGML_RPC=on)"


def has_rpc() -> bool:
    """Whether the build can serve and use remote workers."""
    from llama_cpp import llama_cpp as lib

    return bool(lib.llama_supports_rpc())


def _serve(endpoint: str) -> None:
    import ctypes
    import os

    from app.engine.bindings import function

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    devices = (ctypes.c_void_p * 1)(function("ggml_backend_dev_get")(0))
    function("ggml_backend_rpc_start_server")(endpoint.encode(), None, 1, 1, devices)


class RpcWorker:
    """A running remote worker; `endpoint` is its host:port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"127.0.0.1:{port}"
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(self.endpoint,), daemon=True
        )
        self._process.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                return
            time.sleep(0.05)
        raise RuntimeError("the remote worker does not listen")

    def kill(self) -> None:
        """End it as a machine that goes away would."""
        self._process.kill()
        self._process.join()
        self._process.close()


@contextlib.contextmanager
def rpc_worker() -> Iterator[RpcWorker]:
    """A remote worker for the duration of a with block."""
    worker = RpcWorker()
    try:
        yield worker
    finally:
        with contextlib.suppress(ValueError):
            worker.kill()
