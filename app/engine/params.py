"""Load settings -> llama.cpp's parameter structs."""

from __future__ import annotations

import ctypes
import os
import re
from dataclasses import dataclass, field
from typing import Any, cast

import psutil

from app.core.reasons import DraftSource, FailureKind
from app.core.settings import LOAD, Kind
from app.core.settings.draft_limit import n_drafted
from app.core.settings.load_mode import load_mode
from app.core.settings.slots import CONTEXT_STEP
from app.engine.bindings import lib
from app.engine.devices import Device, buffer_types, named, taken_by_default
from app.engine.errors import EngineError

GGML_TYPES = {
    "f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "iq4_nl": 20, "bf16": 30,
}  # fmt: skip
"""`enum ggml_type`, ggml.h: the types a KV cache can have."""

FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}
SPLIT_MODES = {"none": 0, "layer": 1, "row": 2, "tensor": 3}
ROPE_SCALING = {"none": 0, "linear": 1, "yarn": 2, "longrope": 3}
NUMA = {"disabled": 0, "distribute": 1, "isolate": 2, "numactl": 3, "mirror": 4}

_MAX_LAYERS = 512
"""LLAMA_MAX_LAYERS, llama.cpp's src/llama-hparams.h."""

EXPERTS_PATTERN = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
"""The expert weights of a block: LLM_FFN_EXPS_REGEX, llama.cpp's common/common.h."""

_PLAIN_KINDS = {Kind.INT, Kind.FLOAT, Kind.BOOL}
_COMBINED_FIELDS = {"load_mode", "tensor_buft_overrides", "kv_overrides"}
"""Fields that several rows have as their target, or that are built from a row's value below."""


class TensorBuftOverride(ctypes.Structure):
    """`struct llama_model_tensor_buft_override`, llama.h; llama-cpp-python leaves it out."""

    _fields_ = [("pattern", ctypes.c_char_p), ("buft", ctypes.c_void_p)]


@dataclass(slots=True)
class Params:
    """The two structs, and what they point to (which must outlive them)."""

    model: Any
    context: Any
    devices: list[Device]  # those in use for offloading, in order
    kept: list[Any] = field(default_factory=list[Any])


def physical_cores() -> int:
    """The physical cores this process may run on, at least 1."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:
        allowed = os.cpu_count() or 1
    return max(1, min(physical, allowed))


def resolved(values: dict[str, Any]) -> dict[str, Any]:
    """`values` completed by the table's defaults."""
    return {setting.key: values.get(setting.key, setting.default) for setting in LOAD}


def build(values: dict[str, Any], devices: list[Device], architecture: str) -> Params:
    """The parameter structs for `values` (complete, see `resolved`) on `devices`.

    Raises:
        EngineError: a value names a device or a buffer type that is not there, or a malformed override.
    """
    params = Params(lib.llama_model_default_params(), lib.llama_context_default_params(), [])
    _set_plain(params, values)
    _set_model(params, values)
    _set_devices(params, values, devices)
    _set_placement(params, values, devices)
    _set_overrides(params, values, architecture)
    _set_context(params, values)
    return params


def _set_plain(params: Params, values: dict[str, Any]) -> None:
    """Numbers and switches go where their row's target says; None leaves llama.cpp's own default."""
    for row in LOAD:
        struct, _, name = row.target.partition(".")
        if struct not in {"model", "context"} or row.kind not in _PLAIN_KINDS or name in _COMBINED_FIELDS:
            continue
        if values[row.key] is not None:
            setattr(getattr(params, struct), name, values[row.key])


def _set_model(params: Params, values: dict[str, Any]) -> None:
    model = params.model
    model.split_mode = SPLIT_MODES[values["split_mode"]]
    model.load_mode = lib.llama_load_mode_from_str(load_mode(values).encode())
    model.load_mtp = values["draft_source"] == DraftSource.MTP
    split: list[float] = values["tensor_split"] or []
    if split:
        size = max(lib.llama_max_devices(), len(split))
        array = (ctypes.c_float * size)(*split)
        params.kept.append(array)
        model.tensor_split = ctypes.cast(array, ctypes.POINTER(ctypes.c_float))


def chosen_devices(values: dict[str, Any], devices: list[Device]) -> list[Device]:
    """Those of `devices` that layers may go to, in llama.cpp's order.

    Raises:
        EngineError: `values` name one that is not there.
    """
    wanted: list[str] = values["devices"] or []
    if not wanted:
        return taken_by_default(devices)
    if [name.lower() for name in wanted] == ["none"]:
        return []
    return [device for name in wanted if (device := named(devices, name, "devices")).is_offload]


def uses_flash_attention(values: dict[str, Any]) -> bool:
    """Whether flash attention is on where llama.cpp's log does not say: it says so only where it had to find out."""
    quantised = values["type_v"] not in {"f32", "f16", "bf16"}
    return values["flash_attn"] == "on" or (values["flash_attn"] == "auto" and quantised)


def _set_devices(params: Params, values: dict[str, Any], devices: list[Device]) -> None:
    params.devices = chosen_devices(values, devices)
    if not values["devices"]:
        return
    array = (ctypes.c_void_p * (len(params.devices) + 1))(*[device.handle for device in params.devices], None)
    params.kept.append(array)
    params.model.devices = ctypes.cast(array, ctypes.c_void_p)


def _set_placement(params: Params, values: dict[str, Any], devices: list[Device]) -> None:
    types = buffer_types(devices)
    rules: list[tuple[str, int]] = []
    overrides: list[list[str]] = values["tensor_overrides"] or []
    for pattern, name in overrides:
        _check_pattern(pattern)
        buffer = next((handle for known, handle in types.items() if known.lower() == name.lower()), None)
        if buffer is None:
            message = f"there is no buffer type {name!r}; this build has {', '.join(types)}"
            raise EngineError(FailureKind.BAD_SETTING, message, "tensor_overrides")
        rules.append((pattern, buffer))
    cpu = next(handle for name, handle in types.items() if name == "CPU")
    if n_layers := min(values["n_cpu_moe"] or 0, _MAX_LAYERS):
        # One pattern: llama.cpp compiles each anew for every tensor, which with a hundred took most of a dry run.
        rules.append((rf"blk\.({'|'.join(map(str, range(n_layers)))}){EXPERTS_PATTERN}", cpu))
    if not rules:
        return
    array: Any = (TensorBuftOverride * (len(rules) + 1))()
    for index, (pattern, buffer) in enumerate(rules):
        array[index].pattern, array[index].buft = pattern.encode(), buffer
    params.kept.append(array)
    params.model.tensor_buft_overrides = ctypes.cast(array, ctypes.c_void_p)


def _check_pattern(pattern: str) -> None:
    # llama.cpp compiles it with std::regex, which throws through its C interface on a malformed one.
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"{pattern!r} is not a valid pattern ({error})"
        raise EngineError(FailureKind.BAD_SETTING, message, "tensor_overrides") from None


def _set_overrides(params: Params, values: dict[str, Any], architecture: str) -> None:
    pairs: list[list[str]] = list(values["kv_overrides"] or [])
    if values["n_expert_used"]:
        pairs.append([f"{architecture}.expert_used_count", f"int:{values['n_expert_used']}"])
    if not pairs:
        return
    array: Any = (lib.llama_model_kv_override * (len(pairs) + 1))()
    for index, (key, text) in enumerate(pairs):
        _fill_override(array[index], key, text)
    params.kept.append(array)
    pointer_type = cast("type[Any]", type(params.model.kv_overrides))
    params.model.kv_overrides = ctypes.cast(array, pointer_type)


def _fill_override(entry: Any, key: str, text: str) -> None:
    kind, separator, value = text.partition(":")
    if not separator or kind not in {"int", "float", "bool", "str"}:
        raise _bad_override(key, text, "write it as int:N, float:X, bool:true or str:TEXT")
    if not 0 < len(key.encode()) < 128 or len(value.encode()) >= 128:
        raise _bad_override(key, text, "a key and a text may have up to 127 bytes")
    entry.key = key.encode()
    try:
        if kind == "int":
            entry.tag, entry.value.val_i64 = lib.LLAMA_KV_OVERRIDE_TYPE_INT, int(value)
        elif kind == "float":
            entry.tag, entry.value.val_f64 = lib.LLAMA_KV_OVERRIDE_TYPE_FLOAT, float(value)
        elif kind == "bool":
            entry.tag = lib.LLAMA_KV_OVERRIDE_TYPE_BOOL
            entry.value.val_bool = {"true": True, "false": False}[value.lower()]
        else:
            entry.tag, entry.value.val_str = lib.LLAMA_KV_OVERRIDE_TYPE_STR, value.encode()
    except (ValueError, KeyError):
        raise _bad_override(key, text, f"{value!r} is not of type {kind}") from None


def _bad_override(key: str, text: str, why: str) -> EngineError:
    return EngineError(FailureKind.BAD_SETTING, f"override {key}={text}: {why}", "kv_overrides")


def _set_context(params: Params, values: dict[str, Any]) -> None:
    context = params.context
    # As llama.cpp rounds it, but before it limits the batch to it.
    context.n_ctx = -(-values["n_ctx"] // CONTEXT_STEP) * CONTEXT_STEP
    # Every slot may decode and sample one token in a step, and its draft; llama.cpp aborts where the batch cannot hold
    # them. More logits there never are, and room for a whole batch of them is, at times, most of the compute buffer.
    context.n_outputs_max_per_seq = 1 + n_drafted(values)
    context.n_outputs_max = values["n_seq_max"] * context.n_outputs_max_per_seq
    context.n_batch = max(values["n_batch"], context.n_outputs_max)
    # Models with a running state can take guesses back where llama.cpp keeps the states before them. It does so for
    # some architectures (llm_arch_supports_rs_rollback, src/llama-arch.cpp) and passes over the number for others. With
    # a physical batch that does not hold one token more than a draft and the token before it, it aborts.
    n_states = n_drafted(values)
    n_at_once = min(context.n_ubatch, context.n_batch, context.n_ctx or context.n_batch)
    context.n_rs_seq = n_states if n_at_once > n_states + 1 else 0
    context.n_threads = values["n_threads"] or physical_cores()
    context.n_threads_batch = values["n_threads_batch"] or context.n_threads
    context.flash_attn_type = FLASH_ATTENTION[values["flash_attn"]]
    context.type_k = GGML_TYPES[values["type_k"]]
    context.type_v = GGML_TYPES[values["type_v"]]
    if values["rope_scaling_type"] is not None:
        context.rope_scaling_type = ROPE_SCALING[values["rope_scaling_type"]]
    context.no_perf = True  # timings are taken by the scheduler, per slot


def of_heads(context: Any) -> Any:
    """The parameters of the context in which a model's heads run, beside the one with the parameters `context`.

    The heads decode what the model does, one by one in the end, so their cells are as many and of the same types. A
    running state they have not.
    """
    own: Any = lib.llama_context_params.from_buffer_copy(context)
    own.ctx_type = lib.LLAMA_CONTEXT_TYPE_MTP
    own.n_outputs_max, own.n_outputs_max_per_seq, own.n_rs_seq = own.n_seq_max, 1, 0
    return own
