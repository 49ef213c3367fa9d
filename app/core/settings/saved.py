"""Lists of named settings in a JSON file: what presets and loadouts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from app.core.settings.problem import Problem
from app.core.settings.store import JsonStore, StoreReason, StoreReport
from app.core.settings.table import Table

T = TypeVar("T")

Row = dict[str, Any]


class SavedList(Generic[T]):
    """Items of one JSON file, under the key `field`.

    `read` makes an item of a JSON object and says what was wrong with it (raising TypeError, KeyError or ValueError
    where nothing can be made of it), `write` is its inverse. A row that makes no sense is reported and kept in the
    file as it is; the others are still there.
    """

    def __init__(
        self,
        path: Path,
        version: int,
        field: str,
        read: Callable[[Row], tuple[T, list[Problem]]],
        write: Callable[[T], Row],
    ) -> None:
        self._store = JsonStore(path, version)
        self._field = field
        self._read_item = read
        self._write_row = write
        self._senseless: list[Any] = []
        self._stamp: tuple[int, ...] = ()
        self.items: list[T] = []
        self.problems: list[Problem] = []
        self.reports: list[StoreReport] = []
        self._load()

    def refresh(self) -> None:
        """Reads the file again if another process has replaced it; what is no use then leaves `items` as they are."""
        stamp = self._stamp_now()
        if not stamp or stamp == self._stamp:
            return
        items, senseless, reports = self.items, self._senseless, self.reports
        self._load()
        if any(report.reason in {StoreReason.CORRUPT, StoreReason.UNREADABLE} for report in self.reports):
            self.items, self._senseless = items, senseless
        self.reports = reports

    def _load(self) -> None:
        self.items, self._senseless, self.problems = [], [], []
        self._stamp = self._stamp_now()
        document, self.reports = self._store.load()
        rows: Any = document.get(self._field, [])
        if not isinstance(rows, list):
            self.reports.append(self._store.report_damage(f"{self._field} is not a list"))
            return
        for row in cast(list[Any], rows):
            self._read_row(row)
        if self._senseless:
            detail = str(len(self._senseless))
            self.reports.append(StoreReport(StoreReason.SENSELESS_ROWS, self._store.path, detail=detail))

    def _stamp_now(self) -> tuple[int, ...]:
        """What changes whenever the file is replaced; () where there is none."""
        try:
            status = self._store.path.stat()
        except OSError:
            return ()
        return status.st_ino, status.st_mtime_ns, status.st_size

    def replace(self, items: list[T]) -> None:
        """Writes the file anew; `items` are these only if that succeeded.

        Raises:
            StoreError: the file cannot be written; it and `items` are unchanged.
        """
        rows = [*(self._write_row(item) for item in items), *self._senseless]
        self._store.save({self._field: rows})
        self.items = items
        self._stamp = self._stamp_now()

    def _read_row(self, row: Any) -> None:
        try:
            if not isinstance(row, dict):
                raise TypeError("a row must be an object")
            item, problems = self._read_item(cast(Row, row))
        except (TypeError, KeyError, ValueError):
            self._senseless.append(row)
        else:
            self.items.append(item)
            self.problems += problems


def read_values(table: Table, record: Mapping[str, Any]) -> tuple[Row, Row, list[Problem]]:
    """The values of a saved record, what of them this version cannot take, and the problems with that.

    Raises:
        TypeError: the record's "values" is no object.
    """
    held: Any = record.get("values", {})
    if not isinstance(held, dict):
        raise TypeError("values must be an object")
    values, problems = table.check(cast(Row, held))
    left = {key: value for key, value in cast(Row, held).items() if table.present_key(key) not in values}
    return table.changed(values), left, problems


def text_of(record: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """A text field. Raises KeyError where it is missing and has no default, TypeError where it is no text."""
    value = record[key] if default is None else record.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a text")
    return value


def number_of(record: Mapping[str, Any], key: str) -> float | None:
    """A number that may be missing. Raises TypeError where it is something else."""
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key} must be a number")
    return float(value)


def usable_name(name: str) -> str:
    """A name without needless spaces and control characters; "" if nothing is left."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:200]
