"""``loadout download`` as a person uses it, against a Hub on loopback."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import ROOT, Program
from tests.hub_server import HubServer
from tests.worker.download_rig import CDN_FILE, FILE, REPO, content

MB = 1_000_000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hugging Face's cache of this test."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        hub.add_model(REPO, {FILE: content(3 * MB), "mmproj-F16.gguf": b"sees", "config.json": b"{}"})
        yield hub


def test_the_only_model_with_its_projector(loadout: Program, server: HubServer, cache: Path) -> None:
    done = loadout("download", REPO)
    assert (done.exit_code, done.stderr) == (0, "")
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == [FILE, "mmproj-F16.gguf"]
    assert paths[0].read_bytes() == content(3 * MB)
    assert paths[0].is_relative_to(cache)
    # The window and the other commands know it.
    listed = {model["path"] for model in loadout("models", "--json").json()}
    assert str(paths[0]) in listed


def test_one_json_document(loadout: Program, server: HubServer, tmp_path: Path) -> None:
    done = loadout("download", f"{REPO}:q4_k_m", "--no-projector", "--folder", tmp_path / "mine", "--json")
    assert done.exit_code == 0
    row = done.json()
    (file,) = row["files"]
    assert file["local_path"] == str(tmp_path / "mine" / REPO / FILE)
    assert (file["path"], file["size_bytes"], row["size_bytes"]) == (FILE, 3 * MB, 3 * MB)
    assert (row["repo_id"], row["revision"], len(row["commit"])) == (REPO, "main", 40)
    # Once more: nothing is asked for again.
    n_sent = server.n_bytes_sent
    assert loadout("download", REPO, FILE, "--no-projector", "--folder", tmp_path / "mine").exit_code == 0
    assert server.n_bytes_sent == n_sent


def test_the_one_that_suits_this_computer_is_chosen_and_said(
    loadout: Program, server: HubServer, tiny_model: Path
) -> None:
    server.add_model("o/two", {"a-Q4_K_M.gguf": tiny_model, "a-Q8_0.gguf": tiny_model})
    done = loadout("download", "o/two")
    assert done.exit_code == 0, done.stderr
    said = re.fullmatch(r"loadout: (\S+) is recommended: .+\.\n", done.stderr)
    assert said is not None, done.stderr
    assert done.stdout.strip().endswith(f"a-{said[1]}.gguf")


def test_a_file_that_is_no_model(loadout: Program, server: HubServer) -> None:
    done = loadout("download", f"{server.endpoint}/{REPO}/blob/main/config.json")
    assert done.exit_code == 0
    assert Path(done.stdout.strip()).read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["nonsense and more"], 2, "is no address of a model"),
        ([REPO, "Q9_X"], 1, "Q9_X is not one of its files; there is Q4_K_M, "),
        ([f"{REPO}:Q4_K_M", "Q4_K_M"], 2, "names a file already"),
        (["owner/none"], 1, "has no owner/none"),
        (["o/gap"], 1, "has no GGUF file that can be loaded"),
        (["o/gap", "gap-00001-of-00002.gguf"], 1, "1 of its 2 parts are not on 127.0.0.1"),
    ],
)
def test_what_cannot_be_had_is_one_line(
    loadout: Program, server: HubServer, arguments: list[str], code: int, text: str
) -> None:
    server.add_model("o/gap", {"gap-00001-of-00002.gguf": b"1"})
    done = loadout("download", *arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert done.stderr.count("\n") == 1


def test_of_many_files_some_are_named(loadout: Program, server: HubServer) -> None:
    server.add_model("o/many", {f"part-{n:03d}-Q4_K_M.gguf": b"GGUF%03d" % n for n in range(300)})
    done = loadout("download", "o/many", "Q9_X")
    assert done.exit_code == 1
    assert " and 288 more" in done.stderr
    assert len(done.stderr) < 500


def test_what_came_from_the_hub_is_run_by_the_hubs_name(
    loadout: Program, server: HubServer, tiny_model: Path, tiny_swa: Path
) -> None:
    server.add_model("o/two", {"a-Q4_K_M.gguf": tiny_model, "a-Q8_0.gguf": tiny_swa})
    for quantisation in ("Q4_K_M", "Q8_0"):
        assert loadout("download", f"o/two:{quantisation}").exit_code == 0
    done = loadout("run", "o/two:q8_0", "--prompt", "a", "--max-tokens", "2", "--json")
    assert done.exit_code == 0, done.stderr
    several = loadout("run", "o/two", "--prompt", "a")
    assert several.exit_code == 2
    assert "several models match" in several.stderr


def test_a_model_that_is_renamed_meanwhile(loadout: Program, server: HubServer) -> None:
    server.models["new/name"] = server.models[REPO]
    server.fault(f"/{REPO}/resolve/*/{FILE}", redirect_to=f"/new/name/resolve/main/{FILE}")
    done = loadout("download", REPO, FILE, "--no-projector")
    assert done.exit_code == 0, done.stderr
    assert Path(done.stdout.strip()).read_bytes() == content(3 * MB)


def test_a_failure_says_why_and_what_is_kept(loadout: Program, server: HubServer) -> None:
    server.fault(CDN_FILE, times=1, cut_every=MB)
    server.fault(CDN_FILE, status=418)
    done = loadout("download", REPO, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    kept, why = done.stderr.splitlines()
    assert kept == "loadout: 1.00 MB of 3.00 MB are kept; the same command goes on from there"
    assert "HTTP 418" in why


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of the system's")
def test_a_terminal_shows_a_bar_and_ctrl_c_keeps_what_arrived(
    loadout: Program, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    fault = server.fault(CDN_FILE, bytes_per_s=MB // 2)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        loadout.command("download", REPO),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""
    deadline = time.monotonic() + 30
    while not re.search(r"\[#+-+\] +\d+ %|\[#+-+\] +\d+%", shown) and time.monotonic() < deadline:
        shown += os.read(ours, 4096).decode()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the download's process too
    assert process.stdout is not None
    assert process.wait(10) == 130
    while "interrupted" not in shown:
        shown += os.read(ours, 4096).decode()
    os.close(ours)
    process.stdout.close()
    assert re.search(r"kB of 3\.00 MB|MB of 3\.00 MB", shown)
    assert "goes to Hugging Face's cache" in shown
    assert "are kept; the same command goes on from there" in shown
    assert "Traceback" not in shown
    server.faults.remove(fault)
    done = loadout("download", REPO)
    assert done.exit_code == 0
    assert server.asked(CDN_FILE)[-2].headers["range"].startswith("bytes=")
