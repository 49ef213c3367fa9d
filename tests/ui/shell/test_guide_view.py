"""The Guide in the whole window, with the real worker and a tiny model in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.guide import PREFERENCE, QUESTIONS, GuideFiles
from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.ui.chat.chat_page import ChatPage
from app.ui.chat.composer import ComposerState
from app.ui.chat.guide_intro import GuideIntro
from app.ui.library.models_page import ModelsPage
from app.ui.pages.preferences_page import PreferencesPage
from app.ui.shell.desktop import Desktop
from app.ui.shell.fault_dialog import FaultDialog
from app.ui.shell.single_instance import SingleInstance
from app.worker.process import list_devices
from tests import tiny_models
from tests.guide_models import build_guide


class Rig:
    """The window over a profile, with a Guide."""

    def __init__(self, app: QApplication, profile_dir: Path, files: GuideFiles, qtbot: QtBot) -> None:
        paths = Paths(profile_dir)
        paths.prepare()
        self.qtbot = qtbot
        self.files = files
        self.instance = SingleInstance(paths.config_dir)
        assert self.instance.claim()
        self.profile = Profile(paths, list_devices, files)
        self.desktop = Desktop(app, paths, self.profile, self.instance)
        self.window = self.desktop.window

    def show(self, wanted: str = "") -> None:
        self.desktop.show(wanted, [])
        self.qtbot.waitUntil(self.window.isVisible, timeout=5000)

    def show_with(self, model: Path) -> None:
        """As a user starts who names a model, and loads it."""
        self.show(str(model))
        self.wait(lambda: self.profile.loading.chosen is not None)
        assert self.intro is None
        self.load(model)

    def close(self) -> None:
        self.desktop.close()
        self.profile.close()
        self.instance.release()

    @property
    def page(self) -> ChatPage:
        page = self.window.page("chat")
        assert isinstance(page, ChatPage)
        return page

    @property
    def intro(self) -> GuideIntro | None:
        """The questions, if they are in sight."""
        shown = [intro for intro in self.page.findChildren(GuideIntro) if intro.isVisible()]
        return shown[0] if shown else None

    @property
    def asked(self) -> list[str]:
        """What was asked in the open conversation."""
        return [message.text for message in self.profile.chat.current.path() if message.role == "user"]

    def wait(self, condition: Callable[[], object], timeout: int = 20000) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)

    def wait_ready(self) -> None:
        self.wait(lambda: self.profile.guide.is_loaded)

    def wait_answer(self, question: str) -> None:
        self.wait(lambda: question in self.asked and not self.profile.chat.is_generating())

    def load(self, model: Path) -> None:
        self.profile.loading.open_file(str(model), load=True)
        self.wait(
            lambda: self.profile.session.model_path == str(model) and self.profile.loading.got is not None
        )

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def ask_in_panel(self, key: str) -> QPushButton:
        """The button in the help of a setting, which is opened."""
        panel = self.desktop.panel
        panel.go_to(key)
        rows = panel.rows()
        assert rows is not None
        row = rows.row(key)
        if not row.is_help_open:
            row.toggle_help()
        assert row.help is not None
        assert row.help.ask is not None
        return row.help.ask

    def dialogs(self) -> list[FaultDialog]:
        return [dialog for dialog in self.window.findChildren(FaultDialog) if dialog.isVisible()]

    def help_lines(self) -> dict[str, bool]:
        """The lines of the help menu and whether they can be chosen."""
        menu = self.help_menu()
        lines = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
        menu.close()
        return lines

    def choose_help(self, text: str) -> None:
        menu = self.help_menu()
        action = next(action for action in menu.actions() if action.text() == text)
        action.trigger()
        menu.close()

    def help_menu(self) -> QMenu:
        rail = self.window.rail
        rail.help_requested.emit(rail)
        return next(menu for menu in rail.findChildren(QMenu) if menu.isVisible())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> GuideFiles:
    return build_guide(tmp_path_factory.mktemp("guide"))


@pytest.fixture
def rig(qapp: QApplication, profile_dir: Path, files: GuideFiles, qtbot: QtBot) -> Iterator[Rig]:
    rig = Rig(qapp, profile_dir, files, qtbot)
    yield rig
    rig.close()


def button(parent: QWidget, text: str) -> QPushButton:
    return next(item for item in parent.findChildren(QPushButton) if item.text() == text and item.isVisible())


# -- the first start --------------------------------------------------------------------------------------------


def test_the_window_opens_on_its_questions_and_answers_the_one_clicked(rig: Rig) -> None:
    rig.show()
    assert rig.window.current_page == "chat"
    assert rig.intro is not None  # before anything was read
    assert rig.page.composer.state is ComposerState.LOADING  # never "Load a model to chat"
    rig.wait_ready()
    assert rig.intro is not None
    assert "parameter" in rig.intro.honest_line.text()
    rig.click(rig.intro.questions[0])
    rig.wait_answer(QUESTIONS[0])
    assert rig.intro is None
    assert rig.profile.chat.current.path()[-1].text
    assert not rig.dialogs()
    rig.page.new_conversation()
    assert rig.intro is not None


@pytest.mark.parametrize("moment", ["at once", "while it loads"])
def test_a_question_clicked_too_early_is_asked_when_it_can_be(rig: Rig, moment: str) -> None:
    workers: set[int | None] = set()
    rig.profile.session.state_changed.connect(lambda _state: workers.add(rig.profile.session.worker_pid))
    rig.show()
    if moment != "at once":
        rig.wait(lambda: rig.profile.session.state is SessionState.LOADING)
    else:
        assert rig.profile.guide.facts is None
    assert rig.intro is not None
    rig.click(rig.intro.questions[1])
    rig.wait_answer(QUESTIONS[1])
    assert rig.asked == [QUESTIONS[1]]
    assert len(workers - {None}) == 1  # the load that was under way went on


def test_what_is_written_first_stays_written(rig: Rig) -> None:
    rig.show()
    assert rig.intro is not None
    rig.qtbot.keyClicks(rig.page.composer._edit, "half a thought")
    rig.click(rig.intro.questions[0])
    rig.wait_answer(QUESTIONS[0])
    assert rig.page.composer.text == "half a thought"


def test_a_real_model_is_looked_for_in_discover(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    assert rig.intro is not None
    rig.click(rig.intro.real_model)
    assert rig.window.current_page == "discover"


def test_with_a_model_of_the_users_own_nothing_of_it_is_seen(rig: Rig, tiny_model: Path) -> None:
    rig.show_with(tiny_model)
    assert rig.intro is None
    rig.page.new_conversation()
    assert rig.intro is None
    assert rig.page._empty.isVisible()
    rig.profile.loading.choose(str(rig.files.model), load=True)
    rig.wait_ready()
    assert rig.intro is not None
    rig.load(tiny_model)
    assert rig.intro is None


def test_a_damaged_one_leaves_the_ordinary_first_page(
    qapp: QApplication, profile_dir: Path, files: GuideFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    damaged = GuideFiles(tmp_path)
    damaged.model.write_bytes(files.model.read_bytes()[:3000])
    rig = Rig(qapp, profile_dir, damaged, qtbot)
    try:
        rig.show()
        assert rig.intro is not None
        rig.click(rig.intro.questions[0])
        rig.wait(lambda: rig.intro is None)
        assert rig.page._empty.isVisible()
        assert rig.page.composer.state is ComposerState.NO_MODEL
        assert "Ask the Guide" not in rig.help_lines()
    finally:
        rig.close()


def test_a_load_that_fails_says_so_and_what_to_do(
    qapp: QApplication, profile_dir: Path, tmp_path: Path, qtbot: QtBot, allow_log: Callable[[str], None]
) -> None:
    broken = GuideFiles(tmp_path)
    tiny_models.build_llama(broken.model, name="Guide", metadata={"tokenizer.ggml.model": "none of these"})
    rig = Rig(qapp, profile_dir, broken, qtbot)
    try:
        rig.show()
        rig.wait(rig.dialogs)
        assert "Guide" in rig.dialogs()[0].windowTitle()
        rig.dialogs()[0].reject()
        rig.wait(lambda: rig.profile.session.state is SessionState.EMPTY)
        assert rig.intro is None
        assert rig.page._empty.isVisible()
    finally:
        rig.close()


# -- asked from elsewhere ---------------------------------------------------------------------------------------


def test_a_settings_help_loads_it_and_asks(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    rig.profile.loading.eject()
    rig.wait(lambda: rig.profile.session.state is SessionState.EMPTY)
    rig.window.show_page("models")
    rig.click(rig.ask_in_panel("n_ctx"))
    assert rig.window.current_page == "chat"
    rig.wait_answer("What does Context length do?")
    assert rig.page.composer._edit.hasFocus() or not rig.window.isActiveWindow()
    rig.desktop.panel.show_tab(1)
    rig.click(rig.ask_in_panel("temperature"))
    rig.wait_answer("What does Temperature do?")
    assert len(rig.asked) == 2  # the same conversation goes on


def test_preferences_ask_on_the_chat_page(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    rig.window.show_page("preferences")
    page = rig.window.page("preferences")
    assert isinstance(page, PreferencesPage)
    mark = page.rows["theme"].ask
    assert mark is not None
    rig.click(mark)
    assert rig.window.current_page == "chat"
    rig.wait_answer("What does Theme do?")


def test_another_model_is_ejected_only_if_the_user_agrees(rig: Rig, tiny_model: Path) -> None:
    rig.show_with(tiny_model)
    rig.profile.sampling_plan.set_value("max_tokens", 4)
    rig.profile.chat.send("hello")
    rig.wait_answer("hello")
    others = rig.profile.chat.current.id
    rig.click(rig.ask_in_panel("n_batch"))
    (dialog,) = rig.dialogs()
    assert "Tiny llama" in dialog.windowTitle()
    rig.click(button(dialog, "Cancel"))
    assert rig.profile.session.model_path == str(tiny_model)
    assert rig.profile.chat.current.id == others
    rig.click(rig.ask_in_panel("n_batch"))
    rig.click(button(rig.dialogs()[0], "Eject and ask"))
    rig.wait_answer("What does Batch size do?")
    assert rig.profile.guide.is_loaded
    assert rig.profile.chat.current.id != others


def test_while_a_reply_is_written_it_says_why_it_cannot_be_asked(rig: Rig, tiny_model: Path) -> None:
    rig.show_with(tiny_model)
    rig.profile.sampling_plan.set_value("max_tokens", 100_000)
    rig.profile.chat.send("a long story")
    ask = rig.ask_in_panel("n_ctx")
    assert not ask.isEnabled()
    assert "reply" in ask.toolTip()
    assert rig.help_lines()["Ask the Guide"] is False
    rig.page.new_conversation()  # it goes on in the background, and would end with its model
    assert not ask.isEnabled()
    first = rig.profile.chat.conversations()[0].id
    rig.profile.chat.stop(first)
    rig.wait(ask.isEnabled)
    assert rig.help_lines()["Ask the Guide"] is True


def test_the_help_menu_opens_it(rig: Rig, tiny_model: Path) -> None:
    rig.show_with(tiny_model)
    rig.window.show_page("models")
    rig.choose_help("Ask the Guide")
    rig.click(button(rig.dialogs()[0], "Eject and load"))
    rig.wait_ready()
    assert rig.window.current_page == "chat"
    assert rig.intro is not None


# -- hidden -----------------------------------------------------------------------------------------------------


def test_hidden_it_is_gone_everywhere_and_undo_brings_it_back(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    ask = rig.ask_in_panel("n_ctx")
    assert rig.intro is not None
    rig.click(rig.intro.hide_button)
    rig.wait(lambda: rig.profile.session.state is SessionState.EMPTY)
    assert rig.intro is None
    assert button(rig.page, "Choose a model").isVisible()
    assert not ask.isVisible()
    assert "Ask the Guide" not in rig.help_lines()
    toast = rig.window.toast
    assert "Preferences" in toast.accessibleName()
    rig.click(button(toast, "Undo"))
    assert rig.profile.preferences.value(PREFERENCE)
    rig.wait_ready()
    assert rig.intro is not None
    assert ask.isVisible()


def test_hidden_it_does_not_open_and_the_help_menu_shows_it_again(
    qapp: QApplication, profile_dir: Path, files: GuideFiles, qtbot: QtBot
) -> None:
    first = Rig(qapp, profile_dir, files, qtbot)
    first.show()
    first.wait_ready()
    first.desktop.guide_view.hide()
    first.close()
    rig = Rig(qapp, profile_dir, files, qtbot)
    try:
        rig.show()
        assert rig.intro is None
        with qtbot.waitSignal(rig.profile.library.scan_finished, timeout=10000):
            pass
        assert rig.profile.session.state is SessionState.EMPTY
        rig.choose_help("Show the Guide")
        rig.wait_ready()
        assert rig.intro is not None
    finally:
        rig.close()


def test_hidden_and_loaded_by_hand_it_is_a_model_like_any_other(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    rig.desktop.guide_view.hide()
    rig.wait(lambda: rig.profile.session.state is SessionState.EMPTY)
    rig.load(rig.files.model)
    assert rig.intro is None
    assert rig.page._empty.isVisible()


def test_shown_again_it_leaves_another_model_alone(rig: Rig, tiny_model: Path) -> None:
    rig.show_with(tiny_model)
    rig.desktop.guide_view.hide()
    rig.choose_help("Show the Guide")
    assert rig.profile.guide.is_shown
    assert rig.profile.session.model_path == str(tiny_model)
    assert not rig.dialogs()


def test_the_models_page_lists_it_marks_it_and_hides_it(rig: Rig) -> None:
    rig.show()
    rig.wait_ready()
    rig.window.show_page("models")
    page = rig.window.page("models")
    assert isinstance(page, ModelsPage)
    assert page.view.select_path(str(rig.files.model))
    (row,) = [row for row in page.table.rows() if row.path == str(rig.files.model)]
    assert page.table.is_loaded(row)
    assert page.empty.nothing.isVisible()  # none of the user's own: what to do next stays in sight
    assert page.footer.remove.toolTip().startswith("Hide the Guide")
    rig.click(page.footer.remove)
    assert not rig.profile.preferences.value(PREFERENCE)
    rig.wait(lambda: page.table.rows() == [])


def test_the_model_menu_says_where_it_comes_from_and_hides_it(rig: Rig, tiny_model: Path) -> None:
    rig.show()
    rig.wait_ready()
    rig.profile.library.add_file(tiny_model)
    menu = rig.desktop.bar._menu
    rig.wait(lambda: len(menu._all) == 2)
    own, guide = menu._all
    assert (own.is_built_in, guide.is_built_in) == (False, True)
    assert "comes with Loadout" in guide.detail
    rig.desktop.bar.open_menu()
    hide = next(item for item in menu.findChildren(QPushButton) if item.text() == "Hide the Guide")
    assert not hide.isVisible()  # the first line is the user's own model
    rig.qtbot.keyClick(menu._search, Qt.Key.Key_Down)
    rig.click(hide)
    assert not menu.isVisible()
    assert not rig.profile.preferences.value(PREFERENCE)
    rig.wait(lambda: len(menu._all) == 1)
