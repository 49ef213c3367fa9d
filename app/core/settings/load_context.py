"""Load settings: how much text the model keeps in view, for how many conversations, how precisely."""

from __future__ import annotations

from app.core.settings.setting import Choice, Kind, Setting

CACHE_TYPES = (
    Choice("f32", "F32"),
    Choice("f16", "F16"),
    Choice("bf16", "BF16"),
    Choice("q8_0", "Q8_0"),
    Choice("q5_1", "Q5_1"),
    Choice("q5_0", "Q5_0"),
    Choice("q4_1", "Q4_1"),
    Choice("q4_0", "Q4_0"),
    Choice("iq4_nl", "IQ4_NL"),
)
"""The KV cache types of llama-server's ``--cache-type-k`` (common/arg.cpp, `kv_cache_types`)."""

CONTEXT_ROWS = (
    Setting(
        key="n_ctx",
        target="context.n_ctx",
        kind=Kind.INT,
        default=4096,
        minimum=0,
        maximum=16_777_216,
        slider=(512, 131_072),
        step=256,
        log=True,
        unit="tokens",
        named=((0, "model's own"),),
        group="Context",
        title="Context length",
        summary="How many tokens the model can see at once: the system prompt, the conversation and its "
        "reply together.",
        help="Each token of context takes room in the KV cache, reserved in full when the model loads, so "
        "memory grows in step with this number; a long filled context also makes every further token "
        "slower. llama.cpp rounds it up to a multiple of 256. 0 takes the length the model was trained "
        "with, which for recent models can be far more than fits. Raise it when conversations are cut short "
        "or documents do not fit; lower it to make room for more layers on the GPU. Beyond the trained "
        "length quality collapses unless RoPE scaling is set as well, so for a model that was trained with "
        "less than 4096 tokens the default is the trained length.",
        affects_memory=True,
        cli_flag="--ctx-size",
    ),
    Setting(
        key="n_seq_max",
        target="context.n_seq_max",
        kind=Kind.INT,
        default=4,
        minimum=1,
        maximum=256,
        slider=(1, 16),
        step=1,
        unit="slots",
        group="Context",
        title="Parallel slots",
        summary="How many replies can be generated at the same time, and how many conversations stay cached.",
        help="Each slot holds one conversation's tokens, so switching between that many conversations costs "
        "no new prompt processing. Replies generated together share each pass through the weights: the sum "
        "of their speeds rises, each one's falls. With a unified cache slots cost almost nothing (with "
        "sliding-window and recurrent models each takes a window or a state of its own); without it the "
        "context is divided among them. 4 slots with a unified cache is what llama-server chooses by "
        "itself. Set 1 if only one conversation at a time is ever used.",
        affects_memory=True,
        cli_flag="--parallel",
    ),
    Setting(
        key="kv_unified",
        target="context.kv_unified",
        kind=Kind.BOOL,
        default=True,
        group="Context",
        title="Unified KV cache",
        summary="All slots share one cache, so that a single conversation may use the whole context.",
        help="On, the context is one pool: any conversation may grow to the full length, but together they "
        "cannot exceed it: when it is full, the conversation that was idle longest leaves it, for the prompt cache in "
        "main memory. Attention passes over the other slots' tokens as well, which costs some "
        "speed when several long conversations are cached. Off, every slot gets an equal, private part of "
        "the context (context length divided by slots): faster when many unrelated conversations generate "
        "at once, but none may be longer than its part. Has no effect with one slot.",
        affects_memory=True,
        advanced=True,
        cli_flag="--kv-unified",
    ),
    Setting(
        key="type_k",
        target="context.type_k",
        kind=Kind.CHOICE,
        default="f16",
        choices=CACHE_TYPES,
        group="Context",
        title="K cache type",
        summary="The number format in which the keys of past tokens are stored.",
        help="F16 and BF16 take 16 bits a value, Q8_0 8.5, Q5_1 6, Q5_0 5.5, Q4_1 5, Q4_0 and IQ4_NL 4.5, F32 32. "
        "Q8_0 nearly halves this half of the KV cache with hardly any loss; keys suffer more than values "
        "from 4 bits, most visibly in long contexts. Unless flash attention is "
        "off, a quantised type needs a head size divisible by 32. Choose Q8_0 to fit a longer context, F16 otherwise.",
        affects_memory=True,
        cli_flag="--cache-type-k",
    ),
    Setting(
        key="type_v",
        target="context.type_v",
        kind=Kind.CHOICE,
        default="f16",
        choices=CACHE_TYPES,
        group="Context",
        title="V cache type",
        summary="The number format in which the values of past tokens are stored.",
        help="Saves as much as the same type does for keys, and harms less. Any quantised type works only "
        "with flash attention: left on auto, llama.cpp switches it on; switched off, the model does not "
        "load. Some backends are slower when K and V types differ, and models with compressed attention "
        "(DeepSeek's MLA) require the same type for both.",
        affects_memory=True,
        cli_flag="--cache-type-v",
    ),
    Setting(
        key="swa_full",
        target="context.swa_full",
        kind=Kind.BOOL,
        default=False,
        group="Context",
        title="Full-size sliding-window cache",
        summary="Keeps every past token in the layers that only look at a sliding window.",
        help="Matters only for models with sliding-window attention (Gemma 2 and 3, gpt-oss and others). "
        "Off, those layers keep little more than their window, which can make the cache several times "
        "smaller; but once older tokens have left the window, going back further, as editing an earlier "
        "message does, processes the whole prompt again. On, the cache is as large as "
        "for any other model and going back is cheap.",
        affects_memory=True,
        advanced=True,
        cli_flag="--swa-full",
    ),
)
