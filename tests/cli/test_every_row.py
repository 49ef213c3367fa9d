"""Every row of the settings tables on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.arguments import _load_setting, _sampling_setting
from app.core.gguf import facts
from app.core.settings import LOAD, SAMPLING, Setting
from app.core.settings.bounds import model_defaults
from tests.cli.program import Program


@pytest.mark.parametrize("row", LOAD, ids=lambda row: row.key)
def test_a_load_setting_reads_its_own_default(row: Setting) -> None:
    assert _load_setting(f"{row.key}={row.format(row.default)}") == (row.key, row.default)


@pytest.mark.parametrize("row", SAMPLING, ids=lambda row: row.key)
def test_a_sampling_setting_reads_its_own_default(row: Setting) -> None:
    assert _sampling_setting(f"{row.key}={row.format(row.default)}") == (row.key, row.default)


def test_the_worker_takes_every_setting_at_once(loadout: Program, tiny_model: Path) -> None:
    """Given in full, the defaults make the same reply as when nothing is given."""
    seeded = ("run", tiny_model, "--prompt", "hello", "--max-tokens", 20, "--sample", "seed=5", "--json")
    own = model_defaults(facts(tiny_model))
    spelled_out: list[str] = []
    for table, option in ((LOAD, "--set"), (SAMPLING, "--sample")):
        for row in table:
            if row.available and row.key not in {"seed", "max_tokens"}:
                default = own.get(row.key, row.default)
                spelled_out += [option, f"{row.key}={row.format(default)}"]
    short, full = loadout(*seeded), loadout(*seeded, *spelled_out)
    assert full.exit_code == 0, full.stderr
    assert full.json()["text"] == short.json()["text"]
    assert full.json()["got"]["settings"] == short.json()["got"]["settings"]


def test_a_setting_that_is_not_built_yet_is_refused_rather_than_ignored(
    loadout: Program, tiny_model: Path
) -> None:
    waiting = [row for row in LOAD if not row.available]
    if not waiting:
        pytest.skip("everything is built")
    row = waiting[0]
    done = loadout("run", tiny_model, "--prompt", "a", "--set", f"{row.key}={row.format(row.default)}")
    assert done.exit_code == 2
    assert "not available yet" in done.stderr
