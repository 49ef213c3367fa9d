"""Pictures of the Models page with other apps' models on offer, and with a newer version of one that is here.

    python tests/end2end/library_tour.py OUT_DIR

The window is the real one, offscreen, with a home folder in which Ollama, LM Studio, Jan and Hugging Face's cache hold
tiny models; the Hub is a local server that speaks its protocol. What is newer is really downloaded in the end.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.core.download import DownloadState
from app.ui.library.models_page import ModelsPage
from app.ui.widgets import Toast
from tests import tiny_models
from tests.end2end.real_app import RealApp
from tests.end2end.tour import LOOKS
from tests.hub_server import HubServer
from tests.other_programs import OllamaStore, put_in_hub_cache

REPO = "unsloth/Qwen3-4B-GGUF"
FILE = "Qwen3-4B-Q8_0.gguf"
_MOVERS = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
)
_OTHERS = ("OLLAMA_MODELS", "LLAMA_CACHE", "JAN_DATA_FOLDER")


def main(out_dir: Path, looks: list[tuple[str, int, int]] = LOOKS) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loadout-home-") as folder, HubServer() as server:
        home = Path(folder) / "ada"
        _fill(home, Path(folder), server)
        with (
            _environment({"HOME": str(home), "HF_ENDPOINT": server.endpoint}),
            RealApp(home / "profile") as app,
        ):
            return list(_walk(app, server, Path(folder), out_dir, looks))


def _fill(home: Path, folder: Path, server: HubServer) -> None:
    """Other apps' folders, and a repository that one of them has downloaded from."""
    build = tiny_models.build_llama
    llama = build(folder / "l.gguf", name="Llama 3.2 3B Instruct", quantisation="q8_0", n_ctx_train=4096)
    qwen = build(folder / "q.gguf", name="Qwen3 4B", quantisation="q8_0", n_ctx_train=8192, seed=3)
    gemma = build(folder / "g.gguf", name="Gemma 3 4B It", quantisation="q4_0", n_ctx_train=8192, seed=4)
    moe = tiny_models.build_moe(folder / "m.gguf")
    store = OllamaStore(home / ".ollama/models")
    store.pull("registry.ollama.ai/library/llama3.2/3b", llama)
    store.pull("registry.ollama.ai/library/llama3.2/latest", llama)
    store.pull("registry.ollama.ai/library/mixtral/8x7b", moe)
    _copy(gemma, home / ".lmstudio/models/lmstudio-community/gemma-3-4b-it-GGUF/gemma-3-4b-it-Q4_0.gguf")
    jan = home / ".local/share/Jan/data/llamacpp/models/Jan-v1-4B-Q8_0"
    _copy(build(folder / "j.gguf", name="Jan v1 4B", quantisation="q8_0", seed=5), jan / "model.gguf")
    (jan / "model.yml").write_text(
        "model_path: llamacpp/models/Jan-v1-4B-Q8_0/model.gguf\nname: Jan-v1-4B-Q8_0\n"
    )
    server.add_model(REPO, {FILE: qwen})
    commit = server.models[REPO].commits[-1].sha
    put_in_hub_cache(home / ".cache/huggingface/hub", REPO, commit, {FILE: qwen})


def _walk(
    app: RealApp, server: HubServer, folder: Path, out_dir: Path, looks: list[tuple[str, int, int]]
) -> Iterator[Path]:
    library, updates = app.profile.library, app.profile.updates
    app.window.show_page("models")
    page = app.page("models")
    assert isinstance(page, ModelsPage)
    app.wait(library.offers, "other apps' models to be found")
    yield from _pictures(app, "offers-first-run", out_dir, looks)
    app.click("Add the models of Ollama")
    app.wait(lambda: page.rows.rowCount() == 2 and not library.is_scanning, "Ollama's models to be listed")
    yield from _pictures(app, "offers-above-the-list", out_dir, looks)
    while offers := library.offers():
        library.add_folder(offers[0].path)
    app.wait(lambda: page.rows.rowCount() == 5 and not library.is_scanning, "all models to be listed")
    newer = tiny_models.build_llama(
        folder / "n.gguf", name="Qwen3 4B", quantisation="q8_0", n_ctx_train=8192, seed=9
    )
    server.update(REPO, {FILE: newer})
    app.click("Check for updates")
    app.wait(lambda: not updates.is_checking, "the Hub to answer")
    app.click("Show", page.findChild(Toast))
    yield from _pictures(app, "update-available", out_dir, looks)
    app.click("Update", page.footer)
    app.wait(lambda: app.profile.downloads.items, "the download to be queued")
    app.wait(
        lambda: app.profile.downloads.items[0].state is DownloadState.FINISHED, "the newer version to be here"
    )
    app.wait(lambda: page.rows.rowCount() == 6 and not library.is_scanning, "the newer version to be listed")
    yield from _pictures(app, "updated", out_dir, looks)
    server.close()
    app.click("Check for updates")
    app.wait(lambda: not updates.is_checking, "the Hub to be away")
    yield from _pictures(app, "update-offline", out_dir, looks)


def _pictures(app: RealApp, name: str, out_dir: Path, looks: list[tuple[str, int, int]]) -> Iterator[Path]:
    for theme, width, height in looks:
        app.set_look(theme, width, height)
        path = out_dir / f"{name}-{theme}-{width}.png"
        if not app.picture().save(str(path)):
            raise OSError(f"{path} cannot be written")
        yield path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """These variables, and none that would move other programs' folders."""
    before = {name: os.environ.get(name) for name in (*wanted, *_MOVERS, *_OTHERS)}
    for name in (*_MOVERS, *_OTHERS):
        os.environ.pop(name, None)
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


if __name__ == "__main__":
    for picture in main(Path(sys.argv[1])):
        print(picture)
