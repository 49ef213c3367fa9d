"""What an empty conversation shows while the Guide is the model: what it is, and questions to click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.core.figures import parameters_text
from app.ui.icons import pixmap
from app.ui.theme import Theme, set_role

_WIDTH_PX = 440  # at 13 px text
_LINE_PX = 360  # of the honest line: two lines of about the same length
_PICTURE_PX = 40


class QuestionButton(QPushButton):
    """A question on a line of its own, or on several where it is long."""

    def __init__(self, theme: Theme, question: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.question = question
        self._is_waiting = False
        set_role(self, "question")
        self.setAccessibleName(question)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        text = QLabel(question, self)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        self._arrow = QLabel(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(text, 1)
        row.addWidget(self._arrow)
        for part in (text, self._arrow):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self._draw)
        self._draw()

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        return layout.minimumSize() if layout is not None else super().minimumSizeHint()

    def show_waiting(self, is_waiting: bool) -> None:
        """Whether it was asked and the model is not there yet."""
        self._is_waiting = is_waiting
        self._draw()

    def _draw(self) -> None:
        name, tone = ("hourglass", "accent") if self._is_waiting else ("arrow-right", "dim")
        self._arrow.setPixmap(pixmap(self._theme, name, 14, tone))


class GuideIntro(QScrollArea):
    """Says in one line what the Guide is, offers questions, and two ways on: a real model, or no Guide."""

    asked = Signal(str)  # this question
    real_model_asked = Signal()
    hide_asked = Signal()

    def __init__(self, theme: Theme, questions: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("The Guide"))
        self._inside = QWidget(self)
        self._picture = self._label("", "")
        self._title = self._label(self.tr("Ask the Guide"), "title")
        self.honest_line = self._label("", "dim")
        self.real_model = self._button(self.tr("Get a real model here"), "link", self.real_model_asked)
        self.questions = [QuestionButton(theme, question, self._inside) for question in questions]
        for button in self.questions:
            button.clicked.connect(lambda _checked=False, question=button.question: self.asked.emit(question))
        self.hide_button = self._button(self.tr("Hide the Guide"), "quiet", self.hide_asked)
        self.hide_button.setToolTip(self.tr("It can be brought back in Preferences"))
        self._arrange()
        self.setWidget(self._inside)
        self.show_size(0)
        theme.changed.connect(self._draw)
        self._draw()

    def _label(self, text: str, role: str) -> QLabel:
        label = QLabel(text, self._inside)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(bool(role))
        label.setProperty("role", role)
        return label

    def _button(self, text: str, role: str, signal: object) -> QPushButton:
        button = QPushButton(text, self._inside)
        button.setProperty("role", role)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(signal)
        return button

    def _arrange(self) -> None:
        self._column = QWidget(self._inside)
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self._picture, self._title):
            column.addWidget(part)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.honest_line, 100)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self.real_model, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        for button in self.questions:
            column.addWidget(button)
        column.addSpacing(2)
        column.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignHCenter)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._column, 100)
        middle.addStretch(1)
        layout = QVBoxLayout(self._inside)
        layout.setContentsMargins(24, 12, 24, 8)
        layout.addStretch(2)
        layout.addLayout(middle)
        layout.addStretch(3)

    def show_size(self, n_params: int) -> None:
        """How many parameters the Guide has; 0 while that is not known."""
        if n_params:
            text = self.tr("A {size}-parameter demo that knows Loadout’s settings and little else.")
            self.honest_line.setText(text.format(size=parameters_text(n_params)))
        else:
            self.honest_line.setText(self.tr("A tiny demo that knows Loadout’s settings and little else."))

    def show_waiting(self, question: str) -> None:
        """Marks the question that is asked as soon as the Guide is loaded; "" for none."""
        for button in self.questions:
            button.show_waiting(button.question == question)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_picture()

    def _fit_picture(self) -> None:
        """Where there is little room the picture goes first."""
        height = self._inside.sizeHint().height()
        if not self._picture.isHidden():
            height -= _PICTURE_PX
        self._picture.setVisible(height + _PICTURE_PX <= self.viewport().height())

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._theme, "guide", _PICTURE_PX, "faint"))
        for part, width_px in ((self._column, _WIDTH_PX), (self.honest_line, _LINE_PX)):
            part.setMaximumWidth(width_px * self._theme.text_size_px // 13)
