"""The Discover page used as a person would: a real Hub on loopback, real dry runs, real downloads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.hub import Gated
from app.core.starting_models import FILE_NAME, read_starting_models
from app.paths import Paths, resources
from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.services.profile import Profile
from app.ui.hub.discover_page import DiscoverPage
from app.ui.hub.downloads_view import DownloadsView
from app.ui.hub.model_rows import Presence
from app.ui.hub.result_rows import ResultRow
from app.ui.hub.token_dialog import TokenDialog
from app.ui.theme import Theme
from app.worker.process import list_devices
from tests import tiny_models
from tests.hub_server import HubServer

WAIT_MS = 20_000
REPO = "own/tiny-GGUF"
README = "# Tiny\n\n<b>Hello</b> ![picture](https://example.com/x.png)"


class Rig:
    """The page over a profile of its own."""

    def __init__(self, qtbot: QtBot, server: HubServer, folder: Path) -> None:
        self.qtbot = qtbot
        self.server = server
        self.folder = folder
        paths = Paths(folder / "profile")
        paths.prepare()
        self.profile = Profile(paths, list_devices)
        self.profile.downloads.start()
        preferences = self.profile.preferences
        preferences.set_value("download_folder", str(folder / "models"))
        preferences.set_value("hub_fit_context", 256)
        self.hub = self.profile.hub
        assert self.hub.endpoint == server.endpoint
        theme = Theme()
        starting = read_starting_models(resources() / FILE_NAME)
        downloads = self.profile.downloads
        view = DownloadsView(theme, downloads)
        self.page = DiscoverPage(theme, self.hub, downloads, self.profile.library, starting, view)
        qtbot.addWidget(self.page)
        self.page.resize(948, 602)
        self.page.show()

    def until(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=WAIT_MS)

    def type(self, text: str) -> None:
        self.page.search_field.setFocus()
        self.qtbot.keyClicks(self.page.search_field, text)

    def search(self, text: str) -> None:
        """Types, presses Return and waits for the answer."""
        self.page.search_field.clear()
        self.type(text)
        self.qtbot.keyClick(self.page.search_field, Qt.Key.Key_Return)
        self.settle()

    def settle(self, state: SearchState = SearchState.DONE) -> None:
        self.until(lambda: self.hub.search.state is state)

    def open(self, repo_id: str = REPO) -> None:
        self.page.open(repo_id)
        self.until(lambda: self.hub.page.state is PageState.READY and not self.hub.page.pending)

    def rows(self) -> list[ResultRow]:
        return list(self.page.results.rows.rows())

    def says(self, text: str) -> bool:
        """Whether a visible label of the page holds `text`."""
        return any(label.isVisible() and text in label.text() for label in self.page.findChildren(QLabel))

    def press(self, key: Qt.Key) -> None:
        """A key, for whatever has the keyboard."""
        focused = QApplication.focusWidget()
        assert focused is not None
        self.qtbot.keyClick(focused, key)


@pytest.fixture(scope="module")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tiny")
    found: dict[str, Path] = {}
    for kind in ("f16", "q8_0"):
        found[f"tiny-{kind.upper()}.gguf"] = folder / f"tiny-{kind.upper()}.gguf"
        tiny_models.build_llama(found[f"tiny-{kind.upper()}.gguf"], quantisation=kind)
    return found


@pytest.fixture
def server(tiny_files: dict[str, Path]) -> Iterator[HubServer]:
    with HubServer() as server:
        server.add_model(
            REPO, tiny_files, README, downloads=12_345, likes=7, licence="mit", architecture="llama",
            params=1_100_000, context_length=2048,
        )  # fmt: skip
        yield server


@pytest.fixture
def rig(qtbot: QtBot, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    rig = Rig(qtbot, server, tmp_path)
    yield rig
    rig.page.close()
    rig.profile.close()


# -- searching -----------------------------------------------------------------------------------------------


def test_nothing_is_asked_before_the_user_asks(rig: Rig) -> None:
    assert [row.repo_id for row in rig.rows()]
    assert all(row.purpose for row in rig.rows())
    assert rig.says("only when you search or choose")
    assert not rig.server.seen


def test_results_come_while_typing_and_in_pages(rig: Rig) -> None:
    rig.server.add_many(120)
    rig.type("model")
    rig.settle()
    assert len(rig.rows()) == 50
    texts = [seen.query["search"][0] for seen in rig.server.seen if seen.path == "/api/models"]
    assert texts[-1] == "model"
    assert len(texts) < 4  # not every letter was asked for
    bar = rig.page.results.list.verticalScrollBar()
    bar.setValue(bar.maximum())
    rig.until(lambda: len(rig.rows()) == 100)
    bar.setValue(bar.maximum())
    rig.until(lambda: len(rig.rows()) == 120)
    rig.until(lambda: rig.says("120 models"))


def test_filters_ask_at_once_and_clear(rig: Rig) -> None:
    rig.server.add_many(12)
    rig.search("model")
    rig.page.filters.size_class.setCurrentIndex(3)
    rig.settle()
    assert {row.size for row in rig.rows()} == {"8B"}
    rig.search("model-0000")
    assert rig.says("Nothing found")
    rig.page.results.empty.button.click()
    rig.settle()
    assert len(rig.rows()) == 1


def test_a_failed_search_says_why_and_comes_back(rig: Rig) -> None:
    fault = rig.server.fault("/api/models", status=503)
    rig.type("tiny")
    rig.settle(SearchState.FAILED)
    assert rig.says("HTTP 503")
    assert rig.says("Trying again in")
    fault.times = 0
    rig.page.results.failed.button.click()
    rig.settle()
    assert [row.repo_id for row in rig.rows()] == [REPO]


def test_what_was_seen_is_there_without_a_network(rig: Rig) -> None:
    rig.search("tiny")
    rig.open()
    rig.page.search_field.clear()
    rig.until(lambda: rig.hub.search.state is SearchState.IDLE)
    rig.server.close()
    rig.search("tiny")
    assert [row.repo_id for row in rig.rows()] == [REPO]
    assert rig.says("Offline: results from")
    rig.page.open("own/another")
    rig.until(lambda: rig.hub.page.state is PageState.FAILED)
    assert rig.says("No connection")


def test_a_pasted_address_opens_the_model_and_selects_the_file(rig: Rig) -> None:
    rig.page.search_field.setFocus()
    rig.page.search_field.insert(f"https://huggingface.co/{REPO}/blob/main/tiny-Q8_0.gguf")
    rig.until(lambda: rig.hub.page.state is PageState.READY and not rig.hub.page.pending)
    row = rig.page.model.files.table.row()
    assert row is not None
    assert row.variant.key == "tiny-Q8_0.gguf"


def test_an_address_that_leads_nowhere(rig: Rig) -> None:
    rig.page.search_field.insert("nobody/no-such-model")
    rig.until(lambda: rig.hub.page.state is PageState.FAILED)
    assert rig.says("No such model")
    assert rig.page.model.failed.token.isVisible()


# -- a model -------------------------------------------------------------------------------------------------


def test_a_models_page(rig: Rig) -> None:
    rig.open()
    model = rig.page.model
    assert rig.says("tiny-GGUF")
    assert rig.says("12K downloads")
    assert rig.says("1.1M parameters")
    rows = {row.label: row for row in model.files.rows.rows()}
    assert set(rows) == {"F16", "Q8_0"}
    assert all("Fits" in row.fit.title for row in rows.values())
    selected = model.files.table.row()
    assert selected is not None
    assert selected.is_recommended
    model.tabs.setCurrentIndex(1)
    rig.until(lambda: model.readme.text is not None)
    assert model.readme.text is not None
    assert "Hello" in model.readme.text.toPlainText()
    assert "<b>" not in model.readme.text.toPlainText()
    assert not [seen for seen in rig.server.seen if "example.com" in seen.path]


def test_another_context_changes_the_fit(rig: Rig) -> None:
    rig.open()
    before = [row.fit.detail for row in rig.page.model.files.rows.rows()]
    choice = rig.page.model.context
    choice.setCurrentIndex(choice.findData(2048))
    choice.chosen.emit(2048)
    rig.until(lambda: not rig.hub.page.pending)
    assert [row.fit.detail for row in rig.page.model.files.rows.rows()] != before
    assert rig.profile.preferences.value("hub_fit_context") == 2048


def test_from_the_table_to_the_library_and_loading(rig: Rig) -> None:
    asked: list[str] = []
    rig.page.load_requested.connect(asked.append)
    rig.open()
    model = rig.page.model
    model.files.table.select_key("tiny-Q8_0.gguf")
    model.files.footer.download.click()
    rig.until(lambda: [row for row in model.files.rows.rows() if row.where.presence is Presence.HERE])
    rig.until(model.files.footer.load.isVisible)
    assert not model.files.footer.download.isVisible()
    rig.until(rig.profile.library.entries)
    model.files.footer.load.click()
    assert Path(asked[0]).name == "tiny-Q8_0.gguf"
    rig.search("tiny")
    rig.until(lambda: rig.rows() and rig.rows()[0].is_here)


def test_a_download_on_its_way_leads_to_the_queue(rig: Rig) -> None:
    rig.open()
    rig.server.fault("*tiny-F16*", bytes_per_s=20_000.0)
    rig.page.model.files.act("tiny-F16.gguf")
    rig.until(lambda: rig.page.tabs.tabText(1).endswith("1"))
    rows = rig.page.model.files.rows
    rig.until(lambda: [row for row in rows.rows() if row.where.presence is Presence.QUEUED])
    rig.page.model.files.act("tiny-F16.gguf")  # the mark is now the way to the queue
    assert rig.page.tabs.currentIndex() == 1
    assert rig.page.downloads_view.isVisible()
    assert not rig.page.search_field.isVisible()
    rig.profile.downloads.cancel(rig.profile.downloads.items[0].id)


def test_what_is_newer_on_the_hub_can_be_had(rig: Rig, tiny_files: dict[str, Path]) -> None:
    rig.open()
    model = rig.page.model
    model.files.act("tiny-Q8_0.gguf")
    rig.until(lambda: [row for row in model.files.rows.rows() if row.where.presence is Presence.HERE])
    rig.server.update(REPO, {"tiny-Q8_0.gguf": tiny_files["tiny-F16.gguf"]})
    rig.hub.page.reload()
    rig.until(lambda: rig.hub.page.state is PageState.READY and not rig.hub.page.pending)
    model.files.table.select_key("tiny-Q8_0.gguf")
    rig.until(lambda: rig.says("an older version"))
    assert model.files.footer.download.isVisible()


def test_a_split_set_without_a_part_cannot_be_chosen(rig: Rig) -> None:
    rig.server.update(REPO, {"tiny-BF16-00001-of-00002.gguf": b"GGUF" * 100})
    rig.open()
    rig.page.model.files.table.select_key("tiny-BF16-00001-of-00002.gguf")
    assert rig.says("Only 1 of 2 parts")
    assert not rig.page.model.files.footer.download.isVisible()
    rig.page.model.files.act("tiny-BF16-00001-of-00002.gguf")
    assert not rig.profile.downloads.items


def test_companions_are_offered_and_taken_along(rig: Rig) -> None:
    rig.server.update(REPO, {"mmproj-F16.gguf": b"GGUF" * 1000, "tiny-draft-Q8_0.gguf": b"GGUF" * 500})
    rig.open()
    footer = rig.page.model.files.footer
    boxes = [box for box in footer.findChildren(QAbstractButton) if "with the" in box.text()]
    assert len(boxes) == 2
    assert not footer.chosen_extras()  # nobody asked for them
    boxes[0].click()
    footer.download.click()
    item = rig.profile.downloads.items[0]
    assert [file.path for file in item.request.files][1:] == ["mmproj-F16.gguf"]


def test_a_files_menu(rig: Rig) -> None:
    rig.open()
    files = rig.page.model.files
    place = files.table.visualRect(files.rows.index(files.rows.row_of("tiny-F16.gguf"), 0)).center()
    files.table.select_key("tiny-F16.gguf")
    files.table.customContextMenuRequested.emit(place)
    menu = files.findChild(QMenu)
    assert menu is not None
    titles = [action.text() for action in menu.actions()]
    assert titles == ["Download", "Copy the file's address"]
    menu.actions()[1].trigger()
    address = f"{rig.server.endpoint}/{REPO}/blob/main/tiny-F16.gguf"
    assert QGuiApplication.clipboard().text() == address
    menu.close()
    rig.page.search_field.clear()
    rig.page.search_field.insert(address)  # what was copied leads back
    rig.until(lambda: rig.hub.page.state is PageState.READY and not rig.hub.page.pending)
    assert rig.hub.page.repo_id == REPO


def test_a_repository_without_gguf_leads_to_those_with(rig: Rig) -> None:
    rig.server.add_model("own/tiny", {"model.safetensors": b"x"})
    rig.page.open("own/tiny")
    rig.until(lambda: rig.says("No GGUF files here"))
    rig.page.model.no_files.button.click()
    rig.settle()
    assert [row.repo_id for row in rig.rows()] == [REPO]


# -- access --------------------------------------------------------------------------------------------------


def test_a_gated_model_opens_with_a_token(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    rig.server.models[REPO].gated = "manual"
    rig.server.models[REPO].accounts = {"maria"}
    rig.server.add_token("hf_good", "maria")
    rig.open()
    model = rig.page.model
    assert rig.hub.page.page is not None
    assert rig.hub.page.page.model.gated is Gated.MANUAL
    assert model.header.access.isVisible()
    assert not model.files.footer.download.isEnabled()
    model.header.access.ask.click()
    assert opened == [f"{rig.server.endpoint}/{REPO}"]
    model.header.access.token.click()
    dialog = rig.page.findChild(TokenDialog)
    assert dialog is not None
    _set_token(rig, dialog, "hf_wrong")
    rig.until(lambda: "does not accept" in dialog.state.text())
    _set_token(rig, dialog, "hf_good")
    rig.until(lambda: "maria" in dialog.state.text())
    dialog.reject()
    rig.until(lambda: not rig.hub.page.pending and model.files.footer.download.isEnabled())
    assert not model.header.access.isVisible()


def _set_token(rig: Rig, dialog: TokenDialog, text: str) -> None:
    rig.until(dialog.edit.isEnabled)
    dialog.edit.setText(text)
    rig.until(dialog.save.isEnabled)
    dialog.save.click()


# -- keyboard and names ---------------------------------------------------------------------------------------


def test_the_keyboard_goes_from_the_search_to_the_download(rig: Rig) -> None:
    rig.page.activateWindow()
    rig.search("tiny")
    rig.press(Qt.Key.Key_Down)
    assert rig.page.results.list.hasFocus()
    rig.press(Qt.Key.Key_Return)
    rig.until(lambda: rig.hub.page.state is PageState.READY and not rig.hub.page.pending)
    table = rig.page.model.files.table
    table.setFocus()
    rig.press(Qt.Key.Key_Return)
    assert len(rig.profile.downloads.items) == 1


def test_every_control_has_a_name(rig: Rig) -> None:
    rig.open()
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
    for widget in rig.page.findChildren(QWidget):
        is_qts = isinstance(widget.parent(), QLineEdit)  # its button to clear
        if isinstance(widget, kinds) and widget.isVisible() and not is_qts:
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.accessibleName() or text, widget
    rig.page.ask_token()
    dialog = rig.page.findChild(QDialog)
    assert dialog is not None
    with contextlib.suppress(RuntimeError):
        assert all(edit.accessibleName() for edit in dialog.findChildren(QLineEdit))
        dialog.reject()
