"""Which of a repository's files are on this computer, or on their way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.download import DownloadState
from app.core.hub import HubPage
from app.core.hub_files import Variant
from app.core.library import ModelEntry
from app.services.download_item import DownloadItem
from app.services.downloads import Downloads
from app.services.library import LibraryService
from app.ui.hub.model_rows import Presence, Whereabouts

_REFRESH_MS = 60  # a scan and a download tell many times a second


class Whereabout(QObject):
    """Asks the library and the queue. `changed` when their answers may differ."""

    changed = Signal()

    def __init__(
        self,
        downloads: Downloads,
        library: LibraryService,
        endpoint: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._library = library
        self._endpoint = endpoint
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_REFRESH_MS)
        self._soon.timeout.connect(self.changed)
        downloads.changed.connect(self._tell_soon)
        downloads.progressed.connect(lambda _id: self._tell_soon())
        library.changed.connect(self._tell_soon)

    def of_page(self, page: HubPage, variants: tuple[Variant, ...]) -> Mapping[str, Whereabouts]:
        """Where each variant is, by its key."""
        here = _paths(self._library, page.model.repo_id)
        return {variant.key: self._of(page, variant, here) for variant in variants}

    def repo_ids(self) -> frozenset[str]:
        """The repositories of which something is here."""
        return frozenset(origin.repo_id for entry in self._library.entries() for origin in entry.origins[:1])

    def _of(self, page: HubPage, variant: Variant, here: Mapping[str, list[ModelEntry]]) -> Whereabouts:
        item = self._downloads.of_files(page, variant.files, self._endpoint())
        if item is not None and item.state is not DownloadState.FINISHED:
            return _of_item(item)
        entries = [e for e in here.get(variant.files[0].path, ()) if len(e.origins) == variant.n_parts]
        if entries:  # after an update both versions are here
            entry = min(entries, key=lambda entry: _is_older(variant, entry))
            return Whereabouts(Presence.HERE, 1.0, path=entry.path, is_older=_is_older(variant, entry))
        if item is not None and item.paths and not item.is_missing:
            return Whereabouts(Presence.HERE, 1.0, item.id, item.paths[0])
        return Whereabouts()

    def _tell_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()


def _paths(library: LibraryService, repo_id: str) -> dict[str, list[ModelEntry]]:
    """The entries that came from a repository, by the path that their first file has there."""
    found: dict[str, list[ModelEntry]] = {}
    for entry in library.entries():
        if entry.origins and entry.origins[0].repo_id == repo_id and entry.origins[0].path:
            found.setdefault(entry.origins[0].path, []).append(entry)
    return found


def _is_older(variant: Variant, entry: ModelEntry) -> bool:
    """Whether the content here is known to differ from what the page has."""
    pairs = zip(entry.origins, variant.files, strict=False)
    return any(origin.etag and file.etag and origin.etag != file.etag for origin, file in pairs)


def _of_item(item: DownloadItem) -> Whereabouts:
    share = item.n_bytes / item.size_bytes if item.size_bytes else 0.0
    presence = Presence.QUEUED if item.state.is_active else Presence.STOPPED
    return Whereabouts(presence, share, item.id)
