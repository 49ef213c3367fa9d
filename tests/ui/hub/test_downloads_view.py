"""The queue as a person sees and uses it, over real downloads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.download import DownloadProgress, DownloadState
from app.core.hub import HubError, HubReason
from app.services.download_item import DownloadItem
from app.ui.hub import download_words as words
from app.ui.hub.download_badge import DownloadBadge
from app.ui.hub.download_row import DownloadRow
from app.ui.hub.downloads_view import DownloadsView
from app.ui.theme import Theme
from tests.hub_server import HubServer
from tests.services.download_rig import REPO, SLOW, DownloadRig, page_of

S = DownloadState
BIG = bytes(range(256)) * 4096


@pytest.fixture
def theme(qapp: QApplication, tmp_path: Path) -> Theme:
    theme = Theme(cache=tmp_path / "marks")
    theme.apply(qapp)
    return theme


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with HubServer() as server:
        server.add_model(REPO, {"a.gguf": tiny_model, "b.gguf": BIG, "c.gguf": BIG[::-1]})
        yield server


@pytest.fixture
def rig(qtbot: QtBot, hub: HubServer, tmp_path: Path) -> Iterator[DownloadRig]:
    rig = DownloadRig(qtbot, hub, tmp_path)
    rig.downloads.start()
    yield rig
    rig.close()


@pytest.fixture
def view(theme: Theme, rig: DownloadRig, qtbot: QtBot) -> DownloadsView:
    view = DownloadsView(theme, rig.downloads)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    return view


def item_of(rig: DownloadRig, **fields: object) -> DownloadItem:
    """A download as it may be, without one."""
    rig.preferences.set_value("n_downloads", 1)
    page = page_of(rig.server)
    made = rig.downloads.item(rig.downloads.add(page, [page.files[1]], "b", rig.server.endpoint))
    assert made is not None
    return replace(made, **fields)


def buttons(row: DownloadRow) -> set[str]:
    """What can be done with a download, by the names that are read aloud."""
    parts: list[QWidget] = [row.load, row.pause, row.resume, row.retry, row.reveal, row.cancel, row.more]
    return {part.accessibleName() for part in parts if part.isVisibleTo(row)}


def click(button: QWidget) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_empty_queue_says_what_to_do_next(view: DownloadsView, qtbot: QtBot) -> None:
    assert view.empty.isVisible()
    assert not view.clear.isVisible()
    with qtbot.waitSignal(view.discover_requested):
        click(view.empty.button)


def test_from_the_first_byte_to_loading_it(
    view: DownloadsView, rig: DownloadRig, hub: HubServer, qtbot: QtBot
) -> None:
    slow = hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf", title="name Q4")
    row = view.rows[key]
    rig.until_under_way(key)
    rig.until(lambda: row.state.text() == "Downloading")
    assert row.bar.value() > 0
    assert " of 1.05\u202fMB" in row.figures.text()
    assert buttons(row) == {"Pause name Q4", "Cancel name Q4", "More for name Q4"}
    click(row.pause)
    assert row.state.text() == "Paused"
    assert buttons(row) == {"Resume name Q4", "Cancel name Q4", "More for name Q4"}
    slow.bytes_per_s = 0
    click(row.resume)
    rig.until_state(key, S.FINISHED)
    rig.until(lambda: row.state.text() == "Finished")
    assert row.figures.text().endswith("b.gguf")
    assert row.figures.toolTip() == row.item.paths[0]
    with qtbot.waitSignal(view.load_requested) as asked:
        click(row.load)
    assert asked.args == [str(rig.folder / "models" / REPO / "b.gguf")]
    click(view.clear)
    assert view.rows == {}
    assert view.empty.isVisible()


def test_cancel_can_be_undone_from_the_toast(view: DownloadsView, rig: DownloadRig, hub: HubServer) -> None:
    hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf")
    rig.until_under_way(key)
    click(view.rows[key].cancel)
    assert view.rows == {}
    undo = next(button for button in view.toast.findChildren(QPushButton) if button.text() == "Undo")
    click(undo)
    assert list(view.rows) == [key]


def test_the_keyboard_does_it_all(view: DownloadsView, rig: DownloadRig, hub: HubServer) -> None:
    hub.fault("*", bytes_per_s=SLOW)
    first, second = rig.add("b.gguf"), rig.add("c.gguf")
    row = view.rows[second]
    rig.until(row.isVisible)
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Space)
    assert rig.item(second).state is S.PAUSED
    QTest.keyClick(row, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [item.id for item in rig.downloads.items] == [second, first]
    assert view.focusWidget() is row
    QTest.keyClick(row, Qt.Key.Key_Space)
    assert rig.item(second).state is not S.PAUSED
    QTest.keyClick(row, Qt.Key.Key_Delete)
    assert list(view.rows) == [first]
    assert view.focusWidget() is view.rows[first], "the keyboard is not lost with the row"


def test_a_button_that_goes_leaves_the_keyboard_to_the_one_that_comes(
    view: DownloadsView, rig: DownloadRig, hub: HubServer
) -> None:
    hub.fault("*", bytes_per_s=SLOW)
    row = view.rows[rig.add("b.gguf")]
    rig.until(row.pause.isVisible)
    row.pause.setFocus()
    rig.until(row.pause.hasFocus)
    for button in (row.resume, row.pause):
        QTest.keyClick(view.focusWidget(), Qt.Key.Key_Space)
        assert view.focusWidget() is button, "Cancel is next to it"


def test_the_order_on_show_is_the_queues(view: DownloadsView, rig: DownloadRig, hub: HubServer) -> None:
    hub.fault("*", bytes_per_s=SLOW)
    keys = [rig.add(f"{name}.gguf") for name in "bca"]
    menu = view.rows[keys[2]].menu()
    menu.actions()[0].trigger()
    menu.deleteLater()
    rig.until(lambda: view.rows[keys[2]].y() < view.rows[keys[0]].y() < view.rows[keys[1]].y())


def test_a_page_that_is_gated_leads_to_its_terms_and_to_the_token(
    view: DownloadsView, rig: DownloadRig, hub: HubServer, qtbot: QtBot
) -> None:
    browser = _Browser()
    hub.models[REPO].gated = "manual"
    hub.add_token("hf_other", "eve")
    rig.tokens[hub.endpoint] = "hf_other"
    key = rig.add("a.gguf")
    rig.until_state(key, S.FAILED)
    row = view.rows[key]
    assert row.item.error is not None
    assert row.item.error.reason is HubReason.GATED
    assert "terms" in row.error.text()
    assert row.state.text() == "Failed"
    with qtbot.waitSignal(view.token_requested):
        click(row.remedy)
    QDesktopServices.setUrlHandler("http", browser, "open")
    try:
        click(row.terms)
    finally:
        QDesktopServices.unsetUrlHandler("http")
    assert browser.opened == [f"{hub.endpoint}/{REPO}"]


def test_what_was_replaced_leads_to_the_models_page(
    view: DownloadsView, rig: DownloadRig, hub: HubServer, qtbot: QtBot
) -> None:
    hub.fault("*/resolve/*", status=404, error_code="EntryNotFound")
    key = rig.add("a.gguf")
    rig.until_state(key, S.FAILED)
    with qtbot.waitSignal(view.page_requested) as asked:
        click(view.rows[key].remedy)
    assert asked.args == [REPO, "main"]


def test_a_full_disk_leads_to_another_folder(
    view: DownloadsView, rig: DownloadRig, hub: HubServer, qtbot: QtBot
) -> None:
    page = page_of(hub)
    key = rig.downloads.add(page, [replace(page.files[0], size_bytes=10**18)], "huge", hub.endpoint)
    rig.until_state(key, S.FAILED)
    assert "Free some space" in view.rows[key].error.text()
    with qtbot.waitSignal(view.folder_requested):
        click(view.rows[key].remedy)


def test_a_file_that_has_gone_can_be_had_again(view: DownloadsView, rig: DownloadRig) -> None:
    key = rig.add("a.gguf", title="tiny")
    os.remove(rig.until_state(key, S.FINISHED).paths[0])
    view.hide()
    view.show()  # it looks for the files whenever it is shown
    row = view.rows[key]
    rig.until(lambda: row.state.text() == "File gone")
    assert buttons(row) == {"Download tiny again", "Take tiny off the list; the files stay", "More for tiny"}
    click(row.retry)
    rig.until(lambda: row.state.text() == "Finished")


@pytest.mark.parametrize(("name", "can_load"), [("mmproj-F16.gguf", False), ("b-Q4_0.gguf", True)])
def test_only_a_model_can_be_loaded(
    theme: Theme, rig: DownloadRig, qtbot: QtBot, name: str, can_load: bool
) -> None:
    item = item_of(rig, state=S.FINISHED, paths=(f"/models/{name}",), finished_at=1.0)
    file = replace(item.request.files[0], path=name)
    row = DownloadRow(theme, replace(item, request=replace(item.request, files=(file,))))
    qtbot.addWidget(row)
    assert row.load.isVisibleTo(row) is can_load


def test_what_waits_for_its_next_try_says_when_and_can_be_hurried(
    theme: Theme, rig: DownloadRig, qtbot: QtBot
) -> None:
    error = HubError(HubReason.CLOSED, host="huggingface.co")
    row = DownloadRow(theme, item_of(rig, state=S.RETRYING, error=error, retry_at=0.0))
    qtbot.addWidget(row)
    row.show()
    assert "tries again now" in row.figures.text()
    assert "broke off" in row.error.text()
    with qtbot.waitSignal(row.resumed):
        click(row.remedy)


def test_the_pause_that_a_server_asks_for_is_a_countdown_alone(
    theme: Theme, rig: DownloadRig, qtbot: QtBot
) -> None:
    error = HubError(HubReason.TOO_MANY_REQUESTS, host="huggingface.co", wait_s=45.0)
    item = item_of(rig, state=S.RETRYING, error=error, retry_at=0.0)
    row = DownloadRow(theme, item)
    qtbot.addWidget(row)
    assert row.error.text() == "huggingface.co asks for a pause after too many requests."
    row.show_item(replace(item, state=S.FAILED))
    assert row.error.text().endswith("Try again in 45 seconds.")


def test_every_state_has_words_an_icon_and_something_to_do(
    theme: Theme, rig: DownloadRig, qtbot: QtBot
) -> None:
    error = HubError(HubReason.WRONG_HASH, name="b", host="h", kept="k")
    item = item_of(rig)
    row = DownloadRow(theme, item)
    qtbot.addWidget(row)
    row.show()
    said: set[tuple[str, str]] = set()
    for state in DownloadState:
        row.show_item(replace(item, state=state, error=error, paths=("/x/b.gguf",)))
        said.add((row.state.text(), words.state_icon(row.item)[0]))
        assert len(buttons(row)) >= 3
        assert row.state.text() in row.accessibleName()
    assert len({text for text, _icon in said}) == len({icon for _text, icon in said}) == len(DownloadState)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"state": S.RUNNING, "progress": DownloadProgress(0, 0, 0.0)}, "1.05 MB"),
        (
            {"state": S.RUNNING, "progress": DownloadProgress(300_000, 0, 5e4), "seconds_left": 15.2},
            "300 kB of 1.05 MB · 50.0 kB/s · 15 s left",
        ),
        (
            {"state": S.RUNNING, "progress": DownloadProgress(300_000, 0, 0.0), "seconds_left": 15.2},
            "300 kB of 1.05 MB",
        ),
        ({"state": S.PAUSED, "progress": DownloadProgress(1_000_000, 0, 0.0)}, "1.00 of 1.05 MB"),
        (
            {"state": S.VERIFYING, "progress": DownloadProgress(1_048_576, 500_000, 0.0)},
            "500 kB of 1.05 MB checked",
        ),
        ({"state": S.RETRYING, "retry_at": 190.0}, "1.05 MB · tries again in 2 min"),
        ({"state": S.FINISHED, "finished_at": 40.0}, "1.05 MB · 1 min ago"),
    ],
    ids=str,
)
def test_the_figures(rig: DownloadRig, fields: dict[str, object], text: str) -> None:
    said = words.figures_text(item_of(rig, **fields), now_s=100.0)
    assert said.replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (47.4, "47 s"),
        (59.6, "1 min"),
        (754.0, "13 min"),
        (3599.0, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_times_are_no_finer_than_they_are_known(seconds: float, text: str) -> None:
    assert words.rough_time(seconds) == text


def test_the_badge_shows_itself_only_when_there_is_something_to_tell(
    theme: Theme, rig: DownloadRig, hub: HubServer, qtbot: QtBot
) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    button.resize(36, 36)
    button.show()
    badge = DownloadBadge(theme, rig.downloads, button)
    assert not badge.isVisible()
    slow = hub.fault("*", bytes_per_s=SLOW)
    key = rig.add("b.gguf")
    rig.until_under_way(key)
    assert badge.isVisible()
    assert badge.geometry().right() < button.width()
    assert "of 1.05" in button.accessibleDescription()
    button.grab()
    rig.downloads.pause(key)
    assert not badge.isVisible()
    slow.bytes_per_s = 0
    rig.downloads.resume(key)
    assert badge.isVisible()
    rig.until_state(key, S.FINISHED)
    rig.until(lambda: not badge.isVisible())
    assert button.accessibleDescription() == ""


class _Browser(QObject):
    """Takes the addresses that would be opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, address: QUrl) -> None:
        self.opened.append(address.toString())
