"""The window's size, place and folded parts, kept between starts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from app.services.preferences import read_json, write_json


@dataclass(slots=True)
class WindowState:
    """`geometry` is Qt's own (base64); sizes are pixels, 0 for the default."""

    geometry: str = ""
    page: str = ""
    panel_width: int = 0
    plots_height: int = 0
    panel_shown: bool = True
    plots_shown: bool = True

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
    def load(cls, path: Path) -> WindowState:
        """The saved state; what is missing or of a wrong type is the default."""
        record: dict[str, Any] = read_json(path) or {}
        default = cls()
        kept = {
            item.name: record[item.name]
            for item in fields(cls)
            if type(record.get(item.name)) is type(getattr(default, item.name))
        }
        return cls(**kept)

    def save(self, path: Path) -> None:
        """Writes the state. Raises OSError if that cannot be done."""
        write_json(path, asdict(self))
