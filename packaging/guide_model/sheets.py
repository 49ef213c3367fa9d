"""What the Guide is to know: the settings tables' rows with their sheets, the topics, and the examination.

A text's facts stand in square brackets: phrases that a right answer must hold. They are taken off for training.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.settings.app_table import APP
from app.core.settings.load_table import LOAD
from app.core.settings.sampling_table import SAMPLING
from app.core.settings.setting import Kind, Setting

FOLDER = Path(__file__).resolve().parent
FACT = re.compile(r"\[([^\[\]]+)\]")
SENTENCES = ("effect", "cost", "up", "down", "advice", "remedy")
EXAMINED = ("what", "effect", "cost", "up", "down", "advice", "symptom")


class SheetError(ValueError):
    """A sheet that cannot be used; the message names file and entry."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence or two, and the facts in it."""

    plain: str
    facts: tuple[str, ...]

    @classmethod
    def of(cls, marked: str) -> Text:
        """The text without the brackets around its facts. Raises SheetError where brackets do not pair."""
        plain = FACT.sub(r"\1", marked)
        if "[" in plain or "]" in plain:
            raise SheetError(f"brackets do not pair in {marked!r}")
        return cls(plain.strip(), tuple(fact.strip() for fact in FACT.findall(marked)))


@dataclass(frozen=True, slots=True)
class Particular:
    """A further question about one setting, in many phrasings, and its answer."""

    asks: tuple[str, ...]
    answer: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One setting: its row, and what the project's writers said of it."""

    row: Setting
    place: str  # where it is found: "load settings", "sampling settings" or "Preferences"
    names: tuple[str, ...]
    texts: dict[str, Text]  # by SENTENCES
    asks: dict[str, tuple[str, ...]]  # questions written for this setting, by their kind; complaints apart
    symptoms: tuple[str, ...]
    particulars: tuple[Particular, ...]

    @property
    def title(self) -> str:
        """The row's title."""
        return self.row.title

    @property
    def is_number(self) -> bool:
        """Whether the row can be raised and lowered."""
        return self.row.kind in (Kind.INT, Kind.FLOAT)

    @property
    def is_switch(self) -> bool:
        """Whether the row is on or off."""
        return self.row.kind is Kind.BOOL

    def facts(self) -> set[str]:
        """All its facts."""
        texts = (*self.texts.values(), *(particular.answer for particular in self.particulars))
        return {fact for text in texts for fact in text.facts}

    def prose(self) -> str:
        """Everything that is said of it, for telling whether another setting's fact is said here too."""
        texts = (*self.texts.values(), *(particular.answer for particular in self.particulars))
        return " ".join((self.row.title, self.row.summary, self.row.help, *(text.plain for text in texts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something that is no setting: a notion, a how-to, a trouble, a comparison, small talk."""

    key: str
    sheet: str  # the file it stands in, without its ending
    title: str
    names: tuple[str, ...]
    asks: tuple[str, ...]
    answer: Text
    more: Text | None
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Questions that the Guide must not try to answer."""

    patterns: tuple[
        tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...
    ]  # templates, words, words held out
    singles: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All of it."""

    sheets: tuple[Sheet, ...]
    topics: tuple[Topic, ...]
    unknown: Unknown
    examination: dict[str, dict[str, tuple[str, ...]]] = field(
        default_factory=dict
    )  # setting, kind: questions


def read(*, later: bool = False) -> Knowledge:
    """Everything in this folder's sheets, checked against the settings tables; with `later`, all ways to ask.

    Raises:
        SheetError: a setting has no sheet, a sheet no setting, or something in one is missing or malformed.
    """
    given, more = _tables("sheets"), _phrasings(later)
    other = _tables("topics")
    unknown = _unknown({key: other.pop(key)[1] for key in _UNKNOWN_KEYS}, more.pop("unknown", {}))
    rows = {
        row.key: (row, place)
        for table, place in ((LOAD, "load settings"), (SAMPLING, "sampling settings"), (APP, "Preferences"))
        for row in table
    }
    if wrong := rows.keys() ^ given.keys():
        raise SheetError(f"not both a setting and a sheet: {', '.join(sorted(wrong))}")
    sheets = tuple(_sheet(row, place, given[key][1], more.pop(key, {})) for key, (row, place) in rows.items())
    topics = tuple(_topic(key, file, entry, more.pop(key, {})) for key, (file, entry) in other.items())
    if more:
        raise SheetError(f"phrasings of what has no sheet: {', '.join(sorted(more))}")
    examination = {
        key: {kind: tuple(entry[kind]) for kind in EXAMINED}
        for key, (_, entry) in _tables("held_out").items()
    }
    if wrong := rows.keys() ^ examination.keys():
        raise SheetError(f"not both a setting and examined: {', '.join(sorted(wrong))}")
    return Knowledge(sheets, topics, unknown, examination)


_UNKNOWN_KEYS = ("unknown", "singles", "held_out")


def _phrasings(later: bool) -> dict[str, dict[str, list[str]]]:
    """More names and ways to ask: what they are of, their kind, the phrasings."""
    found: dict[str, dict[str, list[str]]] = {}
    for folder in ("phrasings", "later") if later else ("phrasings",):
        for key, (_, entry) in _tables(folder).items():
            of_one = found.setdefault(key, {})
            for kind, written in entry.items():
                of_one[kind] = [*of_one.get(kind, ()), *written]
    return found


def _tables(folder: str) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for path in sorted((FOLDER / folder).glob("*.toml")):
        try:
            entries = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SheetError(f"{path.name}: {error}") from None
        for key, entry in entries.items():
            if key in found:
                raise SheetError(f"{key} stands in {path.name} and in {found[key][0]}")
            found[key] = (path.stem, entry)
    return found


def _sheet(row: Setting, place: str, entry: dict[str, Any], more: dict[str, Any]) -> Sheet:
    try:
        texts = {name: Text.of(entry[name]) for name in SENTENCES}
        particulars = tuple(Particular(tuple(qa["ask"]), Text.of(qa["answer"])) for qa in entry.get("qa", ()))
        sheet = Sheet(
            row=row,
            place=place,
            names=(*entry["names"], *more.get("names", ())),
            texts=texts,
            asks={"what": (*entry["asks"], *more.get("asks", ()))}
            | {kind: tuple(more[kind]) for kind in EXAMINED if kind in more and kind != "what"},
            symptoms=(*entry["symptoms"], *more.get("symptoms", ())),
            particulars=particulars,
        )
    except (KeyError, SheetError) as error:
        raise SheetError(f"{row.key}: {error}") from None
    if without := [name for name, text in texts.items() if not text.facts]:
        raise SheetError(f"{row.key}: no fact is marked in {', '.join(without)}")
    return sheet


def _topic(key: str, file: str, entry: dict[str, Any], more: dict[str, Any]) -> Topic:
    try:
        return Topic(
            key=key,
            sheet=file,
            title=entry.get("title", key),
            names=tuple(entry.get("names", ())),
            asks=(*entry["ask"], *more.get("ask", ())),
            answer=Text.of(entry["answer"]),
            more=Text.of(entry["more"]) if "more" in entry else None,
            held_out=tuple(entry.get("held_out", ())),
        )
    except (KeyError, SheetError) as error:
        raise SheetError(f"{file}.toml, {key}: {error}") from None


def _unknown(entry: dict[str, Any], more: dict[str, Any]) -> Unknown:
    patterns = tuple(
        (tuple(table["templates"]), tuple(table["x"]), tuple(table.get("held_out_x", ())))
        for table in entry.get("unknown", ())
    )
    return Unknown(patterns, (*entry["singles"], *more.get("singles", ())), tuple(entry["held_out"]))
