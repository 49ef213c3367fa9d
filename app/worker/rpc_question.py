"""Asks a remote worker whether it is there and what it has, without llama.cpp, which ends the process if it is not."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from app.core.endpoint import Endpoint
from app.core.rpc_protocol import (
    NotAWorkerError,
    ProtocolVersion,
    RemoteTrouble,
    device_memories,
    hello,
)

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """What a remote worker says of itself. `memories` are (free, total) bytes of its devices in their order.

    `round_trip_ms` is one question and its answer: every token costs some of these.
    """

    version: ProtocolVersion
    memories: tuple[tuple[int, int], ...]
    round_trip_ms: float


class RemoteError(Exception):
    """A remote worker cannot be used; `detail` is the system's word for it, or the version it speaks."""

    def __init__(self, endpoint: Endpoint, trouble: RemoteTrouble, detail: str = "") -> None:
        super().__init__(f"{endpoint}: {trouble}" + (f" ({detail})" if detail else ""))
        self.endpoint = endpoint
        self.trouble = trouble
        self.detail = detail


def ask(endpoint: Endpoint, timeout_s: float = TIMEOUT_S) -> RemoteAnswer:
    """Connect, ask and leave; blocks for at most `timeout_s` and the time that the name takes to resolve.

    Raises:
        RemoteError: it is not there, does not answer, or is something else.
    """
    deadline_s = time.monotonic() + timeout_s
    with _connection(endpoint, timeout_s) as connection:
        talk = _Talk(connection, deadline_s)
        try:
            version = hello(talk.send, talk.receive)
            if not version.is_ours:
                raise RemoteError(endpoint, RemoteTrouble.OTHER_VERSION, str(version))
            memories = device_memories(talk.send, talk.receive)
        except TimeoutError:
            raise RemoteError(endpoint, RemoteTrouble.BUSY) from None
        except (NotAWorkerError, EOFError, OSError) as error:
            raise RemoteError(endpoint, RemoteTrouble.NOT_A_WORKER, str(error)) from None
        return RemoteAnswer(version, tuple(memories), talk.shortest_ms)


def _connection(endpoint: Endpoint, timeout_s: float) -> socket.socket:
    """A connection as llama.cpp would make it: the first IPv4 address of the name, and no other."""
    try:
        address = socket.gethostbyname(endpoint.host)
    except (OSError, UnicodeError) as error:
        raise RemoteError(endpoint, RemoteTrouble.UNKNOWN_HOST, _said(error)) from None
    try:
        return socket.create_connection((address, endpoint.port), timeout_s)
    except ConnectionRefusedError as error:
        raise RemoteError(endpoint, RemoteTrouble.REFUSED, _said(error)) from None
    except OSError as error:
        raise RemoteError(endpoint, RemoteTrouble.UNREACHABLE, _said(error)) from None


class _Talk:
    """Sends and receives until a deadline, and times the answers."""

    def __init__(self, connection: socket.socket, deadline_s: float) -> None:
        self._connection = connection
        self._deadline_s = deadline_s
        self._asked_s: float | None = None  # None once the answer has begun to come
        self.shortest_ms = float("inf")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, content: bytes) -> None:
        self._limit()
        self._connection.sendall(content)
        self._asked_s = time.monotonic()

    def receive(self, n_bytes: int) -> bytes:
        received = b""
        while len(received) < n_bytes:
            self._limit()
            piece = self._connection.recv(n_bytes - len(received))
            if not piece:
                raise EOFError("it hung up")
            received += piece
        if self._asked_s is not None:
            self.shortest_ms = min(self.shortest_ms, (time.monotonic() - self._asked_s) * 1000)
            self._asked_s = None
        return received

    def _limit(self) -> None:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connection.settimeout(left_s)


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
