"""``loadout fit``: plans that fit, as a person or a script asks for them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import LOAD
from tests import tiny_models
from tests.cli.program import Program
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

needs_rpc = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)


@pytest.fixture(scope="module")
def deep_model(models_dir: Path) -> Path:
    """Twelve layers, and a context of 8192 tokens."""
    return tiny_models.build_llama(
        models_dir / "deep.gguf", n_layers=12, n_embd=128, n_ff=512, n_ctx_train=8192, quantisation="q8_0"
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with rpc_worker() as worker:
        yield f'rpc_servers=["{worker.endpoint}"]'


def remote(plan: dict[str, Any]) -> dict[str, Any]:
    return next(device for device in plan["devices"] if device["kind"] == "rpc")


def test_what_fits_as_asked_is_the_first_plan(loadout: Program, deep_model: Path) -> None:
    done = loadout("fit", deep_model, "--set", "n_seq_max=2", "--json")
    assert done.exit_code == 0, done.stderr
    record = done.json()
    first = record["plans"][0]
    assert first["changes"] == {}
    assert first["values"] == {"n_seq_max": 2, "n_threads": 1}
    assert first["run_arguments"] == ["--set", "n_seq_max=2"]
    assert first["command"] == shlex.join(["loadout", "run", str(deep_model), "--set", "n_seq_max=2"])
    assert first["verdict"] == "fits"
    assert record["pinned"] == ["n_seq_max"]
    assert record["nearest"] is None
    assert record["n_dry_runs"] >= 2
    assert any(plan["n_ctx"] == 8192 for plan in record["plans"])  # gained


@needs_rpc
def test_a_limit_on_a_device_gives_fewer_layers_and_other_ways(
    loadout: Program, deep_model: Path, server: str
) -> None:
    asked = ("--set", server, "--set", "n_ubatch=64")
    whole = loadout("estimate", deep_model, *asked, "--json").json()
    limit = remote(whole)["total_bytes"] * 2 // 3
    name = remote(whole)["name"]
    done = loadout("fit", deep_model, *asked, "--device-limit", f"{name.lower()}={limit}", "--json")
    assert done.exit_code == 0, done.stderr
    record = done.json()
    assert record["device_limits"] == {name: limit}
    assert 2 <= len(record["plans"]) <= 6
    assert all(remote(plan)["total_bytes"] <= limit for plan in record["plans"])
    fewer = next(plan for plan in record["plans"] if set(plan["changes"]) == {"n_gpu_layers"})
    assert 0 < fewer["n_layers_offloaded"] < 13
    assert fewer["changes"]["n_gpu_layers"] == fewer["n_layers_offloaded"]
    one_more = [f"--set=n_gpu_layers={fewer['n_layers_offloaded'] + 1}"]
    more = loadout("estimate", deep_model, *asked, *one_more, "--json").json()
    assert remote(more)["total_bytes"] > limit


@needs_rpc
def test_a_plan_used_as_it_says_takes_what_it_says(loadout: Program, deep_model: Path, server: str) -> None:
    record = loadout(
        "fit", deep_model, "--set", server, "--device-limit", "RPC0=2.5MB", "--set", "n_ubatch=64", "--json"
    ).json()
    assert record["plans"]
    plan = record["plans"][0]
    words = shlex.split(plan["command"])
    assert words[:3] == ["loadout", "run", str(deep_model)]
    assert words[3:] == plan["run_arguments"]
    done = loadout("run", deep_model, *plan["run_arguments"], "--prompt", "a", "--max-tokens", 1, "--json")
    assert done.exit_code == 0, done.stderr
    got = done.json()["got"]
    assert got["n_ctx"] == plan["n_ctx"]
    assert got["n_layers_offloaded"] == plan["n_layers_offloaded"]
    taken = next(device for device in got["devices"] if device["kind"] == "rpc")
    for part in ("weights", "kv", "compute"):
        assert abs(taken[f"{part}_bytes"] - remote(plan)[f"{part}_bytes"]) <= 2 * 10_500


@needs_rpc
def test_what_is_given_is_kept(loadout: Program, deep_model: Path, server: str) -> None:
    asked = ("--set", server, "--device-limit", "RPC0=2MB")
    record = loadout(
        "fit", deep_model, *asked, "--ctx", 8192, "--set", "type_k=q8_0", "--keep", "type_v", "--json"
    ).json()
    assert record["pinned"] == ["n_ctx", "rpc_servers", "type_k", "type_v"]
    assert record["plans"]
    for plan in record["plans"]:
        values = LOAD.defaults() | plan["values"]
        assert (values["n_ctx"], values["type_k"], values["type_v"]) == (8192, "q8_0", "f16")


def test_where_nothing_fits_the_nearest_plan_and_the_amount_are_said(
    loadout: Program, deep_model: Path
) -> None:
    asked = ("fit", deep_model, "--device-limit", "CPU=100kB")
    done = loadout(*asked, "--json")
    assert done.exit_code == 0, done.stderr
    record = done.json()
    assert record["plans"] == []
    assert record["nearest"]["verdict"] == "does_not_fit"
    assert record["nearest"]["devices"][0]["missing_bytes"] > 0
    text = loadout(*asked)
    assert text.exit_code == 0
    assert "Nothing that may be changed makes it fit" in text.stdout
    assert "too small" in text.stdout


def test_the_table_lists_plans_and_how_to_use_them(loadout: Program, deep_model: Path) -> None:
    done = loadout("fit", deep_model)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["LAYERS", "CONTEXT", "CPU", "CHANGES"]
    assert lines[1].split()[0] == "1"
    assert "none: as asked" in lines[1]
    assert f"1: loadout run {deep_model}" in lines
    assert any(line.startswith("2: loadout run") and "--set n_ctx=8192" in line for line in lines)
    assert "measured by llama.cpp" in lines[-1]


def test_a_context_that_is_the_tables_default_is_still_an_argument(loadout: Program, tmp_path: Path) -> None:
    """`run` would take the shorter context that the model was trained with."""
    short = tiny_models.build_llama(tmp_path / "short.gguf", n_ctx_train=1024)
    record = loadout("fit", short, "--ctx", 4096, "--json").json()
    assert record["plans"][0]["run_arguments"] == ["--set", "n_ctx=4096"]
    assert loadout("fit", short, "--json").json()["plans"][0]["run_arguments"] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--device-limit", "GPU9=1GB"], "there is no such device; there are CPU"),
        (["--device-limit", "CPU"], "needs DEV=SIZE"),
        (["--device-limit", "CPU=many"], "must be a size"),
        (["--ctx", "8k"], "must be a whole number"),
        (["--ctx", "99999999999"], "n_ctx"),
        (["--ctx", "512", "--set", "n_ctx=1024"], "name different contexts"),
        (["--keep", "n_ctxx"], "is no load setting"),
        (["--set", "type_v=q8_0", "--set", "flash_attn=off"], "needs flash attention"),
        (["--loadout", "none"], "has no loadout"),
    ],
)
def test_wrong_usage(loadout: Program, tiny_model: Path, arguments: list[str], complaint: str) -> None:
    done = loadout("fit", tiny_model, *arguments, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_file(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes()[:5000])
    done = loadout("fit", broken, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "broken.gguf" in done.stderr


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("8GB", 8e9),
        ("7.5GiB", 7.5 * 2**30),
        ("512M", 512e6),
        ("100 kb", 1e5),
        ("1234", 1234),
        ("2T", 2e12),
        (".5G", 5e8),
    ],
)
def test_sizes(text: str, size_bytes: float) -> None:
    from app.cli.arguments import device_size, size

    assert size(text) == int(size_bytes)
    assert device_size(f"CUDA0={text}") == ("CUDA0", int(size_bytes))
