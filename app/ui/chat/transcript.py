"""The messages of the open conversation in one scrolled column.

Only what is near the visible part is built and laid out; the height of what was never seen is estimated. What is
read stays where it is while something above it changes, and the end is followed only as long as the reader is
there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QScrollArea, QWidget

from app.core.conversation import Message, Role
from app.ui.chat.column import TOP, Column, Place, Slot
from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.message_view import INSET, BubbleView, MessageView
from app.ui.chat.reply_view import ReplyView
from app.ui.icons import icon
from app.ui.theme import Theme

COLUMN = 820
MARGIN = 28
N_VIEWS = 60
"""With more views than this, those far away are let go; they are built again when the reader comes near."""
SLICE_S = 0.010
NEAR_END = 12
"""A reader this near to the end, in pixels, is at the end."""


class _Ground(QWidget):
    """What the messages lie on. Opaque: else every new word repaints all that lies beneath, up to the window."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._be_opaque()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._be_opaque()

    def _be_opaque(self) -> None:
        # Each time, because a style sheet takes it away whenever it is applied.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self._theme.color("bg"))


class Transcript(QScrollArea):
    """Shows a path of messages; what is asked of a message is passed on with its id."""

    regenerate_asked = Signal(str)
    continue_asked = Signal(str)
    sibling_asked = Signal(str, int)
    edited = Signal(str, str, bool)
    tint_asked = Signal(str, bool)
    tint_all_asked = Signal(bool)
    drafting_asked = Signal(str)
    left = Signal()  # the keyboard goes back to the composer
    following_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parser = MarkdownParser()
        self._column = Column()
        self._dying: list[MessageView] = []
        self._before: QWidget | None = None
        self._is_chained = True  # the Tab key goes through the messages in their order
        self._follows = True
        self._is_placing = False
        self._can_generate = False
        self._tints = False
        self._content = _Ground(theme)
        self._set_up()
        self._settle_timer = self._timer(self.settle)
        self._build_timer = self._timer(self._build_more)
        self._jump = self._make_jump_button()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._restyle)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Messages"))
        self.verticalScrollBar().setSingleStep(24)
        self.setWidget(self._content)

    def _timer(self, action: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(0)
        timer.timeout.connect(action)
        return timer

    def _make_jump_button(self) -> QPushButton:
        button = QPushButton(icon(self._theme, "arrow-down", "text"), "", self)
        button.setToolTip(self.tr("Jump to the latest message"))
        button.setAccessibleName(self.tr("Jump to the latest message"))
        button.setFixedSize(QSize(34, 30))
        button.clicked.connect(self.jump_to_end)
        button.hide()
        return button

    # -- content --------------------------------------------------------------------------------------------

    @property
    def n_built(self) -> int:
        """How many messages have a view."""
        return len(self._column.views)

    @property
    def is_following(self) -> bool:
        """Whether the end is kept in view."""
        return self._follows

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be built or placed."""
        return self._settle_timer.isActive() or self._build_timer.isActive()

    def view(self, message_id: str) -> MessageView | None:
        """The view of a message, None if it is not in the path or not built."""
        slot = self._column.find(message_id)
        return slot.view if slot else None

    def reply(self, message_id: str) -> ReplyView | None:
        """The view of a reply, None if it is not in the path or not built."""
        view = self.view(message_id)
        return view if isinstance(view, ReplyView) else None

    def views(self) -> list[MessageView]:
        """All views that are built, first to last."""
        return self._column.views

    def show_path(
        self, messages: Sequence[Message], places: Sequence[Place], *, is_new: bool = False
    ) -> None:
        """Show this path; what it has in common with the one shown keeps its views. `is_new`: another
        conversation, shown from its end."""
        n_same = 0 if is_new else self._column.n_common(messages)
        with_keyboard = self._column.index_with(QApplication.focusWidget())
        for view in self._column.cut(n_same):
            self._drop(view)
        for slot, place in zip(self._column, places, strict=False):
            slot.place = place
            if slot.view is not None:
                slot.view.set_place(*place)
        if is_new or not len(self._column):
            self._set_follows(follows=True)
        for message, place in zip(messages[n_same:], places[n_same:], strict=True):
            self._column.add(message, place, self.column_width)
        self.settle()
        if with_keyboard is not None and with_keyboard >= n_same:
            self._give_keyboard(with_keyboard if not is_new else len(self._column))
        self._build_timer.start()

    def _drop(self, view: MessageView) -> None:
        view.hide()
        self._dying.append(view)

    def _give_keyboard(self, index: int) -> None:
        """To the message that has come in place of the one that had it; Qt would choose whatever comes next."""
        view = self._column.slots[index].view if index < len(self._column) else None
        if view is not None:
            view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.left.emit()

    def set_can_generate(self, can_generate: bool) -> None:
        """Whether another reply could be asked for now."""
        self._can_generate = can_generate
        for view in self.views():
            view.set_can_generate(can_generate)

    def set_tints(self, tints: bool) -> None:
        """Whether replies show what was guessed of them, unless they have a choice of their own."""
        self._tints = tints
        for view in self.views():
            if isinstance(view, ReplyView):
                view.set_tints(tints)

    # -- building -------------------------------------------------------------------------------------------

    def _build(self, slot: Slot) -> None:
        make = ReplyView if slot.message.role == Role.ASSISTANT else BubbleView
        self._is_chained = False
        view = slot.view = make(self._theme, self._parser, slot.message, self._content)
        view.set_place(*slot.place)
        view.set_can_generate(self._can_generate)
        view.height_changed.connect(lambda: self._height_changed(slot))
        view.regenerate_asked.connect(self.regenerate_asked)
        view.continue_asked.connect(self.continue_asked)
        view.sibling_asked.connect(self.sibling_asked)
        view.edited.connect(self.edited)
        view.left.connect(self.left)
        view.neighbour_asked.connect(lambda step: self._focus_neighbour(slot, step))
        if isinstance(view, ReplyView):
            view.set_tints(self._tints)
            view.tint_asked.connect(self.tint_asked)
            view.tint_all_asked.connect(self.tint_all_asked)
            view.drafting_asked.connect(self.drafting_asked)
        self._lay_out(slot)
        view.show()

    def _build_more(self) -> None:
        """A slice of work: what will soon be in sight is built, then what is not needed goes."""
        until = time.perf_counter() + SLICE_S
        near = self._stale(self.viewport().height())
        if near:
            while near and time.perf_counter() < until:
                self._lay_out(near.pop())
            self.settle()
        if not near and not self._is_chained:
            self._chain_focus()
        while self._dying and time.perf_counter() < until:
            self._dying.pop().deleteLater()
        self._let_go()
        if near or self._dying:
            self._build_timer.start(1)

    def _let_go(self) -> None:
        """Drops a few views that are far from what is seen, where there are many."""
        n_views = self.n_built
        if n_views <= N_VIEWS:
            return
        height = self.viewport().height()
        value = self.verticalScrollBar().value()
        far = self._column.farthest(value - 4 * height, value + 5 * height, min(10, n_views - N_VIEWS))
        focus = self.focusWidget()
        for slot in far:
            if slot.view is not None and not slot.view.is_editing and not slot.has(focus):
                self._drop(slot.view)
                slot.view = None
                slot.is_stale = True

    def follow_in_tab_order(self, before: QWidget) -> None:
        """Messages are made later than what stands around them: the Tab key comes to them from `before`."""
        self._before = before

    def _chain_focus(self) -> None:
        self._is_chained = True
        last = self._before
        for view in self.views():
            if last is not None:
                QWidget.setTabOrder(last, view)
            view.chain()
            last = view.last_control

    # -- layout ---------------------------------------------------------------------------------------------

    @property
    def column_width(self) -> int:
        """The width of the messages, in pixels."""
        return max(200, min(COLUMN, self.width() - 2 * MARGIN))

    def _height_changed(self, slot: Slot) -> None:
        slot.is_stale = True
        if not self._is_placing:
            self._settle_timer.start()

    def _lay_out(self, slot: Slot) -> None:
        if slot.view is None:
            self._build(slot)
            return
        if slot.is_old_style:
            slot.view.restyle()
            slot.is_old_style = False
        slot.width = self.column_width
        slot.is_stale = False
        slot.height = slot.view.lay_out(slot.width)
        slot.view.resize(slot.width + 2 * INSET, slot.height)

    def settle(self) -> None:
        """Lays out what is near and not up to date, and puts everything in its place."""
        self._settle_timer.stop()
        if self._is_placing:
            return
        self._is_placing = True
        anchor = self._anchor()
        try:
            for _ in range(10):  # laying out moves others into sight
                self._place()
                self._restore(anchor)
                stale = self._stale(margin=100)
                if not stale:
                    break
                for slot in stale:
                    self._lay_out(slot)
        finally:
            self._is_placing = False
        self._show_jump()

    def _stale(self, margin: int) -> list[Slot]:
        """What is not up to date among the messages in sight and `margin` pixels around."""
        top = self.verticalScrollBar().value()
        return self._column.waiting(top - margin, top + self.viewport().height() + margin, self.column_width)

    def _place(self) -> None:
        self._column.stack((self.width() - self.column_width) // 2)
        self._content.resize(self.viewport().width(), max(self._column.height, self.viewport().height()))

    def _anchor(self) -> tuple[Slot, int] | None:
        """The first message in sight and how far its top is above the edge."""
        value = self.verticalScrollBar().value()
        slot = self._column.first_below(value)
        return (slot, value - slot.y) if slot else None

    def _restore(self, anchor: tuple[Slot, int] | None) -> None:
        bar = self.verticalScrollBar()
        if self._follows:
            bar.setValue(bar.maximum())
        elif anchor is not None and anchor[0] in self._column.slots:
            bar.setValue(anchor[0].y + anchor[1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._jump.move((self.width() - self._jump.width()) // 2, self.height() - self._jump.height() - 12)
        self.settle()
        self._build_timer.start()

    def _restyle(self) -> None:
        for slot in self._column:
            slot.is_old_style = True
        self._settle_timer.start()

    # -- scrolling ------------------------------------------------------------------------------------------

    def jump_to_end(self) -> None:
        """Go to the latest message and follow it."""
        self._set_follows(follows=True)
        self.settle()

    def _scrolled(self, value: int) -> None:
        if self._is_placing:
            return
        bar = self.verticalScrollBar()
        self._set_follows(follows=value >= bar.maximum() - NEAR_END)
        if self._stale(margin=100):
            self._settle_timer.start()
        self._build_timer.start()
        self._show_jump()

    def _set_follows(self, *, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.following_changed.emit(follows)

    def _show_jump(self) -> None:
        bar = self.verticalScrollBar()
        self._jump.setVisible(not self._follows and bar.value() < bar.maximum() - NEAR_END)
        self._jump.raise_()

    def show_message(self, message_id: str) -> None:
        """Bring a message to the top of what is seen."""
        slot = self._column.find(message_id)
        if slot is not None:
            self._set_follows(follows=False)
            for _ in range(2):  # the way there was estimated
                self.verticalScrollBar().setValue(max(0, slot.y - TOP))
                self.settle()

    def show_part(self, view: MessageView, y: int) -> None:
        """Bring what is `y` pixels below a message's top into the middle."""
        self.verticalScrollBar().setValue(view.y() + y - self.viewport().height() // 3)

    def _focus_neighbour(self, slot: Slot, step: int) -> None:
        index = self._column.slots.index(slot) + step
        if not 0 <= index < len(self._column):
            return
        neighbour = self._column.slots[index]
        if neighbour.view is None:
            self._build(neighbour)
        view = neighbour.view
        assert view is not None
        view.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureVisible(view.x(), view.y() if step < 0 else view.y() + min(view.height(), 200), 0, 40)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_End:
            self.jump_to_end()
        elif event.key() == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        else:
            super().keyPressEvent(event)
