"""What a download says of itself: frozen dataclasses of builtin types, sent from its process to its client."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.download import DownloadProgress
from app.core.hub import HubError, HubReason


@dataclass(frozen=True, slots=True)
class Finished:
    """All files are there, checked: their `paths`, in the order of the request."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """It ended without its files; what arrived is kept. As `HubError`: `values` fill the reason's message.

    `wait_s` is how long the server asks to wait before the next try, None where it does not.
    """

    reason: HubReason
    values: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    message: str = ""
    wait_s: float | None = None


DownloadEvent = DownloadProgress | Finished | Failed


def failed(error: HubError) -> Failed:
    """The event that says what `error` says."""
    return Failed(error.reason, dict(error.values), error.message, error.wait_s)
