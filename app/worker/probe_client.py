"""Asks what plans would take, of a probe process that is started when there is a question."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from app.core.footprint import Footprint
from app.core.reasons import FailureKind
from app.worker import protocol as p
from app.worker.probe import probe_main

_ENDING_S = 1.0
_LOG_TAIL_BYTES = 4096


class ProbeError(Exception):
    """A question without an answer: `kind` of failure, `message` for people, `detail` e.g. the setting's key."""

    def __init__(self, kind: FailureKind, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail


class Probe:
    """One probe process at a time, one question at a time; `end` may be called from another thread meanwhile.

    The process starts with the first question (which takes about half a second more), ends when it is left alone,
    and is replaced when the remote workers in use change, since llama.cpp forgets none that it was told of.
    """

    def __init__(self, skeletons: Path, log_path: Path, *, idle_s: float = 30.0) -> None:
        """`skeletons` is the folder for skeletons, `log_path` takes the output of the newest process."""
        self._skeletons = skeletons
        self._log_path = log_path
        self._idle_s = idle_s
        self._asking = threading.Lock()
        self._lock = threading.Lock()  # of what follows
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._servers: list[str] = []

    @property
    def pid(self) -> int | None:
        """The process's id, None while none runs."""
        with self._lock:
            alive = self._process is not None and self._process.is_alive()
            return self._process.pid if self._process is not None and alive else None

    def footprint(
        self,
        model_path: str,
        values: Mapping[str, Any],
        *,
        held: Mapping[str, int] | None = None,
        projector: str = "",
        timeout_s: float = 20.0,
    ) -> Footprint:
        """What the model file takes with the load settings `values` (those left out take the table's defaults).

        `held` maps device names to bytes that a loaded model gives back before this plan is loaded. Blocks.

        Raises:
            ProbeError: there is no answer; kind WORKER_LOST where the process ended over it or was ended by `end`,
                or took longer than `timeout_s`.
        """
        question = p.Question(model_path, dict(values), dict(held or {}), projector)
        with self._asking:
            answer = self._ask(question, time.monotonic() + timeout_s)
        if isinstance(answer, p.Refusal):
            raise ProbeError(FailureKind(answer.kind), answer.message, answer.detail)
        return Footprint.from_dict(answer.footprint)

    def end(self) -> None:
        """End the process and wait for it; a question under way ends with WORKER_LOST."""
        with self._lock:
            process, connection = self._process, self._connection
            self._process = self._connection = None
        if process is None:
            return
        if connection is not None and not self._asking.locked():
            connection.close()  # it leaves by itself
            process.join(_ENDING_S)
        if process.is_alive():
            process.kill()
        process.join()

    def _ask(self, question: p.Question, deadline_s: float) -> p.Answer | p.Refusal:
        servers: list[str] = list(question.values.get("rpc_servers") or [])
        while True:
            process, connection, is_new = self._running(servers)
            try:
                connection.send(question)
                while not connection.poll(0.1):
                    if time.monotonic() > deadline_s:
                        raise self._too_slow()
                return connection.recv()
            except (EOFError, OSError, ValueError) as error:
                self._forget(process)
                # Left alone for too long it ends by itself, perhaps just now: the question goes to a new one.
                if is_new or process.exitcode != 0:
                    raise self._lost(process) from error

    def _running(self, servers: list[str]) -> tuple[SpawnProcess, Connection, bool]:
        with self._lock:
            process, connection = self._process, self._connection
        is_usable = (
            process is not None and process.is_alive() and servers[: len(self._servers)] == self._servers
        )
        if process is not None and connection is not None and is_usable:
            self._servers = servers
            return process, connection, False
        self._replace()
        self._servers = servers
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, str(self._skeletons), str(self._log_path), self._idle_s)
        process = context.Process(target=probe_main, args=arguments, name="probe", daemon=True)
        process.start()
        theirs.close()
        with self._lock:
            self._process, self._connection = process, ours
        return process, ours, True

    def _replace(self) -> None:
        with self._lock:
            process, connection = self._process, self._connection
            self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.join(_ENDING_S)
            if process.is_alive():
                process.kill()
                process.join()

    def _forget(self, process: SpawnProcess) -> None:
        process.join(_ENDING_S)
        if process.is_alive():
            process.kill()
            process.join()
        with self._lock:
            if self._process is process:
                self._process = self._connection = None

    def _too_slow(self) -> ProbeError:
        self._kill()
        return ProbeError(FailureKind.WORKER_LOST, "llama.cpp did not answer in time")

    def _kill(self) -> None:
        with self._lock:
            process = self._process
            self._process = self._connection = None
        if process is not None:
            process.kill()
            process.join()

    def _lost(self, process: SpawnProcess) -> ProbeError:
        code = process.exitcode or 0
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        message = f"llama.cpp ended while it read the plan ({name})"
        return ProbeError(FailureKind.WORKER_LOST, message, self._last_words())

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            text = self._log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")
            return "\n".join(text.strip().splitlines()[-6:])
        return ""
