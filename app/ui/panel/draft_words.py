"""Words about draft models: what one is, and whether it suits."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.drafts import Draft, Size, advised_text
from app.core.figures import parameters_text
from app.core.gguf import ModelFacts
from app.core.settings import Problem, Reason
from app.ui.format import bytes_text
from app.ui.panel import texts


def facts_text(facts: ModelFacts | None) -> str:
    """E.g. ``0.6B · Q8_0 · 639 MB``; "" where nothing is known."""
    if facts is None:
        return ""
    parts = (parameters_text(facts.n_params), facts.quantisation, bytes_text(facts.size_bytes))
    return " \u00b7 ".join(part for part in parts if part)


def verdict(draft: Draft) -> tuple[str, str]:
    """A tone, and in a few words whether it suits; of a refused one the reason."""
    if draft.fault is not None:
        return "faint", reason_text(draft.fault)
    said = _tr("The size suits this model") if draft.size is Size.ADVISED else _tr("Larger than advised")
    lacking = [texts.problem_text(item) for item in draft.remarks if item.reason is not Reason.DRAFT_LARGE]
    tone = "good" if draft.size is Size.ADVISED and not lacking else "warning"
    return tone, " \u00b7 ".join((said, *lacking))


def whole_verdict(draft: Draft) -> str:
    """Everything that is to be said of it in full; "" where nothing speaks against it."""
    problems = [draft.fault] if draft.fault is not None else list(draft.remarks)
    return " ".join(map(reason_text, problems))


def reason_text(problem: Problem) -> str:
    """Why a file cannot draft, without the path, which stands beside it."""
    if problem.reason is Reason.DRAFT_FILE:
        return texts.value_of_problem(problem, "message")
    return texts.problem_text(problem)


def guidance(target: ModelFacts) -> str:
    """What size is advised for `target`."""
    return _tr("For {name} ({size}) a draft model of up to {limit} is advised.").format(
        name=target.name, size=parameters_text(target.n_params), limit=advised_text(target)
    )


def what_to_get(target: ModelFacts) -> str:
    """What to do where there is nothing to choose."""
    return _tr(
        "It must share this model's vocabulary: get the smallest model of the same family, up to {limit} parameters."
    ).format(limit=advised_text(target))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Drafts", text)
