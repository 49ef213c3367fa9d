"""How a model would fit, held against trying every number of layers; and which file is recommended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.fit import FitStopped, MeasureError
from app.core.footprint import Assessment, Footprint, Verdict, assess
from app.core.gguf import ModelKind
from app.core.hub_fit import Advice, Fitness, Placement, Recommendation, fitness, recommend
from tests.core.synthetic_fit import MB, Synthetic, facts

VALUES = {"n_ctx": 8192}


def judge(footprint: Footprint) -> Assessment:
    return assess(footprint, reserve_bytes=lambda device: device.capacity_bytes // 20)


def found(model: Synthetic, **values: object) -> Fitness:
    return fitness({**VALUES, **values}, model.facts(), model, judge)


# -- where it lies ------------------------------------------------------------------------------------------


def test_a_model_that_fits_on_the_gpu_whole_takes_one_dry_run() -> None:
    model = Synthetic(capacity={"CPU": 64_000 * MB, "GPU0": 24_000 * MB})
    fit = found(model)
    assert fit.placement is Placement.GPU
    assert (fit.n_layers_offloaded, fit.n_layers) == (33, 33)
    assert fit.missing_bytes == 0
    assert not fit.is_tight
    assert model.n_calls == 1


def test_a_computer_without_a_gpu_takes_one_dry_run_too() -> None:
    model = Synthetic(capacity={"CPU": 64_000 * MB}, shares=())
    fit = found(model)
    assert (fit.placement, fit.n_layers_offloaded) == (Placement.MEMORY, 0)
    assert model.n_calls == 1


def test_a_model_too_large_for_either_says_what_is_missing() -> None:
    model = Synthetic(capacity={"CPU": 2_000 * MB, "GPU0": 1_000 * MB})
    fit = found(model)
    assert fit.placement is Placement.NOT
    assert fit.missing_bytes > 0
    assert fit.is_impossible
    assert not fit.fits_if_closed


def test_what_other_programs_hold_is_told_from_what_is_too_small() -> None:
    model = Synthetic(capacity={"CPU": 16_000 * MB}, shares=())

    def crowded(footprint: Footprint) -> Assessment:
        return assess(footprint, reserve_bytes=lambda _device: 0, free={"CPU": 1_000 * MB})

    fit = fitness(VALUES, model.facts(), model, crowded)
    assert fit.placement is Placement.NOT
    assert fit.fits_if_closed
    assert not fit.is_impossible


@given(
    layer_mb=st.integers(10, 400),
    gpu_mb=st.integers(500, 16_000),
    cpu_mb=st.integers(2_000, 20_000),
    n_layers=st.integers(1, 40),
)
def test_as_many_layers_as_trying_every_number_finds(
    layer_mb: int, gpu_mb: int, cpu_mb: int, n_layers: int
) -> None:
    capacity = {"CPU": cpu_mb * MB, "GPU0": gpu_mb * MB}
    model = Synthetic(n_layers=n_layers, layer_bytes=layer_mb * MB, capacity=capacity)
    fit = found(model)
    tried = {
        n: judge(model({**VALUES, "n_gpu_layers": n})).verdict for n in range(n_layers + 1, -1, -1)
    }  # the most layers first
    wanted = Verdict.FITS if Verdict.FITS in tried.values() else Verdict.TIGHT
    fitting = [n for n, verdict in tried.items() if verdict is wanted]
    if not fitting:
        assert fit.placement is Placement.NOT
        return
    assert fit.n_layers_offloaded == fitting[0]
    assert fit.is_tight == (wanted is Verdict.TIGHT)
    whole = Placement.GPU if fitting[0] == n_layers + 1 else Placement.PARTLY
    assert fit.placement is (whole if fitting[0] else Placement.MEMORY)


def test_a_search_among_many_layers_takes_few_dry_runs() -> None:
    model = Synthetic(n_layers=94, layer_bytes=1_000 * MB, capacity={"CPU": 90_000 * MB, "GPU0": 24_000 * MB})
    fit = found(model)
    assert fit.placement is Placement.PARTLY
    assert model.n_calls <= 10


def test_a_context_longer_than_trained_for_is_cut_and_0_is_the_models_own() -> None:
    model = Synthetic(capacity={"CPU": 64_000 * MB, "GPU0": 64_000 * MB})
    short = replace(model.facts(), n_ctx_train=2048)
    assert fitness({"n_ctx": 8192}, short, model, judge).n_ctx == 2048
    assert fitness({"n_ctx": 8192}, replace(short, n_ctx_train=0), model, judge).n_ctx == 8192
    assert fitness({"n_ctx": 0}, model.facts(), model, judge).n_ctx == 131_072


def test_a_refusal_and_a_stop_come_through() -> None:
    def refuse(_values: object) -> Footprint:
        raise MeasureError("no such architecture")

    def stop(_values: object) -> Footprint:
        raise FitStopped

    with pytest.raises(MeasureError, match="no such architecture"):
        fitness(VALUES, facts(), refuse, judge)
    with pytest.raises(FitStopped):
        fitness(VALUES, facts(), stop, judge)


# -- which one to take --------------------------------------------------------------------------------------

BITS = {
    "Q2_K": 2.9,
    "Q3_K_M": 3.9,
    "IQ4_XS": 4.25,
    "Q4_K_M": 4.85,
    "Q5_K_M": 5.7,
    "Q6_K": 6.6,
    "Q8_0": 8.5,
    "F16": 16,
}


def repository(gpu_mb: int, cpu_mb: int, *, n_mparams: int = 8_000, only: str = "") -> dict[str, Fitness]:
    """The usual quantisations of a model of that size on such a computer; a GPU of 0 is none."""
    fits: dict[str, Fitness] = {}
    for name, bits in BITS.items():
        if only and name not in only.split():
            continue
        layer_bytes = int(n_mparams * MB * bits / 8 / 34)
        model = Synthetic(
            layer_bytes=layer_bytes,
            output_bytes=layer_bytes,
            capacity={"CPU": cpu_mb * MB, "GPU0": gpu_mb * MB},
            shares=(1.0,) if gpu_mb else (),
        )
        header = replace(model.facts(), bits_per_weight=float(bits), quantisation=name)
        fits[name] = fitness(VALUES, header, model, judge)
    return fits


@pytest.mark.parametrize(
    ("gpu_mb", "cpu_mb", "only", "key", "advice"),
    [
        (24_000, 64_000, "", "Q6_K", Advice.FINE_ENOUGH),
        (7_500, 64_000, "", "Q5_K_M", Advice.FINEST_ON_GPU),
        (6_000, 64_000, "Q2_K Q3_K_M Q8_0", "Q3_K_M", Advice.COARSER_FOR_GPU),
        (3_000, 64_000, "", "Q4_K_M", Advice.BALANCED_PARTLY),
        (0, 64_000, "", "Q4_K_M", Advice.BALANCED_IN_MEMORY),
        (0, 4_500, "Q2_K Q3_K_M Q8_0", "Q2_K", Advice.ONLY_ONE),
        (0, 5_600, "Q2_K Q3_K_M Q8_0", "Q3_K_M", Advice.FINEST_THAT_FITS),
        (24_000, 64_000, "F16 Q8_0", "Q8_0", Advice.FINE_ENOUGH),
        (24_000, 64_000, "Q4_K_M", "Q4_K_M", Advice.ONLY_ONE),
    ],
)
def test_what_is_recommended_and_why(gpu_mb: int, cpu_mb: int, only: str, key: str, advice: Advice) -> None:
    assert recommend(repository(gpu_mb, cpu_mb, only=only)) == Recommendation(key, advice)


def test_nearly_whole_is_better_than_coarse() -> None:
    fits = repository(5_750, 64_000, only="Q2_K Q3_K_M Q4_K_M")
    assert fits["Q4_K_M"].placement is Placement.PARTLY
    assert fits["Q4_K_M"].n_layers_offloaded >= 30
    assert recommend(fits) == Recommendation("Q4_K_M", Advice.BALANCED_PARTLY)


def test_nothing_is_recommended_where_nothing_fits() -> None:
    assert recommend(repository(0, 1_000)) is None
    assert recommend({}) is None


def test_only_what_can_be_chatted_with_is_recommended() -> None:
    fits = repository(24_000, 64_000, only="Q4_K_M Q6_K")
    fits["Q6_K"] = replace(fits["Q6_K"], facts=replace(fits["Q6_K"].facts, kind=ModelKind.EMBEDDING))
    assert recommend(fits) == Recommendation("Q4_K_M", Advice.ONLY_ONE)


def test_a_tight_one_is_taken_only_where_there_is_no_other() -> None:
    fits = repository(24_000, 64_000, only="Q4_K_M Q6_K")
    tight = replace(fits["Q6_K"].assessment, verdict=Verdict.TIGHT)
    fits["Q6_K"] = replace(fits["Q6_K"], assessment=tight)
    best = recommend(fits)
    assert best == Recommendation("Q4_K_M", Advice.FINEST_WITH_ROOM)
    fits["Q4_K_M"] = replace(fits["Q4_K_M"], assessment=tight)
    best = recommend(fits)
    assert best is not None
    assert best.key == "Q6_K"
