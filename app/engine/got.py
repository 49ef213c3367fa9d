"""Asked against got: what llama.cpp really set up, read back from it and from its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.core.reasons import DraftSource, LoadRemark, NotAsAsked
from app.core.run import Difference, Got, GotDevice, GotDraft
from app.engine import params
from app.engine.bindings import lib
from app.engine.buffer_types import BufferTypes, mapped_name
from app.engine.devices import Device
from app.engine.native_log import LoadLog

if TYPE_CHECKING:
    from app.engine.draft_load import DraftWeights
    from app.engine.heads import HeadsContext
    from app.engine.model import LoadedModel

_CPU = "CPU"


def read(loaded: LoadedModel, log: LoadLog, load_ms: float) -> Got:
    """What was got by this load."""
    values = loaded.values
    devices = _all_devices(loaded, log)
    n_offloaded = _n_offloaded(devices)
    flash = _flash_attention(values, log)
    in_force = _in_force(loaded, n_offloaded, flash)
    used = next((device for device in loaded.offload_devices() if n_offloaded), None)
    header = loaded.facts
    return Got(
        model_name=header.name,
        architecture=header.architecture,
        quantisation=header.quantisation,
        n_params=lib.llama_model_n_params(loaded.model),
        n_layers=len(log.layer_devices) or lib.llama_model_n_layer(loaded.model) + 1,
        n_layers_offloaded=n_offloaded,
        n_ctx=in_force["n_ctx"],
        n_ctx_slot=lib.llama_n_ctx_seq(loaded.context),
        n_ctx_train=lib.llama_model_n_ctx_train(loaded.model),
        n_slots=in_force["n_seq_max"],
        type_k=values["type_k"],
        type_v=values["type_v"],
        flash_attention=flash,
        backend=used.backend if used else _CPU,
        load_ms=load_ms,
        has_chat_template=loaded.has_template,
        llama_cpp=(lib.llama_version() or b"").decode(),
        devices=tuple(devices),
        settings=in_force,
        differences=tuple(_differences(loaded, in_force, log)),
        warnings=_warnings(loaded),
        draft=_draft(loaded.draft) if loaded.draft is not None else None,
    )


def _n_offloaded(devices: Iterable[GotDevice]) -> int:
    return sum(device.n_layers for device in devices if device.name != _CPU)


def _flash_attention(values: dict[str, Any], log: LoadLog) -> bool:
    said = log.flash_attention
    return params.uses_flash_attention(values) if said is None else said


def _draft(draft: DraftWeights | HeadsContext) -> GotDraft:
    return GotDraft(
        model_name=draft.name,
        quantisation=draft.facts.quantisation,
        n_params=lib.llama_model_n_params(draft.model) if draft.name else 0,
        n_layers=draft.n_layers,
        n_layers_offloaded=_n_offloaded(draft.got_devices),
        n_ctx=lib.llama_n_ctx(draft.context),
        type_k=draft.values["type_k"],
        type_v=draft.values["type_v"],
        flash_attention=_flash_attention(draft.values, draft.load_log),
        devices=draft.got_devices,
    )


def _all_devices(loaded: LoadedModel, log: LoadLog) -> list[GotDevice]:
    """What the model put where, and its draft model beside it."""
    drafts = {device.name: device.held_bytes for device in loaded.draft.got_devices} if loaded.draft else {}
    devices = devices_of(loaded.devices, loaded.used_devices(), log, loaded.free_before)
    return [replace(device, draft_bytes=drafts.get(device.name, 0)) for device in devices]


def devices_of(
    devices: list[Device], offload: list[Device], log: LoadLog, free_before: Mapping[str, int]
) -> list[GotDevice]:
    """What a load put on the CPU and on each of `offload`, by its log; `free_before` is what was free before it."""
    names = [device.name for device in offload]
    by_name = _devices_by_buffer(devices)
    found: list[GotDevice] = []
    for device in devices:
        if device.name != _CPU and device.name not in names:
            continue
        sizes = {"weights": 0, "kv": 0, "compute": 0, "output": 0}
        for buffer, kind, size_bytes in log.buffers:
            if _device_of_buffer(buffer, by_name) == device.name:
                sizes[kind] += size_bytes
        free_bytes, total_bytes = device.memory()
        found.append(
            GotDevice(
                name=device.name,
                description=device.description,
                kind=device.kind,
                weights_bytes=sizes["weights"],
                kv_bytes=sizes["kv"],
                compute_bytes=sizes["compute"],
                output_bytes=sizes["output"],
                n_layers=sum(1 for name in log.layer_devices.values() if name == device.name),
                free_bytes=free_bytes,
                total_bytes=total_bytes,
                free_before_bytes=free_before.get(device.name, 0),
            )
        )
    return found


def _devices_by_buffer(devices: list[Device]) -> dict[str, str]:
    """The names of buffer types in llama.cpp's log -> the device that they are on.

    Two remote workers' devices both call theirs RPC0, with the endpoint behind it.
    """
    types = BufferTypes(devices)
    found: dict[str, str] = {}
    for device in devices:
        for handle in types.own(device):
            kind = types.kind(handle)
            found[kind.name] = found[mapped_name(kind)] = kind.device
    return found


def _device_of_buffer(buffer: str, by_name: dict[str, str]) -> str:
    """The device of a buffer; what has no name of its own ("CUDA_Split", repacked weights) goes by its beginning."""
    if buffer in by_name:
        return by_name[buffer]
    matches = [name for name in by_name if buffer.startswith(name)]
    return by_name[max(matches, key=len)] if matches else _CPU


def _in_force(loaded: LoadedModel, n_offloaded: int, flash: bool) -> dict[str, Any]:
    context, draft = loaded.context, _draft_model(loaded)
    of_draft = (
        {
            "draft_n_gpu_layers": _n_offloaded(draft.got_devices),
            "draft_n_threads": lib.llama_n_threads(draft.context),
        }
        if draft is not None
        else {}
    )
    return (
        loaded.values
        | of_draft
        | {
            "n_ctx": lib.llama_n_ctx(context),
            "n_batch": lib.llama_n_batch(context),
            "n_ubatch": lib.llama_n_ubatch(context),
            "n_seq_max": lib.llama_n_seq_max(context),
            "n_threads": lib.llama_n_threads(context),
            "n_threads_batch": lib.llama_n_threads_batch(context),
            "n_gpu_layers": n_offloaded,
            "flash_attn": "on" if flash else "off",
        }
    )


def _differences(loaded: LoadedModel, in_force: dict[str, Any], log: LoadLog) -> list[Difference]:
    found: list[Difference] = []
    n_layers = len(log.layer_devices) or lib.llama_model_n_layer(loaded.model) + 1
    wanted = loaded.values["n_gpu_layers"]
    everything = wanted is None or wanted < 0
    offload: list[Device] = loaded.offload_devices()
    expected = n_layers if everything else min(wanted, n_layers)
    if in_force["n_gpu_layers"] != expected and not (everything and not offload):
        reason = "" if offload else NotAsAsked.NO_DEVICE
        found.append(Difference("n_gpu_layers", wanted, in_force["n_gpu_layers"], reason))
    if loaded.values["n_ctx"] and loaded.values["n_ctx"] != in_force["n_ctx"]:
        found.append(Difference("n_ctx", loaded.values["n_ctx"], in_force["n_ctx"], NotAsAsked.ROUNDED))
    if loaded.values["flash_attn"] != "auto" and loaded.values["flash_attn"] != in_force["flash_attn"]:
        found.append(
            Difference(
                "flash_attn", loaded.values["flash_attn"], in_force["flash_attn"], NotAsAsked.UNSUPPORTED
            )
        )
    for key in ("n_batch", "n_ubatch", "n_seq_max", "n_threads", "n_threads_batch"):
        if loaded.asked.get(key) not in (None, in_force[key]):
            found.append(Difference(key, loaded.asked[key], in_force[key], NotAsAsked.LIMITED))
    found += _draft_differences(loaded)
    if log.mlock_failed or (loaded.draft is not None and loaded.draft.load_log.mlock_failed):
        found.append(Difference("use_mlock", True, False, NotAsAsked.NOT_PERMITTED))
    return found


def _draft_model(loaded: LoadedModel) -> DraftWeights | HeadsContext | None:
    """What has rows of its own: the model's own heads are where the model is."""
    return loaded.draft if loaded.values["draft_source"] == DraftSource.MODEL else None


def _draft_differences(loaded: LoadedModel) -> list[Difference]:
    draft = _draft_model(loaded)
    if draft is None:
        return []
    found: list[Difference] = []
    wanted: int = loaded.values["draft_n_gpu_layers"]
    got, everything = _n_offloaded(draft.got_devices), wanted < 0
    offload = draft.params.devices
    expected = draft.n_layers if everything else min(wanted, draft.n_layers)
    if got != expected and not (everything and not offload):
        found.append(Difference("draft_n_gpu_layers", wanted, got, "" if offload else NotAsAsked.NO_DEVICE))
    n_threads, wanted_threads = lib.llama_n_threads(draft.context), loaded.asked.get("draft_n_threads")
    if wanted_threads not in (None, n_threads):
        found.append(Difference("draft_n_threads", wanted_threads, n_threads, NotAsAsked.LIMITED))
    return found


def _warnings(loaded: LoadedModel) -> tuple[str, ...]:
    """`LoadRemark`s."""
    said: list[str] = []
    if not loaded.has_template:
        said.append(LoadRemark.NO_CHAT_TEMPLATE)
    if loaded.template_error is not None:
        said.append(LoadRemark.BROKEN_CHAT_TEMPLATE)
    n_ctx_train = lib.llama_model_n_ctx_train(loaded.model)
    if 0 < n_ctx_train < lib.llama_n_ctx_seq(loaded.context):
        said.append(LoadRemark.CONTEXT_BEYOND_TRAINING)
    return tuple(said)
