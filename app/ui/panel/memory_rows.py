"""A device's line in the memory view, in full or on one line, and the legend under all of them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.core.footprint import PARTS
from app.ui.panel.memory_bar import MemoryBar, part_colour
from app.ui.panel.memory_lines import OTHERS, DeviceLine, shape
from app.ui.panel.memory_words import TONES, MemoryWords
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel
from app.ui.widgets.plain_tip import plain_tip

_COMPACT_NAME_EM = 5.1
_COMPACT_SUM_EM = 9.5
_ANY_WIDTH = 16_777_215  # Qt's QWIDGETSIZE_MAX
_SWATCH_PX = 12
_VISIBLE_SHARE = 0.003  # of a bar: less is no pixel wide


class DeviceRow(QWidget):
    """A device's name, what is in use of it, and its bar; the tooltip has every figure."""

    def __init__(self, theme: Theme, words: MemoryWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = words
        self._is_compact = False
        self.line: DeviceLine | None = None
        self._name = ElidedLabel("", self)
        self._name.setProperty("role", "hint")
        self.sum = QLabel(self)
        self.sum.setProperty("small", "true")
        self.sum.setProperty("role", "dim")
        self.sum.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = MemoryBar(theme, self)
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._head.addWidget(self._name, 1)
        self._head.addWidget(self.sum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._column.addLayout(self._head)
        self._column.addWidget(self.bar)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._align)

    def set_compact(self, is_compact: bool) -> None:
        """Name, bar and sum on one line, for many devices."""
        if is_compact == self._is_compact:
            return
        self._is_compact = is_compact
        if is_compact:
            self._column.removeWidget(self.bar)
            self._head.insertWidget(1, self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
            self._head.setStretch(0, 0)
        else:
            self._head.removeWidget(self.bar)
            self._head.setStretch(0, 1)
            self._column.addWidget(self.bar)
        self._align()
        if self.line is not None:
            self._name.setText(self._title(self.line))

    def _align(self) -> None:
        """On one line the bars of all devices begin and end at the same places."""
        em = self._theme.hint_size_px if self._is_compact else 0
        self._name.setMinimumWidth(round(_COMPACT_NAME_EM * em))
        self._name.setMaximumWidth(round(_COMPACT_NAME_EM * em) or _ANY_WIDTH)
        self.sum.setMinimumWidth(round(_COMPACT_SUM_EM * em))

    def height_px(self) -> int:
        """How high the row is as it stands; layouts learn that only later."""
        bar, words = (
            self.bar.sizeHint().height(),
            max(self._name.sizeHint().height(), self.sum.sizeHint().height()),
        )
        return max(bar, words) if self._is_compact else words + self._column.spacing() + bar

    def show_line(self, line: DeviceLine, *, is_stale: bool = False) -> None:
        """Shows a device; `is_stale` while a newer plan is being measured."""
        if line != self.line:
            self.line = line
            self._name.setText(self._title(line))
            self.sum.setText(self._words.used(line))
            is_bad = line.has_plan and line.room.verdict.is_short
            set_role(self.sum, TONES[line.room.verdict] if is_bad else "dim")
            self.setToolTip(plain_tip("\n".join(self._words.lines(line))))
            self.setAccessibleName(self._words.device(line.device))
            self.setAccessibleDescription(self._words.spoken(line))
        self.bar.show_shape(shape(line), is_stale=is_stale)

    def _title(self, line: DeviceLine) -> str:
        return self._words.short(line.device) if self._is_compact else self._words.device(line.device)


class Legend(QWidget):
    """Which colour is what, of the parts that occur; on as many lines as that takes."""

    def __init__(self, theme: Theme, words: MemoryWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = words
        self._parts: tuple[str, ...] = ()
        self._has_loaded = False
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_lines(self, lines: list[DeviceLine], note: str = "") -> None:
        """Names the parts that can be seen in `lines`; `note` follows them."""
        shapes = [shape(line) for line in lines]
        occurring = {
            item.part
            for one in shapes
            for item in (*one.segments, *one.ghost)
            if item.size_bytes > one.whole_bytes * _VISIBLE_SHARE
        }
        parts = tuple(part for part in (*PARTS, OTHERS) if part in occurring)
        has_loaded = any(one.ghost for one in shapes)
        if (parts, has_loaded, note) != (self._parts, self._has_loaded, self._note):
            self._parts, self._has_loaded, self._note = parts, has_loaded, note
            self.setAccessibleName(", ".join(self._titles()))
            self.updateGeometry()
            self.update()

    def _titles(self) -> list[str]:
        titles = [self._words.part(part, short=True) for part in self._parts]
        titles += [self.tr("loaded now")] if self._has_loaded else []
        return [*titles, self._note] if self._note else titles

    def sizeHint(self) -> QSize:
        n_lines = self._places()[-1][1] + 1 if self._titles() else 1
        return QSize(200, n_lines * self._line_px())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _line_px(self) -> int:
        return self._theme.hint_size_px + 6

    def _places(self) -> list[tuple[int, int]]:
        """(x, number of the line) of each title."""
        metrics = QFontMetrics(self._theme.font(self._theme.hint_size_px))
        places: list[tuple[int, int]] = []
        x, number = 0, 0
        for title in self._titles():
            width = _SWATCH_PX + metrics.horizontalAdvance(title)
            if x and x + width > max(self.width(), 100):
                x, number = 0, number + 1
            places.append((x, number))
            x += width + 10
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(self._theme.hint_size_px))
        height = self._line_px()
        for index, ((x, number), title) in enumerate(zip(self._places(), self._titles(), strict=True)):
            is_note = bool(self._note) and index == len(self._titles()) - 1
            if not is_note:
                self._paint_swatch(painter, index, QRectF(x, number * height + (height - 8) / 2, 8, 8))
            painter.setPen(self._theme.color("dim" if is_note else "faint"))
            left = x if is_note else x + _SWATCH_PX
            painter.drawText(
                left, number * height, self.width(), height, Qt.AlignmentFlag.AlignVCenter, title
            )

    def _paint_swatch(self, painter: QPainter, index: int, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if index < len(self._parts):
            painter.setBrush(part_colour(self._theme, self._parts[index]))
            painter.drawRoundedRect(box, 2, 2)
        else:  # the strip under the bar, in small
            painter.setBrush(self._theme.color("weights", 0.75))
            painter.drawRoundedRect(box.adjusted(0, 2, 0, -2), 2, 2)
