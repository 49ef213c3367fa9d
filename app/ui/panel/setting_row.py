"""One setting in the panel: its title, marks, editor, notes and help."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from app.core.settings import Problem, Reason, Setting
from app.services.plan import Plan
from app.ui.panel import texts
from app.ui.panel.editors import Sources, make_editor
from app.ui.panel.row_parts import HelpText, NoteLine, ReloadMark, RowTitle
from app.ui.theme import Theme
from app.ui.widgets import Chip, IconButton

_HEADER_PX = 28


class SettingRow(QWidget):
    """Shows and edits one row of a plan. Marks, notes and help are built when they are first needed."""

    def __init__(self, theme: Theme, plan: Plan, setting: Setting, sources: Sources, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.plan = plan
        self.setting = setting
        self._guide = sources.guide
        self.chip: Chip | None = None
        self.reload_mark: ReloadMark | None = None
        self.reset_mark: IconButton | None = None
        self.help: HelpText | None = None
        self._notes: list[NoteLine] = []
        self._problems: list[Problem] = []
        self._refusal = ""
        self.title = RowTitle(theme, texts.title(setting), self)
        self.title.clicked.connect(self.toggle_help)
        self.title.setToolTip(self._tooltip())
        self.editor = make_editor(theme, setting, self, sources)
        self.editor.edited.connect(self._edited)
        self.editor.refused.connect(self._refused)
        self._arrange()
        self.refresh()

    def _arrange(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 5, 0, 6)
        self._column.setSpacing(2)
        self._header = QHBoxLayout()
        self._header.setSpacing(6)
        self._header.addWidget(self.title)
        self._stretch = QSpacerItem(0, 0, QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._header.addItem(self._stretch)
        if self.editor.inline is not None:
            self._header.addWidget(self.editor.inline)
        self._header.addStrut(_HEADER_PX)
        self._column.addLayout(self._header)
        if self.editor.below is not None:
            self._column.addWidget(self.editor.below)

    def _tooltip(self) -> str:
        return self.tr("{summary}\nClick, or press F1, for more.").format(
            summary=texts.translated(self.setting.summary)
        )

    # -- showing --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows what the plan says now."""
        key = self.setting.key
        bounds = self.plan.bounds(key)
        if bounds.slider is not None:
            self.editor.set_bounds(*bounds.slider)
        unusable = self.plan.unusable(key).items()
        self.editor.set_unusable({value: texts.problem_text(why) for value, why in unusable})
        if not self._refusal or self.plan.value(key) != self.editor.value:
            self._refusal = ""
            self.editor.show_unset(self.plan.used_if_unset(key))
            self.editor.show_value(self.plan.value(key))
        loaded = self.plan.loaded
        self.editor.show_loaded(loaded.get(key) if loaded else None, loaded is not None)
        is_enabled = self.plan.is_enabled(key)
        self.editor.set_enabled(is_enabled)
        self.title.setEnabled(is_enabled)
        self._mark_reload()
        self._mark_reset()
        self._show_notes()
        self._make_room()

    def show_problems(self, problems: list[Problem]) -> None:
        """Shows what the rules say about this row."""
        if problems != self._problems:
            self._problems = problems
            self._show_notes()

    def set_chip(self, text: str, tone: str = "", tooltip: str = "") -> None:
        """Shows the effect on memory beside the title; an empty text takes it away."""
        if self.chip is None:
            if not text:
                return
            self.chip = Chip("", "", self)
            self._header.insertWidget(1, self.chip)
        self.chip.show_text(text, tone)
        self.chip.setToolTip(tooltip)
        self.chip.setVisible(bool(text))
        self._make_room()

    def mark_words(self, words: tuple[str, ...]) -> None:
        """Marks what the search found."""
        self.title.mark(words)

    @property
    def is_help_open(self) -> bool:
        """Whether the help is open."""
        return self.help is not None and not self.help.isHidden()

    def toggle_help(self) -> None:
        """Opens or closes the help under the row."""
        if self.help is None:
            self.help = HelpText(self.theme, self.setting, self, self._guide)
            self._column.addWidget(self.help)
            self.help.show()
            if self.help.ask is not None:
                self._put_last(self.help.ask)
            return
        self.help.setVisible(self.help.isHidden())

    def _put_last(self, widget: QWidget) -> None:
        """Tab comes to it from the last of the row's other controls."""
        parts = [part for part in self.findChildren(QWidget) if part.window() is self.window()]  # no menus
        stops = [
            part for part in parts if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part is not widget
        ]
        if stops:
            QWidget.setTabOrder(stops[-1], widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a crowded title line the unit gives way first, then the word on the reload mark; the title last."""
        spacing = self._header.spacing()
        marks = [mark for mark in (self.chip, self.reset_mark) if mark is not None and not mark.isHidden()]
        free = self.width() - self.title.sizeHint().width() - 2 * spacing
        free -= sum(mark.sizeHint().width() + spacing for mark in marks)
        if self.reload_mark is None or self.reload_mark.isHidden():
            self.editor.set_roomy(free >= self.editor.wish_px())
            return
        word = self.reload_mark.width_px(short=False) + spacing
        self.editor.set_roomy(free - word >= self.editor.wish_px())
        inline = self.editor.inline.sizeHint().width() if self.editor.inline is not None else 0
        self.reload_mark.set_short(free - word < inline)

    def _mark_reload(self) -> None:
        differs = self.plan.differs_from_loaded(self.setting.key)
        if self.reload_mark is None:
            if not differs:
                return
            self.reload_mark = ReloadMark(self.theme, self)
            self._header.insertWidget(
                self._header.indexOf(self.chip) + 1 if self.chip else 1, self.reload_mark
            )
        if differs and self.plan.loaded is not None:
            loaded = texts.spoken(self.setting, self.plan.loaded[self.setting.key])
            tip = self.tr("Loaded with {value}; the change takes effect at the next load").format(
                value=loaded
            )
            self.reload_mark.setToolTip(tip)
            self.reload_mark.setAccessibleDescription(tip)
        self.reload_mark.setVisible(differs)

    def _mark_reset(self) -> None:
        changed = self.plan.is_changed(self.setting.key)
        if self.reset_mark is None:
            if not changed:
                return
            default = texts.spoken(self.setting, self.plan.default(self.setting.key))
            tip = self.tr("Reset to {value}").format(value=default)
            self.reset_mark = IconButton(self.theme, "reset", tip, self, size_px=12, tone="faint")
            self.reset_mark.setFixedSize(20, 20)
            self.reset_mark.setAccessibleName(f"{texts.title(self.setting)}: {tip}")
            self.reset_mark.clicked.connect(lambda: self.plan.reset(self.setting.key))
            # In front of the stretch, behind the other marks.
            self._header.insertWidget(self._header.indexOf(self._stretch), self.reset_mark)
        self.reset_mark.setVisible(changed)

    # -- notes ----------------------------------------------------------------------------------------------

    def notes(self) -> list[tuple[str, str]]:
        """(tone, sentence) of everything that is to be said under the row."""
        notes: list[tuple[str, str]] = []
        if self._refusal:
            notes.append(("bad", f"{texts.title(self.setting)} {texts.translated(self._refusal)}"))
        tones = {"error": "bad", "warning": "warning"}
        notes += [(tones[problem.severity], texts.problem_text(problem)) for problem in self._problems]
        notes += [("faint", texts.problem_text(remark)) for remark in self.plan.remarks(self.setting.key)]
        said = {Reason.INERT, Reason.NOT_AVAILABLE, Reason.NO_EXPERTS}
        if any(problem.reason in said for problem in self._problems):
            return notes  # which says why the row is not live
        if (pointless := self.plan.why_pointless(self.setting.key)) is not None:
            return [*notes, ("faint", texts.problem_text(pointless))]
        if not self.setting.available:
            notes.append(("faint", self.tr("Not yet available")))
        elif (reason := self.plan.why_disabled(self.setting.key)) is not None:
            other, allowed = reason
            wanted = self.tr(" or ").join(texts.value_text(other, value) for value in allowed)
            said = self.tr("Has an effect only with {title}: {values}").format(
                title=texts.title(other), values=wanted
            )
            notes.append(("faint", said))
        return notes

    def _show_notes(self) -> None:
        notes = self.notes()
        while len(self._notes) < len(notes):
            line = NoteLine(self.theme, self)
            below = 2 if self.editor.below is not None else 1
            self._column.insertWidget(below + len(self._notes), line)
            self._notes.append(line)
        for index, line in enumerate(self._notes):
            line.setVisible(index < len(notes))
            if index < len(notes):
                line.say(*notes[index])
        focus = self.editor.focus_widget()
        if focus is not None:
            focus.setAccessibleDescription(" ".join(text for _, text in notes))

    # -- editing --------------------------------------------------------------------------------------------

    def _edited(self, value: Any, settled: bool) -> None:
        self.plan.set_value(self.setting.key, value, settled=settled)

    def _refused(self, message: str) -> None:
        if message != self._refusal:
            self._refusal = message
            self._show_notes()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.toggle_help()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self.title.setText(texts.title(self.setting))
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.theme.color("line"))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
