"""Remote workers that the user has named: where they are, how they are, and which of them the plan uses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.endpoint import EndpointError, parse_endpoint
from app.core.rpc_protocol import RemoteTrouble
from app.core.run import Got
from app.core.settings.store import JsonStore, StoreError, StoreReport
from app.services.plan import Plan
from app.services.session import Session, SessionState
from app.worker.protocol import Heartbeat
from app.worker.rpc_question import RemoteError, ask

_log = logging.getLogger(__name__)
_VERSION = 1
_ASK_AGAIN_MS = 700  # a worker that has lost its client needs a moment
_KEY = "rpc_servers"

Memory = tuple[int, int]
"""(free, total) bytes of a device."""


class RemoteState(StrEnum):
    """How a remote worker is, as far as known."""

    UNKNOWN = "unknown"
    ASKING = "asking"
    READY = "ready"
    IN_USE = "in_use"  # by the model that is loaded or being loaded here; it answers nobody else meanwhile
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class RemoteWorker:
    """One remote worker. `memories` are its devices', `round_trip_ms` a question and its answer; None: unknown.

    `trouble` and `detail` (the system's word for it) say what is wrong in the state TROUBLE.
    """

    endpoint: str
    state: RemoteState = RemoteState.UNKNOWN
    memories: tuple[Memory, ...] = ()
    round_trip_ms: float | None = None
    trouble: RemoteTrouble | None = None
    detail: str = ""
    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class _Removed:
    endpoint: str
    index: int
    planned: dict[str, Any] | None  # what the plan said before, None if it did not use it


class RemoteDevices(QObject):
    """Keeps the list in a file, asks workers on threads, and writes the plan's `rpc_servers`.

    What the plan uses without being on the list is listed too. All endpoints are ``host:port`` in full.
    """

    changed = Signal()
    save_failed = Signal(object)  # StoreReport
    _answered = Signal(str, object)  # an endpoint, and a RemoteAnswer or a RemoteError

    def __init__(self, path: Path, plan: Plan, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = JsonStore(path, _VERSION)
        self._plan = plan
        self._session = session
        document, self.reports = self._store.load()
        self._kept: list[str] = _endpoints_of(document.get("workers"))
        self._known: dict[str, RemoteWorker] = {}
        self._used: dict[str, tuple[Memory, ...]] = {}  # what the heartbeats say of those in use
        self._lent = False  # whether one is in use, to be asked when it is free again
        self._removed: _Removed | None = None
        self._threads: list[threading.Thread] = []
        self._is_over = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_ASK_AGAIN_MS)
        self._soon.timeout.connect(self.ask_all)
        self._answered.connect(self._take)
        plan.changed.connect(self._plan_changed)
        session.state_changed.connect(self._state_changed)
        session.heartbeat.connect(self._beat)

    reports: list[StoreReport]

    # -- what it knows --------------------------------------------------------------------------------------

    def workers(self) -> list[RemoteWorker]:
        """Those on the list, then those that only the plan names."""
        planned, used = self.planned(), self._in_use()
        endpoints = [*self._kept, *(endpoint for endpoint in planned if endpoint not in self._kept)]
        return [self._worker(endpoint, planned, used) for endpoint in endpoints]

    def _worker(self, endpoint: str, planned: Collection[str], used: Collection[str]) -> RemoteWorker:
        worker = self._known.get(endpoint, RemoteWorker(endpoint))
        if endpoint in used:
            memories = self._used.get(endpoint, worker.memories)
            worker = replace(worker, state=RemoteState.IN_USE, memories=memories, trouble=None, detail="")
        return replace(worker, is_planned=endpoint in planned)

    def planned(self) -> list[str]:
        """The endpoints that the plan uses; a text of the plan that names none is left out."""
        return _endpoints_of(self._plan.value(_KEY))

    def _in_use(self) -> list[str]:
        if self._session.state is SessionState.EMPTY:
            return []
        return _endpoints_of(self._session.asked.get(_KEY))

    # -- the list -------------------------------------------------------------------------------------------

    def add(self, text: str) -> str:
        """Adds what a person wrote, asks it, and returns its endpoint; one that is on the list is asked again.

        Raises:
            EndpointError: the text names none.
        """
        endpoint = str(parse_endpoint(text))
        if endpoint not in self._kept:
            self._kept.append(endpoint)
            self._save()
        self.ask(endpoint)
        return endpoint

    def remove(self, endpoint: str) -> None:
        """Takes it off the list and out of the plan; `restore` brings the last one back."""
        planned = self._plan_of_remotes() if endpoint in self.planned() else None
        index = self._kept.index(endpoint) if endpoint in self._kept else len(self._kept)
        self._removed = _Removed(endpoint, index, planned)
        if endpoint in self._kept:
            self._kept.remove(endpoint)
            self._save()
        self.leave_out([endpoint])
        self.changed.emit()

    def restore(self) -> None:
        """Brings back what was removed last, with its place in the plan."""
        removed, self._removed = self._removed, None
        if removed is None:
            return
        if removed.endpoint not in self._kept:
            self._kept.insert(removed.index, removed.endpoint)
            self._save()
        if removed.planned is not None:
            self._plan.set_many(removed.planned)
        self.changed.emit()

    # -- the plan -------------------------------------------------------------------------------------------

    def set_planned(self, endpoint: str, planned: bool) -> None:
        """Has the plan use it, or not."""
        if not planned:
            self.leave_out([endpoint])
        elif endpoint not in self.planned():
            # A split names a share for each device in its order, and remote devices come first.
            self._plan.set_many({_KEY: [*self._plan.value(_KEY), endpoint], **self._reset("tensor_split")})

    def leave_out(self, endpoints: Collection[str]) -> None:
        """Takes these out of the plan, with what the plan says of their devices, as one step for undo."""
        said: list[str] = self._plan.value(_KEY)
        kept = [text for text in said if not set(_endpoints_of([text])) & set(endpoints)]
        if kept == said:
            return
        changes = {_KEY: kept, **self._reset("tensor_split"), **self._devices_without(endpoints)}
        self._plan.set_many(changes)

    def _devices_without(self, endpoints: Collection[str]) -> dict[str, Any]:
        """llama.cpp numbers remote devices in the order of their workers: those behind a gap move up."""
        chosen: list[str] = self._plan.value("devices")
        if not any(name.startswith("RPC") for name in chosen):
            return {}
        names: dict[str, str | None] = {}
        n_before = n_after = 0
        for endpoint in self.planned():
            for _ in range(max(1, len(self._known.get(endpoint, RemoteWorker(endpoint)).memories))):
                is_kept = endpoint not in endpoints
                names[f"RPC{n_before}"] = f"RPC{n_after}" if is_kept else None
                n_before += 1
                n_after += is_kept
        moved = [names.get(name, name) for name in chosen]
        return {"devices": [name for name in moved if name is not None]}

    def _reset(self, key: str) -> dict[str, Any]:
        return {key: self._plan.default(key)} if self._plan.value(key) else {}

    def _plan_of_remotes(self) -> dict[str, Any]:
        return {key: self._plan.value(key) for key in (_KEY, "tensor_split", "devices")}

    def _plan_changed(self, key: str) -> None:
        if key in {_KEY, ""}:
            self.changed.emit()

    # -- asking ---------------------------------------------------------------------------------------------

    def ask_all(self) -> None:
        """Asks every worker that is not being asked."""
        for worker in self.workers():
            self.ask(worker.endpoint)

    def ask(self, endpoint: str) -> None:
        """Asks one how it is; `changed` follows, also with the answer. One in use here is known anyway."""
        if self._is_over or endpoint in self._in_use():
            self.changed.emit()
            return
        before = self._known.get(endpoint, RemoteWorker(endpoint))
        if before.state is RemoteState.ASKING:
            return
        self._known[endpoint] = replace(before, state=RemoteState.ASKING)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._ask, args=(endpoint,), name="remote-worker", daemon=True)
        self._threads.append(thread)
        thread.start()
        self.changed.emit()

    def close(self, timeout_s: float = 0.2) -> None:
        """Tells nothing from now on; a question under way ends by itself."""
        self._is_over = True
        self._soon.stop()
        for thread in self._threads:
            thread.join(timeout_s)

    def _ask(self, endpoint: str) -> None:
        try:
            answer = ask(parse_endpoint(endpoint))
        except RemoteError as error:
            answer = error
        if self._is_over:
            return
        try:
            self._answered.emit(endpoint, answer)
        except RuntimeError:  # the Qt object is gone: the app is closing
            return

    def _take(self, endpoint: str, answer: Any) -> None:
        if isinstance(answer, RemoteError):
            worker = RemoteWorker(endpoint, RemoteState.TROUBLE, trouble=answer.trouble, detail=answer.detail)
        else:
            worker = RemoteWorker(
                endpoint,
                RemoteState.READY,
                memories=answer.memories,
                round_trip_ms=answer.round_trip_ms,
            )
        self._known[endpoint] = worker
        self.changed.emit()

    # -- the loaded model -----------------------------------------------------------------------------------

    def _state_changed(self, state: SessionState) -> None:
        if state is SessionState.EMPTY and self._lent:
            self._used, self._lent = {}, False
            self._soon.start()
        elif state is not SessionState.EMPTY:
            self._lent = self._lent or bool(self._in_use())
        self.changed.emit()

    def _beat(self, beat: Heartbeat) -> None:
        used = _memories_of(self._session.got, beat)
        if used != self._used:
            self._used = used
            self.changed.emit()

    def _save(self) -> None:
        try:
            self._store.save({"workers": [{"endpoint": endpoint} for endpoint in self._kept]})
        except StoreError as error:
            _log.error("%s", error)
            self.save_failed.emit(error.report)


def _memories_of(got: Got | None, beat: Heartbeat) -> dict[str, tuple[Memory, ...]]:
    """What the heartbeat says of remote devices, by their endpoint."""
    now = {name: (free, total) for name, free, total in beat.devices}
    found: dict[str, tuple[Memory, ...]] = {}
    for device in got.devices if got is not None else ():
        if device.kind == "rpc" and device.name in now:
            found[device.description] = (*found.get(device.description, ()), now[device.name])
    return found


def _endpoints_of(listed: Any) -> list[str]:
    """The endpoints in a list of texts, or of records as the file has them, in full and each once."""
    found: dict[str, None] = {}
    for item in cast(Sequence[Any], listed) if isinstance(listed, list | tuple) else ():
        text = cast(Mapping[str, Any], item).get("endpoint") if isinstance(item, dict) else item
        try:
            found[str(parse_endpoint(str(text)))] = None
        except EndpointError:
            continue
    return list(found)
