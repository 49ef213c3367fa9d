"""Pictures of Discover in every state: searching, a model's page, downloads, gated, offline.

    python tests/end2end/hub_tour.py OUT_DIR

The window is the real one, offscreen; the Hub is a local server that speaks its protocol. Its models are true headers
with a hole behind, so that the fits of files of many GB are found as they are at huggingface.co. This machine's
memory decides what fits; how it looks on one with a GPU is shown with made-up answers.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import gguf

from app.core.download import DownloadState
from app.core.footprint import Assessment, Footprint, assess
from app.core.hub_fit import Advice, Fitness, Placement, Recommendation
from app.services.download_item import DownloadItem
from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.ui.hub.discover_page import DiscoverPage
from tests import tiny_models
from tests.end2end.memory_tour import footprint, gpu, main_memory
from tests.end2end.real_app import RealApp
from tests.end2end.tour import LOOKS
from tests.hollow_models import LLAMA_1B, LLAMA_8B, LLAMA_70B, Shape, build_hollow
from tests.hub_models import Content
from tests.hub_server import HubServer

_KIND = gguf.GGMLQuantizationType
# (name, tensor type that has about its size, llama.cpp's file type)
QUANTISATIONS = (
    ("Q2_K", _KIND.Q2_K, 10),
    ("Q3_K_M", _KIND.Q3_K, 12),
    ("IQ4_XS", _KIND.IQ4_XS, 30),
    ("Q4_K_M", _KIND.Q4_K, 15),
    ("Q5_K_M", _KIND.Q5_K, 17),
    ("Q6_K", _KIND.Q6_K, 18),
    ("Q8_0", _KIND.Q8_0, 7),
    ("BF16", _KIND.BF16, 32),
)
_N_VOCAB = 16_000  # a larger vocabulary takes longer to write and changes no picture
_LINE_BYTES_PER_S = 12_000_000.0
CHAT = "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"
LARGE = "unsloth/Llama-3.3-70B-Instruct-GGUF"
GATED = "google/gemma-4-12B-it-qat-q4_0-gguf"
WALNUT = "loadout/walnut-chat-GGUF"

README = """---
license: llama3.1
base_model: meta-llama/Llama-3.1-8B-Instruct
---
<div align="center">
  <img src="https://example.com/logo.png" width="60%" alt="A llama"/>
  <h1>Llama 3.1 8B Instruct, quantised</h1>
  <a href="https://discord.gg/x"><img alt="Discord" src="https://img.shields.io/discord.svg"></a>
</div>

Quantised with <a href="https://github.com/ggml-org/llama.cpp/">llama.cpp</a>, release b3472, with an importance matrix.

## Prompt format

```
<|begin_of_text|><|start_header_id|>system<|end_header_id|>

{system_prompt}<|eot_id|>
```

## Which file should I choose?

| File | Size | What for |
| ---- | ---: | -------- |
| [Q8_0](Meta-Llama-3.1-8B-Instruct-Q8_0.gguf) | 8.5 GB | Extremely high quality, generally unneeded |
| [Q4_K_M](Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf) | 4.9 GB | Good quality, the default, *recommended* |
| [Q2_K](Meta-Llama-3.1-8B-Instruct-Q2_K.gguf) | 3.2 GB | Very low quality but surprisingly usable |

<details><summary>Benchmarks</summary>

* MMLU: **69.4**
* HumanEval: 72.6

</details>

<script>document.write("never")</script>
> Everything here is under the licence of the model it was made from.
"""


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


def fill(server: HubServer, folder: Path) -> None:
    """A Hub with something of everything."""
    server.add_many(300, owner="someone")
    now = time.time()
    files = _quantisations(folder, "Meta-Llama-3.1-8B-Instruct", LLAMA_8B)
    server.add_model(
        CHAT, files, README, updated=now - 3 * 86400, downloads=1_284_000, likes=2140, trending=900,
        licence="llama3.1", architecture="llama", params=8_030_261_248, context_length=131_072,
        base_model="meta-llama/Llama-3.1-8B-Instruct",
    )  # fmt: skip
    large = _quantisations(folder, "Llama-3.3-70B-Instruct", LLAMA_70B, QUANTISATIONS[:5])
    large |= {"mmproj-F16.gguf": b"GGUF" * 200_000, "Llama-3.3-draft-Q8_0.gguf": b"GGUF" * 50_000}
    large |= {"Llama-3.3-70B-Instruct-BF16-00001-of-00003.gguf": b"GGUF" * 90_000}
    server.add_model(
        LARGE, large, "# Llama 3.3", updated=now - 90 * 86400, downloads=310_500, likes=540, trending=880,
        licence="llama3.3", architecture="llama", params=70_553_706_560, context_length=131_072,
    )  # fmt: skip
    server.add_model(
        GATED, _quantisations(folder, "gemma-4-12B-it", LLAMA_1B, QUANTISATIONS[3:4]), "# Gemma", gated="manual",
        updated=now - 86400, downloads=95_000, likes=801, trending=870, licence="gemma", architecture="gemma3",
        params=12_187_000_000, context_length=131_072,
    )  # fmt: skip
    walnut = tiny_models.build_llama(folder / "walnut-chat-F16.gguf", name="Walnut Chat", n_ctx_train=4096)
    server.add_model(
        WALNUT, {"walnut-chat-F16.gguf": walnut}, "# Walnut", updated=now, downloads=12, likes=3, trending=860,
        licence="mit", architecture="llama", params=1_100_000, context_length=4096,
    )  # fmt: skip
    server.add_model(
        "meta-llama/Llama-3.1-8B-Instruct", {"model.safetensors": b"x" * 1000}, "# Llama", gated="auto"
    )
    server.add_token("hf_tour", "maria")


def _quantisations(
    folder: Path, name: str, shape: Shape, kinds: Any = QUANTISATIONS
) -> dict[str, Path | bytes | Content]:
    shape = dataclasses.replace(shape, n_vocab=_N_VOCAB)
    files: dict[str, Path | bytes | Content] = {}
    for label, kind, file_type in kinds:
        path = build_hollow(folder / f"{name}-{label}.gguf", shape, kind=kind, file_type=file_type)
        files[path.name] = Content(path, sha256=hashlib.sha256(path.name.encode()).hexdigest())
    return files


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


def _open(real: RealApp, page: DiscoverPage, repo_id: str) -> None:
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
    _open(real, page, CHAT)
    yield "model"
    page.model.tabs.setCurrentIndex(1)
    real.rest(0.3)
    yield "readme"
    page.model.tabs.setCurrentIndex(0)
    _pretend_gpu(real)
    yield "model-gpu"
    _open(real, page, LARGE)
    page.model.files.table.select_key("Llama-3.3-70B-Instruct-Q2_K.gguf")
    yield "model-too-large"
    _open(real, page, GATED)
    yield "gated"
    page.ask_token()
    real.rest(0.3)
    yield "token"
    real.close_dialogs()
    _open(real, page, "meta-llama/Llama-3.1-8B-Instruct")
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
    _open(real, page, WALNUT)
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
    server.fault(f"/{CHAT}/resolve/*Q5_K_M*", status=429, headers={"Retry-After": "45"}, times=0)
    server.fault("*Q5_K_M*", bytes_per_s=_LINE_BYTES_PER_S, cut_every=30_000_000)
    server.fault("*.gguf", bytes_per_s=_LINE_BYTES_PER_S)
    _open(real, page, CHAT)
    checked, paused, retrying = (_download(real, page, label) for label in ("BF16", "Q4_K_M", "Q5_K_M"))
    _until_arrived(real, checked, 4_000_000)
    downloads.pause(checked)
    running = _download(real, page, "Q6_K")
    _until_arrived(real, paused, 20_000_000)
    downloads.pause(paused)
    server.faults[0].times = None
    _until_state(real, retrying, DownloadState.RETRYING)
    _fill_hole(Path(real.profile.preferences.value("download_folder")), _size(real, checked))
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
    _open(real, page, CHAT)
    _download(real, page, "Q2_K")
    place = preferences.value("download_folder")
    (folder / "not-a-folder").write_bytes(b"")
    preferences.set_value("download_folder", str(folder / "not-a-folder" / "models"))
    _until_state(real, _download(real, page, "Q3_K_M"), DownloadState.FAILED)
    preferences.set_value("download_folder", place)
    _open(real, page, LARGE)
    _until_state(real, _download(real, page, "draft-Q8_0"), DownloadState.FAILED)
    server.models[LARGE].gated = "manual"  # since the page was opened
    _until_state(real, _download(real, page, "IQ4_XS"), DownloadState.FAILED)
    server.models[LARGE].gated = False
    page.show_downloads()
    real.wait(lambda: all(item.state is not DownloadState.RUNNING for item in _items(real)), "the failures")
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


def _size(real: RealApp, download_id: str) -> int:
    return _item(real, download_id).size_bytes


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
    _open(real, page, CHAT)
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
