"""What was measured and what was got: timings of a generation, statistics over several, and a load's outcome."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Timings:
    """One generation's timings, in llama.cpp's units.

    `prompt_n` tokens were processed in `prompt_ms`; `cached_n` more were already in the cache. `predicted_n` tokens
    were generated in `predicted_ms`, counted from the first token to the last. `ttft_ms` runs from the request's
    arrival in the worker to the first token, `total_ms` to the end. Of `draft_n` tokens that were guessed ahead
    `draft_n_accepted` were what the model then chose.
    """

    prompt_n: int = 0
    cached_n: int = 0
    prompt_ms: float = 0.0
    predicted_n: int = 0
    predicted_ms: float = 0.0
    ttft_ms: float = 0.0
    total_ms: float = 0.0
    draft_n: int = 0
    draft_n_accepted: int = 0

    @property
    def prompt_per_second(self) -> float:
        """Prompt tokens per second, 0 where nothing was processed."""
        return self.prompt_n * 1000 / self.prompt_ms if self.prompt_ms > 0 else 0.0

    @property
    def predicted_per_second(self) -> float:
        """Generated tokens per second. The first token belongs to the prompt, so n tokens are n - 1 steps."""
        return (
            (self.predicted_n - 1) * 1000 / self.predicted_ms
            if self.predicted_n > 1 and self.predicted_ms > 0
            else 0.0
        )

    def to_dict(self) -> dict[str, float]:
        """Builtin types only, for messages and files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; unknown keys are ignored, missing ones are 0."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in record.items() if key in known})


@dataclass(frozen=True, slots=True)
class Drafting:
    """What speculative decoding did for one reply, with the costs that were measured on this machine.

    `by_position` has for the first, second, ... token of a draft how many were checked there (those after a wrong one
    are not) and how many of them were right. `step_ms` has for the sizes of batches that occurred or were measured
    (tokens, ms that decoding them takes), the first one token: the plain cost. `draft_token_ms` is what guessing
    one token costs, 0 for looking it up. `n_steps` decodes produced the reply, `n_drafted_steps` of them checked
    a draft. `saved_ms` is what the measured plain cost of the same tokens exceeds the time that they took, negative
    where drafting cost more than it won.
    """

    source: str
    drafted_n: int = 0
    accepted_n: int = 0
    by_position: tuple[tuple[int, int], ...] = ()
    n_steps: int = 0
    n_drafted_steps: int = 0
    step_ms: tuple[tuple[int, float], ...] = ()
    draft_token_ms: float = 0.0
    saved_ms: float = 0.0
    spent_ms: float = 0.0  # decoding, drafting and sampling of the reply's tokens after the first

    @property
    def rate(self) -> float:
        """The share of guesses that were right, 0 of none."""
        return self.accepted_n / self.drafted_n if self.drafted_n else 0.0

    @property
    def speed_up(self) -> float:
        """How many times faster than plain decoding by the costs measured, 1 where nothing is known."""
        return (self.spent_ms + self.saved_ms) / self.spent_ms if self.spent_ms > 0 else 1.0

    @property
    def is_judged(self) -> bool:
        """Whether what a plain step takes was measured, so that `speed_up` and `break_even_rate` say something."""
        return self.spent_ms > 0 and any(n_tokens == 1 for n_tokens, _ in self.step_ms)

    def cost_ms(self, n_tokens: int) -> float:
        """What decoding a batch of `n_tokens` takes, by linear interpolation of what was measured; 0 if nothing was."""
        known = sorted(self.step_ms)
        if not known:
            return 0.0
        above = next((item for item in known if item[0] >= n_tokens), known[-1])
        below = next((item for item in reversed(known) if item[0] <= n_tokens), known[0])
        if above[0] == below[0]:
            return above[1]
        share = (n_tokens - below[0]) / (above[0] - below[0])
        return below[1] + share * (above[1] - below[1])

    def break_even_rate(self, n_drafted: int) -> float:
        """The rate at which drafts of `n_drafted` tokens cost as much as they win; over 1 where they never can.

        A step of d guesses at a rate a (each right with this probability if those before it were) makes
        1 + a + ... + a^d tokens and takes cost(d + 1) + d * draft_token_ms (Leviathan et al. 2023, section 3.3).
        """
        plain_ms = self.cost_ms(1)
        if n_drafted < 1 or plain_ms <= 0:
            return 0.0
        needed = (self.cost_ms(n_drafted + 1) + n_drafted * self.draft_token_ms) / plain_ms
        if needed > n_drafted + 1:
            return needed / (n_drafted + 1)
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            made = math.fsum(middle**power for power in range(n_drafted + 1))
            low, high = (middle, high) if made < needed else (low, middle)
        return high

    def to_dict(self) -> dict[str, Any]:
        """Builtin types only, for messages and files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; unknown keys are ignored."""
        known = {item.name for item in fields(cls)}
        kept = {key: value for key, value in record.items() if key in known}
        for key in ("by_position", "step_ms"):
            kept[key] = tuple((first, second) for first, second in kept.get(key, ()))
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class Reuse:
    """How much of a prompt was in a cache: `cached_n` of `prompt_n` tokens; `source` is "slot", "memory", "disk" or "".

    `possible_n` tokens are what the conversation had in the cache after its last reply; where fewer could be reused,
    `loss` is the `ReuseLoss` that says why.
    """

    prompt_n: int = 0
    cached_n: int = 0
    possible_n: int = 0
    source: str = ""
    loss: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Builtin types only, for messages and files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; unknown keys are ignored."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in record.items() if key in known})


def percentile(values: Sequence[float], fraction: float) -> float:
    """The `fraction` (0..1) quantile by linear interpolation between order statistics; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the sample standard deviation (n - 1; 0 for fewer than two values)."""
    if not values:
        return math.nan, math.nan
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


GOT_PARTS = ("weights", "kv", "compute", "output", "draft")
"""What a load tells apart of a device's memory; `GotDevice` has `<part>_bytes` of each."""


@dataclass(frozen=True, slots=True)
class GotDevice:
    """What one device holds after loading, in bytes; `kind` is "cpu", "gpu", "igpu", "accel" or "rpc".

    `draft_bytes` is all that the draft model takes here. `total_bytes` is what the device has, `free_before_bytes` was
    free just before the load, `free_bytes` just after it.
    """

    name: str
    description: str
    kind: str
    weights_bytes: int = 0
    kv_bytes: int = 0
    compute_bytes: int = 0
    output_bytes: int = 0
    n_layers: int = 0
    free_bytes: int = 0
    total_bytes: int = 0
    free_before_bytes: int = 0
    draft_bytes: int = 0

    @property
    def held_bytes(self) -> int:
        """All that the loaded model holds here."""
        return sum(self.part_bytes(part) for part in GOT_PARTS)

    def part_bytes(self, part: str) -> int:
        """What one part of the loaded model takes here; 0 for parts that a load does not tell apart."""
        return int(getattr(self, f"{part}_bytes")) if part in GOT_PARTS else 0


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting whose value in force is not what was asked; `reason` is a `NotAsAsked`, "" where none is known."""

    key: str
    asked: Any
    got: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GotDraft:
    """What llama.cpp set up of a draft model; `devices` tell its own parts, `n_layers` count its output layer.

    Of a model's own multi-token heads `model_name` is "", the layers are they, and their weights are the model's.
    """

    model_name: str
    quantisation: str
    n_params: int
    n_layers: int
    n_layers_offloaded: int
    n_ctx: int
    type_k: str
    type_v: str
    flash_attention: bool
    devices: tuple[GotDevice, ...] = ()

    def weights_bytes(self, device: str) -> int:
        """Its weights on one device, 0 where it is not."""
        return sum(item.weights_bytes for item in self.devices if item.name == device)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `asdict`; unknown keys are ignored."""
        known = {item.name for item in fields(cls)}
        kept = {key: value for key, value in record.items() if key in known}
        kept["devices"] = tuple(GotDevice(**device) for device in record.get("devices", ()))
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class Got:
    """What llama.cpp set up, read back after loading. `settings` maps load setting keys to the values in force."""

    model_name: str
    architecture: str
    quantisation: str
    n_params: int
    n_layers: int  # of the model, output layer included
    n_layers_offloaded: int
    n_ctx: int  # of the whole context
    n_ctx_slot: int  # of one slot
    n_ctx_train: int
    n_slots: int
    type_k: str
    type_v: str
    flash_attention: bool
    backend: str  # e.g. "CPU", "CUDA", "Metal"
    load_ms: float
    has_chat_template: bool
    llama_cpp: str  # version
    devices: tuple[GotDevice, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    differences: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()  # `LoadRemark`s
    draft: GotDraft | None = None

    def to_dict(self) -> dict[str, Any]:
        """Builtin types only, for messages and files."""
        record = asdict(self)
        record["devices"] = list(record["devices"])
        record["differences"] = [{**item, "reason": str(item["reason"])} for item in record["differences"]]
        record["warnings"] = [str(remark) for remark in record["warnings"]]
        if record["draft"] is not None:
            record["draft"]["devices"] = list(record["draft"]["devices"])
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; unknown keys are ignored."""
        known = {item.name for item in fields(cls)}
        kept = {key: value for key, value in record.items() if key in known}
        kept["devices"] = tuple(GotDevice(**device) for device in record.get("devices", ()))
        kept["differences"] = tuple(Difference(**item) for item in record.get("differences", ()))
        kept["warnings"] = tuple(record.get("warnings", ()))
        draft = record.get("draft")
        kept["draft"] = GotDraft.from_dict(draft) if draft else None
        return cls(**kept)
