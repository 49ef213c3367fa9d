"""From a search to a chat, with the window killed in mid-download: the way to a first model on a bad day."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import psutil
import pytest

from app.core.hub_origin import origins_of
from tests import tiny_models
from tests.hub_server import HubServer

ROOT = Path(__file__).resolve().parent.parent.parent
REPO = "own/tiny-chat-GGUF"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


class Journey:
    """Runs the window against a Hub whose files come slowly until `server.heal`."""

    def __init__(self, server: HubServer, folder: Path) -> None:
        self.server = server
        self.profile = folder / "profile"
        self.cache = folder / "cache"
        kept = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
        self.environment = kept | {
            "HF_ENDPOINT": server.endpoint,
            "HF_HUB_CACHE": str(self.cache),
            "HOME": str(folder),
        }

    def start(self, act: str, *arguments: str) -> subprocess.Popen[str]:
        script = ROOT / "tests" / "end2end" / "hub_journey.py"
        command = [sys.executable, str(script), act, str(self.profile), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def until_killed(self, folder: str = "") -> dict[str, Any]:
        """The window up to a quarter of the download, then SIGKILL; its events, and nothing of it lives on."""
        with self.start("begin", "tiny-chat", *([folder] if folder else [])) as window:
            try:
                events = _events(window, "downloading")
                processes = psutil.Process(window.pid).children(recursive=True)
            finally:
                window.kill()
        assert processes, "the download runs in a process of its own"
        deadline = time.monotonic() + 3
        while alive := [process for process in processes if _is_alive(process)]:
            assert time.monotonic() < deadline, f"processes outlive the window: {alive}"
            time.sleep(0.02)
        return events

    def again(self, last: str) -> dict[str, Any]:
        """The window again, until `last` has happened; at "ejected" it closes by itself."""
        with self.start("go-on") as window:
            try:
                events = _events(window, last)
                assert last != "ejected" or window.wait(10) == 0
            finally:
                window.kill()
        return events


def _is_alive(process: psutil.Process) -> bool:
    """A zombie has ended; when it is buried is not the window's doing."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _events(window: subprocess.Popen[str], last: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    assert window.stdout is not None
    for line in window.stdout:
        event = json.loads(line)
        found[event["event"]] = event
        if event["event"] == last:
            return found
    raise AssertionError(f"the window ended after {list(found)}")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hub")
    return {
        f"tiny-chat-{kind.upper()}.gguf": tiny_models.build_llama(
            folder / f"{kind}.gguf", quantisation=kind, n_embd=256, n_ff=512, n_head=4, n_vocab=2048
        )
        for kind in ("f16", "q8_0")
    }


@pytest.fixture
def journey(files: dict[str, Path], tmp_path: Path) -> Iterator[Journey]:
    with HubServer() as server:
        server.add_many(3)
        server.add_model(REPO, files, "# Tiny", architecture="llama", params=3_000_000, context_length=512)
        server.fault("*.gguf", bytes_per_s=1e6)
        yield Journey(server, tmp_path)


def _check_journey(journey: Journey, files: dict[str, Path], last: str, folder: str = "") -> Path:
    """The way to `last`; returns where the model is."""
    server = journey.server
    before = journey.until_killed(folder)
    assert before["results"]["repo_ids"] == [REPO]
    rows = before["page"]["rows"]
    assert sorted(label for label, _fit, _is_best in rows) == ["F16", "Q8_0"]
    assert all(fit.startswith("Fits") for _label, fit, _is_best in rows)
    (name,) = (f"tiny-chat-{label}.gguf" for label, _fit, is_best in rows if is_best)
    size_bytes = files[name].stat().st_size
    assert size_bytes // 4 < before["downloading"]["n_bytes"] < size_bytes

    server.heal()
    server.seen.clear()
    after = journey.again(last)
    ranges = [seen.headers.get("range", "") for seen in server.asked(f"*{name}", "GET") if seen.host == "cdn"]
    first = re.fullmatch(r"bytes=(\d+)-\d*", ranges[0])
    assert first is not None
    assert size_bytes // 4 < int(first[1]) < size_bytes  # from where it was
    assert after["downloaded"]["states"][-1] == "finished"
    assert last != "ejected" or after["reply"]["text"].strip()
    (path,) = after["downloaded"]["paths"]
    assert _sha256(Path(path)) == _sha256(files[name])
    (origin,) = origins_of([Path(path)])
    assert (origin.repo_id, origin.path) == (REPO, name)
    assert origin.commit == server.models[REPO].commits[-1].sha
    return Path(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_into_a_folder_with_the_window_killed_on_the_way(
    journey: Journey, files: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    path = _check_journey(journey, files, "listed", str(folder))
    assert path == folder / REPO / path.name
    shown = [found for found in folder.rglob("*") if found.is_file() and ".loadout" not in found.parts]
    assert shown == [path]  # nothing half done is left
    assert not journey.cache.exists()


def test_to_a_chat_by_hugging_faces_cache_which_is_in_order_then(
    journey: Journey, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _check_journey(journey, files, "ejected")
    scan = huggingface_hub.scan_cache_dir(journey.cache)
    assert not scan.warnings
    (repo,) = scan.repos
    (revision,) = repo.revisions
    assert (repo.repo_id, revision.refs) == (REPO, frozenset({"main"}))
    assert [(file.file_name, file.size_on_disk) for file in revision.files] == [
        (path.name, files[path.name].stat().st_size)
    ]
    assert huggingface_hub.try_to_load_from_cache(REPO, path.name, cache_dir=journey.cache) == str(path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    n_bytes_before = journey.server.n_bytes_sent
    got = huggingface_hub.hf_hub_download(
        REPO, path.name, cache_dir=journey.cache, endpoint=journey.server.endpoint, token=False
    )
    assert got == str(path)
    assert not [seen for seen in journey.server.asked(f"*{path.name}", "GET") if seen.host == "cdn"][1:]
    assert journey.server.n_bytes_sent == n_bytes_before
