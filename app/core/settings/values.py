"""Checking and parsing the values of settings, kind by kind."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, cast

from app.core.settings.kind import Kind, SettingError

if TYPE_CHECKING:
    from app.core.settings.setting import Setting


def check_value(setting: Setting, value: Any) -> Any:
    """`value`, which is not None, in the row's canonical type; raises SettingError where it is not legal."""
    return _CHECKS[setting.kind](setting, value)


def parse_value(setting: Setting, text: str) -> Any:
    """What `text` stands for, still to be checked; raises SettingError where it stands for nothing."""
    return _PARSERS[setting.kind](setting, text)


def _in_range(setting: Setting, value: float) -> None:
    if setting.minimum is not None and value < setting.minimum:
        raise SettingError(setting.key, f"must be at least {_plain(setting.minimum)}, not {_plain(value)}")
    if setting.maximum is not None and value > setting.maximum:
        raise SettingError(setting.key, f"must be at most {_plain(setting.maximum)}, not {_plain(value)}")


def _plain(number: float) -> str:
    return f"{number:.15g}" if isinstance(number, float) or abs(number) >= 10**15 else str(number)


def _is_number(value: Any) -> bool:
    """Whether it is finite and a float can hold it."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _check_int(setting: Setting, value: Any) -> int:
    if not _is_number(value) or value != int(value):
        raise SettingError(setting.key, f"must be a whole number, not {_short(value)}")
    _in_range(setting, value)
    return int(value)


def _check_float(setting: Setting, value: Any) -> float:
    if not _is_number(value):
        raise SettingError(setting.key, f"must be a number, not {_short(value)}")
    _in_range(setting, value)
    return float(value)


def _short(value: Any) -> str:
    """A wrong value for an error text; it may be of any size."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of more than some thousand digits
        text = "a number beyond all bounds"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _check_bool(setting: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingError(setting.key, f"must be on or off, not {_short(value)}")
    return value


def _check_choice(setting: Setting, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # llama.cpp numbers some choices, e.g. mirostat 0, 1, 2
    if value not in setting.choice_values():
        raise SettingError(
            setting.key, f"must be one of {', '.join(setting.choice_values())}, not {_short(value)}"
        )
    return value


def _check_text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str):
        raise SettingError(setting.key, f"must be text, not {_short(value)}")
    if "\0" in value:
        raise SettingError(setting.key, "must not contain a NUL character")
    return value


def _check_path(setting: Setting, value: Any) -> str:
    return _check_text(setting, value).strip()


def _check_strings(setting: Setting, value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(item, str) for item in cast(list[Any], value)
    ):
        raise SettingError(setting.key, f"must be a list of texts, not {_short(value)}")
    return [_check_text(setting, item) for item in cast(list[Any], value)]


def _check_order(setting: Setting, value: Any) -> list[str]:
    names = _check_strings(setting, value)
    unknown = [name for name in names if name not in setting.choice_values()]
    if unknown:
        allowed = ", ".join(setting.choice_values())
        raise SettingError(setting.key, f"knows no {', '.join(unknown)}; it takes {allowed}")
    if len(set(names)) != len(names):
        raise SettingError(setting.key, "names a step twice")
    return names


def _check_floats(setting: Setting, value: Any) -> list[float]:
    if not isinstance(value, list | tuple):
        raise SettingError(setting.key, f"must be a list of numbers, not {_short(value)}")
    return [_check_float(setting, item) for item in cast(list[Any], value)]


def _pairs(setting: Setting, value: Any, what: str) -> list[tuple[Any, Any]]:
    if not isinstance(value, list | tuple):
        raise SettingError(setting.key, f"must be a list of {what}, not {_short(value)}")
    pairs: list[tuple[Any, Any]] = []
    for item in cast(list[Any], value):
        pair = cast(list[Any], item) if isinstance(item, list | tuple) else []
        if len(pair) != 2:
            raise SettingError(setting.key, f"must be a list of {what}, not {_short(value)}")
        pairs.append((pair[0], pair[1]))
    return pairs


def _check_pairs(setting: Setting, value: Any) -> list[list[str]]:
    checked: list[list[str]] = []
    for name, text in _pairs(setting, value, "name=value pairs"):
        if not _check_text(setting, name):
            raise SettingError(setting.key, f"needs a name before {text!r}")
        if setting.item_pattern and not re.fullmatch(setting.item_pattern, _check_text(setting, text)):
            raise SettingError(setting.key, f"{name} must be {setting.item_hint}, not {text!r}")
        checked.append([name, _check_text(setting, text)])
    return checked


def _check_scaled_paths(setting: Setting, value: Any) -> list[list[Any]]:
    pairs = _pairs(setting, value, "[file, scale] pairs")
    return [[_check_text(setting, path), _check_float(setting, scale)] for path, scale in pairs]


def _check_token_bias(setting: Setting, value: Any) -> list[list[Any]]:
    checked: list[list[Any]] = []
    for token, bias in _pairs(setting, value, "[token, bias] pairs"):
        if isinstance(token, bool) or not isinstance(token, int | str):
            raise SettingError(setting.key, f"a token is an id or a text, not {token!r}")
        checked.append([token, _check_float(setting, bias)])
    return checked


_CHECKS = {
    Kind.INT: _check_int,
    Kind.FLOAT: _check_float,
    Kind.BOOL: _check_bool,
    Kind.CHOICE: _check_choice,
    Kind.TEXT: _check_text,
    Kind.LONG_TEXT: _check_text,
    Kind.PATH: _check_path,
    Kind.MODEL: _check_path,
    Kind.FOLDER: _check_path,
    Kind.FOLDERS: _check_strings,
    Kind.STRINGS: _check_strings,
    Kind.ORDER: _check_order,
    Kind.FLOATS: _check_floats,
    Kind.DEVICES: _check_strings,
    Kind.PAIRS: _check_pairs,
    Kind.SCALED_PATHS: _check_scaled_paths,
    Kind.TOKEN_BIAS: _check_token_bias,
}


def _parse_number(setting: Setting, text: str) -> float:
    cleaned = "".join(text.split()).replace("_", "")  # thousands may be set apart by spaces of any width
    scale = 1
    if setting.kind is Kind.INT and cleaned[-1:].lower() == "k":
        cleaned, scale = cleaned[:-1], 1024
    try:
        return (int(cleaned) if setting.kind is Kind.INT else float(cleaned)) * scale
    except ValueError:
        what = "a whole number" if setting.kind is Kind.INT else "a number"
        raise SettingError(setting.key, f"must be {what}, not {_short(text.strip())}") from None


def _parse_bool(setting: Setting, text: str) -> bool:
    word = text.strip().lower()
    if word in {"on", "true", "yes", "1"}:
        return True
    if word in {"off", "false", "no", "0"}:
        return False
    raise SettingError(setting.key, f"must be on or off, not {_short(text.strip())}")


def _parse_list(setting: Setting, text: str) -> Any:
    stripped = text.strip()
    # a stop string such as [INST] opens with a bracket too: it is JSON only if a quoted text follows
    plain_text = setting.kind is Kind.STRINGS and not re.match(r'\[\s*("|\])', stripped)
    if stripped.startswith("[") and not plain_text:
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise SettingError(setting.key, f"is not a valid JSON list ({error})") from None
    if setting.kind in {Kind.ORDER, Kind.DEVICES, Kind.FLOATS}:
        stripped = stripped.replace(";", ",")  # llama.cpp separates samplers by semicolons
    items = [item.strip() for item in stripped.split(",") if item.strip()]
    if setting.kind is Kind.FLOATS:
        return [_parse_number(setting, item) for item in items]
    if setting.kind in {Kind.PAIRS, Kind.SCALED_PATHS, Kind.TOKEN_BIAS}:
        return [_parse_pair(setting, item) for item in items]
    return items


def _parse_pair(setting: Setting, item: str) -> list[Any]:
    # an override may hold further equals signs in its value, a file name or token text in its name
    name, separator, value = item.partition("=") if setting.kind is Kind.PAIRS else item.rpartition("=")
    if not separator:
        if setting.kind is Kind.SCALED_PATHS:
            return [item, 1.0]
        raise SettingError(setting.key, f"needs name=value, not {item!r}")
    if setting.kind is Kind.PAIRS:
        return [name.strip(), value.strip()]
    number = _parse_number(setting, value)
    if setting.kind is Kind.TOKEN_BIAS and name.strip().lstrip("-").isdigit():
        return [int(name), number]
    return [name.strip(), number]


def _parse_text(_setting: Setting, text: str) -> str:
    return text


def _parse_word(_setting: Setting, text: str) -> str:
    return text.strip()


_PARSERS = {
    Kind.INT: _parse_number,
    Kind.FLOAT: _parse_number,
    Kind.BOOL: _parse_bool,
    Kind.CHOICE: _parse_word,
    Kind.TEXT: _parse_text,
    Kind.LONG_TEXT: _parse_text,
    Kind.PATH: _parse_text,
    Kind.MODEL: _parse_text,
    Kind.FOLDER: _parse_text,
    Kind.FOLDERS: _parse_list,
    Kind.STRINGS: _parse_list,
    Kind.ORDER: _parse_list,
    Kind.FLOATS: _parse_list,
    Kind.DEVICES: _parse_list,
    Kind.PAIRS: _parse_list,
    Kind.SCALED_PATHS: _parse_list,
    Kind.TOKEN_BIAS: _parse_list,
}
