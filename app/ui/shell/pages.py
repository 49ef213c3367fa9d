"""The window's pages: which there are, and how each is built when it is first shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.hub import HubFile, HubPage
from app.core.hub_files import find_variant, variants
from app.core.starting_models import FILE_NAME, StartingModels, read_starting_models
from app.paths import Paths, resources
from app.services.profile import Profile
from app.ui.chat.chat_page import ChatPage
from app.ui.library.models_page import ModelsPage
from app.ui.pages.logs_page import LogsPage
from app.ui.panel.guide_offer import GuideOffer
from app.ui.shell.page import Page
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.hub.discover_page import DiscoverPage

_log = logging.getLogger(__name__)


class Pages(QObject):
    """`listed` has them in the rail's order. What they ask of the window goes out as signals."""

    choose_model_requested = Signal()
    system_prompt_requested = Signal()  # show it in the side panel
    load_requested = Signal(str)  # the path of a model
    setting_requested = Signal(str)  # key of the app's setting to show
    discover_requested = Signal()  # show that page, which is built then at the latest
    hide_guide_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        paths: Paths,
        profile: Profile,
        chosen_name: Callable[[], str],
        parent: QObject | None = None,
        *,
        guide: GuideOffer | None = None,
    ) -> None:
        """`chosen_name` gives the name of the model of the plan, "" for none."""
        super().__init__(parent)
        self._theme = theme
        self._paths = paths
        self._profile = profile
        self._chosen_name = chosen_name
        self._guide = guide
        self._discover_page: DiscoverPage | None = None
        aside = {"with_panel": False, "with_plots": False}
        self.listed = [
            Page("chat", self.tr("Chat"), "chat", self._chat),
            Page("models", self.tr("Models"), "models", self._models, with_plots=False),
            Page("discover", self.tr("Discover"), "discover", self._discover, **aside),
            Page("devices", self.tr("Devices"), "cpu", self._devices, with_plots=False),
            Page("logs", self.tr("Logs"), "logs", self._logs, True, **aside),
            Page("preferences", self.tr("Preferences"), "preferences", self._preferences, True, **aside),
        ]

    def _chat(self) -> QWidget:
        page = ChatPage(self._theme, self._profile.chat, self._profile.session)
        page.choose_model_requested.connect(self.choose_model_requested)
        page.system_prompt_requested.connect(self.system_prompt_requested)
        page.set_chosen(self._chosen_name())
        preferences = self._profile.preferences

        def follow(key: str) -> None:
            if key == "tint_drafts":
                page.set_tints(preferences.value(key))

        preferences.changed.connect(follow)
        page.tint_all_asked.connect(lambda tints: preferences.set_value("tint_drafts", tints))
        page.plan_change_asked.connect(self._change_plan)
        follow("tint_drafts")
        return page

    def _change_plan(self, changes: dict[str, Any]) -> None:
        for key, value in changes.items():
            self._profile.load_plan.set_value(key, value)

    def _models(self) -> QWidget:
        page = ModelsPage(self._theme, self._profile.library, self._profile.updates)
        page.load_requested.connect(self.load_requested)
        page.download_requested.connect(self._download)
        page.page_requested.connect(self._open_on_hub)
        page.downloads_requested.connect(self.show_downloads)
        page.discover_requested.connect(self.discover_requested)
        page.hide_guide_requested.connect(self.hide_guide_requested)
        page.set_loaded(self._profile.loading.loaded_path)
        return page

    def _download(self, page: HubPage, files: list[HubFile]) -> None:
        self._profile.downloads.add(page, files, _title(page, files), self._profile.hub.endpoint)

    def _open_on_hub(self, repo_id: str, revision: str) -> None:
        self.discover_requested.emit()
        if self._discover_page is not None:
            self._discover_page.open(repo_id, revision)

    def show_downloads(self) -> None:
        """Shows the queue of downloads."""
        self.discover_requested.emit()
        if self._discover_page is not None:
            self._discover_page.show_downloads()

    def _discover(self) -> QWidget:
        from app.ui.hub.discover_page import DiscoverPage
        from app.ui.hub.downloads_view import DownloadsView

        profile = self._profile
        view = DownloadsView(self._theme, profile.downloads)
        page = DiscoverPage(
            self._theme, profile.hub, profile.downloads, profile.library, _starting_models(), view
        )
        page.load_requested.connect(self.load_requested)
        page.folder_requested.connect(lambda: self.setting_requested.emit("download_folder"))
        self._discover_page = page
        return page

    def _devices(self) -> QWidget:
        from app.ui.pages.devices_page import DevicesPage

        profile = self._profile
        return DevicesPage(
            self._theme, profile.device_list, profile.remotes, profile.load_plan, profile.footprints
        )

    def _logs(self) -> QWidget:
        return LogsPage(self._theme, self._paths.logs_dir)

    def _preferences(self) -> QWidget:
        from app.ui.pages.preferences_page import PreferencesPage

        paths = self._paths
        folders = {
            self.tr("Settings, loadouts and presets"): paths.config_dir,
            self.tr("Conversations"): paths.data_dir,
            self.tr("Logs"): paths.logs_dir,
            self.tr("Caches, which may be deleted at any time"): paths.cache_dir,
        }
        page = PreferencesPage(self._theme, self._profile.preferences, folders, guide=self._guide)
        page.token_asked.connect(lambda: self._ask_token(page))
        kept = self._profile.kept_states
        page.states_removal_asked.connect(kept.clear)
        page.shown.connect(kept.ask_size)
        kept.size_known.connect(page.show_kept)
        return page

    def _ask_token(self, parent: QWidget) -> None:
        from app.ui.hub.token_dialog import TokenDialog

        hub = self._profile.hub
        TokenDialog(self._theme, hub.account, hub.endpoint, parent).open()


def _title(page: HubPage, files: list[HubFile]) -> str:
    """What a download of these files is called, as on the model's own page."""
    found = find_variant(files[0].path, variants(page.files))
    return f"{page.model.name} {found.label if found else files[0].path}"


def _starting_models() -> StartingModels | None:
    """The models to begin with; a damaged list is no reason to have no page."""
    try:
        return read_starting_models(resources() / FILE_NAME)
    except (OSError, ValueError) as error:
        _log.warning("the list of models to begin with cannot be read: %s", error)
        return None
