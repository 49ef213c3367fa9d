"""Whatever llama-cpp-python adds or drops must become a row, or be left alone with a reason."""

from __future__ import annotations

import ctypes

from llama_cpp import llama_cpp as lib

from app.core.settings import LOAD, SAMPLING, left_alone

# Which settings each function of the sampler chain is built from.
SAMPLER_SETTINGS = {
    "llama_sampler_init_greedy": ["temperature"],
    "llama_sampler_init_dist": ["seed"],
    "llama_sampler_init_top_k": ["top_k"],
    "llama_sampler_init_top_p": ["top_p"],
    "llama_sampler_init_min_p": ["min_p"],
    "llama_sampler_init_typical": ["typical_p"],
    "llama_sampler_init_temp": ["temperature"],
    "llama_sampler_init_temp_ext": ["temperature", "dynatemp_range", "dynatemp_exponent"],
    "llama_sampler_init_xtc": ["xtc_probability", "xtc_threshold"],
    "llama_sampler_init_top_n_sigma": ["top_n_sigma"],
    "llama_sampler_init_mirostat": ["mirostat", "mirostat_tau", "mirostat_eta"],
    "llama_sampler_init_mirostat_v2": ["mirostat", "mirostat_tau", "mirostat_eta"],
    "llama_sampler_init_grammar": ["grammar", "json_schema"],
    "llama_sampler_init_penalties": ["repeat_last_n", "repeat_penalty", "frequency_penalty", "presence_penalty"],
    "llama_sampler_init_dry": [
        "dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers",
    ],
    "llama_sampler_init_adaptive_p": ["adaptive_target", "adaptive_decay"],
    "llama_sampler_init_logit_bias": ["logit_bias", "ignore_eos"],
}  # fmt: skip


def uncovered(names: set[str], rows: set[str], reasons: dict[str, str]) -> dict[str, set[str]]:
    """What is wrong: parameters without a row or a reason, rows or reasons without a parameter, and both at once."""
    return {
        "new": names - rows - reasons.keys(),
        "gone": (rows | reasons.keys()) - names,
        "doubly decided": rows & reasons.keys(),
    }


NOTHING: dict[str, set[str]] = {"new": set(), "gone": set(), "doubly decided": set()}


def fields(struct: type[ctypes.Structure]) -> set[str]:
    return {name for name, *_ in struct._fields_}


def targets(place: str) -> set[str]:
    return {row.target.partition(".")[2] for row in LOAD if row.target.startswith(f"{place}.")}


def test_every_model_parameter_is_decided_upon() -> None:
    assert uncovered(fields(lib.llama_model_params), targets("model"), left_alone.MODEL_PARAMS) == NOTHING


def test_every_context_parameter_is_decided_upon() -> None:
    assert (
        uncovered(fields(lib.llama_context_params), targets("context"), left_alone.CONTEXT_PARAMS) == NOTHING
    )


def test_every_sampler_is_decided_upon() -> None:
    functions = {name for name in vars(lib) if name.startswith("llama_sampler_init")}
    assert uncovered(functions, set(SAMPLER_SETTINGS), left_alone.SAMPLERS) == NOTHING


def test_every_sampling_row_reaches_a_sampler() -> None:
    reached = {key for keys in SAMPLER_SETTINGS.values() for key in keys} | {"samplers"}
    assert reached - set(SAMPLING.keys()) == set()
    # the end of a reply is the scheduler's; ignore_eos is a bias on the end tokens
    assert set(SAMPLING.keys()) - reached == {"max_tokens", "stop"}


def test_every_reason_says_something() -> None:
    for reasons in (left_alone.MODEL_PARAMS, left_alone.CONTEXT_PARAMS, left_alone.SAMPLERS):
        assert all(len(why) > 15 for why in reasons.values())


def test_the_check_itself_notices_both_directions() -> None:
    found = uncovered({"kept", "added"}, {"kept", "dropped"}, {"kept": "why"})
    assert found == {"new": {"added"}, "gone": {"dropped"}, "doubly decided": {"kept"}}
