"""The window with everything in it, connected to the services it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QIcon
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from app import logs
from app.core.settings.store import StoreError, StoreReport
from app.paths import Paths, resources, translations
from app.services.profile import Profile
from app.ui.chat.chat_page import ChatPage
from app.ui.hub.download_notes import DownloadNotes
from app.ui.language import install_language
from app.ui.library.models_page import ModelsPage
from app.ui.pages.logs_page import LogsPage
from app.ui.panel.guide_offer import GuideOffer
from app.ui.panel.side_panel import CHAT_TAB, SidePanel
from app.ui.plots.plot_strip import PlotStrip
from app.ui.shell.collector import Collector
from app.ui.shell.guide_view import GuideView
from app.ui.shell.load_view import LoadView
from app.ui.shell.main_window import MainWindow
from app.ui.shell.model_bar import ModelBar
from app.ui.shell.notices import Notices, report_text
from app.ui.shell.pages import Pages
from app.ui.shell.process_signals import ProcessSignals
from app.ui.shell.shortcuts import Shortcuts, ShortcutsDialog
from app.ui.shell.single_instance import SingleInstance
from app.ui.shell.window_state import WindowState
from app.ui.theme import Theme

_log = logging.getLogger(__name__)


class Desktop(QObject):
    """The window and everything that is connected to it."""

    uncaught = Signal(str)  # emitted from any thread: the last line of an exception nobody caught

    def __init__(self, app: QApplication, paths: Paths, profile: Profile, instance: SingleInstance) -> None:
        super().__init__()
        self._app = app
        self._paths = paths
        self._profile = profile
        preferences = profile.preferences
        self._translators = install_language(app, preferences.value("language"), translations())
        self.theme = Theme(self, cache=paths.cache_dir / "marks")
        self.theme.set_mode(preferences.value("theme"))
        self.theme.set_text_size(preferences.value("text_size"))
        self.theme.apply(app)
        app.setWindowIcon(QIcon(str(resources() / "icons" / "loadout.svg")))
        self._collector = Collector(self)
        self._signals = ProcessSignals(self)
        self._signals.asked_to_end.connect(app.quit)
        self.bar = ModelBar(self.theme)
        state, self._window_reports = WindowState.load(paths.window_file)
        self._plots = PlotStrip(self.theme, profile.monitor, profile.session)
        self._guide_offer = GuideOffer(self)
        self._pages = Pages(self.theme, paths, profile, self._chosen_name, self, guide=self._guide_offer)
        self.window = MainWindow(
            self.theme,
            pages=self._pages.listed,
            model_bar=self.bar,
            panel=self._panel(),
            plots=self._plots,
            state=state,
        )
        self._plots.collapsed_changed.connect(self.window.set_plots_collapsed)
        self._plots.set_window_min(state.plots_minutes)
        self._plots.set_collapsed(state.plots_collapsed)
        self._reopened = (state.conversation, state.model)
        self._opens_guide = False
        self._is_closed = False
        self._notices = Notices(self.theme, self.window, self.show_log)
        self._download_notes = DownloadNotes(
            self.theme, self.window, profile.downloads, self._load_from_library, self._pages.show_downloads
        )
        self._load_view = LoadView(self.theme, profile.loading, self.bar, self.window)
        self.guide_view = GuideView(self.theme, profile, self.window, self._guide_offer)
        self.shortcuts = Shortcuts(self.window, self._pages.listed)
        self._connect()
        self._connect_shortcuts()
        instance.asked.connect(self._asked_by_second)

    # -- parts ----------------------------------------------------------------------------------------------

    def _panel(self) -> SidePanel:
        profile = self._profile
        self.panel = SidePanel(
            self.theme,
            profile.load_plan,
            profile.sampling_plan,
            profile.loadouts,
            profile.presets,
            profile.session,
            profile.chat,
            profile.footprints,
            prompts=profile.prompts,
            drafts=profile.drafts,
            guide=self._guide_offer,
        )
        return self.panel

    # -- wires ----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        profile, window, bar = self._profile, self.window, self.bar
        self.panel.load_requested.connect(profile.loading.load)
        self.panel.load_tab.footer.parity_requested.connect(self._check_parity)
        self.panel.discover_requested.connect(lambda: window.show_page("discover"))
        profile.devices.found.connect(self._take_devices)
        profile.loading.changed.connect(self._mark_loaded)
        profile.loading.changed.connect(self._mark_chosen)
        profile.preferences.changed.connect(self._preference_changed)
        for stored in (profile.preferences, profile.downloads):
            stored.save_failed.connect(self._tell_unsaved)
        profile.library.folders_changed.connect(self._take_folders)
        self._take_folders(profile.library.folders())
        bar.add_requested.connect(self._add_model)
        bar.models_requested.connect(lambda: window.show_page("models"))
        self._load_view.show_log = self.show_log
        self._load_view.remotes = profile.remotes
        self._load_view.find_what_fits = self._find_what_fits
        self._load_view.show_report = self.panel.load_tab.footer.got_view.open_list
        self._pages.choose_model_requested.connect(self._choose_model)
        self._pages.system_prompt_requested.connect(self._show_system_prompt)
        self._pages.load_requested.connect(self._load_from_library)
        self._pages.setting_requested.connect(self._show_setting)
        for asking in (self._pages.discover_requested, self.guide_view.real_model_asked):
            asking.connect(lambda: window.show_page("discover"))
        for asking in (self._pages.hide_guide_requested, bar.hide_guide_requested):
            asking.connect(self.guide_view.hide)
        window.files_dropped.connect(self._take_files)
        window.rail.help_requested.connect(self._open_help)
        self.uncaught.connect(self._tell_uncaught)

    def _connect_shortcuts(self) -> None:
        on, window, profile = self.shortcuts.on, self.window, self._profile
        for page in self._pages.listed:
            on(f"page:{page.key}", lambda key=page.key: window.show_page(key))
            window.rail.add_hint(page.key, self.shortcuts[f"page:{page.key}"].text())
        on("preferences", lambda: window.show_page("preferences"))
        on("search_settings", self._search_settings)
        on("choose_model", self.bar.open_menu)
        on("open", self._add_model)
        on("load", profile.loading.load)
        on("eject", profile.loading.eject)
        on("undo_setting", self.panel.undo)
        on("new_chat", lambda: self._in_chat(ChatPage.new_conversation))
        on("focus_message", lambda: self._in_chat(ChatPage.focus_message))
        on("search_chats", lambda: self._in_chat(ChatPage.focus_search))
        on("toggle_list", lambda: self._in_chat(ChatPage.toggle_list))
        on("stop", profile.chat.stop)
        on("toggle_panel", window.toggle_panel)
        on("toggle_plots", window.toggle_plots)
        on("shortcuts", self._show_shortcuts)
        on("quit", self._app.quit)

    # -- from start to end ----------------------------------------------------------------------------------

    def show(self, wanted: str, bad_ends: list[Path]) -> None:
        """Shows the window; what is not needed to see it comes once it has been painted."""
        self._opens_guide = self._profile.guide.opens_at_start(wanted, self._reopened[1])
        if self._opens_guide:
            self.guide_view.expect()
        self.window.show()
        if self.window.current_page == "chat":
            self._in_chat(ChatPage.focus_message)
        QTimer.singleShot(0, self, lambda: self._after_first_paint(wanted, bad_ends))

    def _after_first_paint(self, wanted: str, bad_ends: list[Path]) -> None:
        _log.info("the window is open")
        self._collector.start()
        if self._opens_guide:
            self.guide_view.open_at_start()
        self._profile.start()
        conversation, model = self._reopened
        self._reopen(conversation)
        if wanted:
            self._profile.loading.open_file(wanted)
        elif model and not self._opens_guide:
            self._profile.library.changed.connect(self._choose_again)
            self._choose_again()
        logs.prune(self._paths)
        self._notices.tell(self._profile, bad_ends, self._window_reports)

    def _reopen(self, conversation_id: str) -> None:
        """Goes on where the last start ended, unless that conversation is gone or another one was begun."""
        chat = self._profile.chat
        if conversation_id and chat.current.is_empty and not chat.current.draft:
            try:
                chat.open(conversation_id)
            except KeyError:
                _log.info("the conversation that was open is gone")

    def _choose_again(self) -> None:
        """Chooses the model of the last start as soon as the library has found it, and loads nothing."""
        loading, library = self._profile.loading, self._profile.library
        _, model = self._reopened
        entry = library.entry(model)
        if loading.chosen is not None or entry is not None:
            library.changed.disconnect(self._choose_again)
            if loading.chosen is None and entry is not None and entry.facts is not None:
                loading.choose(model)

    def close(self) -> None:
        """Remembers the window and takes it down."""
        try:
            state = self.window.state()
            state.plots_minutes = self._plots.window_min
            current = self._profile.chat.current
            state.conversation = "" if current.is_empty else current.id
            chosen = self._profile.loading.chosen
            state.model = chosen.path if chosen is not None else ""
            state.save(self._paths.window_file)
        except StoreError as error:
            _log.error("%s", error)
        self._profile.devices.found.disconnect(self._take_devices)
        self._is_closed = True  # an answer may be on its way all the same
        self._collector.close()
        self._signals.close()
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))

    # -- what happens ---------------------------------------------------------------------------------------

    def show_log(self, path: Path) -> None:
        """Shows a file on the Logs page."""
        self.window.show_page("logs")
        page = self.window.page("logs")
        if isinstance(page, LogsPage):
            page.show_file(path)

    def _asked_by_second(self, file: str) -> None:
        self.window.come_forward()
        if file:
            self._profile.loading.open_file(file)

    def _take_files(self, paths: list[str]) -> None:
        folders = [path for path in paths if Path(path).is_dir()]
        files = [path for path in paths if path not in folders]
        for folder in folders:
            self._profile.library.add_folder(folder)
        for file in files:
            self._profile.loading.open_file(file)
        if folders:
            self.window.show_page("models")

    def _add_model(self) -> None:
        dialog = QFileDialog(self.window, self.tr("Add model files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("GGUF models (*.gguf *.GGUF)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._take_files)
        dialog.open()

    def _check_parity(self) -> None:
        from app.ui.parity.parity_dialog import ParityDialog

        chosen = self._profile.loading.chosen
        if chosen is None:
            return
        dialog = ParityDialog(self.theme, self._profile.parity, chosen.name, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.eject_requested.connect(self._profile.loading.eject)
        dialog.log_requested.connect(lambda path: self.show_log(Path(path)))
        dialog.log_requested.connect(dialog.reject)
        dialog.open()

    def _load_from_library(self, path: str) -> None:
        self.window.show_page("chat")
        self._profile.loading.choose(path, load=True)

    def _mark_loaded(self) -> None:
        page = self.window.page("models")
        if isinstance(page, ModelsPage):
            page.set_loaded(self._profile.loading.loaded_path)

    def _mark_chosen(self) -> None:
        page = self.window.page("chat")
        if isinstance(page, ChatPage):
            page.set_chosen(self._chosen_name())

    def _chosen_name(self) -> str:
        facts = self._profile.loading.chosen
        return facts.name if facts is not None else ""

    def _take_devices(self, _machine: object, titles: list[tuple[str, str]]) -> None:
        if not self._is_closed:
            self.panel.set_devices(titles)

    def _take_folders(self, folders: list[str]) -> None:
        """The library knows best which folders are searched; Preferences shows what it knows."""
        self._profile.preferences.set_value("model_folders", folders)

    def _preference_changed(self, key: str) -> None:
        value = self._profile.preferences.value(key)
        if key == "theme":
            self.theme.set_mode(value)
        elif key == "text_size":
            self.theme.set_text_size(value)
        elif key == "model_folders":
            self._profile.library.set_folders(value)

    def _in_chat(self, act: Callable[[ChatPage], object]) -> None:
        """Does something on the chat page, showing it first."""
        self.window.show_page("chat")
        page = self.window.page("chat")
        if isinstance(page, ChatPage):
            act(page)

    def _choose_model(self) -> None:
        """The chat has no model to talk to: load the chosen one, else choose one."""
        if self._profile.loading.chosen is not None:
            self._profile.loading.load()
        else:
            self.bar.open_menu()

    def _show_setting(self, key: str) -> None:
        from app.ui.pages.preferences_page import PreferencesPage

        self.window.show_page("preferences")
        page = self.window.page("preferences")
        if isinstance(page, PreferencesPage):
            QTimer.singleShot(0, page, lambda: page.go_to(key))  # a page just built is not laid out yet

    def _show_system_prompt(self) -> None:
        self.window.set_panel_shown(True)
        self.panel.show_tab(CHAT_TAB)

    def _find_what_fits(self) -> None:
        self.window.show_page("chat")
        self.window.set_panel_shown(True)
        self.panel.find_what_fits()

    def _search_settings(self) -> None:
        if not self.panel.isVisible():
            self.window.show_page("chat")
            self.window.set_panel_shown(True)
        self.panel.focus_search()

    # -- help and notices -----------------------------------------------------------------------------------

    def _open_help(self, button: QWidget) -> None:
        menu = QMenu(button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.guide_view.add_to(menu)
        menu.addAction(self.tr("Keyboard shortcuts"), self._show_shortcuts)
        menu.addAction(self.tr("Open the folder of logs"), self._open_logs_folder)
        menu.addSeparator()
        menu.addAction(self.tr("About Loadout"), self._show_about)
        menu.popup(button.mapToGlobal(QPoint(button.width() + 8, button.height() - menu.sizeHint().height())))

    def _show_shortcuts(self) -> None:
        ShortcutsDialog(self.shortcuts, self.window).open()

    def _open_logs_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._paths.logs_dir)))

    def _show_about(self) -> None:
        from app.ui.shell.about import AboutDialog

        AboutDialog(self._profile.session.got, self.window).open()

    def _tell_unsaved(self, report: StoreReport) -> None:
        self.window.toast.show_text(report_text(report), for_ms=0)

    def _tell_uncaught(self, line: str) -> None:
        self._notices.tell_uncaught(line)
