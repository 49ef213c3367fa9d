"""What searching the Hub costs the window: while one types, while a thousand results are scrolled, on a model's page.

    python -m tests.benchmarks.discover_speed [--rounds 3]

Offscreen, the real application, a Hub of 1,000 models on loopback. *Stall*: the longest time for which the window's
event loop was not reached. Typing is ten letters a second, each with its key event; scrolling goes down the whole list
by wheel, its next pages fetched on the way; the page is one of 300 files, whose fits come in meanwhile.
Wanted: no stall over 50 ms.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.ui.hub.discover_page import DiscoverPage
from tests.benchmarks import common
from tests.benchmarks.window_speed import StallWatch
from tests.end2end.real_app import RealApp
from tests.hub_server import HubServer

_N_MODELS = 1000
_N_FILES = 300
_LARGE = "many/files-GGUF"


def main() -> None:
    args = common.parser(__doc__).parse_args()
    print(common.machine())
    # A process of its own: threads of a server here would hold up the window, as no Hub does.
    ours, its = multiprocessing.get_context("spawn").Pipe()
    hub = multiprocessing.get_context("spawn").Process(target=_serve, args=(its,), daemon=True)
    hub.start()
    endpoint = ours.recv()
    with tempfile.TemporaryDirectory() as folder, RealApp(Path(folder) / "profile") as app:
        app.profile.preferences.set_value("hub_endpoint", endpoint)
        app.wait(lambda: app.profile.hub.endpoint == endpoint, "the endpoint")
        _measure(app, args.rounds)
    ours.send("done")
    hub.join()


def _serve(pipe: Connection) -> None:
    """A Hub of many models, until something is said."""
    with HubServer() as server:
        server.add_many(_N_MODELS, owner="someone")
        server.add_model(_LARGE, {f"model-{n:03d}-Q4_K_M.gguf": b"GGUF%08d" % n for n in range(_N_FILES)})
        pipe.send(server.endpoint)
        pipe.recv()


def _measure(app: RealApp, n_rounds: int) -> None:
    app.rest(4.0)  # the plots are made one after another once the window is there
    watch = StallWatch()
    watch.start()
    app.window.show_page("discover")
    app.rest(1.0)
    rows = [("Discover shown for the first time, stall", watch.stop(), "ms", None)]
    page = app.page("discover")
    if not isinstance(page, DiscoverPage):
        raise SystemExit("Discover is another page")
    rounds = [_round(app, page, watch) for _ in range(n_rounds)]
    for n, what in enumerate(
        (f"{_N_MODELS} models, typing", "scrolling through them", f"{_N_FILES} files, page")
    ):
        rows.append((f"{what}, stall (worst)", max(row[n] for row in rounds), "ms", None))
    common.show(f"Discover, {n_rounds} rounds", rows)


def _round(app: RealApp, page: DiscoverPage, watch: StallWatch) -> tuple[float, float, float]:
    """The longest stalls, in ms, of typing, scrolling and opening a page."""
    hub = app.profile.hub
    page.search("")
    app.rest(0.5)
    page.focus_search()
    watch.start()
    for letter in "model some":
        QTest.keyClicks(app.app.focusWidget(), letter)
        app.rest(0.1)
    QTest.keyClick(app.app.focusWidget(), Qt.Key.Key_Return)
    app.wait(lambda: hub.search.state is SearchState.DONE, "results")
    typing_ms = watch.stop()
    page.search("someone")
    app.wait(lambda: hub.search.state is SearchState.DONE and len(hub.search.models) > 10, "results")
    bar = page.results.list.verticalScrollBar()
    watch.start()
    while hub.search.has_more or bar.value() < bar.maximum():
        bar.setValue(bar.value() + 120)  # a notch of the wheel
        app.rest(0.005)
    scrolling_ms = watch.stop()
    if len(hub.search.models) != _N_MODELS:
        raise SystemExit(f"{len(hub.search.models)} results instead of {_N_MODELS}")
    watch.start()
    page.open(_LARGE)
    app.wait(lambda: hub.page.state is PageState.READY and not hub.page.pending, "the page", 60)
    return typing_ms, scrolling_ms, watch.stop()


if __name__ == "__main__":
    main()
