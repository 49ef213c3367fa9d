"""A model in a worker process, as a command uses it: load, ask, read the events, end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.cli.failure import CommandError, Interrupted, UsageError
from app.cli.interruption import Interruption
from app.cli.terminal import StatusLine
from app.core.reasons import FailureKind
from app.core.run import Got
from app.core.settings import LOAD, SAMPLING
from app.worker.client import WorkerClient
from app.worker.protocol import (
    LOAD_REQUEST,
    Bench,
    Cancel,
    Command,
    Event,
    Exited,
    Failed,
    Finished,
    Generate,
    Loaded,
    LoadFailed,
    LoadProgress,
    Together,
)

_WAIT_S = 0.05  # how late Ctrl+C may be noticed
_STOP_S = 5.0
_TAIL_LINES = 6

FAILURES = {
    FailureKind.BAD_FILE: "the model file cannot be used",
    FailureKind.OUT_OF_MEMORY: "out of memory",
    FailureKind.BAD_SETTING: "a setting cannot be used",
    FailureKind.BAD_TEMPLATE: "the chat template cannot be used",
    FailureKind.BAD_GRAMMAR: "the grammar or JSON schema cannot be used",
    FailureKind.PROMPT_TOO_LONG: "the prompt is longer than the context",
    FailureKind.CONTEXT_FULL: "the context is full",
    FailureKind.DEVICE_LOST: "a device was lost",
    FailureKind.CANCELLED: "cancelled",
    FailureKind.WORKER_LOST: "the worker process ended unexpectedly",
    FailureKind.ENGINE: "llama.cpp refused",
    FailureKind.INTERNAL: "a defect in Loadout",
}
_ADVICE = {
    FailureKind.OUT_OF_MEMORY: "try a smaller --set n_ctx, a quantised KV cache or a smaller model",
    FailureKind.BAD_TEMPLATE: "--set chat_template=chatml takes another one, --raw none",
    FailureKind.PROMPT_TOO_LONG: "--set n_ctx makes it longer",
    FailureKind.DEVICE_LOST: "check that 'loadout rpc-worker' runs there and can be reached, or leave it out of "
    "rpc_servers",
}
_LOG_SAYS_MORE = {FailureKind.INTERNAL, FailureKind.ENGINE, FailureKind.BAD_GRAMMAR}


class LoadedModel:
    """A loaded model. `got` is what was set up; every Ctrl+C since the start is in `interruption`."""

    def __init__(self, client: WorkerClient, log_path: Path, interruption: Interruption) -> None:
        self._client = client
        self._log_path = log_path
        self.interruption = interruption
        self.got: Got = self._load()

    def ask(self, command: Command, request_id: int) -> Iterator[Event]:
        """Send `command`, yield the events that answer it, `Finished` last. Ctrl+C cancels it.

        Raises:
            CommandError: the request failed or the worker was lost.
        """
        yield from self._answers(command, request_id)

    def ask_together(self, commands: Sequence[Generate | Bench]) -> Iterator[Event]:
        """As `ask`, for several requests that begin at once: until each has its `Finished`.

        Raises:
            CommandError: one of the requests failed, or the worker was lost.
        """
        yield from self._answers(Together(tuple(commands)), *(one.request_id for one in commands))

    def _answers(self, command: Command, *request_ids: int) -> Iterator[Event]:
        self._client.send(command)
        n_open = len(request_ids)
        for event in self._events_of(*request_ids):
            if isinstance(event, Failed):
                raise CommandError(self._failure_text(event.kind, event.message, event.detail))
            n_open -= isinstance(event, Finished)
            yield event
            if not n_open:
                return

    def next_id(self) -> int:
        """The id for the next request."""
        return self._client.next_id()

    def _load(self) -> Got:
        status = StatusLine()
        try:
            for event in self._events_of(LOAD_REQUEST):
                if isinstance(event, LoadProgress):
                    status.show(f"loading: {event.stage.replace('_', ' ')} {event.fraction:.0%}")
                elif isinstance(event, Loaded):
                    return Got.from_dict(event.got)
                elif isinstance(event, LoadFailed):
                    if event.kind == FailureKind.CANCELLED and self.interruption.asked:
                        raise Interrupted
                    error = UsageError if event.kind == FailureKind.BAD_SETTING else CommandError
                    raise error(self._failure_text(event.kind, event.message, event.detail))
        finally:
            status.clear()
        raise CommandError(f"the model was not loaded; the log is {self._log_path}")

    def _events_of(self, *request_ids: int) -> Iterator[Event]:
        """Every event with these ids until the caller has seen enough; a lost worker ends it with CommandError."""
        cancel_sent = False
        while True:
            for event in self._client.receive(_WAIT_S):
                if isinstance(event, Exited):
                    raise CommandError(self._lost_text(event))
                # The client's own ending for a lost request says less than `Exited`, which follows it.
                is_lost = isinstance(event, Failed | LoadFailed) and event.kind == FailureKind.WORKER_LOST
                if event.request_id in request_ids and not is_lost:
                    yield event
            if self.interruption.asked and not cancel_sent:
                for request_id in request_ids:
                    self._client.send(Cancel(request_id))
                cancel_sent = True

    def _failure_text(self, kind: str, message: str, detail: str) -> str:
        what = FAILURES.get(FailureKind(kind), kind)
        text = f"{what}: {message}" if message else what
        if detail and detail not in text and (detail in LOAD or detail in SAMPLING):
            text += f" ({detail})"
        if advice := _ADVICE.get(FailureKind(kind)):
            text += f"; {advice}"
        return f"{text}\nThe log is {self._log_path}" if kind in _LOG_SAYS_MORE else text

    def _lost_text(self, event: Exited) -> str:
        how = event.signal_name or f"exit code {event.exit_code}"
        tail = "\n".join(f"  {line}" for line in event.log_tail.strip().splitlines()[-_TAIL_LINES:])
        text = f"{FAILURES[FailureKind.WORKER_LOST]} ({how}); its log is {self._log_path}"
        return f"{text} and ends with\n{tail}" if tail else text


@contextmanager
def loaded_model(path: Path, values: dict[str, Any], log_path: Path) -> Iterator[LoadedModel]:
    """Start a worker, load `path` with the load settings `values`, and end the worker in any case.

    Raises:
        CommandError: the model could not be loaded.
        Interrupted: Ctrl+C ended the loading.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    client = WorkerClient(str(path), values, str(log_path))
    with Interruption() as interruption:
        client.start()
        try:
            yield LoadedModel(client, log_path, interruption)
        finally:
            client.stop(_STOP_S)
            client.receive(0)  # lets go of the queue
