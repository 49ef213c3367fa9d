"""Why things end, fail or change: enums that every layer shares; the window owns the words for them."""

from __future__ import annotations

from enum import StrEnum


class StopReason(StrEnum):
    """Why a generation ended well."""

    END_OF_TURN = "end_of_turn"  # the model produced an end-of-generation token
    STOP_STRING = "stop_string"
    MAX_TOKENS = "max_tokens"
    CONTEXT_FULL = "context_full"
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """Why a load or a generation could not be done."""

    BAD_FILE = "bad_file"  # missing, truncated, not GGUF, unknown architecture
    OUT_OF_MEMORY = "out_of_memory"
    BAD_SETTING = "bad_setting"  # the detail names the setting's key
    BAD_TEMPLATE = "bad_template"
    BAD_GRAMMAR = "bad_grammar"
    PROMPT_TOO_LONG = "prompt_too_long"
    CONTEXT_FULL = "context_full"
    DEVICE_LOST = "device_lost"
    CANCELLED = "cancelled"  # a load that the user aborted
    WORKER_LOST = "worker_lost"  # the process ended; written by the client
    ENGINE = "engine"  # llama.cpp refused for another reason; the message is its own
    INTERNAL = "internal"  # a defect of ours; the traceback is in the log


class NotAsAsked(StrEnum):
    """Why a setting in force is not what was asked for."""

    NO_DEVICE = "no_device"  # nothing to offload to
    ROUNDED = "rounded"  # to a multiple that llama.cpp needs
    UNSUPPORTED = "unsupported"  # by the model or the backend
    LIMITED = "limited"  # by another setting or by llama.cpp itself
    NOT_PERMITTED = "not_permitted"  # by the operating system


class LoadRemark(StrEnum):
    """What is to be known of a load that was as asked."""

    NO_CHAT_TEMPLATE = "no_chat_template"
    BROKEN_CHAT_TEMPLATE = "broken_chat_template"
    CONTEXT_BEYOND_TRAINING = "context_beyond_training"


class ReuseLoss(StrEnum):
    """Why fewer of a prompt's tokens were reused than the conversation had in the cache."""

    SYSTEM_CHANGED = "system_changed"  # the system prompt is another one
    MESSAGE_EDITED = "message_edited"  # an earlier message is another one, or gone
    TEMPLATE = "template"  # the messages go on, but the template writes the old ones differently
    TOKENS = "tokens"  # the reply's text is cut into other tokens than it was generated as
    TRIMMED = "trimmed"  # the middle was left out to fit the context
    EVICTED = "evicted"  # others needed the slot or its cells
    SLIDING_WINDOW = "sliding_window"  # the cells before the point to go back to are gone
    RECURRENT_STATE = "recurrent_state"  # the model's state cannot be taken back
    NOT_READ = "not_read"  # the conversation has replies, and none was made since the model was loaded


class DraftSource(StrEnum):
    """Where guesses at the next tokens come from: the values of the setting `draft_source`."""

    OFF = "off"
    MODEL = "model"
    NGRAM = "ngram"
    MTP = "mtp"


TAKE_MEMORY = frozenset({DraftSource.MODEL, DraftSource.MTP})
"""Those that a draft model, or the context of the model's own heads, stands behind."""


class Overflow(StrEnum):
    """What happens when a conversation outgrows the context."""

    STOP = "stop"
    DROP_OLDEST = "drop_oldest"
    DROP_MIDDLE = "drop_middle"


class Phase(StrEnum):
    """What a worker is doing, for the plots' bands."""

    LOADING = "loading"
    IDLE = "idle"
    PROMPT = "prompt"
    GENERATING = "generating"
