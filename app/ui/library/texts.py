"""The words of the library: reasons and kinds, which core keeps as enums, in the user's language."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.core.gguf import ModelFacts, ModelKind
from app.core.gguf_format import MESSAGES, message
from app.core.hub_origin import UpdateState
from app.core.library import FolderProblem, FolderReason, ModelEntry, ModelProblem
from app.core.offers import Offer
from app.services.hub_updates import Update
from app.ui.format import bytes_text, count_text, when_text

_NAME_LETTERS = 40  # of a name in a sentence
_KINDS = {
    ModelKind.MODEL: QT_TRANSLATE_NOOP("Library", "Chat model"),
    ModelKind.EMBEDDING: QT_TRANSLATE_NOOP("Library", "Embedding model"),
    ModelKind.ADAPTER: QT_TRANSLATE_NOOP("Library", "LoRA adapter"),
    ModelKind.PROJECTOR: QT_TRANSLATE_NOOP("Library", "Image or sound projector"),
    ModelKind.CONTROL_VECTOR: QT_TRANSLATE_NOOP("Library", "Control vector"),
    ModelKind.OTHER: QT_TRANSLATE_NOOP("Library", "Other"),
}
_FOLDERS = {
    FolderReason.NOT_FOUND: QT_TRANSLATE_NOOP(
        "Library", "The folder is not there. Connect its drive or remove it."
    ),
    FolderReason.NO_PERMISSION: QT_TRANSLATE_NOOP("Library", "No permission to read the folder."),
    FolderReason.NOT_A_FOLDER: QT_TRANSLATE_NOOP("Library", "This is not a folder."),
    FolderReason.UNREADABLE: QT_TRANSLATE_NOOP("Library", "The folder cannot be read."),
}


def kind_text(kind: ModelKind) -> str:
    """What a file is for."""
    return QCoreApplication.translate("Library", str(_KINDS[kind]))


def problem_text(problem: ModelProblem | FolderProblem) -> str:
    """Why a file or folder cannot be used, and what to do."""
    if isinstance(problem, FolderProblem):
        return QCoreApplication.translate("Library", str(_FOLDERS[problem.reason]))
    values = {
        key: count_text(value) if isinstance(value, int) else value for key, value in problem.values.items()
    }
    return message(problem.reason, values, QCoreApplication.translate("Gguf", MESSAGES[problem.reason]))


def offer_text(offer: Offer) -> str:
    """How many models another program has, and their size: "3 models (12.4 GB)"; or that it cannot be looked at."""
    if offer.is_closed:
        return QCoreApplication.translate("Library", "keeps its models where only another user may read them")
    count = QCoreApplication.translate("Library", "1 model")
    if offer.n_models != 1:
        count = QCoreApplication.translate("Library", "{n} models").format(n=count_text(offer.n_models))
    if offer.is_partial:
        count = QCoreApplication.translate("Library", "at least {models}").format(models=count)
    size = bytes_text(offer.size_bytes)
    return QCoreApplication.translate("Library", "{models} ({size})").format(models=count, size=size)


def origin_text(entry: ModelEntry) -> str:
    """Where a model's files came from: "owner/name, main, 0123456"; "" where that is not known."""
    if not entry.origins:
        return ""
    origin = entry.origins[0]
    commit = origin.commit[:7]
    return ", ".join(part for part in (origin.repo_id, origin.revision if commit else "", commit) if part)


def update_text(update: Update | None) -> str:
    """What the Hub said of a model when it was asked, where that is worth a sentence; else ""."""
    if update is None:
        return ""
    if update.is_here:
        text = QCoreApplication.translate("Library", "An older version. The newer one is listed, too.")
    elif update.note.state is UpdateState.GONE:
        text = QCoreApplication.translate("Library", "The Hub no longer has this file (asked {when}).")
    elif not update.is_newer:
        return ""
    elif update.note.size_bytes:
        text = QCoreApplication.translate("Library", "A newer version is there: {size} (asked {when}).")
    else:
        text = QCoreApplication.translate("Library", "It has changed on the Hub since (asked {when}).")
    note = update.note
    size, when = bytes_text(note.size_bytes), when_text(note.asked_at)
    return text.format(size=size, when=when)


def short_name(name: str) -> str:
    """A name as it fits into a sentence."""
    return name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…"


def context_text(n_ctx: int) -> str:
    """A trained context as people name it: 8k, 128k; odd ones in full."""
    if n_ctx >= 1024 and n_ctx % 1024 == 0:
        return f"{count_text(n_ctx // 1024)}k"
    return count_text(n_ctx) if n_ctx else ""


def architecture_text(facts: ModelFacts) -> str:
    """The architecture, for a mixture with its experts: qwen2moe, 60 experts."""
    if facts.n_expert > 1:
        return QCoreApplication.translate("Library", "{name}, {n} experts").format(
            name=facts.architecture, n=facts.n_expert
        )
    return facts.architecture


def searched_text(entry: ModelEntry) -> str:
    """What the search field looks in, in small letters."""
    facts = entry.facts
    words = [
        entry.name,
        entry.path,
        entry.program,
        *entry.names,
        *(origin.repo_id for origin in entry.origins[:1]),
    ]
    if facts:
        words += [facts.architecture, facts.quantisation, facts.license, kind_text(facts.kind)]
    return " ".join(words).casefold()
