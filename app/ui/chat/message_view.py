"""One message of the transcript: its text and all that belongs to it. It shows and asks, it does not decide."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from app.core.conversation import Message, Role
from app.core.reasons import FailureKind
from app.core.thinking import split_thinking
from app.ui.chat.action_bar import ActionBar, reserved_width
from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_editor import MessageEditor
from app.ui.chat.message_text import MessageText
from app.ui.chat.notice import Notice
from app.ui.chat.reply_figures import Figure, figures
from app.ui.chat.stats_line import StatsLine
from app.ui.chat.thinking_block import ThinkingBlock
from app.ui.chat.words import trim_text, trouble_text
from app.ui.icons import icon
from app.ui.theme import Theme

FOOTER = 28
PADDING_X, PADDING_Y = 14, 9
BUBBLE_SHARE = 0.8


class MessageView(QWidget):
    """A bubble at the right for what a person said, the full width for a reply.

    The transcript gives it a width with `lay_out` and places it; `height_changed` says that the answer would now
    be another.
    """

    height_changed = Signal()
    regenerate_asked = Signal(str)  # message id
    continue_asked = Signal(str)
    sibling_asked = Signal(str, int)  # message id, step
    edited = Signal(str, str, bool)  # message id, text, whether a reply is wanted
    neighbour_asked = Signal(int)  # move the keyboard focus: -1 up, 1 down
    left = Signal()  # Escape: the keyboard goes back to the composer

    def __init__(
        self, theme: Theme, parser: MarkdownParser, message: Message, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parser = parser
        self._message = message
        self._is_reply = message.role == Role.ASSISTANT
        self._answer = ""
        self._place = (0, 1)
        self._can_generate = False
        self._bar: ActionBar | None = None
        self._thinking: ThinkingBlock | None = None
        self._trimmed: Notice | None = None
        self._trouble: Notice | None = None
        self._editor: MessageEditor | None = None
        self._bubble = QRectF()
        self._text = MessageText(theme, parser, self, is_plain=not self._is_reply)
        self._text.height_changed.connect(self.height_changed)
        self._text.setAccessibleName(self._speaker())
        self._stats = StatsLine(theme, self)
        self._stats.setVisible(self._is_reply)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self._speaker())
        self.show_message(message, *self._place)

    def _speaker(self) -> str:
        if not self._is_reply:
            return self.tr("You")
        return self._message.model or self.tr("Assistant")

    # -- content --------------------------------------------------------------------------------------------

    @property
    def message(self) -> Message:
        """The message that is shown."""
        return self._message

    @property
    def text(self) -> MessageText:
        """Its text."""
        return self._text

    @property
    def stats(self) -> StatsLine:
        """The line of figures under a reply."""
        return self._stats

    @property
    def thinking(self) -> ThinkingBlock | None:
        """The folded thinking, None where there is none."""
        return self._thinking

    @property
    def is_editing(self) -> bool:
        """Whether its text is being edited."""
        return self._editor is not None

    def show_message(self, message: Message, index: int, count: int) -> None:
        """Show all of `message`, alternative `index` of `count`."""
        self._message = message
        self._place = (index, count)
        if not self._is_reply:
            self._text.set_source(message.text)
        elif message.is_streaming:
            split = split_thinking(message.text, complete=False)
            self._show_thinking(split.thinking, is_open=split.is_open)
            self._answer = split.answer
            self._text.start_stream(split.answer)
            self.show_live([])
        else:
            split = split_thinking(message.text)
            self._show_thinking(split.thinking, is_open=False)
            self._answer = split.answer
            self._text.set_source(split.answer)
        self.show_state()

    def show_state(self) -> None:
        """Everything about the message but its text: figures, notices, alternatives."""
        message = self._message
        if self._is_reply and not message.is_streaming:
            self._stats.show_figures(figures(message), message)
        self._trimmed = self._show_notice(self._trimmed, "info", "faint", message.notice is not None)
        if self._trimmed is not None and message.notice is not None:
            self._trimmed.show_text(trim_text(message.notice))
        self._show_trouble()
        if self._bar is not None or self._place[1] > 1:
            self._make_bar().set_alternatives(*self._place)
            self._enable_actions()
        self.height_changed.emit()

    def set_place(self, index: int, count: int) -> None:
        """It has become alternative `index` of `count`."""
        if (index, count) != self._place:
            self._place = (index, count)
            self.show_state()

    def set_can_generate(self, can_generate: bool) -> None:
        """Whether another reply could be asked for now."""
        self._can_generate = can_generate
        self._enable_actions()

    def _show_thinking(self, text: str, *, is_open: bool) -> None:
        if not text:
            if self._thinking is not None:
                self._thinking.deleteLater()
                self._thinking = None
            return
        if self._thinking is None:
            self._thinking = ThinkingBlock(self._theme, self._parser, self)
            self._thinking.height_changed.connect(self.height_changed)
            self._thinking.show()
            self._chain()
        self._thinking.show_thinking(text, self._message.thinking_ms, is_streaming=is_open)

    def _show_notice(
        self, notice: Notice | None, icon_name: str, tone: str, is_wanted: bool
    ) -> Notice | None:
        if not is_wanted:
            if notice is not None:
                notice.deleteLater()
            return None
        if notice is None:
            notice = Notice(self._theme, icon_name, tone, self)
            notice.show()
        return notice

    def _show_trouble(self) -> None:
        message = self._message
        words = None if message.is_streaming else trouble_text(message)
        is_bad = message.error is not None
        is_new = self._trouble is None
        self._trouble = self._show_notice(
            self._trouble, "error" if is_bad else "warning", "bad" if is_bad else "warning", words is not None
        )
        if self._trouble is None or words is None:
            return
        detail = ""
        if message.error is not None:
            detail = ": ".join(part for part in (message.error.detail, message.error.message) if part)
        self._trouble.show_text(*words, self._remedy(), detail=detail)
        if is_new:
            self._trouble.acted.connect(self._act_on_trouble)
            self._chain()

    def _remedy(self) -> str:
        error = self._message.error
        if error is not None and error.kind in (FailureKind.PROMPT_TOO_LONG, FailureKind.BAD_TEMPLATE):
            return ""
        return self.tr("Continue") if self._message.text.strip() else self.tr("Try again")

    def _act_on_trouble(self) -> None:
        asked = self.continue_asked if self._message.text.strip() else self.regenerate_asked
        asked.emit(self._message.id)

    # -- a reply being made ---------------------------------------------------------------------------------

    def take_text(self) -> None:
        """The message's text has grown."""
        split = split_thinking(self._message.text, complete=False)
        if split.thinking:
            self._show_thinking(split.thinking, is_open=split.is_open)
        if split.answer.startswith(self._answer):
            added = split.answer[len(self._answer) :]
            self._answer = split.answer
            if added:
                self._text.append(added)
        else:  # what looked like an answer was thinking
            self._answer = split.answer
            self._text.start_stream(split.answer)
        if split.thinking:
            self.height_changed.emit()

    def show_live(self, live: list[Figure], fraction: float | None = None) -> None:
        """Figures of the reply being made."""
        self._stats.show_figures(live, fraction=fraction)

    def finish(self) -> None:
        """The reply has ended."""
        split = split_thinking(self._message.text)
        self._show_thinking(split.thinking, is_open=False)
        if split.answer.startswith(self._answer):
            self._text.append(split.answer[len(self._answer) :])
            self._text.finish()
        else:
            self._text.set_source(split.answer)
        self._answer = split.answer
        self.show_state()

    # -- size -----------------------------------------------------------------------------------------------

    def lay_out(self, width: int) -> int:
        """Places everything for `width` and returns the height, both in pixels."""
        y = 0
        if self._trimmed is not None:
            y = self._stack(self._trimmed, y, width, self._trimmed.height_for(width)) + 10
        if self._thinking is not None and not self._editor:
            y = self._stack(self._thinking, y, width, self._thinking.height_for(width)) + 8
        if self._editor is not None:
            y = self._stack(self._editor, y, width, self._editor.height_for(width))
        elif self._is_reply:
            is_empty = not self._answer and (self._thinking is not None or not self._message.is_streaming)
            self._text.setVisible(not is_empty)
            if not is_empty:
                y = self._stack(self._text, y, width, self._text.height_for(width))
        else:
            y = self._lay_out_bubble(width)
        if self._trouble is not None:
            y = self._stack(self._trouble, y + 8, width, self._trouble.height_for(width))
        self._lay_out_footer(y, width)
        return y + FOOTER + 4

    def _stack(self, part: QWidget, y: int, width: int, height: int) -> int:
        part.setGeometry(0, y, width, height)
        return y + height

    def _lay_out_bubble(self, width: int) -> int:
        room = int(width * BUBBLE_SHARE) - 2 * PADDING_X
        text_width = self._text.natural_width(room)
        height = self._text.height_for(text_width)
        left = width - text_width - 2 * PADDING_X
        self._bubble = QRectF(left, 0, text_width + 2 * PADDING_X, height + 2 * PADDING_Y)
        self._text.setGeometry(left + PADDING_X, PADDING_Y, text_width, height)
        return height + 2 * PADDING_Y

    def _lay_out_footer(self, y: int, width: int) -> None:
        reserved = reserved_width(len(self._actions()), self._place[1])
        self._stats.setGeometry(0, y + 2, width - reserved - 8, FOOTER - 2)
        if self._bar is not None:
            self._bar.setGeometry(0 if not self._is_reply else width - reserved, y + 2, 0, FOOTER - 2)
            self._bar.setFixedWidth(reserved if self._is_reply else width)
            self._bar.setVisible(self._editor is None)

    def restyle(self) -> None:
        """The theme has changed."""
        for part in (self._text, self._stats, self._thinking, self._trimmed, self._trouble):
            if part is not None:
                part.restyle()
        self.height_changed.emit()

    # -- actions --------------------------------------------------------------------------------------------

    def _actions(self) -> list[tuple[str, str, str]]:
        actions = [("copy", "copy", self.tr("Copy as Markdown")), ("edit", "edit", self.tr("Edit"))]
        actions.append(("regenerate", "regenerate", self.tr("Regenerate")))
        if self._is_reply:
            actions.append(("continue", "continue", self.tr("Continue this reply")))
        return actions

    def _enabled_actions(self) -> set[str]:
        enabled = {"copy"}
        if not self._message.is_streaming:
            enabled.add("edit")
            if self._can_generate:
                enabled |= {"regenerate", "continue"}
        return enabled

    def _make_bar(self) -> ActionBar:
        if self._bar is None:
            self._bar = ActionBar(self._theme, self._actions(), self)
            self._bar.chosen.connect(self.act)
            self._bar.stepped.connect(lambda step: self.sibling_asked.emit(self._message.id, step))
            self._bar.set_alternatives(*self._place)
            self._enable_actions()
            y = self.height() - FOOTER - 4
            self._lay_out_footer(y, self.width())
            self._bar.show()
            self._chain()
        return self._bar

    def _enable_actions(self) -> None:
        if self._bar is not None:
            self._bar.set_enabled_actions(self._enabled_actions())

    def act(self, name: str) -> None:
        """Does what the button `name` says, if that can be done now."""
        if name not in self._enabled_actions():
            return
        if name == "copy":
            QGuiApplication.clipboard().setText(self._answer if self._is_reply else self._message.text)
        elif name == "edit":
            self.start_editing()
        elif name == "regenerate":
            self.regenerate_asked.emit(self._message.id)
        else:
            self.continue_asked.emit(self._message.id)

    def start_editing(self) -> None:
        """Puts an editor in place of the text."""
        if self._editor is not None:
            return
        self._editor = MessageEditor(
            self._theme, self._message.text, can_send=not self._is_reply, parent=self
        )
        self._editor.height_changed.connect(self.height_changed)
        self._editor.cancelled.connect(self.stop_editing)
        self._editor.saved.connect(self._save)
        self._text.hide()
        self._editor.show()
        self._chain()
        self.height_changed.emit()
        self._editor.start()

    def stop_editing(self) -> None:
        """Back to the text as it was."""
        if self._editor is None:
            return
        self._editor.hide()
        self._editor.deleteLater()
        self._editor = None
        self._text.show()
        self.setFocus()
        self.height_changed.emit()

    def _save(self, text: str, is_sent: bool) -> None:
        is_changed = text != self._message.text
        self.stop_editing()
        if is_changed or is_sent:
            self.edited.emit(self._message.id, text, is_sent)

    # -- events ---------------------------------------------------------------------------------------------

    def _chain(self) -> None:
        """Tab goes through the parts in the order in which they are read."""
        for first, second in pairwise(self._controls()):
            QWidget.setTabOrder(first, second)

    def _controls(self) -> list[QWidget]:
        chain: list[QWidget] = [self]
        if self._thinking is not None:
            chain.append(self._thinking.header)
        chain += self._text.copy_buttons
        for part in (self._editor, self._trouble, self._bar):
            if part is not None:
                chain += part.tab_chain()
        return chain

    @property
    def last_control(self) -> QWidget:
        """The last of its parts that the Tab key reaches."""
        return self._controls()[-1]

    def enterEvent(self, event: QEnterEvent) -> None:
        self._make_bar().set_active(is_active=True)

    def leaveEvent(self, event: QEvent) -> None:
        self._hide_actions()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._make_bar().set_active(is_active=True)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focus_left(self) -> None:
        """The keyboard has gone elsewhere."""
        self._hide_actions()

    def _hide_actions(self) -> None:
        focus = QGuiApplication.focusObject()
        has_focus = isinstance(focus, QWidget) and (focus is self or self.isAncestorOf(focus))
        if self._bar is not None and not has_focus and not self.underMouse():
            self._bar.set_active(is_active=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.neighbour_asked.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._place[1] > 1:
            self.sibling_asked.emit(self._message.id, -1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_F2):
            self.act("edit")
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.act("copy")
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        enabled = self._enabled_actions()
        for name, icon_name, text in self._actions():
            action = menu.addAction(icon(self._theme, icon_name), text)
            action.setEnabled(name in enabled)
            action.triggered.connect(lambda _checked=False, name=name: self.act(name))
        menu.popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._is_reply and self._editor is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("raised"))
            painter.drawRoundedRect(self._bubble, 12, 12)
        if self.hasFocus():
            painter.setPen(self._theme.color("accent", 0.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
