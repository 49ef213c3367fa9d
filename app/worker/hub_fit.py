"""How each file of a repository would fit: headers read several at a time, dry runs made of those that have come."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.core.fit import FitStopped, Judge, MeasureError
from app.core.footprint import Footprint
from app.core.hub_fit import Fitness, NoFitness, fitness
from app.core.reasons import FailureKind
from app.core.remote import RemoteHeaderError
from app.worker.probe_client import Probe, ProbeError

if TYPE_CHECKING:
    import ssl

    from app.core.header_likeness import Likeness
    from app.core.hub import HubPage
    from app.core.hub_files import Variant
    from app.worker.hub import Hub
    from app.worker.remote_header import RemoteModel

_log = logging.getLogger(__name__)
_N_AT_ONCE: Final = 4
_END_S: Final = 2.0
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose fit is asked for: `key` is returned with it, `url` is the file (of a split set its first part).

    `etags` are the Hub's of all its parts in order, with their sizes in bytes: of a file whose header is stored
    already nothing is asked then. Empty where they are not known.
    """

    key: str
    url: str
    size_bytes: int = 0
    etags: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the files are held against: load settings, and `judge`, which says of a footprint whether it fits.

    `held` maps device names to bytes that a loaded model gives back before another one is loaded.
    """

    values: Mapping[str, Any]
    judge: Judge
    held: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Found:
    """The answer about one source on these terms; `n_left` are without one still."""

    key: str
    fit: Fitness | NoFitness
    terms: Terms
    n_left: int


class HubFits:
    """Finds how files fit, small ones first, and tells each as soon as it is known.

    Of the first header all is read, of the others, four at a time, only what differs from it. Dry runs are made one
    at a time as headers come. The methods but `close` and `wait` return at once; `tell` is called on other threads.
    New terms keep the headers and have the dry runs made again.
    """

    def __init__(
        self,
        probe: Probe,
        skeletons: Path,
        tell: Callable[[Found], object],
        *,
        read_token: Callable[[], str] = lambda: "",
        timeout_s: float = 30.0,
    ) -> None:
        """`read_token` may take its time: it is called on the threads of the headers. `timeout_s` is per header."""
        self._probe = probe
        self._skeletons = skeletons
        self._tell = tell
        self._read_token = read_token
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._round = 0  # which call of `open` is in force
        self._queue: list[Source] = []  # headers that nobody reads yet
        self._headers: dict[str, RemoteModel | NoFitness] = {}
        self._open: set[str] = set()  # keys without an answer on these terms
        self._terms: Terms | None = None
        self._is_paused = self._is_closed = False
        self._n_ending = 0  # threads that end the process: until they have, it is not started again
        self._n_measuring = 0
        self._n_reading = 0  # threads of this round that read headers
        self._like: Likeness | None = None  # what the headers of this round are expected to be like
        self._may_be_alike = True
        self._is_alone = False  # while a header is read that the others may be like
        self._threads: list[threading.Thread] = []
        self._making_tls = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    # -- asking ---------------------------------------------------------------------------------------------

    def open(self, sources: Sequence[Source], terms: Terms) -> None:
        """Asks about these files; what was asked before is dropped."""
        with self._changed:
            self._round += 1
            self._n_reading = 0  # those of the round before end by themselves
            self._like, self._may_be_alike, self._is_alone = None, True, False
            self._queue, self._headers, self._open, self._terms = [], {}, set(), terms
            self._changed.notify_all()
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._start(self._measure_all, self._round)
        self.add(sources)

    def add(self, sources: Sequence[Source]) -> None:
        """Asks about these files too, or once more."""
        with self._changed:
            for source in sources:
                self._headers.pop(source.key, None)
                self._open.add(source.key)
            self._queue = sorted([*self._queue, *sources], key=lambda source: (source.size_bytes, source.key))
            for _ in range(min(len(sources), _N_AT_ONCE - self._n_reading)):
                self._n_reading += 1
                self._start(self._read_headers, self._round)

    def ask(self, terms: Terms) -> None:
        """The same files on other terms."""
        with self._changed:
            self._terms = terms
            self._open |= set(self._headers)
            self._changed.notify_all()

    def ask_first(self, keys: Sequence[str]) -> None:
        """Reads these headers before the others, as far as they wait."""
        with self._changed:
            self._queue.sort(key=lambda source: source.key not in keys)

    def pause(self) -> None:
        """Makes no dry runs until `resume`, and ends their process, so that it holds nothing on any device."""
        with self._changed:
            if self._is_paused:
                return
            self._is_paused = True
            self._n_ending += 1
            thread = threading.Thread(target=self._end_for_pause, name="hub-fit-end", daemon=True)
            self._threads.append(thread)
            thread.start()

    def resume(self) -> None:
        """Goes on after `pause`."""
        with self._changed:
            self._is_paused = False
            self._changed.notify_all()

    def drop(self) -> None:
        """Asks nothing more; nothing more is told."""
        with self._changed:
            self._round += 1
            self._queue, self._headers, self._open, self._terms = [], {}, set(), None
            self._like = None
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the threads and the process; takes a moment."""
        self.drop()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._end_probe()
        for thread in self._threads:
            thread.join(_END_S)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Blocks until every file has its answer and it was told; False where that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open and not self._n_measuring, timeout_s)

    # -- threads --------------------------------------------------------------------------------------------

    def _start(self, job: Callable[[int], None], number: int) -> None:
        thread = threading.Thread(target=job, args=(number,), name="hub-fit", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _end_for_pause(self) -> None:
        self._end_probe()
        with self._changed:
            self._n_ending -= 1
            self._changed.notify_all()

    def _end_probe(self) -> None:
        """A question under way fails with it; one that was just about to begin is caught by a later look."""
        deadline_s = time.monotonic() + _END_S
        self._probe.end()
        while time.monotonic() < deadline_s:
            with self._changed:
                if self._changed.wait_for(lambda: not self._n_measuring, _LOOK_S):
                    break
            self._probe.end()
        if self._probe.pid is not None:
            self._probe.end()

    # -- headers --------------------------------------------------------------------------------------------

    def _read_headers(self, number: int) -> None:
        while (source := self._next_source(number)) is not None:
            found = self._header(source, number)
            with self._changed:
                if self._round == number:
                    self._learn(found)
                    self._headers[source.key] = _lightened(found)
                    self._changed.notify_all()

    def _next_source(self, number: int) -> Source | None:
        with self._changed:
            self._changed.wait_for(lambda: self._round != number or not self._is_alone)
            if self._round != number:
                return None
            if not self._queue:
                self._n_reading -= 1
                self._like = None if not self._n_reading else self._like  # megabytes
                return None
            self._is_alone = self._like is None and self._may_be_alike and len(self._queue) > 1
            return self._queue.pop(0)

    def _learn(self, found: RemoteModel | NoFitness) -> None:
        """What others may be like; one that was stored says nothing, and so the next one is read alone too."""
        self._is_alone = False
        if isinstance(found, NoFitness):
            self._may_be_alike = False
        elif found.n_bytes_read:
            self._like = self._like or found.likeness
            self._may_be_alike = self._like is not None

    def _header(self, source: Source, number: int) -> RemoteModel | NoFitness:
        from app.worker.remote_header import (
            fetch,
        )  # it brings the HTTP library along, which the window starts without

        try:
            return fetch(
                source.url,
                self._skeletons,
                token=self._read_token(),
                timeout_s=self._timeout_s,
                etags=source.etags,
                like=self._like,
                tls=self._tls_context(),
                cancelled=lambda: self._round != number,
            )
        except RemoteHeaderError as error:
            return NoFitness(error.message, header=error)
        except Exception as error:  # the thread's boundary
            _log.exception("a header could not be read")
            return NoFitness(str(error), kind=FailureKind.INTERNAL)

    def _tls_context(self) -> ssl.SSLContext | None:
        from app.worker.remote_file import tls_context

        with self._making_tls:
            if self._tls is None:
                with contextlib.suppress(OSError):  # `fetch` says what is wrong
                    self._tls = tls_context()
            return self._tls

    # -- dry runs -------------------------------------------------------------------------------------------

    def _measure_all(self, number: int) -> None:
        while (job := self._next_header(number)) is not None:
            key, header, terms = job
            try:
                found = self._fit(header, terms, number)
            except FitStopped:
                found = None
            with self._changed:
                is_wanted = found is not None and self._round == number and self._terms is terms
                if is_wanted:
                    self._open.discard(key)
                n_left = len(self._open)
            if is_wanted and found is not None:
                self._say(Found(key, found, terms, n_left))
            with self._changed:
                self._n_measuring -= 1
                self._changed.notify_all()

    def _next_header(self, number: int) -> tuple[str, RemoteModel | NoFitness, Terms] | None:
        """A header without an answer, once there is one and dry runs may be made; None at the end of the round."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._round != number or (not self._is_withheld() and self._ready())
            )
            if self._round != number or self._terms is None:
                return None
            self._n_measuring += 1
            key = self._ready()[0]
            return key, self._headers[key], self._terms

    def _is_withheld(self) -> bool:
        return self._is_paused or self._n_ending > 0

    def _ready(self) -> list[str]:
        return [key for key in self._headers if key in self._open]

    def _fit(self, header: RemoteModel | NoFitness, terms: Terms, number: int) -> Fitness | NoFitness:
        if isinstance(header, NoFitness):
            return header

        def measure(values: Mapping[str, Any]) -> Footprint:
            self._stop_if_stale(terms, number)
            try:
                return self._probe.footprint(header.path, values, held=terms.held)
            except ProbeError:
                self._stop_if_stale(terms, number)  # it was ended by `pause`, and is asked again afterwards
                raise

        try:
            return fitness(terms.values, header.facts, measure, terms.judge)
        except ProbeError as error:
            return NoFitness(error.message, kind=error.kind)
        except MeasureError as error:
            return NoFitness(str(error), kind=FailureKind.ENGINE)
        except FitStopped:
            raise
        except Exception as error:  # the thread's boundary
            _log.exception("it could not be found out how a model fits")
            return NoFitness(str(error), kind=FailureKind.INTERNAL)

    def _stop_if_stale(self, terms: Terms, number: int) -> None:
        with self._changed:
            if self._round != number or self._terms is not terms or self._is_withheld():
                raise FitStopped

    def _say(self, found: Found) -> None:
        try:
            self._tell(found)
        except RuntimeError:  # the Qt object is gone: the app is closing
            self.drop()


def _lightened(found: RemoteModel | NoFitness) -> RemoteModel | NoFitness:
    """Without the megabytes that only the next headers need."""
    return found if isinstance(found, NoFitness) else replace(found, likeness=None)


def sources_of(hub: Hub, page: HubPage, among: Sequence[Variant]) -> list[Source]:
    """Those of a page's files whose fit can be asked for."""
    return [
        Source(
            variant.key,
            hub.file_url(page.model.repo_id, page.commit, variant.key),
            variant.size_bytes,
            tuple((file.etag, file.size_bytes) for file in variant.files if file.sha256),
        )
        for variant in among
        if variant.is_loadable
    ]


def find_fits(
    sources: Sequence[Source],
    terms: Terms,
    probe: Probe,
    skeletons: Path,
    *,
    read_token: Callable[[], str] = lambda: "",
    on_found: Callable[[Found], object] = lambda _found: None,
) -> dict[str, Fitness | NoFitness]:
    """All answers by key, blocking until the last; `on_found` hears of each on another thread. Ends the probe."""
    answers: dict[str, Fitness | NoFitness] = {}

    def take(found: Found) -> None:
        answers[found.key] = found.fit
        on_found(found)

    fits = HubFits(probe, skeletons, take, read_token=read_token)
    try:
        fits.open(sources, terms)
        while not fits.wait(0.2):  # in pieces: on Windows Ctrl+C does not end a wait
            pass
    finally:
        fits.close()
    return answers
