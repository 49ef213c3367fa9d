"""What one setting is: a row from which panel, command line, saved files and worker all follow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from app.core.settings.kind import TEXT_KINDS, Apply, Choice, Kind, SettingError
from app.core.settings.values import check_value, parse_value

__all__ = ["Apply", "Choice", "Kind", "Setting", "SettingError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of a settings table.

    `target` says where the value goes: ``model.<field>`` and ``context.<field>`` are fields of
    llama_model_params and llama_context_params, ``engine.<name>`` is ours to interpret after loading,
    ``sampler.<name>`` a parameter of the sampler chain, ``request.<name>`` of one generation, ``app.<name>``
    the app itself, ``draft.<name>`` the draft model. Several rows may share a target; see `load_mode`.

    `slider` is the comfortable part of the legal range; `log` marks one on which doubling is the natural step.
    With `optional` the value may be None, which leaves the decision to llama.cpp or switches the feature off.
    `enabled_when` is ``(key, values)``: the row is live only while that other row has one of those values.
    `available` False marks a row whose behaviour is not built yet: shown, saved, never sent.
    `named` gives single numbers words of their own, e.g. ``((-1, "all"),)``; `parse` takes, `format` writes
    them. `item_pattern` is a regular expression that the second half of each PAIRS item must match in full,
    and `item_hint` says what it wants.
    """

    key: str
    target: str
    kind: Kind
    default: Any
    title: str
    summary: str
    help: str
    group: str
    minimum: float | None = None
    maximum: float | None = None
    slider: tuple[float, float] | None = None
    log: bool = False
    step: float | None = None
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    optional: bool = False
    none_title: str = "auto"  # what an unset optional value is called, e.g. "auto", "off", "model's own"
    advanced: bool = False
    affects_memory: bool = False
    apply: Apply = Apply.LOAD
    machine_bound: bool = False
    enabled_when: tuple[str, tuple[Any, ...]] | None = None
    cli_flag: str = ""  # the equivalent llama-server flag
    renamed_from: tuple[str, ...] = ()
    available: bool = True
    named: tuple[tuple[float, str], ...] = ()
    item_pattern: str = ""
    item_hint: str = ""

    # -- values ---------------------------------------------------------------------------------------------

    def check(self, value: Any) -> Any:
        """`value` in its canonical Python type.

        Raises:
            SettingError: the value has the wrong type, is out of range or not among the choices.
        """
        if value is None or (
            self.optional and self.kind in TEXT_KINDS and isinstance(value, str) and not value.strip()
        ):
            if self.optional:
                return None
            raise SettingError(self.key, "needs a value")
        return check_value(self, value)

    def parse(self, text: str) -> Any:
        """The value that `text`, as typed or as given to ``--set KEY=VALUE``, stands for.

        Raises:
            SettingError: the text does not stand for a legal value.
        """
        word = text.strip().lower()
        unset = {"", "auto", "none", "default", self.none_title.lower()}.difference(self.choice_values())
        if self.optional and self.kind not in TEXT_KINDS and word in unset:
            return None
        for number, name in self.named:
            if word == name.lower():
                return self.check(number)
        return self.check(parse_value(self, text))

    def format(self, value: Any) -> str:
        """The text that `parse` reads back as `value`; unset is `none_title`, for texts the empty string."""
        if value is None:
            return "" if self.kind in TEXT_KINDS else self.none_title
        for number, name in self.named:
            if value == number:
                return name
        if self.kind is Kind.BOOL:
            return "on" if value else "off"
        if self.kind is Kind.FLOAT:
            short = f"{value:.6g}"
            return short if float(short) == value else repr(float(value))
        if isinstance(value, list):
            return json.dumps(value, ensure_ascii=False)
        return str(value)

    def choice_values(self) -> tuple[str, ...]:
        """The values a CHOICE or ORDER setting may take."""
        return tuple(choice.value for choice in self.choices)

    def choice_title(self, value: str) -> str:
        """The words for one of the choices. Raises KeyError for any other value."""
        return {choice.value: choice.title for choice in self.choices}[value]
