"""The last moment before llama.cpp ends the process: what it says, and which remote worker it lost."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

import psutil

from app.core.endpoint import EndpointError, parse_endpoint
from app.engine.bindings import MissingFunctionError, function

_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_RPC_SOURCE = "ggml-rpc"
_SILENT_S, _PROBE_S, _N_PROBES = 10, 5, 4  # a machine that is gone is noticed after 30 s

Address = tuple[str, int]


class AbortWatch:
    """Hears of every `GGML_ABORT` and failed `GGML_ASSERT`, in whatever thread, before the process ends.

    llama.cpp's RPC backend aborts where a remote worker is lost and does not say which: its connection tells.
    """

    def __init__(self, tell: Callable[[str, tuple[str, ...]], None]) -> None:
        """`tell` gets llama.cpp's words and the endpoints that were lost; the process ends when it returns."""
        self._tell = tell
        self._addresses: dict[str, Address] = {}
        self._callback = _CALLBACK(self._aborting)

    def install(self) -> None:
        """Listen from now on; where this llama.cpp cannot tell, nothing is heard."""
        try:
            function("ggml_set_abort_callback")(ctypes.cast(self._callback, ctypes.c_void_p))
        except MissingFunctionError:
            return

    def watch(self, endpoints: Sequence[str]) -> None:
        """These remote workers are about to be used."""
        for text in endpoints:
            try:
                endpoint = parse_endpoint(text)
                self._addresses[str(endpoint)] = (socket.gethostbyname(endpoint.host), endpoint.port)
            except (EndpointError, OSError, UnicodeError):
                continue  # using it fails by itself, with a better message

    def expect_answers(self) -> None:
        """From now on the system notices a remote worker whose machine is gone without a word (no power, no cable).

        llama.cpp waits for its answers without a limit. An alive one that computes for long still answers the
        system's probes. Connections that are made later need another call.
        """
        if not self._addresses:
            return
        wanted = set(self._addresses.values())
        for item in _connections():
            # Where the system does not say which descriptor it is, the connection stays as it is.
            if item.raddr and (item.raddr.ip, item.raddr.port) in wanted and item.fd >= 0:
                with contextlib.suppress(OSError), socket.socket(fileno=os.dup(item.fd)) as connection:
                    _probe_when_silent(connection)

    def _aborting(self, words: bytes) -> None:
        said = words.decode("utf-8", "replace")
        os.write(2, words + b"\n")
        is_remote = _RPC_SOURCE in said
        if not is_remote:
            function("ggml_print_backtrace")()  # llama.cpp's own does not come when somebody listens
        self._tell(said, self._lost(said) if is_remote else ())

    def _lost(self, said: str) -> tuple[str, ...]:
        """The endpoints that are gone, as sure as can be; all of them where nothing tells them apart."""
        states = _connection_states()
        broken = [
            endpoint
            for endpoint, address in self._addresses.items()
            if any(state != psutil.CONN_ESTABLISHED for state in states.get(address, ()))
        ]
        named = [endpoint for endpoint in self._addresses if endpoint in said]
        # One that was reset has no state any more, while the others are connected.
        missing = [endpoint for endpoint, address in self._addresses.items() if address not in states]
        return tuple(broken or named or missing or self._addresses)


def _connections() -> list[Any]:
    """This process's connections, as psutil describes them."""
    try:
        return psutil.Process().net_connections("tcp4")
    except (psutil.Error, OSError):
        return []


def _connection_states() -> dict[Address, list[str]]:
    """The states of this process's connections, by the address at their far ends."""
    states: dict[Address, list[str]] = {}
    for item in _connections():
        if item.raddr:
            states.setdefault((item.raddr.ip, item.raddr.port), []).append(str(item.status))
    return states


def _probe_when_silent(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {
        "TCP_KEEPIDLE": _SILENT_S,
        "TCP_KEEPINTVL": _PROBE_S,
        "TCP_KEEPCNT": _N_PROBES,
        "TCP_USER_TIMEOUT": (_SILENT_S + _N_PROBES * _PROBE_S) * 1000,  # what was sent and not received
    }
    for name, value in options.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
