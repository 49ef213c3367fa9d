"""Where a model can lie, best first: the rungs that a fit goes down until one fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from app.core.footprint import Footprint
from app.core.gguf import ModelFacts
from app.core.settings.load_table import LOAD

_ALL = -1


@dataclass(frozen=True, slots=True)
class Ladder:
    """Load settings of each rung. From `kink` on whole layers leave the device; before it experts do, if at all.

    `n_expert_layers` is how many layers have experts that could be moved, 0 for a dense model.
    """

    rungs: tuple[dict[str, Any], ...]
    kink: int = 0
    n_expert_layers: int = 0

    def __len__(self) -> int:
        return len(self.rungs)

    def __getitem__(self, rung: int) -> dict[str, Any]:
        return self.rungs[rung]

    @staticmethod
    def top(asked: Mapping[str, Any], pinned: Collection[str]) -> dict[str, Any]:
        """The first rung of every ladder: all layers and all experts on the device, but for what is pinned."""
        best = {"n_gpu_layers": _ALL, "n_cpu_moe": 0}
        return {key: LOAD.value(asked, key) if key in pinned else value for key, value in best.items()}

    @classmethod
    def of(
        cls, asked: Mapping[str, Any], facts: ModelFacts, footprint: Footprint, pinned: Collection[str]
    ) -> Self:
        """The ladder for a model whose first rung has `footprint`.

        Where nothing goes to a device, one rung: as asked. Where the number of layers asked for means all of them, the
        first rung keeps its wording.
        """
        top = cls.top(asked, pinned)
        if not footprint.n_layers_offloaded:
            return cls(({key: LOAD.value(asked, key) for key in top},))
        if LOAD.value(asked, "n_gpu_layers") >= footprint.n_layers:
            top["n_gpu_layers"] = LOAD.value(asked, "n_gpu_layers")
        n_expert_layers = facts.n_layers if facts.n_expert else 0
        experts = range(1, n_expert_layers + 1) if "n_cpu_moe" not in pinned else ()
        layers = range(footprint.n_layers - 1, -1, -1) if "n_gpu_layers" not in pinned else ()
        rungs = [top, *({**top, "n_cpu_moe": n_moved} for n_moved in experts)]
        kink = len(rungs) - 1
        rungs += [{**rungs[-1], "n_gpu_layers": n_layers} for n_layers in layers]
        return cls(tuple(rungs), kink, n_expert_layers)
