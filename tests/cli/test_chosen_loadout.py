"""``--loadout``: commands that start from what was saved in the window, and note what they measured."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.core.settings.loadouts import LoadoutStore
from app.paths import Paths
from tests.cli.program import Program

_SMALL = ("--prompt-tokens", 32, "--gen-tokens", 16, "--repeat", 2, "--json")


@pytest.fixture
def store(profile_dir: Path, tiny_model: Path) -> LoadoutStore:
    paths = Paths(profile_dir)
    paths.prepare()
    store = LoadoutStore(paths.loadouts_file)
    store.save("Small", str(tiny_model), {"n_ctx": 256, "n_threads": 1})
    return store


def test_bench_loads_a_loadout_and_notes_its_speed(
    loadout: Program, store: LoadoutStore, tiny_model: Path
) -> None:
    before = time.time()
    done = loadout("bench", tiny_model, *_SMALL, "--loadout", "small")
    assert done.exit_code == 0, done.stderr
    report = done.json()
    assert report["asked"]["load"] == {"n_ctx": 256, "n_threads": 1}
    assert report["got"]["n_ctx"] == 256
    noted = store.get(str(tiny_model), "Small")  # as the window sees it, without starting anew
    assert noted.measured_tok_s == report["generation"]["tokens_per_second"]["mean"]
    assert noted.measured_prompt_tok_s == report["prompt"]["tokens_per_second"]["mean"]
    assert noted.last_run_at is not None
    assert noted.last_run_at >= before


def test_a_changed_loadout_is_not_credited(loadout: Program, store: LoadoutStore, tiny_model: Path) -> None:
    done = loadout("bench", tiny_model, *_SMALL, "--loadout", "Small", "--set", "n_threads=2")
    assert done.exit_code == 0, done.stderr
    assert done.json()["asked"]["load"] == {"n_ctx": 256, "n_threads": 2}
    assert store.get(str(tiny_model), "Small").measured_tok_s is None


def test_run_takes_a_loadout_too(loadout: Program, store: LoadoutStore, tiny_model: Path) -> None:
    done = loadout("run", tiny_model, "--loadout", "Small", "--prompt", "a", "--max-tokens", 2, "--json")
    assert done.exit_code == 0, done.stderr
    assert done.json()["got"]["n_ctx"] == 256


def test_an_unknown_loadout_is_a_usage_error_that_names_the_known(
    loadout: Program, store: LoadoutStore, tiny_model: Path
) -> None:
    done = loadout("bench", tiny_model, "--loadout", "large")
    assert done.exit_code == 2
    assert "Small" in done.stderr
