"""The corpus: conversations made from the sheets, drawn at random with a fixed seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import arithmetic
import questions as q
from markers import TURN_END, TURN_START
from sheets import Knowledge, Particular, Sheet, SheetError, Topic

from app.core.guide import QUESTIONS, question_about
from app.core.settings.kind import Apply

UNKNOWN = (
    "I don't know that. I am a small demo that knows Loadout's settings and little else. For anything else load a "
    "larger model: **Discover** on the left shows what fits."
)
SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are the Guide of Loadout.",
    "You explain the settings of Loadout.",
    "Answer briefly.",
    "You are a friendly assistant. Answer in English.",
    "Be precise and short.",
    "You are a helpful, honest assistant.",
    "Explain things simply.",
)
_TAKES_EFFECT = {
    Apply.LOAD: "at the next load of the model",
    Apply.REPLY: "with the next reply",
    Apply.NOW: "at once",
    Apply.RESTART: "when the app starts again",
}


@dataclass(frozen=True, slots=True)
class Mix:
    """How often what is asked: `areas` of all turns, `kinds` of those about a setting, `singles` of the unknown."""

    areas: dict[str, float]
    kinds: dict[str, float]
    singles: float  # written as they are, not made from patterns
    whole: bool  # whether every answer about a setting ends with what it gives and costs


MIX = Mix(
    areas={"setting": 0.60, "topic": 0.28, "unknown": 0.08, "sum": 0.04},
    kinds={
        "what": 0.20,
        "effect": 0.08,
        "cost": 0.11,
        "up": 0.085,
        "down": 0.085,
        "advice": 0.11,
        "default": 0.03,
        "where": 0.035,
        "range": 0.02,
        "more": 0.015,
        "symptom": 0.20,
        "particular": 0.05,
    },
    singles=0.4,
    whole=False,
)
# What is hardest, to tell from somebody's own words what would help and what is none of its business, comes more often.
LATER_MIX = Mix(
    areas={"setting": 0.57, "topic": 0.27, "unknown": 0.13, "sum": 0.03},
    kinds={
        "what": 0.17,
        "effect": 0.05,
        "cost": 0.08,
        "up": 0.065,
        "down": 0.065,
        "advice": 0.09,
        "default": 0.02,
        "where": 0.025,
        "range": 0.015,
        "more": 0.01,
        "symptom": 0.39,
        "particular": 0.02,
    },
    singles=0.7,
    whole=False,
)
# In the end whatever is asked about a setting is answered whole, and what people ask first comes often.
LAST_MIX = replace(
    LATER_MIX, areas={"setting": 0.63, "topic": 0.18, "unknown": 0.12, "sum": 0.02, "first": 0.05}, whole=True
)
_ASKED_SHARE = 0.5  # of the questions what a setting is: those written for it, not made from templates
_BEGINNINGS = ("hello", "help", "how_are_you", "thanks", "what_can_you_do", "what_to_ask", "who_are_you")
_FOLLOW_UP_SHARE = 0.22
_SYSTEM_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer; `about` is what a following question can refer to."""

    question: str
    answer: str
    about: Sheet | Topic | None = None

    def prompt(self) -> str:
        """The question as the chat template writes it, up to where the answer begins."""
        return f"{TURN_START}user\n{self.question}{TURN_END}\n{TURN_START}assistant\n"

    def reply(self) -> str:
        """The answer with its end of turn."""
        return f"{self.answer}{TURN_END}"


def answer(sheet: Sheet, kind: str, *, whole: bool = True) -> str:
    """The one answer to a question of `kind` about a setting: what was asked, and what it gives and costs.

    Without `whole`, where it is found, its default, its range and "tell me more" are answered with that alone.
    """
    text = {name: marked.plain for name, marked in sheet.texts.items()}
    title = f"**{sheet.title}**"
    match kind:
        case "what":
            said = f"{title}: {sheet.row.summary}"
        case "effect":
            said = title
        case "cost":
            return f"{title}\n\n- Cost: {text['cost']}\n- Effect: {text['effect']}"
        case "symptom":
            said = f"Look at {title}. {text['remedy']}"
        case "more":
            said = f"{title}: {text['up']} {text['down']} {text['advice']}"
        case "default":
            said = f"{title} is {_default(sheet)} by default."
        case "where":
            said = _where(sheet)
        case "range":
            said = f"{title} takes {_range(sheet)}."
        case _:
            said = f"{title}: {text[kind]}"
    return said if not whole and kind in ("more", "default", "where", "range") else _whole(sheet, said)


def particular_answer(sheet: Sheet, particular: Particular, *, whole: bool = True) -> str:
    """The answer to a further question about a setting, with what it gives and costs where `whole`."""
    return _whole(sheet, particular.answer.plain) if whole else particular.answer.plain


def _whole(sheet: Sheet, said: str) -> str:
    return f"{said}\n\n- Effect: {sheet.texts['effect'].plain}\n- Cost: {sheet.texts['cost'].plain}"


def required(sheet: Sheet) -> tuple[str, ...]:
    """What the answer to any question of the examined kinds must hold: the setting's name, its effect and its cost."""
    return (f"**{sheet.title}**", *sheet.texts["effect"].facts, *sheet.texts["cost"].facts)


def particular(sheet: Sheet, kind: str) -> tuple[str, ...]:
    """The facts that answer a question of just this kind, in no other kind's answer; () where there are none."""
    own = {"symptom": "remedy"}.get(kind, kind)
    return sheet.texts[own].facts if own in ("up", "down", "advice", "remedy") else ()


def _default(sheet: Sheet) -> str:
    row = sheet.row
    if row.default in ("", [], None):
        return "not set" if not row.optional or not row.none_title else f"not set ({row.none_title})"
    if row.kind.value == "choice":
        return row.choice_title(row.default)
    if isinstance(row.default, list):
        return "a list: " + ", ".join(repr(item) for item in row.default)
    return f"{row.format(row.default)} {row.unit}".strip()


def _where(sheet: Sheet) -> str:
    row = sheet.row
    said = f"You find **{row.title}** in the {sheet.place}, group {row.group}."
    if sheet.place != "Preferences":
        said += f" On the command line it is `--set {row.key}=VALUE`"
        said += f"; llama-server calls it `{row.cli_flag}`." if row.cli_flag else "."
    return f"{said} A change takes effect {_TAKES_EFFECT[row.apply]}."


def _range(sheet: Sheet) -> str:
    row = sheet.row
    if row.choices:
        return "one of these: " + ", ".join(choice.title for choice in row.choices)
    if sheet.is_switch:
        return "on or off"
    if sheet.is_number and row.minimum is not None and row.maximum is not None:
        return f"numbers from {row.minimum:g} to {row.maximum:g} {row.unit}".strip()
    return "a text, a path or a list, as its help describes"


class Corpus:
    """Draws turns and conversations. The same seed gives the same ones."""

    def __init__(self, knowledge: Knowledge, seed: int, mix: Mix = MIX) -> None:
        self._knowledge = knowledge
        self._mix = mix
        self._written = written(knowledge, whole=mix.whole)
        self._flags = _flags(knowledge)
        self._chance = random.Random(seed)
        self._make: dict[str, Callable[[], Turn]] = {
            "setting": self._setting,
            "topic": self._topic,
            "unknown": self._unknown,
            "sum": self._sum,
            "first": self._first,
        }

    def conversation(self) -> Iterator[Turn]:
        """Turns without end; some refer to the one before."""
        last: Turn | None = None
        while True:
            turn = self._follow_up(last) if last and self._chance.random() < _FOLLOW_UP_SHARE else None
            last = turn or self.turn()
            yield last

    def system_prompt(self) -> str:
        """A system prompt, or none, as text of a conversation's beginning."""
        if self._chance.random() >= _SYSTEM_SHARE:
            return ""
        return f"{TURN_START}system\n{self._chance.choice(SYSTEM_PROMPTS)}{TURN_END}\n"

    def turn(self) -> Turn:
        """One turn that stands alone. What was written for an answer is never drawn for another one."""
        while True:
            turn = self._make[self._drawn(self._mix.areas)]()
            if self._written.get(q.plain(turn.question), turn.answer) == turn.answer:
                return turn

    def _drawn(self, weights: dict[str, float]) -> str:
        return self._chance.choices(tuple(weights), tuple(weights.values()))[0]

    # -- settings -------------------------------------------------------------------------------------------

    def _setting(self) -> Turn:
        sheet = self._chance.choice(self._knowledge.sheets)
        kind = self._drawn(self._mix.kinds)
        if kind == "particular":
            if not sheet.particulars:
                kind = "what"
            else:
                particular = self._chance.choice(sheet.particulars)
                said = particular_answer(sheet, particular, whole=self._mix.whole)
                return Turn(self._varied(self._chance.choice(particular.asks)), said, sheet)
        return Turn(self._varied(self._question(sheet, kind)), self._answer(sheet, kind), sheet)

    def _answer(self, sheet: Sheet, kind: str) -> str:
        return answer(sheet, kind, whole=self._mix.whole)

    def _question(self, sheet: Sheet, kind: str) -> str:
        chance = self._chance
        if kind == "symptom":
            return chance.choice(q.ASKED_FOR).format(q=chance.choice(sheet.symptoms))
        if kind in sheet.asks and chance.random() < _ASKED_SHARE:
            return chance.choice(sheet.asks[kind])
        return chance.choice(q.split(templates(sheet, kind))[0]).format(n=self._name(sheet))

    def _name(self, sheet: Sheet) -> str:
        chance, row = self._chance, sheet.row
        drawn = chance.random()
        if drawn < 0.15:
            return row.title
        if drawn < 0.35:
            return q.varied_name(row.title, chance)
        if drawn < 0.42:
            return row.key if chance.random() < 0.6 or row.cli_flag not in self._flags else row.cli_flag
        return q.varied_name(chance.choice(sheet.names), chance)

    def _follow_up(self, last: Turn) -> Turn | None:
        chance, about = self._chance, last.about
        if isinstance(about, Sheet):
            kind = chance.choice(tuple(q.FOLLOW_UPS))
            return Turn(self._varied(chance.choice(q.FOLLOW_UPS[kind])), self._answer(about, kind), about)
        if isinstance(about, Topic) and about.more is not None:
            return Turn(self._varied(chance.choice(q.FOLLOW_UPS["more"])), about.more.plain, about)
        return None

    # -- the rest -------------------------------------------------------------------------------------------

    def _first(self) -> Turn:
        """What is asked most: what the app itself offers to ask, and what people begin with."""
        chance = self._chance
        drawn = chance.random()
        if drawn < 0.35:
            topic = chance.choice([topic for topic in self._knowledge.topics if topic.key in _BEGINNINGS])
            return Turn(self._varied(chance.choice(topic.asks)), topic.answer.plain, topic)
        if drawn < 0.8:
            return chance.choice(self._offered)
        sheet = chance.choice(self._knowledge.sheets)
        return Turn(question_about(sheet.row), self._answer(sheet, "what"), sheet)

    @cached_property
    def _offered(self) -> list[Turn]:
        return [self._to_begin_with(asked) for asked in QUESTIONS]

    def _to_begin_with(self, asked: str) -> Turn:
        for sheet in self._knowledge.sheets:
            if q.plain(question_about(sheet.row)) == q.plain(asked):
                return Turn(asked, self._answer(sheet, "what"), sheet)
        for topic in self._knowledge.topics:
            if q.plain(asked) in map(q.plain, topic.asks):
                return Turn(asked, topic.answer.plain, topic)
        raise SheetError(f"the app offers to ask {asked!r}, and no sheet answers it")

    def _topic(self) -> Turn:
        chance = self._chance
        topic = chance.choice(self._knowledge.topics)
        if topic.names and chance.random() < 0.55:
            question = chance.choice(q.split(q.WHAT)[0]).format(
                n=q.varied_name(chance.choice(topic.names), chance)
            )
        else:
            question = chance.choice(topic.asks)
        return Turn(self._varied(question), topic.answer.plain, topic)

    def _unknown(self) -> Turn:
        chance, unknown = self._chance, self._knowledge.unknown
        if chance.random() < self._mix.singles:
            question = chance.choice(unknown.singles)
        else:
            templates_, words, _ = chance.choice(unknown.patterns)
            question = chance.choice(templates_).replace("{x}", chance.choice(words))
        return Turn(self._varied(question), UNKNOWN)

    def _sum(self) -> Turn:
        made = arithmetic.drawn(self._chance)
        return Turn(made.question.lower() if self._chance.random() < 0.3 else made.question, made.answer)

    def _varied(self, question: str) -> str:
        return q.varied(question, self._chance)


def written(knowledge: Knowledge, *, whole: bool = True) -> dict[str, str]:
    """The answers to the questions that somebody wrote, by what these are however they are typed."""
    found: dict[str, str] = {}
    for sheet in knowledge.sheets:
        for kind, asks in sheet.asks.items():
            found.update((q.plain(ask), answer(sheet, kind, whole=whole)) for ask in asks)
        for particular in sheet.particulars:
            said = particular_answer(sheet, particular, whole=whole)
            found.update((q.plain(ask), said) for ask in particular.asks)
    for topic in knowledge.topics:
        found.update((q.plain(ask), topic.answer.plain) for ask in topic.asks)
    return found


def _flags(knowledge: Knowledge) -> set[str]:
    """The flags of llama-server that mean one row and nothing else."""
    flags = Counter(sheet.row.cli_flag for sheet in knowledge.sheets)
    names = {q.plain(name) for topic in knowledge.topics for name in topic.names}
    return {flag for flag, n in flags.items() if flag and n == 1 and q.plain(flag) not in names}


def templates(sheet: Sheet, kind: str) -> tuple[str, ...]:
    """The phrasings that fit a question of `kind` about this setting."""
    match kind:
        case "up":
            return (*q.RAISE, *q.ON[:4]) if sheet.is_number else q.ON if sheet.is_switch else q.SET
        case "down":
            return (*q.LOWER, *q.OFF[:4]) if sheet.is_number else q.OFF if sheet.is_switch else q.UNSET
        case _:
            return {
                "what": q.WHAT,
                "effect": q.EFFECT,
                "cost": q.COST,
                "advice": q.ADVICE,
                "default": q.DEFAULT,
                "where": q.WHERE,
                "range": q.RANGE,
                "more": q.MORE,
            }[kind]
