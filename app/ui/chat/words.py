"""What the chat says about replies: why one ended, what went wrong and what to do, what was left out."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.conversation import Message, MessageState, TrimNotice
from app.core.reasons import FailureKind, Overflow, StopReason
from app.ui.chat.safe_text import visible
from app.ui.format import count_text

_tr = QCoreApplication.translate


def stop_text(reason: str) -> str:
    """Why a generation ended, in words; "" for a reason that is not known."""
    words = {
        StopReason.END_OF_TURN: _tr("Chat", "end of turn"),
        StopReason.STOP_STRING: _tr("Chat", "stop string"),
        StopReason.MAX_TOKENS: _tr("Chat", "token limit reached"),
        StopReason.CONTEXT_FULL: _tr("Chat", "context full"),
        StopReason.CANCELLED: _tr("Chat", "stopped by you"),
    }
    return next((text for known, text in words.items() if known == reason), "")


def failure_text(kind: str) -> tuple[str, str]:
    """(what happened, what to do) for a failed reply."""
    words = {
        FailureKind.OUT_OF_MEMORY: (
            _tr("Chat", "There was not enough memory for this reply."),
            _tr("Chat", "Load the model with a shorter context or fewer layers on the GPU, then try again."),
        ),
        FailureKind.BAD_SETTING: (
            _tr("Chat", "A sampling setting cannot be used."),
            _tr("Chat", "Change it in the Sampling tab, then try again."),
        ),
        FailureKind.BAD_TEMPLATE: (
            _tr("Chat", "The chat template failed on this conversation."),
            _tr("Chat", "Choose another template in the Load tab and reload the model."),
        ),
        FailureKind.BAD_GRAMMAR: (
            _tr("Chat", "The grammar or JSON schema cannot be used."),
            _tr("Chat", "Correct it in the Sampling tab, then try again."),
        ),
        FailureKind.PROMPT_TOO_LONG: (
            _tr("Chat", "The conversation is longer than the context."),
            _tr("Chat", "Load the model with a longer context, or let older turns be dropped (Preferences)."),
        ),
        FailureKind.CONTEXT_FULL: (
            _tr("Chat", "The context is full."),
            _tr("Chat", "Load the model with a longer context, or start a new conversation."),
        ),
        FailureKind.DEVICE_LOST: (
            _tr("Chat", "A device that holds part of the model has stopped answering."),
            _tr("Chat", "Check the device, then load the model again."),
        ),
        FailureKind.WORKER_LOST: (
            _tr("Chat", "The model's process ended during this reply."),
            _tr("Chat", "Load the model again, then regenerate or continue. The log says what it was doing."),
        ),
        FailureKind.ENGINE: (
            _tr("Chat", "llama.cpp could not go on."),
            _tr("Chat", "Try again; if it happens again, its message and the log say more."),
        ),
        FailureKind.INTERNAL: (
            _tr("Chat", "Something went wrong in Loadout."),
            _tr("Chat", "Try again; the log has the details."),
        ),
    }
    unknown = (_tr("Chat", "The reply could not be made."), _tr("Chat", "Try again."))
    return next((text for known, text in words.items() if known == kind), unknown)


def trouble_text(message: Message) -> tuple[str, str] | None:
    """(what happened, what to do) for a reply that is partial or failed, None for one that ended well."""
    if message.error is not None:
        return failure_text(message.error.kind)
    if message.state == MessageState.INTERRUPTED:
        return (
            _tr("Chat", "This reply was interrupted: the app ended while it was written."),
            _tr("Chat", "Continue it, or regenerate it."),
        )
    if message.stop_reason == StopReason.CONTEXT_FULL:
        return (
            _tr("Chat", "The context is full, so this reply ended early."),
            _tr("Chat", "Load the model with a longer context, or let older turns be dropped (Preferences)."),
        )
    return None


def trouble_detail(message: Message) -> str:
    """What the engine, or the model's own template, says of a failed reply; "" where that says no more."""
    error = message.error
    if error is None or error.kind == FailureKind.WORKER_LOST:
        return ""
    said = visible(error.message.strip())
    return f"{said[:1].upper()}{said[1:]}" if said else ""


def trim_text(notice: TrimNotice) -> str:
    """What was left out of the conversation before a reply, and what was dropped while it was written."""
    sentences: list[str] = []
    if notice.n_messages:
        if notice.policy == Overflow.DROP_OLDEST:
            words = _tr(
                "Chat", "Context full: the oldest messages ({messages}, {tokens} tokens) were left out here."
            )
        else:
            words = _tr(
                "Chat",
                "Context full: messages in the middle ({messages}, {tokens} tokens) were left out here.",
            )
        sentences.append(words.format(messages=notice.n_messages, tokens=count_text(notice.n_tokens)))
    if notice.n_dropped_tokens:
        words = _tr(
            "Chat",
            "The context filled up during this reply: {tokens} earlier tokens were dropped while it was written.",
        )
        sentences.append(words.format(tokens=count_text(notice.n_dropped_tokens)))
    return " ".join(sentences)
