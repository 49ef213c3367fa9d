"""Rules between settings, against the model and the computer: pure functions from values to problems.

Every rule follows a check or a computation of llama.cpp (src/llama-context.cpp, llama.cpp, llama-model.cpp); an
"error" is what it refuses. A fact that is not known (no model, no machine, a 0 in either) breaks no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.core.settings.load_table import LOAD
from app.core.settings.machine import Device, Machine
from app.core.settings.problem import Problem, Reason
from app.core.settings.rules_draft import CACHE_BLOCK, UNQUANTISED, draft_problems, least_batch, uneven_row
from app.core.settings.rules_sampling import sampling_problems
from app.core.settings.slots import slot_context
from app.core.settings.table import Table

if TYPE_CHECKING:
    from app.core.drafts import Draft
    from app.core.gguf import ModelFacts

__all__ = ["Device", "Machine", "Problem", "Reason", "load_problems", "problems", "sampling_problems"]

Values = Mapping[str, Any]

_COMPRESSED_ATTENTION = frozenset({"deepseek2", "deepseek32", "deepseek4", "glm-dsa", "kimi-linear"})
_SMALL_SLOT = 1024
_MAX_OVERRIDE_BYTES = 127
_MEMORY_SHARE = 0.95  # of main memory; the rest belongs to the system in any case


def problems(
    load: Values,
    sampling: Values,
    facts: ModelFacts | None,
    machine: Machine | None,
    draft: Draft | None = None,
) -> list[Problem]:
    """What is wrong or unwise about these settings together, errors first.

    `load` and `sampling` hold legal values (see `Table.check`), all or only those that differ from the default.
    `draft` is what is known of the draft model that `load` names.
    """
    found = [
        *load_problems(load, facts, machine, draft),
        *sampling_problems(sampling, slot_context(load, facts)),
    ]
    return sorted(found, key=lambda problem: problem.severity != "error")


def load_problems(
    load: Values,
    facts: ModelFacts | None = None,
    machine: Machine | None = None,
    draft: Draft | None = None,
) -> list[Problem]:
    """The problems of load settings alone, in the order of the rules."""
    values = LOAD.defaults() | {key: value for key, value in load.items() if key in LOAD}
    return [
        *inert_problems(LOAD, values),
        *_context(values, facts),
        *_cache(values, facts),
        *_devices(values, machine),
        *_split(values, machine),
        *_placement(values, facts, machine),
        *_compute(values, machine),
        *_loading(values, facts, machine),
        *_model(values, facts),
        *_rope(values, facts),
        *draft_problems(values, facts, machine, draft),
    ]


def inert_problems(table: Table, values: Values) -> Iterator[Problem]:
    """Changed settings that do nothing: not built yet, or switched off by the setting they depend on."""
    for key in table.changed(values):
        row = table[key]
        if not row.available:
            yield Problem(key, "warning", Reason.NOT_AVAILABLE)
        elif row.enabled_when is not None and not table.is_live(key, values):
            other = table[row.enabled_when[0]]
            value = table.value(values, other.key)
            title = next(
                (choice.title for choice in other.choices if choice.value == value), other.format(value)
            )
            yield Problem(key, "warning", Reason.INERT, {"other": other.title, "value": title})


def _context(values: Values, facts: ModelFacts | None) -> Iterator[Problem]:
    n_tokens = slot_context(values, facts)
    if facts is not None and facts.n_ctx_train and n_tokens > _reach(values, facts):
        yield Problem("n_ctx", "warning", Reason.CONTEXT_OVER_TRAINED, {"n_ctx_train": facts.n_ctx_train})
    if not values["kv_unified"] and values["n_seq_max"] > 1 and 0 < n_tokens < _SMALL_SLOT:
        shares = {"n_slots": values["n_seq_max"], "n_tokens": n_tokens}
        yield Problem("n_seq_max", "warning", Reason.SLOT_CONTEXT_SMALL, shares)
    if facts is not None and values["swa_full"] and not facts.n_swa:
        yield Problem("swa_full", "warning", Reason.SLIDING_WINDOW_MISSING)


def _reach(values: Values, facts: ModelFacts) -> float:
    """How many tokens the model can see with this RoPE scaling; rounded up as llama.cpp rounds contexts."""
    if values["rope_freq_base"] is not None and values["rope_freq_base"] > facts.rope_freq_base:
        return float("inf")  # NTK-aware scaling has no sharp limit
    scale = values["rope_freq_scale"]
    if values["rope_scaling_type"] == "none" or scale is None or scale >= 1:
        return -(-facts.n_ctx_train // 256) * 256
    origin = values["yarn_orig_ctx"] or facts.rope_n_ctx_orig or facts.n_ctx_train
    return max(facts.n_ctx_train, -(-origin / scale // 256) * 256)


def _cache(values: Values, facts: ModelFacts | None) -> Iterator[Problem]:
    if values["type_v"] not in UNQUANTISED and values["flash_attn"] == "off":
        yield Problem("type_v", "error", Reason.V_CACHE_NEEDS_FLASH)
    if facts is None:
        return
    for key, head_size in (("type_k", facts.head_size_k), ("type_v", facts.head_size_v)):
        if values[key] in UNQUANTISED:
            continue
        detail = {"type": LOAD[key].choice_title(values[key]), "block": CACHE_BLOCK}
        if values["flash_attn"] != "off" and head_size % CACHE_BLOCK:
            yield Problem(key, "error", Reason.CACHE_BLOCK_SIZE, detail | {"head_size": head_size})
        elif row_size := uneven_row(head_size, facts):
            yield Problem(key, "error", Reason.CACHE_ROW_SIZE, detail | {"row_size": row_size})
    if values["type_k"] != values["type_v"] and facts.architecture in _COMPRESSED_ATTENTION:
        yield Problem("type_v", "warning", Reason.CACHE_TYPES_DIFFER)


def _used_devices(values: Values, machine: Machine | None) -> tuple[str, ...] | None:
    """The names of the devices that layers may go to; None while they are unknown."""
    if values["devices"]:
        return () if _names_none(values) else tuple(values["devices"])
    taken = machine.default_devices if machine is not None else None
    return None if taken is None else tuple(device.name for device in taken)


def _names_none(values: Values) -> bool:
    """llama.cpp's word for offloading to nothing, whatever devices there are."""
    names: list[str] = values["devices"]
    return [name.lower() for name in names] == ["none"]


def _devices(values: Values, machine: Machine | None) -> Iterator[Problem]:
    known = machine.offload_devices if machine is not None else None
    if known is None:
        return
    names = {device.name.lower() for device in known} | {"cpu"}
    asked: list[str] = [] if _names_none(values) else values["devices"]
    for name in asked:
        if name.lower() not in names:
            yield Problem("devices", "error", Reason.UNKNOWN_DEVICE, {"device": name})
    if not known and values["n_gpu_layers"] > 0:
        yield Problem("n_gpu_layers", "warning", Reason.NO_OFFLOAD_DEVICE)


def _split(values: Values, machine: Machine | None) -> Iterator[Problem]:
    mode, used = values["split_mode"], _used_devices(values, machine)
    if mode == "tensor" and values["flash_attn"] == "off":
        yield Problem("split_mode", "error", Reason.SPLIT_NEEDS_FLASH)
    if used is None:
        return
    if mode == "tensor" and not used:
        yield Problem("split_mode", "error", Reason.SPLIT_NEEDS_DEVICE)
    if mode == "none" and used and values["main_gpu"] >= len(used):
        yield Problem("main_gpu", "error", Reason.MAIN_GPU_MISSING, {"n_devices": len(used)})
    n_shares = len(values["tensor_split"])
    if mode != "none" and used and n_shares and n_shares != len(used):
        reason = Reason.SPLIT_TOO_LONG if n_shares > len(used) else Reason.SPLIT_TOO_SHORT
        yield Problem("tensor_split", "warning", reason, {"n_shares": n_shares, "n_devices": len(used)})


def _placement(values: Values, facts: ModelFacts | None, machine: Machine | None) -> Iterator[Problem]:
    for pattern, _ in values["tensor_overrides"]:
        try:
            re.compile(pattern)
        except re.error as error:
            detail = {"pattern": pattern, "message": str(error)}
            yield Problem("tensor_overrides", "error", Reason.BAD_PATTERN, detail)
    if facts is not None and values["n_cpu_moe"] and not facts.n_expert:
        yield Problem("n_cpu_moe", "warning", Reason.NO_EXPERTS)
    by_choice = bool(values["n_cpu_moe"]) or any(
        place.upper() == "CPU" for _, place in values["tensor_overrides"]
    )
    if (
        by_choice
        and _used_devices(values, machine)
        and values["use_mmap"] is not False
        and not values["use_direct_io"]
    ):
        yield Problem("use_mmap", "warning", Reason.MAPPED_EXPERTS)


def _compute(values: Values, machine: Machine | None) -> Iterator[Problem]:
    n_batch = max(values["n_batch"], least_batch(values))
    if values["n_seq_max"] == n_batch > values["n_batch"]:
        yield Problem("n_batch", "warning", Reason.BATCH_UNDER_SLOTS, {"n_slots": n_batch})
    elif n_batch > values["n_batch"]:
        yield Problem("n_batch", "warning", Reason.DRAFT_OVER_BATCH, {"n_batch": n_batch})
    if values["n_ubatch"] > n_batch:
        yield Problem("n_ubatch", "warning", Reason.UBATCH_OVER_BATCH, {"n_batch": n_batch})
    if machine is None:
        return
    n_physical, n_logical = machine.n_physical_cores, machine.n_logical_cores
    draft_key = ("draft_n_threads",) if values["draft_source"] == "model" else ()
    for key in ("n_threads", "n_threads_batch", *draft_key):
        n_threads = values[key] or 0
        if n_logical and n_threads > n_logical:
            yield Problem(key, "warning", Reason.THREADS_OVER_LOGICAL, {"n_cores": n_logical})
        elif key != "n_threads_batch" and n_physical and n_threads > n_physical:
            yield Problem(key, "warning", Reason.THREADS_OVER_PHYSICAL, {"n_cores": n_physical})


def _loading(values: Values, facts: ModelFacts | None, machine: Machine | None) -> Iterator[Problem]:
    if values["use_direct_io"]:
        if values["use_mmap"] or values["use_mlock"]:
            yield Problem("use_direct_io", "warning", Reason.DIRECT_IO_REPLACES)
        if machine is not None and machine.platform != "linux":
            yield Problem("use_direct_io", "warning", Reason.DIRECT_IO_UNSUPPORTED)
    elif values["use_mlock"] and facts is not None and machine is not None and machine.ram_bytes:
        on_cpu = values["n_gpu_layers"] == 0 or _used_devices(values, machine) == ()
        if on_cpu and facts.size_bytes > machine.ram_bytes * _MEMORY_SHARE:
            yield Problem("use_mlock", "warning", Reason.LOCK_OVER_MEMORY)


def _model(values: Values, facts: ModelFacts | None) -> Iterator[Problem]:
    for name, text in values["kv_overrides"]:
        text_bytes = len(text.removeprefix("str:").encode()) if text.startswith("str:") else 0
        if max(len(name.encode()), text_bytes) > _MAX_OVERRIDE_BYTES:
            yield Problem("kv_overrides", "error", Reason.OVERRIDE_TOO_LONG, {"name": name[:40]})
    if facts is None:
        return
    n_used = values["n_expert_used"]
    if n_used is not None and not facts.n_expert:
        yield Problem("n_expert_used", "warning", Reason.NO_EXPERTS)
    elif n_used is not None and n_used > facts.n_expert:
        yield Problem("n_expert_used", "error", Reason.EXPERTS_OVER_MODEL, {"n_experts": facts.n_expert})
    if not facts.has_chat_template and values["chat_template"] is None:
        yield Problem("chat_template", "warning", Reason.NO_CHAT_TEMPLATE)


def _rope(values: Values, facts: ModelFacts | None) -> Iterator[Problem]:
    method, scale = values["rope_scaling_type"], values["rope_freq_scale"]
    own_scale = 1 / (facts.rope_scaling_factor or 1) if facts is not None else None
    if method in {"linear", "yarn"} and (own_scale if scale is None else scale) == 1:
        yield Problem("rope_scaling_type", "warning", Reason.SCALING_WITHOUT_SCALE)
    if not LOAD.is_live("yarn_beta_slow", values):
        return
    slow, fast = values["yarn_beta_slow"], values["yarn_beta_fast"]
    if slow is not None and fast is not None and slow >= fast:
        yield Problem("yarn_beta_slow", "warning", Reason.YARN_BETAS_CROSSED)
    mix = values["yarn_ext_factor"]
    if mix is None and method is None and facts is not None and facts.rope_scaling != "yarn":
        mix = 0  # llama.cpp's value without YaRN
    if values["yarn_attn_factor"] is not None and mix != 0:
        yield Problem("yarn_attn_factor", "warning", Reason.YARN_ATTENTION_IGNORED)
