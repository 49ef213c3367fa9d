"""Asks what plans would take, of a probe process that is started when there is a question."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from app.core.fit_runs import MeasureError
from app.core.footprint import Footprint
from app.core.reasons import FailureKind
from app.core.tail import tail
from app.worker import protocol as p
from app.worker.probe import probe_main
from app.worker.starting import start_shielded

_ENDING_S = 1.0
_LOG_TAIL_BYTES = 4096


class ProbeError(MeasureError):
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
        self._servers: list[tuple[str, bool]] = []  # those it was told of, and whether one stands in

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
        stand_ins: Mapping[str, Sequence[tuple[int, int]]] | None = None,
        timeout_s: float = 20.0,
    ) -> Footprint:
        """What the model file takes with the load settings `values` (those left out take the table's defaults).

        `held` maps device names to bytes that a loaded model gives back before this plan is loaded. `stand_ins` maps
        the remote workers of `values` that the loaded model is on (they answer nobody else meanwhile) to the (free,
        total) bytes of each of their devices: their part is then laid out on a stand-in. Blocks.

        Raises:
            ProbeError: there is no answer; kind WORKER_LOST where the process ended over it or was ended by `end`,
                or took longer than `timeout_s`.
        """
        known = {endpoint: list(memory) for endpoint, memory in (stand_ins or {}).items()}
        question = p.Question(model_path, dict(values), dict(held or {}), projector, known)
        with self._asking:
            answer = self._ask(question, time.monotonic() + timeout_s)
        if isinstance(answer, p.Refusal):
            raise ProbeError(FailureKind(answer.kind), answer.message, answer.detail)
        return Footprint.from_dict(answer.footprint)

    def end(self) -> None:
        """End the process and wait for it; a question under way ends with WORKER_LOST."""
        _end(*self._let_go(), at_once=self._asking.locked())

    def _ask(self, question: p.Question, deadline_s: float) -> p.Answer | p.Refusal:
        wanted: list[str] = question.values.get("rpc_servers") or []
        servers = [(endpoint, endpoint in question.stand_ins) for endpoint in wanted]
        while True:
            process, connection, is_new = self._running(servers)
            try:
                connection.send(question)
                while not connection.poll(0.1):
                    if time.monotonic() > deadline_s:
                        raise self._too_slow()
                return connection.recv()
            except (EOFError, OSError, ValueError) as error:
                self._let_go(process)
                _end(process, connection)
                # Left alone for too long it ends by itself, perhaps just now: the question goes to a new one.
                if is_new or process.exitcode != 0:
                    raise self._lost(process) from error

    def _running(self, servers: list[tuple[str, bool]]) -> tuple[SpawnProcess, Connection, bool]:
        with self._lock:
            process, connection = self._process, self._connection
        is_usable = (
            process is not None and process.is_alive() and servers[: len(self._servers)] == self._servers
        )
        if process is not None and connection is not None and is_usable:
            self._servers = servers
            return process, connection, False
        _end(*self._let_go())
        self._servers = servers
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, str(self._skeletons), str(self._log_path), self._idle_s)
        process = context.Process(target=probe_main, args=arguments, name="probe", daemon=True)
        start_shielded(process)
        theirs.close()
        with self._lock:
            self._process, self._connection = process, ours
        return process, ours, True

    def _let_go(self, process: SpawnProcess | None = None) -> tuple[SpawnProcess | None, Connection | None]:
        """Takes out what runs (if it is `process`, or whatever it is), so that the next question starts another."""
        with self._lock:
            found = self._process, self._connection
            if process is None or self._process is process:
                self._process = self._connection = None
        return found

    def _too_slow(self) -> ProbeError:
        _end(*self._let_go(), at_once=True)
        return ProbeError(FailureKind.WORKER_LOST, "llama.cpp did not answer in time")

    def _lost(self, process: SpawnProcess) -> ProbeError:
        code = process.exitcode or 0
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        message = f"llama.cpp ended while it read the plan ({name})"
        return ProbeError(FailureKind.WORKER_LOST, message, self._last_words())

    def _last_words(self) -> str:
        said = tail(self._log_path, _LOG_TAIL_BYTES).partition("Fatal Python error")[
            0
        ]  # then: where Python was
        return "\n".join(said.strip().splitlines()[-4:])


def _end(process: SpawnProcess | None, connection: Connection | None, *, at_once: bool = False) -> None:
    """Lets the process leave by itself, which it does when its connection closes, or else ends it."""
    if process is None:
        return
    if connection is not None and not at_once:
        connection.close()
        process.join(_ENDING_S)
    if process.is_alive():
        process.kill()
    process.join()
