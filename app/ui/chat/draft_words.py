"""What the chat says about guessing tokens ahead: factors, sources, and advice with the figures that it rests on."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.draft_advice import N_CHECKED_NEEDED, DraftAdvice, DraftVerdict
from app.core.reasons import DraftSource
from app.ui.format import THIN_SPACE, count_text, percent_text

_tr = QCoreApplication.translate


def factor_text(factor: float) -> str:
    """A factor of speed: ``1.42×``; it is worked out from measured costs, so two decimals at most."""
    return f"{factor:.2f}\u00d7" if factor < 9.995 else f"{factor:.1f}\u00d7"


def ms_text(milliseconds: float) -> str:
    """A cost in three figures: ``0.412 ms``, ``16.3 ms``."""
    digits = (
        0 if milliseconds >= 99.95 else 1 if milliseconds >= 9.995 else 2 if milliseconds >= 0.9995 else 3
    )
    return f"{milliseconds:.{digits}f}{THIN_SPACE}ms"


def source_text(source: str, draft: str) -> str:
    """Where guesses came from; `draft` is the draft model's name, "" where it is not known."""
    if source == DraftSource.MODEL:
        model = draft or _tr("Drafting", "a draft model")
        return _tr("Drafting", "guesses by {model}").format(model=model)
    if source == DraftSource.NGRAM:
        return _tr("Drafting", "guesses from the text so far")
    return _tr("Drafting", "guesses by the model's own heads")


def break_even_text(rate: float) -> str:
    """A break-even rate; what no rate reaches is said so."""
    return percent_text(rate) if rate <= 1 else _tr("Drafting", "out of reach")


def advice_title(verdict: DraftVerdict) -> str:
    """What to do, in a few words."""
    return {
        DraftVerdict.NOT_ENOUGH: _tr("Drafting", "Not enough measured yet"),
        DraftVerdict.OFF: _tr("Drafting", "Turn drafting off"),
        DraftVerdict.IDLE: _tr("Drafting", "It is hardly used: turn it off"),
        DraftVerdict.SHORTER: _tr("Drafting", "Try shorter drafts"),
        DraftVerdict.LONGER: _tr("Drafting", "Try longer drafts"),
        DraftVerdict.KEEP: _tr("Drafting", "Keep it on"),
    }[verdict]


def remedy_text(advice: DraftAdvice) -> str:
    """What the button says that follows the advice; "" where there is nothing to follow."""
    words = {
        DraftVerdict.OFF: _tr("Drafting", "Turn off in the plan"),
        DraftVerdict.IDLE: _tr("Drafting", "Turn off in the plan"),
        DraftVerdict.SHORTER: _tr("Drafting", "Set to {n} in the plan"),
        DraftVerdict.LONGER: _tr("Drafting", "Set to {n} in the plan"),
    }.get(advice.verdict, "")
    return words.format(n=count_text(advice.best_length))


def advice_look(verdict: DraftVerdict) -> tuple[str, str]:
    """(icon, tone) of the advice."""
    return {
        DraftVerdict.NOT_ENOUGH: ("hourglass", "dim"),
        DraftVerdict.OFF: ("warning", "warning"),
        DraftVerdict.IDLE: ("info", "accent"),
        DraftVerdict.SHORTER: ("info", "accent"),
        DraftVerdict.LONGER: ("info", "accent"),
        DraftVerdict.KEEP: ("check-circle", "good"),
    }[verdict]


def advice_text(advice: DraftAdvice, n_max: int) -> str:
    """Why, with the numbers."""
    if advice.verdict is DraftVerdict.NOT_ENOUGH:
        return _not_enough_text(advice)
    words = {
        DraftVerdict.OFF: _off_text(advice),
        DraftVerdict.IDLE: _tr(
            "Drafting",
            "Drafts were made for {drafted} of {steps} steps: by the costs and the right guesses measured here, more "
            "would not pay. Without it the memory that it takes is free, at the same speed.",
        ),
        DraftVerdict.SHORTER: _tr(
            "Drafting",
            "Later guesses are seldom right: by the costs measured, drafts of {best} tokens promise {promised}, "
            "against {speed} as it was. Lower the longest draft to {best} and load again.",
        ),
        DraftVerdict.LONGER: _tr(
            "Drafting",
            "Drafts often end at the limit of {n_max} tokens while still being right: {best} tokens promise "
            "{promised}, against {speed} as it was. Raise the longest draft and load again.",
        ),
        DraftVerdict.KEEP: _keep_text(advice),
    }[advice.verdict]
    return words.format(
        best=count_text(advice.best_length),
        promised=factor_text(advice.best_speed_up),
        speed=factor_text(advice.speed_up),
        n_max=count_text(n_max),
        chance=percent_text(advice.chance),
        even=percent_text(advice.break_even),
        length=f"{advice.mean_length:.1f}",
        drafted=count_text(advice.n_drafted_steps),
        steps=count_text(advice.n_steps),
    )


def _not_enough_text(advice: DraftAdvice) -> str:
    if not advice.n_checked:
        return _tr(
            "Drafting",
            "Nothing has been guessed so far: guesses are made only where there is something to guess by, and where "
            "the costs measured here say that they can pay.",
        )
    if advice.n_checked < N_CHECKED_NEEDED:
        words = _tr(
            "Drafting", "{n} drafts have been checked so far; from {needed} on there is something to say."
        )
        return words.format(n=count_text(advice.n_checked), needed=count_text(N_CHECKED_NEEDED))
    return _tr(
        "Drafting",
        "What a step without a draft takes here was not measured: drafts are made whether they pay or not. Let only "
        "those be made that pay, and it will be.",
    )


def _off_text(advice: DraftAdvice) -> str:
    if advice.break_even > 1:
        return _tr(
            "Drafting",
            "On this machine checking a draft costs more than it can win: even with every guess right, drafts of "
            "{length} tokens would not pay. Measured: {speed} of plain speed.",
        )
    return _tr(
        "Drafting",
        "{chance} of the guesses checked were right; at what a draft costs here, {even} are needed. Measured: "
        "{speed} of plain speed.",
    )


def _keep_text(advice: DraftAdvice) -> str:
    if advice.speed_up < 1.02:
        return _tr(
            "Drafting",
            "It makes little difference: {speed} of plain speed, with {chance} of the guesses checked right.",
        )
    return _tr(
        "Drafting",
        "{speed} of plain speed: {chance} of the guesses checked were right, and from {even} on drafts of {length} "
        "tokens pay.",
    )
