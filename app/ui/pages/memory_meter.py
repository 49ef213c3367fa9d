"""One device's memory as a bar: what the loaded model holds by its kind, other programs, free."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.services.device_list import DeviceState
from app.ui.theme import Theme

PARTS = ("weights", "kv", "compute", "output", "others")
_HEIGHT_PX = 8
_RADIUS_PX = 3


def meter_parts(device: DeviceState) -> dict[str, int]:
    """The bytes of each part; `others` is all that is neither the model's nor free."""
    held = device.held
    ours = {
        "weights": held.weights_bytes if held else 0,
        "kv": held.kv_bytes if held else 0,
        "compute": held.compute_bytes if held else 0,
        "output": held.output_bytes if held else 0,
    }
    used_bytes = max(0, device.total_bytes - device.free_bytes)
    return {**ours, "others": max(0, used_bytes - sum(ours.values()))}


class MemoryMeter(QWidget):
    """Only the bar; whoever shows it has the words beside it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: dict[str, int] = {}
        self._whole = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT_PX)

    def show_device(self, device: DeviceState) -> None:
        """Shows how full a device is."""
        parts = meter_parts(device)
        if (parts, device.total_bytes) != (self._parts, self._whole):
            self._parts, self._whole = parts, device.total_bytes
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        ground = QPainterPath()
        ground.addRoundedRect(box, _RADIUS_PX, _RADIUS_PX)
        painter.fillPath(ground, self._theme.color("raised"))
        painter.setClipPath(ground)
        whole, left = max(self._whole, sum(self._parts.values()), 1), 0.0
        for part in PARTS:
            size = self._parts.get(part, 0)
            if size <= 0:
                continue
            width = box.width() * size / whole
            bar = QRectF(left, 0, max(1.0, width - 1 if width > 3 else width), box.height())
            painter.fillRect(bar, self._colour(part))
            left += width
        painter.setClipping(False)
        painter.setPen(self._theme.color("line"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)

    def _colour(self, part: str) -> QColor:
        return self._theme.color("compute", 0.5) if part == "output" else self._theme.color(part)
