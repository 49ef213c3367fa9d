"""The memory that a plan would take, measured by llama.cpp itself, which goes through a load without allocating.

``llama_model_params.no_alloc`` reads a file's header, decides where every tensor goes and simulates each allocation; a
context made on such a model lays out its KV cache and reserves its graphs in the same way. `engine.breakdown` reads
the sums back to the byte, the log names each layer's device, and a skeleton of the file (`core.skeleton`) makes it a
matter of milliseconds. What is not simulated is worked out as llama.cpp does it:

* A mapped file cannot be simulated (``GGML_ASSERT(!ml.no_alloc)``, src/llama-model.cpp). llama.cpp maps, for each
  file, the range from the first to the last tensor that stays in memory it can map (``get_mapping_range``).
* LoRA adapters go where the weights are that they change (src/llama-adapter.cpp). What they add to the compute buffers
  (rank times micro-batch numbers, well under a hundredth) is left out: it would take loading them.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.footprint import Buffer, DeviceFootprint, Footprint
from app.core.gguf import GgufError, Header, facts, parts_of, read_header
from app.core.reasons import DraftSource, FailureKind
from app.core.settings import LOAD
from app.engine import breakdown, heads, params
from app.engine.bindings import lib
from app.engine.buffer_types import BufferTypes, Weight, is_mapped, mapped_name, weight_of
from app.engine.devices import Device, add_rpc_servers, all_devices, refuse_second_names
from app.engine.draft_load import draft_error, draft_values
from app.engine.errors import EngineError
from app.engine.failures import failure
from app.engine.native_log import LoadLog, NativeLog
from app.engine.stand_in import Memory, StandIns

_N_MODELS = 6
_N_HEADERS = 16
_FREE_STEP = 1 << 26
"""Free memory is counted in steps of this many bytes where it decides how layers are split over devices."""


@dataclass(slots=True)
class _Model:
    """A model laid out without its weights, and what is known of it; no `weights` where the build does not tell.

    `mapped` has for each buffer type the mapped bytes of each file, `staying` those of the weights that are used there:
    others may lie between them.
    """

    handle: Any
    params: params.Params
    log: LoadLog
    weights: list[Weight]
    is_mapped: bool = False
    mapped: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    staying: dict[int, int] = field(default_factory=dict[int, int])


class DryRun:
    """Answers what plans would take. Keeps the models laid out last, so that a change of context costs no reading.

    Belongs to one thread. A broken file can end the process: see `worker.probe`.
    """

    def __init__(self, log: NativeLog) -> None:
        """`log` has been installed."""
        self._log = log
        self._models: OrderedDict[str, _Model] = OrderedDict()
        self._servers: set[str] = set()
        self._stand_ins = StandIns()
        self._headers: dict[str, tuple[Header, ...]] = {}
        self._types = BufferTypes([])
        self._devices: list[Device] = []
        lib.llama_backend_init()

    def footprint(
        self,
        path: str,
        values: Mapping[str, Any],
        *,
        held: Mapping[str, int] | None = None,
        draft_path: str = "",
        projector: str = "",
        stand_ins: Mapping[str, list[Memory]] | None = None,
    ) -> Footprint:
        """What the model at `path` (a skeleton or the file itself) takes with the load settings `values`.

        `held` maps device names to bytes that will be given back before the load; `draft_path` is a skeleton of
        the draft model that `values` name; `projector` an mmproj file. `stand_ins` has the memory of the devices
        of each remote worker that must not be asked, since it serves another client.

        Raises:
            EngineError: llama.cpp refuses the file or a setting.
        """
        started_s = time.perf_counter()
        self._find_devices(values, stand_ins or {})
        whole = params.resolved(dict(values))
        found, n_loads = self._measure(path, whole, held or {})
        if whole["draft_source"] == DraftSource.MTP:
            found = replace(_with_draft(found, self._measure_heads(path, whole, found)), has_own_heads=True)
        if draft_path:
            draft, n_more = self._measure_draft(draft_path, values, found, held or {})
            found, n_loads = _with_draft(found, draft), n_loads + n_more
        if projector:
            found = self._with_projector(found, projector, values)
        elapsed_ms = (time.perf_counter() - started_s) * 1000
        return replace(found, elapsed_ms=elapsed_ms, n_model_loads=n_loads)

    def _find_devices(self, values: Mapping[str, Any], stand_ins: Mapping[str, list[Memory]]) -> None:
        wanted: list[str] = values.get("rpc_servers") or []
        new = [endpoint for endpoint in wanted if endpoint not in self._servers]
        if new:
            refuse_second_names(wanted)
        for endpoint in new:
            memory = stand_ins.get(endpoint)
            add_rpc_servers([endpoint if memory is None else self._stand_ins.put(endpoint, memory)])
            self._servers.add(endpoint)
        if new or not self._devices:
            self._devices = self._stand_ins.as_real(all_devices())
            self._types = BufferTypes(self._devices, self._stand_ins.real_name)

    def _measure(self, path: str, values: dict[str, Any], held: Mapping[str, int]) -> tuple[Footprint, int]:
        split = self._split(values, held)
        values = values | {"tensor_split": split or values["tensor_split"]}
        key = self._key(path, values)
        n_loads = 0
        if key not in self._models:
            self._models[key] = self._lay_out(path, values)
            n_loads = 1
        self._models.move_to_end(key)
        while len(self._models) > _N_MODELS:
            lib.llama_model_free(self._models.popitem(last=False)[1].handle)
        return replace(self._make_context(self._models[key], values), split=tuple(split)), n_loads

    def _measure_draft(
        self, path: str, values: Mapping[str, Any], target: Footprint, held: Mapping[str, int]
    ) -> tuple[Footprint, int]:
        try:
            whole = params.resolved(dict(values))
            own = draft_values(whole, target.n_ctx, target.split, self._devices)
            return self._measure(path, own, held)
        except EngineError as error:
            raise draft_error(error) from None

    def _measure_heads(self, path: str, values: dict[str, Any], target: Footprint) -> Footprint:
        """What the context of the model's own heads takes beside what the model does, their weights included."""
        values = values | {"tensor_split": list(target.split) or values["tensor_split"]}
        laid_out = self._models[self._key(path, values)]
        return self._make_context(laid_out, values, of_heads=True)

    def _split(self, values: dict[str, Any], held: Mapping[str, int]) -> list[float]:
        """The split by free memory, as llama.cpp makes it where the user gives none (``load_tensors``).

        What will be given back counts as free. It is rounded, so that not every ask lays the model out anew.
        """
        devices = params.chosen_devices(values, self._devices)
        if values["tensor_split"] or len(devices) < 2:
            return []
        return [
            float(round(self._free_after(device, held.get(device.name, 0)) / _FREE_STEP))
            for device in devices
        ]

    def _free_after(self, device: Device, held_bytes: int) -> int:
        """What is free once this is given back; a device that reports all of its memory as free has nothing to add."""
        free_bytes, total_bytes = device.memory()
        if not free_bytes and not total_bytes:  # it has none of its own
            free_bytes, total_bytes = self._types.cpu.memory()
        return min(free_bytes + held_bytes, max(free_bytes, total_bytes))

    def _key(self, path: str, values: dict[str, Any]) -> str:
        """What the layout of a model depends on."""
        told = {row.key: values[row.key] for row in LOAD if not row.target.startswith(("context.", "draft."))}
        has_heads = values["draft_source"] == DraftSource.MTP
        return json.dumps([_version_of(path), told, has_heads], sort_keys=True, default=str)

    # -- the model ------------------------------------------------------------------------------------------

    def _lay_out(self, path: str, values: dict[str, Any]) -> _Model:
        headers = self._headers_of(path)
        architecture = headers[0].text("general.architecture")
        if values["draft_source"] == DraftSource.MTP:
            heads.refuse_unknown(facts(path))
        built = params.build(values, self._devices, architecture)
        built.model.no_alloc = True
        built.model.load_mode = lib.llama_load_mode_from_str(b"none")
        log = LoadLog()
        handle = self._logged(log, lambda: lib.llama_model_load_from_file(os.fsencode(path), built.model))
        if not handle:
            raise failure(self._log.recent_errors(), "llama.cpp could not read the file")
        weights = [weight_of(tensor) for tensor in breakdown.tensors_of(handle)]
        model = _Model(handle, built, log, weights, is_mapped(values, built.devices))
        if model.is_mapped:
            model.mapped = self._types.mapped_ranges(weights, headers)
            model.staying = self._types.mapped_weights(weights, headers)
        return model

    def _headers_of(self, path: str) -> tuple[Header, ...]:
        version = _version_of(path)
        if version not in self._headers:
            try:
                self._headers[version] = tuple(read_header(part) for part in parts_of(path))
            except GgufError as error:
                raise EngineError(FailureKind.BAD_FILE, error.message, error.reason) from None
            while len(self._headers) > _N_HEADERS:
                del self._headers[next(iter(self._headers))]
        return self._headers[version]

    # -- the context ----------------------------------------------------------------------------------------

    def _make_context(self, model: _Model, values: dict[str, Any], *, of_heads: bool = False) -> Footprint:
        """The memory of a context on `model` and the model itself; `of_heads` of that of its heads, alone."""
        built = params.build(values, self._devices, "").context
        if of_heads:
            built = params.of_heads(built)
        log = LoadLog()
        context = self._logged(log, lambda: lib.llama_init_from_model(model.handle, built))
        if not context:
            raise failure(self._log.recent_errors(), "llama.cpp could not lay out the context")
        try:
            if values["draft_source"] == DraftSource.MTP:
                heads.lay_out(context, model.handle, log, of_heads=of_heads)
            compute = breakdown.compute_of(context)
            memory = [
                replace(item, compute_bytes=compute.get(item.handle, item.compute_bytes))
                for item in breakdown.memory_of(context)
            ]
            if model.is_mapped and not model.weights:
                model.mapped = self._types.mapped_whole(
                    {item.handle: item.model_bytes for item in memory if item.model_bytes}
                )
                model.staying = {handle: sum(sizes) for handle, sizes in model.mapped.items()}
            buffers = self._buffers(model, log, memory, values)
            if of_heads:  # the weights are the model's
                buffers = [item for item in buffers if item[0].part != "weights"]
            n_ctx, n_ctx_slot = lib.llama_n_ctx(context), lib.llama_n_ctx_seq(context)
        finally:
            lib.llama_free(context)
        layers = tuple(name for _layer, name in sorted(model.log.layer_devices.items()))
        if of_heads:
            layers = tuple(heads.layers_of(model.log, model.handle))
        flash = log.flash_attention
        return Footprint(
            devices=tuple(self._devices_of(model, buffers, layers, of_heads=of_heads)),
            buffers=tuple(buffer for buffer, _device in buffers),
            layer_devices=layers,
            n_ctx=n_ctx,
            n_ctx_slot=n_ctx_slot,
            flash_attention=params.uses_flash_attention(values) if flash is None else flash,
            elapsed_ms=0.0,
        )

    def _buffers(
        self,
        model: _Model,
        log: LoadLog,
        memory: list[breakdown.BufferTypeMemory],
        values: dict[str, Any],
    ) -> list[tuple[Buffer, str]]:
        """Each buffer as the real load's log will name it, and the device that it is on."""
        found: list[tuple[Buffer, str]] = []
        for item in memory:
            kind = self._types.kind(item.handle)
            found += [
                (Buffer(kind.name, "weights", self._unmapped_bytes(model, item)), kind.device),
                (Buffer(kind.name, "kv", item.context_bytes), kind.device),
                (Buffer(kind.name, "compute", item.compute_bytes), kind.device),
            ]
        for handle, sizes in model.mapped.items():
            kind = self._types.kind(handle)
            found.append((Buffer(mapped_name(kind), "weights", sum(sizes)), kind.device))
        outputs = [(name, size) for name, part, size in log.buffers if part == "output"]
        found += [(Buffer(name, "output", size), self._types.cpu.name) for name, size in outputs]
        adapters: list[list[str]] = values["lora"] or []
        for path, *_scale in adapters:
            found += self._types.adapter(
                self._headers_of(path)[0], model.weights, is_mapped=bool(model.mapped)
            )
        return [(buffer, device) for buffer, device in found if buffer.size_bytes]

    def _unmapped_bytes(self, model: _Model, item: breakdown.BufferTypeMemory) -> int:
        return 0 if model.mapped and item.handle in self._types.mappable() else item.model_bytes

    def _devices_of(
        self, model: _Model, buffers: list[tuple[Buffer, str]], layers: tuple[str, ...], *, of_heads: bool
    ) -> list[DeviceFootprint]:
        mapped: Counter[str] = Counter()
        idle: Counter[str] = Counter()
        for handle, ranges in model.mapped.items() if not of_heads else ():
            name = self._types.kind(handle).device
            mapped[name] += sum(ranges)
            idle[name] += max(0, sum(ranges) - model.staying.get(handle, 0))
        found: list[DeviceFootprint] = []
        for device in self._devices:
            if device.kind == "accel":
                continue
            sizes: Counter[str] = Counter()
            for buffer, name in buffers:
                if name == device.name:
                    sizes[buffer.part] += buffer.size_bytes
            free_bytes, total_bytes = device.memory()
            found.append(
                DeviceFootprint(
                    name=device.name,
                    description=device.description,
                    kind=device.kind,
                    weights_bytes=sizes["weights"],
                    kv_bytes=sizes["kv"],
                    compute_bytes=sizes["compute"],
                    output_bytes=sizes["output"],
                    mapped_bytes=mapped[device.name],
                    idle_bytes=idle[device.name],
                    n_layers=layers.count(device.name),
                    free_bytes=free_bytes,
                    capacity_bytes=total_bytes,
                )
            )
        return found

    def _with_projector(self, found: Footprint, path: str, values: Mapping[str, Any]) -> Footprint:
        chosen = params.chosen_devices(params.resolved(dict(values)), self._devices)
        sizes = breakdown.projector_memory(path, use_gpu=bool(chosen))
        names = {device.handle: device.name for device in self._devices}
        by_name = {names.get(handle, ""): size_bytes for handle, size_bytes in sizes.items()}
        devices = (replace(item, projector_bytes=by_name.get(item.name, 0)) for item in found.devices)
        return replace(found, devices=tuple(devices))

    def _logged(self, log: LoadLog, call: Callable[[], Any]) -> Any:
        self._log.forget()
        self._log.listen(log.read)
        try:
            return call()
        finally:
            self._log.listen(None)

    def close(self) -> None:
        """Free every model."""
        while self._models:
            lib.llama_model_free(self._models.popitem()[1].handle)


def _version_of(path: str) -> str:
    """What a file is known by: one that is replaced is another one."""
    try:
        status = os.stat(path)
    except OSError:  # opening it says why
        return path
    return f"{path}:{status.st_size}:{status.st_mtime_ns}"


def _with_draft(found: Footprint, draft: Footprint) -> Footprint:
    of_draft = {device.name: device for device in draft.devices}
    return replace(
        found,
        devices=tuple(_beside(device, of_draft[device.name]) for device in found.devices),
        draft_buffers=draft.buffers,
        n_draft_layers=draft.n_layers,
        n_draft_layers_offloaded=draft.n_layers_offloaded,
    )


def _beside(device: DeviceFootprint, draft: DeviceFootprint) -> DeviceFootprint:
    return replace(
        device,
        draft_bytes=draft.total_bytes,
        draft_idle_bytes=draft.idle_bytes,
        mapped_bytes=device.mapped_bytes + draft.mapped_bytes,
        idle_bytes=device.idle_bytes + draft.idle_bytes,
    )
