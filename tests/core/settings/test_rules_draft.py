"""Rules of drafting: refused where it could not work, silent where it is off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core.drafts import Draft
from app.core.settings import LOAD, Problem, Reason
from app.core.settings.machine import Device, Machine
from app.core.settings.rules import load_problems, problems
from tests.core.synthetic_fit import facts as synthetic

GPU = Machine(n_physical_cores=4, n_logical_cores=8, devices=(Device("CUDA0"),))
NO_GPU = Machine(n_physical_cores=4, n_logical_cores=8, devices=())
MODEL = {"draft_source": "model", "draft_model": "/d.gguf"}
TARGET = synthetic()


def told(values: dict[str, Any], draft: Draft | None = None, **more: Any) -> set[tuple[str, str, Reason]]:
    assert LOAD.check(values)[1] == []
    found = load_problems(values, more.get("facts", TARGET), more.get("machine", GPU), draft)
    return {(problem.key, problem.severity, problem.reason) for problem in found}


def a_draft(**changes: Any) -> Draft:
    draft_facts = replace(TARGET, path="/d.gguf", n_params=10**9, **changes)
    return Draft(path="/d.gguf", name="D", facts=draft_facts)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"draft_source": "model"}, ("draft_model", "error", Reason.DRAFT_MISSING)),
        (MODEL | {"draft_n_min": 9}, ("draft_n_min", "error", Reason.DRAFT_MIN_OVER_MAX)),
        (
            MODEL | {"draft_type_v": "q8_0", "flash_attn": "off"},
            ("draft_type_v", "error", Reason.V_CACHE_NEEDS_FLASH),
        ),
        (MODEL | {"draft_devices": ["CUDA7"]}, ("draft_devices", "error", Reason.UNKNOWN_DEVICE)),
        (MODEL | {"draft_n_threads": 6}, ("draft_n_threads", "warning", Reason.THREADS_OVER_PHYSICAL)),
        (MODEL | {"draft_n_threads": 9}, ("draft_n_threads", "warning", Reason.THREADS_OVER_LOGICAL)),
        (
            MODEL | {"draft_n_max": 16, "n_batch": 64, "n_ubatch": 64},
            ("n_batch", "warning", Reason.DRAFT_OVER_BATCH),
        ),
        (
            {"draft_source": "ngram", "draft_ngram_length": 16, "n_batch": 64, "n_ubatch": 64},
            ("n_batch", "warning", Reason.DRAFT_OVER_BATCH),
        ),
        ({"draft_source": "mtp"}, ("draft_source", "error", Reason.HEADS_MISSING)),
        ({"draft_source": "ngram", "draft_n_max": 4}, ("draft_n_max", "warning", Reason.INERT)),
    ],
)
def test_each_rule_names_its_row(values: dict[str, Any], expected: tuple[str, str, Reason]) -> None:
    assert told(values) == {expected}


@pytest.mark.parametrize(
    "values",
    [
        {},
        MODEL,
        {"draft_source": "ngram"},
        MODEL | {"draft_n_min": 8},
        MODEL | {"draft_type_v": "q8_0"},
        MODEL | {"draft_devices": ["cuda0"]},
        MODEL | {"draft_devices": ["none"]},
        MODEL | {"draft_n_max": 15, "n_batch": 64, "n_ubatch": 64},
    ],
)
def test_what_works_is_not_complained_of(values: dict[str, Any]) -> None:
    assert told(values) == set()


def test_nothing_is_refused_while_drafting_is_off() -> None:
    found = told({"draft_n_min": 9, "draft_type_v": "q8_0", "flash_attn": "off"})
    assert {severity for _, severity, _ in found} == {"warning"}


def test_layers_on_no_gpu_have_no_effect() -> None:
    expected = ("draft_n_gpu_layers", "warning", Reason.NO_OFFLOAD_DEVICE)
    assert expected in told(MODEL | {"draft_n_gpu_layers": 4}, machine=NO_GPU)


@pytest.mark.parametrize("source", ["model", "ngram"])
def test_a_model_with_a_running_state_gets_no_guesses(source: str) -> None:
    values = {"draft_source": source}
    found = told(values, facts=replace(TARGET, architecture="mamba2"))
    assert found == {("draft_source", "error", Reason.DRAFT_TARGET_STATE)}


def test_what_is_known_of_the_draft_counts_while_it_is_the_one_asked_for() -> None:
    fault = Problem("draft_model", "error", Reason.DRAFT_BOS)
    remark = Problem("draft_model", "warning", Reason.DRAFT_LACKS_TOKENS, {"n_tokens": 2, "n_special": 0})
    refused = Draft(path="/d.gguf", name="D", fault=fault)
    assert problems(MODEL, {}, TARGET, GPU, refused) == [fault]
    assert problems(MODEL, {}, TARGET, GPU, replace(refused, fault=None, remarks=(remark,))) == [remark]
    assert problems(MODEL | {"draft_model": "/other.gguf"}, {}, TARGET, GPU, refused) == []
    assert problems({"draft_source": "ngram"}, {}, TARGET, GPU, refused) == []


def test_a_drafts_cache_types_must_suit_its_own_heads() -> None:
    odd = a_draft(head_size_k=80, head_size_v=80)
    assert told(MODEL | {"draft_type_k": "q8_0"}, odd) == {("draft_type_k", "error", Reason.CACHE_BLOCK_SIZE)}
    assert told(MODEL | {"draft_type_k": "q8_0"}, a_draft()) == set()
    one_head = a_draft(head_size_k=80, n_head_kv=1)
    values = MODEL | {"draft_type_k": "q8_0", "flash_attn": "off"}
    assert told(values, one_head) == {("draft_type_k", "error", Reason.CACHE_ROW_SIZE)}


def test_a_draft_trained_for_less_is_told_where_the_context_is_longer() -> None:
    short = a_draft(n_ctx_train=2048)
    expected = ("draft_model", "warning", Reason.DRAFT_CONTEXT_SHORT)
    assert told(MODEL | {"n_ctx": 8192}, short) == {expected}
    assert told(MODEL | {"n_ctx": 2048}, short) == set()
    assert told(MODEL | {"n_ctx": 8192}, a_draft()) == set()


def test_heads_of_its_own_need_no_draft_model_but_have_limits() -> None:
    model = replace(TARGET, architecture="glm4moe", n_heads_ahead=1)
    assert told({"draft_source": "mtp"}, facts=model) == set()
    assert told({"draft_source": "mtp", "draft_n_min": 9}, facts=model) == {
        ("draft_n_min", "error", Reason.DRAFT_MIN_OVER_MAX)
    }
    assert told({"draft_source": "mtp", "draft_n_max": 16, "n_batch": 64, "n_ubatch": 64}, facts=model) == {
        ("n_batch", "warning", Reason.DRAFT_OVER_BATCH)
    }
    assert told({"draft_source": "mtp"}, facts=replace(model, n_heads_ahead=2)) == {
        ("draft_source", "error", Reason.HEADS_UNKNOWN)
    }
