"""``loadout show`` against a Hub on loopback, the fits being those of real dry runs on real headers."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny_models
from tests.cli.program import Program
from tests.hub_server import HubServer

REPO = "owner/Tiny-GGUF"
MB = 1_000_000


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hub-models")
    small = tiny_models.build_llama(folder / "small.gguf", quantisation="q8_0")
    large = tiny_models.build_llama(folder / "large.gguf")
    return {"Tiny-Q8_0.gguf": small, "Tiny-F16.gguf": large, "sub/mmproj-F16.gguf": small}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, models: dict[str, Path]) -> Iterator[HubServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with HubServer() as started:
        started.add_token("hf_x", "ann")
        torn = {"Tiny-Q4_K_M-00001-of-00002.gguf": models["Tiny-Q8_0.gguf"]}
        facts = {"licence": "mit", "architecture": "llama", "params": 8 * MB, "context_length": 512}
        started.add_model(REPO, models | torn, "# Tiny\n\x1b[31m", downloads=5, **facts)
        monkeypatch.setenv("HF_ENDPOINT", started.endpoint)
        yield started


def test_what_people_see(loadout: Program, server: HubServer, models: dict[str, Path]) -> None:
    done = loadout("show", f"{server.endpoint}/{REPO}/tree/main", "--ctx", "256")
    assert (done.exit_code, done.stderr) == (0, "")
    commit = server.models[REPO].commits[-1].sha
    lines = done.stdout.splitlines()
    assert lines[0] == f"{REPO} at main ({commit[:12]})"
    assert lines[1] == "llama, 8M parameters, trained for 512 tokens"
    assert lines[2] == "5 downloads, 0 likes, updated 2025-10-09, licence mit"
    assert lines[4].split() == ["FILE", "SIZE", "FIT", "QUALITY"]
    rows = "\n".join(lines[5:9])
    assert "1 of 2 parts are missing" in rows
    assert "Lets the model see images" in rows
    assert "mmproj-F16.gguf" in rows
    assert sum(line.startswith("*  ") for line in lines) == 1
    assert "The fit is for 256 tokens of context" in done.stdout
    assert "is recommended: " in lines[-1]
    # Of each model's file only its header was read, of the others nothing.
    assert {seen.path.rpartition("/")[2] for seen in server.asked("/*/resolve/*")} == {
        "Tiny-Q8_0.gguf",
        "Tiny-F16.gguf",
    }
    assert all(seen.headers.get("range") for seen in server.seen if seen.host == "cdn")


def test_the_document_is_that_of_an_estimate_of_the_same_file(
    loadout: Program, server: HubServer, models: dict[str, Path]
) -> None:
    record = loadout("show", REPO, "--ctx", "512", "--json").json()
    variants = {variant["label"]: variant for variant in record["variants"] if variant["role"] == "model"}
    assert set(variants) == {"Q8_0", "F16", "Q4_K_M"}
    assert variants["Q4_K_M"]["fit"] is None
    assert variants["Q4_K_M"]["is_complete"] is False
    for label in ("Q8_0", "F16"):
        path = models[f"Tiny-{label}.gguf"]
        fit = variants[label]["fit"]
        n_layers = fit["n_layers_offloaded"]
        own = loadout(
            "estimate", path, "--set", "n_ctx=512", "--set", f"n_gpu_layers={n_layers}", "--json"
        ).json()
        assert (fit["total_bytes"], fit["n_ctx"]) == (own["total_bytes"], 512)
        assert fit["placement"] in ("gpu", "memory")
        assert variants[label]["size_bytes"] == path.stat().st_size
        assert variants[label]["companions"] == ["sub/mmproj-F16.gguf"]
    assert record["recommended"]["key"] in ("Tiny-Q8_0.gguf", "Tiny-F16.gguf")
    assert record["commit"] == server.models[REPO].commits[-1].sha
    assert {file["path"] for file in record["files"]} == {*server.models[REPO].commits[-1].files}


def test_one_file_of_it_without_the_fit(loadout: Program, server: HubServer) -> None:
    record = loadout("show", f"{REPO}:q8_0", "--no-fit", "--json").json()
    assert [(variant["label"], variant["fit"]) for variant in record["variants"]] == [("Q8_0", None)]
    assert not server.asked("*/resolve/*")
    done = loadout("show", f"{REPO}:Q2_K", "--no-fit")
    assert done.exit_code == 1
    assert "Q2_K is not one of its files; there is Q4_K_M, Q8_0, F16\n" in done.stderr
    assert " FIT " not in loadout("show", REPO, "--no-fit").stdout


def test_gated_it_says_where_to_ask(
    loadout: Program, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.update(REPO, gated="manual", accounts={"ann"})
    done = loadout("show", REPO)
    assert done.exit_code == 0
    assert f"accept its terms on {server.endpoint}/{REPO}" in done.stdout
    assert "not known of Q8_0, F16: Its owner wants terms to be accepted first" in done.stdout
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    assert "not known" not in loadout("show", REPO).stdout


def test_its_readme(loadout: Program, server: HubServer) -> None:
    assert loadout("show", REPO, "--readme").stdout == "# Tiny\n\x1b[31m\n"  # no terminal reads this
    assert loadout("show", REPO, "--readme", "--json").json()["readme"] == "# Tiny\n\x1b[31m"


def test_what_cannot_be_shown(loadout: Program, server: HubServer) -> None:
    missing = loadout("show", "owner/none")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "has no owner/none, or shows it only to some" in missing.stderr
    nonsense = loadout("show", "some words")
    assert nonsense.exit_code == 2
    assert "some words is no address of a model" in nonsense.stderr
    server.add_model("owner/safe", {"model.safetensors": b"x"})
    bare = loadout("show", "owner/safe")
    assert bare.exit_code == 0
    assert "no GGUF file" in bare.stderr
    server.fault("/api/*", status=429, headers={"Retry-After": "17"})
    busy = loadout("show", "owner/other")
    assert (busy.exit_code, "Try again in 17 seconds" in busy.stderr) == (1, True)


def test_offline_it_shows_what_it_knows(loadout: Program, server: HubServer) -> None:
    loadout("show", REPO, "--no-fit")
    server.close()
    done = loadout("show", REPO)
    assert done.exit_code == 0
    assert "This is what it said on 20" in done.stderr
    assert "Q8_0" in done.stdout
    assert "The fit" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("where", ["/api/*", "/*/resolve/*"])
def test_ctrl_c_while_the_hub_is_silent(where: str, loadout: Program, server: HubServer) -> None:
    server.fault(where, hang=True)
    program = loadout.start("show", REPO)
    try:
        while not server.asked(where):
            assert program.poll() is None
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, err = program.communicate(timeout=20)
        assert (program.returncode, out) == (130, "")
        assert err.strip() == "loadout: interrupted"
        assert time.monotonic() - started < 3
    finally:
        program.kill()
        program.wait()
