"""What batches take is measured once after loading, and not for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine import calibration
from app.engine.bindings import lib
from app.engine.step_costs import StepCosts
from tests.engine.conftest import Load


def test_sizes_up_to_the_largest_are_measured_and_the_cache_is_empty_then(
    tiny_model: Path, load: Load
) -> None:
    loaded = load(tiny_model, draft_source="ngram", draft_ngram_length=39)
    costs = StepCosts()
    calibration.calibrate(loaded, costs, 40)
    known = [size for size, _ in costs.measured()]
    assert {1, 2, 4, 8, 17, 40} <= set(known)
    assert costs.ms(40) > costs.ms(1) > 0
    assert lib.llama_memory_seq_pos_max(lib.llama_get_memory(loaded.context), 0) == -1


def test_a_slow_model_is_asked_twice_and_for_no_very_large_batch(
    tiny_model: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "_BUDGET_S", 0.0)
    loaded = load(tiny_model, draft_source="ngram", draft_ngram_length=199)
    costs = StepCosts()
    calibration.calibrate(loaded, costs, 200)
    assert [size for size, _ in costs.measured()] == [1, 17]
    small = StepCosts()
    calibration.calibrate(loaded, small, 4)
    assert [size for size, _ in small.measured()] == [1, 4]
