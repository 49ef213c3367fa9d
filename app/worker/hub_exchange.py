"""How huggingface_hub's requests reach the Hub: bounded in time, size and redirects, tried once, faults named.

The library's own client waits without end, tries six times with pauses that may last minutes, and follows redirects by
itself. Its calls run here inside `exchanging`, which answers them instead. The library offers one place for that,
`set_client_factory`, for the whole process; calls outside `exchanging` behave there as they always do.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any, Final

import httpx2
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import get_session

from app.core.hub import HubError, HubReason
from app.worker.hub_faults import faults_named, next_address, refusal
from app.worker.transport import CONNECT_S, N_HOPS, REDIRECTS, is_same_server

_TRANSPORT_HEADERS: Final = ("content-encoding", "content-length", "transfer-encoding")


class Exchange:
    """One question to the Hub: its requests, each answered whole or not at all. For one thread at a time.

    `name` is what is asked for, for messages. `cursor` continues a list: the query of the address of its next page.
    """

    def __init__(
        self,
        client: httpx2.Client,
        endpoint: str,
        name: str,
        *,
        timeout_s: float,
        most_bytes: int,
        cursor: str = "",
        may_cut: bool = False,
    ) -> None:
        """Asks nothing yet. `may_cut`: an answer that is longer than `most_bytes` is cut instead of refused."""
        self._client = client
        self._endpoint = httpx2.URL(endpoint)
        self._name = name
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._most_bytes = most_bytes
        self._cursor = cursor
        self._may_cut = may_cut
        self.following = ""  # the query of the list's next page

    @property
    def _host(self) -> str:
        return self._endpoint.host

    def send(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, its body read. Raises HubError for anything but success."""
        if not is_same_server(self._endpoint, request.url):
            raise HubError(HubReason.BAD_REDIRECT, host=self._host)
        if self._cursor:
            request.url = request.url.copy_with(query=self._cursor.encode("ascii"))
        with faults_named(self._host, self._timeout_s):
            response = self._followed(request)
        self.following = _next_query(response)
        # The library would read on: one page at a time is enough here.
        response.headers.pop("link", None)
        return response

    def _followed(self, request: httpx2.Request) -> httpx2.Response:
        url, headers = request.url, _without(request.headers, "host")  # each address has its own
        had_token = "authorization" in headers
        for _ in range(N_HOPS):
            wanted = self._client.build_request(
                request.method, url, headers=headers, timeout=self._timeouts()
            )
            response = self._sent(wanted)
            try:
                if response.status_code not in REDIRECTS:
                    if response.status_code >= 300:
                        raise refusal(response, self._host, self._name, had_token=had_token)
                    return self._read(response)
                url = next_address(url, response, self._host)
            finally:
                response.close()
            if not is_same_server(self._endpoint, url):
                headers = _without(headers, "authorization")
        raise HubError(HubReason.REDIRECT_LOOP, host=self._host)

    def _sent(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, unread. A connection that was kept from the last question may have ended just now."""
        try:
            return self._client.send(request, stream=True, follow_redirects=False)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            return self._client.send(request, stream=True, follow_redirects=False)

    def _timeouts(self) -> httpx2.Timeout:
        left_s = max(0.001, self._deadline - time.monotonic())
        return httpx2.Timeout(left_s, connect=min(left_s, CONNECT_S))

    def _read(self, response: httpx2.Response) -> httpx2.Response:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._most_bytes:
                if not self._may_cut:
                    raise HubError(HubReason.BAD_ANSWER, host=self._host, detail="the answer is far too long")
                del body[self._most_bytes :]
                break
            if time.monotonic() > self._deadline:
                raise HubError(HubReason.TOO_SLOW, host=self._host, timeout_s=f"{self._timeout_s:g}")
        # What is read is decoded: its headers must not ask for that again.
        headers = _without(response.headers, *_TRANSPORT_HEADERS)
        return httpx2.Response(
            response.status_code, headers=headers, content=bytes(body), request=response.request
        )


def _without(headers: httpx2.Headers, *names: str) -> httpx2.Headers:
    return httpx2.Headers([(key, value) for key, value in headers.multi_items() if key.lower() not in names])


_CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
_INSTALLING: Final = threading.Lock()


class _Session(httpx2.Client):
    """huggingface_hub's client: the current exchange answers; without one it does as the library's own."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if (exchange := _CURRENT.get()) is not None:
            return exchange.send(request)
        if constants.is_offline_mode():
            raise OfflineModeIsEnabled(f"Offline mode is enabled: {request.url} is not asked.")
        return super().send(request, **options)


def _new_session() -> httpx2.Client:
    return _Session(follow_redirects=True, timeout=None)  # as the library's own


@contextlib.contextmanager
def exchanging(exchange: Exchange) -> Generator[Exchange]:
    """What huggingface_hub asks in here, in this thread, goes through `exchange`."""
    _install()
    token = _CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        _CURRENT.reset(token)


def _install() -> None:
    with _INSTALLING:
        if not isinstance(get_session(), _Session):
            huggingface_hub.set_client_factory(_new_session)
        # Else each call may first ask huggingface.co for a list of programs, to name the one that runs this.
        constants.HF_HUB_DISABLE_TELEMETRY = True


def _next_query(response: httpx2.Response) -> str:
    """The query of `Link: <...>; rel="next"`. A mirror names the original's address there: only this is taken."""
    following = response.links.get("next", {}).get("url", "")
    try:
        query = httpx2.URL(following).query.decode("ascii")
    except (httpx2.InvalidURL, UnicodeDecodeError):
        return ""
    return query if len(query) < 8000 else ""
