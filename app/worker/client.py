"""The near end of a worker: start it, send commands, receive events, stop it. Plain Python, no Qt.

Traps of `multiprocessing.Queue` that this file is built around: a reader hangs if the writer dies inside a message,
unless every copy of the writing end is closed (so ours is, and messages are small); the process hangs at exit if
its unsent commands can never be read (so they are not waited for).
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from app.core.tail import tail
from app.worker import protocol as p
from app.worker.process import worker_main
from app.worker.starting import start_shielded

_LOG_TAIL_BYTES = 6000
_LEAVING_S = 5.0
_SAVING_S = 10.0


class WorkerClient:
    """One worker process, from its start to its end; not to be started again.

    `send` may be called from any thread; `receive` from one thread at a time. Every request that was sent ends
    exactly once, also if the process dies: the client then writes the missing endings itself. The last event of
    all is `Exited`.
    """

    def __init__(
        self,
        model_path: str,
        values: dict[str, Any],
        log_path: str | Path,
        split: Sequence[float] = (),
        kept: p.KeptStates = p.KeptStates(),  # noqa: B008 - frozen
    ) -> None:
        """A worker for the model file with these load settings, writing all its output to `log_path`.

        `split` has each device's share where `values` leave it to the free memory (`Footprint.split`); `kept` says
        where what was read of conversations is kept.
        """
        context = multiprocessing.get_context("spawn")
        self.log_path = Path(log_path)
        self._commands = context.Queue()
        self._events = context.Queue()
        self._process = context.Process(
            target=worker_main,
            args=(model_path, values, tuple(split), self._commands, self._events, str(self.log_path), kept),
            name="loadout-worker",
            daemon=True,
        )
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._open: set[int] = set()
        self._own: deque[p.Event] = deque()
        self._stopping = False
        self._may_save = False  # a conversation was talked in, and what was read of it may be kept on disk
        self._keeps_on_disk = bool(kept.folder)
        self._load_failed = False
        self._lost_workers: tuple[str, ...] = ()
        self._exited = False
        self._closed = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process; it begins to load at once.

        Raises:
            OSError: the system cannot start a process, or the log cannot be written.
        """
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path.touch()
        self._open.add(p.LOAD_REQUEST)
        start_shielded(self._process)
        cast(
            Any, self._events
        )._writer.close()  # the only writer left is the worker: its death reads as end of file

    @property
    def pid(self) -> int | None:
        """The worker's process id, None before the start."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return not self._exited and self._process.is_alive()

    def stop(self, timeout_s: float = 5.0, save_s: float = _SAVING_S) -> None:
        """Ask it to end, wait, and kill it when it does not; idempotent.

        It may take `save_s` besides to write what it has read of conversations.
        """
        if self._process.pid is None:
            return
        self._stopping = True
        if self._process.is_alive():
            with contextlib.suppress(ValueError, OSError):
                self._commands.put(p.Shutdown(save_s if self._may_save else 0.0))
            self._process.join(timeout_s + (save_s if self._may_save else 0.0))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._commands.cancel_join_thread()
        self._commands.close()

    def kill(self) -> None:
        """End the process at once."""
        self._stopping = True
        if self._process.is_alive():
            self._process.kill()

    # -- messages -------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """A fresh request id."""
        return next(self._ids)

    def send(self, command: p.Command) -> None:
        """Queue a command. Sent to a worker that is gone, a request ends with `worker_lost`."""
        requests = command.commands if isinstance(command, p.Together) else (command,)
        request_ids = [
            one.request_id for one in requests if isinstance(one, p.Generate | p.Bench | p.CountTokens)
        ]
        if request_ids:
            with self._lock:
                if self._exited:
                    self._own += map(self._lost, request_ids)
                    return
                self._open.update(request_ids)
        if self._keeps_on_disk and any(isinstance(one, p.Generate) and one.conversation for one in requests):
            self._may_save = True
        with contextlib.suppress(ValueError, OSError):  # closed by stop(): the request was ended there
            self._commands.put(command)

    def receive(self, timeout_s: float | None = None) -> list[p.Event]:
        """All events that have arrived; waits up to `timeout_s` (None: without limit) for the first.

        An empty list means that nothing came in time, or, after `Exited`, that nothing will come.
        """
        if self._own:
            return self._take_own()
        until = None if timeout_s is None else time.monotonic() + timeout_s
        received: list[p.Event] = []
        while not received and not self._exited:
            left = None if until is None else max(until - time.monotonic(), 0.0)
            received = self._receive_within(left)
            if left == 0.0:
                break
        return received

    def _receive_within(self, timeout_s: float | None) -> list[p.Event]:
        """What one wait brings: nothing also when it only brought what this client keeps for itself."""
        reader = cast(Any, self._events)._reader
        ready = wait([reader, self._process.sentinel], timeout_s)
        received = self._drain()
        if self._closed:
            # Its end of the queue is closed: only leaving is left to do, and `_end` must see it gone.
            if not wait([self._process.sentinel], _LEAVING_S):
                self._process.kill()
            received += self._end()
        elif self._process.sentinel in ready:
            received += self._drain()
            received += self._end()
        return received

    def _take_own(self) -> list[p.Event]:
        with self._lock:
            taken = list(self._own)
            self._own.clear()
        return taken

    def _drain(self) -> list[p.Event]:
        reader = cast(Any, self._events)._reader
        received: list[p.Event] = []
        try:
            while reader.poll():
                event: p.Event = self._events.get()
                self._note(event)
                if not isinstance(event, p.Aborting):
                    received.append(event)
        except (EOFError, OSError):  # the worker is gone, perhaps in the middle of a message
            self._closed = True
        return received

    def _note(self, event: p.Event) -> None:
        if isinstance(event, p.Loaded | p.LoadFailed | p.Finished | p.Failed | p.TokenCount):
            with self._lock:
                self._open.discard(event.request_id)
        if isinstance(event, p.LoadFailed):
            self._load_failed = True
        if isinstance(event, p.Aborting):
            self._lost_workers = event.lost

    def _end(self) -> list[p.Event]:
        self._process.join()
        with self._lock:
            self._exited = True
            lost = sorted(self._open)
            self._open.clear()
        endings: list[p.Event] = [self._lost(request_id) for request_id in lost]
        code = self._process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 and -code in set(signal.Signals) else ""
        expected = self._stopping or self._load_failed
        endings.append(p.Exited(code, name, expected, self.log_tail(), lost_workers=self._lost_workers))
        with contextlib.suppress(OSError, ValueError):
            self._events.close()
            cast(Any, self._events)._reader.close()
        return endings

    def _lost(self, request_id: int) -> p.Event:
        kind, message, detail = p.FailureKind.WORKER_LOST, "the worker process has ended", ""
        if self._lost_workers and not self._stopping:
            kind, detail = p.FailureKind.DEVICE_LOST, "rpc_servers"
            message = f"the remote worker {' or '.join(self._lost_workers)} no longer answers"
        if request_id == p.LOAD_REQUEST:
            # With a lost remote worker the failure says all there is to say; `Exited` is then expected.
            self._load_failed = kind is p.FailureKind.DEVICE_LOST
            return p.LoadFailed(p.FailureKind.CANCELLED if self._stopping else kind, message, detail)
        return p.Failed(request_id, kind, message, detail)

    def log_tail(self) -> str:
        """The end of what the worker and its libraries wrote."""
        return tail(self.log_path, _LOG_TAIL_BYTES)
