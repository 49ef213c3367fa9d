"""Commands to a worker and events from it: frozen dataclasses whose fields are builtin types only.

Every event that answers a request carries its `request_id`, and every request ends exactly once: with `Finished`
or with `Failed`. Loading is the request with id `LOAD_REQUEST`; it ends with `Loaded` or `LoadFailed`.
Each message stays under 4 KB where the rate is high (see `TextDelta`), so that a writer killed in mid-message
cannot leave a reader waiting for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.core.reasons import FailureKind, Overflow, Phase, StopReason

__all__ = ["FailureKind", "Overflow", "Phase", "StopReason"]

LOAD_REQUEST = 0
"""The request id of loading itself; generations count from 1."""


# -- commands -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Generate:
    """Produce a reply.

    Exactly one of `messages` (role/content dicts, rendered through the chat template) and `prompt` (raw text,
    tokenised with special tokens parsed) is given. With `continue_last` the last message is an assistant's and is
    continued. `sampling` maps sampling setting keys to values; keys left out take the table's default.

    `conversation` names what the messages belong to, so that its state may be kept on disk and a loss of cached
    tokens explained; "" for neither. `fresh` reuses nothing, `draft` False guesses nothing, and with `trace` each
    token's logits are told (`TokenTrace`): for measuring and comparing.
    """

    request_id: int
    messages: tuple[dict[str, str], ...] = ()
    prompt: str | None = None
    sampling: dict[str, Any] = field(default_factory=dict[str, Any])
    overflow: str = Overflow.DROP_MIDDLE
    continue_last: bool = False
    template_options: dict[str, Any] = field(
        default_factory=dict[str, Any]
    )  # e.g. {"enable_thinking": False}
    deltas_per_s: float = 30.0
    conversation: str = ""
    fresh: bool = False
    draft: bool = True
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """Measure: process `n_prompt` tokens from an empty cache, then generate `n_generate` with end-of-turn ignored.

    Ends with `Finished` whose `token_ms` holds the per-token latencies. The prompt's tokens are random; `seed` gives
    requests that run at once different ones.
    """

    request_id: int
    n_prompt: int
    n_generate: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Together:
    """Requests that the engine takes before its next step; sent one by one, the first can end before the last comes."""

    commands: tuple[Generate | Bench, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """End `request_id` now; unknown and finished ids are ignored. `LOAD_REQUEST` aborts loading."""

    request_id: int


@dataclass(frozen=True, slots=True)
class CountTokens:
    """How many tokens the messages (or the raw `prompt`) would take; answered by `TokenCount`."""

    request_id: int
    messages: tuple[dict[str, str], ...] = ()
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Keep nothing of what was read of `conversation`: not in memory, not on disk. Answered by nothing."""

    conversation: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """End the process after ending every open request; `save_s` may be spent on writing states to disk."""

    save_s: float = 0.0


@dataclass(frozen=True, slots=True)
class KeptStates:
    """Where a worker keeps what it has read of conversations: given at its start.

    `folder` is "" for nowhere on disk; `limit_bytes` is for all models together. What has fewer than `least_tokens`
    is not kept, on disk or in memory.
    """

    folder: str = ""
    limit_bytes: int = 0
    least_tokens: int = 256


# -- events -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """`fraction` 0..1 of the weights; `stage` is "weights", "context", "adapters", "warm_up" or "draft", which has a
    fraction of its own.
    """

    fraction: float
    stage: str
    request_id: int = LOAD_REQUEST


@dataclass(frozen=True, slots=True)
class Loaded:
    """`got` is `core.run.Got` as a dict: what llama.cpp really set up."""

    got: dict[str, Any]
    request_id: int = LOAD_REQUEST


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """`kind` is a FailureKind; `message` is llama.cpp's or our own text; `detail` e.g. a setting's key."""

    kind: str
    message: str
    detail: str = ""
    request_id: int = LOAD_REQUEST


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """`n_done` of `n_total` prompt tokens are in the cache, `n_cached` of them were there before."""

    request_id: int
    n_done: int
    n_total: int
    n_cached: int


@dataclass(frozen=True, slots=True)
class ContextTrimmed:
    """The conversation was shortened to fit: `policy` is an Overflow, the counts say what was left out."""

    request_id: int
    policy: str
    n_messages: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """New text, under 4 KB. `n_tokens` tokens arrived with it; `token_ms` are their latencies since the one before.

    A reply's first token has no latency (its time is the prompt's), so the first delta has one latency less. `drafted`
    has the ranges of `text` (start, end in characters) that come of tokens that were guessed ahead, and rightly.
    """

    request_id: int
    text: str
    n_tokens: int
    token_ms: tuple[float, ...]
    drafted: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TokenTrace:
    """The next tokens of a traced reply, before its `Finished`.

    Each is (token, its logit, then the likeliest other tokens with theirs, `engine.trace.N_RIVALS` of them); the
    logits are the model's, before any sampler.
    """

    request_id: int
    tokens: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """A reply ended. `reason` is a StopReason, `timings` a `core.run.Timings` as a dict.

    `drafting` is a `core.run.Drafting`, `reuse` a `core.run.Reuse`, each as a dict or None where there was none.
    """

    request_id: int
    reason: str
    timings: dict[str, float]
    stop_string: str = ""
    settings: dict[str, Any] = field(
        default_factory=dict[str, Any]
    )  # sampling that differs from default; the seed
    token_ms: tuple[float, ...] = ()  # only for Bench: per generated token
    drafting: dict[str, Any] | None = None
    reuse: dict[str, Any] | None = None
    arrived_s: float = 0.0  # only for Bench: the worker's clock when it came, to lay several side by side


@dataclass(frozen=True, slots=True)
class Failed:
    """A reply could not be produced, or ended in an error; the text already sent stands."""

    request_id: int
    kind: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """The answer to CountTokens; `n_ctx` is one slot's context."""

    request_id: int
    n_tokens: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Twice a second and at each change of phase: what the worker is doing and what it uses.

    `devices` holds (name, free_bytes, total_bytes) as the backends report them; `n_decoded` counts all tokens
    generated since the start, `n_prompted` all prompt tokens processed.
    """

    phase: str
    n_decoded: int
    n_prompted: int
    n_active: int
    rss_bytes: int
    devices: tuple[tuple[str, int, int], ...]
    request_id: int = -1


@dataclass(frozen=True, slots=True)
class Aborting:
    """llama.cpp is about to end the process with these `words`; for the client alone, which says so in `Exited`.

    `lost` are the remote workers ("host:port") that no longer answer, where that is the reason.
    """

    words: str
    lost: tuple[str, ...] = ()
    request_id: int = -1


@dataclass(frozen=True, slots=True)
class Exited:
    """Written by the client, last of all: the process has ended.

    `expected` is True after Shutdown or a failed load. `signal_name` is e.g. "SIGKILL" or "" (POSIX only).
    `lost_workers` are the remote workers ("host:port") that no longer answered, where that was the reason.
    """

    exit_code: int
    signal_name: str
    expected: bool
    log_tail: str
    request_id: int = -1
    lost_workers: tuple[str, ...] = ()


Command = Generate | Bench | Together | Cancel | CountTokens | Forget | Shutdown
Event = (
    LoadProgress
    | Loaded
    | LoadFailed
    | PromptProgress
    | ContextTrimmed
    | TextDelta
    | TokenTrace
    | Finished
    | Failed
    | TokenCount
    | Heartbeat
    | Aborting
    | Exited
)


# -- the probe ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What would the model file `path` take with the load settings `values`?

    `held` maps device names to bytes that are given back before such a load; `projector` is an mmproj file or "".
    `stand_ins` maps remote workers that must not be asked to the (free, total) bytes of each of their devices.
    """

    path: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    held: dict[str, int] = field(default_factory=dict[str, int])
    projector: str = ""
    stand_ins: dict[str, list[tuple[int, int]]] = field(default_factory=dict[str, list[tuple[int, int]]])


@dataclass(frozen=True, slots=True)
class Answer:
    """`footprint` is `core.footprint.Footprint` as a dict."""

    footprint: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is no such footprint: `kind` is a `FailureKind`, `detail` the setting's key or the reason."""

    kind: str
    message: str
    detail: str = ""
