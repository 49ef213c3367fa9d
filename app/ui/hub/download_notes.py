"""What the window says of downloads while another page is shown: a ring in the rail, and a word when one ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.services.downloads import Downloads
from app.ui.hub.download_badge import DownloadBadge
from app.ui.shell.main_window import MainWindow
from app.ui.theme import Theme

_PAGE = "discover"


class DownloadNotes(QObject):
    """Keeps the badge on Discover's button, and uses the window's toast."""

    def __init__(
        self,
        theme: Theme,
        window: MainWindow,
        downloads: Downloads,
        load: Callable[[str], object],
        show_downloads: Callable[[], object],
    ) -> None:
        """`load` takes a model's path; `show_downloads` shows the queue."""
        super().__init__(window)
        self._window = window
        self._downloads = downloads
        self._load = load
        self._show_downloads = show_downloads
        self._act: Callable[[], object] | None = None
        self.badge = DownloadBadge(theme, downloads, window.rail.button(_PAGE))
        window.toast.acted.connect(self._acted)
        window.toast.gone.connect(self._forget)
        downloads.finished.connect(self._tell_finished)
        downloads.failed.connect(self._tell_failed)

    def _tell_finished(self, download_id: str, paths: list[str]) -> None:
        item = self._downloads.item(download_id)
        if item is None or self._window.current_page == _PAGE:
            return
        said = self.tr("{title} has been downloaded").format(title=item.request.title)
        path = paths[0] if paths else ""
        if path.lower().endswith(".gguf"):
            self._say(said, self.tr("Load"), lambda: self._load(path))
        else:
            self._say(said, self.tr("Show"), self._show_downloads)

    def _tell_failed(self, download_id: str) -> None:
        item = self._downloads.item(download_id)
        if item is not None and self._window.current_page != _PAGE:
            said = self.tr("{title} could not be downloaded").format(title=item.request.title)
            self._say(said, self.tr("Show"), self._show_downloads)

    def _say(self, text: str, action_text: str, act: Callable[[], object]) -> None:
        self._window.toast.show_text(text, action_text)
        self._act = act

    def _acted(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()

    def _forget(self) -> None:
        self._act = None
