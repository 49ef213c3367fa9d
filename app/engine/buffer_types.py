"""ggml's buffer types: whose memory they are, what of a mapped file stays in them, where adapters go."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.footprint import Buffer
from app.core.gguf import Header, TensorInfo
from app.core.settings.load_mode import load_mode
from app.engine.bindings import DeviceProps, function, lib
from app.engine.devices import Device

_BUFFER_OFFSET = 8
"""Where ``struct ggml_tensor`` keeps its ``buffer``: behind the enum that it begins with (ggml.h)."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight that a model uses: its name and the buffer type (ggml's pointer) that it is in."""

    name: str
    buffer_type: int


@dataclass(frozen=True, slots=True)
class BufferKind:
    """A buffer type's name, and the device that its memory is on."""

    name: str
    device: str


class BufferTypes:
    """The buffer types of these devices."""

    def __init__(self, devices: Sequence[Device], name_of: Callable[[str], str] = str) -> None:
        """`name_of` says what to call a buffer type that ggml has a name for."""
        self._devices = tuple(devices)
        self._name_of = name_of
        self._kinds: dict[int, BufferKind] = {}
        self._mappable: dict[int, int] = {}

    @property
    def cpu(self) -> Device:
        """The CPU, which every build has."""
        return next(device for device in self._devices if device.kind == "cpu")

    def kind(self, handle: int) -> BufferKind:
        """What the buffer type `handle` is; pinned and repacked main memory counts as the CPU's."""
        if handle not in self._kinds:
            name: bytes = function("ggml_backend_buft_name")(handle)
            on: int | None = function("ggml_backend_buft_get_device")(handle)
            device = next((item for item in self._devices if item.handle == on), None)
            if device is None or function("ggml_backend_buft_is_host")(handle):
                device = self.cpu
            self._kinds[handle] = BufferKind(self._name_of(name.decode("utf-8", "replace")), device.name)
        return self._kinds[handle]

    def own(self, device: Device) -> list[int]:
        """The buffer types of `device`: its memory's, and that of pinned main memory if it has one."""
        host: int | None = function("ggml_backend_dev_host_buffer_type")(device.handle)
        return [_own_type(device), *([host] if host else [])]

    def mappable(self) -> dict[int, int]:
        """Buffer types whose tensors can stay in a mapped file -> the buffer type that they then are in.

        Pinned host memory gives way to the CPU's own where files are mapped (``buft_for_tensor``,
        src/llama-model-loader.cpp).
        """
        if not self._mappable:
            for device in self._devices:
                if props(device).buffer_from_host_ptr:
                    self._mappable[_own_type(device)] = _own_type(device)
                if host := function("ggml_backend_dev_host_buffer_type")(device.handle):
                    self._mappable[host] = _own_type(self.cpu)
        return self._mappable

    def mapped_ranges(self, weights: Iterable[Weight], headers: Sequence[Header]) -> dict[int, list[int]]:
        """Buffer type -> the bytes of each of its files that llama.cpp maps: from the first tensor to the last."""
        ranges: dict[tuple[int, int], tuple[int, int]] = {}
        for target, n, tensor in self._mapped_tensors(weights, headers):
            ranges[target, n] = _widened(ranges.get((target, n)), tensor)
        found: dict[int, list[int]] = {}
        for (buffer_type, _n), (first, last) in sorted(ranges.items()):
            found.setdefault(buffer_type, []).append(last - first)
        return found

    def mapped_weights(self, weights: Iterable[Weight], headers: Sequence[Header]) -> dict[int, int]:
        """Buffer type -> the bytes of the weights that are used where their file is mapped, each once."""
        found: dict[int, int] = {}
        for target, _n, tensor in dict.fromkeys(self._mapped_tensors(weights, headers)):
            found[target] = found.get(target, 0) + tensor.size_bytes
        return found

    def _mapped_tensors(
        self, weights: Iterable[Weight], headers: Sequence[Header]
    ) -> Iterator[tuple[int, int, TensorInfo]]:
        """The weights that stay in a mapped file: the buffer type they are in, the number of the file, the tensor."""
        places = {tensor.name: (n, tensor) for n, header in enumerate(headers) for tensor in header.tensors}
        for weight in weights:
            target, place = self.mappable().get(weight.buffer_type), places.get(weight.name)
            if target is not None and place is not None:
                yield target, *place

    def mapped_whole(self, sizes: Mapping[int, int]) -> dict[int, list[int]]:
        """As `mapped_ranges`, from the bytes in each buffer type, where nobody tells which weights these are.

        As if they lay one behind the other in one file: what lies between them is left out.
        """
        found: dict[int, list[int]] = {}
        for handle, size_bytes in sizes.items():
            if (target := self.mappable().get(handle)) is not None:
                found[target] = [size_bytes + sum(found.get(target, ()))]
        return found

    def adapter(
        self, header: Header, weights: Iterable[Weight], *, is_mapped: bool
    ) -> list[tuple[Buffer, str]]:
        """What a LoRA adapter takes, and on which device: beside the weights that it changes.

        Memory for repacked weights takes none; they go to the CPU's own (src/llama-adapter.cpp). Beside weights that
        are mapped, its memory goes by the mapping's name, though it is allocated.
        """
        places = {weight.name: weight.buffer_type for weight in weights}
        own = {_own_type(device) for device in self._devices}
        sizes: dict[tuple[int, bool], int] = {}
        for tensor in header.tensors:
            place = places.get(tensor.name.removesuffix(".lora_a").removesuffix(".lora_b"), 0)
            target = place if place in own else _own_type(self.cpu)
            alignment: int = function("ggml_backend_buft_get_alignment")(target)
            key = target, is_mapped and place in self.mappable()
            sizes[key] = sizes.get(key, 0) + -(-tensor.size_bytes // alignment) * alignment
        found: list[tuple[Buffer, str]] = []
        for (handle, beside_mapped), size_bytes in sizes.items():
            kind = self.kind(handle)
            name = mapped_name(kind) if beside_mapped else kind.name
            found.append((Buffer(name, "weights", size_bytes), kind.device))
        return found


def mapped_name(kind: BufferKind) -> str:
    """What llama.cpp's log calls the buffer over a mapped file."""
    return f"{kind.name}_Mapped"


def weight_of(tensor: int) -> Weight:
    """The weight that a ``ggml_tensor *`` is."""
    name: bytes = function("ggml_get_name")(tensor)
    buffer = ctypes.c_uint64.from_address(tensor + _BUFFER_OFFSET).value
    buffer_type: int = function("ggml_backend_buffer_get_type")(buffer) if buffer else 0
    return Weight(name.decode("utf-8", "replace"), buffer_type)


def is_mapped(values: dict[str, Any], devices: Iterable[Device]) -> bool:
    """Whether the file is mapped, as ``load_tensors`` decides: "auto" maps unless a device in use cannot read it."""
    if not lib.llama_supports_mmap():
        return False
    mode = load_mode(values)
    if mode == "auto":
        return all(props(device).mmap_support for device in devices)
    return mode in {"mmap", "mmap+mlock"}


def props(device: Device) -> DeviceProps:
    """What ggml says of a device. For a remote one this asks over the connection that computation uses."""
    found = DeviceProps()
    function("ggml_backend_dev_get_props")(device.handle, ctypes.byref(found))
    return found


def _own_type(device: Device) -> int:
    handle: int = function("ggml_backend_dev_buffer_type")(device.handle)
    return handle


def _widened(known: tuple[int, int] | None, tensor: TensorInfo) -> tuple[int, int]:
    first, last = known or (tensor.offset, 0)
    return min(first, tensor.offset), max(last, tensor.offset + tensor.size_bytes)
