"""A link to a remote worker that breaks after a given number of bytes: losing one at any moment, every time."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class BrokenLink:
    """Passes on what is sent to a remote worker until `n_bytes` have gone there; then every connection is cut."""

    def __init__(self, target: str, n_bytes: int) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._left = n_bytes
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._server]
        self._threads: list[threading.Thread] = []
        self.endpoint = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._run(self._accept)

    @property
    def is_cut(self) -> bool:
        """Whether all bytes that it passes on have gone."""
        return self._left <= 0

    def close(self) -> None:
        """Cut it now, and wait for its threads."""
        self._cut()
        for thread in self._threads:
            thread.join()

    def _run(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return
            self._sockets += [near, far]
            self._run(self._pass_on, near, far, True)
            self._run(self._pass_on, far, near, False)

    def _pass_on(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                if counts:
                    with self._lock:
                        self._left -= len(content)
                    if self.is_cut:
                        break
                sink.sendall(content)
        if counts and self.is_cut:
            self._cut()
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        for end in list(self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def broken_link(target: str, n_bytes: int) -> Iterator[BrokenLink]:
    """A link for the duration of a with block."""
    link = BrokenLink(target, n_bytes)
    try:
        yield link
    finally:
        link.close()
