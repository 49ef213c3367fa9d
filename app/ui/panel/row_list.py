"""All rows of one plan in their groups: advanced ones folded, filtered by words and by what is changed."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.core.settings import Problem, Setting
from app.core.settings.bounds import UNSET_FOLLOWS
from app.services.plan import Plan
from app.ui.panel import texts
from app.ui.panel.editors import Sources
from app.ui.panel.row_parts import FoldButton
from app.ui.panel.setting_row import SettingRow
from app.ui.theme import Theme

_MARGIN_PX = 14


class RowGroup(QWidget):
    """One group: heading, everyday rows, and a fold with the rest, whose rows are built when first wanted."""

    row_built = Signal(object)  # SettingRow

    def __init__(self, theme: Theme, plan: Plan, group: str, sources: Sources, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plan = plan
        self._sources = sources
        self.settings = plan.table.in_group(group)
        self.rows: dict[str, SettingRow] = {}
        self.is_unfolded = False
        self._filter: set[str] | None = None
        self._chain_soon = QTimer(self)  # many rows are built together
        self._chain_soon.setSingleShot(True)
        self._chain_soon.timeout.connect(self._chain)
        self.heading = QLabel(texts.translated(group), self)
        self.heading.setProperty("role", "group")
        self.fold = FoldButton(theme, self)
        self.fold.clicked.connect(lambda: self.unfold(not self.is_unfolded))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 12, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self._column.addWidget(self.fold)
        self._folded = [setting for setting in self.settings if setting.advanced or not setting.available]
        self.show_only(None)

    def is_folded(self, key: str) -> bool:
        """Whether the fold hides the row of `key`."""
        return not self.is_unfolded and any(setting.key == key for setting in self._folded)

    def unfold(self, unfolded: bool) -> None:
        """Shows or hides the advanced rows."""
        self.is_unfolded = unfolded
        self.show_only(self._filter)

    def show_only(self, keys: set[str] | None) -> int:
        """Shows the rows of `keys`, or without a filter (None) what the fold leaves; returns how many are shown."""
        self._filter = keys
        n_shown = 0
        for setting in self.settings:
            wanted = (
                setting.key in keys if keys is not None else self.is_unfolded or setting not in self._folded
            )
            if wanted:
                self.row(setting.key).setVisible(True)
                n_shown += 1
            elif setting.key in self.rows:
                self.rows[setting.key].setVisible(False)
        self.fold.setVisible(keys is None and bool(self._folded))
        self.setVisible(n_shown > 0 or keys is None)
        self.tell_fold()
        return n_shown

    def row(self, key: str) -> SettingRow:
        """The row of `key`, built if it is not there yet."""
        if key not in self.rows:
            setting = self._plan.table[key]
            row = SettingRow(self._theme, self._plan, setting, self._sources, self)
            self._column.insertWidget(self._place(setting), row)
            self.rows[key] = row
            self._chain_soon.start()
            self.row_built.emit(row)
        return self.rows[key]

    def _chain(self) -> None:
        """Tab goes through the rows as they stand, whenever they were built."""
        rows = [self.rows[setting.key] for setting in self.settings if setting.key in self.rows]
        everyday = [row for row in rows if row.setting not in self._folded]
        parts = [*everyday, self.fold, *(row for row in rows if row.setting in self._folded)]
        stops = [stop for part in parts for stop in _stops(part)]
        for one, following in pairwise(stops):
            QWidget.setTabOrder(one, following)

    def _place(self, setting: Setting) -> int:
        """Everyday rows come before the fold, the others after it, each in the table's order."""
        is_folded = setting in self._folded
        earlier = self.settings[: self.settings.index(setting)]
        before = [s for s in earlier if s.key in self.rows and (s in self._folded) is is_folded]
        return len(before) + (self._column.indexOf(self.fold) + 1 if is_folded else 1)

    def tell_fold(self) -> None:
        """Says on the fold how many rows it holds and how many of them are changed."""
        if not self._folded:
            return
        if not any(setting.available for setting in self._folded):
            text = self.tr("Not yet available ({n})").format(n=len(self._folded))
        else:
            text = self.tr("Advanced ({n})").format(n=len(self._folded))
        n_changed = sum(self._plan.is_changed(setting.key) for setting in self._folded)
        if n_changed:
            text += self.tr(", {n} changed").format(n=n_changed)
        if text != self.fold.text():
            self.fold.setText(text)
        self.fold.show_open(self.is_unfolded)


class RowList(QScrollArea):
    """The scrolling list of a plan's groups."""

    problems_changed = Signal(object)  # list[Problem]
    filtered = Signal(int)  # how many rows the filter leaves; -1 without one
    row_built = Signal(object)  # SettingRow: one that was not there before

    def __init__(
        self, theme: Theme, plan: Plan, parent: QWidget | None = None, *, sources: Sources | None = None
    ) -> None:
        super().__init__(parent)
        self.plan = plan
        self._words: tuple[str, ...] = ()
        self._changed_only = False
        self._haystacks = {setting.key: texts.haystack(setting) for setting in plan.table}
        self._dependents = _dependents(plan)
        self.problems: list[Problem] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Settings"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget(self)
        self._inside.setMinimumWidth(1)  # rows give way, they are never scrolled sideways
        self._column = column = QVBoxLayout(self._inside)
        column.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, 12)
        column.setSpacing(0)
        self._nothing = QLabel(self._inside)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setProperty("role", "dim")
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(0, 24, 0, 0)
        self._nothing.hide()
        column.addWidget(self._nothing)
        self.groups = [
            RowGroup(theme, plan, name, sources or Sources(), self._inside) for name in plan.table.groups
        ]
        for group in self.groups:
            group.row_built.connect(self.row_built)
            column.addWidget(group)
        column.addStretch(1)
        self.setWidget(self._inside)
        # The rows keep their right edge whether the scroll bar is there or not.
        self.verticalScrollBar().rangeChanged.connect(self._keep_edge)
        self._check_soon = QTimer(self)
        self._check_soon.setSingleShot(True)
        self._check_soon.timeout.connect(self.check)
        plan.changed.connect(self._changed)
        plan.model_changed.connect(self._check_soon.start)
        self.check()

    def _keep_edge(self, _low: int, high: int) -> None:
        right = _MARGIN_PX - self.verticalScrollBar().sizeHint().width() if high > 0 else _MARGIN_PX
        self._column.setContentsMargins(_MARGIN_PX, 0, max(right, 0), 12)

    # -- filter ---------------------------------------------------------------------------------------------

    def filter(self, text: str, changed_only: bool) -> None:
        """Shows only the rows whose title, key, texts or flag hold every word of `text`, and that are changed."""
        words = tuple(text.casefold().split())
        if (words, changed_only) != (self._words, self._changed_only):
            self._words, self._changed_only = words, changed_only
            self._apply_filter()

    def search(self, text: str) -> None:
        """Shows only the rows whose title, key, texts or flag hold every word of `text`."""
        self.filter(text, self._changed_only)

    def set_changed_only(self, on: bool) -> None:
        """Shows only the rows that differ from their defaults."""
        self.filter(" ".join(self._words), on)

    def visible_keys(self) -> list[str]:
        """The rows on show, in order."""
        return [
            key
            for group in self.groups
            for key in group.rows
            if not group.rows[key].isHidden() and not group.isHidden()
        ]

    def _apply_filter(self) -> None:
        if not self._words and not self._changed_only:
            keys = None
        else:
            keys = {key for key, text in self._haystacks.items() if all(word in text for word in self._words)}
            if self._changed_only:
                keys &= set(self.plan.changed_keys())
        n_shown = sum(group.show_only(keys) for group in self.groups)
        for row in self.built_rows():
            row.mark_words(self._words)
        self._nothing.setVisible(keys is not None and n_shown == 0)
        if not self._nothing.isHidden():
            self._nothing.setText(self._nothing_text())
        self._show_problems()
        self.filtered.emit(-1 if keys is None else n_shown)

    def _nothing_text(self) -> str:
        if not self._words:
            return self.tr("Every setting is at its default.")
        if self._changed_only:
            return self.tr(
                "No changed setting matches. Switch off \u201cchanged only\u201d to search all of them."
            )
        return self.tr(
            "No setting matches. The search looks into titles, descriptions, keys and llama-server flags."
        )

    # -- rows -----------------------------------------------------------------------------------------------

    def built_rows(self) -> list[SettingRow]:
        """The rows that exist so far."""
        return [row for group in self.groups for row in group.rows.values()]

    def row(self, key: str) -> SettingRow:
        """The row of `key`, built if need be."""
        return self._group_of(key).row(key)

    def go_to(self, key: str) -> None:
        """Shows the row, whatever was folded or filtered, and puts the keyboard there."""
        group = self._group_of(key)
        row = group.row(key)
        if self._words or self._changed_only:
            self._words, self._changed_only = (), False
            self._apply_filter()
        if group.is_folded(key):
            group.unfold(True)
        focus = row.editor.focus_widget()
        if focus is not None:
            focus.setFocus(Qt.FocusReason.ShortcutFocusReason)
        QTimer.singleShot(0, row, lambda: self.ensureWidgetVisible(row, 0, 40))

    def _group_of(self, key: str) -> RowGroup:
        return next(group for group in self.groups if any(setting.key == key for setting in group.settings))

    def _changed(self, key: str) -> None:
        if key:
            affected = {key, *self._dependents.get(key, ())}
            rows = [row for row in self.built_rows() if row.setting.key in affected]
        else:
            rows = self.built_rows()
        for row in rows:
            row.refresh()
        for group in self.groups:
            group.tell_fold()
        if not key and self._changed_only:
            self._apply_filter()
        self._check_soon.start()

    def check(self) -> None:
        """Asks the rules, and shows what they say under the rows."""
        self.problems = self.plan.problems()
        self._show_problems()
        self.problems_changed.emit(self.problems)

    def _show_problems(self) -> None:
        for row in self.built_rows():
            row.show_problems([problem for problem in self.problems if problem.key == row.setting.key])


def _stops(part: QWidget) -> list[QWidget]:
    """What in `part` can have the keyboard."""
    inside = [widget for widget in part.findChildren(QWidget) if widget.window() is part.window()]  # no menus
    return [widget for widget in (part, *inside) if widget.focusPolicy() != Qt.FocusPolicy.NoFocus]


def _dependents(plan: Plan) -> dict[str, set[str]]:
    """Key -> the rows that look otherwise by its value: live or not, or with another number where unset."""
    dependents: dict[str, set[str]] = {}
    for setting in plan.table:
        if setting.enabled_when is not None:
            dependents.setdefault(setting.enabled_when[0], set()).add(setting.key)
    for follower, followed in UNSET_FOLLOWS.items():
        dependents.setdefault(followed, set()).add(follower)
    return dependents
