"""The button that names the model."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel


class Dot(QWidget):
    """A round mark in a colour token; hollow for what is not there yet."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = "faint"
        self._is_hollow = True
        self.setFixedSize(10, 10)

    def show_tone(self, tone: str, *, hollow: bool = False) -> None:
        """Changes the mark."""
        self._tone = tone
        self._is_hollow = hollow
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.color(self._tone)
        painter.setPen(QPen(colour, 1.4) if self._is_hollow else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if self._is_hollow else colour)
        painter.drawEllipse(QRectF(1.5, 1.5, 7, 7))


class ModelPill(QPushButton):
    """Dot, name, facts; opens the menu of models."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dot = Dot(theme, self)
        self._name = ElidedLabel("", self)
        self._name.setProperty("role", "strong")
        self._detail = ElidedLabel("", self)
        self._detail.setProperty("role", "hint")
        self._caret = QLabel(self)
        self.setToolTip(self.tr("Choose a model"))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 10, 0)
        row.setSpacing(10)
        for part in (self._dot, self._name, self._detail, self._caret):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(part)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(180)
        theme.changed.connect(self._draw)
        self._draw()

    def sizeHint(self) -> QSize:
        return QSize(max(180, self._row.sizeHint().width()), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self._height())

    def _height(self) -> int:
        return max(32, self._theme.text_size_px + 19)

    def show_content(self, state: str, name: str, detail: str) -> None:
        """`state` is a BarState."""
        self._name.setText(name or self.tr("Choose a model"))
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        tones = {"ready": "good", "loading": "warning", "ejecting": "warning"}
        self._dot.show_tone(tones.get(state, "faint"), hollow=state not in tones)
        said = {
            "ready": self.tr("loaded"),
            "loading": self.tr("loading"),
            "ejecting": self.tr("ejecting"),
            "chosen": self.tr("not loaded"),
        }.get(state, "")
        self.setAccessibleName(", ".join(part for part in (self._name.text(), detail, said) if part))
        self.updateGeometry()

    def _draw(self) -> None:
        self.setFixedHeight(self._height())
        self._caret.setPixmap(pixmap(self._theme, "down", 12, "dim"))
