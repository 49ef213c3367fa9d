"""What every request over the network shares: where a redirect may lead, who may get a token, why nobody answers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx2

N_HOPS: Final = 10
"""How many redirects are followed."""
CONNECT_S: Final = 10.0
"""How long a server may take to accept a connection."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def redirect_target(url: httpx2.URL, response: httpx2.Response) -> httpx2.URL | None:
    """Where a redirect from `url` leads; None where that is no web address, or lacks the safety of this one."""
    try:
        following = url.join(response.headers.get("location", ""))
    except (httpx2.InvalidURL, ValueError):
        return None
    is_weaker = url.scheme == "https" and following.scheme != "https"
    return following if is_web_address(following) and not is_weaker else None


def is_web_address(url: httpx2.URL) -> bool:
    """Whether it names a server that can be asked."""
    is_port = url.port is None or 0 < url.port < 1 << 16
    return url.scheme in _DEFAULT_PORTS and bool(url.host) and is_port


def is_same_server(one: httpx2.URL, other: httpx2.URL) -> bool:
    """Whether a secret for `one` may be sent to `other`: the same server, or the same by a safer way."""
    ports = [url.port or _DEFAULT_PORTS.get(url.scheme, 0) for url in (one, other)]
    is_safer = one.scheme == "http" and other.scheme == "https" and ports == [80, 443]
    return one.host == other.host and (is_safer or (one.scheme == other.scheme and ports[0] == ports[1]))


def one_line(error: BaseException) -> str:
    """An exception's words, bounded."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def why_unreached(error: Exception) -> tuple[bool, str]:
    """Of what httpx2 raised instead of connecting: whether the server is there but not trusted, and its words."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return True, getattr(cause, "verify_message", "") or cause.reason or one_line(cause)
        if isinstance(cause, socket.gaierror):
            return False, "its name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return False, "it refused the connection"
    is_silent = isinstance(error, httpx2.TimeoutException)
    return False, "it does not answer" if is_silent else one_line(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
