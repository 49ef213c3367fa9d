"""The types of settings, and what is raised for a value of the wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The type of a setting's value, which also decides its editor."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"  # one of `choices`, stored as the choice's value
    TEXT = "text"  # one line
    LONG_TEXT = "long_text"  # several lines: a template, a grammar, a JSON schema
    PATH = "path"  # a file
    MODEL = "model"  # a GGUF file, usually one of the library's models
    FOLDER = "folder"
    FOLDERS = "folders"  # list[str]
    STRINGS = "strings"  # list[str], e.g. stop strings, DRY breakers
    ORDER = "order"  # list[str], a permutation of a subset of `choices`
    FLOATS = "floats"  # list[float], e.g. tensor_split
    DEVICES = "devices"  # list[str] of device names; an empty list means all
    PAIRS = "pairs"  # list[[str, str]]: pattern=buffer type, metadata key=value
    SCALED_PATHS = "scaled_paths"  # list[[path, scale]]
    TOKEN_BIAS = "token_bias"  # list[[token id or text, bias]]  # noqa: S105


class Apply(StrEnum):
    """When a changed value takes effect."""

    LOAD = "load"  # at the next load of the model
    REPLY = "reply"  # with the next reply
    NOW = "now"
    RESTART = "restart"  # when the app starts again


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a CHOICE or ORDER setting, and the words for it."""

    value: str
    title: str


class SettingError(ValueError):
    """A value that a setting cannot take. `key` names the row; the message says what it takes."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


TEXT_KINDS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.PATH, Kind.MODEL, Kind.FOLDER})
"""Kinds whose value is one text, so that every word of it counts and only the empty one means unset."""
