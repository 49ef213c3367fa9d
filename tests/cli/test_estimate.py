"""``loadout estimate``: what a plan takes, as a person or a script asks for it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.core.footprint import VERDICT_TEXTS
from app.core.settings.loadouts import LoadoutStore
from app.paths import Paths
from tests import tiny_models
from tests.cli.program import ROOT, Program
from tests.file_server import FileServer
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

PARTS = ("weights", "kv", "compute", "output", "draft", "projector")


def test_the_document_says_what_each_device_needs_and_has(loadout: Program, tiny_model: Path) -> None:
    done = loadout("estimate", tiny_model, "--set", "n_ctx=2048", "--json")
    assert done.exit_code == 0, done.stderr
    record = done.json()
    assert record["model"] == str(tiny_model)
    assert record["verdict"] == "fits"
    assert record["verdict_text"].startswith("fits")
    assert record["asked"] == {"n_ctx": 2048}
    assert (record["n_ctx"], record["n_ctx_slot"], record["n_layers"]) == (2048, 2048, 3)
    assert record["n_layers_offloaded"] == sum(place != "CPU" for place in record["layer_devices"])
    assert len(record["layer_devices"]) == 3
    assert isinstance(record["flash_attention"], bool)
    assert 0 < record["elapsed_ms"] < 5000
    assert [problem["key"] for problem in record["problems"]] == ["n_ctx"]
    assert "trained for 512 tokens" in record["problems"][0]["text"]
    assert "trained for 512 tokens" in done.stderr
    cpu = next(device for device in record["devices"] if device["kind"] == "cpu")
    for device in record["devices"]:
        assert device["total_bytes"] == sum(device[f"{part}_bytes"] for part in PARTS)
    assert record["total_bytes"] == sum(device["total_bytes"] for device in record["devices"])
    assert cpu["weights_bytes"] > tiny_model.stat().st_size * 0.5
    assert abs(cpu["capacity_bytes"] - psutil.virtual_memory().total) < psutil.virtual_memory().total * 0.2
    assert 0 < cpu["free_bytes"] <= cpu["capacity_bytes"]


def test_it_is_what_a_load_then_takes(loadout: Program, tiny_model: Path) -> None:
    settings = ("--set", "n_ctx=1024", "--set", "type_k=q8_0", "--set", "use_mmap=off")
    told = loadout("estimate", tiny_model, *settings, "--json").json()
    loaded = loadout("run", tiny_model, "--prompt", "a", "--max-tokens", 1, *settings, "--json").json()
    got = {device["name"]: device for device in loaded["got"]["devices"]}
    for device in told["devices"]:
        for part in ("weights", "kv", "compute", "output"):
            # llama.cpp's log, from which `got` comes, rounds to 0.01 MiB
            assert abs(device[f"{part}_bytes"] - got[device["name"]][f"{part}_bytes"]) <= 10_500 * 2


def test_the_table_has_the_same_numbers_and_the_verdict(loadout: Program, tiny_model: Path) -> None:
    done = loadout("estimate", tiny_model)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    headings = next(line for line in lines if line.startswith("DEVICE"))
    assert headings.split()[:2] == ["DEVICE", "KIND"]
    assert "DRAFT" not in headings
    row = next(line for line in lines if line.startswith("CPU"))
    assert row.rstrip().endswith("fits")
    assert any(line.startswith("fits: ") and "stay free on CPU" in line for line in lines)
    assert "512 tokens of context" in lines[0]


def test_the_verdicts_follow_the_reserve(loadout: Program, tiny_model: Path) -> None:
    total = psutil.virtual_memory().total
    tight = loadout("estimate", tiny_model, "--reserve", total, "--json").json()
    assert tight["verdict"] == "tight"
    assert "less than the reserve" in tight["verdict_text"]
    assert loadout("estimate", tiny_model, "--reserve", "0", "--json").json()["verdict"] == "fits"
    config = Paths(loadout.profile_dir)
    config.prepare()
    values = {"guard": "custom", "guard_reserve": 1_048_576}
    config.preferences_file.write_text(json.dumps({"version": 1, "values": values}))
    assert loadout("estimate", tiny_model, "--json").json()["verdict"] == "tight"


def test_what_cannot_fit_is_said_with_the_device_and_the_amount(loadout: Program, tiny_model: Path) -> None:
    done = loadout(
        "estimate", tiny_model, "--set", "n_ctx=16777216", "--set", "type_k=f32", "--set", "type_v=f32"
    )
    assert done.exit_code == 0, done.stderr
    assert "CPU is" in done.stdout or "CPU has" in done.stdout
    record = loadout(
        "estimate",
        tiny_model,
        "--set",
        "n_ctx=16777216",
        "--set",
        "type_k=f32",
        "--set",
        "n_ubatch=4096",
        "--json",
    ).json()
    assert record["verdict"] in {"does_not_fit", "fits_if_closed"}
    assert record["verdict_text"].startswith(VERDICT_TEXTS[record["verdict"]])
    assert sum(device["missing_bytes"] for device in record["devices"]) > 0


def test_a_saved_loadout(loadout: Program, tiny_model: Path, profile_dir: Path) -> None:
    paths = Paths(profile_dir)
    paths.prepare()
    LoadoutStore(paths.loadouts_file).save("Long", str(tiny_model), {"n_ctx": 1024})
    done = loadout("estimate", tiny_model, "--loadout", "long", "--set", "type_k=q8_0", "--json")
    assert done.json()["n_ctx"] == 1024
    assert done.json()["asked"] == {"n_ctx": 1024, "type_k": "q8_0"}


def test_a_draft_model_counts(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    draft = tiny_models.build_llama(tmp_path / "draft.gguf", n_layers=1)
    done = loadout(
        "estimate", tiny_model, "--set", "draft_source=model", "--set", f"draft_model={draft}", "--json"
    )
    assert done.exit_code == 0, done.stderr
    assert sum(device["draft_bytes"] for device in done.json()["devices"]) > draft.stat().st_size // 2
    assert (done.json()["n_draft_layers"], done.json()["n_draft_layers_offloaded"]) == (2, 0)
    text = loadout("estimate", tiny_model, "--set", "draft_source=model", "--set", f"draft_model={draft}")
    assert "draft model: 0 of 2 layers offloaded" in text.stdout
    assert " DRAFT " in text.stdout


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_several_devices_have_a_total_row(loadout: Program, tiny_model: Path) -> None:
    with rpc_worker() as worker:
        asked = ("estimate", tiny_model, "--set", f'rpc_servers=["{worker.endpoint}"]')
        record = loadout(*asked, "--json").json()
        text = loadout(*asked, "--set", "n_gpu_layers=1").stdout
    remote = next(device for device in record["devices"] if device["kind"] == "rpc")
    assert remote["n_layers"] == 3
    assert remote["kv_bytes"] > 0
    assert record["n_layers_offloaded"] == 3
    assert set(record["layer_devices"]) == {remote["name"]}
    rows = [line.split()[0] for line in text.splitlines() if line]
    assert {"CPU", remote["name"], "TOTAL"} <= set(rows)
    assert "1 of 3 layers offloaded" in text


def test_an_address_needs_only_the_header(loadout: Program, tmp_path: Path) -> None:
    path = tiny_models.build_random(tmp_path / "remote.gguf", 20_000_000)
    here = loadout("estimate", path, "--set", "use_mmap=off", "--json").json()
    with FileServer() as server:
        server.add(path)
        done = loadout("estimate", server.url(path.name), "--set", "use_mmap=off", "--json")
        text = loadout("estimate", server.url(path.name))
        missing = loadout("estimate", server.url("none.gguf"))
    assert done.exit_code == 0, done.stderr
    record = done.json()
    assert record["model"].startswith("http://")
    assert 0 < record["n_bytes_read"] < path.stat().st_size // 10
    for device, local in zip(record["devices"], here["devices"], strict=True):
        assert {part: device[f"{part}_bytes"] for part in PARTS} == {
            part: local[f"{part}_bytes"] for part in PARTS
        }
    assert "read from the server" in text.stdout
    assert missing.exit_code == 1
    assert missing.stdout == ""


# -- what cannot be answered ---------------------------------------------------------------------------------


def test_settings_that_cannot_work_are_refused_with_their_reason(loadout: Program, tiny_model: Path) -> None:
    done = loadout("estimate", tiny_model, "--set", "type_v=q8_0", "--set", "flash_attn=off", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "type_v: A quantised V cache needs flash attention" in done.stderr
    unknown = loadout("estimate", tiny_model, "--set", 'devices=["NONE7"]')
    assert unknown.exit_code == 2
    assert "NONE7" in unknown.stderr


def test_files_that_are_no_models(loadout: Program, tmp_path: Path, tiny_model: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes()[:5000])
    for arguments, code in (
        (("estimate", broken), 1),
        (("estimate", tmp_path / "none.gguf"), 1),
        (("estimate",), 2),
        (("estimate", "--history", "--reserve", "1GB"), 2),
        (("estimate", tiny_model, "--mmproj", tmp_path / "none.gguf"), 1),
        (("estimate", tiny_model, "--mmproj", tiny_model), 1),
        (("estimate", tiny_model, "--reserve", "lots"), 2),
        (("estimate", "http://127.0.0.1:9/model.gguf", "--loadout", "x"), 2),
    ):
        done = loadout(*arguments)
        assert (done.exit_code, done.stdout) == (code, ""), arguments
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders, and no user names behind a ~")
def test_names_that_the_system_itself_refuses(loadout: Program, tmp_path: Path, tiny_model: Path) -> None:
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    (tmp_path / "loop.gguf").symlink_to("loop.gguf")
    for arguments, code, complaint in (
        (("estimate", "x" * 5000), 1, "no such file"),
        (("estimate", "/" + "y/" * 3000 + "z.gguf"), 1, "no such file"),
        (("estimate", "~nobody-of-that-name/x.gguf"), 1, "no such file"),
        (("estimate", ""), 2, "empty"),
        (("estimate", pipe), 1, "not a file"),
        (("estimate", tmp_path / "loop.gguf"), 1, "no such file"),
        (("estimate", tiny_model, "--mmproj", "x" * 5000), 1, "no such file"),
        (("models", "x" * 5000), 1, "no such file"),
        (("models", "~nobody-of-that-name"), 1, "no such file"),
        (("estimate", "http://127.0.0.1:99999/x.gguf"), 1, "not the address of a file"),
    ):
        done = loadout(*arguments)
        assert (done.exit_code, done.stdout) == (code, ""), (arguments, done.stderr)
        assert complaint in done.stderr.lower(), done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names are always text here")
def test_a_file_whose_name_is_no_text(loadout: Program, tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    path = os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.gguf")
    shutil.copy(tiny_model, path)
    told = loadout("estimate", path, "--json")
    assert told.exit_code == 0, told.stderr
    assert told.json()["model"] == path
    assert loadout("models", folder, "--json").json()[0]["path"] == path
    assert r"\udcff\udcfe.gguf" in loadout("fit", path).stdout
    assert loadout("run", path, "--prompt", "a", "--max-tokens", 1).exit_code == 0


def test_the_draft_that_cannot_be_used_is_named(loadout: Program, tmp_path: Path, tiny_model: Path) -> None:
    draft = tmp_path / "draft.gguf"
    settings = ("--set", "draft_source=model", "--set", f"draft_model={draft}")
    missing = loadout("estimate", tiny_model, *settings)
    draft.write_text("nothing of a model")
    broken = loadout("estimate", tiny_model, *settings)
    for done in (missing, broken):
        assert (done.exit_code, done.stdout) == (2, "")
        assert str(draft) in done.stderr.splitlines()[-1]
        assert "draft_model" in done.stderr.splitlines()[-1]
    assert "no longer there" in missing.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [("estimate", "--json"), ("estimate",), ("fit",)])
def test_output_that_cannot_be_written_is_said(
    loadout: Program, tiny_model: Path, arguments: tuple[str, ...]
) -> None:
    command = loadout.command(arguments[0], tiny_model, *arguments[1:])
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=40, check=False)
    assert done.returncode == 1
    assert b"No space left" in done.stderr.splitlines()[-1]
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no shell that closes them")
def test_without_stdin_stdout_and_stderr_it_measures_too(loadout: Program, tiny_model: Path) -> None:
    command = shlex.join(loadout.command("estimate", tiny_model, "--json"))
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        code = subprocess.run(["/bin/sh", "-c", f"{command} {closed}"], cwd=ROOT, timeout=40, check=False)
        assert code.returncode == 0, closed


def test_no_process_is_left_and_the_file_is_not_touched(
    loadout: Program, tiny_model: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(tiny_model, tmp_path / "copy.gguf"))
    before = path.stat()
    process = loadout.start("estimate", path, "--json")
    output, _errors = process.communicate(timeout=40)
    assert json.loads(output)["verdict"]
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert not [
        child for child in psutil.Process().children(recursive=True) if "app" in " ".join(child.cmdline())
    ]


def test_ctrl_c_ends_it_with_130(loadout: Program) -> None:
    with FileServer() as server:
        server.misbehaves = lambda _request: server.stopping.wait(20)  # accepts and says nothing
        process = loadout.start("estimate", server.url("slow.gguf"))
        deadline = time.monotonic() + 20
        while not server.seen and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is no signal there")
@pytest.mark.parametrize("command", [("estimate", None), ("fit", None), ("rpc-worker", "--port", "0")])
def test_ctrl_c_in_a_terminal_reaches_a_process_that_is_just_starting(
    loadout: Program, tiny_model: Path, command: tuple[str | None, ...]
) -> None:
    """A terminal sends it to all of them; the one that is still importing ends with the first, without a word."""
    arguments = loadout.command(*(tiny_model if word is None else word for word in command))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=pipe, stderr=pipe, encoding="utf-8", start_new_session=True
    ) as process:
        children: list[psutil.Process] = []
        deadline = time.monotonic() + 20
        while len(children) < 2 and time.monotonic() < deadline:  # multiprocessing's own is one
            children = psutil.Process(process.pid).children()
        time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _output, errors = process.communicate(timeout=20)
    assert process.returncode == (0 if command[0] == "rpc-worker" else 130), errors
    assert "Traceback" not in errors
    assert "KeyboardInterrupt" not in errors
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_the_program_itself_loads_no_llama_cpp(tiny_model: Path, profile_dir: Path, python: str) -> None:
    code = (
        "import sys\nfrom app.__main__ import main\n"
        "if __name__ == '__main__':\n"
        f"    code = main(['--profile-dir', {str(profile_dir)!r}, 'estimate', {str(tiny_model)!r}])\n"
        "    assert 'llama_cpp' not in sys.modules and 'PySide6' not in sys.modules\n    sys.exit(code)\n"
    )
    script = profile_dir / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [python, str(script)], env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
