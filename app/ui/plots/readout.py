"""The figures above a plot, painted by hand: a label's new text would lay out the whole window again, each time."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.ui.plots.picture import Item, Reading
from app.ui.theme import Theme

_SWATCH_PX = 8
_GAP_PX = 12


class Readout(QWidget):
    """Title at the left, the main figure large at the right; below them the legend with its values."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._reading = Reading("", "", "")
        self.title_widget: QWidget | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.retheme()

    @property
    def reading(self) -> Reading:
        """What is shown."""
        return self._reading

    def show_reading(self, reading: Reading) -> None:
        """Show other figures; nothing is painted if they are the same."""
        if reading != self._reading:
            self._reading = reading
            self._place_title()
            self.update()

    def set_title_widget(self, widget: QWidget) -> None:
        """A control to stand in the title's place, while it is visible."""
        widget.setParent(self)
        self.title_widget = widget

    def retheme(self) -> None:
        """Take over the theme's fonts."""
        theme = self._theme
        self._title_font = theme.font(theme.hint_size_px + 1)
        self._main_font = theme.font(theme.text_size_px + 2, bold=True)
        self._item_font = theme.font(theme.hint_size_px)
        self._value_font = theme.font(theme.hint_size_px, bold=True)
        self._main_height = round(QFontMetricsF(self._main_font).height()) + 1
        self._item_height = round(QFontMetricsF(self._item_font).height()) + 1
        self.setFixedHeight(self._main_height + self._item_height)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self._main_height + self._item_height)

    def event(self, event: QEvent) -> bool:
        # What had no room is in the tooltip.
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._reading.text(), self)
            return True
        return super().event(event)

    def resizeEvent(self, event: object) -> None:
        self._place_title()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        right = self._paint_main(painter)
        if self.title_widget is None or self.title_widget.isHidden():
            painter.setFont(self._title_font)
            painter.setPen(self._theme.color("dim"))
            room = QRectF(0, 0, max(0.0, right - 8), self._main_height)
            title = painter.fontMetrics().elidedText(
                self._reading.title, Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), title)
            if self._reading.warning:
                x = painter.fontMetrics().horizontalAdvance(title) + 8.0
                self._paint_text(
                    painter, self._reading.warning, "warning", QRectF(x, 0, right - 8 - x, room.height())
                )
        self._paint_items(painter)

    # -- inside ---------------------------------------------------------------------------------------------

    def _main_width(self) -> float:
        unit = f" {self._reading.unit}" if self._reading.unit else ""
        return QFontMetricsF(self._main_font).horizontalAdvance(self._reading.main) + QFontMetricsF(
            self._item_font
        ).horizontalAdvance(unit)

    def _place_title(self) -> None:
        if self.title_widget is not None:
            self.title_widget.setGeometry(-6, 0, self.title_widget.width(), self._main_height)

    def _paint_main(self, painter: QPainter) -> float:
        """Paint the main figure; where it begins."""
        reading = self._reading
        align = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        unit = f" {reading.unit}" if reading.unit else ""
        unit_width = QFontMetricsF(self._item_font).horizontalAdvance(unit)
        painter.setFont(self._item_font)
        painter.setPen(self._theme.color("dim"))
        # The unit stands on the figure's base line, so a little lower than the middle of its own height.
        painter.drawText(QRectF(0, 1, self.width(), self._main_height), align, unit)
        painter.setFont(self._main_font)
        painter.setPen(self._theme.color("text" if reading.is_live else "dim"))
        room = QRectF(0, 0, self.width() - unit_width, self._main_height)
        painter.drawText(room, align, reading.main)
        return self.width() - self._main_width()

    def _paint_items(self, painter: QPainter) -> None:
        """As many entries as there is room for, the last perhaps without its value; then the note."""
        x = 0.0
        for item in self._reading.items:
            width = self._item_width(item)
            if x + width > self.width() and x > 0:
                item = replace(item, value="")
                width = self._item_width(item)
                if x + width <= self.width():
                    self._paint_item(painter, item, x)
                return
            self._paint_item(painter, item, x)
            x += width + _GAP_PX
        if self._reading.note and self.width() - x > 40:
            room = QRectF(x, self._main_height, self.width() - x, self._item_height)
            self._paint_text(painter, self._reading.note, "faint", room)

    def _paint_text(self, painter: QPainter, text: str, tone: str, room: QRectF) -> None:
        painter.setFont(self._item_font)
        painter.setPen(self._theme.color(tone))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)

    def _item_width(self, item: Item) -> float:
        label = f"{item.label} " if item.value else item.label
        return (
            _SWATCH_PX
            + 5
            + QFontMetricsF(self._item_font).horizontalAdvance(label)
            + QFontMetricsF(self._value_font).horizontalAdvance(item.value)
        )

    def _paint_item(self, painter: QPainter, item: Item, x: float) -> None:
        swatch = QRectF(x, self._main_height + (self._item_height - _SWATCH_PX) / 2, _SWATCH_PX, _SWATCH_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(item.tone))
        painter.drawRoundedRect(swatch, 2, 2)
        align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        label = f"{item.label} " if item.value else item.label
        x += _SWATCH_PX + 5
        painter.setFont(self._item_font)
        painter.setPen(self._theme.color("faint"))
        painter.drawText(QRectF(x, self._main_height, self.width(), self._item_height), align, label)
        x += painter.fontMetrics().horizontalAdvance(label)
        painter.setFont(self._value_font)
        painter.setPen(self._theme.color("dim"))
        painter.drawText(QRectF(x, self._main_height, self.width(), self._item_height), align, item.value)
