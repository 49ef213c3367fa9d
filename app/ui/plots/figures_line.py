"""The collapsed strip: one line with nothing but the figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.ui.plots.picture import Reading
from app.ui.theme import Theme

_GAP_PX = 20


class FiguresLine(QWidget):
    """Title, main figure and unit of each reading, side by side; what does not fit is left out at the end."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._readings: tuple[Reading, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Speed, memory and load"))

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What is shown."""
        return self._readings

    def show_readings(self, readings: Sequence[Reading]) -> None:
        """Show other figures; nothing is painted if they are the same."""
        if tuple(readings) != self._readings:
            self._readings = tuple(readings)
            self.update()

    def describe(self) -> None:
        """Tell assistive technology what is shown now."""
        self.setAccessibleDescription("; ".join(reading.text() for reading in self._readings))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), "\n".join(item.text() for item in self._readings), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        small, bold = self._theme.font(self._theme.hint_size_px + 1), self._theme.font(bold=True)
        x = 14.0
        for reading in self._readings:
            parts = (
                (small, "faint", f"{reading.title} "),
                (bold, "text" if reading.is_live else "dim", reading.main),
                (small, "faint", f" {reading.unit}"),
            )
            widths = [QFontMetricsF(font).horizontalAdvance(text) for font, _tone, text in parts]
            if x + sum(widths) > self.width():
                return
            for (font, tone, text), width in zip(parts, widths, strict=True):
                painter.setFont(font)
                painter.setPen(self._theme.color(tone))
                align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                painter.drawText(QRectF(x, 0, width + 2, self.height()), align, text)
                x += width
            x += _GAP_PX
