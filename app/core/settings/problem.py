"""What can be wrong with settings: a reason that code can act on, and its English wording."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Severity = Literal["error", "warning"]


class Reason(StrEnum):
    """Why a setting is wrong or unwise. The comment-like text of each is in `TEXTS`."""

    UNKNOWN_KEY = "unknown_key"
    WRONG_VALUE = "wrong_value"


TEXTS: dict[Reason, str] = {
    Reason.UNKNOWN_KEY: "This version has no such {table} setting; it is kept but has no effect.",
    Reason.WRONG_VALUE: "The value {message}; the default is used.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the setting `key`: an "error" cannot work, a "warning" can but is hardly meant.

    `values` fills the placeholders of the reason's text, so that a translated text can be filled the same way.
    """

    key: str
    severity: Severity
    reason: Reason
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def template(self) -> str:
        """The English sentence with its ``{placeholders}``, to translate and then fill from `values`."""
        return TEXTS[self.reason]

    def text(self) -> str:
        """The English sentence."""
        return self.template().format(**self.values)
