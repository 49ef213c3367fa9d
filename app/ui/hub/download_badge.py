"""How far the downloads are, as a small ring in the corner of a button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.services.download_item import DownloadTotals
from app.services.downloads import Downloads
from app.ui.hub import download_words as words
from app.ui.theme import Theme

_SIZE_PX = 14
_PEN_PX = 2.5
_WHOLE = 360 * 16  # Qt draws arcs in sixteenths of a degree


class DownloadBadge(QWidget):
    """Lies over `button`, lets the mouse through, and shows itself only while there is something to tell.

    A ring fills while downloads go on; a dot says that one failed and nothing else goes on. The button's
    description says the same in words.
    """

    def __init__(self, theme: Theme, downloads: Downloads, button: QWidget) -> None:
        super().__init__(button)
        self._theme = theme
        self._downloads = downloads
        self._button = button
        self._shown = DownloadTotals()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedSize(_SIZE_PX, _SIZE_PX)
        button.installEventFilter(self)
        downloads.changed.connect(self._show)
        downloads.progressed.connect(lambda _id: self._show())
        theme.changed.connect(self.update)
        self._place()
        self._show()

    def _place(self) -> None:
        self.move(self._button.width() - _SIZE_PX - 1, self._button.height() - _SIZE_PX - 1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        self._shown = self._downloads.totals
        self._button.setAccessibleDescription(self._said())
        self.setVisible(bool(self._shown.n_active or self._shown.n_failed))
        self.update()

    def _said(self) -> str:
        if self._shown.n_active:
            return self.tr("Downloading: {figures}").format(figures=words.totals_text(self._shown))
        return self.tr("A download failed") if self._shown.n_failed else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("panel"))
        painter.drawEllipse(QRectF(self.rect()))
        if not self._shown.n_active:
            painter.setBrush(self._theme.color("bad"))
            painter.drawEllipse(QRectF(self.rect()).adjusted(3, 3, -3, -3))
            return
        ring = QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("line"), _PEN_PX))
        painter.drawEllipse(ring)
        painter.setPen(QPen(self._theme.color("accent"), _PEN_PX))
        painter.drawArc(ring, 90 * 16, -round(_WHOLE * max(0.02, self._shown.share)))
