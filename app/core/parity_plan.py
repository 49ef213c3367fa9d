"""What a parity check is asked, which ways of producing a reply it tries with which load settings, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from app.core.parity import NUDGE, Untested, Way
from app.core.reasons import DraftSource
from app.core.settings.load_table import LOAD
from app.core.settings.slots import slot_context

if TYPE_CHECKING:
    from app.core.gguf import ModelFacts

N_SLOTS = 4
"""How many slots are tried where the settings have but one."""

_SMALL_BATCH = 4
_LOOKED_UP = 2
_CACHE_MIB = 256
_HEADS = "mtp"  # of the setting `draft_source`
_ROPE_BASE = {"llama": 10_000.0}  # what llama.cpp takes where the header is silent (src/llama-model.cpp)
_UNQUANTISED = frozenset({"f32", "f16", "bf16"})


@dataclass(frozen=True, slots=True)
class Progress:
    """`n_done` of `n_ways` ways are through; the one under way has `n_replies` of all, or is `fraction` loaded."""

    way: str
    n_done: int
    n_ways: int
    n_replies: int = 0
    n_wanted: int = 0
    fraction: float | None = None  # of loading, None once it is loaded


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be checked: `values` are load settings, `is_raw` prompts are continued without a chat template."""

    facts: ModelFacts
    values: dict[str, Any]
    prompts: tuple[str, ...]
    max_tokens: int = 64
    is_raw: bool = False


class ParityError(Exception):
    """The base could not be run, so there is nothing to hold anything against. `kind` is a FailureKind."""

    def __init__(self, kind: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail


class Asking(StrEnum):
    """How a way asks for the replies."""

    FRESH = "fresh"  # one after the other, each from an empty cache
    REPLAY = "replay"  # each twice in a row, the second from the cache
    REUSE = "reuse"  # after the first half of the same prompt
    RESTORE = "restore"  # one after the other, and all again when each has had to make way
    REOPEN = "reopen"  # one after the other, and all again in another process
    AT_ONCE = "at_once"  # all together, from empty caches
    AT_ONCE_REUSE = "at_once_reuse"  # all halves together, then all prompts together


@dataclass(frozen=True, slots=True)
class Variant:
    """One way: what it is loaded with (all that is not a default), and how it is asked.

    `sampling` is laid over the greedy settings. `untested` says why the way cannot be tried; then nothing is loaded.
    """

    way: Way
    load: dict[str, Any]
    asking: Asking = Asking.FRESH
    may_draft: bool = False
    sampling: dict[str, Any] = field(default_factory=dict[str, Any])
    untested: str = ""


def base_load(values: Mapping[str, Any], facts: ModelFacts) -> dict[str, Any]:
    """The load settings of the base: those of `values`, with one slot, no guesses and nothing kept in main memory.

    The one slot has the context that each has under `values`: with some kinds of RoPE the replies depend on it.
    """
    changes = {"n_seq_max": 1, "n_ctx": slot_context(values, facts), "prompt_cache_mib": 0}
    return {**values, **changes, "draft_source": str(DraftSource.OFF)}


def first_variants(values: Mapping[str, Any], facts: ModelFacts) -> list[Variant]:
    """Those that the base's worker runs, the base first."""
    base = base_load(values, facts)
    return [
        Variant(Way.BASE, base),
        Variant(Way.REPEAT, base),
        Variant(Way.REPLAY, base, Asking.REPLAY),
        Variant(Way.REUSE, base, Asking.REUSE),
    ]


def further_variants(
    values: Mapping[str, Any], facts: ModelFacts, *, has_flash_attention: bool
) -> list[Variant]:
    """Those that are loaded anew each. `has_flash_attention` is what the base got."""
    base = base_load(values, facts)
    cache_mib: int = LOAD.value(values, "prompt_cache_mib")
    found = [
        _nudge(base, facts),
        Variant(Way.BATCHES, {**base, "n_ubatch": _SMALL_BATCH}),
        Variant(Way.RESTORE, {**base, "prompt_cache_mib": cache_mib or _CACHE_MIB}, Asking.RESTORE),
        Variant(Way.REOPEN, base, Asking.REOPEN),
        _draft(base, values),
        *_heads(base, values, facts),
        Variant(Way.LOOKUP, {**base, **_guessing(DraftSource.NGRAM, values)}, may_draft=True),
        Variant(Way.SLOTS, _slots(base, values), Asking.AT_ONCE),
        _flash(base, has_flash_attention),
    ]
    source = LOAD.value(values, "draft_source")
    if source == DraftSource.OFF:
        source = DraftSource.MODEL if values.get("draft_model") else DraftSource.NGRAM
    together = {**_slots(base, values), **_guessing(source, values), "prompt_cache_mib": cache_mib}
    return [*found, Variant(Way.TOGETHER, together, Asking.AT_ONCE_REUSE, may_draft=True)]


def _nudge(base: dict[str, Any], facts: ModelFacts) -> Variant:
    rope = base.get("rope_freq_base") or facts.rope_freq_base or _ROPE_BASE.get(facts.architecture, 0.0)
    if not rope:
        return Variant(Way.NUDGE, base, untested=Untested.NO_ROPE)
    return Variant(Way.NUDGE, {**base, "rope_freq_base": rope * (1 + NUDGE)})


def _guessing(source: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Guesses whether they pay or not: here they are to be tried. Short repetitions occur in any text."""
    n_looked_up = values.get("draft_ngram_size", _LOOKED_UP)
    return {"draft_source": str(source), "draft_adaptive": False, "draft_ngram_size": n_looked_up}


def _draft(base: dict[str, Any], values: Mapping[str, Any]) -> Variant:
    if not values.get("draft_model"):
        return Variant(Way.DRAFT, base, untested=Untested.NO_DRAFT_MODEL)
    return Variant(Way.DRAFT, {**base, **_guessing(DraftSource.MODEL, values)}, may_draft=True)


def _heads(base: dict[str, Any], values: Mapping[str, Any], facts: ModelFacts) -> list[Variant]:
    """By the heads of a model that has some, where this version can use them."""
    if not facts.n_heads_ahead or _HEADS not in {choice.value for choice in LOAD["draft_source"].choices}:
        return []
    return [Variant(Way.HEADS, {**base, **_guessing(_HEADS, values)}, may_draft=True)]


def _slots(base: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The slots of `values`, or several of the same context where they have one."""
    if LOAD.value(values, "n_seq_max") > 1:
        return {**base, "n_seq_max": LOAD.value(values, "n_seq_max"), "n_ctx": LOAD.value(values, "n_ctx")}
    is_unified = LOAD.value(values, "kv_unified")
    return {**base, "n_seq_max": N_SLOTS, "n_ctx": base["n_ctx"] * (1 if is_unified else N_SLOTS)}


def _flash(base: dict[str, Any], has_flash_attention: bool) -> Variant:
    if has_flash_attention and LOAD.value(base, "type_v") not in _UNQUANTISED:
        return Variant(Way.FLASH, base, untested=Untested.QUANTISED_V)
    return Variant(Way.FLASH, {**base, "flash_attn": "off" if has_flash_attention else "on"})
