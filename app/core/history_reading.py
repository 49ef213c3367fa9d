"""Reading from the history without touching it: for a program beside the window, to which the file belongs."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from app.core.history_rows import Prediction, prediction_from
from app.core.history_schema import (
    APPLICATION_ID,
    STEPS,
    HistoryError,
    HistoryProblem,
    as_history_error,
    decoded,
)


def stored_predictions(path: Path, limit: int) -> list[Prediction]:
    """The newest `limit` predictions of the history at `path`, which is neither mended nor moved nor migrated.

    Raises:
        HistoryError: it cannot be read; problem CORRUPT, NEWER, FOREIGN, LOCKED...
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(address, timeout=1.0, uri=True)) as connection:
            connection.text_factory = decoded
            connection.row_factory = sqlite3.Row
            if not _check(connection):
                return []
            rows = connection.execute(
                "SELECT * FROM predictions ORDER BY at DESC, id DESC LIMIT ?", (limit,)
            ).fetchall()
    except sqlite3.Error as error:
        raise as_history_error(error) from error
    return [prediction_from(row) for row in rows]


def _check(connection: sqlite3.Connection) -> bool:
    """Whether there is anything in it."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return False
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise HistoryError(HistoryProblem.FOREIGN, "it is another program's file")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(STEPS):
        raise HistoryError(HistoryProblem.NEWER, "a newer Loadout has written it")
    return True
