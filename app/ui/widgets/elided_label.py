"""A label that shortens its text to the room it has."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption, QWidget

from app.ui.widgets.plain_tip import plain_tip


class ElidedLabel(QLabel):
    """One line of plain text with an ellipsis where it does not fit; the tooltip then has it all."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self._own_tooltip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_mode(self, mode: Qt.TextElideMode) -> None:
        """Shortens elsewhere from now on: a path in its middle, a sentence at its end."""
        self._mode = mode
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("\u2026") * 2, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        width = (
            QFontMetrics(self.font()).horizontalAdvance(self._line()) + margins.left() + margins.right() + 2
        )
        return QSize(width, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        rect = self.contentsRect()
        shown = self.fontMetrics().elidedText(self._line(), self._mode, rect.width())
        self._tell(shown != self._line())
        self.style().drawItemText(
            painter,
            rect,
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )

    def _line(self) -> str:
        return self.text().replace("\n", " ")

    def _tell(self, is_cut: bool) -> None:
        wanted = plain_tip(self._line()) if is_cut else ""
        if self.toolTip() in {"", self._own_tooltip} and self._own_tooltip != wanted:
            self.setToolTip(wanted)
            self._own_tooltip = wanted
