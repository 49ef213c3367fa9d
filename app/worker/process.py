"""What a worker process runs: it loads one model, then answers commands until told to end or left alone."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from app.worker import protocol as p
from app.worker.starting import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from app.engine.devices import Device
    from app.engine.model import LoadedModel
    from app.worker.serving import Serving

_log = logging.getLogger(__name__)
_HEARTBEAT_S = 0.5
_DEVICES_S = 30.0


def worker_main(
    model_path: str,
    values: dict[str, Any],
    split: tuple[float, ...],
    commands: Queue[p.Command],
    events: Queue[p.Event],
    log_path: str,
    kept: p.KeptStates = p.KeptStates(),  # noqa: B008 - frozen
) -> None:
    """The entry point of a worker. Everything written to stdout or stderr, by anyone, goes to `log_path`."""
    redirect_output(log_path)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches us too; the parent decides
    end_with_parent()
    _log.info("worker %d: %s", os.getpid(), model_path)
    worker = _Worker(commands, events)
    exit_code = 0
    try:
        worker.run(model_path, values, split, kept)
    except Exception:  # the process boundary: nobody above could report it
        _log.exception("the worker ends after a defect")
        exit_code = 1
    finally:
        events.close()
        events.join_thread()
        _log.info("worker %d ends", os.getpid())
        # No C++ destructors at exit: freeing device state in an unknown order is where drivers crash.
        sys.stderr.flush()
        os._exit(exit_code)


def redirect_output(log_path: str) -> None:
    """Everything written to stdout or stderr from now on, by anyone in this process, goes to `log_path`."""
    handle = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    # Of the crashing thread only: walking the frames of threads that run on can crash in its turn, under another name.
    faulthandler.enable(file=2, all_threads=False)
    line = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=line, datefmt="%H:%M:%S", force=True)


class _Inbox:
    """Receives commands on a thread of its own, so that a cancel is seen in the middle of a decode."""

    def __init__(self, commands: Queue[p.Command]) -> None:
        self._commands = commands
        self._received: deque[p.Command] = deque()
        self._arrived = threading.Event()
        self._loaded: LoadedModel | None = None
        self._lock = threading.Lock()
        self.load_cancelled = False
        threading.Thread(target=self._receive, name="inbox", daemon=True).start()

    def interrupts(self, loaded: LoadedModel) -> None:
        """From now on a cancel also aborts the decode that `loaded` is in."""
        with self._lock:
            self._loaded = loaded

    def _receive(self) -> None:
        while True:
            try:
                command = self._commands.get()
            except (EOFError, OSError):
                command = p.Shutdown()
            stops = isinstance(command, p.Shutdown)
            if stops or command == p.Cancel(p.LOAD_REQUEST):
                self.load_cancelled = True
            self._received.append(command)
            with self._lock:
                if self._loaded is not None and isinstance(command, p.Cancel | p.Shutdown):
                    self._loaded.abort.set()
            self._arrived.set()
            if stops:
                return

    def take(self) -> list[p.Command]:
        """The commands that have arrived, oldest first."""
        if not self._received:
            return []
        taken: list[p.Command] = []
        while self._received:
            taken.append(self._received.popleft())
        return taken

    def wait(self, timeout_s: float) -> None:
        """Wait until a command arrives."""
        if not self._received:
            self._arrived.wait(timeout_s)
        self._arrived.clear()


class _Worker:
    def __init__(self, commands: Queue[p.Command], events: Queue[p.Event]) -> None:
        self._inbox = _Inbox(commands)
        self._events = events
        self._status = _Status(events)
        self._save_s = 0.0

    def run(
        self, model_path: str, values: dict[str, Any], split: tuple[float, ...], kept: p.KeptStates
    ) -> None:
        loaded = self._load(model_path, values, split)
        if loaded is None:
            return
        from app.worker.serving import Serving
        from app.worker.state_keeping import StateKeeping

        serving = Serving(loaded, self._events.put, StateKeeping(loaded, model_path, kept))
        self._status.watch(serving, loaded)
        self._aborts.expect_answers()
        self._events.put(p.Loaded(loaded.got.to_dict()))
        self._inbox.interrupts(loaded)
        try:
            while self._serve(serving, loaded):
                pass
        finally:
            self._status.stop()
            serving.close(self._save_s)
            loaded.close()

    def _load(self, model_path: str, values: dict[str, Any], split: tuple[float, ...]) -> LoadedModel | None:
        from app.engine.aborts import AbortWatch
        from app.engine.errors import EngineError
        from app.engine.memory import may_take
        from app.engine.model import LoadedModel
        from app.engine.native_log import NativeLog

        log = NativeLog()
        log.install()
        self._native_log = log
        self._aborts = AbortWatch(self._report_abort)
        self._aborts.install()
        self._aborts.watch(values.get("rpc_servers") or [])
        try:
            with may_take(_free_bytes()):  # llama.cpp writes zeros over a whole KV cache, however absurd
                return LoadedModel(model_path, values, log, self._report_progress, split)
        except EngineError as error:
            self._events.put(p.LoadFailed(error.fault, error.message[:2000], error.detail))
        except Exception as error:  # the process boundary
            _log.exception("loading failed")
            self._events.put(p.LoadFailed(p.FailureKind.INTERNAL, f"{type(error).__name__}: {error}"[:2000]))
        self._status.stop()
        return None

    def _report_abort(self, words: str, lost: tuple[str, ...]) -> None:
        """Called in the thread in which llama.cpp gives up; the process ends when this returns."""
        with contextlib.suppress(ValueError, OSError):
            self._events.put(p.Aborting(words, lost))
            self._events.close()
            self._events.join_thread()  # until it is written

    _last_progress = (-1.0, "")

    def _report_progress(self, fraction: float, stage: str) -> bool:
        last, last_stage = self._last_progress
        if stage != last_stage:
            self._aborts.expect_answers()  # a stage may have made new connections
        if stage != last_stage or fraction - last >= 0.01 or fraction >= 1.0:
            self._last_progress = (fraction, stage)
            self._events.put(p.LoadProgress(fraction, stage))
        return not self._inbox.load_cancelled

    def _serve(self, serving: Serving, loaded: LoadedModel) -> bool:
        """Take commands, then run one step or wait; False at the end."""
        loaded.abort.clear()
        for command in self._inbox.take():
            if isinstance(command, p.Shutdown):
                self._save_s = command.save_s
                return False
            serving.take(command)
        if serving.is_busy:
            serving.step()
        else:
            serving.rest()
            self._inbox.wait(_HEARTBEAT_S)
        self._status.refresh()
        return True


class _Status:
    """Sends heartbeats from a thread of its own; the engine's thread only leaves the numbers here.

    A remote device's memory is asked for over the connection that decoding uses, so the engine's thread asks.
    """

    def __init__(self, events: Queue[p.Event]) -> None:
        self._events = events
        self._serving: Serving | None = None
        self._loaded: LoadedModel | None = None
        self._devices: tuple[tuple[str, int, int], ...] = ()
        self._asked_s = 0.0
        self._phase: str = p.Phase.LOADING
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def watch(self, serving: Serving, loaded: LoadedModel) -> None:
        """Report on these from now on."""
        self._serving, self._loaded = serving, loaded

    def refresh(self) -> None:
        """Called by the engine's thread between steps."""
        if self._serving is None or self._loaded is None:
            return
        phase = self._serving.phase
        if phase != self._phase:
            self._phase = phase
            self._send()
        now_s = time.monotonic()
        if now_s - self._asked_s >= _HEARTBEAT_S:
            self._asked_s = now_s
            self._devices = tuple((d.name, *d.memory()) for d in self._loaded.used_devices())

    def stop(self) -> None:
        """Send no more."""
        self._ended.set()
        self._thread.join(2)

    def _beat(self) -> None:
        while not self._ended.wait(_HEARTBEAT_S):
            self._send()

    def _send(self) -> None:
        serving = self._serving
        n_decoded, n_prompted, n_active = serving.counts() if serving else (0, 0, 0)
        beat = p.Heartbeat(self._phase, n_decoded, n_prompted, n_active, _rss_bytes(), self._devices)
        with contextlib.suppress(ValueError, OSError):  # the queue is closing
            self._events.put(beat)


def _free_bytes() -> int:
    import psutil

    return psutil.virtual_memory().available + psutil.swap_memory().free


def _rss_bytes() -> int:
    import psutil

    return psutil.Process().memory_info().rss


def list_devices(rpc_servers: list[str] | None = None) -> list[dict[str, Any]]:
    """The devices of this build, asked in a short-lived process so that the caller loads no libllama.

    Each is {name, description, kind, backend, free_bytes, total_bytes}.

    A remote worker that is busy with another program does not answer before that ends.

    Raises:
        RuntimeError: the process failed, or took too long; the message is what it said.
    """
    import json
    import subprocess

    code = "from app.worker.process import print_devices; import sys; print_devices(sys.argv[1:])"
    command = [sys.executable, "-c", code, *(rpc_servers or [])]
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    }
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=_DEVICES_S + 5, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError("the devices did not answer in time") from None
    if done.returncode != 0:
        raise RuntimeError(
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the process failed"
        )
    return json.loads(done.stdout.splitlines()[-1])


def print_devices(rpc_servers: list[str]) -> None:
    """Print the devices as one line of JSON; what `list_devices` runs."""
    import json
    import threading

    from app.engine.devices import add_rpc_servers, all_devices
    from app.engine.errors import EngineError

    # Whoever asked may be gone: a driver or a remote worker that never answers must not keep this process.
    limit = threading.Timer(_DEVICES_S, os._exit, (1,))
    limit.daemon = True
    limit.start()
    try:
        add_rpc_servers(rpc_servers)
    except EngineError as error:
        sys.exit(error.message)
    print(json.dumps(device_records(all_devices())))  # noqa: T201 - this process exists to print it


def device_records(devices: Iterable[Device]) -> list[dict[str, Any]]:
    """Builtin types only: {name, description, kind, backend, free_bytes, total_bytes} of each device."""
    records: list[dict[str, Any]] = []
    for device in devices:
        free_bytes, total_bytes = device.memory()
        records.append(
            {
                "name": device.name,
                "description": device.description,
                "kind": device.kind,
                "backend": device.backend,
                "free_bytes": free_bytes,
                "total_bytes": total_bytes,
            }
        )
    return records
