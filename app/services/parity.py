"""A parity check in the background: what it would take, how far it is, and what it found."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.footprint import Assessment
from app.core.parity import Report, Way
from app.core.parity_plan import Check, ParityError, Progress, further_variants
from app.core.reasons import FailureKind
from app.services.footprint import FootprintService
from app.services.load_check import Check as MemoryCheck
from app.services.load_check import LoadCheck
from app.services.plan import Plan
from app.services.session import Session, SessionState
from app.worker.parity import Cancelled, ParityRun

_log = logging.getLogger(__name__)
LARGEST_FILE_BYTES = 1_000_000
_SOON_MS = 150
_TRIES = 3
_ENDS_S = 8.0  # a worker that is asked to end has 5


class ParityState(StrEnum):
    """What a check is doing."""

    IDLE = "idle"  # none was made, or the last was called off
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"


class ParityService(QObject):
    """Checks the plan's model with the plan's settings, one check at a time, in workers of its own.

    What is loaded stays loaded: `need` says whether there is room beside it, while somebody watches (`watch`). A
    check goes on until `cancel` or `close`, whoever looks at it.
    """

    changed = Signal()  # the state, the progress, the report
    need_changed = Signal()
    file_read = Signal(
        str, object
    )  # after `read_file`: the file's name, and its text or None where it cannot be used
    _told = Signal(
        object, int
    )  # Progress, Report, ParityError or Cancelled, and the check's number; from its thread

    def __init__(
        self,
        plan: Plan,
        session: Session,
        footprints: FootprintService,
        log_path_for: Callable[[str], Path],
        parent: QObject | None = None,
    ) -> None:
        """`log_path_for` names a fresh log file for the workers of a check."""
        super().__init__(parent)
        self._plan = plan
        self._session = session
        self._footprints = footprints
        self._log_path_for = log_path_for
        self._memory_check = LoadCheck(footprints, self)
        self._memory_check.done.connect(self._measured)
        self._number = 0
        self._called_off = threading.Event()
        self._thread: threading.Thread | None = None
        self.state = ParityState.IDLE
        self.progress: Progress | None = None
        self.report: Report | None = None
        self.error: ParityError | None = None
        self.log_path = ""
        self.model_name = ""  # of the check that runs or ran last
        self.need: Assessment | None = None  # of the largest of its loads, beside what is loaded now
        self.is_measuring = False
        self._is_watched = False
        self._n_tries = 0
        # Later: the dry run's process ends for a load, and comes back when that is over.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._measure)
        self._told.connect(self._take)
        session.state_changed.connect(self._session_changed)

    # -- what it takes --------------------------------------------------------------------------------------

    @property
    def loaded_name(self) -> str:
        """The model that is loaded beside the check, "" without one."""
        got = self._session.got
        return got.model_name if got is not None else ""

    @property
    def is_busy(self) -> bool:
        """Whether a check is under way."""
        return self.state in {ParityState.RUNNING, ParityState.CANCELLING}

    def watch(self, is_watched: bool) -> None:
        """Whether somebody wants to know what a check of the plan would take; `need_changed` follows."""
        self._is_watched, self._n_tries = is_watched, 0
        if is_watched:
            self._measure()
        else:
            self._soon.stop()
            self._memory_check.cancel()

    def _measure(self) -> None:
        facts = self._plan.model
        self.need, self.is_measuring = None, facts is not None
        if facts is not None:
            ways = further_variants(self._plan.values(), facts, has_flash_attention=True)
            largest = next(item for item in ways if item.way is Way.TOGETHER)
            self._memory_check.request(facts, largest.load)
        self.need_changed.emit()

    def _measured(self, check: MemoryCheck) -> None:
        if check.footprint is None and check.error is None and self._n_tries < _TRIES:
            self._n_tries += 1  # it was late
            self._soon.start()
            return
        self.is_measuring = False
        if check.footprint is not None:
            # The loaded model stays: nothing of it is given back.
            around = dataclasses.replace(self._footprints.surroundings(fresh=True), held={})
            self.need = around.assess(check.footprint)
        self.need_changed.emit()

    def _session_changed(self, state: SessionState) -> None:
        if self._is_watched and state in {SessionState.READY, SessionState.EMPTY} and not self.is_busy:
            self._n_tries = 0
            self._soon.start()

    def read_file(self, path: str) -> None:
        """Read a file of prompts; `file_read` follows."""

        def read() -> None:
            text: str | None = None
            try:
                with Path(path).open("rb") as file:
                    data = file.read(LARGEST_FILE_BYTES + 1)
                text = data.decode("utf-8-sig") if len(data) <= LARGEST_FILE_BYTES else None
            except (OSError, UnicodeDecodeError) as error:
                _log.info("%s: %s", path, error)
            with contextlib.suppress(RuntimeError):  # the Qt object is gone: the app is closing
                self.file_read.emit(Path(path).name, text)

        threading.Thread(target=read, name="parity-prompts", daemon=True).start()

    # -- running --------------------------------------------------------------------------------------------

    def start(self, prompts: tuple[str, ...], max_tokens: int) -> None:
        """Begin; `changed` follows, at last with DONE, FAILED or IDLE. Nothing happens while one is under way."""
        facts = self._plan.model
        if facts is None or self.is_busy:
            return
        self._number += 1
        self._called_off = threading.Event()
        self.report = self.error = self.progress = None
        self.state, self.model_name = ParityState.RUNNING, facts.name
        log_path = self._log_path_for(facts.path)
        self.log_path = str(log_path)
        run = ParityRun(
            Check(facts, self._plan.values(), prompts, max_tokens, is_raw=False),
            log_path,
            self._teller(self._number),
            is_called_off=self._called_off.is_set,
        )
        self._thread = threading.Thread(
            target=self._run, args=(run, self._number), name="parity", daemon=True
        )
        self._thread.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Call it off; `changed` follows with IDLE when its worker has ended."""
        if self.state is ParityState.RUNNING:
            self._called_off.set()
            self.state = ParityState.CANCELLING
            self.changed.emit()

    def close(self) -> None:
        """End it and wait for its worker."""
        self._called_off.set()
        self._number += 1  # what it still says is for nobody
        self._soon.stop()
        self._memory_check.cancel()
        if self._thread is not None:
            self._thread.join(_ENDS_S)

    def _teller(self, number: int) -> Callable[[object], None]:
        def tell(what: object) -> None:
            try:
                self._told.emit(what, number)
            except RuntimeError:  # the Qt object is gone: the app is closing
                _log.info("a parity check outlives the window")

        return tell

    def _run(self, run: ParityRun, number: int) -> None:
        tell = self._teller(number)
        try:
            tell(run.run())
        except (Cancelled, ParityError) as ended:
            tell(ended)
        except Exception as error:  # the thread's boundary
            _log.exception("a parity check failed")
            tell(ParityError(FailureKind.INTERNAL, f"{type(error).__name__}: {error}"))

    def _take(self, told: object, number: int) -> None:
        if number != self._number:
            return
        if isinstance(told, Progress):
            self.progress = told
        elif isinstance(told, Report):
            self.state, self.report = ParityState.DONE, told
        elif isinstance(told, ParityError):
            self.state, self.error = ParityState.FAILED, told
        else:
            self.state = ParityState.IDLE
        self.changed.emit()
