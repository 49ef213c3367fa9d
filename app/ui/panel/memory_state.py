"""What the memory view and its table show at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.footprint import Assessment, Footprint
from app.core.run import Got
from app.ui.panel.memory_lines import DeviceLine, device_lines

if TYPE_CHECKING:
    from app.services.footprint import FootprintService, ProbeError


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The newest answer about the plan, what is loaded, and whether a newer answer is still to come.

    `error` says why the plan as it stands cannot be measured; the answer before it may be there beside it.
    `predicted` is what was said of the loaded model before its load.
    """

    footprint: Footprint | None = None
    assessment: Assessment | None = None
    loaded: Got | None = None
    is_measuring: bool = False
    error: ProbeError | None = None
    predicted: Footprint | None = None

    @classmethod
    def of(cls, service: FootprintService) -> MemoryState:
        """What the service says now."""
        return cls(
            service.footprint,
            service.assessment,
            service.loaded,
            service.is_measuring,
            service.error,
            service.predicted,
        )

    def lines(self) -> list[DeviceLine]:
        """The devices to show."""
        predicted = self.predicted.devices if self.predicted is not None else ()
        return device_lines(self.assessment, self.loaded, predicted)

    @property
    def is_of_another(self) -> bool:
        """Whether what is known is that of an earlier plan, because the one that stands cannot be measured."""
        return self.error is not None and self.assessment is not None
