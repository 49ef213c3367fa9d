"""The pictures of the README: the first start, a conversation, and Discover, each in dark and in light.

    python tests/end2end/readme_pictures.py OUT_DIR MODEL

MODEL is a GGUF file that speaks. The Hub is a local server: the repositories' names are known ones, their figures made
up. The files of the model that is open have its true shape, and their fits are those of the machine that runs this.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.core.guide import GuideFiles
from app.paths import built_in_models
from app.services.hub_search import SearchState
from app.ui.hub.discover_page import DiscoverPage
from app.ui.plots.plot_strip import PlotStrip
from tests.end2end.hub_tour import open_page
from tests.end2end.real_app import LOAD, RealApp
from tests.end2end.tour_hub import QUANTISATIONS, quantisations
from tests.hollow_models import Shape
from tests.hub_server import HubServer

_WIDTH_PX, _HEIGHT_PX = 1360, 860
_SAID = ("Hello!", "What is your name?", "tell me a joke", "Tell me a story")
_SHOWN = "unsloth/Mistral-Small-3.2-24B-Instruct-2506-GGUF"
_SHAPE = Shape(40, 5120, 32_768, 32, 8)
# Repository, architecture, how many parameters, trained context, licence.
_FOUND = (
    (_SHOWN, "llama", 23_572_403_200, 131_072, "apache-2.0"),
    ("unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF", "qwen3moe", 30_532_122_624, 262_144, "apache-2.0"),
    ("bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", "llama", 8_030_261_248, 131_072, "llama3.1"),
    ("Qwen/Qwen2.5-7B-Instruct-GGUF", "qwen2", 7_615_616_512, 32_768, "apache-2.0"),
    ("unsloth/Llama-3.3-70B-Instruct-GGUF", "llama", 70_553_706_560, 131_072, "llama3.3"),
    ("bartowski/Llama-3.2-3B-Instruct-GGUF", "llama", 3_212_749_888, 131_072, "llama3.2"),
    ("Qwen/Qwen2.5-Coder-7B-Instruct-GGUF", "qwen2", 7_615_616_512, 32_768, "apache-2.0"),
    ("bartowski/Mistral-Nemo-Instruct-2407-GGUF", "llama", 12_247_782_400, 131_072, "apache-2.0"),
    ("bartowski/Phi-3.5-mini-instruct-GGUF", "phi3", 3_821_079_552, 131_072, "mit"),
    ("Qwen/Qwen2.5-14B-Instruct-GGUF", "qwen2", 14_770_033_664, 32_768, "apache-2.0"),
    ("bartowski/Llama-3.2-1B-Instruct-GGUF", "llama", 1_235_814_400, 131_072, "llama3.2"),
    ("ibm-granite/granite-3.3-8b-instruct-GGUF", "granite", 8_170_848_256, 131_072, "apache-2.0"),
    ("bartowski/Qwen2.5-32B-Instruct-GGUF", "qwen2", 32_763_876_352, 32_768, "apache-2.0"),
    ("Qwen/Qwen2.5-0.5B-Instruct-GGUF", "qwen2", 494_032_768, 32_768, "apache-2.0"),
)


def main(out_dir: Path, model: Path) -> None:
    """Takes the six pictures."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loadout-readme-") as folder:
        with RealApp(Path(folder) / "guide", GuideFiles(built_in_models())) as real:
            real.wait(lambda: real.profile.guide.is_loaded, "the Guide to be loaded", 60)
            real.rest(2)
            _take(real, out_dir, "first-start")
        with RealApp(Path(folder) / "chat") as real:
            _talk(real, model)
            _take(real, out_dir, "window")
        with HubServer() as server, RealApp(Path(folder) / "discover") as real:
            _fill(server, Path(folder))
            _discover(real, server)
            _take(real, out_dir, "discover")


def _take(real: RealApp, out_dir: Path, name: str) -> None:
    for theme in ("dark", "light"):
        real.set_look(theme, _WIDTH_PX, _HEIGHT_PX)
        real.rest(0.5)
        if not real.picture().save(str(out_dir / f"{name}-{theme}.png")):
            raise OSError(f"cannot write into {out_dir}")


def _talk(real: RealApp, model: Path) -> None:
    real.set_look("dark", _WIDTH_PX, _HEIGHT_PX)
    real.window.show_page("chat")
    strip = real.window.findChild(PlotStrip)
    assert isinstance(strip, PlotStrip)
    strip.set_window_min(1)
    real.load(model)
    real.profile.chat.new()
    real.profile.sampling_plan.set_value("temperature", 0.0)
    real.profile.sampling_plan.set_value("max_tokens", 220)
    real.desktop.panel.show_tab(LOAD)
    for text in _SAID:
        real.say(text)
        real.rest(2.5)


def _fill(server: HubServer, folder: Path) -> None:
    files = quantisations(folder, "Mistral-Small-3.2-24B-Instruct-2506", _SHAPE, QUANTISATIONS)
    for place, (repo_id, architecture, params, context, licence) in enumerate(_FOUND):
        name = repo_id.partition("/")[2].removesuffix("-GGUF")
        server.add_model(
            repo_id,
            files if repo_id == _SHOWN else {f"{name}-Q4_K_M.gguf": b"GGUF"},
            f"# {name}",
            updated=time.time() - 86_400 * (2 + 5 * place),
            downloads=940_000 // (place + 1),
            likes=1_300 // (place + 1),
            trending=100 - place,
            licence=licence,
            architecture=architecture,
            params=params,
            context_length=context,
            base_model=f"mistralai/{name}" if repo_id == _SHOWN else "",
        )


def _discover(real: RealApp, server: HubServer) -> None:
    hub = real.profile.hub
    real.profile.preferences.set_value("hub_endpoint", server.endpoint)
    real.wait(lambda: hub.endpoint == server.endpoint, "the endpoint")
    real.set_look("dark", _WIDTH_PX, _HEIGHT_PX)
    real.window.show_page("discover")
    page = real.page("discover")
    assert isinstance(page, DiscoverPage)
    page.search("instruct")
    real.wait(
        lambda: hub.search.state is SearchState.DONE and len(hub.search.models) == len(_FOUND), "results"
    )
    open_page(real, page, _SHOWN)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit((__doc__ or "").strip())
    main(Path(sys.argv[1]), Path(sys.argv[2]).absolute())
