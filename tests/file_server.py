"""A web server for files on loopback that behaves like the Hub, and misbehaves when told to."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

Answer = Callable[["Request"], bool]
"""What a server does instead of sending the file: True where it has answered."""


class Request(BaseHTTPRequestHandler):
    """One connection. `server.misbehaves` sees every request first."""

    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_args: object) -> None:
        """Silent: the test's output is not the place."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):  # the other side, or a test, has closed it
            self.close_connection = True

    @property
    def name(self) -> str:
        return unquote(urlsplit(self.path).path).rpartition("/")[2]

    @property
    def span(self) -> tuple[int, int]:
        """The range asked for: first byte and the one after the last."""
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return (int(match[1]), int(match[2]) + 1) if match else (0, 1 << 62)

    @property
    def content(self) -> bytes:
        return self.server.files[self.name]

    def _answer(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        if self.server.misbehaves is not None and self.server.misbehaves(self):
            return
        if self.path.startswith("/resolve/"):
            self.redirect_as_the_hub()
        elif self.name not in self.server.files:
            self.reply(404)
        else:
            self.send_file()

    def redirect_as_the_hub(self) -> None:
        if self.name not in self.server.files:
            return self.reply(404, {"X-Error-Code": "EntryNotFound"})
        address = f"http://localhost:{self.server.server_port}/cdn/{self.name}?signature=1"
        linked = {
            "X-Linked-Size": str(len(self.content)),
            "X-Linked-Etag": f'"{self.server.etags[self.name]}"',
        }
        return self.reply(302, {"Location": address, "ETag": '"not the file\'s"', **linked}, b"Found.")

    def send_file(self, **changes: str | None) -> None:
        """The part asked for; `changes` replaces headers (underscores for hyphens), None drops one."""
        start, end = self.span
        content = self.content
        end = min(end, len(content))
        headers: dict[str, str | None] = {
            "Content_Range": f"bytes {start}-{end - 1}/{len(content)}",
            "Content_Length": str(end - start),
            "ETag": f'"{self.server.etags[self.name]}"',
            "Content_Type": "application/octet-stream",
        }
        is_part = "Range" in self.headers
        if not is_part:
            del headers["Content_Range"]
        headers |= changes
        self.send_response(206 if is_part else 200)
        for key, value in headers.items():
            if value is not None:
                self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.server.n_sent += self.send_slowly(content[start:end])

    def send_slowly(self, body: bytes) -> int:
        pause_s = self.server.pause_s
        if not pause_s:
            self.wfile.write(body)
            return len(body)
        for at in range(0, len(body), 64):
            if self.server.stopping.wait(pause_s):
                break
            self.wfile.write(body[at : at + 64])
        self.close_connection = True
        return len(body)

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()


class FileServer(ThreadingHTTPServer):
    """`files`: name to content. `/files/NAME` sends it, `/resolve/NAME` redirects to another host as the Hub does."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.misbehaves: Answer | None = None
        self.pause_s = 0.0
        self.n_sent = 0
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what many tests are about."""

    def add(self, path: Path) -> None:
        """Serves the file at `path` under its name; a second time as a new version."""
        self.files[path.name] = path.read_bytes()
        self.etags[path.name] = f"{path.name}-{time.monotonic_ns()}"

    def url(self, name: str, kind: str = "files") -> str:
        return f"http://127.0.0.1:{self.server_port}/{kind}/{name}"

    def asked(self, command: str) -> list[str]:
        """The paths of all requests of this kind so far."""
        return [path for seen, path, _headers in self.seen if seen == command]
