"""What can be wrong with settings: a reason that code can act on, and its English wording."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Severity = Literal["error", "warning"]


class Reason(StrEnum):
    """Why a setting is wrong or unwise; `TEXTS` has the words."""

    UNKNOWN_KEY = "unknown_key"
    WRONG_VALUE = "wrong_value"
    NOT_AVAILABLE = "not_available"
    INERT = "inert"

    CONTEXT_OVER_TRAINED = "context_over_trained"
    SLOT_CONTEXT_SMALL = "slot_context_small"
    SLIDING_WINDOW_MISSING = "sliding_window_missing"
    V_CACHE_NEEDS_FLASH = "v_cache_needs_flash"
    CACHE_BLOCK_SIZE = "cache_block_size"
    CACHE_ROW_SIZE = "cache_row_size"
    CACHE_TYPES_DIFFER = "cache_types_differ"

    NO_OFFLOAD_DEVICE = "no_offload_device"
    UNKNOWN_DEVICE = "unknown_device"
    MAIN_GPU_MISSING = "main_gpu_missing"
    SPLIT_TOO_LONG = "split_too_long"
    SPLIT_TOO_SHORT = "split_too_short"
    SPLIT_NEEDS_DEVICE = "split_needs_device"
    SPLIT_NEEDS_FLASH = "split_needs_flash"
    BAD_PATTERN = "bad_pattern"
    NO_EXPERTS = "no_experts"
    EXPERTS_OVER_MODEL = "experts_over_model"
    MAPPED_EXPERTS = "mapped_experts"

    UBATCH_OVER_BATCH = "ubatch_over_batch"
    BATCH_UNDER_SLOTS = "batch_under_slots"
    THREADS_OVER_PHYSICAL = "threads_over_physical"
    THREADS_OVER_LOGICAL = "threads_over_logical"

    DIRECT_IO_REPLACES = "direct_io_replaces"
    DIRECT_IO_UNSUPPORTED = "direct_io_unsupported"
    LOCK_OVER_MEMORY = "lock_over_memory"
    NO_CHAT_TEMPLATE = "no_chat_template"
    OVERRIDE_TOO_LONG = "override_too_long"

    SCALING_WITHOUT_SCALE = "scaling_without_scale"
    YARN_BETAS_CROSSED = "yarn_betas_crossed"
    YARN_ATTENTION_IGNORED = "yarn_attention_ignored"

    DRAFT_MISSING = "draft_missing"
    DRAFT_TARGET_STATE = "draft_target_state"
    DRAFT_GONE = "draft_gone"
    DRAFT_FILE = "draft_file"
    DRAFT_IS_MODEL = "draft_is_model"
    DRAFT_KIND = "draft_kind"
    DRAFT_HEAD = "draft_head"
    DRAFT_STATE = "draft_state"
    DRAFT_NO_VOCABULARY = "draft_no_vocabulary"
    DRAFT_TOKENIZER = "draft_tokenizer"
    DRAFT_VOCABULARY_SIZE = "draft_vocabulary_size"
    DRAFT_BOS = "draft_bos"
    DRAFT_EOS = "draft_eos"
    DRAFT_TOKENS = "draft_tokens"
    DRAFT_LACKS_TOKENS = "draft_lacks_tokens"
    DRAFT_LACKS_SPECIAL = "draft_lacks_special"
    DRAFT_LARGE = "draft_large"
    DRAFT_CONTEXT_SHORT = "draft_context_short"
    DRAFT_MIN_OVER_MAX = "draft_min_over_max"
    DRAFT_OVER_BATCH = "draft_over_batch"
    HEADS_UNUSED = "heads_unused"
    HEADS_MISSING = "heads_missing"
    HEADS_UNKNOWN = "heads_unknown"

    MIROSTAT_REPLACES = "mirostat_replaces"
    STEP_LEFT_OUT = "step_left_out"
    GREEDY = "greedy"
    WINDOW_ZERO = "window_zero"
    XTC_NEVER = "xtc_never"
    GRAMMAR_AND_SCHEMA = "grammar_and_schema"
    BAD_SCHEMA = "bad_schema"
    EMPTY_STOP = "empty_stop"
    ENDLESS = "endless"
    REPLY_OVER_CONTEXT = "reply_over_context"


TEXTS: dict[Reason, str] = {
    Reason.UNKNOWN_KEY: "This version has no {table} setting called {key}; it is kept but has no effect.",
    Reason.WRONG_VALUE: "The value {message}; the default is used.",
    Reason.NOT_AVAILABLE: "Not available yet: it is saved but has no effect.",
    Reason.INERT: "Has no effect while {other} is {value}.",
    Reason.CONTEXT_OVER_TRAINED: (
        "The model was trained for {n_ctx_train} tokens; beyond that replies turn to nonsense unless RoPE "
        "scaling is set."
    ),
    Reason.SLOT_CONTEXT_SMALL: (
        "Divided among {n_slots} slots, each conversation gets only {n_tokens} tokens; a unified KV cache "
        "would share them."
    ),
    Reason.SLIDING_WINDOW_MISSING: "This model has no sliding window, so it makes no difference.",
    Reason.V_CACHE_NEEDS_FLASH: "A quantised V cache needs flash attention, which is switched off.",
    Reason.CACHE_BLOCK_SIZE: (
        "{type} stores values in blocks of {block}, which do not divide this model's head size of "
        "{head_size}."
    ),
    Reason.CACHE_ROW_SIZE: (
        "{type} stores values in blocks of {block}, which do not divide the {row_size} values that a layer of this "
        "model keeps per token."
    ),
    Reason.CACHE_TYPES_DIFFER: (
        "Models with compressed attention, as this one is, need the same type for K and V."
    ),
    Reason.NO_OFFLOAD_DEVICE: "No GPU or other offload device was found, so it has no effect.",
    Reason.UNKNOWN_DEVICE: "There is no device called {device} here.",
    Reason.MAIN_GPU_MISSING: "There are only {n_devices} devices, counted from 0.",
    Reason.SPLIT_TOO_LONG: (
        "There are more shares ({n_shares}) than devices ({n_devices}); the last ones are ignored."
    ),
    Reason.SPLIT_TOO_SHORT: (
        "There are fewer shares ({n_shares}) than devices ({n_devices}); the last devices get nothing."
    ),
    Reason.SPLIT_NEEDS_DEVICE: "Splitting by tensors needs at least one GPU or other offload device.",
    Reason.SPLIT_NEEDS_FLASH: "Splitting by tensors needs flash attention, which is switched off.",
    Reason.BAD_PATTERN: "{pattern} is not a valid regular expression: {message}.",
    Reason.NO_EXPERTS: "This model has no experts, so it has no effect.",
    Reason.EXPERTS_OVER_MODEL: "The model has only {n_experts} experts.",
    Reason.MAPPED_EXPERTS: (
        "With weights kept on the CPU by choice, llama.cpp advises switching memory mapping off: they then lie in "
        "memory that the GPU reads faster."
    ),
    Reason.UBATCH_OVER_BATCH: "Larger than the batch size, so it is lowered to {n_batch}.",
    Reason.BATCH_UNDER_SLOTS: "Every slot needs room for a token, so it is raised to {n_slots}.",
    Reason.THREADS_OVER_PHYSICAL: "More than the {n_cores} physical cores usually makes generation slower.",
    Reason.THREADS_OVER_LOGICAL: "More than the {n_cores} logical cores makes threads wait for each other.",
    Reason.DIRECT_IO_REPLACES: (
        "Direct I/O reads the file itself: memory mapping and keeping in memory have no effect."
    ),
    Reason.DIRECT_IO_UNSUPPORTED: (
        "llama.cpp has direct I/O only on Linux; the file is read the ordinary way."
    ),
    Reason.LOCK_OVER_MEMORY: "The model is larger than main memory can hold, so it cannot be kept there.",
    Reason.NO_CHAT_TEMPLATE: (
        "The file holds no chat template; a general one is used, which the model may not know."
    ),
    Reason.OVERRIDE_TOO_LONG: "{name} is too long: a key and a text may have up to 127 bytes.",
    Reason.SCALING_WITHOUT_SCALE: (
        "Has no effect at a scale of 1: set the RoPE frequency scale to the trained context divided by the wanted one."
    ),
    Reason.YARN_BETAS_CROSSED: "Beta slow must be below beta fast.",
    Reason.YARN_ATTENTION_IGNORED: (
        "Only read when the YaRN extrapolation mix is 0; otherwise it is computed."
    ),
    Reason.DRAFT_MISSING: "Choose a draft model, or set drafting to another source.",
    Reason.DRAFT_TARGET_STATE: (
        "This model keeps a state ({architecture}) that cannot be taken back when a guess is wrong, so drafting "
        "must be off."
    ),
    Reason.DRAFT_GONE: "The file {path} is no longer there. Choose another draft model.",
    Reason.DRAFT_FILE: "{message} Choose another draft model than {path}.",
    Reason.DRAFT_IS_MODEL: "This is the model itself, which cannot be faster than itself. Choose a smaller one.",
    Reason.DRAFT_KIND: "This is not a language model of its own, so it cannot guess.",
    Reason.DRAFT_HEAD: (
        "This is a head ({architecture}) that only works on the inner state of the model it was made for, which this "
        "version cannot hand to it. Choose a small model of its own."
    ),
    Reason.DRAFT_STATE: (
        "It keeps a state ({architecture}) that cannot be taken back when a guess is wrong. Choose a model with plain "
        "attention."
    ),
    Reason.DRAFT_NO_VOCABULARY: "The file holds no vocabulary, so what it would guess cannot be compared.",
    Reason.DRAFT_TOKENIZER: (
        "Its tokenizer ({draft}) is another one than the model's ({model}): the two do not share their tokens."
    ),
    Reason.DRAFT_VOCABULARY_SIZE: (
        "It has {n_draft} tokens, the model has {n_model}: more than {limit} apart, they do not share a vocabulary."
    ),
    Reason.DRAFT_BOS: (
        "It begins texts with another token than the model does, so it was made for another vocabulary."
    ),
    Reason.DRAFT_EOS: (
        "It ends texts with another token than the model does, so it was made for another vocabulary."
    ),
    Reason.DRAFT_TOKENS: (
        "Token {token_id} is {draft} in its vocabulary and {model} in the model's: the two do not mean the same."
    ),
    Reason.DRAFT_LACKS_TOKENS: "It does not know {n_tokens} of the model's tokens; it guesses worse where they occur.",
    Reason.DRAFT_LACKS_SPECIAL: (
        "It does not know {n_tokens} of the model's tokens, such as those that mark turns of a chat ({n_special} of "
        "them); it guesses worse after them."
    ),
    Reason.DRAFT_LARGE: (
        "With {n_draft} parameters it is large for a model of {n_model}: up to {limit} is advised. Larger ones guess "
        "better but mostly cost more than they save."
    ),
    Reason.DRAFT_CONTEXT_SHORT: (
        "The draft model was trained for {n_ctx_train} tokens; beyond that hardly any of its guesses are right."
    ),
    Reason.DRAFT_MIN_OVER_MAX: "More than the {n_max} tokens that are drafted at most, so that no draft is ever used.",
    Reason.DRAFT_OVER_BATCH: "Every slot needs room for a whole draft, so it is raised to {n_batch}.",
    Reason.HEADS_UNUSED: (
        "The model has heads of its own that guess ahead (multi-token prediction, MTP). Choose built-in heads as the "
        "source of drafts to use them; no draft model is needed then."
    ),
    Reason.HEADS_MISSING: (
        "The model has no heads that guess ahead, or its file was made without them. A draft model or the text so far "
        "can guess instead."
    ),
    Reason.HEADS_UNKNOWN: (
        "The model has heads that guess ahead ({n_heads} of them), but llama.cpp cannot run those of its kind "
        "({architecture}) yet. A draft model or the text so far can guess instead."
    ),
    Reason.MIROSTAT_REPLACES: "Mirostat takes the place of {settings}, which have no effect.",
    Reason.STEP_LEFT_OUT: "The sampler order leaves this step out, so it has no effect.",
    Reason.GREEDY: "At temperature 0 the most likely token is always taken, so it has no effect.",
    Reason.WINDOW_ZERO: "The window is 0 tokens, so it has no effect.",
    Reason.XTC_NEVER: "Two tokens can never both exceed one half, so above 0.5 XTC never acts.",
    Reason.GRAMMAR_AND_SCHEMA: "A grammar and a JSON schema cannot be used together.",
    Reason.BAD_SCHEMA: "This is no JSON schema: {message}.",
    Reason.EMPTY_STOP: "An empty stop string would end every reply at once.",
    Reason.ENDLESS: "Without an end of text and without a limit, a reply goes on until the context ends it.",
    Reason.REPLY_OVER_CONTEXT: (
        "Longer than the context of {n_tokens} tokens: such a reply ends earlier, or its beginning is forgotten."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the setting `key`: an "error" cannot work, a "warning" can but is hardly meant.

    `values` fills the placeholders of the reason's text, so that a translated text can be filled the same way.
    """

    key: str
    severity: Severity
    reason: Reason
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def template(self) -> str:
        """The English sentence with its ``{placeholders}``, to translate and then fill from `values`."""
        return TEXTS[self.reason]

    def text(self) -> str:
        """The English sentence."""
        return self.template().format(**self.values)
