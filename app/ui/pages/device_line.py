"""One device: what it is called, how full it is, what the loaded model holds on it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.footprint import Verdict
from app.core.run import GOT_PARTS
from app.services.device_list import DeviceState
from app.ui.format import bytes_text
from app.ui.panel.memory_bar import MemoryBar
from app.ui.panel.memory_lines import OTHERS, BarShape, stack
from app.ui.theme import Theme
from app.ui.widgets import Chip, ElidedLabel

_DOT = " \u00b7 "
_BAR_PX = 8


class DeviceLine(QWidget):
    """Name, backend and kind; below them the memory, and what of it is the model's."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel(self)
        self._name.setProperty("role", "strong")
        self._chips = [Chip("", "", self, outline=True) for _ in range(2)]
        self._description = ElidedLabel("", self)
        self._description.setProperty("role", "dim")
        self._figures = QLabel(self)
        self._figures.setProperty("role", "dim")
        self._meter = MemoryBar(theme, self, height_px=_BAR_PX)
        self._held = ElidedLabel("", self)
        self._held.setProperty("role", "hint")
        self._shown: DeviceState | None = None
        self._arrange()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._name)
        head.addWidget(self._description, 1)
        for chip in self._chips:
            head.addWidget(chip)
        head.addWidget(self._figures)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._meter)
        column.addWidget(self._held)

    def show_device(self, device: DeviceState) -> None:
        """Shows a device as it is now."""
        if device == self._shown:
            return
        self._shown = device
        self._name.setText(device.name)
        self._description.setText(device.description)
        for chip, text in zip(self._chips, (device.backend, self._kind(device.kind)), strict=True):
            chip.setText(text)
            # Under a remote worker's address there is nothing to add.
            is_new = chip is self._chips[1] or text.lower() != device.kind
            chip.setVisible(bool(text) and is_new and not device.endpoint)
        memory = self.tr("{free} free of {total}").format(
            free=bytes_text(device.free_bytes), total=bytes_text(device.total_bytes)
        )
        self._figures.setText(memory if device.total_bytes else self.tr("memory unknown"))
        self._meter.show_shape(_shape(device))
        held = self._held_text(device)
        self._held.setText(held)
        self._held.setVisible(bool(held))
        said = (device.name, device.description, self._kind(device.kind), self._figures.text(), held)
        self.setAccessibleName(", ".join(part for part in said if part))
        self._meter.setAccessibleName(self._figures.text())
        self._meter.setToolTip(self._tip(device))

    def _kind(self, kind: str) -> str:
        return {
            "cpu": self.tr("processor"),
            "gpu": self.tr("GPU"),
            "igpu": self.tr("integrated GPU"),
            "accel": self.tr("accelerator"),
            "rpc": self.tr("remote"),
        }.get(kind, kind)

    def _held_text(self, device: DeviceState) -> str:
        held = device.held
        if held is None or not device.held_bytes:
            return self.tr("the loaded model holds nothing here") if held is not None else ""
        layers = self.tr("1 layer") if held.n_layers == 1 else self.tr("{n} layers").format(n=held.n_layers)
        layers = layers if held.n_layers else ""
        buffers_bytes = held.compute_bytes + held.output_bytes
        sizes = (held.weights_bytes, held.kv_bytes, buffers_bytes, held.draft_bytes)
        parts = map(self._part, ("weights", "kv", "compute", "draft"), sizes)
        return _DOT.join(part for part in (layers, *parts) if part)

    def _part(self, part: str, size_bytes: int) -> str:
        words = {
            "weights": self.tr("weights {size}"),
            "kv": self.tr("KV cache {size}"),
            "compute": self.tr("buffers {size}"),
            "output": self.tr("output {size}"),
            "draft": self.tr("drafting {size}"),
            OTHERS: self.tr("other programs {size}"),
        }
        return words[part].format(size=bytes_text(size_bytes)) if size_bytes else ""

    def _tip(self, device: DeviceState) -> str:
        return "\n".join(text for part, size in _parts(device) if (text := self._part(part, size)))


def _parts(device: DeviceState) -> list[tuple[str, int]]:
    """The bytes of each part of the loaded model, and of other programs."""
    held = device.held
    ours = [(part, held.part_bytes(part)) for part in GOT_PARTS] if held is not None else []
    return [*ours, (OTHERS, device.others_bytes)]


def _shape(device: DeviceState) -> BarShape:
    """Mapped weights may be more than the device has: the bar is as long as they are then."""
    segments = stack(_parts(device))
    whole = max(device.total_bytes, sum(item.size_bytes for item in segments), 1)
    return BarShape(segments, (), whole, whole, 0, Verdict.FITS)
