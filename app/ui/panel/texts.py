"""The words of settings, translated: core keeps them in English, the panel shows them in the user's language."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from app.core.library import ModelProblem
from app.core.settings import Kind, Setting
from app.core.settings.problem import Problem
from app.ui.format import THIN_SPACE, count_text
from app.ui.library.texts import problem_text as model_problem_text

_NUMBERS = (Kind.INT, Kind.FLOAT)


def translated(text: str) -> str:
    """`text` of a settings table in the user's language."""
    return QCoreApplication.translate("Settings", text) if text else ""


def title(setting: Setting) -> str:
    """The row's name."""
    return translated(setting.title)


def unit(setting: Setting) -> str:
    """The unit of its numbers, "" for none."""
    return translated(setting.unit)


def none_title(setting: Setting) -> str:
    """What the unset value is called."""
    return translated(setting.none_title)


def value_text(setting: Setting, value: Any) -> str:
    """`value` as the panel writes it, without the unit; numbers with thin spaces between thousands."""
    if value is None:
        return none_title(setting)
    for number, name in setting.named:
        if value == number:
            return translated(name)
    if setting.kind is Kind.BOOL:
        return _tr("on") if value else _tr("off")
    if setting.kind is Kind.INT:
        return count_text(value)
    if setting.kind is Kind.CHOICE:
        return next(
            (translated(choice.title) for choice in setting.choices if choice.value == value), str(value)
        )
    if isinstance(value, list):
        return _list_text(setting, value)
    return setting.format(value)


def spoken(setting: Setting, value: Any) -> str:
    """`value` with its unit, for screen readers and lists of changes."""
    text = value_text(setting, value)
    is_number = setting.kind in _NUMBERS and isinstance(value, int | float)
    is_named = any(value == number for number, _ in setting.named)
    return f"{text}{THIN_SPACE}{unit(setting)}" if is_number and setting.unit and not is_named else text


def range_text(setting: Setting) -> str:
    """The legal range of a number in words, "" where there is none."""
    if setting.kind not in _NUMBERS:
        return ""
    low = None if setting.minimum is None else _number(setting, setting.minimum)
    high = None if setting.maximum is None else _number(setting, setting.maximum)
    if low is not None and high is not None:
        return _tr("{low} to {high}").format(low=low, high=high)
    if low is not None:
        return _tr("{low} or more").format(low=low)
    return _tr("{high} or less").format(high=high) if high is not None else ""


def problem_text(problem: Problem) -> str:
    """What is wrong, as a sentence."""
    values = {key: value_of_problem(problem, key) for key in problem.values}
    return translated(problem.template()).format(**values)


def value_of_problem(problem: Problem, key: str) -> Any:
    """One of the values that fill the sentence: what is wrong with a file is a sentence too."""
    value = problem.values[key]
    if isinstance(value, ModelProblem):
        return model_problem_text(value)
    return count_text(value) if isinstance(value, int) and key.startswith("n_") else value


def haystack(setting: Setting) -> str:
    """Everything that the search looks into, in lower case: words of both languages, names and flags."""
    parts = [setting.key, setting.cli_flag, setting.title, setting.summary, setting.help, setting.group]
    parts += [translated(text) for text in (setting.title, setting.summary, setting.help, setting.group)]
    parts += [translated(choice.title) for choice in setting.choices]
    return "\n".join(parts).casefold()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Panel", text)


def _number(setting: Setting, number: float) -> str:
    if setting.kind is Kind.INT:
        return count_text(number)
    return f"{number:g}"


def _list_text(setting: Setting, value: list[Any]) -> str:
    if not value:
        return _tr("all") if setting.kind is Kind.DEVICES else _tr("none")
    if setting.kind is Kind.FLOATS:
        return ", ".join(f"{number:g}" for number in value)
    if setting.kind in {Kind.ORDER, Kind.DEVICES}:
        names = {choice.value: translated(choice.title) for choice in setting.choices}
        return ", ".join(str(names.get(item, item)) for item in value)
    if setting.kind in {Kind.STRINGS, Kind.FOLDERS}:
        return ", ".join(escaped(item) for item in value)
    return ", ".join(f"{name}={_plain(number)}" for name, number in value)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def escaped(text: str) -> str:
    """`text` on one line: line breaks and tabs as backslash sequences."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def unescaped(text: str) -> str:
    """The inverse of `escaped`; a backslash before anything else stands for itself."""
    result: list[str] = []
    characters = iter(text)
    for character in characters:
        if character != "\\":
            result.append(character)
            continue
        following = next(characters, "")
        result.append({"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}.get(following, "\\" + following))
    return "".join(result)
