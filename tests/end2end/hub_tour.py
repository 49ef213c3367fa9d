"""Pictures of Discover in every state: searching, a model's page, downloads, gated, offline.

    python tests/end2end/hub_tour.py OUT_DIR

The window is the real one, offscreen; the Hub is a local server that speaks its protocol. Its models are true headers
with a hole behind, so that the fits of files of many GB are found as they are at huggingface.co. This machine's
memory decides what fits; how it looks on one with a GPU is shown with made-up answers.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.core.download import DownloadState
from app.core.footprint import Assessment, Footprint, assess
from app.core.hub_fit import Advice, Fitness, Placement, Recommendation
from app.services.download_item import DownloadItem
from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.ui.hub.discover_page import DiscoverPage
from tests.end2end.memory_tour import footprint, gpu, main_memory
from tests.end2end.real_app import RealApp
from tests.end2end.tour import LOOKS
from tests.end2end.tour_hub import CHAT, GATED, LARGE, WALNUT, fill
from tests.hub_server import HubServer

_LINE_BYTES_PER_S = 12_000_000.0


def main(out_dir: Path, looks: list[tuple[str, int, int]] = LOOKS) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="loadout-hub-tour-") as folder, HubServer() as server:
        fill(server, Path(folder))
        with RealApp(Path(folder) / "profile") as real:
            real.profile.preferences.set_value("hub_endpoint", server.endpoint)
            real.profile.preferences.set_value("download_folder", str(Path(folder) / "downloads"))
            real.wait(lambda: real.profile.hub.endpoint == server.endpoint, "the endpoint")
            for number, name in enumerate(_walk(real, server, Path(folder), len(looks)), start=1):
                for theme, width, height in looks:
                    real.set_look(theme, width, height)
                    path = out_dir / f"{number:02d}-{name}-{theme}-{width}x{height}.png"
                    if not real.picture().save(str(path)):
                        raise OSError(f"cannot write {path}")
                    taken.append(path)
                real.close_dialogs()
    return taken


# -- the walk ------------------------------------------------------------------------------------------------


def _walk(real: RealApp, server: HubServer, folder: Path, n_looks: int) -> Iterator[str]:
    """Brings up one state after the other; what passes by itself lasts for `n_looks` pictures."""
    real.window.show_page("discover")
    page = real.page("discover")
    assert isinstance(page, DiscoverPage)
    hub = real.profile.hub
    real.rest(0.2)
    yield "starting-list"
    server.fault("/api/models", delay_s=0.6 * (1 + n_looks), times=1)
    page.search("gguf")
    real.wait(lambda: hub.search.state is SearchState.SEARCHING, "the search to begin")
    yield "searching"
    real.wait(lambda: hub.search.state is SearchState.DONE, "results")
    yield "results"
    yield from _model(real, page)
    yield from _downloads(real, server, page, n_looks)
    yield from _queue(real, server, page)
    yield from _failures(real, server, page, folder)
    yield from _faults(real, server, page)


def open_page(real: RealApp, page: DiscoverPage, repo_id: str) -> None:
    page.open(repo_id)
    real.wait(
        lambda: real.profile.hub.page.state is not PageState.LOADING and not real.profile.hub.page.pending,
        f"the page of {repo_id}",
        60,
    )
    real.rest(0.2)


def _model(real: RealApp, page: DiscoverPage) -> Iterator[str]:
    hub = real.profile.hub
    page.open(CHAT)
    real.wait(lambda: hub.page.state is PageState.READY, "the page")
    yield "model-fits-come"
    open_page(real, page, CHAT)
    yield "model"
    page.model.tabs.setCurrentIndex(1)
    real.rest(0.3)
    yield "readme"
    page.model.tabs.setCurrentIndex(0)
    _pretend_gpu(real)
    yield "model-gpu"
    open_page(real, page, LARGE)
    page.model.files.table.select_key("Llama-3.3-70B-Instruct-Q2_K.gguf")
    yield "model-too-large"
    open_page(real, page, GATED)
    yield "gated"
    page.ask_token()
    real.rest(0.3)
    yield "token"
    real.close_dialogs()
    open_page(real, page, "meta-llama/Llama-3.1-8B-Instruct")
    yield "no-gguf"


def _pretend_gpu(real: RealApp) -> None:
    """The same files on a machine with a GPU of 8 GB."""
    page = real.profile.hub.page
    for place, variant in enumerate(page.variants):
        fit = page.fits[variant.key]
        assert isinstance(fit, Fitness)
        page.fits[variant.key] = _made_up(fit, variant.size_bytes / 1e9, is_tight=place == 4)
    page.recommended = Recommendation(page.variants[3].key, Advice.FINEST_ON_GPU)
    page.fits_changed.emit()
    real.rest(0.2)


def _made_up(fit: Fitness, size_gb: float, *, is_tight: bool) -> Fitness:
    free_gb, overhead_gb = 7.2, 1.5
    ram = main_memory()
    if size_gb + overhead_gb < free_gb or is_tight:
        kv = free_gb - size_gb - 0.35 - 0.2 if is_tight else 1.1
        answer = footprint(gpu(weights=size_gb, kv=kv), ram)
        return _fit_of(fit, Placement.GPU, answer, 33)
    if size_gb < 14:
        n_layers = round(33 * (free_gb - overhead_gb) / size_gb)
        answer = footprint(
            gpu(weights=free_gb - overhead_gb, n_layers=n_layers),
            main_memory(size_gb - 5.7, n_layers=33 - n_layers),
        )
        return _fit_of(fit, Placement.PARTLY, answer, n_layers)
    answer = footprint(gpu(weights=0, kv=0, compute=0, n_layers=0), main_memory(size_gb, 1.1, n_layers=33))
    return _fit_of(fit, Placement.MEMORY, answer, 0)


def _fit_of(fit: Fitness, placement: Placement, answer: Footprint, n_layers: int) -> Fitness:
    held: Assessment = assess(answer, reserve_bytes=lambda device: round(device.capacity_bytes * 0.05))
    return dataclasses.replace(
        fit, placement=placement, footprint=answer, assessment=held, n_layers_offloaded=n_layers, n_layers=33
    )


def _downloads(real: RealApp, server: HubServer, page: DiscoverPage, n_looks: int) -> Iterator[str]:
    open_page(real, page, WALNUT)
    yield "model-small"
    server.fault("*walnut*", bytes_per_s=400_000.0 / n_looks)
    page.model.files.download_selected()
    real.wait(lambda: any(item.n_bytes for item in _items(real)), "the first bytes", 60)
    yield "model-downloading"
    page.show_downloads()
    yield "downloads"
    server.heal()
    page.show_models()
    real.wait(lambda: any(item.state == "finished" for item in _items(real)), "the download", 60)
    real.rest(0.5)
    yield "model-here"
    page.show_downloads()
    yield "downloads-done"
    page.show_models()


def _queue(real: RealApp, server: HubServer, page: DiscoverPage) -> Iterator[str]:
    """One download in each state that is not an end: what is checked, waits, is tried again, paused, under way."""
    downloads = real.profile.downloads
    real.profile.preferences.set_value("n_downloads", 3)
    refusal = server.fault(f"/{CHAT}/resolve/*Q5_K_M*", status=429, headers={"Retry-After": "45"}, times=0)
    server.fault("*Q5_K_M*", bytes_per_s=_LINE_BYTES_PER_S, cut_every=30_000_000)
    server.fault("*.gguf", bytes_per_s=_LINE_BYTES_PER_S)
    open_page(real, page, CHAT)
    checked, paused, retrying = (_download(real, page, label) for label in ("BF16", "Q4_K_M", "Q5_K_M"))
    _until_arrived(real, checked, 4_000_000)
    downloads.pause(checked)
    running = _download(real, page, "Q6_K")
    _until_arrived(real, paused, 20_000_000)
    downloads.pause(paused)
    refusal.times = None
    _until_state(real, retrying, DownloadState.RETRYING)
    _fill_hole(Path(real.profile.preferences.value("download_folder")), _item(real, checked).size_bytes)
    downloads.resume(checked)
    waiting = _download(real, page, "Q8_0")
    page.show_downloads()
    _until_state(real, checked, DownloadState.VERIFYING)
    _until_state(real, waiting, DownloadState.WAITING)
    _until_arrived(real, running, 40_000_000)
    yield "downloads-queue"
    _clear(real)
    server.heal()


def _failures(real: RealApp, server: HubServer, page: DiscoverPage, folder: Path) -> Iterator[str]:
    """Downloads that wait for the user, each for a reason of its own."""
    preferences = real.profile.preferences
    server.fault("*Q2_K*", status=404, error_code="EntryNotFound", methods=("GET",))
    server.fault("*draft*", wrong_content=True)
    open_page(real, page, LARGE)
    server.models[LARGE].gated = "manual"  # since the page was opened
    _until_state(real, _download(real, page, "IQ4_XS"), DownloadState.FAILED)
    server.models[LARGE].gated = False
    _until_state(real, _download(real, page, "draft-Q8_0"), DownloadState.FAILED)
    open_page(real, page, CHAT)
    _until_state(real, _download(real, page, "Q2_K"), DownloadState.FAILED)
    place = preferences.value("download_folder")
    (folder / "not-a-folder").write_bytes(b"")
    preferences.set_value("download_folder", str(folder / "not-a-folder" / "models"))
    _until_state(real, _download(real, page, "Q3_K_M"), DownloadState.FAILED)
    preferences.set_value("download_folder", place)
    page.show_downloads()
    yield "downloads-failed"
    _clear(real)
    server.heal()
    page.show_models()


def _download(real: RealApp, page: DiscoverPage, label: str) -> str:
    """Puts the file with this label of the page that is open into the queue; the download's id."""
    variants = real.profile.hub.page.variants
    page.model.files.table.select_key(next(v.key for v in variants if f"{label}." in v.key))
    known = {item.id for item in _items(real)}
    page.model.files.download_selected()
    return next(item.id for item in _items(real) if item.id not in known)


def _fill_hole(folder: Path, size_bytes: int) -> None:
    """The file of which only the beginning has arrived is whole: the rest of it is a hole, at the Hub too.

    Its size makes checking it last for the pictures.
    """
    partial = min(folder.rglob("*.incomplete"), key=lambda path: path.stat().st_mtime)
    os.truncate(partial, size_bytes)


def _clear(real: RealApp) -> None:
    for item in _items(real):
        real.profile.downloads.cancel(item.id)


def _item(real: RealApp, download_id: str) -> DownloadItem:
    return next(item for item in _items(real) if item.id == download_id)


def _until_arrived(real: RealApp, download_id: str, n_bytes: int) -> None:
    real.wait(lambda: _item(real, download_id).n_bytes >= n_bytes, f"{n_bytes} bytes of {download_id}", 60)


def _until_state(real: RealApp, download_id: str, state: DownloadState) -> None:
    real.wait(lambda: _item(real, download_id).state is state, f"{download_id} to be {state}", 60)


def _items(real: RealApp) -> tuple[DownloadItem, ...]:
    return real.profile.downloads.items


def _faults(real: RealApp, server: HubServer, page: DiscoverPage) -> Iterator[str]:
    hub = real.profile.hub
    page.filters.size_class.setCurrentIndex(7)
    page.search("nothing is called like this")
    real.wait(lambda: hub.search.state is SearchState.DONE and not hub.search.models, "no results")
    yield "nothing-found"
    page.filters.reset()
    page.search("https://huggingface.co/nobody/no-such-model")
    real.wait(lambda: hub.page.state is PageState.FAILED, "the page to be missing")
    real.wait(lambda: hub.search.state is SearchState.DONE, "the search")
    yield "no-such-model"
    server.fault("/api/models", status=503)
    page.search("something else")
    real.wait(lambda: hub.search.state is SearchState.FAILED, "the search to fail", 60)
    yield "server-error"
    server.heal()
    page.search("llama")
    real.wait(lambda: hub.search.state is SearchState.DONE and len(hub.search.models) > 1, "results", 60)
    open_page(real, page, CHAT)
    server.close()
    page.search("")
    page.search("llama")
    real.wait(lambda: hub.search.state is SearchState.DONE and hub.search.is_stored, "stored results", 60)
    page.open(LARGE)
    real.wait(lambda: hub.page.state is not PageState.LOADING, "the stored page", 60)
    real.rest(0.3)
    yield "offline-stored"
    page.search("never asked before")
    real.wait(lambda: hub.search.state is SearchState.FAILED, "the search to fail", 60)
    page.open("never/opened-before")
    real.wait(lambda: hub.page.state is PageState.FAILED, "the page to fail", 60)
    yield "offline"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    print(f"{len(main(Path(sys.argv[1])))} pictures in {sys.argv[1]}")
