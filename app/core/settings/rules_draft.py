"""Rules of speculative decoding: the source of guesses, its limits, and the draft model against its target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.core.settings.draft_limit import n_drafted
from app.core.settings.load_table import LOAD
from app.core.settings.machine import Machine
from app.core.settings.problem import Problem, Reason
from app.core.settings.slots import slot_context

if TYPE_CHECKING:
    from app.core.drafts import Draft
    from app.core.gguf import ModelFacts

Values = Mapping[str, Any]

UNQUANTISED = frozenset({"f32", "f16", "bf16"})
CACHE_BLOCK = 32
"""Values per block of every quantised cache type (ggml's QK8_0, QK4_0, QK5_0, QK4_NL)."""


def draft_problems(
    values: Values, facts: ModelFacts | None, machine: Machine | None, draft: Draft | None
) -> Iterator[Problem]:
    """What is wrong with how to guess; `values` are all load settings.

    `draft` is the file that `values` name as it suits the model, None (or another one's) while that is not known.
    """
    source = values["draft_source"]
    if source == "off":
        return
    if facts is not None:
        from app.core.drafts import why_nothing_drafts  # which reads files: not for importing the settings

        if (why := why_nothing_drafts(facts)) is not None:
            yield why
            return
        if source == "mtp":
            from app.core.heads import why_no_heads

            if (why := why_no_heads(facts)) is not None:
                yield why
                return
    yield from _lengths(values, source)
    if source != "model":
        return
    if draft is not None and draft.path != values["draft_model"]:
        draft = None
    yield from _cache(values, draft.facts if draft is not None else None)
    yield from _devices(values, machine)
    if values["draft_model"] is None:
        yield Problem("draft_model", "error", Reason.DRAFT_MISSING)
    elif draft is not None:
        yield from _model(values, facts, draft)


def least_batch(values: Values) -> int:
    """The batch in which every slot's last token and a whole draft find room, as `engine.params` has it."""
    return values["n_seq_max"] * (1 + n_drafted(values))


def _lengths(values: Values, source: str) -> Iterator[Problem]:
    if source in {"model", "mtp"} and values["draft_n_min"] > values["draft_n_max"]:
        detail = {"n_max": values["draft_n_max"]}
        yield Problem("draft_n_min", "error", Reason.DRAFT_MIN_OVER_MAX, detail)


def _cache(values: Values, draft: ModelFacts | None) -> Iterator[Problem]:
    has_flash = values["flash_attn"] != "off"
    if values["draft_type_v"] not in UNQUANTISED and not has_flash:
        yield Problem("draft_type_v", "error", Reason.V_CACHE_NEEDS_FLASH)
    if draft is None:
        return
    for key, head_size in (("draft_type_k", draft.head_size_k), ("draft_type_v", draft.head_size_v)):
        if values[key] in UNQUANTISED:
            continue
        detail = {"type": LOAD[key].choice_title(values[key]), "block": CACHE_BLOCK}
        if has_flash and head_size % CACHE_BLOCK:
            yield Problem(key, "error", Reason.CACHE_BLOCK_SIZE, detail | {"head_size": head_size})
        elif row_size := uneven_row(head_size, draft):
            yield Problem(key, "error", Reason.CACHE_ROW_SIZE, detail | {"row_size": row_size})


def uneven_row(head_size: int, facts: ModelFacts) -> int:
    """A layer's values per token if they fill no whole blocks, else 0. llama.cpp does not refuse that: it aborts."""
    rows = (head_size * n_heads for n_heads in facts.n_head_kv_per_layer or (facts.n_head_kv,))
    return next((row for row in rows if row % CACHE_BLOCK), 0)


def _devices(values: Values, machine: Machine | None) -> Iterator[Problem]:
    known = machine.offload_devices if machine is not None else None
    if known is None:
        return
    asked: list[str] = values["draft_devices"]
    names = {device.name.lower() for device in known} | {"cpu"}
    for name in asked if [name.lower() for name in asked] != ["none"] else ():
        if name.lower() not in names:
            yield Problem("draft_devices", "error", Reason.UNKNOWN_DEVICE, {"device": name})
    if not known and values["draft_n_gpu_layers"] > 0:
        yield Problem("draft_n_gpu_layers", "warning", Reason.NO_OFFLOAD_DEVICE)


def _model(values: Values, facts: ModelFacts | None, draft: Draft) -> Iterator[Problem]:
    if draft.fault is not None:
        yield draft.fault
        return
    yield from draft.remarks
    n_ctx_train = draft.facts.n_ctx_train if draft.facts is not None else 0
    n_model_train = facts.n_ctx_train if facts is not None else 0
    # Rounded up as llama.cpp rounds contexts. What is too long for the model itself is said of n_ctx.
    reach = -(-n_ctx_train // 256) * 256
    if reach and n_ctx_train < n_model_train and slot_context(values, facts) > reach:
        yield Problem("draft_model", "warning", Reason.DRAFT_CONTEXT_SHORT, {"n_ctx_train": n_ctx_train})
