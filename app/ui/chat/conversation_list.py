"""The list of conversations beside the transcript: search, new, rename in place, delete."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.services.chat import Chat
from app.ui.chat.conversation_model import GENERATING_ROLE, SECOND_LINE_ROLE, ConversationModel, Index
from app.ui.icons import icon
from app.ui.theme import Theme
from app.ui.widgets import IconButton, SearchField

REFRESH_MS = 30_000
"""How often the times in the list ("2 min ago") are read again."""


class ConversationList(QFrame):
    """Choosing a row opens it at once. F2 renames, Delete deletes, Ctrl+Z takes that back."""

    def __init__(self, theme: Theme, chat: Chat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chat = chat
        self._model = ConversationModel(chat, self)
        self._search = SearchField(theme, self.tr("Search"), self)  # more words would be cut
        self._search.setAccessibleName(self.tr("Search conversations"))
        self._search.setToolTip(self.tr("Search titles and messages (Ctrl+K)"))
        self._new = IconButton(theme, "new-chat", self.tr("New conversation (Ctrl+N)"), self)
        self._view = _List(self)
        self._view.setModel(self._model)
        self._view.setItemDelegate(_Rows(theme, self._view))
        self._view.setAccessibleName(self.tr("Conversations"))
        self._nothing = QLabel(self)
        self._nothing.setProperty("role", "hint")
        self._nothing.setWordWrap(True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._arrange()
        self._reload_timer = QTimer(self)
        self._reload_timer.setSingleShot(True)
        self._reload_timer.timeout.connect(self._reload)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._model.refresh)
        self._clock.start(REFRESH_MS)
        self._connect()
        self._reload()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._search, 1)
        row.addWidget(self._new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 6, 6)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._nothing)
        layout.addWidget(self._view, 1)

    def _connect(self) -> None:
        chat = self._chat
        self._search.searched.connect(self._searched)
        self._search.installEventFilter(self)
        self._new.clicked.connect(chat.new)
        self._view.clicked.connect(self._open)
        self._view.activated.connect(self._open)
        self._view.moved.connect(self._open)
        self._view.delete_asked.connect(self._delete)
        self._view.undo_asked.connect(chat.undo_delete)
        self._view.menu_asked.connect(self._show_menu)
        self._model.rename_asked.connect(chat.rename)
        chat.list_changed.connect(self._reload_soon)
        chat.generating_changed.connect(self._model.refresh)
        chat.opened.connect(self._select_current)

    @property
    def view(self) -> QListView:
        """The list itself."""
        return self._view

    @property
    def search_field(self) -> SearchField:
        """The search field."""
        return self._search

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search, Down goes to what was found, and Return opens the first of it."""
        if watched is self._search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if (event.key() == Qt.Key.Key_Down or is_return) and self._go_to_found(opens=is_return):
                return True
        return super().eventFilter(watched, event)

    def _go_to_found(self, *, opens: bool) -> bool:
        if self._search.text() != self._model.search:
            self._searched(self._search.text())
        if self._model.rowCount() == 0 or (opens and not self._model.search):
            return False
        row = max(self._model.row_of(self._chat.current.id), 0)
        index = self._model.index(0 if opens else row)
        self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        if opens:
            self._open(index)
        return True

    def focus_search(self) -> None:
        """Give the keyboard to the search."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _searched(self, text: str) -> None:
        self._model.set_search(text)
        self._show_nothing()
        self._select_current()

    def _reload_soon(self) -> None:
        self._reload_timer.start(0)

    def _reload(self) -> None:
        if self._view.state() == QAbstractItemView.State.EditingState:
            self._reload_timer.start(500)  # a reset would throw the half written title away
            return
        self._model.reload()
        self._show_nothing()
        self._select_current()

    def _show_nothing(self) -> None:
        is_empty = self._model.rowCount() == 0
        self._nothing.setVisible(is_empty)
        searched = self.tr("Nothing found for “{text}”.").format(text=self._model.search)
        self._nothing.setText(searched if self._model.search else self.tr("Conversations appear here."))

    def _select_current(self) -> None:
        row = self._model.row_of(self._chat.current.id)
        selection = self._view.selectionModel()
        if row < 0:
            selection.clearSelection()  # where the keyboard is stays
        elif row != self._view.currentIndex().row() or not selection.hasSelection():
            index = self._model.index(row)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _open(self, index: Index) -> None:
        summary = self._model.summary(index)
        if summary is not None:
            self._chat.open(summary.id)

    def _delete(self) -> None:
        summary = self._model.summary(self._view.currentIndex())
        if summary is not None:
            self._chat.delete(summary.id)

    def _show_menu(self, index: Index, at: QPoint) -> None:
        summary = self._model.summary(index)
        if summary is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(icon(self._theme, "rename"), self.tr("Rename"))
        rename.triggered.connect(lambda: self._view.edit(self._model.index(index.row())))
        delete = menu.addAction(icon(self._theme, "delete"), self.tr("Delete"))
        delete.triggered.connect(lambda: self._chat.delete(summary.id))
        menu.popup(at)


class _List(QListView):
    delete_asked = Signal()
    undo_asked = Signal()
    moved = Signal(object)  # the row that the keyboard went to
    menu_asked = Signal(object, QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_asked.emit()
            return
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_asked.emit()
            return
        super().keyPressEvent(event)
        if self.currentIndex().isValid() and self.currentIndex().row() != before:
            self.moved.emit(self.currentIndex())

    def _ask_menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid():
            self.menu_asked.emit(index, self.viewport().mapToGlobal(at))


class _Rows(QStyledItemDelegate):
    """Title, then model and time; a dot while a reply is being made."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, self._theme.text_size_px + self._theme.hint_size_px + 26)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(0, 2, -4, -2)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if is_selected or is_hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("selection" if is_selected else "raised"))
            painter.drawRoundedRect(box, 7, 7)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(self._theme.color("accent", 0.7))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 7, 7)
        inside = box.adjusted(10, 6, -10, -6)
        if index.data(GENERATING_ROLE):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent"))
            painter.drawEllipse(inside.right() - 6, inside.center().y() - 3, 7, 7)
            inside.setRight(inside.right() - 14)
        self._paint_line(painter, inside, str(index.data()), is_first=True)
        self._paint_line(painter, inside, str(index.data(SECOND_LINE_ROLE)), is_first=False)
        painter.restore()

    def _paint_line(self, painter: QPainter, inside: QRect, text: str, *, is_first: bool) -> None:
        font = self._theme.font(None if is_first else self._theme.hint_size_px)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(self._theme.color("text" if is_first else "faint"))
        edge = Qt.AlignmentFlag.AlignTop if is_first else Qt.AlignmentFlag.AlignBottom
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, int(edge | Qt.AlignmentFlag.AlignLeft), shown)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Title"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        height = editor.sizeHint().height()
        rect = option.rect.adjusted(2, 0, -6, 0)
        editor.setGeometry(rect.x(), rect.center().y() - height // 2, rect.width(), height)

    def helpEvent(
        self, event: QEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        return super().helpEvent(event, view, option, index)  # type: ignore[arg-type]
