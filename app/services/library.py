"""The models that Loadout knows of, kept up to date off the UI thread and remembered between starts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.gguf import parts_of
from app.core.gguf_format import GgufReason
from app.core.guide import GuideFiles
from app.core.known_folders import KnownFolder, known_folders
from app.core.library import FolderProblem, ModelEntry, with_role
from app.core.library_store import HeaderCache, LibraryFile, LibraryList
from app.core.offers import Offer
from app.services.library_scanner import LibraryScanner, LookJob, OfferJob, ScanEnd, ScanJob

_log = logging.getLogger(__name__)


class LibraryService(QObject):
    """Entries of the added folders and files. All methods return at once; signals say what came of it.

    Entries stay while a new scan runs, so that a list shown from them does not flicker; what a complete scan
    no longer finds goes. Removing an entry never touches its file.

    With them go, marked and last, the models that came with Loadout, unless the user hides them.
    """

    changed = Signal()  # entries() or folder_problems() differ
    folders_changed = Signal(list)  # list[str]
    offers_changed = Signal()
    scan_started = Signal()
    scan_progressed = Signal(int, str)  # models looked at so far, folder being searched
    scan_finished = Signal(int)  # models of the user's known now; also after a cancelled scan
    storage_failed = Signal(str, str)  # file, the system's words: nothing is saved until that is mended

    def __init__(
        self,
        list_path: Path,
        cache_path: Path,
        parent: QObject | None = None,
        *,
        find_folders: Callable[[], list[KnownFolder]] = known_folders,
        guide: GuideFiles | None = None,
    ) -> None:
        """`list_path` holds what the user added, `cache_path` what is known of the headers (JSON, both).

        `find_folders` names other programs' folders; it is called on the library's thread. `guide` are the files that
        came with Loadout, None for none.
        """
        super().__init__(parent)
        library_file = LibraryFile(list_path)
        self._unreadable: OSError | None = None
        try:
            self._list = library_file.read()
        except OSError as error:
            _log.error("%s cannot be read: %s", list_path, error)
            self._list, self._unreadable = LibraryList(), error
        self._list_path = list_path
        self.set_aside = library_file.set_aside
        self._entries: dict[str, ModelEntry] = {}
        self._problems: dict[str, FolderProblem] = {}
        self._removed: dict[str, tuple[ModelEntry, bool]] = {}
        self._found: set[str] = set()  # by the whole scan that runs
        self._running: dict[int, ScanJob] = {}
        self._last_number = 0
        self._offers: tuple[Offer, ...] = ()
        self._find_folders = find_folders
        self._built_in = guide.roles if guide is not None else {}
        self._shows_built_in = True
        self._scanner = LibraryScanner(library_file, HeaderCache(cache_path), self)
        self._scanner.found.connect(self._add_found)
        self._scanner.progressed.connect(self._tell_progress)
        self._scanner.ended.connect(self._end_scan)
        self._scanner.surveyed.connect(self._take_offers)
        self._scanner.others_added.connect(self._take_others)
        self._scanner.storage_failed.connect(self.storage_failed)

    def entries(self) -> list[ModelEntry]:
        """Everything known, broken files and adapters too, by name; what came with Loadout is last."""
        shown = (entry for entry in self._entries.values() if self._is_shown(entry))
        return sorted(shown, key=lambda entry: (entry.is_built_in, entry.name.casefold(), entry.path))

    def own_entries(self) -> list[ModelEntry]:
        """The user's: `entries` without what came with Loadout."""
        return [entry for entry in self.entries() if not entry.is_built_in]

    def entry(self, entry_id: str) -> ModelEntry | None:
        """The entry with this id (the path of its first part), or None."""
        entry = self._entries.get(entry_id)
        return entry if entry is not None and self._is_shown(entry) else None

    def show_built_in(self, shows: bool) -> None:
        """Lists what came with Loadout, or not. What the user has added by hand stays listed either way."""
        if shows is not self._shows_built_in:
            self._shows_built_in = shows
            self.changed.emit()

    def _is_shown(self, entry: ModelEntry) -> bool:
        if entry.is_built_in:
            return self._shows_built_in or entry.id in self._list.files
        return entry.id not in self._list.hidden

    def folders(self) -> list[str]:
        """The folders that are searched."""
        return list(self._list.folders)

    def folder_problems(self) -> list[FolderProblem]:
        """Folders that could not be searched."""
        return [self._problems[path] for path in sorted(self._problems)]

    def offers(self, *, declined: bool = False) -> list[Offer]:
        """Other programs' models on this machine that are not searched yet, as `look_for_offers` found them last.

        With `declined` those too that were declined.
        """
        searched = [Path(folder) for folder in self._list.folders]
        return [
            offer
            for offer in self._offers
            if (declined or offer.path not in self._list.declined)
            and not any(
                folder == Path(offer.path) or folder in Path(offer.path).parents for folder in searched
            )
        ]

    def look_for_offers(self) -> None:
        """Looks for other programs' models in the background; `offers_changed` follows if there are any."""
        self._scanner.post(OfferJob(self._find_folders, frozenset(self._list.files)))

    def decline(self, path: str) -> None:
        """Does not offer this folder again."""
        self._save(replace(self._list, declined=self._list.declined | {path}))

    @property
    def is_scanning(self) -> bool:
        """Whether a scan runs or waits."""
        return bool(self._running)

    def add_file(self, path: str | os.PathLike[str]) -> str:
        """Adds one file (any part of a split model); returns the id that its entry will have."""
        first = str(parts_of(_absolute(path))[0])
        files = self._list.files if first in self._list.files else (*self._list.files, first)
        self._save(replace(self._list, files=files, hidden=self._list.hidden - {first}))
        self._start(ScanJob(self._next_number(), (), (first,), is_whole=False))
        return first

    def take_file(self, path: str | os.PathLike[str]) -> str:
        """Knows at once of a file that has just appeared; returns the id that its entry will have.

        Where a searched folder holds it, it belongs to that folder, and goes with it; else it is added as a file.
        """
        first = str(parts_of(_absolute(path))[0])
        if not any(Path(folder) in Path(first).parents for folder in self._list.folders):
            return self.add_file(path)
        if first in self._list.hidden:
            self._save(replace(self._list, hidden=self._list.hidden - {first}))
        self._start(ScanJob(self._next_number(), (), (first,), is_whole=False))
        return first

    def add_folder(self, path: str | os.PathLike[str]) -> None:
        """Searches this folder too, now and from now on; what was removed from it before comes back."""
        folder = _absolute(path)
        hidden = {entry_id for entry_id in self._list.hidden if Path(folder) in Path(entry_id).parents}
        folders = self._list.folders if folder in self._list.folders else (*self._list.folders, folder)
        self._save(replace(self._list, folders=folders, hidden=self._list.hidden - hidden))
        self._start(ScanJob(self._next_number(), (folder,), (), is_whole=False))

    def remove_folder(self, path: str | os.PathLike[str]) -> None:
        """Searches this folder no longer; its entries go."""
        self.set_folders(folder for folder in self._list.folders if folder != _absolute(path))

    def set_folders(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Searches exactly these folders from now on; does nothing if they are the same."""
        folders = tuple(dict.fromkeys(_absolute(path) for path in paths))
        if folders != self._list.folders:
            self._save(replace(self._list, folders=folders))
            self.rescan()

    def remove(self, entry_id: str) -> None:
        """Takes the entry off the list, never the file off the disk; `restore` undoes it.

        What came with Loadout is hidden by its preference; only that the user added it too can be taken back.
        """
        entry = self.entry(entry_id)
        if entry is None:
            return
        files = tuple(path for path in self._list.files if path != entry_id)
        if entry.is_built_in:
            self._save(replace(self._list, files=files))
            self.changed.emit()
            return
        self._removed[entry_id] = (entry, entry_id in self._list.files)
        self._save(replace(self._list, files=files, hidden=self._list.hidden | {entry_id}))
        self.changed.emit()

    def restore(self, entry_id: str) -> None:
        """Puts a removed entry back."""
        if entry_id not in self._removed:
            return
        entry, was_file = self._removed.pop(entry_id)
        files = (*self._list.files, entry_id) if was_file else self._list.files
        self._save(replace(self._list, files=files, hidden=self._list.hidden - {entry_id}))
        self._entries.setdefault(entry_id, entry)
        self.changed.emit()

    def rescan(self) -> None:
        """Looks at everything again; unchanged files cost only their date."""
        self.cancel_scan()
        self._found.clear()
        if self._unreadable is None:
            self._scanner.post(LookJob())
        built_in = tuple(self._built_in)
        if not self._built_in.keys() <= self._entries.keys():  # at once, however long the rest takes
            self._start(ScanJob(self._next_number(), (), built_in, is_whole=False))
        files = (*built_in, *self._list.files)
        self._start(ScanJob(self._next_number(), self._list.folders, files, is_whole=True))

    def cancel_scan(self) -> None:
        """Ends the scans that run or wait; what they found stays."""
        self._scanner.cancel(self._last_number)

    def close(self, timeout_s: float = 2.0) -> bool:
        """Saves and ends the thread; False if a hung disk still holds it (it ends with the process)."""
        return self._scanner.close(timeout_s)

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _start(self, job: ScanJob) -> None:
        was_scanning = self.is_scanning
        self._running[job.number] = job
        if not was_scanning:
            self.scan_started.emit()
        self._scanner.post(job)

    def _save(self, library: LibraryList) -> None:
        folders_differ = library.folders != self._list.folders
        offers_differ = folders_differ or library.declined != self._list.declined
        self._list = library
        if self._unreadable is None:
            self._scanner.post(library)
        else:  # writing would replace a list that may only be locked at the moment
            words = self._unreadable.strerror or str(self._unreadable)
            self.storage_failed.emit(str(self._list_path), words)
        if folders_differ:
            self.folders_changed.emit(self.folders())
        if offers_differ:
            self.offers_changed.emit()

    def _take_others(self, paths: list[str]) -> None:
        """What `loadout download` has added is known here too, and not lost at the next save."""
        new = tuple(path for path in paths if path not in self._list.files)
        if new:
            hidden = self._list.hidden - set(new)
            self._save(replace(self._list, files=(*self._list.files, *new), hidden=hidden))
            self._start(ScanJob(self._next_number(), (), new, is_whole=False))

    def _take_offers(self, offers: list[Offer]) -> None:
        self._offers = tuple(offers)
        self.offers_changed.emit()

    def _add_found(self, job: ScanJob, found: list[ModelEntry]) -> None:
        entries = [with_role(entry, self._built_in) for entry in found]
        entries = [entry for entry in entries if not _is_lacking(entry)]
        self._entries.update((entry.id, entry) for entry in entries)
        if job.is_whole and job.number == self._last_whole():
            self._found.update(entry.id for entry in entries)
        self.changed.emit()

    def _last_whole(self) -> int:
        return max((number for number, job in self._running.items() if job.is_whole), default=0)

    def _tell_progress(self, job: ScanJob, n_found: int, folder: str) -> None:
        if job.number in self._running:
            self.scan_progressed.emit(n_found, folder)

    def _end_scan(self, end: ScanEnd) -> None:
        if end.job.is_whole and end.is_complete:
            self._entries = {key: entry for key, entry in self._entries.items() if key in self._found}
            self._problems.clear()
        self._problems.update((problem.path, problem) for problem in end.problems)
        self._running.pop(end.job.number, None)
        self.changed.emit()
        if not self.is_scanning:
            self.scan_finished.emit(len(self.own_entries()))


def _is_lacking(entry: ModelEntry) -> bool:
    """A file that did not come with this Loadout after all: nothing that the user could do anything about here."""
    return entry.is_built_in and entry.problem is not None and entry.problem.reason is GgufReason.NOT_FOUND


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.path.expanduser(path))
