"""Where a remote worker is reached: host and port, as llama.cpp's RPC backend can use them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_PORT = 50052
"""llama.cpp's own default for rpc-server."""

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
_LONGEST_NAME = 253


class EndpointFault(StrEnum):
    """Why a text names no endpoint."""

    EMPTY = "empty"
    BAD_HOST = "bad_host"
    BAD_PORT = "bad_port"
    IPV6 = "ipv6"  # llama.cpp's RPC backend has IPv4 only, and cuts the text at its first colon


_TEXTS = {
    EndpointFault.EMPTY: "it names no host",
    EndpointFault.BAD_HOST: "it is no host name and no IPv4 address",
    EndpointFault.BAD_PORT: "its port is no number from 1 to 65535",
    EndpointFault.IPV6: "llama.cpp's RPC backend has no IPv6: give an IPv4 address or a name that has one",
}


class EndpointError(ValueError):
    """A text that names no endpoint; `fault` says why."""

    def __init__(self, text: str, fault: EndpointFault) -> None:
        super().__init__(f"{text!r} cannot be used: {_TEXTS[fault]}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (a name in lower case, or an IPv4 address) and a port."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint that a person wrote as ``host`` or ``host:port``.

    Raises:
        EndpointError: there is none in it.
    """
    plain = text.strip()
    if not plain:
        raise EndpointError(text, EndpointFault.EMPTY)
    if plain.startswith("[") or plain.count(":") > 1:
        raise EndpointError(text, EndpointFault.IPV6 if _is_ipv6(plain) else EndpointFault.BAD_HOST)
    host, colon, port_text = plain.partition(":")
    host = host.lower()
    if not host:
        raise EndpointError(text, EndpointFault.EMPTY)
    if "/" in plain or not _is_host(host):
        raise EndpointError(text, EndpointFault.BAD_HOST)
    if not colon:
        return Endpoint(host)
    if not (port_text.isascii() and port_text.isdigit() and len(port_text) <= 5):
        raise EndpointError(text, EndpointFault.BAD_PORT)
    port = int(port_text)
    if not 1 <= port <= 65535:
        raise EndpointError(text, EndpointFault.BAD_PORT)
    return Endpoint(host, port)


def full_endpoint(text: str) -> str:
    """``host:port`` in full, as llama.cpp describes a remote worker's devices; `text` itself where it names none."""
    try:
        return str(parse_endpoint(text))
    except EndpointError:
        return text


def is_loopback(address: str) -> bool:
    """Whether an IPv4 address is reachable from this computer only."""
    try:
        return ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        return False


def _is_ipv6(text: str) -> bool:
    inside = text[1:].partition("]")[0] if text.startswith("[") else text
    try:
        ipaddress.IPv6Address(inside.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_host(host: str) -> bool:
    if re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return False
        return True
    return len(host) <= _LONGEST_NAME and _NAME.fullmatch(host) is not None
