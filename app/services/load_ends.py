"""How a load, or a model that was loaded, can end: what there is to tell, and which plans to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.worker import protocol as p


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker that ended unasked. `known_good` and `smaller` are plans to offer, None where there is none."""

    event: p.Exited
    name: str
    was_loading: bool
    known_good: dict[str, Any] | None
    smaller: dict[str, Any] | None
    log_path: str


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A load that failed. The plans to offer as in `Lost`."""

    event: p.LoadFailed
    name: str
    known_good: dict[str, Any] | None
    smaller: dict[str, Any] | None
    log_path: str
