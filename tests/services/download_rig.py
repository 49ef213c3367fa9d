"""A queue of downloads over a local Hub, with a cache and a profile of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from app.core.download import DownloadState
from app.core.hub import HubFile, HubModel, HubPage
from app.core.settings import APP
from app.services.download_item import DownloadItem
from app.services.downloads import Downloads
from app.services.library import LibraryService
from app.services.preferences import Preferences
from tests.hub_server import HubServer
from tests.listing import files_below

REPO = "owner/name-GGUF"
WAIT_MS = 15_000
SLOW = 200_000.0  # bytes per second: a file of a megabyte is under way for long enough to meddle with it


def page_of(server: HubServer, repo_id: str = REPO) -> HubPage:
    """The repository as the Hub describes it now."""
    commit = server.models[repo_id].commits[-1]
    files = tuple(HubFile(f.path, f.size_bytes, f.sha256, f.blob_id) for f in commit.files.values())
    return HubPage(HubModel(repo_id=repo_id), "main", commit.sha, files)


class DownloadRig:
    """Everything that lives as long as the app does; `restart` is the next start of it."""

    def __init__(self, qtbot: QtBot, server: HubServer, folder: Path, **options: Any) -> None:
        self._qtbot = qtbot
        self._options = {"retry_s": (), "backoff_s": (), "undo_s": 60.0} | options
        self.server = server
        self.folder = folder
        self.tokens: dict[str, str] = {}
        self.preferences = Preferences(APP, folder / "preferences.json")
        self.preferences.set_value("download_folder", str(folder / "models"))
        self.library = LibraryService(folder / "library.json", folder / "headers.json")
        self.downloads = self._make()

    def _make(self) -> Downloads:
        return Downloads(
            self.queue_path,
            self.preferences,
            lambda endpoint: self.tokens.get(endpoint, ""),
            self.library,
            **self._options,
        )

    @property
    def queue_path(self) -> Path:
        return self.folder / "downloads.json"

    def kept(self) -> list[dict[str, Any]]:
        """The rows of the queue's file."""
        return json.loads(self.queue_path.read_text())["downloads"] if self.queue_path.exists() else []

    def add(self, *paths: str, repo_id: str = REPO, title: str = "") -> str:
        """Wants these files of the repository."""
        page = page_of(self.server, repo_id)
        files = [file for file in page.files if file.path in paths]
        return self.downloads.add(page, files, title or paths[0], self.server.endpoint)

    def item(self, download_id: str) -> DownloadItem:
        item = self.downloads.item(download_id)
        assert item is not None
        return item

    def states(self) -> list[DownloadState]:
        return [item.state for item in self.downloads.items]

    def until(self, is_so: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(is_so, timeout=WAIT_MS)

    def until_state(self, download_id: str, *states: DownloadState) -> DownloadItem:
        self.until(lambda: self.item(download_id).state in states)
        return self.item(download_id)

    def until_under_way(self, download_id: str) -> DownloadItem:
        """Until some of it has arrived and the rest has not."""
        self.until(lambda: 0 < self.item(download_id).progress.n_bytes < self.item(download_id).size_bytes)
        return self.item(download_id)

    def asked(self, path: str) -> list[str]:
        """The Range of each request for the content of a file, "" for none."""
        wanted = self.server.models[REPO].commits[-1].files[path].sha256
        return [
            seen.headers.get("range", "")
            for seen in list(self.server.seen)
            if seen.host == "cdn" and seen.method == "GET" and (wanted in seen.path or path in seen.path)
        ]

    def partial_files(self) -> list[Path]:
        return [
            path
            for path, size_bytes in files_below(self.folder / "models", "*.incomplete").items()
            if size_bytes
        ]

    def restart(self) -> None:
        self.close_downloads()
        self.downloads = self._make()
        self.downloads.start()

    def close_downloads(self) -> None:
        assert self.downloads.close(10)
        self.downloads.deleteLater()

    def close(self) -> None:
        self.close_downloads()
        assert self.library.close()
        self.preferences.close()


def ids(items: Sequence[DownloadItem]) -> list[str]:
    return [item.id for item in items]
