"""An arithmetical stand-in for the dry run: footprints as llama.cpp's behave, quirks included."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.footprint import DeviceFootprint, Footprint
from app.core.gguf import ModelFacts, ModelKind
from app.core.settings import LOAD

MB = 1_000_000
BITS = {"f32": 32, "f16": 16, "bf16": 16, "q8_0": 8.5, "q4_0": 4.5}


def facts(n_layers: int = 32, *, n_expert: int = 0, n_swa: int = 0, n_ctx_train: int = 131_072) -> ModelFacts:
    """The header of a model of that shape."""
    return ModelFacts(
        path="synthetic.gguf", parts=("synthetic.gguf",), kind=ModelKind.MODEL, name="Synthetic",
        architecture="llama", quantisation="Q8_0", bits_per_weight=8.5, n_params=7_000_000_000,
        size_bytes=7_000 * MB, n_ctx_train=n_ctx_train, n_layers=n_layers, n_embd=4096, n_ff=16384, n_head=32,
        n_head_kv=8, n_head_kv_per_layer=(), head_size_k=128, head_size_v=128, n_expert=n_expert,
        n_expert_used=min(2, n_expert), n_swa=n_swa, n_vocab=128_000, tokenizer="gpt2", has_chat_template=True,
        rope_freq_base=10_000.0, rope_scaling="", rope_scaling_factor=0.0, rope_n_ctx_orig=0, license="",
    )  # fmt: skip


@dataclass
class Synthetic:
    """A model on a machine; calling it with load settings is a dry run. `calls` counts them.

    `shares` are the devices' parts of the offloaded layers. `pipeline` multiplies compute buffers where every layer
    is offloaded to several devices; `compute_noise` makes them waver from one number of layers to the next, by up to
    that share. `draft` is what a draft model takes of each device, where a plan has one; half of it is its KV cache.
    """

    n_layers: int = 32
    layer_bytes: int = 200 * MB
    expert_bytes: int = 0
    output_bytes: int = 500 * MB
    kv_token_bytes: int = 4096
    n_swa: int = 0
    compute_bytes: int = 300 * MB
    compute_noise: float = 0.02
    pipeline: float = 3.0
    shares: tuple[float, ...] = (1.0,)
    capacity: Mapping[str, int] = field(default_factory=dict[str, int])
    draft: Mapping[str, int] = field(default_factory=dict[str, int])
    n_calls: int = 0

    def facts(self) -> ModelFacts:
        """Its header."""
        return facts(self.n_layers, n_expert=8 if self.expert_bytes else 0, n_swa=self.n_swa)

    def __call__(self, values: Mapping[str, Any]) -> Footprint:
        self.n_calls += 1
        plan = {**LOAD.defaults(), **values}
        places = self._places(plan)
        n_ctx = math.ceil((plan["n_ctx"] or 131_072) / 256) * 256
        devices = [self._device(name, places, plan, n_ctx) for name in ("CPU", *self._names())]
        return Footprint(tuple(devices), (), places, n_ctx, n_ctx, True, 1.0)

    def _names(self) -> list[str]:
        return [f"GPU{index}" for index in range(len(self.shares))]

    def _places(self, plan: Mapping[str, Any]) -> tuple[str, ...]:
        """As llama.cpp deals layers out: the last ones to the devices, by cumulated shares."""
        n_all = self.n_layers + 1
        n_off = n_all if plan["n_gpu_layers"] < 0 else min(plan["n_gpu_layers"], n_all)
        if not self.shares:
            n_off = 0
        shares: tuple[float, ...] = tuple(plan["tensor_split"]) or self.shares
        sums = [sum(shares[: index + 1]) / sum(shares) for index in range(len(shares))]
        on_devices = [f"GPU{min(bisect_right(sums, place / n_off), len(sums) - 1)}" for place in range(n_off)]
        return ("CPU",) * (n_all - n_off) + tuple(on_devices)

    def _device(
        self, name: str, places: tuple[str, ...], plan: Mapping[str, Any], n_ctx: int
    ) -> DeviceFootprint:
        is_host = name == "CPU"
        mine = [layer for layer, place in enumerate(places) if place == name]
        experts = range(self.n_layers) if self.expert_bytes else ()
        weights = sum(self.output_bytes if layer == self.n_layers else self.layer_bytes for layer in mine)
        moved = [layer for layer in experts if layer < plan["n_cpu_moe"]]
        weights += self.expert_bytes * sum(1 for layer in experts if layer in mine and layer not in moved)
        if is_host:
            weights += self.output_bytes + self.expert_bytes * len(moved)
        kv_layers = range(self.n_layers) if is_host and not plan["offload_kqv"] else mine
        if not is_host and not plan["offload_kqv"]:
            kv_layers = []
        kv = sum(self._kv(layer, plan, n_ctx) for layer in kv_layers if layer < self.n_layers)
        compute = self._compute(name, mine, places, plan, n_ctx)
        size = self.capacity.get(name, 0)
        return DeviceFootprint(
            name, name, "cpu" if is_host else "gpu", weights, kv, compute,
            draft_bytes=self._draft(name, plan),
            n_layers=len(mine), free_bytes=size, capacity_bytes=size,
        )  # fmt: skip

    def _draft(self, name: str, plan: Mapping[str, Any]) -> int:
        bits = (BITS[plan["draft_type_k"]] + BITS[plan["draft_type_v"]]) / 32
        return int(self.draft.get(name, 0) * (1 + bits) / 2) if plan["draft_source"] == "model" else 0

    def _kv(self, layer: int, plan: Mapping[str, Any], n_ctx: int) -> int:
        sees = min(n_ctx, self.n_swa) if self.n_swa and layer % 6 != 5 else n_ctx
        bits = (BITS[plan["type_k"]] + BITS[plan["type_v"]]) / 32
        return int(sees * self.kv_token_bytes * bits)

    def _compute(
        self, name: str, mine: list[int], places: tuple[str, ...], plan: Mapping[str, Any], n_ctx: int
    ) -> int:
        if not mine:
            return 0 if name != "CPU" else 20 * MB
        size = self.compute_bytes * plan["n_ubatch"] / 512 * (0.5 + n_ctx / 65_536)
        is_small = len(mine) <= 2 or (self.n_swa and not any(layer % 6 == 5 for layer in mine))
        size *= 0.3 if is_small else 1.0
        size *= 1 + self.compute_noise * ((len(mine) * 7919 + n_ctx // 256 * 104_729) % 101 / 100)
        if len(self.shares) > 1 and "CPU" not in places:
            size *= self.pipeline
        return int(size)
