"""The list that the pill opens: models and their loadouts, last used first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.ui.theme import Theme
from app.ui.widgets import SearchField
from app.ui.widgets.plain_tip import plain_tip

_CHOICE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line: a model, or one of its loadouts (`loadout` is its name). What came with Loadout can be hidden."""

    model_id: str
    loadout: str
    title: str
    detail: str
    is_loaded: bool = False
    is_built_in: bool = False

    def matches(self, words: list[str]) -> bool:
        """Whether every word occurs in what the line says."""
        said = f"{self.title} {self.detail} {self.loadout} {self.model_id}".casefold()
        return all(word in said for word in words)


class _Choices(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[ModelChoice] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        choice = self.rows[index.row()]
        if role == _CHOICE:
            return choice
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{choice.title}, {choice.detail}"
        return plain_tip(choice.model_id) if role == Qt.ItemDataRole.ToolTipRole else None

    def show(self, rows: Sequence[ModelChoice]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()


class _Lines(QStyledItemDelegate):
    """A model's line with its facts at the right; a loadout's line indented below it."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, self._theme.text_size_px + 19)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        choice: ModelChoice = index.data(_CHOICE)
        theme, rect = self._theme, option.rect.adjusted(4, 1, -4, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(rect, 6, 6)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(rect, 6, 6)
        self._draw_line(painter, rect, choice)
        painter.restore()

    def _draw_line(self, painter: QPainter, rect: QRect, choice: ModelChoice) -> None:
        theme = self._theme
        left = rect.left() + (28 if choice.loadout else 10)
        if choice.is_loaded:
            painter.setBrush(theme.color("good"))
            painter.drawEllipse(QPoint(left + 3, rect.center().y() + 1), 3, 3)
            left += 14
        painter.setFont(theme.font(theme.hint_size_px))
        detail_width = min(painter.fontMetrics().horizontalAdvance(choice.detail) + 4, rect.width() // 2)
        detail_rect = QRect(rect.right() - detail_width - 8, rect.top(), detail_width, rect.height())
        detail = painter.fontMetrics().elidedText(choice.detail, Qt.TextElideMode.ElideRight, detail_width)
        painter.setPen(theme.color("dim"))
        painter.drawText(
            detail_rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), detail
        )
        painter.setFont(theme.font(bold=not choice.loadout))
        width = detail_rect.left() - left - 12
        title = painter.fontMetrics().elidedText(choice.title, Qt.TextElideMode.ElideMiddle, width)
        painter.setPen(theme.color("text"))
        painter.drawText(
            QRect(left, rect.top(), width, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), title
        )


class ModelMenu(QFrame):
    """A popup with a search line. Return chooses, Ctrl+Return chooses and loads."""

    chosen = Signal(str, str)
    load_chosen = Signal(str, str)
    add_requested = Signal()
    models_requested = Signal()
    hide_guide_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "menu")
        self._all: list[ModelChoice] = []
        self._search = SearchField(theme, self.tr("Search models and loadouts"), self, delay_ms=0)
        self._search.textChanged.connect(self._filter)
        self._search.installEventFilter(self)
        self._choices = _Choices(self)
        self._list = QListView(self)
        self._list.setAccessibleName(self.tr("Models and loadouts"))
        self._list.setItemDelegate(_Lines(theme, self._list))
        self._list.setModel(self._choices)
        self._list.setMouseTracking(True)
        self._list.setUniformItemSizes(True)
        self._list.selectionModel().currentChanged.connect(self._show_foot)
        self._list.clicked.connect(lambda index: self._choose(index, load=False))
        self._list.doubleClicked.connect(lambda index: self._choose(index, load=True))
        self._empty = QLabel(self)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "dim")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._arrange()

    def _arrange(self) -> None:
        add = QPushButton(self.tr("Add a model file…"), self)
        add.clicked.connect(lambda: self._leave(self.add_requested))
        models = QPushButton(self.tr("All models"), self)
        models.clicked.connect(lambda: self._leave(self.models_requested))
        self._hint = QLabel(self.tr("Ctrl+Return loads at once"), self)
        self._hint.setProperty("role", "faint")
        self._hide = QPushButton(self.tr("Hide the Guide"), self)
        self._hide.clicked.connect(lambda: self._leave(self.hide_guide_requested))
        foot = QHBoxLayout()
        foot.setSpacing(4)
        for button in (add, models, self._hide):
            button.setProperty("role", "quiet")
        foot.addWidget(add)
        foot.addWidget(models)
        foot.addStretch(1)
        foot.addWidget(self._hint)
        foot.addWidget(self._hide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self._search)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._empty, 1)
        layout.addLayout(foot)

    def set_choices(self, choices: Sequence[ModelChoice]) -> None:
        """What there is to choose from."""
        self._all = list(choices)
        self._filter()

    def open_below(self, widget: QWidget) -> None:
        """Shows the menu under `widget`, inside the window."""
        self._search.clear()
        self._filter()
        height = min(440, 108 + max(3, len(self._choices.rows)) * (self._list.sizeHintForRow(0) + 1))
        self.resize(min(560, widget.window().width() - 80), height)
        self.move(widget.mapToGlobal(QPoint(0, widget.height() + 4)))
        self.show()
        self._search.setFocus()

    def _filter(self) -> None:
        words = self._search.text().casefold().split()
        rows = [choice for choice in self._all if choice.matches(words)]
        self._choices.show(rows)
        self._list.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._empty.setText(
            self.tr("Nothing found.")
            if self._all
            else self.tr("No models yet. Add a file, or a folder of models.")
        )
        if rows:
            self._list.setCurrentIndex(self._choices.index(0))
        self._show_foot()

    def _show_foot(self, *_indexes: object) -> None:
        """What came with Loadout is hidden from here; the hint makes room for that."""
        choice = self._list.currentIndex().data(_CHOICE)
        can_hide = isinstance(choice, ModelChoice) and choice.is_built_in
        self._hide.setVisible(can_hide)
        self._hint.setVisible(not can_hide)

    def _choose(self, index: _Index, *, load: bool) -> None:
        choice = index.data(_CHOICE)
        if isinstance(choice, ModelChoice):
            self.hide()
            (self.load_chosen if load else self.chosen).emit(choice.model_id, choice.loadout)

    def _leave(self, signal: SignalInstance) -> None:
        self.hide()
        signal.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys move in the list while the search line has the focus."""
        if watched is self._search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = event.key()
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}:
                self._list.keyPressEvent(event)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
                self._choose(self._list.currentIndex(), load=bool(held))
                return True
        return super().eventFilter(watched, event)
