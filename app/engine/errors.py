"""What can go wrong in the engine."""

from __future__ import annotations

from app.core.reasons import FailureKind


class EngineError(Exception):
    """An engine operation failed: `fault` is the kind, `detail` e.g. the setting's key."""

    def __init__(self, fault: FailureKind, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.detail = detail
