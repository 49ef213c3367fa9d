"""``loadout settings``: every setting there is, from the same rows that the window shows."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING

from app.cli.arguments import command_parser
from app.cli.failure import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from app.core.settings import Setting, Table

_WIDTH = 100
_EXAMPLES = """\
  loadout settings
  loadout settings n_ctx type_k
  loadout settings rope
  loadout settings --markdown > settings.md
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``settings`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "settings",
        run,
        summary="list every setting",
        description="List every load, sampling and app setting with its default. With KEY only those settings,\n"
        "in full; a part of a key stands for every setting that contains it.",
        examples=_EXAMPLES,
    )
    parser.add_argument("keys", metavar="KEY", nargs="*", help="a setting's key or a part of it")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print exactly one JSON document")
    form.add_argument("--markdown", action="store_true", help="print a Markdown reference page")


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout settings``."""
    from app.cli.terminal import print_json
    from app.core.settings import APP, LOAD, SAMPLING, reference

    tables = [("load", LOAD), ("sampling", SAMPLING), ("app", APP)]
    wanted = _wanted_keys(args.keys, [table for _name, table in tables])
    if args.json:
        print_json(reference.as_json(wanted))
    elif args.markdown:
        print(reference.as_markdown(wanted))
    elif args.keys:
        rows = [(name, row) for name, table in tables for row in table if row.key in wanted]
        print("\n\n".join(_full_text(name, row) for name, row in rows))
    else:
        print("\n\n".join(_overview(name, table) for name, table in tables))
    return EXIT_DONE


def _wanted_keys(asked: list[str], tables: list[Table]) -> set[str]:
    """The keys that `asked` names; all where it is empty."""
    known = [row.key for table in tables for row in table]
    if not asked:
        return set(known)
    wanted: set[str] = set()
    for text in asked:
        found = {text} & set(known) or {key for key in known if text.lower() in key.lower()}
        if not found:
            raise UsageError(f"{text}: no setting has this in its key{_suggestion(text, known)}")
        wanted |= found
    return wanted


def _suggestion(text: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(text, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _overview(name: str, table: Table) -> str:
    lines = [f"{name.upper()} SETTINGS"]
    key_width = max(len(row.key) for row in table)
    for group in table.groups:
        lines += ["", group]
        lines += [
            f"  {row.key:<{key_width}}  {_default_text(row):<12}  {row.summary}"
            for row in table.in_group(group)
        ]
    return "\n".join(lines)


def _full_text(name: str, row: Setting) -> str:
    facts = [f"{name} setting", str(row.kind), f"default {_default_text(row)}"]
    facts += _range_facts(row)
    if row.cli_flag:
        facts.append(f"llama-server {row.cli_flag}")
    if not row.available:
        facts.append("not available yet")
    lines = [f"{row.key}: {row.title}", f"  {'; '.join(facts)}"]
    lines += [f"  {choice.value}: {choice.title}" for choice in row.choices]
    for text in (row.summary, row.help):
        lines += textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines)


def _range_facts(row: Setting) -> list[str]:
    unit = f" {row.unit}" if row.unit else ""
    if row.minimum is not None and row.maximum is not None:
        return [f"{row.minimum:g} to {row.maximum:g}{unit}"]
    if row.minimum is not None:
        return [f"at least {row.minimum:g}{unit}"]
    if row.maximum is not None:
        return [f"at most {row.maximum:g}{unit}"]
    return []


def _default_text(row: Setting) -> str:
    return row.format(row.default) or "empty"
