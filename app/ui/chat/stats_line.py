"""The statistics line under a reply: always one line, the least important figures go where room is short."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.core.conversation import Message
from app.ui.chat.reply_figures import Figure, record_html, record_text
from app.ui.theme import Theme

GAP = 12
BAR_WIDTH = 64


class StatsLine(QWidget):
    """Shows figures; the tooltip and the accessible description have a reply's full record.

    A figure with an action can be clicked. The action is among the message's buttons too, for the keyboard.
    """

    chosen = Signal(str)  # a figure's action

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._figures: list[Figure] = []
        self._shown: list[Figure] = []
        self._message: Message | None = None
        self._fraction: float | None = None
        self._reserved_px = 0
        self._hovered = ""  # the action under the pointer
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def shown_texts(self) -> list[str]:
        """The figures that there is room for."""
        return [figure.text for figure in self._shown]

    @property
    def shown_width(self) -> float:
        """How much of the line they take, in pixels."""
        return sum(self._width(figure) + GAP for figure in self._shown) - GAP

    def show_figures(
        self, figures: Sequence[Figure], message: Message | None = None, *, fraction: float | None = None
    ) -> None:
        """Show `figures`, with the record of `message` on hover; `fraction` 0 to 1 adds a small progress bar."""
        self._figures = list(figures)
        self._message = message
        self._fraction = fraction
        self.setAccessibleName(", ".join(figure.text for figure in figures))
        self.setAccessibleDescription(record_text(message) if message and message.timings else "")
        self._choose()
        self.update()

    def set_reserved(self, width_px: int) -> None:
        """Leave this much free at the right, for what lies above the line."""
        if width_px != self._reserved_px:
            self._reserved_px = width_px
            self._choose()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(0, self._theme.hint_size_px + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._choose()

    def restyle(self) -> None:
        """The theme has changed."""
        self._choose()
        self.update()

    def _font(self, figure: Figure) -> QFont:
        return self._theme.font(self._theme.hint_size_px, bold=figure.is_strong)

    def _width(self, figure: Figure) -> float:
        return QFontMetricsF(self._font(figure)).horizontalAdvance(figure.text)

    def _choose(self) -> None:
        """Drops the least important figures until the rest fits; the most important one always stays."""
        kept = list(self._figures)
        widths = {figure: self._width(figure) for figure in kept}
        room = self.width() - self._reserved_px - (BAR_WIDTH + GAP if self._fraction is not None else 0)
        while len(kept) > 1 and sum(widths[figure] + GAP for figure in kept) - GAP > room:
            kept.remove(min(kept, key=lambda figure: figure.importance))
        self._shown = kept

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left = 0.0
        for figure in self._shown:
            painter.setFont(self._font(figure))
            painter.setPen(self._theme.color(self._tone(figure)))
            width = self._width(figure)
            painter.drawText(
                QRectF(left, 0, width + 4, self.height()), int(Qt.AlignmentFlag.AlignVCenter), figure.text
            )
            left += width + GAP
        if self._fraction is not None:
            self._paint_bar(painter, left)

    def _tone(self, figure: Figure) -> str:
        if figure.action and figure.action == self._hovered:
            return "accent"
        return figure.tone or ("dim" if figure.is_strong else "faint")

    def action_rect(self, action: str) -> QRectF:
        """Where the figures with this action are; empty where none is shown."""
        found, left = QRectF(), 0.0
        for figure in self._shown:
            width = self._width(figure)
            if figure.action == action:
                found = found.united(QRectF(left, 0, width, self.height()))
            left += width + GAP
        return found

    def _action_at(self, place: QPointF) -> str:
        actions = {figure.action for figure in self._shown if figure.action}
        return next((action for action in actions if self.action_rect(action).contains(place)), "")

    def _hover(self, action: str) -> None:
        if action != self._hovered:
            self._hovered = action
            self.setCursor(Qt.CursorShape.PointingHandCursor if action else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._action_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.setAccepted(
            event.button() == Qt.MouseButton.LeftButton and bool(self._action_at(event.position()))
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self._action_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and action:
            self.chosen.emit(action)

    def _paint_bar(self, painter: QPainter, left: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        painter.setBrush(self._theme.color("line"))
        painter.drawRoundedRect(QRectF(left, middle - 1.5, BAR_WIDTH, 3), 1.5, 1.5)
        painter.setBrush(self._theme.color("kv"))
        painter.drawRoundedRect(QRectF(left, middle - 1.5, BAR_WIDTH * (self._fraction or 0), 3), 1.5, 1.5)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            if self._message is not None and self._message.timings:
                QToolTip.showText(event.globalPos(), record_html(self._message), self)
            return True
        return super().event(event)
