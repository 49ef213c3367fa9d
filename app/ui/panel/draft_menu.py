"""What the row of the draft model opens: the models that can draft, those that cannot and why, and a file dialog."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from app.core.drafts import Draft, why_nothing_drafts
from app.core.heads import unused_heads
from app.services.drafts import Drafts
from app.ui.panel import draft_words, texts
from app.ui.panel.draft_rows import ROW, DraftLines, DraftList, DraftRow
from app.ui.theme import Theme
from app.ui.widgets import SearchField

_WIDTH_PX = 460
_MOST_PX = 520
_EMPTY_PX = 240
_TOLD_LINES = 3
_Index = QModelIndex | QPersistentModelIndex
_MOVES = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


class DraftMenu(QFrame):
    """A popup with a search line; Return or a click chooses, and refused models say why they cannot be chosen."""

    chosen = Signal(object)  # the path, None for no draft model
    browse_requested = Signal()
    discover_requested = Signal()

    def __init__(self, theme: Theme, drafts: Drafts, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "menu")
        self.setAccessibleName(self.tr("Draft models"))
        self._drafts = drafts
        self._value: str | None = None
        self.search = SearchField(theme, self.tr("Search models"), self, delay_ms=0)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.guidance = self._label("hint")
        self.heads = self._label("faint")
        self.rows = DraftList(self)
        self.list = QListView(self)
        self.list.setAccessibleName(self.tr("Draft models"))
        self.list.setItemDelegate(DraftLines(theme, self.list))
        self.list.setModel(self.rows)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys come from the search line
        self.list.clicked.connect(self._choose)
        self.list.selectionModel().currentChanged.connect(self._tell)
        self.empty = self._label("dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.told = self._label("hint")
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.told.setMinimumHeight(_TOLD_LINES * (theme.hint_size_px + 5))  # so that nothing jumps
        self._arrange()
        drafts.changed.connect(self._refresh)

    def _label(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("role", role)
        label.setWordWrap(True)
        return label

    def _arrange(self) -> None:
        self.browse = QPushButton(self.tr("Browse\u2026"), self)
        self.browse.clicked.connect(lambda: self._leave(self.browse_requested))
        self.discover = QPushButton(self.tr("Find one in Discover"), self)
        self.discover.clicked.connect(lambda: self._leave(self.discover_requested))
        self.clear = QPushButton(self.tr("No draft model"), self)
        self.clear.clicked.connect(lambda: self._take(None))
        foot = QHBoxLayout()
        foot.setSpacing(4)
        for button in (self.browse, self.discover):
            button.setProperty("role", "quiet")
            foot.addWidget(button)
        foot.addStretch(1)
        self.clear.setProperty("role", "quiet")
        foot.addWidget(self.clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self.guidance)
        layout.addWidget(self.heads)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.told)
        layout.addLayout(foot)
        for label in (self.guidance, self.heads, self.told):
            label.setContentsMargins(14, 2, 14, 2)  # as the texts in the list

    # -- showing --------------------------------------------------------------------------------------------

    def open_below(self, widget: QWidget, value: str | None) -> None:
        """Shows the menu under `widget` or, where there is no room, over it; `value` is the path chosen now."""
        self._value = value
        self.search.clear()
        self._drafts.look()
        self._refresh()
        window = widget.window()
        width = min(_WIDTH_PX, window.width() - 40)
        corner = widget.mapTo(window, QPoint(0, 0))
        below, above = window.height() - corner.y() - widget.height() - 16, corner.y() - 16
        is_empty = self._drafts.is_complete and not self.rows.rows
        height = min(_EMPTY_PX if is_empty else _MOST_PX, max(below, above))
        left = min(corner.x(), window.width() - width - 12)
        top = corner.y() + widget.height() + 4 if below >= above else corner.y() - height - 4
        self.resize(width, height)
        self.move(window.mapToGlobal(QPoint(max(12, left), top)))
        self.show()
        self.search.setFocus()

    def _refresh(self) -> None:
        target = self._drafts.target
        heads = unused_heads(target) if target is not None else None
        self.guidance.setText(draft_words.guidance(target) if target is not None else "")
        self.heads.setText(texts.problem_text(heads) if heads is not None else "")
        self.heads.setVisible(heads is not None)
        self.clear.setVisible(self._value is not None)
        self._fill()

    def _fill(self) -> None:
        target = self._drafts.target
        cannot = why_nothing_drafts(target) if target is not None else None
        words = self.search.text().casefold().split()
        found = [draft for draft in self._drafts.found() if _matches(draft, words)] if cannot is None else []
        current = self._current()
        self.rows.show(self._rows_of(found))
        self.list.setVisible(bool(found))
        self.guidance.setVisible(target is not None and cannot is None)
        self.discover.setVisible(cannot is None)
        self.empty.setVisible(not found)
        self.empty.setText(self._why_empty(bool(words)) if cannot is None else texts.problem_text(cannot))
        wanted = current.path if current is not None else self._value
        row = self.rows.row_of(wanted or "")
        if row >= 0:
            self.list.setCurrentIndex(self.rows.index(row))
        if row == 1:  # with the heading over it
            self.list.scrollToTop()
        self._tell()

    def _rows_of(self, found: list[Draft]) -> list[DraftRow]:
        usable = [draft for draft in found if draft.is_usable]
        refused = [draft for draft in found if not draft.is_usable]
        rows: list[DraftRow] = []
        for heading, drafts in (
            (self.tr("Can draft for this model"), usable),
            (self.tr("Cannot be used"), refused),
        ):
            if drafts:
                rows.append(DraftRow(None, heading))
                rows += [DraftRow(draft, is_chosen=draft.path == self._value) for draft in drafts]
        return rows

    def _why_empty(self, is_filtered: bool) -> str:
        target = self._drafts.target
        if target is None:
            return self.tr("Choose a model first.")
        if not self._drafts.is_complete:
            return self.tr("Looking at the models\u2026")
        if is_filtered and self._drafts.found():
            return self.tr("Nothing found.")
        return self.tr("There is no other model yet.") + " " + draft_words.what_to_get(target)

    def _current(self) -> Draft | None:
        row = self.list.currentIndex().data(ROW)
        return row.draft if isinstance(row, DraftRow) else None

    def _tell(self) -> None:
        """Under the list stands in full what its line may cut short; and what to get where nothing can be used."""
        current, target, found = self._current(), self._drafts.target, self._drafts.found()
        said = draft_words.whole_verdict(current) or current.path if current is not None else ""
        is_looking = not self._drafts.is_complete
        if is_looking:
            said = self.tr("Looking at the models\u2026 {n} so far").format(n=len(found))
        elif found and target is not None and not any(draft.is_usable for draft in found):
            said = " ".join((said, draft_words.what_to_get(target)))
        self.told.setText(said)
        self.told.setVisible(bool(said) and not self.list.isHidden())

    # -- acting ---------------------------------------------------------------------------------------------

    def _choose(self, index: _Index) -> None:
        row = index.data(ROW)
        if isinstance(row, DraftRow) and row.draft is not None and row.draft.is_usable:
            self._take(row.draft.path)

    def _take(self, path: str | None) -> None:
        self.hide()
        self.chosen.emit(path)

    def _leave(self, signal: SignalInstance) -> None:
        self.hide()
        signal.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys move in the list while the search line has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                self.list.keyPressEvent(event)
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._choose(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)


def _matches(draft: Draft, words: list[str]) -> bool:
    said = f"{draft.name} {draft.path} {draft_words.facts_text(draft.facts)}".casefold()
    return all(word in said for word in words)
