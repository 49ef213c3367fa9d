"""A loaded model as the window knows it: one worker at a time, its events as Qt signals."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.reasons import FailureKind, Overflow
from app.core.run import Got
from app.worker import protocol as p
from app.worker.client import WorkerClient

_log = logging.getLogger(__name__)
_SAVING_S = 4.0
"""What a worker may take to write conversations when the app ends: the window is gone by then, its process is not."""


class SessionState(StrEnum):
    """What a session is doing."""

    EMPTY = "empty"
    LOADING = "loading"
    READY = "ready"
    EJECTING = "ejecting"


class _Feed(QObject):
    """Hands the events of one worker from its reading thread to the thread this object lives in."""

    arrived = Signal(list)

    def __init__(self, client: WorkerClient) -> None:
        super().__init__()
        self._client = client
        self._thread = threading.Thread(target=self._read, name="worker-events", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until the worker's last event was read."""
        self._thread.join(timeout_s)

    def _read(self) -> None:
        while True:
            events = self._client.receive()
            if events:
                try:
                    self.arrived.emit(events)
                except RuntimeError:  # the Qt object is gone: the app is closing
                    return
            if not events or isinstance(events[-1], p.Exited):
                return


class Session(QObject):
    """Loads a model into a worker process, passes requests on and reports what comes back.

    Ejecting ends the process; loading another model ejects the first. The worker is never killed for being silent
    and never started again by itself.
    """

    state_changed = Signal(object)  # SessionState
    load_progress = Signal(float, str)  # fraction, stage
    loaded = Signal(object)  # Got
    load_failed = Signal(object)  # p.LoadFailed
    lost = Signal(object)  # p.Exited: the worker ended unasked
    prompt_progress = Signal(object)  # p.PromptProgress
    context_trimmed = Signal(object)  # p.ContextTrimmed
    text = Signal(object)  # p.TextDelta
    finished = Signal(object)  # p.Finished
    failed = Signal(object)  # p.Failed
    token_count = Signal(object)  # p.TokenCount
    heartbeat = Signal(object)  # p.Heartbeat

    def __init__(
        self,
        log_path_for: Callable[[str], Path],
        parent: QObject | None = None,
        *,
        kept_states: Callable[[], p.KeptStates] = p.KeptStates,
    ) -> None:
        """`log_path_for` names a fresh log file for the worker of a model file's path; `kept_states`, asked before each
        load, where it keeps what it reads of conversations (by default nowhere).
        """
        super().__init__(parent)
        self._log_path_for = log_path_for
        self._kept_states = kept_states
        self._client: WorkerClient | None = None
        self._feed: _Feed | None = None
        self._state = SessionState.EMPTY
        self._got: Got | None = None
        self._model_path = ""
        self._asked: dict[str, Any] = {}
        self._next: tuple[str, dict[str, Any], tuple[float, ...]] | None = None
        self._ids = itertools.count(1)
        self._signals = {
            p.PromptProgress: self.prompt_progress,
            p.ContextTrimmed: self.context_trimmed,
            p.TextDelta: self.text,
            p.Finished: self.finished,
            p.Failed: self.failed,
            p.TokenCount: self.token_count,
            p.Heartbeat: self.heartbeat,
        }

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        """What it is doing."""
        return self._state

    @property
    def got(self) -> Got | None:
        """What the loaded model was given; None while none is loaded."""
        return self._got

    @property
    def model_path(self) -> str:
        """The file that is loaded or being loaded, or "" ."""
        return self._model_path

    @property
    def upcoming_path(self) -> str:
        """The file that is loaded as soon as the one before is ejected, or "" ."""
        return self._next[0] if self._next is not None else ""

    @property
    def asked(self) -> dict[str, Any]:
        """The load settings it was asked to load with (those that differ from their default)."""
        return dict(self._asked)

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, None without one."""
        return self._client.pid if self._client else None

    @property
    def log_path(self) -> Path | None:
        """The worker's log file, None without a worker."""
        return self._client.log_path if self._client else None

    # -- loading --------------------------------------------------------------------------------------------

    def load(self, model_path: str, values: dict[str, Any], split: Sequence[float] = ()) -> None:
        """Load a model file; one that is loaded is ejected first.

        `split` has each device's share where `values` leave it to the free memory (`Footprint.split`).
        """
        if self._client is not None:
            self._next = (model_path, dict(values), tuple(split))
            self._end_worker()
            return
        self._model_path, self._asked, self._got = model_path, dict(values), None
        client = WorkerClient(model_path, values, self._log_path_for(model_path), split, self._kept_states())
        try:
            client.start()
        except OSError as error:
            _log.error("no worker could be started: %s", error)
            self.load_failed.emit(p.LoadFailed(FailureKind.INTERNAL, str(error)))
            return
        self._client = client
        self._feed = _Feed(client)
        self._feed.arrived.connect(self._take)
        self._feed.start()
        self._set_state(SessionState.LOADING)

    def abort_load(self) -> None:
        """Cancel loading; `load_failed` follows with kind CANCELLED."""
        if self._client is not None and self._state is SessionState.LOADING:
            self._client.send(p.Cancel(p.LOAD_REQUEST))

    def eject(self) -> None:
        """End the worker; its memory goes back to the system."""
        self._next = None
        if self._client is not None:
            self._end_worker()

    def close(self, timeout_s: float = 3.0) -> None:
        """End the worker and wait for it; for the end of the app."""
        self._next = None
        if self._client is not None:
            self._client.stop(timeout_s, _SAVING_S)
        if self._feed is not None:
            self._feed.join(timeout_s)
            self._feed.arrived.disconnect(self._take)
        self._forget()

    def _end_worker(self) -> None:
        client = self._client
        if client is None or self._state is SessionState.EJECTING:
            return
        self._set_state(SessionState.EJECTING)
        # Waiting for a process is not for the UI thread; `Exited` arrives when it is done.
        threading.Thread(target=client.stop, name="worker-stop", daemon=True).start()

    # -- requests -------------------------------------------------------------------------------------------

    def generate(
        self,
        messages: Sequence[dict[str, str]],
        sampling: dict[str, Any],
        *,
        prompt: str | None = None,
        overflow: str = Overflow.DROP_MIDDLE,
        continue_last: bool = False,
        template_options: dict[str, Any] | None = None,
        deltas_per_s: float = 30.0,
        conversation: str = "",
    ) -> int:
        """Ask for a reply; returns the request's id, which `finished` or `failed` will carry exactly once.

        `conversation` is the id of what the messages belong to, "" for nothing that is to be gone on with.
        """
        request_id = next(self._ids)
        command = p.Generate(
            request_id,
            messages=tuple(dict(message) for message in messages),
            prompt=prompt,
            sampling=dict(sampling),
            overflow=overflow,
            continue_last=continue_last,
            template_options=template_options or {},
            deltas_per_s=deltas_per_s,
            conversation=conversation,
        )
        self._send(command)
        return request_id

    def forget(self, conversation: str) -> None:
        """Keep nothing of what was read of a conversation."""
        if self._client is not None:
            self._client.send(p.Forget(conversation))

    def cancel(self, request_id: int) -> None:
        """End a reply now; it finishes with what it has."""
        if self._client is not None:
            self._client.send(p.Cancel(request_id))

    def count_tokens(self, messages: Sequence[dict[str, str]], prompt: str | None = None) -> int:
        """Ask how many tokens this would take; `token_count` (or `failed`) carries the returned id."""
        request_id = next(self._ids)
        self._send(p.CountTokens(request_id, tuple(dict(message) for message in messages), prompt))
        return request_id

    def _send(self, command: p.Generate | p.CountTokens) -> None:
        if self._client is not None:
            self._client.send(command)
            return
        failure = p.Failed(command.request_id, FailureKind.WORKER_LOST, "no model is loaded")
        # Queued: the caller must have the id before its ending arrives.
        QTimer.singleShot(0, self, lambda: self.failed.emit(failure))

    # -- events ---------------------------------------------------------------------------------------------

    def _take(self, events: list[p.Event]) -> None:
        if self._feed is None:  # closed: what Qt had queued before that is for nobody
            return
        for event in events:
            self._take_one(event)

    def _take_one(self, event: p.Event) -> None:
        if signal := self._signals.get(type(event)):  # pyright: ignore[reportArgumentType]
            signal.emit(event)
        elif isinstance(event, p.LoadProgress):
            self.load_progress.emit(event.fraction, event.stage)
        elif isinstance(event, p.Loaded):
            self._got = Got.from_dict(event.got)
            _log.info("loaded: %s", self._model_path)
            self._set_state(SessionState.READY)
            self.loaded.emit(self._got)
        elif isinstance(event, p.LoadFailed):
            if self._next is None or event.kind != FailureKind.CANCELLED:
                self.load_failed.emit(event)
        elif isinstance(event, p.Exited):
            self._ended(event)

    def _ended(self, event: p.Exited) -> None:
        upcoming, self._next = self._next, None
        unanswered: list[p.Event] = []
        if self._client is not None:
            self._client.stop(0)
            unanswered = self._client.receive(0)  # sent to it after its end was read, before this
        self._forget()
        self._set_state(SessionState.EMPTY)
        for late in unanswered:
            self._take_one(late)
        if not event.expected:
            self.lost.emit(event)
        elif upcoming is not None:
            self.load(*upcoming)

    def _forget(self) -> None:
        self._client = self._feed = self._got = None
        self._model_path, self._asked = "", {}

    def _set_state(self, state: SessionState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)
