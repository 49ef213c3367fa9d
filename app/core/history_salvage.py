"""What can still be read of a damaged history file is brought into the fresh one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.history_rows import CONVERSATION_COLUMNS, MESSAGE_COLUMNS, RUN_COLUMNS, insert_sql

_TABLES = (  # table, columns, the order in which its own pages lie (an index may be what is damaged)
    ("conversations", (*CONVERSATION_COLUMNS, "deleted_at"), "id"),
    ("messages", MESSAGE_COLUMNS, "number"),
    ("runs", RUN_COLUMNS, "id"),
)

_ADOPT = """
    INSERT OR IGNORE INTO conversations
    SELECT conversation_id, '', 0, '', '{}', '', '{}', '', '{}', min(created_at), max(created_at), NULL
    FROM messages GROUP BY conversation_id
"""  # a conversation of which only messages were readable


def salvage(damaged: Path, fresh: sqlite3.Connection) -> int:
    """Copy every readable row of `damaged` into `fresh`; returns how many messages came over.

    Each table is read from its start up to the damage and then from its end back to it. Raises sqlite3.Error
    only for what is wrong with `fresh`.
    """
    fresh.execute("BEGIN IMMEDIATE")
    with contextlib.closing(sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)) as source:
        source.text_factory = decoded
        for table, columns, order in _TABLES:
            known = _columns_of(source, table)
            columns = tuple(name for name in columns if not known or name in known)
            sql = insert_sql(table, columns).replace("INSERT", "INSERT OR IGNORE", 1)
            for row in _readable(source, table, columns, order):
                with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError):
                    fresh.execute(sql, row)
    fresh.execute(_ADOPT)
    n_messages = int(fresh.execute("SELECT count(*) FROM messages").fetchone()[0])
    fresh.execute("COMMIT")
    return n_messages


def _columns_of(source: sqlite3.Connection, table: str) -> set[str]:
    """The columns that the damaged file has: an older version's file has fewer. Empty where that is unreadable."""
    try:
        return {str(row[1]) for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError:
        return set()


def decoded(text: bytes) -> str:
    """A damaged byte must not hide the message that it is in."""
    return text.decode("utf-8", "replace")


def _readable(
    source: sqlite3.Connection, table: str, columns: tuple[str, ...], order: str
) -> Iterator[tuple[Any, ...]]:
    """The rows from the start to the damage, then those from behind it to the end, in the table's order."""
    select = f"SELECT {order}, {', '.join(columns)} FROM {table} NOT INDEXED ORDER BY {order}"  # noqa: S608
    ahead, is_whole = _rows_until_damage(source, select)
    yield from (row[1:] for row in ahead)
    if not is_whole:
        seen = {row[0] for row in ahead}
        behind, _ = _rows_until_damage(source, f"{select} DESC")
        yield from (row[1:] for row in reversed(behind) if row[0] not in seen)


def _rows_until_damage(source: sqlite3.Connection, select: str) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows up to the first that cannot be read, and whether those were all."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in source.execute(select):
            rows.append(row)  # noqa: PERF402 - what came before the damage is kept
    except sqlite3.DatabaseError:
        return rows, False
    return rows, True
