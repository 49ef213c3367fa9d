"""The app's own settings, generated from their table, and where its files lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.core.settings import Apply, Kind, Setting, SettingError
from app.services.preferences import Preferences
from app.ui.format import bytes_text
from app.ui.pages.folders_editor import FoldersEditor
from app.ui.panel import texts
from app.ui.panel.editors import Editor, make_editor
from app.ui.panel.guide_offer import AskGuideMark, GuideOffer
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel, IconButton

_WIDTH_PX = 720  # at 13 px text
_ADDRESS_KEY = "hub_endpoint"  # the access token is for this address
_KEPT_KEY = "states_limit_gib"  # below the limit stands how much is kept


class PreferenceRow(QFrame):
    """One setting: what it is at the left, its editor at the right or below."""

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        setting: Setting,
        parent: QWidget,
        guide: GuideOffer | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setting = setting
        self.title = QLabel(texts.title(setting), self)
        self.reset = IconButton(theme, "reset", self.tr("Back to the default"), self, size_px=12)
        self.reset.clicked.connect(lambda: preferences.reset(setting.key))
        self.ask = AskGuideMark(theme, guide, setting, self) if guide is not None else None
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self._editor: Editor | FoldersEditor
        if setting.kind is Kind.FOLDERS:
            self._editor = FoldersEditor(theme, texts.title(setting), self)
            self._editor.edited.connect(self._take)
        else:
            self._editor = make_editor(theme, setting, self)
            self._editor.edited.connect(self._take)
            self._editor.refused.connect(self._refuse)
        self._arrange()
        self.show_value()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        if self.ask is not None:
            head.addWidget(self.ask)
        head.addWidget(self.reset)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._hint(texts.translated(self.setting.summary)))
        column.addWidget(self._hint(texts.translated(self.setting.help)))
        column.addWidget(self.note)
        if isinstance(self._editor, FoldersEditor):
            column.addWidget(self._editor)
            return
        if self._editor.inline is not None:
            head.addWidget(self._editor.inline)
        if self._editor.below is not None:
            column.addWidget(self._editor.below)

    def _hint(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("role", "hint")
        label.setWordWrap(True)
        return label

    def show_value(self) -> None:
        """Shows the value in force."""
        self._editor.show_value(self._preferences.value(self.setting.key))
        # Its place is kept: nothing jumps when a value changes.
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.setVisible(self._preferences.is_changed(self.setting.key))
        self._say(self.tr("Takes effect at the next start.") if self._needs_restart() else "", "hint")

    def set_live(self, live: bool) -> None:
        """Whether the row has any effect now."""
        self.setEnabled(live)

    def _needs_restart(self) -> bool:
        return self.setting.apply is Apply.RESTART and self._preferences.is_changed(self.setting.key)

    def _take(self, value: Any, _settled: bool = True) -> None:
        try:
            self._preferences.set_value(self.setting.key, value)
        except SettingError as error:
            self._refuse(error.message)

    def _refuse(self, message: str) -> None:
        self._say(message, "bad")

    def _say(self, text: str, role: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        set_role(self.note, role)


class PreferencesPage(QScrollArea):
    """Groups of settings, the way to the access token, and the folders of the profile with a button to open each."""

    token_asked = Signal()
    states_removal_asked = Signal()  # what models have read of conversations
    shown = Signal()

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        folders: Mapping[str, Path],
        parent: QWidget | None = None,
        *,
        guide: GuideOffer | None = None,
    ) -> None:
        """`folders` maps what lies there, in the user's words, to the place."""
        super().__init__(parent)
        self.setAccessibleName(self.tr("Preferences"))
        self._theme = theme
        self._preferences = preferences
        self._guide = guide
        self.rows: dict[str, PreferenceRow] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        body = QWidget(self)
        column = QVBoxLayout()
        column.setContentsMargins(24, 20, 24, 24)
        column.setSpacing(8)
        title = QLabel(self.tr("Preferences"), body)
        title.setProperty("role", "title")
        column.addWidget(title)
        for group in preferences.table.groups:
            self._add_group(column, body, group)
        self._add_folders(column, body, folders)
        column.addStretch(1)
        middle = QWidget(body)
        middle.setLayout(column)
        middle.setMaximumWidth(_WIDTH_PX * theme.text_size_px // 13)
        theme.changed.connect(lambda: middle.setMaximumWidth(_WIDTH_PX * theme.text_size_px // 13))
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        self.setWidget(body)
        preferences.changed.connect(self._show)
        self._show_live()

    def go_to(self, key: str) -> None:
        """Scrolls to a setting. Raises KeyError for one that is not there."""
        self.ensureWidgetVisible(self.rows[key])

    def _add_group(self, column: QVBoxLayout, body: QWidget, group: str) -> None:
        card, inside = self._card(column, body, texts.translated(group))
        for index, setting in enumerate(self._preferences.table.in_group(group)):
            if index:
                inside.addWidget(_line(card))
            row = PreferenceRow(self._theme, self._preferences, setting, card, self._guide)
            self.rows[setting.key] = row
            inside.addWidget(row)
            if setting.key == _ADDRESS_KEY:
                inside.addWidget(_line(card))
                inside.addLayout(self._token_row(card))
            elif setting.key == _KEPT_KEY:
                inside.addWidget(_line(card))
                inside.addLayout(self._kept_row(card))

    def _token_row(self, card: QFrame) -> QHBoxLayout:
        """A secret is no setting, but this is where it is looked for."""
        self.token = QPushButton(self.tr("Set…"), card)
        self.token.setAccessibleName(self.tr("Set the access token"))
        self.token.clicked.connect(self.token_asked)
        hint = self.tr("Only gated and private models need one.")
        return self._action_row(card, self.tr("Access token"), QLabel(hint, card), self.token)

    def _kept_row(self, card: QFrame) -> QHBoxLayout:
        self._kept = QLabel(card)
        self._kept.setWordWrap(True)
        self.remove_kept = QPushButton(self.tr("Delete"), card)
        self.remove_kept.setAccessibleName(self.tr("Delete what models have read of conversations"))
        self.remove_kept.clicked.connect(self._ask_removal)
        self.remove_kept.setEnabled(False)
        return self._action_row(card, self.tr("Kept on disk now"), self._kept, self.remove_kept)

    def _ask_removal(self) -> None:
        self.remove_kept.setEnabled(False)
        self.states_removal_asked.emit()

    def show_kept(self, size_bytes: int) -> None:
        """Says what is kept of conversations on disk."""
        self.remove_kept.setEnabled(size_bytes > 0)
        if not size_bytes:
            self._kept.setText(self.tr("Nothing. Conversations are saved a few seconds after a reply."))
            return
        words = self.tr(
            "{size}. Without it, long conversations are read again when they go on; no text is lost."
        )
        self._kept.setText(words.format(size=bytes_text(size_bytes)))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _add_folders(self, column: QVBoxLayout, body: QWidget, folders: Mapping[str, Path]) -> None:
        card, inside = self._card(column, body, self.tr("Where things lie"))
        for index, (what, folder) in enumerate(folders.items()):
            if index:
                inside.addWidget(_line(card))
            inside.addLayout(self._folder_row(card, what, folder))

    def _folder_row(self, card: QFrame, what: str, folder: Path) -> QHBoxLayout:
        path = ElidedLabel(str(folder), card, mode=Qt.TextElideMode.ElideMiddle)
        button = QPushButton(self.tr("Open folder"), card)
        button.setAccessibleName(self.tr("Open the folder: {what}").format(what=what))
        button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        return self._action_row(card, what, path, button)

    @staticmethod
    def _action_row(card: QFrame, title: str, hint: QLabel, button: QPushButton) -> QHBoxLayout:
        """What is no setting: a title, a line below it, and a button."""
        hint.setProperty("role", "hint")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(QLabel(title, card))
        words.addWidget(hint)
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(button)
        return row

    def _card(self, column: QVBoxLayout, body: QWidget, title: str) -> tuple[QFrame, QVBoxLayout]:
        heading = QLabel(title, body)
        heading.setProperty("role", "group")
        column.addSpacing(8)
        column.addWidget(heading)
        card = QFrame(body)
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(0, 2, 0, 2)
        inside.setSpacing(0)
        column.addWidget(card)
        return card, inside

    def _show(self, key: str) -> None:
        if key in self.rows:
            self.rows[key].show_value()
        self._show_live()

    def _show_live(self) -> None:
        for row in self.rows.values():
            condition = row.setting.enabled_when
            row.set_live(condition is None or self._preferences.value(condition[0]) in condition[1])


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "line")
    return line
