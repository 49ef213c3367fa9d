"""Where a message is written: a field that grows, the context meter, and one button that sends or stops."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.ui.chat.growing_edit import GrowingEdit
from app.ui.format import count_text, percent_text
from app.ui.icons import icon
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel
from app.ui.widgets.plain_tip import plain_tip

NEAR_FULL, FULL = 0.8, 0.95
"""Shares of the context from which the meter warns."""


class ComposerState(Enum):
    """What can be done."""

    NO_MODEL = "no_model"
    LOADING = "loading"
    READY = "ready"
    GENERATING = "generating"


class Composer(QFrame):
    """Return sends, Shift+Return is a new line, Escape stops. A draft can be written at any time."""

    send_asked = Signal(str)
    stop_asked = Signal()
    choose_model_requested = Signal()
    draft_changed = Signal(str)
    edit_last_asked = Signal()  # Up in an empty field
    system_prompt_asked = Signal()  # the chip was chosen

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = ComposerState.NO_MODEL
        self._model = ""
        self._chosen = ""
        self._asks_for_model = True
        set_role(self, "card")
        self._edit = GrowingEdit(theme, max_lines=10, submits=True, parent=self)
        self._edit.setAccessibleName(self.tr("Message"))
        self._edit.submitted.connect(self._submit)
        self._edit.textChanged.connect(self._text_changed)
        self._meter = QLabel(self)
        set_role(self._meter, "faint")
        self._chip = QPushButton(self.tr("System prompt"), self)
        self._chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(self._chip, "chip")
        self._chip.clicked.connect(self._chip_clicked)
        self._hint = ElidedLabel("", self)
        set_role(self._hint, "faint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._button = QPushButton(self)
        set_role(self._button, "primary")
        self._button.clicked.connect(self._act)
        self._arrange()
        self.set_system_prompt("")
        self.set_usage(0, 0)
        self._show_state()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._meter)
        row.addWidget(self._chip)
        row.addWidget(self._hint, 1)
        row.addWidget(self._button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self._edit)
        layout.addLayout(row)

    # -- what it shows --------------------------------------------------------------------------------------

    @property
    def state(self) -> ComposerState:
        """What can be done now."""
        return self._state

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._edit.toPlainText()

    @property
    def meter_text(self) -> str:
        """What the context meter says."""
        return self._meter.text()

    def set_state(self, state: ComposerState, model: str = "") -> None:
        """What can be done now, with the model of this name."""
        if (state, model) != (self._state, self._model):
            self._state, self._model = state, model
            self._show_state()

    def set_chosen(self, model: str) -> None:
        """The model that is chosen but not loaded, "" for none."""
        if model != self._chosen:
            self._chosen = model
            self._show_state()

    def set_asks_for_model(self, asks: bool) -> None:
        """Whether the button offers a model while none is loaded; False where that is offered above already."""
        if asks != self._asks_for_model:
            self._asks_for_model = asks
            self._show_state()

    def set_text(self, text: str) -> None:
        """Another conversation's draft."""
        if text != self.text:
            self._edit.setPlainText(text)
            self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)

    def set_system_prompt(self, text: str) -> None:
        """A chip shows that there is one."""
        self._chip.setVisible(bool(text.strip()))
        shown = text.strip()
        self._chip.setToolTip(plain_tip(shown if len(shown) <= 300 else shown[:299] + "…"))

    def set_usage(self, n_tokens: int, n_ctx: int, *, drops_turns: bool = False) -> None:
        """Tokens that conversation and draft take of the context; 0, 0 where it is not known.

        With `drops_turns` a conversation that is longer than the context goes on without its older turns.
        """
        self._meter.setVisible(n_ctx > 0)
        if n_ctx <= 0:
            return
        share = n_tokens / n_ctx
        used, size = count_text(n_tokens), count_text(n_ctx)
        self._meter.setText(self.tr("{used} / {size} tokens").format(used=used, size=size))
        words = self._usage_words(share, drops_turns=drops_turns).format(share=percent_text(share))
        self._meter.setToolTip(words)
        self._meter.setAccessibleName(f"{self._meter.text()}. {words}")
        is_bad = share >= FULL and not drops_turns
        set_role(self._meter, "bad" if is_bad else "warning" if share >= NEAR_FULL else "faint")

    def _usage_words(self, share: float, *, drops_turns: bool) -> str:
        if share >= 1 and drops_turns:
            return self.tr(
                "Conversation and draft are longer than the context ({share} of it): the next reply is written "
                "without some of the older turns, as set in Preferences."
            )
        if share >= 1:
            return self.tr(
                "Conversation and draft are longer than the context ({share} of it): they cannot be sent. Load the "
                "model with a longer context, or let older turns be dropped (Preferences)."
            )
        if share >= FULL:
            return self.tr(
                "The context is nearly full ({share}): the next reply will be short, or turns are left out."
            )
        if share >= NEAR_FULL:
            return self.tr("The context is filling up ({share}). A longer one can be set in the Load tab.")
        return self.tr("The conversation and your draft take {share} of the context.")

    def focus(self) -> None:
        """Give the keyboard to the field."""
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_state(self) -> None:
        self._show_placeholder()
        send = (self.tr("Send"), "", self.tr("Send (Return); Shift+Return for a new line"))
        texts = {
            ComposerState.NO_MODEL: self._without_model() if self._asks_for_model else send,
            ComposerState.GENERATING: (self.tr("Stop"), "stop", self.tr("Stop the reply (Escape)")),
        }
        text, icon_name, tooltip = texts.get(self._state, send)
        self._button.setText(text)
        self._button.setIcon(icon(self._theme, icon_name, "on_accent") if icon_name else QIcon())
        self._button.setToolTip(plain_tip(tooltip))
        self._button.setAccessibleName(tooltip)
        self._enable()

    def _show_placeholder(self) -> None:
        """What the empty field says, on one line: a long model name is shortened, never the words around it."""
        words = {
            ComposerState.NO_MODEL: self.tr("Load a model to chat"),
            ComposerState.LOADING: self.tr("The model is being loaded…"),
        }
        ready = self.tr("Message {model}") if self._model else self.tr("Message")
        shown = words.get(self._state, ready)
        metrics = self._edit.fontMetrics()
        margins = 2 * int(self._edit.document().documentMargin()) + 4
        room = self._edit.viewport().width() - margins - metrics.horizontalAdvance(shown.format(model=""))
        model = metrics.elidedText(self._model, Qt.TextElideMode.ElideRight, max(room, 40))
        self._edit.setPlaceholderText(shown.format(model=model))
        self._edit.viewport().update()  # Qt paints another placeholder only when one comes or goes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_placeholder()

    def _without_model(self) -> tuple[str, str, str]:
        """Text, icon and tooltip of the button while nothing is loaded."""
        if not self._chosen:
            return self.tr("Choose a model"), "", self.tr("Choose a model and load it")
        return self.tr("Load"), "", self.tr("Load {model}").format(model=self._chosen)

    def _enable(self) -> None:
        state, has_text = self._state, bool(self.text.strip())
        is_waiting = state is ComposerState.GENERATING and has_text
        self._hint.setText(self.tr("Can be sent once the reply has ended") if is_waiting else "")
        can_act = {
            ComposerState.NO_MODEL: self._asks_for_model,
            ComposerState.LOADING: False,
            ComposerState.READY: has_text,
            ComposerState.GENERATING: True,
        }
        self._button.setEnabled(can_act[state])

    # -- what is asked --------------------------------------------------------------------------------------

    def _text_changed(self) -> None:
        self._enable()
        self.draft_changed.emit(self.text)

    def _act(self) -> None:
        if self._state is ComposerState.NO_MODEL:
            self.choose_model_requested.emit()
        elif self._state is ComposerState.GENERATING:
            self.stop_asked.emit()
        else:
            self._submit()

    def _submit(self) -> None:
        text = self.text
        if self._state is ComposerState.READY and text.strip():
            self.send_asked.emit(text)

    def _chip_clicked(self) -> None:
        self.system_prompt_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._state is ComposerState.GENERATING:
            self.stop_asked.emit()
        elif event.key() == Qt.Key.Key_Up and not self.text:
            self.edit_last_asked.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.focus()
        super().mousePressEvent(event)
