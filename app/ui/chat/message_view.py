"""One message of the transcript: its text and what can be done with it. It shows and asks, it does not decide."""

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
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from app.core.conversation import Message
from app.ui.chat.action_bar import ActionBar, reserved_width
from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_editor import MessageEditor
from app.ui.chat.message_text import MessageText
from app.ui.format import count_text
from app.ui.icons import icon
from app.ui.theme import Theme

FOOTER = 28
INSET = 10
"""A view is wider than its message by so much at either side: room for the sign of the keyboard focus."""
PADDING_X, PADDING_Y = 14, 9
BUBBLE_SHARE = 0.8
SHOWN_CHARS = 20_000
"""A person's message is shown to here at first: a pasted file of megabytes would take seconds to lay out."""
_MORE_TIMES = 5


class MessageView(QWidget):
    """What both sides' messages have in common: text, actions, editing in place, alternatives, keyboard.

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
        self, theme: Theme, message: Message, text: MessageText, speaker: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._message = message
        self._place = (0, 1)
        self._can_generate = False
        self._bar: ActionBar | None = None
        self._editor: MessageEditor | None = None
        self._text = text
        text.setParent(self)
        text.height_changed.connect(self.height_changed)
        text.setAccessibleName(speaker)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(speaker)

    # -- for the sides to say -------------------------------------------------------------------------------

    def _actions(self) -> list[tuple[str, str, str]]:
        """(name, icon, tooltip) of what can be done with it."""
        return [
            ("copy", "copy", self.tr("Copy as Markdown")),
            ("edit", "edit", self.tr("Edit")),
            ("regenerate", "regenerate", self.tr("Regenerate")),
        ]

    def _toggles(self) -> dict[str, bool]:
        """Those of its actions that are states, and whether each is on."""
        return {}

    def _add_to_menu(self, menu: QMenu) -> None:
        """For the sides to add what concerns more than this message."""

    def _copied(self) -> str:
        """What copying it gives."""
        return self._message.text

    def _can_send(self) -> bool:
        """Whether a changed text can be sent to the model."""
        return False

    def _lay_out_body(self, y: int, width: int) -> int:
        """Places everything but the editor; returns the y below it."""
        raise NotImplementedError

    def _parts(self) -> list[QWidget]:
        """Controls between the text and the actions, in the order of the Tab key."""
        return []

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
    def is_editing(self) -> bool:
        """Whether its text is being edited."""
        return self._editor is not None

    def show_state(self) -> None:
        """Everything about the message but its text."""
        if self._bar is not None and self._bar.names != [name for name, _, _ in self._actions()]:
            self._drop_bar(self._bar)
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

    # -- size -----------------------------------------------------------------------------------------------

    def lay_out(self, width: int) -> int:
        """Places everything for a message of `width` and returns the height, both in pixels."""
        y = 4
        if self._editor is not None:
            y = self._stack(self._editor, y, width, self._editor.height_for(width)) + 6
        y = self._lay_out_body(y, width)
        if self._bar is not None:
            self._bar.setVisible(self._editor is None)
        return y + 4

    def _stack(self, part: QWidget, y: int, width: int, height: int) -> int:
        part.setGeometry(INSET, y, width, height)
        return y + height

    def _actions_came_or_went(self) -> None:
        """For the sides to make room for the buttons, or to take it."""

    def _bar_width(self) -> int:
        return reserved_width(len(self._actions()), self._place[1])

    def restyle(self) -> None:
        """The theme has changed."""
        self._text.restyle()
        self.height_changed.emit()

    # -- actions --------------------------------------------------------------------------------------------

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
            self._bar.active_changed.connect(self._actions_came_or_went)
            self._bar.stepped.connect(lambda step: self.sibling_asked.emit(self._message.id, step))
            self._bar.set_alternatives(*self._place)
            self._enable_actions()
            self._bar.show()
            self.lay_out(self.width() - 2 * INSET)
            self.chain()
        return self._bar

    def _drop_bar(self, bar: ActionBar) -> None:
        """What can be done with the message is no longer the same: another bar takes this one's place."""
        self._bar = None
        bar.hide()
        bar.deleteLater()
        if bar.is_active:
            self._make_bar().set_active(is_active=True)

    def _enable_actions(self) -> None:
        if self._bar is not None:
            self._bar.set_enabled_actions(self._enabled_actions())
            self._bar.set_toggles(self._toggles())

    def act(self, name: str) -> None:
        """Does what the button `name` says, if that can be done now."""
        if name not in self._enabled_actions():
            return
        if name == "copy":
            QGuiApplication.clipboard().setText(self._copied())
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
        self._editor = MessageEditor(self._theme, self._message.text, can_send=self._can_send(), parent=self)
        self._editor.height_changed.connect(self.height_changed)
        self._editor.cancelled.connect(self.stop_editing)
        self._editor.saved.connect(self._save)
        self._text.hide()
        self._editor.show()
        self.chain()
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

    def chain(self) -> None:
        """Tab goes through the parts in the order in which they are read."""
        for first, second in pairwise(self._controls()):
            QWidget.setTabOrder(first, second)

    def _controls(self) -> list[QWidget]:
        chain: list[QWidget] = [self]
        chain += [*self._parts(), *self._text.copy_buttons]
        for part in (self._editor, self._bar):
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
        enabled, toggles = self._enabled_actions(), self._toggles()
        for name, icon_name, text in self._actions():
            action = menu.addAction(icon(self._theme, icon_name), text)
            action.setEnabled(name in enabled)
            if name in toggles:
                action.setCheckable(True)
                action.setChecked(toggles[name])
            action.triggered.connect(lambda _checked=False, name=name: self.act(name))
        self._add_to_menu(menu)
        menu.popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent", 0.6))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 0.5, -1.5, -0.5), 9, 9)


class BubbleView(MessageView):
    """What a person said: as it was typed, in a bubble at the right."""

    def __init__(
        self, theme: Theme, parser: MarkdownParser, message: Message, parent: QWidget | None = None
    ) -> None:
        text = MessageText(theme, parser, is_plain=True)
        super().__init__(theme, message, text, self.tr("You"), parent)
        self._bubble = QRectF()
        self._n_shown = SHOWN_CHARS
        self._more = QPushButton(self)
        self._more.setProperty("role", "link")
        self._more.clicked.connect(self._show_more)
        self._show_text()

    def _show_text(self) -> None:
        source = self._message.text
        n_hidden = max(0, len(source) - self._n_shown)
        self._text.set_source(source[: self._n_shown] + "…" if n_hidden else source)
        self._more.setVisible(n_hidden > 0)
        self._more.setText(self.tr("Show more ({n} characters)").format(n=count_text(n_hidden)))

    def _show_more(self) -> None:
        self._n_shown *= _MORE_TIMES
        self._show_text()
        self.chain()
        self.height_changed.emit()

    def _parts(self) -> list[QWidget]:
        return [self._more] if len(self._message.text) > self._n_shown else []

    def _can_send(self) -> bool:
        return True

    def _lay_out_body(self, y: int, width: int) -> int:
        is_cut = bool(self._parts())
        self._more.setVisible(is_cut and self._editor is None)
        if self._editor is not None:
            return y
        room = min(int(width * BUBBLE_SHARE), width - self._bar_width() - 8) - 2 * PADDING_X
        text_width = self._text.natural_width(room)
        height = self._text.height_for(text_width)
        left = INSET + width - text_width - 2 * PADDING_X
        self._bubble = QRectF(left, y, text_width + 2 * PADDING_X, height + 2 * PADDING_Y)
        self._text.setGeometry(left + PADDING_X, y + PADDING_Y, text_width, height)
        if is_cut:
            self._more.adjustSize()
            self._more.move(int(left) + PADDING_X, y + PADDING_Y + height + 4)
            height += self._more.height() + 4
            self._bubble.setHeight(height + 2 * PADDING_Y)
        bottom = y + height + 2 * PADDING_Y
        if self._bar is not None:
            bar_width = self._bar_width()
            self._bar.setGeometry(left - bar_width - 6, bottom - FOOTER - 3, bar_width, FOOTER)
        return bottom

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._editor is None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("raised" if self._theme.tokens.is_dark else "line"))
            painter.setBrush(self._theme.color("raised"))
            painter.drawRoundedRect(self._bubble.adjusted(0.5, 0.5, -0.5, -0.5), 12, 12)
            painter.end()
        super().paintEvent(event)
