"""An ordered collection of setting rows, and what a mapping of values means against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from app.core.settings.problem import Problem, Reason
from app.core.settings.setting import Setting, SettingError


class Table:
    """The rows of one settings table, in the order in which they are shown.

    Values travel as plain dicts from key to value that hold only what differs from the default.
    """

    def __init__(self, name: str, *row_groups: tuple[Setting, ...]) -> None:
        """Raises ValueError when two rows share a key or a former key."""
        self.name = name
        self._rows: dict[str, Setting] = {}
        self._renamed: dict[str, str] = {}
        for row in (row for rows in row_groups for row in rows):
            if row.key in self._rows:
                raise ValueError(f"{name}: two rows are called {row.key}")
            self._rows[row.key] = row
        for row in self._rows.values():
            for old_key in row.renamed_from:
                if old_key in self._rows or old_key in self._renamed:
                    raise ValueError(f"{name}: {old_key} is taken, so {row.key} cannot have been called so")
                self._renamed[old_key] = row.key

    def __getitem__(self, key: str) -> Setting:
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def keys(self) -> tuple[str, ...]:
        """All keys, in order."""
        return tuple(self._rows)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups' names, in order of their first row."""
        return tuple(dict.fromkeys(row.group for row in self))

    def in_group(self, group: str) -> tuple[Setting, ...]:
        """The rows of one group, in order."""
        return tuple(row for row in self if row.group == group)

    def defaults(self) -> dict[str, Any]:
        """Every key with a fresh copy of its default."""
        return {row.key: _copy(row.default) for row in self}

    def value(self, values: Mapping[str, Any], key: str) -> Any:
        """The value of `key` in `values`, or its default. Raises KeyError for a key that is no row."""
        row = self._rows[key]
        return values[key] if key in values else _copy(row.default)

    def changed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What of `values` differs from the defaults, in the table's order; keys of no row are left out."""
        return {
            row.key: values[row.key] for row in self if row.key in values and values[row.key] != row.default
        }

    def present_key(self, key: str) -> str:
        """What a setting that was called `key` in an older version is called now."""
        return self._renamed.get(key, key)

    def parse(self, key: str, text: str) -> tuple[str, Any]:
        """``KEY=TEXT`` as given on a command line: the row's present key and the value.

        Raises:
            SettingError: there is no such row, or the text is no legal value of it.
        """
        row = self._rows.get(self.present_key(key))
        if row is None:
            raise SettingError(key, f"is no {self.name} setting{self._suggestion(key)}")
        return row.key, row.parse(text)

    def check(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """`values` in canonical form, and what was wrong with them.

        Former keys are mapped to the present ones (the present key wins if both are there). A wrong value, or a
        key of no row as a newer version's file may hold, is left out and reported; whoever saves the file again
        keeps it there (see `saved.read_values`).
        """
        clean: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, value in values.items():
            row = self._rows.get(self.present_key(key))
            if row is None:
                problems.append(Problem(key, "warning", Reason.UNKNOWN_KEY, {"table": self.name, "key": key}))
            elif key == row.key or row.key not in values:
                try:
                    clean[row.key] = row.check(value)
                except SettingError as error:
                    problems.append(Problem(row.key, "error", Reason.WRONG_VALUE, {"message": error.message}))
        return clean, problems

    def is_live(self, key: str, values: Mapping[str, Any]) -> bool:
        """Whether `key` has an effect, given its `enabled_when` condition and that of the row it names."""
        row = self._rows[key]
        if row.enabled_when is None:
            return True
        other, wanted = row.enabled_when
        return self.value(values, other) in wanted and self.is_live(other, values)

    def _suggestion(self, key: str) -> str:
        import difflib  # only needed for a typing mistake

        close = difflib.get_close_matches(key, self._rows, n=1)
        return f" (did you mean {close[0]}?)" if close else ""


def _copy(value: Any) -> Any:
    return [_copy(item) for item in cast(list[Any], value)] if isinstance(value, list) else value
