"""Whether the Hub has newer versions of the models here: asked only when the user asks, remembered until then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.core.hub import HubError, HubPage, HubReason
from app.core.hub_origin import Comparison, Origin, UpdateState, compare, needs_old_page
from app.core.library import ModelEntry
from app.core.settings.store import StoreError
from app.core.update_notes import UpdateFile, UpdateNote
from app.services.job_thread import JobThread
from app.services.library import LibraryService
from app.worker.hub import Hub

_log = logging.getLogger(__name__)
_N_THREADS: Final = 4
_KEPT_S: Final = 180 * 24 * 3600.0  # of models that are gone; those of others are renewed by every check
_END_S: Final = 0.3  # what waits for a silent server ends with the process
# These speak of one repository; with any other the next one would go the same way.
_OF_ONE: Final = frozenset(
    {
        HubReason.NOT_FOUND,
        HubReason.UNAUTHORISED,
        HubReason.GATED,
        HubReason.NO_SUCH_FILE,
        HubReason.BAD_ADDRESS,
    }
)


@dataclass(frozen=True, slots=True)
class Update:
    """What is known of one model. `is_here`: what is newer is in the library already, as another entry."""

    note: UpdateNote
    is_here: bool = False

    @property
    def is_newer(self) -> bool:
        """Whether there is something to get."""
        return self.note.state is UpdateState.NEWER and not self.is_here


@dataclass(frozen=True, slots=True)
class CheckEnd:
    """How a check ended: of `n_models` asked about, `n_newer` have a newer version. `error` is why it broke off."""

    n_models: int
    n_newer: int
    error: HubError | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of the models of one repository."""

    number: int
    notes: tuple[UpdateNote, ...] = ()
    error: HubError | None = None


class Updates(QObject):
    """Asks, four repositories at a time, and remembers. All methods return at once; signals say what came of it."""

    changed = Signal()  # of() may differ
    started = Signal(int)  # how many models are asked about
    progressed = Signal(int)  # of how many is known
    finished = Signal(object)  # CheckEnd
    fetched = Signal(object, object)  # HubPage, Comparison: what `fetch` found
    fetch_failed = Signal(object)  # HubError
    _read = Signal(object)
    _told = Signal(object)
    _fetched = Signal(int, object, object)

    def __init__(
        self, library: LibraryService, hub: Callable[[], Hub], path: Path, parent: QObject | None = None
    ) -> None:
        """`hub` gives the Hub in force; `path` holds what it said (JSON)."""
        super().__init__(parent)
        self._library = library
        self._hub = hub
        self._file = UpdateFile(path)
        self._saving = JobThread("updates")
        self._notes: dict[str, UpdateNote] = {}
        self._shown: dict[str, Update] | None = None
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._waiting: list[list[ModelEntry]] = []
        self._number = 0
        self._fetch_number = 0
        self._n_left = 0
        self._asked: frozenset[str] = frozenset()
        self._n_done = 0
        self._read.connect(self._take_notes)
        self._told.connect(self._take)
        self._fetched.connect(self._take_fetched)
        library.changed.connect(self._forget_shown)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Whom `check` would ask."""
        return self._hub().host

    @property
    def is_checking(self) -> bool:
        """Whether a check runs."""
        return self._n_left > 0

    def entries(self) -> list[ModelEntry]:
        """The models that the Hub can be asked about."""
        return [entry for entry in self._library.entries() if entry.origins and entry.parts]

    def of(self, entry: ModelEntry) -> Update | None:
        """What was said of this model last, None for nothing."""
        if self._shown is None:
            self._shown = self._all()
        return self._shown.get(entry.id)

    # -- wishes ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Reads what was said before; `changed` follows."""
        self._saving.post(lambda: self._read.emit(self._file.read()[0]))

    def check(self) -> None:
        """Asks about every model whose origin is known; `started`, `progressed` and `finished` follow."""
        self.cancel()
        entries = self.entries()
        groups: dict[tuple[str, str], list[ModelEntry]] = {}
        for entry in entries:
            groups.setdefault((entry.origins[0].repo_id, entry.origins[0].revision), []).append(entry)
        self._number += 1
        self._asked, self._n_done, self._n_left = frozenset(entry.id for entry in entries), 0, len(groups)
        self.started.emit(len(entries))
        if not groups:
            self._end()
            return
        with self._lock:
            self._waiting = list(groups.values())
        for _ in range(min(_N_THREADS, len(groups))):
            number, hub = self._number, self._hub()
            self._spawn(lambda number=number, hub=hub: self._work(number, hub))

    def cancel(self) -> None:
        """Ends the check that runs; what was answered stays."""
        if self.is_checking:
            self._end(is_cancelled=True)

    def fetch(self, entry: ModelEntry) -> None:
        """Asks for the page that has the newer version now; `fetched` or `fetch_failed` follows."""
        self._fetch_number += 1
        number, hub = self._fetch_number, self._hub()

        def ask() -> None:
            try:
                answer = _compared(hub, entry.origins, {})
            except HubError as error:
                answer = None, error
            except Exception as error:  # the thread's boundary
                answer = None, _defect(hub, error)
            self._fetched.emit(number, *answer)

        self._spawn(ask)

    def close(self) -> bool:
        """Ends the threads and saves; False if a hung disk still holds one."""
        self._number += 1
        self._fetch_number += 1
        self._n_left = 0
        with self._lock:
            self._waiting = []
        for thread in self._threads:
            thread.join(_END_S)
        return self._saving.close(2.0)

    # -- on the threads -------------------------------------------------------------------------------------

    def _spawn(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except RuntimeError:  # the Qt object is gone: the app is closing
                return

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(threading.Thread(target=run, name="updates", daemon=True))
        self._threads[-1].start()

    def _work(self, number: int, hub: Hub) -> None:
        while (group := self._next(number)) is not None:
            try:
                answer = _Answer(number, tuple(_notes(hub, group)))
            except HubError as error:
                is_of_one = error.reason in _OF_ONE
                gone = tuple(_note(entry, Comparison(UpdateState.GONE), "") for entry in group)
                answer = _Answer(number, gone) if is_of_one else _Answer(number, error=error)
            except Exception as error:  # the thread's boundary
                answer = _Answer(number, error=_defect(hub, error))
            self._told.emit(answer)

    def _next(self, number: int) -> list[ModelEntry] | None:
        with self._lock:
            return self._waiting.pop(0) if self._waiting and number == self._number else None

    # -- what comes of it -----------------------------------------------------------------------------------

    def _take(self, answer: _Answer) -> None:
        if answer.number != self._number or not self.is_checking:
            return
        self._notes.update((note.id, note) for note in answer.notes)
        self._n_done += len(answer.notes)
        self._n_left -= 1
        self._forget_shown()
        self.progressed.emit(self._n_done)
        if answer.error is not None or not self._n_left:
            self._end(answer.error)

    def _end(self, error: HubError | None = None, *, is_cancelled: bool = False) -> None:
        self._n_left = 0
        self._number += 1
        with self._lock:
            self._waiting = []
        if self._n_done:
            self._save()
        self._forget_shown()
        entries = [entry for entry in self.entries() if entry.id in self._asked]
        known = [self.of(entry) for entry in entries]
        n_newer = sum(update is not None and update.is_newer for update in known)
        self.finished.emit(CheckEnd(len(self._asked), n_newer, error, is_cancelled))

    def _save(self) -> None:
        oldest = time.time() - _KEPT_S
        notes = [note for note in self._notes.values() if note.asked_at > oldest]

        def write() -> None:
            try:
                self._file.write(notes)
            except StoreError as error:  # it can be asked again
                _log.info("what the Hub said of newer versions cannot be kept: %s", error)

        self._saving.post(write)

    def _take_notes(self, notes: dict[str, UpdateNote]) -> None:
        self._notes = notes | self._notes
        self._forget_shown()

    def _take_fetched(self, number: int, page: HubPage | None, found: Comparison | HubError) -> None:
        if number != self._fetch_number:
            return
        if isinstance(found, HubError):
            self.fetch_failed.emit(found)
        else:
            self.fetched.emit(page, found)

    def _forget_shown(self) -> None:
        self._shown = None
        self.changed.emit()

    def _all(self) -> dict[str, Update]:
        entries = self.entries()
        here = {content for entry in entries for content in _contents(entry.origins)}
        shown: dict[str, Update] = {}
        for entry in entries:
            note = self._notes.get(entry.id)
            if note is not None and note.origins == entry.origins:
                shown[entry.id] = Update(note, not here.isdisjoint(_newer(note)))
        return shown


_Content = tuple[
    tuple[str, str, str], ...
]  # repository, path, and the content's name or the commit, of each part


def _contents(origins: Sequence[Origin]) -> list[_Content]:
    """What a model is, said by its content and by its commit: one of them may not be known."""
    contents = (
        [(origin.repo_id, origin.path, origin.etag) for origin in origins],
        [(origin.repo_id, origin.path, origin.commit) for origin in origins],
    )
    return [tuple(content) for content in contents if all(part[2] for part in content)]


def _newer(note: UpdateNote) -> list[_Content]:
    """The same of what the Hub has now; nothing where it cannot be named."""
    if len(note.etags) != len(note.origins) or note.state is not UpdateState.NEWER:
        return []
    pairs = zip(note.origins, note.etags, strict=True)
    newer = [Origin(origin.repo_id, note.commit, origin.path, etag) for origin, etag in pairs]
    return _contents(newer)


def _defect(hub: Hub, error: Exception) -> HubError:
    _log.error("asking for a newer version failed", exc_info=error)
    detail = f"{type(error).__name__}: {error}"[:200]
    return HubError(HubReason.BAD_ANSWER, host=hub.host, detail=detail)


def _notes(hub: Hub, entries: Sequence[ModelEntry]) -> list[UpdateNote]:
    """Of models that come from one revision of one repository. Raises HubError."""
    pages: dict[tuple[str, str], HubPage] = {}
    notes: list[UpdateNote] = []
    for entry in entries:
        page, found = _compared(hub, entry.origins, pages)
        notes.append(_note(entry, found, page.commit))
    return notes


def _compared(
    hub: Hub, origins: Sequence[Origin], pages: dict[tuple[str, str], HubPage]
) -> tuple[HubPage, Comparison]:
    """The page as it is now, and how the files here compare; `pages` are those that were asked for before."""

    def page_at(revision: str) -> HubPage:
        key = (origins[0].repo_id, revision)
        if key not in pages:
            pages[key] = hub.page(*key)
        return pages[key]

    page = page_at(origins[0].revision)
    if page.why_stored is not None:  # what it said some time ago is no answer to this question
        raise page.why_stored
    old = None
    if needs_old_page(origins, page):
        try:
            old = page_at(origins[0].commit)
        except HubError as error:
            if error.reason not in _OF_ONE:
                raise
    return page, compare(origins, page, old)


def _note(entry: ModelEntry, found: Comparison, commit: str) -> UpdateNote:
    return UpdateNote(
        id=entry.id,
        origins=entry.origins,
        state=found.state,
        commit=commit,
        etags=tuple(file.etag for file in found.files),
        size_bytes=sum(file.size_bytes for file in found.files),
        asked_at=time.time(),
    )
