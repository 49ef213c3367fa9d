"""The few messages of llama.cpp's RPC protocol that tell whether a remote worker is there, and what it has.

Only the talk, no network: every function sends and receives through what it is given. `receive(n)` gives exactly n
bytes, and raises EOFError where the other side hung up. A worker serves one client after another; one that has a
client accepts the next connection and says nothing. Source: ggml-rpc.cpp, `rpc_serve_client`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Send = Callable[[bytes], object]
Receive = Callable[[int], bytes]

PROTOCOL_MAJOR, PROTOCOL_MINOR = 7, 0
"""RPC_PROTO_MAJOR_VERSION and RPC_PROTO_MINOR_VERSION of the llama.cpp that these messages were taken from."""

_GET_DEVICE_MEMORY, _HELLO, _DEVICE_COUNT = 11, 14, 15  # enum rpc_cmd
_CAPABILITIES_BYTES = 24  # RPC_CONN_CAPS_SIZE; all zero: plain TCP
_MOST_DEVICES = 64


class RemoteTrouble(StrEnum):
    """Why a remote worker cannot be used."""

    UNKNOWN_HOST = "unknown_host"  # the name has no IPv4 address
    REFUSED = "refused"  # the machine is there, and nothing listens on the port
    UNREACHABLE = "unreachable"
    BUSY = "busy"  # it accepts the connection and says nothing: it serves another client
    NOT_A_WORKER = "not_a_worker"  # something else listens there, or a worker of a very different version
    OTHER_VERSION = "other_version"


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """What a worker speaks."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def is_ours(self) -> bool:
        """Whether llama.cpp here would talk to it (`negotiate_hello`)."""
        return self.major == PROTOCOL_MAJOR and self.minor <= PROTOCOL_MINOR


class NotAWorkerError(Exception):
    """What came back is no answer of a remote worker."""


def hello(send: Send, receive: Receive) -> ProtocolVersion:
    """Begin to talk.

    Raises:
        NotAWorkerError: the answer is no worker's.
        EOFError, OSError: as `send` and `receive` raise them.
    """
    answer = _ask(send, receive, _HELLO, bytes(_CAPABILITIES_BYTES), 4 + _CAPABILITIES_BYTES)
    return ProtocolVersion(answer[0], answer[1], answer[2])


def device_memories(send: Send, receive: Receive) -> list[tuple[int, int]]:
    """(free, total) bytes of each device, after `hello`. Raises as `hello` does."""
    (n_devices,) = struct.unpack("<I", _ask(send, receive, _DEVICE_COUNT, b"", 4))
    if n_devices > _MOST_DEVICES:
        raise NotAWorkerError(f"it claims to have {n_devices} devices")
    answers = [
        _ask(send, receive, _GET_DEVICE_MEMORY, struct.pack("<I", index), 16) for index in range(n_devices)
    ]
    return [struct.unpack("<QQ", answer) for answer in answers]


def _ask(send: Send, receive: Receive, command: int, content: bytes, n_answer_bytes: int) -> bytes:
    send(struct.pack("<BQ", command, len(content)) + content)
    (n_bytes,) = struct.unpack("<Q", receive(8))
    if n_bytes != n_answer_bytes:
        raise NotAWorkerError(f"it answers with {n_bytes} bytes instead of {n_answer_bytes}")
    return receive(n_answer_bytes)
