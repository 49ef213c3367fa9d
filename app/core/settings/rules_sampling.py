"""Rules between sampling settings, after llama.cpp's common/sampling.cpp and src/llama-sampler.cpp."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.core.settings.problem import Problem, Reason
from app.core.settings.sampling_table import SAMPLING

Values = Mapping[str, Any]

_STEP_KEYS: dict[str, tuple[str, ...]] = {
    "penalties": ("repeat_penalty", "presence_penalty", "frequency_penalty"),
    "dry": ("dry_multiplier",),
    "top_n_sigma": ("top_n_sigma",),
    "top_k": ("top_k",),
    "typ_p": ("typical_p",),
    "top_p": ("top_p",),
    "min_p": ("min_p",),
    "xtc": ("xtc_probability",),
    "temperature": ("temperature", "dynatemp_range"),
}
"""The settings that switch on each step of the chain."""

_RANDOM_KEYS = ("dynatemp_range", "xtc_probability", "mirostat", "adaptive_target")


def sampling_problems(sampling: Values, n_ctx_slot: int = 0) -> list[Problem]:
    """The problems of sampling settings; `n_ctx_slot` is one conversation's context, 0 if unknown."""
    values = SAMPLING.defaults() | {key: value for key, value in sampling.items() if key in SAMPLING}
    return [*_chain(values), *_repetition(values), *_structure(values), *_length(values, n_ctx_slot)]


def _chain(values: Values) -> Iterator[Problem]:
    changed = SAMPLING.changed(values)
    if values["mirostat"] != "0":
        replaced = [SAMPLING[key].title for key in changed if not SAMPLING.is_live(key, values)]
        if replaced:
            yield Problem("mirostat", "warning", Reason.MIROSTAT_REPLACES, {"settings": ", ".join(replaced)})
    else:
        yield from _inert_mirostat(values, changed)
        left_out = [step for step in _STEP_KEYS if step not in values["samplers"]]
        keys = [key for step in left_out for key in _STEP_KEYS[step] if key in changed]
        # greedy decoding does not depend on the temperature step: the engine chooses it by the value
        greedy = values["temperature"] == 0
        yield from (
            Problem(k, "warning", Reason.STEP_LEFT_OUT) for k in keys if not (greedy and k == "temperature")
        )
    if values["temperature"] == 0:
        yield from (Problem(key, "warning", Reason.GREEDY) for key in _RANDOM_KEYS if key in changed)
    if values["xtc_probability"] > 0 and values["xtc_threshold"] > 0.5:
        yield Problem("xtc_threshold", "warning", Reason.XTC_NEVER)


def _inert_mirostat(values: Values, changed: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("mirostat_tau", "mirostat_eta"):
        if key in changed:
            detail = {
                "other": SAMPLING["mirostat"].title,
                "value": SAMPLING["mirostat"].choice_title(values["mirostat"]),
            }
            yield Problem(key, "warning", Reason.INERT, detail)


def _repetition(values: Values) -> Iterator[Problem]:
    if values["mirostat"] != "0":
        return
    if values["repeat_last_n"] == 0:
        for key in _STEP_KEYS["penalties"]:
            if values[key] != SAMPLING[key].default:
                yield Problem(key, "warning", Reason.WINDOW_ZERO)
    if values["dry_multiplier"] and values["dry_penalty_last_n"] == 0:
        yield Problem("dry_multiplier", "warning", Reason.WINDOW_ZERO)


def _structure(values: Values) -> Iterator[Problem]:
    schema = values["json_schema"]
    if schema is not None and values["grammar"] is not None:
        yield Problem("grammar", "error", Reason.GRAMMAR_AND_SCHEMA)
    if schema is None:
        return
    try:
        parsed = json.loads(schema)
    except (json.JSONDecodeError, RecursionError) as error:
        yield Problem("json_schema", "error", Reason.BAD_SCHEMA, {"message": str(error)})
    else:
        if not isinstance(parsed, dict):
            message = f"it must be an object in braces, not {type(parsed).__name__}"
            yield Problem("json_schema", "error", Reason.BAD_SCHEMA, {"message": message})


def _length(values: Values, n_ctx_slot: int) -> Iterator[Problem]:
    if "" in values["stop"]:
        yield Problem("stop", "error", Reason.EMPTY_STOP)
    if values["ignore_eos"] and values["max_tokens"] < 0:
        yield Problem("ignore_eos", "warning", Reason.ENDLESS)
    if n_ctx_slot and values["max_tokens"] > n_ctx_slot:
        yield Problem("max_tokens", "warning", Reason.REPLY_OVER_CONTEXT, {"n_tokens": n_ctx_slot})
