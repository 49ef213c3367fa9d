"""The whole window over the whole profile, offscreen, with the real worker."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from app.core.conversation import Conversation, Message, Role
from app.core.history import History
from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.ui.chat.chat_page import ChatPage
from app.ui.library.drop_target import DropTarget
from app.ui.library.models_page import ModelsPage
from app.ui.pages.logs_page import LogsPage
from app.ui.pages.preferences_page import PreferencesPage
from app.ui.panel.row_parts import FoldButton
from app.ui.panel.setting_row import SettingRow
from app.ui.shell.about import AboutDialog
from app.ui.shell.desktop import Desktop
from app.ui.shell.fault_dialog import FaultDialog
from app.ui.shell.model_bar import BarState
from app.ui.shell.shortcuts import ShortcutsDialog
from app.ui.shell.single_instance import SingleInstance
from app.ui.shell.window_state import WindowState
from app.ui.widgets import Segmented
from app.worker.process import list_devices
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker


class Rig:
    def __init__(self, app: QApplication, paths: Paths, qtbot: QtBot) -> None:
        paths.prepare()
        self.qtbot = qtbot
        self.paths = paths
        self.instance = SingleInstance(paths.config_dir)
        assert self.instance.claim()
        self.profile = Profile(paths, list_devices)
        self.desktop = Desktop(app, paths, self.profile, self.instance)
        self.window = self.desktop.window
        self.bar = self.desktop.bar

    def show(self, wanted: str = "") -> None:
        self.desktop.show(wanted, [])
        self.qtbot.waitUntil(self.window.isVisible, timeout=5000)

    def close(self) -> None:
        self.desktop.close()
        self.profile.close()
        self.instance.release()

    def press(self, name: str) -> None:
        sequence = QKeySequence(self.desktop.shortcuts[name].sequence)
        for action in self.window.actions():
            if action.shortcut() == sequence:
                assert action.isEnabled(), name
                action.trigger()
                return
        raise AssertionError(name)

    def wait_for(self, state: SessionState) -> None:
        self.qtbot.waitUntil(lambda: self.profile.session.state is state, timeout=20000)

    def fault(self) -> FaultDialog:
        def there() -> bool:
            return any(dialog.isVisible() for dialog in self.window.findChildren(FaultDialog))

        self.qtbot.waitUntil(there, timeout=10000)
        return next(dialog for dialog in self.window.findChildren(FaultDialog) if dialog.isVisible())


@pytest.fixture
def rig(qapp: QApplication, profile_dir: Path, qtbot: QtBot) -> Iterator[Rig]:
    rig = Rig(qapp, Paths(profile_dir), qtbot)
    yield rig
    rig.close()


def button(parent: QWidget, text: str) -> QPushButton:
    return next(item for item in parent.findChildren(QPushButton) if item.text() == text and item.isVisible())


def test_a_file_is_opened_loaded_talked_to_and_ejected(rig: Rig, tiny_model: Path) -> None:
    rig.show(str(tiny_model))
    rig.qtbot.waitUntil(lambda: rig.bar.content.state is BarState.CHOSEN, timeout=10000)
    page = rig.window.page("chat")
    assert page is not None
    offered = [item.text() for item in page.findChildren(QPushButton) if item.isVisible() and item.text()]
    assert "Load" in offered  # the model is chosen already: nothing asks to choose one
    assert "Choose a model" not in offered
    rig.qtbot.mouseClick(button(rig.bar, "Load"), Qt.MouseButton.LeftButton)
    rig.wait_for(SessionState.READY)
    rig.qtbot.waitUntil(lambda: rig.bar.content.state is BarState.READY, timeout=5000)
    assert "on the CPU" in rig.bar.content.detail
    assert "got what was asked" in rig.bar.content.notes[0]
    rig.qtbot.mouseClick(button(rig.bar, "Details"), Qt.MouseButton.LeftButton)
    report = QApplication.activeModalWidget()
    assert report is not None
    report.close()
    rig.profile.sampling_plan.set_value("max_tokens", 8)
    with rig.qtbot.waitSignal(rig.profile.chat.reply_finished, timeout=20000):
        assert rig.profile.chat.send("Hello")
    rig.press("eject")
    rig.wait_for(SessionState.EMPTY)
    rig.qtbot.waitUntil(lambda: rig.bar.content.state is BarState.CHOSEN, timeout=5000)


def test_another_model_chosen_beside_the_loaded_one(rig: Rig, tiny_model: Path, tiny_moe: Path) -> None:
    rig.show()
    rig.profile.loading.open_file(str(tiny_model), load=True)
    rig.wait_for(SessionState.READY)
    rig.profile.loading.open_file(str(tiny_moe))
    rig.qtbot.waitUntil(lambda: rig.bar.content.can_load, timeout=10000)
    assert rig.bar.content.state is BarState.READY
    rig.qtbot.mouseClick(button(rig.bar, "Load"), Qt.MouseButton.LeftButton)
    rig.qtbot.waitUntil(
        lambda: rig.profile.loading.got is not None and rig.profile.session.model_path == str(tiny_moe),
        timeout=20000,
    )


def test_a_load_can_be_cancelled_from_the_bar(rig: Rig, tiny_model: Path) -> None:
    rig.show(str(tiny_model))
    rig.qtbot.waitUntil(lambda: rig.profile.loading.chosen is not None, timeout=10000)
    rig.press("load")
    rig.wait_for(SessionState.LOADING)
    rig.bar.cancel_requested.emit()
    rig.qtbot.waitUntil(
        lambda: rig.profile.session.state in {SessionState.EMPTY, SessionState.READY}, timeout=20000
    )
    assert not rig.window.findChildren(FaultDialog)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_worker_opens_a_dialog_that_brings_it_back(rig: Rig, tiny_model: Path) -> None:
    rig.show()
    rig.profile.loading.open_file(str(tiny_model), load=True)
    rig.wait_for(SessionState.READY)
    rig.profile.sampling_plan.set_value("max_tokens", 4)
    with rig.qtbot.waitSignal(rig.profile.chat.reply_finished, timeout=20000):
        rig.profile.chat.send("Hello")
    pid = rig.profile.session.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    dialog = rig.fault()
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "SIGSEGV" in said
    rig.qtbot.mouseClick(button(dialog, "Load as it last worked"), Qt.MouseButton.LeftButton)
    rig.wait_for(SessionState.READY)


def test_a_broken_file_is_said_in_words(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 64)
    rig.show(str(path))
    dialog = rig.fault()
    assert "broken.gguf" in dialog.windowTitle()
    dialog.reject()


def test_every_page_and_dialog_opens(rig: Rig) -> None:
    rig.show()
    kinds = {"chat": ChatPage, "models": ModelsPage, "logs": LogsPage, "preferences": PreferencesPage}
    for key, kind in kinds.items():
        rig.press(f"page:{key}")
        assert isinstance(rig.window.page(key), kind)
        assert rig.window.page(key).isVisible()
    rig.press("shortcuts")
    rig.desktop._show_about()
    for kind in (ShortcutsDialog, AboutDialog):
        dialog = rig.window.findChild(kind)
        assert dialog is not None
        if isinstance(dialog, ShortcutsDialog):
            titles = [label.text() for label in dialog.findChildren(QLabel)]
            assert titles.count("Preferences") == 1  # though two keys open it
            assert {"Ctrl+,", "Ctrl+4", "Shift+Return", "F2"} <= set(titles)
        assert dialog.isVisible()
        if isinstance(dialog, AboutDialog):
            dialog.copy()
            copied = QApplication.clipboard().text()
            assert all(name in copied for name in ("Loadout: ", "Python: ", "Qt: ", "llama-cpp-python: "))
        dialog.close()


def test_preferences_take_effect_at_once(rig: Rig) -> None:
    rig.show()
    rig.profile.preferences.set_value("theme", "dark")
    assert rig.desktop.theme.tokens.is_dark
    rig.profile.preferences.set_value("theme", "light")
    assert not rig.desktop.theme.tokens.is_dark
    rig.profile.preferences.set_value("text_size", 16)
    assert rig.desktop.theme.text_size_px == 16


def test_model_folders_are_the_librarys(rig: Rig, models_dir: Path, tiny_model: Path) -> None:
    rig.show()
    rig.profile.preferences.set_value("model_folders", [str(models_dir)])
    rig.qtbot.waitUntil(lambda: rig.profile.library.entry(str(tiny_model)) is not None, timeout=10000)
    rig.profile.library.set_folders([])
    rig.qtbot.waitUntil(lambda: rig.profile.preferences.value("model_folders") == [], timeout=5000)


def test_every_shortcut_does_something(rig: Rig) -> None:
    rig.show()
    idle = [action.text() for action in rig.window.actions() if not action.isEnabled()]
    assert idle == []


def test_damaged_settings_are_told(qapp: QApplication, profile_dir: Path, qtbot: QtBot) -> None:
    paths = Paths(profile_dir)
    paths.prepare()
    paths.preferences_file.write_text("{ not json")
    for damaged in (
        paths.window_file,
        paths.loadouts_file,
        paths.presets_file,
        paths.prompts_file,
        paths.library_file,
    ):
        damaged.write_text("[]")
    rig = Rig(qapp, paths, qtbot)
    rig.show()
    dialog = rig.fault()
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert str(paths.preferences_file) in said
    assert str(paths.window_file) in said
    assert str(paths.library_file) in said
    body = next(label for label in dialog.findChildren(QLabel) if str(paths.window_file) in label.text())
    qtbot.waitUntil(
        lambda: body.height() >= body.heightForWidth(body.width()), timeout=2000
    )  # none of it is cut
    assert dialog.height() < 600
    assert "corrupt" in said
    dialog.reject()
    rig.close()


def test_plans_that_change_after_the_window_has_gone_do_no_harm(
    qapp: QApplication, profile_dir: Path, qtbot: QtBot
) -> None:
    rig = Rig(qapp, Paths(profile_dir), qtbot)
    rig.show()
    qtbot.wait(50)  # what begins after the first paint has begun
    rig.desktop.close()
    rig.profile.load_plan.changed.emit("")
    rig.profile.sampling_plan.set_value("temperature", 0.5)
    rig.profile.close()
    rig.instance.release()


def test_an_uncaught_exception_is_told(rig: Rig) -> None:
    rig.show()
    rig.desktop.uncaught.emit("ValueError: the reason")
    assert rig.window.toast.isVisible()
    assert "the reason" in rig.window.toast.accessibleName()


def test_a_model_can_be_dropped_anywhere(rig: Rig, tiny_model: Path) -> None:
    rig.show()
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(tiny_model))])
    files.setText(str(tiny_model))  # as file managers do
    kept: list[str] = []
    for page in ("chat", "models", "logs", "preferences"):
        rig.window.show_page(page)
        for widget in rig.window.findChildren(QWidget):
            if widget.acceptDrops() and widget.isVisible() and not takes_drop(rig, widget, files):
                kept.append(f"{page}: {type(widget).__name__} {widget.accessibleName()}")
    assert not kept, "typed there instead of opened:\n" + "\n".join(kept)


def takes_drop(rig: Rig, widget: QWidget, files: QMimeData) -> bool:
    """Whether the window offers to take `files` when they are dragged over `widget`; Qt asks the parents in turn."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(3, 3), Qt.DropAction.CopyAction, files, left, none))
    targets = [target for target in rig.window.findChildren(DropTarget) if not target.isHidden()]
    for target in targets:
        target.hide()
    return bool(targets)


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_a_remote_worker_in_the_plan_can_be_chosen_among_the_devices(rig: Rig) -> None:
    rig.show()
    with rpc_worker() as remote:
        rig.profile.load_plan.set_value("rpc_servers", [remote.endpoint])
        rig.profile.load_plan.set_value("n_gpu_layers", 3)
        rig.qtbot.waitUntil(
            lambda: any(remote.endpoint in title for _, title in rig.desktop.panel.devices), timeout=20000
        )
        rig.qtbot.waitUntil(lambda: not rig.profile.load_plan.problems(), timeout=5000)


def test_the_next_start_goes_on_in_the_conversation_that_was_open(
    qapp: QApplication, profile_dir: Path, qtbot: QtBot
) -> None:
    paths = Paths(profile_dir)
    paths.prepare()
    with History(paths.history_file) as history:
        for title in ("Open", "Newer"):
            conversation = Conversation(title=title)
            conversation.add(Message(Role.USER, title))
            history.save(conversation, conversation.messages.values())
    rig = Rig(qapp, paths, qtbot)
    try:
        with qtbot.waitSignal(
            rig.profile.library.scan_finished
        ):  # what follows the first paint has been done
            rig.show()
        assert rig.profile.chat.current.is_empty
        wanted = next(item for item in rig.profile.chat.conversations() if item.title == "Open")
        rig.profile.chat.open(wanted.id)
    finally:
        rig.close()
    again = Rig(qapp, paths, qtbot)
    try:
        again.show()
        qtbot.waitUntil(lambda: again.profile.chat.current.title == "Open", timeout=5000)
        again.profile.chat.delete(wanted.id)
    finally:
        again.close()
    state, _ = WindowState.load(paths.window_file)
    assert state.conversation == "", "a new one was open at the end"
    state.conversation = wanted.id
    state.save(paths.window_file)
    last = Rig(qapp, paths, qtbot)
    try:
        with qtbot.waitSignal(last.profile.library.scan_finished):
            last.show()
        assert last.profile.chat.current.is_empty, "what is gone is not missed"
    finally:
        last.close()


def test_the_next_start_has_the_same_model_chosen_and_loads_nothing(
    qapp: QApplication, profile_dir: Path, tiny_model: Path, qtbot: QtBot
) -> None:
    rig = Rig(qapp, Paths(profile_dir), qtbot)
    try:
        rig.show(str(tiny_model))
        qtbot.waitUntil(lambda: rig.bar.content.state is BarState.CHOSEN, timeout=10000)
    finally:
        rig.close()
    again = Rig(qapp, Paths(profile_dir), qtbot)
    try:
        again.show()
        qtbot.waitUntil(lambda: again.bar.content.state is BarState.CHOSEN, timeout=10000)
        chosen = again.profile.loading.chosen
        assert chosen is not None
        assert chosen.path == str(tiny_model)
        assert again.profile.session.state is SessionState.EMPTY
    finally:
        again.close()


def test_tab_goes_through_the_settings_from_top_to_bottom(rig: Rig) -> None:
    rig.show()
    rows = rig.desktop.panel.load_tab.rows
    for group in rows.groups:
        group.unfold(True)
    rig.qtbot.wait(50)
    rig.desktop.panel.search.setFocus()
    places: list[int] = []
    for _ in range(400):
        rig.qtbot.keyClick(QApplication.focusWidget() or rig.window, Qt.Key.Key_Tab)
        stop = QApplication.focusWidget()
        if stop is rig.desktop.panel.search:
            break
        if stop is not None and rows.widget().isAncestorOf(stop):
            row = next(part for part in ancestors(stop) if isinstance(part, SettingRow | FoldButton))
            places.append(row.mapTo(rows.widget(), QPoint(0, 0)).y())
            if isinstance(stop.parentWidget(), Segmented):
                assert isinstance(stop, QPushButton)
                assert stop.isChecked(), stop.accessibleName()
    assert len(set(places)) > 30
    assert places == sorted(places)


def test_whatever_has_the_keyboard_has_a_name(rig: Rig) -> None:
    rig.show()
    nameless: set[str] = set()
    for page in ("chat", "models", "logs", "preferences"):
        rig.window.show_page(page)
        for tab in range(3):
            rig.desktop.panel.show_tab(tab)
            for widget in rig.window.findChildren(QWidget):
                if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
                    interface = QAccessible.queryAccessibleInterface(widget)
                    if not interface.text(QAccessible.Text.Name):
                        nameless.add(f"{page}: {type(widget).__name__} in {type(widget.parent()).__name__}")
    assert not nameless


def ancestors(widget: QWidget | None) -> Iterator[QWidget]:
    while widget is not None:
        yield widget
        widget = widget.parentWidget()


def test_devices_that_are_told_of_too_late_are_nobodys(
    qapp: QApplication, profile_dir: Path, qtbot: QtBot
) -> None:
    rig = Rig(qapp, Paths(profile_dir), qtbot)
    rig.show()
    qtbot.waitUntil(lambda: rig.profile.load_plan.machine is not None, timeout=20000)
    machine = rig.profile.load_plan.machine
    teller = threading.Thread(target=lambda: rig.profile.devices.found.emit(machine, []))
    teller.start()
    teller.join()  # it waits in the window's queue
    rig.close()
    desktop = rig.desktop
    QApplication.sendPostedEvents(
        None, QEvent.Type.DeferredDelete.value
    )  # the plans go before the answer comes
    with capture_exceptions() as caught:
        qapp.processEvents()
    assert caught == []
    assert desktop.panel is not None
