"""The examination: ``python packaging/guide_model/evaluate.py GUIDE [--draft DRAFT]`` prints what the Guide scores.

It is asked through Loadout's own worker, as the app asks it. An answer about a setting is right if it names the
setting, holds every fact that the sheet marks in its effect and in its cost, and nothing that is marked as another
setting's fact, unless the setting's own sheet or help says it too; and names no other setting in bold, unless the right
answer does. It is to the point if it also holds the facts marked in what was asked in particular: what raising or
lowering does, the advice, the remedy.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import arithmetic
import corpus
import questions as q
import sheets
from sheets import Knowledge, Sheet

from app.cli.loaded_model import LoadedModel, loaded_model
from app.core.run import Timings
from app.worker import protocol as p

SEED = 7
N_SLOTS = 8
N_CTX = 2048
_N_DRAWN = 600
_KINDS_DRAWN = (
    *sheets.EXAMINED[:-1],
    "default",
    "where",
    "range",
    "more",
)  # complaints have no templates
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the examination, perhaps after others, and how its answer is judged."""

    part: str
    kind: str
    messages: tuple[dict[str, str], ...]
    right: str  # the answer as trained
    required: tuple[str, ...]
    to_the_point: tuple[str, ...] = ()
    sheet: Sheet | None = None

    @property
    def text(self) -> str:
        """What is asked last."""
        return self.messages[-1]["content"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with the reply it got and what is wrong with that."""

    question: Question
    reply: str
    faults: tuple[str, ...]


def main() -> None:
    """Asks everything and prints the scores; with ``--wrong`` the wrong answers too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("guide", type=Path)
    parser.add_argument("--draft", type=Path)
    parser.add_argument("--wrong", type=Path, metavar="FILE", help="write the wrong answers here")
    args = parser.parse_args()
    knowledge = sheets.read()
    asked = list(examination(knowledge))
    wrong: list[dict[str, Any]] = []
    with _model(args.guide, {}) as model:
        for title, sampling in (
            ("temperature 0", {"temperature": 0.0}),
            ("default sampling", {"seed": SEED}),
        ):
            judged = [
                Judged(question, reply, tuple(faults(knowledge, question, reply)))
                for question, (reply, _) in zip(asked, _replies(model, asked, sampling), strict=True)
            ]
            _show(title, judged)
            wrong += [_record(title, one) for one in judged if one.faults]
    if args.draft:
        _show_drafting(args.guide, args.draft, [question for question in asked if question.part == PARTS[0]])
    if args.wrong:
        args.wrong.write_text(json.dumps(wrong, indent=1), "utf-8")


# -- what is asked ------------------------------------------------------------------------------------------------

PARTS = (
    "settings, questions written for the examination",
    "settings, held-out templates",
    "settings, a second question that only says 'it'",
    "notions, how-tos, troubles, small talk",
    "what it must not try to answer",
    "sums with numbers never seen together",
)


def examination(knowledge: Knowledge) -> Iterator[Question]:
    """All questions, always the same."""
    chance = random.Random(SEED)
    by_key = {sheet.row.key: sheet for sheet in knowledge.sheets}
    for key, kinds in knowledge.examination.items():
        for kind, texts in kinds.items():
            yield from (_about(PARTS[0], by_key[key], kind, text) for text in texts)
    for _ in range(_N_DRAWN):
        sheet, kind = chance.choice(knowledge.sheets), chance.choice(_KINDS_DRAWN)
        template = chance.choice(q.split(corpus.templates(sheet, kind))[1])
        yield _about(PARTS[1], sheet, kind, template.format(n=chance.choice((sheet.title, *sheet.names))))
    for _ in range(_N_DRAWN // 3):
        sheet, first, kind = (
            chance.choice(knowledge.sheets),
            chance.choice(_KINDS_DRAWN),
            chance.choice(tuple(q.FOLLOW_UPS)),
        )
        before = (
            _message("user", chance.choice(q.split(corpus.templates(sheet, first))[0]).format(n=sheet.title)),
            _message("assistant", corpus.answer(sheet, first)),
        )
        yield _about(PARTS[2], sheet, kind, chance.choice(q.FOLLOW_UPS[kind]), before)
    for topic in knowledge.topics:
        for text in topic.held_out:
            yield Question(
                PARTS[3], topic.sheet, (_message("user", text),), topic.answer.plain, topic.answer.facts
            )
    held_out = list(knowledge.unknown.held_out)
    held_out += [
        chance.choice(texts).replace("{x}", word)
        for texts, _, words in knowledge.unknown.patterns
        for word in words
    ]
    for text in held_out:
        yield Question(PARTS[4], "unknown", (_message("user", text),), corpus.UNKNOWN, ("I don't know that",))
    for _ in range(_N_DRAWN // 6):
        made = arithmetic.drawn(chance, is_held_out=True)
        yield Question(
            PARTS[5], "sum", (_message("user", made.question),), made.answer, (f"**{made.result}**",)
        )


def _about(
    part: str, sheet: Sheet, kind: str, text: str, before: tuple[dict[str, str], ...] = ()
) -> Question:
    right = corpus.answer(sheet, kind)
    required = corpus.required(sheet) if kind in sheets.EXAMINED else (right,)
    own = corpus.particular(sheet, kind)
    return Question(part, kind, (*before, _message("user", text)), right, required, own, sheet)


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


# -- how it is judged ---------------------------------------------------------------------------------------------


def faults(knowledge: Knowledge, question: Question, reply: str) -> Iterator[str]:
    """What is wrong with a reply: missing facts, and facts and names of other settings."""
    for fact in question.required:
        if not _holds(reply, fact):
            yield f"lacks {fact!r}"
    allowed = f"{question.right} {question.sheet.prose() if question.sheet else ''}"
    for name in _BOLD.findall(reply):
        if not _holds(allowed, name):
            yield f"names {name!r}"
    for sheet in knowledge.sheets:
        if sheet is not question.sheet:
            for fact in sheet.facts():
                if " " in fact and _holds(reply, fact) and not _holds(allowed, fact):
                    yield f"says {fact!r} of {sheet.title}"


def _holds(text: str, phrase: str) -> bool:
    """Whether `text` has `phrase` as whole words, whatever the case."""
    if phrase.casefold() not in text.casefold():  # nearly always, and much faster to tell
        return False
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


# -- asking -------------------------------------------------------------------------------------------------------


@contextmanager
def _model(path: Path, values: dict[str, Any]) -> Iterator[LoadedModel]:
    settings = {"n_ctx": N_CTX * N_SLOTS, "n_seq_max": N_SLOTS, "kv_unified": False, **values}
    with tempfile.TemporaryDirectory() as folder, loaded_model(path, settings, Path(folder) / "log") as model:
        yield model


def _replies(
    model: LoadedModel, asked: Iterable[Question], sampling: dict[str, Any], *, may_draft: bool = True
) -> Iterator[tuple[str, p.Finished]]:
    """The replies in the order of the questions, several questions at once."""
    waiting = list(asked)
    for at in range(0, len(waiting), N_SLOTS):
        together = {model.next_id(): question for question in waiting[at : at + N_SLOTS]}
        texts: dict[int, list[str]] = {number: [] for number in together}
        ends: dict[int, p.Finished] = {}
        commands = {
            number: p.Generate(
                number, messages=question.messages, sampling={"max_tokens": 400, **sampling}, draft=may_draft
            )
            for number, question in together.items()
        }
        for event in model.ask_all(commands):
            if isinstance(event, p.TextDelta):
                texts[event.request_id].append(event.text)
            elif isinstance(event, p.Finished):
                ends[event.request_id] = event
        yield from (("".join(texts[number]), ends[number]) for number in together)


# -- what is printed ----------------------------------------------------------------------------------------------


def _show(title: str, judged: list[Judged]) -> None:
    print(f"\n{title}")
    for part in PARTS:
        of_part = [one for one in judged if one.question.part == part]
        right = [one for one in of_part if not one.faults]
        exact = sum(one.reply.strip() == one.question.right for one in of_part)
        to_point = sum(all(_holds(one.reply, fact) for fact in one.question.to_the_point) for one in right)
        print(f"  {part}: {_share(len(right), of_part)}", end="")
        print(f"; to the point {_share(to_point, of_part)}; word for word {_share(exact, of_part)}")
        kinds = Counter(one.question.kind for one in of_part)
        if len(kinds) > 1:
            good = Counter(one.question.kind for one in right)
            print("      " + ", ".join(f"{kind} {good[kind]}/{n}" for kind, n in kinds.items()))


def _share(number: int, of: list[Judged]) -> str:
    return f"{number} of {len(of)} ({number / len(of):.1%})"


def _record(title: str, one: Judged) -> dict[str, Any]:
    return {
        "asked": one.question.text,
        "part": one.question.part,
        "kind": one.question.kind,
        "setting": one.question.sheet.row.key if one.question.sheet else "",
        "reply": one.reply,
        "faults": list(one.faults),
        "sampling": title,
    }


def _show_drafting(guide: Path, draft: Path, asked: list[Question]) -> None:
    chosen = random.Random(SEED).sample(asked, min(200, len(asked)))
    values = {
        "draft_source": "model",
        "draft_model": str(draft),
        "draft_adaptive": False,
        "n_seq_max": 1,
        "n_ctx": N_CTX,
    }
    with _model(guide, values) as model:
        for title, sampling in (
            ("temperature 0", {"temperature": 0.0}),
            ("default sampling", {"seed": SEED}),
        ):
            speeds: dict[bool, list[float]] = {True: [], False: []}
            drafted = accepted = 0
            for question in chosen:
                for may_draft in (False, True):
                    ((_, end),) = _replies(model, [question], sampling, may_draft=may_draft)
                    timings = Timings.from_dict(end.timings)
                    speeds[may_draft].append(timings.predicted_per_second)
                    drafted += timings.draft_n
                    accepted += timings.draft_n_accepted
            ratio = statistics.median(speeds[True]) / statistics.median(speeds[False])
            print(
                f"\ndrafting, {title}: {accepted} of {drafted} guesses accepted, {accepted / drafted:.1%}; "
                f"{statistics.median(speeds[True]):,.0f} against {statistics.median(speeds[False]):,.0f} tokens/s, "
                f"{ratio:.2f} times"
            )


if __name__ == "__main__":
    main()
