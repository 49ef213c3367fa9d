"""The devices that llama.cpp can compute on, as it reports them itself."""

from __future__ import annotations

import contextlib
import ctypes
import socket
from dataclasses import dataclass

import psutil

from app.core.endpoint import Endpoint, EndpointError, parse_endpoint
from app.core.reasons import FailureKind
from app.core.rpc_protocol import NotAWorkerError, hello
from app.engine.bindings import DEVICE_KINDS, MissingFunctionError, function
from app.engine.errors import EngineError

_CONNECT_S = 3.0
_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `kind` is "cpu", "gpu", "igpu", "accel" or "rpc"; `handle` is ggml's pointer to it.

    `told_memory`, (free, total) bytes, is what is known of it from elsewhere, and is believed.
    """

    name: str
    description: str
    kind: str
    backend: str
    handle: int
    told_memory: tuple[int, int] | None = None

    def memory(self) -> tuple[int, int]:
        """(free, total) bytes as the backend reports them now; the CPU's are the machine's memory.

        ggml's CPU backend reports all memory as free, so the system is asked for what is available.

        For a remote device this asks over the connection that computation uses: call it from the engine's own
        thread only.
        """
        if self.told_memory is not None:
            return self.told_memory
        if self.kind == "cpu":
            memory = psutil.virtual_memory()
            return memory.available, memory.total
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        function("ggml_backend_dev_memory")(self.handle, ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    @property
    def is_offload(self) -> bool:
        """Whether layers can be offloaded to it."""
        return self.kind in {"gpu", "igpu", "rpc"}


def all_devices() -> list[Device]:
    """Every device of every backend in this build, in ggml's order."""
    found: list[Device] = []
    for index in range(function("ggml_backend_dev_count")()):
        handle = function("ggml_backend_dev_get")(index)
        registry = function("ggml_backend_dev_backend_reg")(handle)
        backend = _text(function("ggml_backend_reg_name")(registry))
        type_id: int = function("ggml_backend_dev_type")(handle)
        kind = "rpc" if backend == "RPC" else DEVICE_KINDS[type_id]
        found.append(
            Device(
                name=_text(function("ggml_backend_dev_name")(handle)),
                description=_text(function("ggml_backend_dev_description")(handle)),
                kind=kind,
                backend=backend,
                handle=handle,
            )
        )
    return found


def taken_by_default(devices: list[Device]) -> list[Device]:
    """What llama.cpp offloads to when no devices are chosen, in its order (`llama_prepare_model_devices`)."""
    remote = [device for device in devices if device.kind == "rpc"]
    gpus = [device for device in devices if device.kind == "gpu"]
    return remote + (gpus or [device for device in devices if device.kind == "igpu"])


def add_rpc_servers(endpoints: list[str]) -> None:
    """Make remote workers ("host" or "host:port") appear as devices.

    Raises:
        EngineError: this build has no RPC backend, or an endpoint is none, or does not answer, or is another one
            by a second name.
    """
    refuse_second_names(endpoints)
    for text in endpoints:
        endpoint = _parsed(text)
        _must_answer(endpoint)
        try:
            registry = function("ggml_backend_rpc_add_server")(str(endpoint).encode())
        except MissingFunctionError:
            raise EngineError(
                FailureKind.BAD_SETTING,
                "this build of llama.cpp has no RPC backend; remote workers cannot be used",
                "rpc_servers",
            ) from None
        if not registry:
            raise _no_answer(endpoint, "it has no devices")
        function("ggml_backend_register")(registry)


def _parsed(text: str) -> Endpoint:
    try:
        return parse_endpoint(text)
    except EndpointError as error:
        raise EngineError(FailureKind.BAD_SETTING, f"the remote worker {error}", "rpc_servers") from None


def refuse_second_names(endpoints: list[str]) -> None:
    """A worker serves one client at a time: by a second name llama.cpp would wait for itself, for ever.

    Raises:
        EngineError: two of them are one, or one is no endpoint.
    """
    first: dict[tuple[str, int], Endpoint] = {}
    for endpoint in map(_parsed, endpoints):
        with contextlib.suppress(OSError, UnicodeError):  # that it cannot be reached is told later
            known = first.setdefault((socket.gethostbyname(endpoint.host), endpoint.port), endpoint)
            if known != endpoint:
                raise EngineError(
                    FailureKind.BAD_SETTING,
                    f"{known} and {endpoint} are the same remote worker: name it once",
                    "rpc_servers",
                )


def _must_answer(endpoint: Endpoint) -> None:
    """llama.cpp ends the process where no remote worker answers, and waits for ever for a busy one: we ask first."""
    try:
        address = socket.gethostbyname(endpoint.host)  # as llama.cpp does: IPv4, and the first of several
        with socket.create_connection((address, endpoint.port), _CONNECT_S) as connection:
            connection.settimeout(_ANSWER_S)
            hello(connection.sendall, lambda n_bytes: _received(connection, n_bytes))
    except ConnectionError as error:
        raise _no_answer(endpoint, error.strerror or str(error)) from None
    except TimeoutError:
        raise _no_answer(endpoint, "it serves another client, or its machine is gone") from None
    except (OSError, UnicodeError) as error:
        raise _no_answer(endpoint, str(error)) from None
    except (EOFError, NotAWorkerError):
        raise _no_answer(endpoint, "what answers is no remote worker of this llama.cpp") from None


def _received(connection: socket.socket, n_bytes: int) -> bytes:
    received = b""
    while len(received) < n_bytes:  # MSG_WAITALL does not wait on a socket with a timeout
        piece = connection.recv(n_bytes - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received


def _no_answer(endpoint: Endpoint, reason: str) -> EngineError:
    message = f"no remote worker answers at {endpoint} ({reason})"
    return EngineError(FailureKind.DEVICE_LOST, message, "rpc_servers")


def named(devices: list[Device], name: str, key: str) -> Device:
    """The device called `name` (case is ignored; an RPC device also answers to its host:port).

    Raises:
        EngineError: there is none; `key` names the setting that asked.
    """
    for device in devices:
        if name.lower() in {device.name.lower(), device.description.lower()}:
            return device
    known = ", ".join(device.name for device in devices)
    raise EngineError(FailureKind.BAD_SETTING, f"there is no device {name!r}; this machine has {known}", key)


def buffer_types(devices: list[Device]) -> dict[str, int]:
    """ggml's buffer types by name ("CPU", "CUDA0", ...), for per-tensor placement."""
    found: dict[str, int] = {}
    for device in devices:
        for getter in ("ggml_backend_dev_buffer_type", "ggml_backend_dev_host_buffer_type"):
            handle = function(getter)(device.handle)
            if handle:
                found.setdefault(_text(function("ggml_backend_buft_name")(handle)), handle)
        handle = function("ggml_backend_dev_buffer_type")(device.handle)
        if handle:
            found.setdefault(device.name, handle)
    return found


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
