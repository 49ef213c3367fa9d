"""A remote worker of ggml's RPC backend on loopback: an offload device for machines that have none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from app.worker import rpc_worker as served

HAS_RPC_REASON = "this build of llama.cpp has no RPC backend (build with CMAKE_ARGS=-DGGML_RPC=on)"


def has_rpc() -> bool:
    """Whether the build can serve and use remote workers."""
    from llama_cpp import llama_cpp as lib

    return bool(lib.llama_supports_rpc())


class RpcWorker:
    """The app's own remote worker, running, with the CPU; `endpoint` is its host:port."""

    def __init__(self, port: int = 0) -> None:
        self._worker = served.RpcWorker(port=port, devices=["CPU"])
        self._worker.start()
        self.endpoint = self._worker.endpoint

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._worker.port

    @property
    def pid(self) -> int | None:
        """The server's process, None once it was killed."""
        return self._worker.pid

    def kill(self) -> None:
        """End it as a machine that goes away would."""
        self._worker.kill()


@contextlib.contextmanager
def rpc_worker(port: int = 0) -> Iterator[RpcWorker]:
    """A remote worker for the duration of a with block."""
    worker = RpcWorker(port)
    try:
        yield worker
    finally:
        worker.kill()
