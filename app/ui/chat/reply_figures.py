"""A reply's figures: the short ones of its statistics line, by importance, and the full record."""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from app.core.conversation import Message
from app.core.reasons import StopReason
from app.core.run import Drafting, Timings
from app.ui.chat.draft_words import factor_text
from app.ui.chat.reuse_words import reuse_of, reuse_rows, reused_text
from app.ui.chat.words import stop_text
from app.ui.format import count_text, duration_text, percent_text, speed_text

N_TOKENS_TRUSTED = 32
"""A speed over fewer tokens says little."""

COSTS_BELOW = 0.98
"""A speed-up below this is marked as a loss."""

_tr = QCoreApplication.translate


class Figure(NamedTuple):
    """One figure of the line; where room is short the least important go first.

    `action` is what a click on it asks for, "" for nothing; `tone` a colour token in place of the usual one.
    """

    text: str
    importance: int
    is_strong: bool = False
    action: str = ""
    tone: str = ""


def generation_figure(tokens_per_s: float, n_tokens: int) -> Figure:
    """The generation speed, marked where it is measured over few tokens."""
    return Figure(_marked(tokens_per_s, n_tokens), 100, is_strong=True)


def _marked(tokens_per_s: float, n_tokens: int) -> str:
    """A speed; one of few tokens is called approximate, and the full record says why."""
    text = speed_text(tokens_per_s)
    return text if n_tokens >= N_TOKENS_TRUSTED else _tr("Chat", "≈ {speed}").format(speed=text)


def figures(message: Message) -> list[Figure]:
    """What the line under a finished reply shows, in its order."""
    found: list[Figure] = []
    timings = Timings.from_dict(message.timings or {})
    if timings.predicted_per_second:
        found.append(generation_figure(timings.predicted_per_second, timings.predicted_n))
    if timings.prompt_per_second and timings.prompt_n > 1:
        speed = _marked(timings.prompt_per_second, timings.prompt_n)
        found.append(Figure(_tr("Chat", "prompt {speed}").format(speed=speed), 40))
    if timings.ttft_ms:
        time = duration_text(timings.ttft_ms / 1000)
        found.append(Figure(_tr("Chat", "{time} to first token").format(time=time), 70))
    if timings.predicted_n:
        found.append(Figure(_tr("Chat", "{n} tokens").format(n=count_text(timings.predicted_n)), 60))
    if (reuse := reuse_of(message.reuse)) is not None:
        found.append(Figure(reused_text(reuse), 66 if reuse.loss else 50))
    elif timings.prompt_n or timings.cached_n:
        cached, total = count_text(timings.cached_n), count_text(timings.cached_n + timings.prompt_n)
        found.append(Figure(_tr("Chat", "cached {cached}/{total}").format(cached=cached, total=total), 50))
    found += _draft_figures(message)
    if reason := stop_text(message.stop_reason):
        importance = 30 if message.stop_reason == StopReason.END_OF_TURN else 90
        found.append(Figure(reason, importance))
    return found


def _draft_figures(message: Message) -> list[Figure]:
    """How many guesses were right, and what that did to the speed; a click shows more."""
    if message.drafting is None:
        return []
    drafting = Drafting.from_dict(message.drafting)
    if not drafting.drafted_n:
        return [Figure(_tr("Chat", "nothing guessed"), 35, action="drafting")]
    words = _tr("Chat", "guessed {right}/{all} ({share})").format(
        right=count_text(drafting.accepted_n),
        all=count_text(drafting.drafted_n),
        share=percent_text(drafting.rate),
    )
    found = [Figure(words, 72, action="drafting")]
    if drafting.is_judged:
        words = _tr("Chat", "{factor} by guessing").format(factor=factor_text(drafting.speed_up))
        costs = drafting.speed_up < COSTS_BELOW
        found.append(Figure(words, 75, action="drafting", tone="warning" if costs else ""))
    return found


def live_figures(n_tokens: int, seconds: float) -> list[Figure]:
    """What it shows while a reply is generated, `seconds` after its first token."""
    found = [generation_figure((n_tokens - 1) / seconds, n_tokens)] if n_tokens > 2 and seconds > 0.05 else []
    found.append(Figure(_tr("Chat", "generating"), 90))
    if n_tokens:
        found.append(Figure(_tr("Chat", "{n} tokens").format(n=count_text(n_tokens)), 80))
    return found


def waiting_figures() -> list[Figure]:
    """What it shows while the model has not begun: all slots may be busy with other conversations."""
    return [Figure(_tr("Chat", "waiting for the model"), 100)]


def prompt_figures(n_done: int, n_total: int, n_cached: int) -> list[Figure]:
    """What it shows while the prompt is read."""
    found = [Figure(_tr("Chat", "reading the prompt"), 100, is_strong=True)]
    done, total = count_text(n_done), count_text(n_total)
    found.append(Figure(_tr("Chat", "{done} / {total} tokens").format(done=done, total=total), 90))
    if n_cached:
        found.append(Figure(_tr("Chat", "{n} from the cache").format(n=count_text(n_cached)), 50))
    return found


def record_rows(message: Message) -> list[tuple[str, str]]:
    """The full record of a reply as (name, value) pairs."""
    timings = Timings.from_dict(message.timings or {})
    rows = [(_tr("Chat", "Model"), message.model)] if message.model else []
    if message.timings:
        rows += _timing_rows(timings)
        rows += _reuse_rows(message, timings)
    if message.drafting is not None:
        rows += _draft_rows(message.drafting)
    if reason := stop_text(message.stop_reason):
        rows.append((_tr("Chat", "Ended by"), reason))
    written = QDateTime.fromSecsSinceEpoch(int(message.created_at))
    rows.append((_tr("Chat", "Written"), QLocale().toString(written, QLocale.FormatType.ShortFormat)))
    rows += [
        (key, _short(value)) for key, value in message.settings.items() if value not in ("", [], {}, None)
    ]
    return rows


def _timing_rows(timings: Timings) -> list[tuple[str, str]]:
    generated = _tr("Chat", "{n} tokens in {time}, {speed}").format(
        n=count_text(timings.predicted_n),
        time=duration_text(timings.predicted_ms / 1000),
        speed=speed_text(timings.predicted_per_second),
    )
    prompt = _tr("Chat", "{n} tokens in {time}, {speed}").format(
        n=count_text(timings.prompt_n),
        time=duration_text(timings.prompt_ms / 1000),
        speed=speed_text(timings.prompt_per_second),
    )
    rows = [
        (_tr("Chat", "Generated"), generated),
        (_tr("Chat", "Prompt"), prompt),
        (_tr("Chat", "To first token"), duration_text(timings.ttft_ms / 1000)),
        (_tr("Chat", "In all"), duration_text(timings.total_ms / 1000)),
    ]
    if min(timings.predicted_n, timings.prompt_n) < N_TOKENS_TRUSTED:
        doubt = _tr("Chat", "a speed over fewer than {n} tokens says little")
        rows.append(("≈", doubt.format(n=N_TOKENS_TRUSTED)))
    return rows


def _reuse_rows(message: Message, timings: Timings) -> list[tuple[str, str]]:
    if (reuse := reuse_of(message.reuse)) is not None:
        return reuse_rows(reuse)
    # Of a reply made before the reasons were kept.
    return [(_tr("Chat", "From the cache"), _tr("Chat", "{n} tokens").format(n=count_text(timings.cached_n)))]


def _draft_rows(record: dict[str, Any]) -> list[tuple[str, str]]:
    drafting = Drafting.from_dict(record)
    rows = [
        (_tr("Chat", "Guessed ahead"), _tr("Chat", "{n} tokens").format(n=count_text(drafting.drafted_n))),
        (
            _tr("Chat", "of these right"),
            _tr("Chat", "{n} tokens, {share}").format(
                n=count_text(drafting.accepted_n), share=percent_text(drafting.rate)
            ),
        ),
    ]
    if drafting.is_judged:
        speed = _tr("Chat", "{factor} of plain decoding, by the costs measured")
        rows.append((_tr("Chat", "Speed by guessing"), speed.format(factor=factor_text(drafting.speed_up))))
    return rows


def record_html(message: Message) -> str:
    """The full record as a tooltip's table."""
    rows = "".join(
        f"<tr><td style='padding-right:12px'>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in record_rows(message)
    )
    return f"<table cellspacing='0'>{rows}</table>"


def record_text(message: Message) -> str:
    """The full record as one line of text, for those who listen."""
    return "; ".join(f"{name}: {value}" for name, value in record_rows(message))


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
