"""The Devices page over a whole profile, with real remote workers and a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.ui.pages.devices_page import DevicesPage
from app.ui.pages.worker_command import COMMAND
from app.ui.theme import Theme
from app.worker.process import list_devices
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)


class Rig:
    def __init__(self, profile: Profile, page: DevicesPage, qtbot: QtBot) -> None:
        self.profile = profile
        self.page = page
        self.qtbot = qtbot

    def add(self, text: str) -> None:
        self.page.field.setFocus()
        QTest.keyClicks(self.page.field, text)
        QTest.keyClick(self.page.field, Qt.Key.Key_Return)

    def until(self, *texts: str) -> None:
        """Until all of these are to be read on the page."""
        self.qtbot.waitUntil(lambda: all(text in self.text() for text in texts), timeout=20_000)

    def text(self, inside: QWidget | None = None) -> str:
        labels = (inside or self.page).findChildren(QLabel)
        return "\n".join(label.text() for label in labels if label.isVisible())

    def choose(self, model: Path) -> None:
        self.profile.loading.choose(str(model))
        self.qtbot.waitUntil(lambda: self.profile.load_plan.model is not None, timeout=20_000)
        self.qtbot.wait(100)


@pytest.fixture
def rig(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[Rig]:
    theme = Theme(cache=tmp_path / "marks")
    theme.apply(qapp)
    paths = Paths(tmp_path / "profile")
    paths.prepare()
    profile = Profile(paths, list_devices)
    page = DevicesPage(theme, profile.device_list, profile.remotes, profile.load_plan, profile.footprints)
    qtbot.addWidget(page)
    page.resize(760, 700)
    page.show()
    profile.start()
    yield Rig(profile, page, qtbot)
    page.hide()
    profile.remotes.close(10)
    profile.devices.close(30)
    profile.close()


def test_this_computers_devices_are_there_with_their_memory(rig: Rig) -> None:
    rig.until("CPU", "free of", "A model too large for this computer")


def test_a_remote_worker_is_added_by_keyboard_and_shows_its_memory(rig: Rig) -> None:
    with rpc_worker() as remote:
        rig.add(remote.endpoint)
        rig.until(remote.endpoint, "ready, answers", "Device 1")
        line = rig.page.remote_lines[remote.endpoint]
        assert not line.switch.isEnabled()  # there is no plan yet
        assert "Choose a model" in line.switch.toolTip()
        assert rig.page.field.text() == ""
    QTest.mouseClick(line.test, Qt.MouseButton.LeftButton)
    rig.until("not running", "nothing listens on this port")


def test_what_is_no_address_is_refused_beside_the_field(rig: Rig) -> None:
    rig.add("[::1]:50052")
    assert "no IPv6" in rig.text()
    assert rig.profile.remotes.workers() == []
    rig.page.field.clear()
    assert "no IPv6" not in rig.text()


def test_a_removed_one_comes_back_with_its_place_in_the_plan(rig: Rig, tiny_model: Path) -> None:
    with rpc_worker() as remote:
        rig.choose(tiny_model)
        rig.add(remote.endpoint)
        rig.until("ready, answers")
        line = rig.page.remote_lines[remote.endpoint]
        QTest.mouseClick(line.switch, Qt.MouseButton.LeftButton)
        assert rig.profile.load_plan.value("rpc_servers") == [remote.endpoint]
        QTest.mouseClick(line.remove, Qt.MouseButton.LeftButton)
        rig.until(f"{remote.endpoint} was taken off the list")
        assert rig.profile.load_plan.value("rpc_servers") == []
        undo = next(item for item in rig.page.findChildren(QAbstractButton) if item.text() == "Undo")
        QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
        assert rig.profile.load_plan.value("rpc_servers") == [remote.endpoint]
        rig.until("ready, answers")
        rig.qtbot.wait(100)
        assert rig.page.remote_lines[remote.endpoint].switch.isChecked()


def test_layers_are_dealt_out_by_hand_and_loaded_as_shown(rig: Rig, tiny_model: Path) -> None:
    page, plan = rig.page, rig.profile.load_plan
    with rpc_worker() as one, rpc_worker() as two:
        rig.choose(tiny_model)
        for remote in (one, two):
            rig.add(remote.endpoint)
        for remote in (one, two):
            rig.qtbot.waitUntil(lambda name=remote.endpoint: name in page.remote_lines, timeout=5_000)
            QTest.mouseClick(page.remote_lines[remote.endpoint].switch, Qt.MouseButton.LeftButton)
        rig.qtbot.waitUntil(lambda: len(page.split.lines) == 2, timeout=20_000)
        rig.qtbot.waitUntil(lambda: "layer" in page.split.lines[0].layers.text(), timeout=20_000)
        QTest.mouseClick(page.split.own, Qt.MouseButton.LeftButton)
        first, second = page.split.lines
        first.slider.setValue(0)
        second.slider.setValue(100)
        assert plan.value("tensor_split") == [0.0, 100.0]
        rig.qtbot.waitUntil(lambda: first.layers.text() == "0 layers", timeout=20_000)
        assert (first.share.text(), second.share.text()) == ("0\u202f%", "100\u202f%")
        second.slider.setValue(0)
        assert any(plan.value("tensor_split"))  # all zero would mean that llama.cpp decides
        second.slider.setValue(100)
        first.slider.setValue(50)

        with rig.qtbot.waitSignal(rig.profile.session.loaded, timeout=30_000) as caught:
            rig.profile.loading.load()
        layers = {device.name: device.n_layers for device in caught.args[0].devices}
        assert layers["RPC0"] >= 1
        assert layers["RPC1"] > layers["RPC0"]
        rig.until("in use by the loaded model", "weights")
        assert not page.remote_lines[one.endpoint].test.isEnabled()
        rig.profile.loading.eject()
        rig.qtbot.waitUntil(lambda: rig.profile.session.state is SessionState.EMPTY, timeout=10_000)
        rig.until("ready, answers")
        QTest.mouseClick(page.split.own, Qt.MouseButton.LeftButton)
        assert plan.value("tensor_split") == []


def test_the_command_for_the_other_computer_is_copied(rig: Rig) -> None:
    QTest.mouseClick(rig.page.command.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == COMMAND
    assert "no password" in rig.text(rig.page.command)


def test_everything_has_a_name_and_can_be_reached_by_keyboard(rig: Rig) -> None:
    rig.add("127.0.0.1:9")
    rig.until("not running")
    for button in rig.page.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.accessibleName() or button.text()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.accessibleName()


def test_the_keyboard_goes_down_the_page(rig: Rig) -> None:
    page = rig.page
    rig.add("127.0.0.1:9")
    rig.add("127.0.0.1:10")
    rig.qtbot.waitUntil(lambda: len(page.remote_lines) == 2, timeout=5000)
    first, second = page.remote_lines.values()
    rig.qtbot.waitUntil(lambda: first.test.isVisible() and second.test.isVisible())
    assert first.test.isEnabled()
    assert second.test.isEnabled()
    page.activateWindow()
    rig.qtbot.waitUntil(page.isActiveWindow)
    first.test.setFocus()
    met: list[QWidget | None] = []
    for _step in range(6):
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
        met.append(QApplication.focusWidget())
    # Without a model there is no plan to use them for, and nothing to split.
    assert met == [first.remove, second.test, second.remove, page.field, page.add, page.command.copy]
