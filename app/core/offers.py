"""How many models another program's folder holds, so that it can be offered with a number and a size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.core.gguf import parts_of
from app.core.known_folders import KnownFolder
from app.core.library import FolderProblem, FolderReason, Found, walk

_TIME_LIMIT_S: Final = (
    5.0  # a network disk with a million files; what was counted until then is enough to offer it
)


@dataclass(frozen=True, slots=True)
class Offer:
    """Another program's folder of models. `size_bytes` counts what is stored twice once.

    `is_partial`: there are more than were counted. `is_closed`: this user may not read the folder, nothing is known.
    """

    program: str
    path: str
    n_models: int
    size_bytes: int
    is_partial: bool = False
    is_closed: bool = False


def survey(
    known: KnownFolder,
    should_stop: Callable[[], bool] = lambda: False,
    *,
    listed: Collection[str] = frozenset(),
) -> Offer:
    """Counts the models of a folder by their file names; opens none of them. Those `listed` already do not count."""
    end = time.monotonic() + _TIME_LIMIT_S
    problems: list[FolderProblem] = []
    models: set[str] = set()
    sizes: dict[tuple[int, int], int] = {}

    def is_over() -> bool:
        return should_stop() or time.monotonic() > end

    for found in walk(known.path, set(), is_over, problems.append):
        for item in found:
            if is_over():
                break
            here = {} if str(item.path) in listed else _sizes(item.path)
            sizes |= here
            if here and not _is_companion(item):
                models.add(item.names[0] if item.names else str(item.path))
    return Offer(
        known.program,
        known.path,
        len(models),
        sum(sizes.values()),
        is_partial=is_over(),
        is_closed=any(_is_closed(problem, known) for problem in problems),
    )


def _sizes(path: Path) -> dict[tuple[int, int], int]:
    """Bytes by what identifies a file, of all parts that are there."""
    sizes: dict[tuple[int, int], int] = {}
    for part in parts_of(path):
        try:
            status = os.stat(part)
        except OSError:
            continue
        sizes[status.st_dev, status.st_ino] = status.st_size
    return sizes


def _is_companion(found: Found) -> bool:
    return "mmproj" in found.path.name.lower()


def _is_closed(problem: FolderProblem, known: KnownFolder) -> bool:
    return problem.reason is FolderReason.NO_PERMISSION and problem.path == os.path.abspath(known.path)
