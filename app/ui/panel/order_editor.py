"""Steps in an order, each on or off: the sampler chain, the devices that share a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Kind, Setting
from app.ui.panel import texts
from app.ui.panel.list_editors import FoldingEditor
from app.ui.theme import Theme
from app.ui.widgets import IconButton

Names = Callable[[], Sequence[tuple[str, str]]]
"""Returns (name, title) of everything that can be chosen, e.g. the devices found on this machine."""


class OrderEditor(FoldingEditor):
    """ORDER and DEVICES rows: drag, or Alt+Up and Alt+Down, to reorder; Space to switch a step on or off."""

    def __init__(self, theme: Theme, setting: Setting, parent: QWidget, names: Names | None = None) -> None:
        super().__init__(theme, setting, parent)
        self._names = names or (lambda: [(c.value, texts.translated(c.title)) for c in setting.choices])

    def summary(self, value: Any) -> str:
        if self.setting.kind is Kind.DEVICES:
            return (
                super().summary(value)
                if not value
                else self.tr("{n} of {total}").format(n=len(value), total=self._total(value))
            )
        if value == self.setting.default:
            return self.tr("default order")
        return self.tr("{n} of {total} steps").format(n=len(value), total=self._total(value))

    def _total(self, value: Any) -> int:
        return len({name for name, _ in self._names()} | set(value))

    def build(self, below: QWidget) -> None:
        layout = QVBoxLayout(below)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        self.list = QListWidget(below)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(texts.title(self.setting))
        self.list.setAccessibleDescription(
            self.tr("Space switches a step on or off, Alt with Up or Down moves it")
        )
        self.list.installEventFilter(self)
        self.list.itemChanged.connect(lambda _item: self._gather())
        self.list.model().rowsMoved.connect(self._moved)
        layout.addWidget(self.list)
        line = QHBoxLayout()
        line.setSpacing(2)
        for icon_name, tooltip, step in (
            ("up", self.tr("Move up (Alt+Up)"), -1),
            ("down", self.tr("Move down (Alt+Down)"), 1),
        ):
            button = IconButton(self.theme, icon_name, tooltip, below, size_px=14)
            button.clicked.connect(lambda _checked=False, step=step: self.move_current(step))
            line.addWidget(button)
        line.addStretch(1)
        layout.addLayout(line)

    def show_items(self, value: Any) -> None:
        titles = dict(self._names())
        chosen = list(value or ())
        if chosen == self._chosen() and self.list.count() == len(titles.keys() | set(chosen)):
            return
        current = self.list.currentItem()
        current_name = current.data(Qt.ItemDataRole.UserRole) if current is not None else None
        self.list.blockSignals(True)
        self.list.clear()
        for name in [*chosen, *(name for name in titles if name not in chosen)]:
            missing = self.tr("{name} (not found)").format(name=name)
            self._add(name, titles.get(name, missing), name in chosen)
            if name == current_name:
                self.list.setCurrentRow(self.list.count() - 1)
        self.list.blockSignals(False)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)
        self._fit_height()

    def _add(self, name: str, title: str, is_on: bool) -> None:
        item = QListWidgetItem(title, self.list)
        item.setData(Qt.ItemDataRole.UserRole, name)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
            | Qt.ItemFlag.ItemIsDragEnabled
        )
        item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)

    def _fit_height(self) -> None:
        height = sum(self.list.sizeHintForRow(row) for row in range(self.list.count()))
        self.list.setFixedHeight(height + 4)

    def move_current(self, step: int) -> None:
        """Moves the current step up (-1) or down (1)."""
        row = self.list.currentRow()
        if row < 0 or not 0 <= row + step < self.list.count():
            return
        self.list.blockSignals(True)
        item = self.list.takeItem(row)
        self.list.insertItem(row + step, item)
        self.list.setCurrentRow(row + step)
        self.list.blockSignals(False)
        self._gather()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.move_current(step)
                return True
        return super().eventFilter(watched, event)

    def _moved(self, _parent: QModelIndex, *_rows: object) -> None:
        self._gather()

    def _chosen(self) -> list[str]:
        items = (self.list.item(row) for row in range(self.list.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() is Qt.CheckState.Checked]

    def _gather(self) -> None:
        chosen = self._chosen()
        if chosen != self.value:
            self.offer(chosen)
            self.button.setText(self.summary(self.value))
