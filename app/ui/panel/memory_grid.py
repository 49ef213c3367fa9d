"""The numbers of the memory view in rows and columns: what the table shows and what is copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.core.footprint import PARTS
from app.ui.format import bytes_text, count_text
from app.ui.panel.memory_lines import OTHERS, DeviceLine
from app.ui.panel.memory_state import MemoryState
from app.ui.panel.memory_words import MemoryWords

NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown, and what is copied: sizes in bytes."""

    text: str
    copied: str
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Row titles and cells, which stand under `headers`; each of those has a tooltip."""

    headers: list[str]
    tooltips: list[str]
    rows: list[tuple[str, list[Cell]]]

    def text(self) -> str:
        """Lines of tab-separated values, sizes in bytes."""
        lines = [
            ["", *self.headers],
            *([title, *(cell.copied for cell in cells)] for title, cells in self.rows),
        ]
        return "\n".join("\t".join(line) for line in lines)


class _Columns:
    """Cells of one row after the other: of each device the plan, and the loaded model where there is one."""

    def __init__(self, lines: Sequence[DeviceLine], *, has_plan: bool, has_loaded: bool) -> None:
        self.lines = lines
        self.has_plan = has_plan
        self.has_loaded = has_loaded

    def headers(self, words: MemoryWords) -> list[str]:
        return self._twice([*(words.short(line.device) for line in self.lines), _tr("Total")])

    def tooltips(self, words: MemoryWords) -> list[str]:
        return self._twice([*(words.device(line.device) for line in self.lines), _tr("All devices together")])

    def _twice(self, titles: Sequence[str]) -> list[str]:
        doubled: list[str] = []
        for title in titles:
            doubled += [title] if self.has_plan else []
            doubled += [_tr("{device}, loaded").format(device=title)] if self.has_loaded else []
        return doubled

    def sizes(
        self, planned: Callable[[DeviceLine], int], loaded: Callable[[DeviceLine], int] | None
    ) -> list[Cell]:
        """A row of sizes with their sums; `loaded` is None for what a load does not tell."""
        cells: list[Cell] = []
        for lines in [*([line] for line in self.lines), self.lines]:
            if self.has_plan:
                cells.append(_size(sum(planned(line) for line in lines)))
            if self.has_loaded:
                cells.append(_size(sum(loaded(line) for line in lines)) if loaded else _EMPTY)
        return cells

    def each(self, say: Callable[[DeviceLine], Cell], total: Cell) -> list[Cell]:
        """A row that says something of each device."""
        cells: list[Cell] = []
        for cell in [*(say(line) for line in self.lines), total]:
            cells += [cell] if self.has_plan or not self.has_loaded else []
            cells += [_EMPTY if self.has_plan else cell] if self.has_loaded else []
        return cells


def grid(words: MemoryWords, state: MemoryState) -> Grid:
    """The table of what `state` holds: parts, sums, what surrounds them, the verdict."""
    lines = state.lines()
    columns = _Columns(lines, has_plan=state.assessment is not None, has_loaded=state.loaded is not None)
    rows = [*_parts(words, columns), *_surroundings(words, columns), _layers(columns)]
    if state.assessment is not None:
        verdict = words.verdict(state.assessment.verdict)
        rows.append(
            (_tr("Verdict"), columns.each(lambda line: _verdict(words, line), Cell(verdict, verdict)))
        )
    return Grid(columns.headers(words), columns.tooltips(words), rows)


def layer_runs(devices: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first, last, device) of layers that lie on the same device one after the other; the output layer by itself."""
    runs: list[tuple[int, int, str]] = []
    for number, name in enumerate(devices):
        if runs and runs[-1][2] == name and number < len(devices) - 1:
            runs[-1] = (runs[-1][0], number, name)
        else:
            runs.append((number, number, name))
    return runs


def _parts(words: MemoryWords, columns: _Columns) -> list[tuple[str, list[Cell]]]:
    rows: list[tuple[str, list[Cell]]] = []
    for part in PARTS:
        if any(line.device.part_bytes(part) or line.loaded_part_bytes(part) for line in columns.lines):
            cells = columns.sizes(
                lambda line, part=part: line.device.part_bytes(part),
                lambda line, part=part: line.loaded_part_bytes(part),
            )
            rows.append((_capital(words.part(part)), cells))
    rows.append(
        (
            _tr("Sum"),
            columns.sizes(
                lambda line: line.device.total_bytes, lambda line: line.loaded_bytes + line.loaded_idle_bytes
            ),
        )
    )
    if any(line.device.mapped_bytes for line in columns.lines):
        mapped = columns.sizes(lambda line: line.device.mapped_bytes, None)
        rows.append((_tr("Weights mapped from the file"), mapped))
    if any(line.device.idle_bytes or line.loaded_idle_bytes for line in columns.lines):
        idle = columns.sizes(lambda line: line.device.idle_bytes, lambda line: line.loaded_idle_bytes)
        rows.append((_tr("Not needed after loading"), idle))
    return rows


def _surroundings(words: MemoryWords, columns: _Columns) -> list[tuple[str, list[Cell]]]:
    def known(size: Callable[[DeviceLine], int]) -> Callable[[DeviceLine], Cell]:
        return lambda line: _size(size(line), zero=True) if line.device.capacity_bytes else _EMPTY

    return [
        (_capital(words.part(OTHERS)), columns.each(known(lambda line: line.room.others_bytes), _EMPTY)),
        (_tr("Left free"), columns.each(known(lambda line: line.free_bytes), _EMPTY)),
        (_tr("Kept free by the guard"), columns.each(known(lambda line: line.room.reserve_bytes), _EMPTY)),
        (_tr("Capacity"), columns.each(known(lambda line: line.device.capacity_bytes), _EMPTY)),
    ]


def _layers(columns: _Columns) -> tuple[str, list[Cell]]:
    cells: list[Cell] = []
    for lines in [*([line] for line in columns.lines), columns.lines]:
        if columns.has_plan:
            cells.append(_count(sum(line.device.n_layers for line in lines)))
        if columns.has_loaded:
            cells.append(_count(sum(line.loaded.n_layers for line in lines if line.loaded is not None)))
    return _tr("Layers"), cells


def _verdict(words: MemoryWords, line: DeviceLine) -> Cell:
    if not line.device.total_bytes:
        return _EMPTY
    return Cell(
        words.verdict(line.room.verdict), words.verdict(line.room.verdict), words.room_sentence(line.room)
    )


def _size(size_bytes: int, *, zero: bool = False) -> Cell:
    if not size_bytes and not zero:
        return _EMPTY
    exact = _tr("{n} bytes").format(n=count_text(size_bytes))
    return Cell(bytes_text(size_bytes), str(size_bytes), exact)


def _count(count: int) -> Cell:
    return Cell(count_text(count), str(count)) if count else _EMPTY


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tr(text: str) -> str:
    return QCoreApplication.translate("MemoryGrid", text)


_EMPTY = Cell(NOTHING, "")
