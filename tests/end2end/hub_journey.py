"""A user's way to a first model, by keys and clicks in the real window, in a process that may be killed.

    python tests/end2end/hub_journey.py begin PROFILE_DIR TEXT [FOLDER]
    python tests/end2end/hub_journey.py go-on PROFILE_DIR

`begin` searches for TEXT, opens the first result, downloads the recommended file (into FOLDER, else Hugging Face's
cache) and stays open until it is killed. `go-on` opens the window again, waits for the download, loads the model, chats
and ejects. The Hub is HF_ENDPOINT's. Standard output has one JSON object a line, each with `event`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.core.download import DownloadState
from app.services.download_item import DownloadItem
from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.services.session import SessionState
from app.ui.hub.discover_page import DiscoverPage
from tests.end2end.real_app import RealApp

STAYS_OPEN_S = 60.0  # whoever forgets to kill it has it gone then


def begin(real: RealApp, text: str, folder: str) -> None:
    """From the empty window to a download that runs."""
    real.profile.preferences.set_value("download_folder", folder)
    real.profile.preferences.set_value("hub_fit_context", 256)
    real.click("Discover")
    page, hub = _discover(real), real.profile.hub
    QTest.keyClicks(real.app.focusWidget(), text)  # type: ignore[union-attr]
    real.wait(lambda: hub.search.state is SearchState.DONE, "results")
    _tell("results", repo_ids=[row.repo_id for row in page.results.rows.rows()])
    real.press(Qt.Key.Key_Down)
    real.press(Qt.Key.Key_Return)
    real.wait(lambda: hub.page.state is PageState.READY and not hub.page.pending, "the page and its fits")
    rows = page.model.files.rows.rows()
    _tell("page", rows=[(row.label, row.fit.title, row.is_recommended) for row in rows])
    table = page.model.files.table
    table.setFocus()
    real.press(Qt.Key.Key_Return)
    real.wait(lambda: _item(real).state is DownloadState.RUNNING, "the download to begin")
    real.wait(lambda: _item(real).n_bytes > _item(real).size_bytes // 4, "a quarter of it")
    _tell("downloading", n_bytes=_item(real).n_bytes)
    real.rest(STAYS_OPEN_S)


def go_on(real: RealApp) -> None:
    """The window again: nothing is asked of the user until the model is there."""
    states: list[str] = []
    real.wait(lambda: _note(states, _item(real).state) is DownloadState.FINISHED, "the download to end")
    paths = list(_item(real).paths)
    _tell("downloaded", states=states, paths=paths)
    library = real.profile.library
    real.wait(lambda: [entry for entry in library.entries() if entry.path in paths], "the library to have it")
    _tell("listed")
    real.click("Discover")
    _discover(real).show_downloads()
    real.rest(0.02)
    real.click("Load")
    real.wait(lambda: real.profile.session.state is SessionState.READY, "the model to be loaded", 60)
    real.profile.sampling_plan.set_value("max_tokens", 8)
    real.say("Hello")
    _tell("reply", text=real.profile.chat.current.path()[-1].text)
    real.click("Eject")
    real.wait(lambda: real.profile.session.state is SessionState.EMPTY, "the model to be ejected")
    _tell("ejected")


def _discover(real: RealApp) -> DiscoverPage:
    page = real.page("discover")
    assert isinstance(page, DiscoverPage)
    return page


def _item(real: RealApp) -> DownloadItem:
    (item,) = real.profile.downloads.items
    return item


def _note(states: list[str], state: DownloadState) -> DownloadState:
    if states[-1:] != [str(state)]:
        states.append(str(state))
    return state


def _tell(event: str, **facts: Any) -> None:
    print(json.dumps({"event": event, "at": round(time.time(), 2), **facts}), flush=True)


def main(arguments: list[str]) -> None:
    with RealApp(Path(arguments[1])) as real:
        if arguments[0] == "begin":
            begin(real, arguments[2], arguments[3] if len(arguments) > 3 else "")
        else:
            go_on(real)


if __name__ == "__main__":
    if sys.argv[1:2] not in (["begin"], ["go-on"]) or len(sys.argv) < 3:
        sys.exit((__doc__ or "").strip())
    main(sys.argv[1:])
