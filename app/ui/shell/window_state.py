"""The window's size, place, folded parts and open conversation, kept between starts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from app.core.settings.store import JsonStore, StoreReport

_VERSION = 1


@dataclass(slots=True)
class WindowState:
    """`geometry` is Qt's own (base64); sizes are pixels, 0 for the default."""

    geometry: str = ""
    page: str = ""
    panel_width: int = 0
    plots_height: int = 0
    panel_shown: bool = True
    plots_shown: bool = True
    plots_collapsed: bool = False
    plots_minutes: int = 5
    conversation: str = ""  # the id of the open one, "" for a new one
    model: str = ""  # the library's id of the chosen one, "" for none

    def geometry_bytes(self) -> bytes:
        """`geometry` for QWidget.restoreGeometry; empty if it is damaged."""
        try:
            return base64.b64decode(self.geometry, validate=True)
        except (binascii.Error, ValueError):
            return b""

    def set_geometry(self, geometry: bytes) -> None:
        """Takes what QWidget.saveGeometry gave."""
        self.geometry = base64.b64encode(geometry).decode("ascii")

    @classmethod
    def load(cls, path: Path) -> tuple[WindowState, list[StoreReport]]:
        """The saved state, and what to tell about its file; what is missing or of a wrong type is the default."""
        record, reports = JsonStore(path, _VERSION).load()
        default = cls()
        kept = {
            item.name: record[item.name]
            for item in fields(cls)
            if type(record.get(item.name)) is type(getattr(default, item.name))
        }
        return cls(**kept), reports

    def save(self, path: Path) -> None:
        """Writes the state. Raises StoreError if that cannot be done."""
        JsonStore(path, _VERSION).save(asdict(self))
