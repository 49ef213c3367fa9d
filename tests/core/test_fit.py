"""The search for plans that fit, against trying everything."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.fit import Fit, FitPlan, FitStopped, MeasureError, fit
from app.core.fit_judge import limited_judge
from app.core.fit_ladder import Ladder
from app.core.fit_runs import DryRuns
from app.core.footprint import Assessment, DeviceFootprint, Footprint, Verdict
from app.core.settings import LOAD
from tests.core.synthetic_fit import MB, Synthetic

Judge = Callable[[Footprint], Assessment]
GB = 1000 * MB
ALL = {"n_gpu_layers": -1}


def judge(limits: Mapping[str, int] | None = None, reserve_bytes: int = 0) -> Judge:
    return limited_judge(limits or {}, reserve_bytes=lambda _device: reserve_bytes)


def searched(
    model: Synthetic,
    limits: dict[str, int],
    values: dict[str, Any] | None = None,
    pinned: tuple[str, ...] = (),
) -> Fit:
    return fit(values or {}, model.facts(), model, judge(limits), pinned=pinned)


def rungs_of(model: Synthetic, values: Mapping[str, Any], pinned: tuple[str, ...]) -> Ladder:
    top = model({**values, **Ladder.top(values, pinned)})
    return Ladder.of(values, model.facts(), top, pinned)


def best_by_trying(
    model: Synthetic, values: Mapping[str, Any], decide: Judge, pinned: tuple[str, ...] = ()
) -> dict[str, Any] | None:
    """The first rung of the whole ladder that fits, by trying each."""
    for rung in rungs_of(model, values, pinned).rungs:
        if decide(model({**values, **rung})).verdict is Verdict.FITS:
            return rung
    return None


def assert_exact(
    found: Fit, model: Synthetic, limits: dict[str, int], asked: dict[str, Any], pinned: tuple[str, ...] = ()
) -> None:
    """Every plan fits and has the very layers that trying all of them finds; so has what was asked."""
    decide = judge(limits)
    for plan in found.plans:
        assert decide(model(plan.values)).verdict is Verdict.FITS
        rung = best_by_trying(model, plan.values, decide, pinned)
        assert rung is not None
        assert {key: plan.values.get(key, LOAD[key].default) for key in rung} == rung, plan.changes
    rung = best_by_trying(model, asked, decide, pinned)
    if rung is not None:
        as_asked = LOAD.changed({**asked, **rung})
        alike = [plan.values for plan in found.plans if set(plan.changes) <= PLACEMENT]
        assert as_asked in alike or any(is_better_placed(plan, as_asked) for plan in alike)


PLACEMENT = {"n_gpu_layers", "n_cpu_moe", "tensor_split"}


def is_better_placed(plan: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether more is on the devices, thanks to another split."""

    def place(values: dict[str, Any]) -> tuple[int, int]:
        n_layers = values.get("n_gpu_layers", -1)
        return (n_layers if n_layers >= 0 else 10_000, -values.get("n_cpu_moe", 0))

    return "tensor_split" in plan and place(plan) > place(other)


# -- what is found -------------------------------------------------------------------------------------------


def test_what_fits_as_it_is_comes_first_and_longer_contexts_are_offered() -> None:
    model = Synthetic()
    found = searched(model, {"GPU0": 20 * GB}, {"n_ctx": 8192})
    first = found.plans[0]
    assert first.changes == {}
    assert first.values == {"n_ctx": 8192}
    assert (first.n_layers_offloaded, first.n_layers, first.n_ctx) == (33, 33, 8192)
    longer = [plan for plan in found.plans if plan.n_ctx > 8192]
    assert longer
    assert all(plan.n_layers_offloaded == 33 for plan in longer)
    assert {plan.values.get("type_k", "f16") for plan in longer} == {"f16", "q8_0"}
    assert found.nearest is None
    assert found.refusal is None
    assert found.is_complete


def test_the_longest_context_at_all_layers_is_the_longest_double_that_fits() -> None:
    model = Synthetic()
    limits = {"GPU0": 16 * GB}
    found = searched(model, limits, {"n_ctx": 8192})
    doubles = [8192 << n for n in range(1, 5)]
    fitting = [n for n in doubles if judge(limits)(model({"n_ctx": n})).verdict is Verdict.FITS]
    offered = [plan.n_ctx for plan in found.plans if plan.values.get("type_k", "f16") == "f16"]
    assert max(offered) == max(fitting)


def test_what_does_not_fit_whole_is_offered_with_fewer_layers_smaller_kv_and_shorter_context() -> None:
    model = Synthetic()
    limits = {"GPU0": 7 * GB}
    found = searched(model, limits, {"n_ctx": 32_768})
    assert_exact(found, model, limits, {"n_ctx": 32_768})
    assert 2 <= len(found.plans) <= 6
    kinds = {tuple(sorted(plan.changes)) for plan in found.plans}
    assert ("n_gpu_layers",) in kinds
    assert any("type_k" in kind for kind in kinds)
    assert any("n_ctx" in kind for kind in kinds)
    assert found.n_dry_runs <= 60


def test_no_plan_is_worse_than_another_in_everything() -> None:
    found = searched(Synthetic(), {"GPU0": 7 * GB}, {"n_ctx": 32_768})

    def good(plan: FitPlan) -> tuple[float, ...]:
        bits = {"f16": 16.0, "q8_0": 8.5, "q4_0": 4.5}
        values = {**LOAD.defaults(), **plan.values}
        return (
            plan.n_ctx, plan.n_layers_offloaded, bits[values["type_k"]], bits[values["type_v"]],
            values["n_ubatch"], values["offload_kqv"],
        )  # fmt: skip

    for one, other in itertools.permutations(found.plans, 2):
        assert any(a > b for a, b in zip(good(one), good(other), strict=True))


def test_the_answer_is_the_same_every_time() -> None:
    first, second = (
        searched(Synthetic(shares=(2.0, 1.0)), {"GPU0": 3 * GB, "GPU1": 2 * GB}) for _ in range(2)
    )
    assert [plan.values for plan in first.plans] == [plan.values for plan in second.plans]
    assert first.n_dry_runs == second.n_dry_runs


def test_no_plan_is_measured_twice() -> None:
    model = Synthetic()
    seen: list[str] = []

    def measure(values: Mapping[str, Any]) -> Footprint:
        seen.append(repr(sorted(LOAD.changed(values).items())))
        return model(values)

    found = fit({"n_ctx": 32_768}, model.facts(), measure, judge({"GPU0": 7 * GB}))
    assert len(seen) == len(set(seen)) == found.n_dry_runs


def test_experts_go_to_main_memory_before_layers_do() -> None:
    model = Synthetic(layer_bytes=40 * MB, expert_bytes=400 * MB)
    limits = {"GPU0": 8 * GB}
    found = searched(model, limits, {"n_ctx": 8192})
    assert_exact(found, model, limits, {"n_ctx": 8192})
    asked = next(plan for plan in found.plans if plan.n_ctx == 8192 and "type_k" not in plan.values)
    assert 0 < asked.values["n_cpu_moe"] < 32
    assert asked.n_layers_offloaded == 33
    scarce = {"GPU0": int(1.5 * GB)}
    found = searched(model, scarce, {"n_ctx": 8192})
    assert_exact(found, model, scarce, {"n_ctx": 8192})
    asked = next(plan for plan in found.plans if plan.n_ctx == 8192 and "type_k" not in plan.values)
    assert asked.values["n_cpu_moe"] == 32
    assert 0 < asked.n_layers_offloaded < 33


def test_several_devices_get_what_they_have_room_for() -> None:
    model = Synthetic(shares=(1.0, 1.0))
    limits = {"GPU0": int(1.5 * GB), "GPU1": 5 * GB}
    found = searched(model, limits, {"n_ctx": 8192})
    assert_exact(found, model, limits, {"n_ctx": 8192})
    left_alone = searched(model, limits, {"n_ctx": 8192}, ("tensor_split",))
    assert all("tensor_split" not in plan.values for plan in left_alone.plans)
    asked = [
        next(plan for plan in fit.plans if set(plan.changes) <= PLACEMENT) for fit in (found, left_alone)
    ]
    assert len(asked[0].values["tensor_split"]) == 2
    assert asked[0].n_layers_offloaded > asked[1].n_layers_offloaded + 5


def test_without_a_device_to_offload_to_it_is_about_main_memory() -> None:
    model = Synthetic(shares=())
    found = searched(model, {"CPU": 9 * GB}, {"n_ctx": 32_768})
    assert found.plans
    assert all("n_gpu_layers" not in plan.values for plan in found.plans)
    assert any(plan.n_ctx < 32_768 or "type_k" in plan.values for plan in found.plans)
    roomy = searched(model, {"CPU": 40 * GB}, {"n_ctx": 32_768})
    assert roomy.plans[0].changes == {}


def test_less_than_the_reserve_is_taken_only_where_nothing_leaves_it() -> None:
    model = Synthetic(capacity={"CPU": 8 * GB, "GPU0": 1 * GB})
    tight = fit({"n_ctx": 4096}, model.facts(), model, judge(reserve_bytes=int(0.9 * GB)))
    assert tight.plans
    assert all(plan.is_tight for plan in tight.plans)
    fits = fit({"n_ctx": 4096}, model.facts(), model, judge(reserve_bytes=GB // 10))
    assert fits.plans
    assert not any(plan.is_tight for plan in fits.plans)


def test_where_nothing_fits_the_nearest_plan_says_by_how_much() -> None:
    model = Synthetic()
    found = searched(model, {"GPU0": GB, "CPU": 2 * GB})
    assert found.plans == ()
    assert found.nearest is not None
    assert found.nearest.assessment.verdict is Verdict.DOES_NOT_FIT
    assert found.nearest.assessment.worst is not None
    assert found.nearest.assessment.worst.missing_bytes > 0


def test_a_plan_that_loads_is_nearer_than_one_that_cannot() -> None:
    def measure(values: Mapping[str, Any]) -> Footprint:
        on_gpu = values.get("n_gpu_layers") != 0
        gpu = DeviceFootprint("GPU0", "", "gpu", GB + MB if on_gpu else 0, free_bytes=GB, capacity_bytes=GB)
        mapped = 0 if on_gpu else 9 * GB
        cpu = DeviceFootprint("CPU", "", "cpu", mapped, mapped_bytes=mapped, free_bytes=GB, capacity_bytes=GB)
        return Footprint((gpu, cpu), (), ("CPU",), 512, 512, True, 1.0)

    runs = DryRuns(measure, judge(), math.inf)
    for n_layers in (1, 0):
        runs({"n_gpu_layers": n_layers})
    nearest = runs.nearest()
    assert nearest is not None
    assert nearest.values == {"n_gpu_layers": 0}


# -- what may not be changed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pinned",
    [
        ("n_ctx",),
        ("type_k", "type_v"),
        ("type_k",),
        ("n_gpu_layers",),
        ("n_ubatch", "offload_kqv"),
        ("n_cpu_moe",),
    ],
)
def test_pinned_settings_stay(pinned: tuple[str, ...]) -> None:
    asked = {"n_ctx": 32_768, "n_gpu_layers": 12, "n_cpu_moe": 5}
    for model in (Synthetic(), Synthetic(layer_bytes=60 * MB, expert_bytes=300 * MB)):
        limits = {"GPU0": 6 * GB}
        found = searched(model, limits, asked, pinned)
        assert found.plans
        for plan in found.plans:
            for key in pinned:
                assert plan.values.get(key, LOAD[key].default) == asked.get(key, LOAD[key].default)
        assert_exact(found, model, limits, asked, pinned)


def test_a_kv_type_that_the_rules_forbid_is_not_offered() -> None:
    model = Synthetic()
    found = searched(model, {"GPU0": 7 * GB}, {"n_ctx": 32_768, "flash_attn": "off"})
    assert found.plans
    assert all(plan.values.get("type_v", "f16") == "f16" for plan in found.plans)


def test_a_number_of_layers_that_means_all_stays_as_it_was_written() -> None:
    found = searched(Synthetic(), {"GPU0": 30 * GB}, {"n_gpu_layers": 999})
    assert found.plans[0].changes == {}
    assert found.plans[0].values["n_gpu_layers"] == 999


def test_fewer_layers_than_fit_are_raised() -> None:
    found = searched(Synthetic(), {"GPU0": 30 * GB}, {"n_gpu_layers": 3})
    assert found.plans[0].changes == ALL


# -- refusals ------------------------------------------------------------------------------------------------


def test_what_llama_cpp_refuses_is_left_out_and_the_first_reason_kept() -> None:
    model = Synthetic()

    def measure(values: Mapping[str, Any]) -> Footprint:
        if values.get("type_v", "f16") != "f16":
            raise MeasureError(f"no {values['type_v']} here")
        return model(values)

    found = fit({"n_ctx": 32_768}, model.facts(), measure, judge({"GPU0": 7 * GB}))
    assert found.plans
    assert all("type_v" not in plan.values for plan in found.plans)
    assert str(found.refusal) == "no q8_0 here"


def test_a_model_that_cannot_be_measured_at_all_ends_the_search_soon() -> None:
    def measure(_values: Mapping[str, Any]) -> Footprint:
        raise MeasureError("not a model")

    found = fit({}, Synthetic().facts(), measure, judge())
    assert found.plans == ()
    assert found.nearest is None
    assert str(found.refusal) == "not a model"
    assert found.n_dry_runs < 10


def test_a_defect_is_no_refusal() -> None:
    def measure(_values: Mapping[str, Any]) -> Footprint:
        raise KeyError("devices")

    with pytest.raises(KeyError):
        fit({}, Synthetic().facts(), measure, judge())


def test_a_search_can_be_ended() -> None:
    model = Synthetic()

    def measure(values: Mapping[str, Any]) -> Footprint:
        if model.n_calls == 5:
            raise FitStopped
        return model(values)

    with pytest.raises(FitStopped):
        fit({"n_ctx": 32_768}, model.facts(), measure, judge({"GPU0": 7 * GB}))


def test_after_the_deadline_what_was_found_is_the_answer() -> None:
    model = Synthetic()
    found = fit({"n_ctx": 8192}, model.facts(), model, judge({"GPU0": 40 * GB}), deadline_s=0)
    assert not found.is_complete
    assert found.n_dry_runs == 1


# -- a draft model beside it ---------------------------------------------------------------------------------

DRAFTED = {"n_ctx": 8192, "draft_source": "model"}


def test_a_draft_model_takes_its_room_and_keeps_its_place() -> None:
    model = Synthetic(draft={"GPU0": GB})
    limits = {"GPU0": 7 * GB}
    found = searched(model, limits, DRAFTED, ("draft_source",))
    assert_exact(found, model, limits, DRAFTED, ("draft_source",))
    assert all(plan.values["draft_source"] == "model" for plan in found.plans)
    alone = searched(model, limits, {"n_ctx": 8192})
    more = alone.plans[0].n_layers_offloaded - found.plans[0].n_layers_offloaded
    assert 0 < more <= math.ceil(GB / model.layer_bytes) + 1


def test_without_the_draft_model_is_offered_where_the_model_then_fits() -> None:
    model = Synthetic(draft={"GPU0": GB})
    whole = model({"n_ctx": 8192}).devices[1].total_bytes
    found = searched(model, {"GPU0": whole + 200 * MB}, DRAFTED)
    without = [plan for plan in found.plans if plan.changes.get("draft_source") == "off"]
    assert [plan.n_layers_offloaded for plan in without] == [33]
    assert any(not set(plan.changes) - PLACEMENT for plan in found.plans)  # and with it, fewer layers


def test_without_the_draft_model_the_kv_cache_need_not_be_as_small() -> None:
    model = Synthetic(draft={"GPU0": 3 * GB})
    asked = {**DRAFTED, "n_ctx": 32_768}
    without = {"draft_source": "off", "type_k": "q8_0", "type_v": "q8_0"}
    whole = model({**asked, **without}).devices[1].total_bytes
    found = searched(model, {"GPU0": whole}, asked, ("n_ctx",))
    assert without in [plan.changes for plan in found.plans if plan.n_layers_offloaded == 33]


def test_the_draft_models_own_cache_shrinks_before_anything_is_lost() -> None:
    model = Synthetic(draft={"GPU0": 2 * GB})
    whole = model(DRAFTED).devices[1].total_bytes
    found = searched(model, {"GPU0": whole - 300 * MB}, DRAFTED)
    assert found.plans[0].changes == {"draft_type_k": "q8_0", "draft_type_v": "q8_0"}
    assert found.plans[0].n_layers_offloaded == 33
    pinned = searched(model, {"GPU0": whole - 300 * MB}, DRAFTED, ("draft_type_k", "draft_type_v"))
    assert all(not {"draft_type_k", "draft_type_v"} & set(plan.changes) for plan in pinned.plans)


def test_a_draft_model_is_kept_where_everything_fits() -> None:
    found = searched(Synthetic(draft={"GPU0": GB}), {"GPU0": 20 * GB}, DRAFTED)
    assert found.plans
    assert all("draft_source" not in plan.changes for plan in found.plans)


def test_a_draft_model_on_a_device_of_its_own_leaves_less_of_it() -> None:
    values = {**DRAFTED, "draft_devices": ["GPU1"]}
    model = Synthetic(shares=(1.0, 1.0), pipeline=1.0, draft={"GPU1": 2 * GB})
    limits = {"GPU0": 4 * GB, "GPU1": 5 * GB}
    found = searched(model, limits, values, ("n_ctx", "type_k", "type_v", "draft_source"))
    split = found.plans[0].values["tensor_split"]
    assert (
        split[0] > split[1]
    )  # what the draft model leaves of the larger device is less than the smaller one has


# -- against trying everything -------------------------------------------------------------------------------


@pytest.mark.parametrize("n_layers", [1, 2, 22, 32, 80])
@pytest.mark.parametrize("shares", [(1.0,), (1.0, 1.0), (3.0, 1.0, 2.0)])
@pytest.mark.parametrize("n_swa", [0, 1024])
def test_every_limit_gives_what_trying_all_layers_gives(
    n_layers: int, shares: tuple[float, ...], n_swa: int
) -> None:
    model = Synthetic(n_layers=n_layers, shares=shares, n_swa=n_swa)
    whole = model({"n_ctx": 16_384})
    runs: list[int] = []
    for percent in (3, 10, 28, 45, 60, 75, 88, 95, 99, 101):
        limits = {
            device.name: device.total_bytes * percent // 100
            for device in whole.devices
            if device.kind == "gpu"
        }
        found = searched(
            model,
            limits,
            {"n_ctx": 16_384},
            pinned=("n_ctx", "type_k", "type_v", "n_ubatch", "offload_kqv", "tensor_split"),
        )
        assert_exact(found, model, limits, {"n_ctx": 16_384}, ("n_ctx",))
        runs.append(found.n_dry_runs)
    if len(shares) == 1:
        assert sum(runs) / len(runs) <= 5.5


DRAFTS: list[dict[str, int]] = [
    {},
    {},
    {"GPU0": 300 * MB, "CPU": 20 * MB},
    {"GPU0": 900 * MB, "GPU1": 500 * MB},
    {"GPU1": 1200 * MB},
    {"CPU": 2 * GB},
]
_SIZES = st.integers(1, 400).map(lambda size: size * MB)


@hypothesis_settings(max_examples=150)
@given(
    model=st.builds(
        Synthetic,
        n_layers=st.integers(1, 40),
        layer_bytes=st.integers(60, 400).map(lambda size: size * MB),
        expert_bytes=st.sampled_from([0, 0, 150 * MB, 900 * MB]),
        output_bytes=st.sampled_from([0, 80 * MB, 1500 * MB]),
        kv_token_bytes=st.sampled_from([512, 4096, 16_384]),
        n_swa=st.sampled_from([0, 0, 1024]),
        compute_bytes=_SIZES,
        compute_noise=st.sampled_from([0.0, 0.03, 0.06]),
        pipeline=st.sampled_from([1.0, 2.0, 4.0]),
        shares=st.sampled_from([(1.0,), (1.0,), (1.0, 1.0), (5.0, 2.0), (1.0, 2.0, 4.0)]),
        draft=st.sampled_from(DRAFTS),
    ),
    n_ctx=st.sampled_from([2048, 6000, 16_384, 65_536]),
    percents=st.lists(st.integers(0, 120), min_size=3, max_size=3),
    host_percent=st.sampled_from([0, 60, 90, 110]),
    pinned=st.sampled_from([(), ("tensor_split",)]),
)
def test_any_model_on_any_machine(
    model: Synthetic, n_ctx: int, percents: list[int], host_percent: int, pinned: tuple[str, ...]
) -> None:
    asked = {"n_ctx": n_ctx, **({"draft_source": "model"} if model.draft else {})}
    whole = model(asked)
    gpus = [device for device in whole.devices if device.kind == "gpu"]
    limits = {device.name: device.total_bytes * p // 100 for device, p in zip(gpus, percents, strict=False)}
    if host_percent:
        host = model({**asked, "n_gpu_layers": 0}).devices[0]
        limits["CPU"] = host.total_bytes * host_percent // 100
    found = searched(model, limits, asked, pinned)
    assert_exact(found, model, limits, asked, pinned)
    assert len(found.plans) <= 6
    assert found.n_dry_runs <= 100


# -- the order -----------------------------------------------------------------------------------------------


def test_what_keeps_the_quality_asked_for_comes_before_what_does_not() -> None:
    found = searched(Synthetic(), {"GPU0": 10 * GB}, {"n_ctx": 32_768})
    kinds = [(plan.n_ctx, plan.values.get("type_k", "f16"), plan.n_layers_offloaded) for plan in found.plans]
    whole_q8 = next(at for at, kind in enumerate(kinds) if kind == (32_768, "q8_0", 33))
    assert whole_q8 == 0  # hardly any loss, and nothing left behind
    shorter = [at for at, kind in enumerate(kinds) if kind[0] < 32_768]
    assert shorter
    assert min(shorter) > whole_q8


def test_the_kv_cache_stays_on_the_device_where_anything_else_helps() -> None:
    found = searched(Synthetic(), {"GPU0": 7 * GB}, {"n_ctx": 32_768})
    off = [at for at, plan in enumerate(found.plans) if plan.values.get("offload_kqv") is False]
    assert all(at > 0 for at in off)
