"""Limits and defaults that follow from a model and a computer, and layers of settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.gguf import ModelFacts, facts
from app.core.settings import LOAD, Reason
from app.core.settings.bounds import bounds, model_defaults, used_if_unset, why_pointless
from app.core.settings.layers import origin, resolve
from app.core.settings.load_mode import load_mode
from app.core.settings.machine import Device, Machine
from tests.tiny_models import build_llama, build_moe


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    return facts(build_llama(tmp_path_factory.mktemp("models") / "m.gguf", n_ctx_train=1024, n_layers=3))


def test_without_model_and_machine_the_rows_own_range_holds() -> None:
    for row in LOAD:
        found = bounds(row)
        assert (found.minimum, found.maximum, found.slider) == (row.minimum, row.maximum, row.slider)


def test_sliders_span_what_the_model_has(small: ModelFacts) -> None:
    assert bounds(LOAD["n_ctx"], small).slider == (512, 1024)
    assert bounds(LOAD["n_ctx"], small).maximum == LOAD["n_ctx"].maximum, "longer stays legal, with a warning"
    assert bounds(LOAD["n_gpu_layers"], small).slider == (0, 4)
    assert bounds(LOAD["n_cpu_moe"], small).slider == (0, 3)


def test_experts_cannot_be_more_than_there_are(tmp_path: Path) -> None:
    found = bounds(LOAD["n_expert_used"], facts(build_moe(tmp_path / "moe.gguf", n_expert=4)))
    assert (found.maximum, found.slider) == (4, (1, 4))


def test_threads_and_main_gpu_span_what_the_machine_has() -> None:
    machine = Machine(4, 8, devices=(Device("CPU", "cpu"), Device("A"), Device("B"), Device("C", "rpc")))
    assert bounds(LOAD["n_threads"], None, machine).slider == (1, 8)
    assert bounds(LOAD["main_gpu"], None, machine).slider == (0, 2)
    assert bounds(LOAD["n_batch"], None, machine).slider == LOAD["n_batch"].slider


def test_sliders_stay_legal_for_models_of_any_size(tmp_path: Path) -> None:
    tiny = facts(build_llama(tmp_path / "m.gguf", n_ctx_train=64))
    for row in LOAD:
        found = bounds(row, tiny, Machine(1, 1, devices=(Device("A"),)))
        if found.slider is not None:
            low, high = found.slider
            assert found.minimum is not None
            assert found.maximum is not None
            assert found.minimum <= low <= high <= found.maximum


def test_the_default_context_never_exceeds_the_trained_one(small: ModelFacts, tmp_path: Path) -> None:
    assert model_defaults(None) == {}
    assert resolve(LOAD, model_defaults(small))["n_ctx"] == 1024
    long = facts(build_llama(tmp_path / "long.gguf", n_ctx_train=32768))
    assert resolve(LOAD, model_defaults(long))["n_ctx"] == LOAD["n_ctx"].default


def test_a_tiny_model_computes_with_one_thread_by_default(small: ModelFacts) -> None:
    assert resolve(LOAD, model_defaults(small))["n_threads"] == 1
    assert model_defaults(replace(small, n_params=500_000_000)).get("n_threads") is None


def test_later_layers_win_and_strangers_are_left_out() -> None:
    app, saved, now = {"n_ctx": 8192, "n_batch": 256}, {"n_ctx": 1024, "stranger": 1}, {"n_threads": None}
    values = resolve(LOAD, app, saved, now)
    assert (values["n_ctx"], values["n_batch"], values["n_ubatch"]) == (1024, 256, 512)
    assert set(values) == set(LOAD.keys())
    assert [origin(LOAD, key, app, saved, now) for key in ("n_ctx", "n_batch", "n_threads", "type_k")] == [
        1,
        0,
        2,
        -1,
    ]
    with pytest.raises(KeyError):
        origin(LOAD, "stranger", saved)


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ({}, "auto"),
        ({"use_mmap": True}, "mmap"),
        ({"use_mmap": False}, "none"),
        ({"use_mlock": True}, "mmap+mlock"),
        ({"use_mmap": True, "use_mlock": True}, "mmap+mlock"),
        ({"use_mmap": False, "use_mlock": True}, "mlock"),
        ({"use_direct_io": True, "use_mlock": True}, "dio"),
    ],
)
def test_three_switches_make_one_load_mode(values: dict[str, bool], mode: str) -> None:
    assert load_mode(values) == mode


def test_load_modes_are_known_to_llama_cpp() -> None:
    from llama_cpp import llama_cpp as lib

    for values in ({}, {"use_mmap": True}, {"use_mmap": False}, {"use_mlock": True}, {"use_direct_io": True}):
        mode = load_mode(values)
        assert lib.llama_load_mode_name(lib.llama_load_mode_from_str(mode.encode())) == mode.encode()


def test_the_number_used_where_a_row_is_unset(small: ModelFacts, tmp_path: Path) -> None:
    machine = Machine(n_physical_cores=6, n_logical_cores=12)
    values = LOAD.defaults()
    assert used_if_unset("n_threads", values) is None, "nothing is known of the computer"
    assert used_if_unset("n_threads", values, small, machine) == 6
    assert used_if_unset("n_threads_batch", values, small, machine) == 6
    assert used_if_unset("n_threads_batch", values | {"n_threads": 3}, small, machine) == 3
    assert used_if_unset("n_expert_used", values, small, machine) is None
    moe = facts(build_moe(tmp_path / "moe.gguf", n_expert=4))
    assert used_if_unset("n_expert_used", values, moe, machine) == moe.n_expert_used > 0
    assert used_if_unset("n_ctx", values, small, machine) is None


def test_rows_about_experts_are_pointless_without_any(small: ModelFacts, tmp_path: Path) -> None:
    moe = facts(build_moe(tmp_path / "moe.gguf", n_expert=4))
    for key in ("n_cpu_moe", "n_expert_used"):
        assert why_pointless(key, small) is Reason.NO_EXPERTS
        assert why_pointless(key, moe) is None
        assert why_pointless(key, None) is None
    assert why_pointless("n_ctx", small) is None
