"""What the Hub says of models, in the words and figures of the window."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.core.hub import MESSAGES, Gated, HubError, Sort, message
from app.ui.format import bytes_text, count_text

# Values of messages that are sizes; lengths that differ, perhaps by little, are told to the byte.
_SIZES = frozenset({"free", "needed"})
_SORTS = {
    Sort.BEST: QT_TRANSLATE_NOOP("Hub", "Best match"),
    Sort.DOWNLOADS: QT_TRANSLATE_NOOP("Hub", "Most downloads"),
    Sort.LIKES: QT_TRANSLATE_NOOP("Hub", "Most likes"),
    Sort.UPDATED: QT_TRANSLATE_NOOP("Hub", "Recently updated"),
    Sort.NEW: QT_TRANSLATE_NOOP("Hub", "Newest"),
}
_FACTORS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Hub", text)


def error_text(error: HubError) -> str:
    """Why something could not be had, and what to do."""
    values = {key: _value(key, value) for key, value in error.values.items()}
    return message(error.reason, values, QCoreApplication.translate("Hub", MESSAGES[error.reason]))


def _value(key: str, value: str | float) -> str | int | float:
    if isinstance(value, str):
        return value
    if key in _SIZES:
        return bytes_text(value)
    return round(value) if key.endswith("_s") else value


def sort_text(sort: Sort) -> str:
    """An order of search results."""
    return QCoreApplication.translate("Hub", str(_SORTS[sort]))


def short_count(count: float) -> str:
    """A count as people say it: ``1.2M``, ``34K``, ``870``."""
    for factor, letter in _FACTORS:
        if count >= factor * 0.9995:
            figure = count / factor
            return f"{figure:.{1 if figure < 9.95 else 0}f}".removesuffix(".0") + letter
    return f"{count:.0f}"


def context_text(n_ctx: int) -> str:
    """A context as people name it: ``128k``; odd ones in full."""
    return f"{n_ctx // 1024}k" if n_ctx >= 1024 and n_ctx % 1024 == 0 else count_text(n_ctx)


def gated_text(gated: Gated) -> str:
    """Why files of a repository cannot simply be had."""
    return {
        Gated.NO: "",
        Gated.AUTO: _tr("Gated: its owner wants terms to be accepted"),
        Gated.MANUAL: _tr("Gated: its owner decides who may download"),
    }[gated]


def per_second(bytes_per_s: float) -> str:
    """A download's speed: ``42.1 MB/s``."""
    return f"{bytes_text(bytes_per_s)}/s"
