"""What the Hub said of the models here when it was last asked for newer ones; kept, so that a mark outlives the app."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from app.core.hub_origin import Origin, UpdateState
from app.core.settings.problem import Problem
from app.core.settings.saved import Row, SavedList, number_of, text_of
from app.core.settings.store import StoreReport

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNote:
    """What was said of the model `id` (see ModelEntry) at `asked_at`, in seconds since 1970.

    It holds only while the model's files come from `origins`. `etags` name the content that the Hub has now, in the
    order of the parts, `commit` is where, `size_bytes` all of it together; () and 0 where no file can be named.
    """

    id: str
    origins: tuple[Origin, ...]
    state: UpdateState
    commit: str = ""
    etags: tuple[str, ...] = ()
    size_bytes: int = 0
    asked_at: float = 0.0


class UpdateFile:
    """Keeps the notes in a JSON file, which may be deleted at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._list: SavedList[UpdateNote] | None = None

    def read(self) -> tuple[dict[str, UpdateNote], list[StoreReport]]:
        """The notes by id, and what there is to tell about the file; rows that make no sense are left out."""
        self._list = SavedList(self.path, _VERSION, "notes", _read, _to_row)
        return {note.id: note for note in self._list.items}, self._list.reports

    def write(self, notes: Iterable[UpdateNote]) -> None:
        """Replaces the file.

        Raises:
            StoreError: it cannot be written; the old one is unchanged.
        """
        if self._list is None:
            self.read()
        cast("SavedList[UpdateNote]", self._list).replace(list(notes))


def _read(row: Row) -> tuple[UpdateNote, list[Problem]]:
    origins, etags = row["origins"], row["etags"]
    if not isinstance(origins, list) or not isinstance(etags, list):
        raise TypeError("origins and etags are lists")
    note = UpdateNote(
        id=text_of(row, "id"),
        origins=tuple(_origin(cast("Mapping[str, Any]", item)) for item in cast("list[Any]", origins)),
        state=UpdateState(text_of(row, "state")),
        commit=text_of(row, "commit"),
        etags=tuple(map(str, cast("list[Any]", etags))),
        size_bytes=int(number_of(row, "size_bytes") or 0),
        asked_at=number_of(row, "asked_at") or 0.0,
    )
    return note, []


def _origin(row: Mapping[str, Any]) -> Origin:
    fields = [field.name for field in dataclasses.fields(Origin)]
    return Origin(**{name: text_of(dict(row), name) for name in fields})


def _to_row(note: UpdateNote) -> Row:
    return dataclasses.asdict(note) | {"origins": [dataclasses.asdict(origin) for origin in note.origins]}
