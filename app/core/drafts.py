"""Which models can draft for another one: told from the files' headers, before anything is loaded.

A draft model must share the target's vocabulary (as llama.cpp has it, see `core.vocabulary`), its state must be one
that can be taken back when a guess was wrong, and it should be much smaller. What cannot draft keeps its reason, as the
settings' `Problem` of the row `draft_model`, so that picker, rules and command line say the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.core.figures import parameters_text
from app.core.gguf import GgufError, GgufReason, ModelFacts, ModelKind, facts
from app.core.library import ModelEntry, ModelProblem
from app.core.settings.problem import Problem, Reason
from app.core.vocabulary import MAX_SIZE_DIFFERENCE, Vocabularies, Vocabulary

_ROW: Final = "draft_model"
_SHOWN_LETTERS: Final = 24

# Architectures with a recurrent part (llm_arch_is_recurrent and llm_arch_is_hybrid, src/llama-arch.cpp).
_STATEFUL: Final = frozenset(
    {"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"}
    | {"jamba", "falcon-h1", "plamo2", "granitehybrid", "lfm2", "lfm2moe", "nemotron_h", "nemotron_h_moe"}
    | {"qwen3next", "kimi-linear", "bailingmoe3", "kimi-k3", "glm5-next", "qwen35", "qwen35moe", "qwen4exp"}
    | {"deepseek4", "minimax-01"}
)

# Those of them for which llama.cpp can keep the states before the latest tokens (llm_arch_supports_rs_rollback, the
# same file), so that guesses can be checked. A draft model decodes its guesses one by one, which that is not for.
_ROLLING_BACK: Final = frozenset(
    {"kimi-k3", "qwen35", "qwen35moe", "qwen4exp", "deepseek4", "glm5-next", "nemotron_h", "nemotron_h_moe"}
    | {"lfm2", "lfm2moe", "bailingmoe3"}
)

# Heads that read the inner state of the model that they were trained for; llama.cpp's own tools alone can feed them.
_HEADS: Final = frozenset({"eagle3", "dflash", "gemma4-assistant"})

# Targets up to so many parameters: the largest draft that is advised. 7B models have up to 8.5, "1B" up to 1.3
# and so on; a draft of more than a third of the target hardly ever pays.
_GUIDANCE: Final = ((10.5e9, 1.3e9), (24e9, 3.9e9), (float("inf"), 8.5e9))
_LARGEST_SHARE: Final = 1 / 3

_LACKING: Final = frozenset({Reason.DRAFT_LACKS_TOKENS, Reason.DRAFT_LACKS_SPECIAL})


class Size(StrEnum):
    """How a draft's size suits the target."""

    ADVISED = "advised"
    LARGE = "large"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file seen as the draft model of another.

    `fault` says why it cannot be one, `remarks` what is to be known of one that can. `facts` is None for a file that
    cannot be read. `path` is as it was asked for.
    """

    path: str
    name: str
    facts: ModelFacts | None = None
    size: Size = Size.UNKNOWN
    fault: Problem | None = None
    remarks: tuple[Problem, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it can draft for the target."""
        return self.fault is None


def why_nothing_drafts(target: ModelFacts) -> Problem | None:
    """Why no guesses at all can be made for `target`, by a draft model or otherwise; None where they can."""
    if not keeps_state(target) or target.architecture in _ROLLING_BACK:
        return None
    return Problem("draft_source", "error", Reason.DRAFT_TARGET_STATE, {"architecture": target.architecture})


def keeps_state(model: ModelFacts) -> bool:
    """Whether part of the model's memory is a running state, not a cell for each token."""
    return model.architecture in _STATEFUL


def advised_params(target: ModelFacts) -> float:
    """How many parameters a draft for `target` should have at most, by rule of thumb."""
    n_params = _used_params(target)
    by_size = next(limit for n_most, limit in _GUIDANCE if n_params <= n_most)
    return min(by_size, n_params * _LARGEST_SHARE)


def candidates(target: ModelFacts, entries: Iterable[ModelEntry]) -> list[ModelEntry]:
    """Those of a library that are models, other than `target` itself: what can be listed as its drafts."""
    models = (entry for entry in entries if entry.kind is ModelKind.MODEL)
    return [entry for entry in models if not _is_same_file(entry.path, target.path)]


def judged(
    target: ModelFacts, path: str, vocabularies: Vocabularies, *, entry: ModelEntry | None = None
) -> Draft:
    """The file at `path` as a draft for `target`; `entry` is what the library knows of it."""
    if entry is None:
        try:
            found = facts(path)
        except GgufError as error:
            return _unreadable(path, ModelProblem(error.reason, error.values))
    elif entry.facts is None:
        problem = entry.problem
        return _unreadable(path, problem) if problem is not None else Draft(path=path, name=entry.name)
    else:
        found = entry.facts
    name = entry.name if entry is not None else found.name
    try:
        fault, remarks = _compared(target, found, vocabularies)
    except GgufError as error:
        return _unreadable(path, ModelProblem(error.reason, error.values))
    is_large = _used_params(found) > advised_params(target)
    if is_large and fault is None:
        remarks = (*remarks, _large(target, found))
    size = Size.LARGE if is_large else Size.ADVISED
    return Draft(path=path, name=name, facts=found, size=size, fault=fault, remarks=remarks)


def ranked(drafts: Iterable[Draft]) -> list[Draft]:
    """Those that can draft first: the advised ones from the largest, which guesses best, then the larger ones from the
    smallest, in each those that know all tokens first; after them the refused ones by name.
    """
    return sorted(drafts, key=_rank)


def compatibility(target: Vocabulary, draft: Vocabulary) -> Problem | None:
    """Why `draft` does not share the vocabulary of `target`, None where it does, by llama.cpp's own rules."""
    if not target.n_tokens or not draft.n_tokens:
        return _fault(Reason.DRAFT_NO_VOCABULARY)
    if target.tokenizer != draft.tokenizer:
        return _fault(Reason.DRAFT_TOKENIZER, draft=draft.tokenizer, model=target.tokenizer)
    if abs(target.n_tokens - draft.n_tokens) > MAX_SIZE_DIFFERENCE:
        return _sizes_differ(target.n_tokens, draft.n_tokens)
    if target.adds_bos != draft.adds_bos or (target.adds_bos and target.bos_id != draft.bos_id):
        return _fault(Reason.DRAFT_BOS)
    if target.adds_eos != draft.adds_eos or (target.adds_eos and target.eos_id != draft.eos_id):
        return _fault(Reason.DRAFT_EOS)
    if (difference := target.first_difference(draft)) is not None:
        token_id, model, other = difference
        return _fault(Reason.DRAFT_TOKENS, token_id=token_id, model=_shown(model), draft=_shown(other))
    return None


def _compared(
    target: ModelFacts, draft: ModelFacts, vocabularies: Vocabularies
) -> tuple[Problem | None, tuple[Problem, ...]]:
    """The fault and the remarks. Of most files the facts suffice, so that their vocabulary is never read."""
    if (fault := _plain_fault(target, draft)) is not None:
        return fault, ()
    other = vocabularies.of(draft.path)
    try:
        own = vocabularies.of(target.path)
    except (
        GgufError
    ):  # not here, as the files that are only estimated, or gone: which is told where it is loaded
        return None, ()
    fault = compatibility(own, other)
    return fault, () if fault is not None else _remarks(own, other)


def _plain_fault(target: ModelFacts, draft: ModelFacts) -> Problem | None:
    if _is_same_file(target.path, draft.path):
        return _fault(Reason.DRAFT_IS_MODEL)
    if draft.architecture in _HEADS:
        return _fault(Reason.DRAFT_HEAD, architecture=draft.architecture)
    if draft.kind is not ModelKind.MODEL:
        return _fault(Reason.DRAFT_KIND)
    if draft.tokenizer != target.tokenizer and draft.tokenizer and target.tokenizer:
        return _fault(Reason.DRAFT_TOKENIZER, draft=draft.tokenizer, model=target.tokenizer)
    if abs(draft.n_vocab - target.n_vocab) > MAX_SIZE_DIFFERENCE and draft.n_vocab and target.n_vocab:
        return _sizes_differ(target.n_vocab, draft.n_vocab)
    if keeps_state(draft):
        return _fault(Reason.DRAFT_STATE, architecture=draft.architecture)
    return None


def _remarks(target: Vocabulary, draft: Vocabulary) -> tuple[Problem, ...]:
    n_lacking = target.n_tokens - draft.n_tokens
    if n_lacking <= 0:
        return ()
    n_special = sum(token_id >= draft.n_tokens for token_id in target.special_ids)
    reason = Reason.DRAFT_LACKS_SPECIAL if n_special else Reason.DRAFT_LACKS_TOKENS
    return (Problem(_ROW, "warning", reason, {"n_tokens": n_lacking, "n_special": n_special}),)


def advised_text(target: ModelFacts) -> str:
    """`advised_params` as models are called: 1B, not 1.3B."""
    n_params = advised_params(target)
    return parameters_text({1.3e9: 1e9, 3.9e9: 3e9, 8.5e9: 7e9}.get(n_params, n_params))


def _large(target: ModelFacts, draft: ModelFacts) -> Problem:
    values = {
        "n_draft": parameters_text(draft.n_params),
        "n_model": parameters_text(target.n_params),
        "limit": advised_text(target),
    }
    return Problem(_ROW, "warning", Reason.DRAFT_LARGE, values)


def _used_params(model: ModelFacts) -> float:
    """The parameters that a token passes through: of a mixture of experts the share of those that are asked.

    Attention and what else all tokens pass is counted as if it were an expert, which errs on the small side.
    """
    if model.n_expert and model.n_expert_used:
        return model.n_params * min(1.0, model.n_expert_used / model.n_expert)
    return model.n_params


def _unreadable(path: str, problem: ModelProblem) -> Draft:
    if problem.reason is GgufReason.NOT_FOUND:
        fault = _fault(Reason.DRAFT_GONE, path=path)
    else:
        fault = _fault(Reason.DRAFT_FILE, path=path, message=problem)
    return Draft(path=path, name=Path(path).name, fault=fault)


def _sizes_differ(n_model: int, n_draft: int) -> Problem:
    return _fault(Reason.DRAFT_VOCABULARY_SIZE, n_draft=n_draft, n_model=n_model, limit=MAX_SIZE_DIFFERENCE)


def _fault(reason: Reason, **values: object) -> Problem:
    return Problem(_ROW, "error", reason, dict(values))


def _is_same_file(one: str, other: str) -> bool:
    try:
        return one == other or os.path.samefile(one, other)
    except OSError:
        return False


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…")


def _rank(draft: Draft) -> tuple[int, bool, float, str, str]:
    n_params = draft.facts.n_params if draft.facts is not None else 0
    name = draft.name.casefold()
    if not draft.is_usable:
        return 2, False, 0, name, draft.path
    is_lacking = any(remark.reason in _LACKING for remark in draft.remarks)
    if draft.size is Size.ADVISED:
        return 0, is_lacking, -n_params, name, draft.path
    return 1, is_lacking, n_params, name, draft.path
