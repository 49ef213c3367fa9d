"""One device's memory as a stacked bar: weights, KV cache, compute and output buffers, other programs, free."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.core.run import GotDevice
from app.ui.format import bytes_text
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel

PARTS = ("weights", "kv", "compute", "output", "others")
_GAP_PX = 1


def part_colour(theme: Theme, part: str) -> QColor:
    """The colour of a part; the output buffer is a paler kind of compute buffer."""
    return theme.color("compute", 0.5) if part == "output" else theme.color(part)


def part_bytes(device: GotDevice, free_bytes: int) -> dict[str, int]:
    """What each part takes on `device`; `others` is all that is neither ours nor free (0 where unknown)."""
    ours = {
        "weights": device.weights_bytes,
        "kv": device.kv_bytes,
        "compute": device.compute_bytes,
        "output": device.output_bytes,
    }
    used = device.total_bytes - free_bytes
    return {**ours, "others": max(0, used - sum(ours.values())) if device.total_bytes else 0}


class StackedBar(QWidget):
    """Parts of a whole side by side; the rest is empty."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: dict[str, int] = {}
        self._whole = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(100, 14)

    def show_parts(self, parts: dict[str, int], whole: int) -> None:
        """Shows sizes in bytes out of `whole`; without a whole the parts fill the bar."""
        self._parts, self._whole = dict(parts), max(whole, sum(parts.values()), 1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(self._theme.color("line"))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(box, 4, 4)
        clip = QPainterPath()
        clip.addRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3)
        painter.setClipPath(clip)
        left, width = 1.0, self.width() - 2
        for part in PARTS:
            size = self._parts.get(part, 0)
            if size <= 0:
                continue
            extent = max(1.0, width * size / self._whole)
            painter.fillRect(
                QRectF(left, 1, max(1.0, extent - _GAP_PX), self.height() - 2), part_colour(self._theme, part)
            )
            left += extent


class DeviceView(QWidget):
    """A device's name, what is used of it, and its bar; the tooltip has every figure."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ElidedLabel("", self)
        self._name.setProperty("role", "hint")
        self._sum = QLabel(self)
        self._sum.setProperty("role", "hint")
        self.bar = StackedBar(theme, self)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._name, 1)
        line.addWidget(self._sum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(line)
        column.addWidget(self.bar)

    def show_device(self, device: GotDevice, free_bytes: int) -> None:
        """Shows what the loaded model holds on `device`, and how much is free now."""
        parts = part_bytes(device, free_bytes)
        ours = sum(parts.values()) - parts["others"]
        self._name.setText(self._title(device))
        if device.total_bytes:
            used = bytes_text(
                max(ours, device.total_bytes - free_bytes)
            )  # a remote one may report all as free
            self._sum.setText(
                self.tr("{used} of {total}").format(used=used, total=bytes_text(device.total_bytes))
            )
        else:
            self._sum.setText(bytes_text(ours))
        self.bar.show_parts(parts, device.total_bytes)
        said = self._figures(device, parts, free_bytes)
        self.setToolTip(said)
        self.setAccessibleName(said.replace("\n", ", "))

    def _title(self, device: GotDevice) -> str:
        if device.kind == "cpu":
            return self.tr("Main memory")
        return f"{device.name} \u00b7 {device.description}" if device.description else device.name

    def _figures(self, device: GotDevice, parts: dict[str, int], free_bytes: int) -> str:
        names = {
            "weights": self.tr("weights"),
            "kv": self.tr("KV cache"),
            "compute": self.tr("compute buffers"),
            "output": self.tr("output buffer"),
            "others": self.tr("everything else"),
        }
        lines = [self._title(device)]
        if device.n_layers:
            lines.append(self.tr("{n} layers").format(n=device.n_layers))
        lines += [f"{names[part]}: {bytes_text(size)}" for part, size in parts.items() if size]
        if device.total_bytes:
            lines.append(self.tr("free: {size}").format(size=bytes_text(free_bytes)))
        return "\n".join(lines)


class Legend(QWidget):
    """Which colour is what."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._titles = {
            "weights": self.tr("weights"),
            "kv": self.tr("KV"),
            "compute": self.tr("compute"),
            "output": self.tr("output"),
            "others": self.tr("others"),
        }
        self.setAccessibleName(", ".join(self._titles.values()))

    def sizeHint(self) -> QSize:
        return QSize(200, self._theme.hint_size_px + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        metrics, left = painter.fontMetrics(), 0
        widths = sum(metrics.horizontalAdvance(title) + 12 for title in self._titles.values())
        gap = min(12, max(3, (self.width() - widths) // (len(self._titles) - 1)))
        for part, title in self._titles.items():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(part_colour(self._theme, part))
            painter.drawRoundedRect(QRectF(left, (self.height() - 8) / 2, 8, 8), 2, 2)
            painter.setPen(self._theme.color("faint"))
            width = metrics.horizontalAdvance(title)
            painter.drawText(left + 12, 0, width + 2, self.height(), Qt.AlignmentFlag.AlignVCenter, title)
            left += 12 + width + gap
