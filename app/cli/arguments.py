"""Arguments that several commands share: the model, its settings, and how the answer is written."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import Any

from app.cli.failure import UsageError

Assignment = tuple[str, Any]

_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgtp])?(?:(i)?b)?", re.IGNORECASE)


def command_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    summary: str,
    description: str,
    examples: str,
) -> argparse.ArgumentParser:
    """A command's parser, with `run` wrapped so that every failure becomes one line and an exit code."""
    parser = subparsers.add_parser(
        name,
        prog=f"loadout {name}",
        help=summary,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    def guarded(args: argparse.Namespace) -> int:
        from app.cli.failure import exit_code_of

        return exit_code_of(lambda: run(args))

    parser.set_defaults(run=guarded)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print exactly one JSON document")


def add_model(parser: argparse.ArgumentParser) -> None:
    """``MODEL``."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a GGUF file, or a model of the library by its name or a part of it; guide comes with Loadout",
    )


def add_reserve(parser: argparse.ArgumentParser) -> None:
    """``--reserve``."""
    parser.add_argument(
        "--reserve",
        metavar="SIZE",
        type=size,
        help="how much of every device should stay free, e.g. 500M (default: what the guard in Preferences wants)",
    )


def add_load_settings(parser: argparse.ArgumentParser) -> None:
    """``--loadout`` and ``--set``."""
    parser.add_argument(
        "--loadout",
        metavar="NAME",
        help="start from the load settings that were saved for this model as NAME",
    )
    parser.add_argument(
        "--set",
        dest="load_settings",
        metavar="KEY=VALUE",
        type=_load_setting,
        action="append",
        default=[],
        help="a load setting, e.g. n_ctx=8192; repeatable ('loadout settings' lists them)",
    )


def add_sampling_settings(parser: argparse.ArgumentParser) -> None:
    """``--sample`` and ``--max-tokens``."""
    parser.add_argument(
        "--sample",
        dest="sampling_settings",
        metavar="KEY=VALUE",
        type=_sampling_setting,
        action="append",
        default=[],
        help="a sampling setting, e.g. temperature=0; repeatable",
    )
    parser.add_argument(
        "--max-tokens",
        metavar="N",
        type=_max_tokens,
        help="the most tokens to generate; the same as --sample max_tokens=N",
    )


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """An argument type: a whole number of at least `minimum`, and at most `maximum`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
        if number < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}, not {number}")
        if maximum is not None and number > maximum:
            raise argparse.ArgumentTypeError(f"must be at most {maximum}, not {number}")
        return number

    return parse


def size(text: str) -> int:
    """An argument type: a size as ``8GB``, ``7.5GiB``, ``512M`` or in bytes; a unit without i is a power of 1000."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"must be a size such as 8GB, 7.5GiB or 512M, not {text!r}")
    number, unit, binary = match.groups()
    return round(float(number) * (1024 if binary else 1000) ** " KMGTP".index((unit or " ").upper()))


def device_size(text: str) -> tuple[str, int]:
    """An argument type: ``DEV=SIZE``."""
    name, separator, size_text = text.rpartition("=")
    if not separator or not name.strip():
        raise argparse.ArgumentTypeError(f"needs DEV=SIZE, such as CUDA0=8GB, not {text!r}")
    return name.strip(), size(size_text)


def load_key(text: str) -> str:
    """An argument type: the key of a load setting."""
    from app.core.settings import LOAD

    key = LOAD.present_key(text.strip())
    if key not in LOAD:
        raise argparse.ArgumentTypeError(f"{text}: is no load setting ('loadout settings' lists them)")
    return key


def sampling_of(args: argparse.Namespace) -> dict[str, Any]:
    """The sampling settings that were asked for."""
    values = dict(args.sampling_settings)
    if args.max_tokens is not None:
        if values.get("max_tokens", args.max_tokens) != args.max_tokens:
            raise UsageError("--max-tokens and --sample max_tokens=… name different numbers")
        values["max_tokens"] = args.max_tokens
    return values


def refuse_unavailable(load: Mapping[str, Any], sampling: Mapping[str, Any]) -> None:
    """Raise a UsageError for a setting whose behaviour is not built yet, rather than ignore it."""
    from app.core.settings import LOAD, SAMPLING

    for table, values in ((LOAD, load), (SAMPLING, sampling)):
        for key in values:
            if not table[key].available:
                raise UsageError(f"{key}: this setting is not available yet")


def _load_setting(text: str) -> Assignment:
    from app.core.settings import LOAD, SAMPLING

    return _assignment(text, LOAD, SAMPLING, "--sample")


def _sampling_setting(text: str) -> Assignment:
    from app.core.settings import LOAD, SAMPLING

    return _assignment(text, SAMPLING, LOAD, "--set")


def _max_tokens(text: str) -> int:
    return int(_sampling_setting(f"max_tokens={text}")[1])


def _assignment(text: str, table: Any, other_table: Any, other_option: str) -> Assignment:
    from app.core.settings import SettingError

    key, separator, value = text.partition("=")
    key = key.strip()
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"needs KEY=VALUE, not {text!r}")
    if key not in table and key in other_table:
        raise argparse.ArgumentTypeError(f"{key}: is given with {other_option} {key}=VALUE")
    try:
        return table.parse(key, value)
    except SettingError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
