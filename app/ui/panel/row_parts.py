"""What a setting's row is put together from: its title, the notes under it, its help."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.core.settings import Apply, Setting
from app.ui.icons import icon, pixmap
from app.ui.panel import texts
from app.ui.panel.guide_offer import AskGuide, GuideOffer
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel

_NOTE_ICONS = {"bad": "error", "warning": "warning", "faint": "info", "good": "check"}


class RowTitle(ElidedLabel):
    """The row's name; a click asks for help. What the search found is marked."""

    clicked = Signal()

    def __init__(self, theme: Theme, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self._words: tuple[str, ...] = ()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mark(self, words: tuple[str, ...]) -> None:
        """Marks these lower-case words where they occur."""
        if words != self._words:
            self._words = words
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._words:
            self._paint_marks()
        super().paintEvent(event)

    def _paint_marks(self) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent", 0.25))
        metrics, text = self.fontMetrics(), self.text()
        for word in self._words:
            begin = text.casefold().find(word)
            if begin >= 0:
                left = metrics.horizontalAdvance(text[:begin])
                width = metrics.horizontalAdvance(text[begin : begin + len(word)])
                height = metrics.height() + 2
                painter.drawRoundedRect(
                    QRectF(left - 1, (self.height() - height) / 2, width + 2, height), 3, 3
                )


class FoldButton(QAbstractButton):
    """A caret and a few words, flush left: opens and closes what is under it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_open = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_open(self, is_open: bool) -> None:
        """Turns the caret."""
        self._is_open = is_open
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 24, self.fontMetrics().height() + 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 3.5, -0.5, -3.5), 6, 6)
        tone = "text" if self.underMouse() else "dim"
        caret = icon(self._theme, "down" if self._is_open else "right", tone)
        caret.paint(painter, 0, (self.height() - 14) // 2, 14, 14)
        painter.setPen(self._theme.color(tone))
        painter.setFont(self._theme.font(self._theme.text_size_px - 1))
        painter.drawText(self.rect().adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())


class ReloadMark(QLabel):
    """Says that the loaded value is another one: a word, or an arrow where there is no room for it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_short: bool | None = None
        self._word = self.tr("reload")
        self.setAccessibleName(self._word)
        self.setProperty("outline", "true")
        self.setProperty("tone", "accent")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.set_short(False)
        theme.changed.connect(self._draw)

    def width_px(self, short: bool) -> int:
        """How wide the mark is in either form."""
        if short:
            return 14
        return QFontMetrics(self._theme.font(self._theme.hint_size_px)).horizontalAdvance(self._word) + 16

    def set_short(self, short: bool) -> None:
        """Shows the arrow instead of the word."""
        if short == self._is_short:
            return
        self._is_short = short
        set_role(self, "" if short else "chip")
        self._draw()

    def _draw(self) -> None:
        if self._is_short:
            self.setPixmap(pixmap(self._theme, "reload", 14, "accent"))
        else:
            self.setText(self._word)


class NoteLine(QWidget):
    """A sentence under the row with an icon that says how bad it is: "bad", "warning" or "faint"."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = ""
        self._icon = QLabel(self)
        self._icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setProperty("small", "true")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 1, 0, 1)
        line.setSpacing(6)
        line.addWidget(self._icon)
        line.addWidget(self.label, 1)
        theme.changed.connect(self._draw)

    def say(self, tone: str, text: str) -> None:
        """Shows `text` in a tone."""
        self.label.setText(text)
        if tone != self._tone:
            self._tone = tone
            set_role(self.label, tone)
            self._draw()

    def _draw(self) -> None:
        if self._tone:
            self._icon.setPixmap(pixmap(self._theme, _NOTE_ICONS[self._tone], 14, self._tone))


class HelpText(QWidget):
    """What the setting does and costs, the flag it has in llama-server, its default and range; and a way to ask."""

    def __init__(
        self, theme: Theme, setting: Setting, parent: QWidget, guide: GuideOffer | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(5)
        for text, role in (
            (texts.translated(setting.summary), "hint"),
            (texts.translated(setting.help), "hint"),
        ):
            column.addWidget(self._label(text, role))
        column.addWidget(self._label(self._facts(setting), "faint"))
        self.ask: AskGuide | None = None
        if guide is not None:
            self.ask = AskGuide(theme, guide, setting, self)
            column.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)

    def _label(self, text: str, role: str) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _facts(self, setting: Setting) -> str:
        facts = [self.tr("Default: {value}").format(value=texts.spoken(setting, setting.default))]
        legal = texts.range_text(setting)
        if legal:
            facts.append(self.tr("Range: {range}").format(range=legal))
        facts.append(setting.cli_flag or setting.key)
        if setting.apply is Apply.LOAD:
            facts.append(self.tr("takes effect when the model is loaded"))
        elif setting.apply is Apply.REPLY:
            facts.append(self.tr("takes effect with the next reply"))
        if setting.machine_bound:
            facts.append(self.tr("belongs to this computer: left out of exports"))
        return " \u00b7 ".join(facts)
