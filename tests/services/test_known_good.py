"""Settings that worked, and a plan that takes less."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.gguf import facts
from app.core.settings import LOAD
from app.services.known_good import KnownGood
from app.services.smaller_plan import smaller_plan


def test_what_worked_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "known-good.json"
    known = KnownGood(path)
    assert known.get("/m.gguf") is None
    known.put("/m.gguf", {"n_ctx": 2048, "n_gpu_layers": LOAD["n_gpu_layers"].default})
    assert KnownGood(path).get("/m.gguf") == {"n_ctx": 2048}


def test_values_of_another_version_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "known-good.json"
    path.write_text('{"version": 1, "models": {"/m.gguf": {"n_ctx": 2048, "gone": 1, "type_k": 7}, "/x": 3}}')
    known = KnownGood(path)
    assert known.get("/m.gguf") == {"n_ctx": 2048}
    assert known.get("/x") is None


def test_the_newest_models_are_kept(tmp_path: Path) -> None:
    known = KnownGood(tmp_path / "known-good.json")
    for number in range(203):
        known.put(f"/{number}.gguf", {"n_ctx": 512 + number})
    assert known.get("/0.gguf") is None
    assert known.get("/202.gguf") == {"n_ctx": 714}


def test_a_smaller_plan_is_smaller_in_everything(tiny_model: Path) -> None:
    values = {"n_ctx": 32768, "n_gpu_layers": -1, "n_batch": 2048, "n_ubatch": 512}
    smaller = smaller_plan(values, facts(tiny_model))
    assert smaller["n_ctx"] == 8192
    n_layers = facts(tiny_model).n_layers + 1
    assert 0 <= smaller["n_gpu_layers"] < n_layers
    assert smaller["n_ubatch"] == 256
    cleaned, problems = LOAD.check(smaller)
    assert (cleaned, problems) == (smaller, [])
    drafted = {"draft_source": "model", "draft_model": "/small.gguf"}
    assert smaller_plan({**values, **drafted}, facts(tiny_model)) == {**smaller, "draft_model": "/small.gguf"}


def test_without_devices_no_layers_are_counted(tiny_model: Path) -> None:
    assert "n_gpu_layers" not in smaller_plan({"n_ctx": 8192}, facts(tiny_model), can_offload=False)


@pytest.mark.parametrize("n_ctx", [512, 1024])
def test_the_smallest_context_stays(n_ctx: int) -> None:
    assert smaller_plan({"n_ctx": n_ctx}, None)["n_ctx"] == n_ctx
