"""Numbers: a field that takes any legal number, and a slider over the comfortable part of the range."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.core.settings import Kind, Setting
from app.ui.format import THIN_SPACE
from app.ui.panel import texts
from app.ui.panel.dial_slider import DialSlider
from app.ui.panel.editor import Editor, TextField
from app.ui.panel.pill import Pill
from app.ui.panel.scale import SliderScale
from app.ui.theme import Theme

_SETTLE_MS = 600
"""Steps by key or wheel that follow each other this closely are one change for undo."""

_LONGEST_WORD = 8

_SPACES = str.maketrans("", "", f" {THIN_SPACE}\u2009\u00a0")


class NumberField(TextField):
    """A right-aligned number with its unit behind it in faint letters; the arrow keys step."""

    stepped = Signal(int)

    def __init__(self, theme: Theme, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._unit = unit
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._unit_shown = False
        self.textChanged.connect(self._make_room)

    def show_unit(self, shown: bool) -> None:
        """Hides the unit while the field shows a word."""
        self._unit_shown = shown and bool(self._unit)
        margin = self._unit_width() if self._unit_shown else 0
        self.setTextMargins(0, 0, margin, 0)
        self._make_room()

    def width_px(self, with_unit: bool) -> int:
        """How wide the field is with or without its unit."""
        metrics = self.fontMetrics()
        shown = self.text() or self.placeholderText()
        text = metrics.horizontalAdvance(shown) + (self._unit_width() if with_unit else 0)
        return max(metrics.horizontalAdvance("000000"), text) + 20

    def sizeHint(self) -> QSize:
        return QSize(self.width_px(self._unit_shown), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _make_room(self) -> None:
        self.updateGeometry()

    def _unit_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(self._unit) + 5 if self._unit else 0

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        QTimer.singleShot(0, self, self.selectAll)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 8, Qt.Key.Key_PageDown: -8}.get(
            Qt.Key(event.key()), 0
        )
        if step and self.text() == self.shown:
            self.stepped.emit(step)
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unit_shown:
            painter = QPainter(self)
            painter.setOpacity(1.0 if self.isEnabled() else 0.6)
            painter.setPen(self._theme.color("faint"))
            painter.drawText(
                self.rect().adjusted(0, 0, -9, 0),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                self._unit,
            )


class NumberEditor(Editor):
    """An INT or FLOAT row. Words such as "auto" and "all" that lie outside the slider are pills beside it."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, setting, parent)
        self._scale: SliderScale | None = None
        self._last_number: float | None = None
        self._loaded: Any = None
        self._is_loaded = False
        self._is_number = False
        self._unset_number: float | None = None
        self._has_room = True
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(lambda: self.offer(self.value))
        self.field = NumberField(theme, texts.unit(setting), parent)
        self.field.committed.connect(self._typed)
        self.field.given_up.connect(lambda: self.refused.emit(""))
        self.field.stepped.connect(self._step)
        self.field.setPlaceholderText("\u2013")
        self.inline = self.field
        self.slider: DialSlider | None = None
        self.pills: list[tuple[Any, Pill]] = []
        if setting.slider is not None:
            self._add_slider(parent)
        self._add_pills(parent)

    def _add_slider(self, parent: QWidget) -> None:
        low, high = self.setting.slider or (0, 1)
        self._scale = SliderScale(low, high, step=self._step_size(), log=self.setting.log)
        self.slider = DialSlider(self.theme, parent)
        self.slider.setRange(0, self._scale.n_positions - 1)
        self.slider.setPageStep(max(1, self._scale.n_positions // 10))
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self._let_go)
        self.below = self.slider

    def _add_pills(self, parent: QWidget) -> None:
        words: list[tuple[Any, str]] = (
            [(None, texts.none_title(self.setting))] if self.setting.optional else []
        )
        words += [(n, texts.translated(name)) for n, name in self.setting.named if not self._on_slider(n)]
        if not words:
            return
        box = QWidget(parent)
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for value, word in words:
            pill = Pill(self.theme, word, box)
            pill.setAccessibleName(f"{texts.title(self.setting)}: {word}")
            pill.clicked.connect(lambda checked, value=value: self._pill(value, checked))
            self.pills.append((value, pill))
            line.addWidget(pill)
        if self.slider is not None:
            line.addWidget(self.slider, 1)
            self.below = box
        else:
            line.addWidget(self.field)
            self.inline = box

    def _on_slider(self, number: float) -> bool:
        return self._scale is not None and self._scale.low <= number <= self._scale.high

    def _step_size(self) -> float | None:
        return self.setting.step or (1 if self.setting.kind is Kind.INT else None)

    # -- showing --------------------------------------------------------------------------------------------

    def show_unset(self, number: float | None) -> None:
        self._unset_number = number
        text = "\u2013" if number is None else texts.value_text(self.setting, number)
        self.field.setPlaceholderText(text)

    def show_value(self, value: Any) -> None:
        self.value = value
        is_word = value is None or any(value == number for number, _ in self.setting.named)
        if not is_word:
            self._last_number = value
        self._is_number = not is_word
        self.field.show_unit(self._is_number and self._has_room)
        text = texts.value_text(self.setting, value)
        # A long word is said by its pill; in the field it would only push the title aside.
        self.field.show_text("" if is_word and self.pills and len(text) > _LONGEST_WORD else text)
        name = self.spoken_name(value)
        if value is None and self._unset_number is not None:
            name = f"{name} ({texts.spoken(self.setting, self._unset_number)})"
        self.field.setAccessibleName(name)
        for word, pill in self.pills:
            pill.setChecked(value == word if word is not None else value is None)
        if self.slider is not None and self._scale is not None:
            self.slider.setAccessibleName(name)
            self.slider.set_is_set(value is not None and not any(pill.isChecked() for _, pill in self.pills))
            self._place_knob(value)
            self._place_tick()

    def show_loaded(self, value: Any, is_loaded: bool) -> None:
        self._loaded, self._is_loaded = value, is_loaded
        self._place_tick()

    def set_bounds(self, low: float, high: float) -> None:
        if self.slider is None or self._scale is None or (self._scale.low, self._scale.high) == (low, high):
            return
        self._scale = SliderScale(low, high, step=self._step_size(), log=self.setting.log)
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, self._scale.n_positions - 1)
        self.slider.setPageStep(max(1, self._scale.n_positions // 10))
        self.slider.blockSignals(blocked)
        self._place_knob(self.value)
        self._place_tick()

    def set_roomy(self, roomy: bool) -> None:
        if roomy != self._has_room:
            self._has_room = roomy
            self.field.show_unit(self._is_number and roomy)

    def wish_px(self) -> int:
        return self.field.width_px(self._is_number) if self.inline is self.field else super().wish_px()

    def _place_knob(self, value: Any) -> None:
        if self.slider is None or self.slider.isSliderDown():
            return
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(self._position(value))
        self.slider.blockSignals(blocked)
        self.slider.update()

    def _place_tick(self) -> None:
        if self.slider is not None:
            shown = self._is_loaded and self._loaded is not None
            self.slider.set_tick(self._position(self._loaded) if shown else None)

    def _position(self, value: Any) -> int:
        """The knob's place; -1 means without limit wherever llama.cpp uses it, so it lies at the far end."""
        assert self._scale is not None
        if value is None:
            number = self._last_number if self._unset_number is None else self._unset_number
            return self._scale.position_of(number) if number is not None else 0
        is_unlimited = value < 0 <= self._scale.low and any(
            value == number for number, _ in self.setting.named
        )
        return self._scale.n_positions - 1 if is_unlimited else self._scale.position_of(value)

    # -- editing --------------------------------------------------------------------------------------------

    def _typed(self, text: str) -> None:
        cleaned = text.replace("\u2212", "-")
        unit = texts.unit(self.setting)
        if unit and cleaned.rstrip().endswith(unit):
            cleaned = cleaned.rstrip().removesuffix(unit)
        words = {name.lower(): value for value, name in self._words()}
        if cleaned.strip().lower() in words:
            taken = self.offer(words[cleaned.strip().lower()])
        else:
            bare = cleaned.translate(_SPACES)
            taken = self.offer_text(bare if bare[:1].isdigit() or bare[:1] in {"-", "+", "."} else cleaned)
        self.field.set_bad(not taken)
        if taken:
            self.show_value(self.value)

    def _words(self) -> list[tuple[Any, str]]:
        words = [(number, texts.translated(name)) for number, name in self.setting.named]
        return [*words, (None, texts.none_title(self.setting))] if self.setting.optional else words

    def _slid(self, position: int) -> None:
        assert self.slider is not None
        assert self._scale is not None
        number = self._scale.value_at(position)
        value = round(number) if self.setting.kind is Kind.INT else number
        self.offer(value, settled=False)
        self.show_value(self.value)
        if not self.slider.isSliderDown():
            self._settle.start()

    def _let_go(self) -> None:
        self._settle.stop()
        self.offer(self.value)

    def _step(self, n_steps: int) -> None:
        if self.slider is not None and self._scale is not None and self.value is not None:
            low, high = self._scale.low, self._scale.high
            if low <= self.value <= high:
                self.slider.setValue(self.slider.value() + n_steps)
                return
        number = self._number() + n_steps * (self._step_size() or 1)
        if self.offer(number, settled=False):
            self._settle.start()
            self.show_value(self.value)

    def _pill(self, word: Any, checked: bool) -> None:
        self.offer(word if checked else self._number())
        self.show_value(self.value)

    def _number(self) -> float:
        """The number to begin with when a word is switched off."""
        for candidate in (self._last_number, self._unset_number, self.setting.default):
            if candidate is not None and not any(candidate == number for number, _ in self.setting.named):
                return candidate
        if self._scale is not None:
            middle = self._scale.value_at(self._scale.n_positions // 2)
            return round(middle) if self.setting.kind is Kind.INT else middle
        return max(self.setting.minimum or 0, 0)
