"""The Chat tab: what belongs to the open conversation alone."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.prompts import Prompt, PromptStore
from app.core.settings.store import StoreError
from app.services.chat import Chat
from app.services.plan import Plan
from app.ui.icons import icon
from app.ui.panel import texts
from app.ui.panel.dialogs import NameDialog
from app.ui.theme import Theme
from app.ui.widgets import Segmented

_SAVE_AFTER_MS = 400
_THINKING = "enable_thinking"  # what the templates of thinking models call it


class ChatTab(QScrollArea):
    """System prompt, thinking and sampling of the open conversation."""

    told = Signal(str, str, object)  # what happened, a word for taking it back ("" for none), and how

    def __init__(
        self, theme: Theme, chat: Chat, sampling: Plan, prompts: PromptStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chat = chat
        self._sampling = sampling
        self._prompts = prompts
        self._conversation_id = ""
        self.dialog: NameDialog | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.timeout.connect(self.flush)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Settings of this conversation"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget(self)
        self._inside.setMinimumWidth(1)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(14, 12, 14, 12)
        self._column.setSpacing(8)
        self._add_prompt()
        self._add_thinking()
        self._add_sampling()
        self._column.addStretch(1)
        self.setWidget(self._inside)
        chat.opened.connect(lambda _conversation: self.refresh())
        chat.conversation_changed.connect(self.refresh)
        sampling.changed.connect(lambda _key: self._show_sampling())
        self.refresh()

    # -- parts ----------------------------------------------------------------------------------------------

    def _add_prompt(self) -> None:
        self.prompt_menu = QPushButton(self.tr("Insert"), self._inside)
        self.prompt_menu.setIcon(icon(self._theme, "down", "dim"))
        self.prompt_menu.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.prompt_menu.setToolTip(self.tr("Insert a saved system prompt"))
        self.prompt_menu.setProperty("role", "quiet")
        self.prompt_menu.setMenu(QMenu(self.prompt_menu))
        self.prompt_menu.menu().aboutToShow.connect(self._fill_menu)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._heading(self.tr("System prompt")), 1)
        line.addWidget(self.prompt_menu)
        self.edit = QPlainTextEdit(self._inside)
        self.edit.setAccessibleName(self.tr("System prompt of this conversation"))
        self.edit.setPlaceholderText(
            self.tr("What the model is told before the conversation begins. Empty: nothing.")
        )
        self.edit.setTabChangesFocus(True)
        self.edit.setMinimumHeight(180)
        self.edit.textChanged.connect(self._timer.start)
        self._column.addLayout(line)
        self._column.addWidget(self.edit)
        self._column.addWidget(
            self._hint(
                self.tr(
                    "For this conversation only, from its next reply on. A changed system prompt means that "
                    "the whole conversation is processed again once."
                )
            )
        )

    def _add_thinking(self) -> None:
        self.thinking = Segmented(
            [(None, self.tr("model's own")), (True, self.tr("on")), (False, self.tr("off"))], self._inside
        )
        self.thinking.setAccessibleName(self.tr("Thinking"))
        self.thinking.changed.connect(self._set_thinking)
        line = QHBoxLayout()
        line.addWidget(QLabel(self.tr("Thinking"), self._inside), 1)
        line.addWidget(self.thinking)
        self._column.addSpacing(8)
        self._column.addLayout(line)
        self._column.addWidget(
            self._hint(
                self.tr(
                    "Asks the chat template to let the model think before it answers, or not to. Only models "
                    "with such a switch in their template heed it."
                )
            )
        )

    def _add_sampling(self) -> None:
        self._column.addSpacing(8)
        self._column.addWidget(self._heading(self.tr("Sampling of this conversation")))
        self.sampling_text = self._hint("")
        self._column.addWidget(self.sampling_text)
        self.keep = QPushButton(self.tr("Keep the present sampling here"), self._inside)
        self.keep.setToolTip(
            self.tr("This conversation keeps these values, whatever the Sampling tab says later")
        )
        self.keep.clicked.connect(self._keep_sampling)
        self.follow = QPushButton(self.tr("Follow the Sampling tab"), self._inside)
        self.follow.clicked.connect(lambda: self._chat.set_sampling({}, ""))
        for button in (self.keep, self.follow):
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self._column.addWidget(button)

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text, self._inside)
        label.setProperty("role", "group")
        return label

    def _hint(self, text: str) -> QLabel:
        label = QLabel(text, self._inside)
        label.setProperty("role", "hint")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    # -- showing --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows the open conversation's values; text being typed into the same conversation is left alone."""
        conversation = self._chat.current
        is_other = conversation.id != self._conversation_id
        if is_other or (not self._timer.isActive() and self.edit.toPlainText() != conversation.system_prompt):
            self._timer.stop()
            self._conversation_id = conversation.id
            blocked = self.edit.blockSignals(True)
            self.edit.setPlainText(conversation.system_prompt)
            self.edit.blockSignals(blocked)
        self.thinking.set_value(conversation.template_options.get(_THINKING))
        self._show_sampling()

    def _show_sampling(self) -> None:
        conversation = self._chat.current
        own = {key: value for key, value in conversation.sampling.items() if key in self._sampling.table}
        if own:
            table = self._sampling.table
            facts = [
                f"{texts.title(table[key])} {texts.spoken(table[key], value)}" for key, value in own.items()
            ]
            said = self.tr("Has its own: {values}.").format(values=", ".join(facts))
        elif conversation.preset:
            said = self.tr("Keeps the preset {name}.").format(name=texts.translated(conversation.preset))
        else:
            said = self.tr("Follows the Sampling tab.")
        self.sampling_text.setText(said)
        self.follow.setVisible(bool(own or conversation.preset))

    # -- acting ---------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Hands on what was typed without waiting any longer."""
        self._timer.stop()
        conversation = self._chat.current
        text = self.edit.toPlainText()
        if conversation.id == self._conversation_id and text != conversation.system_prompt:
            self._chat.set_system_prompt(text)

    def _set_thinking(self, value: Any) -> None:
        options = {key: old for key, old in self._chat.current.template_options.items() if key != _THINKING}
        if value is not None:
            options[_THINKING] = value
        self._chat.set_template_options(options)

    def _keep_sampling(self) -> None:
        self._chat.set_sampling(self._sampling.all_values(), self._sampling.base_name)

    def _fill_menu(self) -> None:
        menu = self.prompt_menu.menu()
        menu.clear()
        for prompt in self._prompts.all():
            name = texts.translated(prompt.name) if prompt.is_built_in else prompt.name
            action = menu.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, prompt=prompt: self.insert(prompt))
        if not self._prompts.can_save:
            return
        menu.addSeparator()
        save = menu.addAction(icon(self._theme, "save"), self.tr("Save this prompt as\u2026"))
        save.setEnabled(bool(self.edit.toPlainText().strip()))
        save.triggered.connect(self.save_as)
        own = [prompt for prompt in self._prompts.all() if not prompt.is_built_in]
        if own:
            submenu = menu.addMenu(icon(self._theme, "delete"), self.tr("Delete"))
            for prompt in own:
                action = submenu.addAction(prompt.name.replace("&", "&&"))
                action.triggered.connect(lambda _checked=False, prompt=prompt: self._delete(prompt))

    def insert(self, prompt: Prompt) -> None:
        """Puts a saved prompt in place of the text; the editor's own undo takes it back."""
        cursor = self.edit.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(prompt.text)
        self.flush()

    def save_as(self) -> None:
        """Asks for a name and saves the text under it."""
        self.dialog = NameDialog(self.tr("Save prompt"), "", self.tr("Save"), self._complaint, self.window())
        self.dialog.named.connect(self._save)
        self.dialog.open()

    def _complaint(self, name: str) -> str:
        fixed = {prompt.name.casefold() for prompt in self._prompts.all() if prompt.is_built_in}
        return (
            self.tr("That name comes with the app; choose another.")
            if name.strip().casefold() in fixed
            else ""
        )

    def _save(self, name: str) -> None:
        try:
            self._prompts.save(name, self.edit.toPlainText())
        except (StoreError, ValueError) as error:
            self.told.emit(texts.translated(str(error)), "", None)
            return
        self.told.emit(self.tr("Saved as {name}").format(name=name), "", None)

    def _delete(self, prompt: Prompt) -> None:
        try:
            self._prompts.delete(prompt.name)
        except StoreError as error:
            self.told.emit(texts.translated(str(error)), "", None)
            return
        said = self.tr("{name} deleted").format(name=prompt.name)
        self.told.emit(said, self.tr("Undo"), lambda: self._prompts.save(prompt.name, prompt.text))
