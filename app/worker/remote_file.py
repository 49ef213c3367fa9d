"""One file on a web server, read in ranges: redirects followed, everything checked that the server says of it.

A request for a range may be answered with the whole file, another range, another file, an error page, or nothing at
all. No answer is read further than what was asked for.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx2

from app.core.remote import RemoteHeaderError, RemoteReason
from app.worker.transport import (
    CONNECT_S,
    N_HOPS,
    REDIRECTS,
    is_same_server,
    is_web_address,
    one_line,
    redirect_target,
    why_unreached,
)

_EXPIRED: Final = frozenset({401, 403, 404, 410})
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_UNFOLLOWED: Final = 300


@dataclass(frozen=True, slots=True)
class Identity:
    """Which version of a file this is: `validator` changes when the file does, "" where the server names none."""

    validator: str
    size_bytes: int


def tls_context() -> ssl.SSLContext:
    """What servers are trusted by, for `open_client`, which otherwise makes one itself, in 20 ms each time.

    Raises:
        OSError: the certificates that the environment names cannot be used.
    """
    return httpx2.create_ssl_context()


def open_client(timeout_s: float, tls: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """A client that goes through the system's proxy, where there is one.

    Raises:
        RemoteHeaderError: the proxy that the environment names cannot be used.
    """
    timeout = httpx2.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))
    try:
        return httpx2.AsyncClient(verify=tls or True, timeout=timeout, trust_env=True, follow_redirects=False)
    except (ImportError, ValueError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise RemoteHeaderError(RemoteReason.PROXY, detail=one_line(error)) from error


class RemoteFile:
    """A file behind `url`. `token` is sent to that address' own server and to no other."""

    def __init__(self, client: httpx2.AsyncClient, url: str, token: str = "") -> None:
        """Touches nothing; RemoteHeaderError where the address or the token cannot be one."""
        self._client = client
        self._url = _parsed(url)
        self._token = token.strip()
        if not (self._token.isascii() and self._token.isprintable()):
            raise RemoteHeaderError(RemoteReason.BAD_TOKEN)
        self._resolved: httpx2.URL | None = None
        self._linked_validator = ""
        self._linked_size: int | None = None
        self._identity: Identity | None = None
        self._sent_validator = ""
        self.n_bytes_read = 0

    @property
    def url(self) -> str:
        """The address that was asked for."""
        return str(self._url)

    @property
    def host(self) -> str:
        """The server's name, for messages."""
        return self._url.host

    @property
    def identity(self) -> Identity | None:
        """What the answers have said so far; None before the first."""
        return self._identity

    async def ask_identity(self) -> Identity | None:
        """What one HEAD says; None where the server does not answer that question (`read` may still work).

        The Hub names validator and size in its redirect already: it is not followed then.

        Raises:
            RemoteHeaderError: the file is not there or the server cannot be reached.
        """
        async with self._answer("HEAD", {}, stop_at_link=True) as answer:
            if answer.status_code >= _UNFOLLOWED and not self._linked_validator:
                if answer.status_code in (404, 429) or answer.status_code >= 502:
                    raise self._refusal(answer)
                return None
            length = answer.headers.get("content-length", "")
            size = self._linked_size if self._linked_size is not None else _whole_number(length)
            validator = self._validator(answer)
        return Identity(validator, size) if validator and size is not None else None

    async def read(self, start: int, n_bytes: int) -> bytes:
        """`n_bytes` from `start`, fewer at the file's end.

        Raises:
            RemoteHeaderError: the server cannot be reached, refuses, or sends something else.
        """
        wanted = {"Range": f"bytes={start}-{start + n_bytes - 1}"}
        async with self._answer("GET", wanted) as answer:
            if not (self._resolved != self._url and answer.status_code in _EXPIRED and start):
                return await self._body(answer, start, n_bytes)
        self._resolved = None  # an address that was only lent, and has run out
        async with self._answer("GET", wanted) as answer:
            return await self._body(answer, start, n_bytes)

    # -- asking ---------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _answer(
        self, method: str, headers: Mapping[str, str], *, stop_at_link: bool = False
    ) -> AsyncGenerator[httpx2.Response]:
        """The first answer that is no redirect, its body unread; with `stop_at_link` the Hub's redirect too."""
        url = self._resolved or self._url
        with self._faults_named():
            for _ in range(N_HOPS):
                request = self._client.build_request(method, url, headers=self._headers(url) | dict(headers))
                response = await self._client.send(request, stream=True)
                try:
                    self._note_link(response)
                    is_final = response.status_code not in REDIRECTS
                    if is_final or (stop_at_link and self._linked_validator):
                        self._resolved = url if is_final else None
                        yield response
                        return
                    url = self._next(url, response)
                finally:
                    await response.aclose()
        raise self._error(RemoteReason.REDIRECT_LOOP)

    def _headers(self, url: httpx2.URL) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "loadout"}
        if self._token and is_same_server(self._url, url):
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _next(self, url: httpx2.URL, response: httpx2.Response) -> httpx2.URL:
        if (following := redirect_target(url, response)) is None:
            raise self._error(RemoteReason.BAD_REDIRECT)
        return following

    def _note_link(self, response: httpx2.Response) -> None:
        """The Hub's word on the file itself; the servers that it sends to have validators of their own."""
        if validator := response.headers.get("x-linked-etag", ""):
            self._linked_validator = validator
        if (size := _whole_number(response.headers.get("x-linked-size", ""))) is not None:
            self._linked_size = size

    # -- judging --------------------------------------------------------------------------------------------

    async def _body(self, response: httpx2.Response, start: int, n_bytes: int) -> bytes:
        if response.status_code == 200:
            is_page = response.headers.get("content-type", "").lower().startswith("text/html")
            raise self._error(RemoteReason.WEB_PAGE if is_page else RemoteReason.NO_RANGES)
        if response.status_code != 206:
            raise self._refusal(response)
        n_promised = self._n_promised(response, start, n_bytes)
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            self.n_bytes_read += len(piece)
            if len(body) > n_promised:
                raise self._error(RemoteReason.WRONG_RANGE)
        if len(body) < n_promised:
            raise self._error(RemoteReason.CLOSED)
        return bytes(body)

    def _n_promised(self, response: httpx2.Response, start: int, n_bytes: int) -> int:
        """How many bytes the answer announces, after all that it says of itself has been checked."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
        encoding = response.headers.get("content-encoding", "identity").lower()
        if match is None or encoding != "identity":
            raise self._error(RemoteReason.WRONG_RANGE)
        first, last, size = (int(number) for number in match.groups())
        if first != start or not first <= last < size or last != min(start + n_bytes, size) - 1:
            raise self._error(RemoteReason.WRONG_RANGE)
        if self._linked_size not in (None, size):
            raise self._error(RemoteReason.WRONG_RANGE)
        if _whole_number(response.headers.get("content-length", "")) not in (None, last - first + 1):
            raise self._error(RemoteReason.WRONG_RANGE)
        self._check_unchanged(response, size)
        return last - first + 1

    def _check_unchanged(self, response: httpx2.Response, size_bytes: int) -> None:
        identity = Identity(self._validator(response), size_bytes)
        sent = response.headers.get("etag", "")
        if self._identity is None:
            self._identity, self._sent_validator = identity, sent
        elif identity != self._identity or sent != self._sent_validator:
            raise self._error(RemoteReason.CHANGED)

    def _validator(self, response: httpx2.Response) -> str:
        headers = response.headers
        return self._linked_validator or headers.get("etag", "") or headers.get("last-modified", "")

    def _refusal(self, response: httpx2.Response) -> RemoteHeaderError:
        status = response.status_code
        said = response.headers.get("x-error-code", "")
        if said == "GatedRepo":
            return self._error(RemoteReason.GATED)
        if status in (404, 410):
            return self._error(RemoteReason.NOT_FOUND)
        if status in (401, 403):
            return self._error(RemoteReason.UNAUTHORISED)
        if status == 407:
            return self._error(RemoteReason.PROXY, detail="it asks for a password")
        if status == 416:  # it has not even a first byte
            return RemoteHeaderError(RemoteReason.BAD_FILE, detail="The file is empty")
        if status == 429:
            return self._error(RemoteReason.TOO_MANY_REQUESTS)
        return self._error(RemoteReason.SERVER_ERROR, status=status)

    def _error(self, reason: RemoteReason, **values: str | int) -> RemoteHeaderError:
        return RemoteHeaderError(reason, host=self.host, **values)

    @contextlib.contextmanager
    def _faults_named(self) -> Generator[None]:
        try:
            yield
        except httpx2.ProxyError as error:
            raise self._error(RemoteReason.PROXY, detail=one_line(error)) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise self._unreached(error) from error
        except httpx2.TimeoutException as error:
            timeout = self._client.timeout.read or 0
            raise self._error(RemoteReason.TOO_SLOW, timeout_s=f"{timeout:g}") from error
        except (httpx2.RemoteProtocolError, httpx2.NetworkError) as error:
            raise self._error(RemoteReason.CLOSED) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._error(RemoteReason.NO_NETWORK, detail=one_line(error)) from error

    def _unreached(self, error: Exception) -> RemoteHeaderError:
        is_distrusted, detail = why_unreached(error)
        return self._error(
            RemoteReason.NOT_TRUSTED if is_distrusted else RemoteReason.NO_NETWORK, detail=detail
        )


def _parsed(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise RemoteHeaderError(RemoteReason.BAD_ADDRESS) from None
    if not is_web_address(parsed) or parsed.path in ("", "/"):
        raise RemoteHeaderError(RemoteReason.BAD_ADDRESS)
    return parsed


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
