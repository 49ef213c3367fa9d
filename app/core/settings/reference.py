"""The settings as a reference page: JSON for programs, Markdown for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from app.core.settings import left_alone
from app.core.settings.app_table import APP
from app.core.settings.load_table import LOAD
from app.core.settings.sampling_table import SAMPLING
from app.core.settings.setting import Kind, Setting
from app.core.settings.table import Table

TABLES = (LOAD, SAMPLING, APP)
_TITLES = {"load": "Load settings", "sampling": "Sampling settings", "app": "App settings"}


def as_json(keys: Collection[str] | None = None) -> dict[str, Any]:
    """Every row (or those of `keys`) of each table, as objects of builtin types: ``{"load": [{...}], ...}``."""
    return {table.name: [_row_json(row) for row in _wanted(table, keys)] for table in TABLES}


def as_markdown(keys: Collection[str] | None = None) -> str:
    """A page with a chapter for each table, a section for each group and the rows' texts and facts."""
    lines = ["# Settings", ""]
    for table in TABLES:
        rows = _wanted(table, keys)
        if rows:
            lines += [f"## {_TITLES[table.name]}", ""]
        for group in dict.fromkeys(row.group for row in rows):
            lines += [f"### {group}", ""]
            for row in rows:
                if row.group == group:
                    lines += _row_markdown(row, table)
    if keys is None:
        lines += _left_alone_markdown()
    return "\n".join(lines).rstrip() + "\n"


def _left_alone_markdown() -> list[str]:
    lines = ["## Deliberately no settings", ""]
    lists = (left_alone.MODEL_PARAMS, left_alone.CONTEXT_PARAMS, left_alone.SAMPLERS)
    return [*lines, *(f"* `{name}`: {_plain(why)}" for reasons in lists for name, why in reasons.items())]


def _wanted(table: Table, keys: Collection[str] | None) -> list[Setting]:
    return [row for row in table if keys is None or row.key in keys]


def _row_json(row: Setting) -> dict[str, Any]:
    record = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    record["kind"], record["apply"] = str(row.kind), str(row.apply)
    record["choices"] = [{"value": choice.value, "title": choice.title} for choice in row.choices]
    record["slider"] = list(row.slider) if row.slider else None
    record["named"] = {name: number for number, name in row.named}
    record["renamed_from"] = list(row.renamed_from)
    if row.enabled_when is not None:
        record["enabled_when"] = {"key": row.enabled_when[0], "values": list(row.enabled_when[1])}
    return record


def _row_markdown(row: Setting, table: Table) -> list[str]:
    facts = [_kind_text(row), f"default {_code(row, row.default)}"]
    if row.cli_flag:
        facts.append(f"llama-server `{row.cli_flag}`")
    if row.enabled_when is not None:
        other, values = row.enabled_when
        facts.append(f"while `{other}` is {' or '.join(_code(table[other], value) for value in values)}")
    if row.machine_bound:
        facts.append("not shared between machines")
    if not row.available:
        facts.append("not available yet")
    lines = [f"#### `{row.key}` {_plain(row.title)}", "", _plain(row.summary), "", _plain(row.help), ""]
    return [*lines, f"*{'; '.join(facts)}*", ""]


def _kind_text(row: Setting) -> str:
    if row.kind in {Kind.INT, Kind.FLOAT}:
        return f"{row.kind} from {row.minimum:.16g} to {row.maximum:.16g} {row.unit}".rstrip()
    if row.choices:
        how = "one of" if row.kind is Kind.CHOICE else "an order of"
        return f"{how} {', '.join(f'`{choice.value}`' for choice in row.choices)}"
    return str(row.kind).replace("_", " ")


def _code(row: Setting, value: Any) -> str:
    text = row.format(value)
    return f"`{text}`" if text else f"`{row.none_title}`" if value is None else "empty"


def _plain(text: str) -> str:
    """`text` without what Markdown would take for markup."""
    for mark in "\\*_<>[]`":
        text = text.replace(mark, f"\\{mark}")
    return text
