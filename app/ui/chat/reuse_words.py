"""What the chat says about a prompt's tokens that were reused, and why not more of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from app.core.reasons import ReuseLoss
from app.core.run import Reuse
from app.ui.format import count_text

_tr = QCoreApplication.translate


def reuse_of(record: dict[str, Any] | None) -> Reuse | None:
    """A reply's record; None where there is none."""
    return Reuse.from_dict(record) if record is not None else None


def reused_text(reuse: Reuse) -> str:
    """For the line under a reply: ``cached 380/402``, where from if not from a slot, and why not more."""
    words = {
        "memory": _tr("Chat", "cached {n}/{all} (memory)"),
        "disk": _tr("Chat", "cached {n}/{all} (disk)"),
    }.get(reuse.source, _tr("Chat", "cached {n}/{all}"))
    text = words.format(n=count_text(reuse.cached_n), all=count_text(reuse.prompt_n))
    reason = loss_text(reuse.loss)
    return f"{text} \u00b7 {reason}" if reason else text


def loss_text(loss: str) -> str:
    """Why fewer were reused than the conversation had in the cache, in two or three words; "" for no reason."""
    words: dict[str, str] = {
        ReuseLoss.SYSTEM_CHANGED: _tr("Chat", "system prompt changed"),
        ReuseLoss.MESSAGE_EDITED: _tr("Chat", "message edited"),
        ReuseLoss.TEMPLATE: _tr("Chat", "template rewrites old messages"),
        ReuseLoss.TOKENS: _tr("Chat", "reply tokenised anew"),
        ReuseLoss.TRIMMED: _tr("Chat", "conversation shortened"),
        ReuseLoss.EVICTED: _tr("Chat", "evicted by others"),
        ReuseLoss.SLIDING_WINDOW: _tr("Chat", "sliding window moved on"),
        ReuseLoss.RECURRENT_STATE: _tr("Chat", "recurrent state"),
        ReuseLoss.NOT_READ: _tr("Chat", "first read since loading"),
    }
    return words.get(loss, "")


def loss_help(loss: str) -> str:
    """The same as a sentence, with what to do about it where something can be done; "" for no reason."""
    words: dict[str, str] = {
        ReuseLoss.SYSTEM_CHANGED: _tr(
            "Chat",
            "The system prompt is another one than before, so everything after its change was read again.",
        ),
        ReuseLoss.MESSAGE_EDITED: _tr(
            "Chat",
            "An earlier message is another one than before, so everything from there on was read again.",
        ),
        ReuseLoss.TEMPLATE: _tr(
            "Chat",
            "The chat template writes earlier messages differently once others follow, for example without their "
            "thinking, so what comes after was read again.",
        ),
        ReuseLoss.TOKENS: _tr(
            "Chat",
            "The last reply's text is cut into other tokens than it was generated as, so it was read again from there.",
        ),
        ReuseLoss.TRIMMED: _tr(
            "Chat",
            "Part of the conversation was left out to fit the context, so what follows the gap was read again. A "
            "longer context avoids it.",
        ),
        ReuseLoss.EVICTED: _tr(
            "Chat",
            "Other conversations needed the place in the cache. More parallel slots, a longer context or a larger "
            "prompt cache in main memory (Load tab) keep it.",
        ),
        ReuseLoss.SLIDING_WINDOW: _tr(
            "Chat",
            "The model keeps only the latest tokens of its sliding window and cannot go back further. The full-size "
            "sliding-window cache (Load tab) avoids it, for more memory.",
        ),
        ReuseLoss.RECURRENT_STATE: _tr(
            "Chat",
            "The model's recurrent state cannot be taken back to an earlier place. A larger prompt cache in main "
            "memory (Load tab) keeps the state of each prompt's end.",
        ),
        ReuseLoss.NOT_READ: _tr(
            "Chat",
            "Since it was loaded, the model had not read this conversation, and nothing of it was kept on disk.",
        ),
    }
    return words.get(loss, "")


def reuse_rows(reuse: Reuse) -> list[tuple[str, str]]:
    """For the full record, as (name, value)."""
    of_all = _tr("Chat", "{n} of {all} prompt tokens")
    where = {
        "slot": _tr("Chat", "{what}, in the KV cache"),
        "memory": _tr("Chat", "{what}, from main memory"),
        "disk": _tr("Chat", "{what}, from disk"),
    }.get(reuse.source, "{what}")
    what = of_all.format(n=count_text(reuse.cached_n), all=count_text(reuse.prompt_n))
    rows = [(_tr("Chat", "Reused"), where.format(what=what))]
    if reuse.loss:
        if reuse.possible_n:
            words = _tr("Chat", "{n} tokens after the last reply")
            rows.append((_tr("Chat", "Had been read"), words.format(n=count_text(reuse.possible_n))))
        rows.append((_tr("Chat", "Not more because"), loss_help(reuse.loss)))
    return rows
