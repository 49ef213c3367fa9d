"""One download: what it is, how far it is, what went wrong, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.download import DownloadState
from app.core.hub import HubReason
from app.core.hub_files import Role, variants
from app.services.download_item import DownloadItem
from app.ui.hub import download_words as words
from app.ui.icons import icon, pixmap
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel, IconButton
from app.ui.widgets.plain_tip import plain_tip

_BAR_STEPS = 1000
_BUTTONS_TOP_PX = 8  # in the middle of title, bar and figures
_PAGE_REASONS = frozenset({HubReason.CHANGED, HubReason.NO_SUCH_FILE, HubReason.NOT_FOUND})
_TOKEN_REASONS = frozenset({HubReason.BAD_TOKEN, HubReason.UNAUTHORISED, HubReason.GATED})
_FOLDER_REASONS = frozenset({HubReason.DISK_FULL, HubReason.CANNOT_WRITE})


class DownloadRow(QFrame):
    """Asks by signals, decides nothing. `moved` carries how many places (up: negative)."""

    paused = Signal()
    resumed = Signal()
    cancelled = Signal()
    revealed = Signal()
    load_asked = Signal()
    moved = Signal(int)
    page_asked = Signal()
    terms_asked = Signal()
    token_asked = Signal()
    folder_asked = Signal()

    def __init__(self, theme: Theme, item: DownloadItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.item = item
        self._picture = QLabel(self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "strong")
        self._repository = ElidedLabel("", self)
        self._repository.setProperty("role", "dim")
        self.state = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setTextVisible(False)
        self.figures = ElidedLabel("", self)
        self.figures.setProperty("role", "hint")
        self.error = QLabel(self)
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setWordWrap(True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons()
        self._arrange()
        theme.changed.connect(self._draw)
        self.show_item(item)

    def _buttons(self) -> None:
        self.pause = self._button("pause", self.paused)
        self.resume = self._button("continue", self.resumed)
        self.retry = self._button("redo", self.resumed)
        self.reveal = self._button("reveal", self.revealed)
        self.cancel = self._button("close", self.cancelled)
        self.more = self._button("more", None)
        self.more.clicked.connect(
            lambda: self._open_menu(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        self.load = QPushButton(self.tr("Load"), self)
        self.load.clicked.connect(self.load_asked)
        self.remedy = QPushButton(self)
        self.remedy.setProperty("role", "link")
        self.remedy.clicked.connect(self._ask_remedy)
        self._acts = (self.pause, self.resume, self.retry, self.load)  # one of them at a time
        self.terms = QPushButton(self)
        self.terms.setProperty("role", "link")
        self.terms.clicked.connect(self.terms_asked)

    def _button(self, icon_name: str, signal: object) -> IconButton:
        button = IconButton(self._theme, icon_name, "", self)
        if signal is not None:
            button.clicked.connect(signal)
        return button

    def _arrange(self) -> None:
        names = QHBoxLayout()
        names.setSpacing(8)
        names.addWidget(self._title)
        names.addWidget(self._repository, 1)
        names.addWidget(self.state)
        remedies = QHBoxLayout()
        remedies.setSpacing(16)
        remedies.addWidget(self.terms)
        remedies.addWidget(self.remedy)
        remedies.addStretch(1)
        words_column = QVBoxLayout()
        words_column.setSpacing(6)
        words_column.addLayout(names)
        words_column.addWidget(self.bar)
        words_column.addWidget(self.figures)
        words_column.addWidget(self.error)
        words_column.addLayout(remedies)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(4)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(8)
        row.addLayout(words_column, 1)
        row.addSpacing(12)
        self._beside = buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for part in (self.load, self.pause, self.resume, self.retry, self.reveal, self.cancel, self.more):
            buttons.addWidget(part)
        row.addLayout(buttons)
        row.setAlignment(buttons, Qt.AlignmentFlag.AlignTop)  # a row with an error is tall

    # -- what it shows --------------------------------------------------------------------------------------

    def show_item(self, item: DownloadItem) -> None:
        """Shows the download as it is now."""
        is_new = item.state is not self.item.state or not self._title.text()
        self.item = item
        self._title.setText(item.request.title)
        self._repository.setText(item.request.repo_id)
        self.state.setText(words.state_text(item))
        self.show_time()
        self.bar.setValue(round(words.share(item) * _BAR_STEPS))
        is_begun = item.n_bytes > 0 or item.state is not DownloadState.FAILED
        self.bar.setVisible(is_begun and item.state is not DownloadState.FINISHED)
        self._show_error()
        self._show_buttons()
        self._beside.setContentsMargins(0, _BUTTONS_TOP_PX if self.bar.isVisibleTo(self) else 0, 0, 0)
        if is_new:
            self._name_buttons()
        self._draw()
        spoken = (item.request.title, self.state.text(), self.figures.text(), self.error.text())
        self.setAccessibleName(words.sentence(spoken))
        self.bar.setAccessibleName(words.sentence((item.request.title, self.figures.text())))

    def show_time(self) -> None:
        """Shows what changes with the clock alone."""
        text = words.figures_text(self.item)
        is_here = self.item.state is DownloadState.FINISHED and not self.item.is_missing
        path = self.item.paths[0] if is_here and self.item.paths else ""
        self.figures.setText(f"{text} \u00b7 {Path(path).name}" if path else text)
        self.figures.setToolTip(plain_tip(path))

    def _draw(self) -> None:
        name, tone = words.state_icon(self.item)
        if (name, tone, self._theme.tokens) == self._picture.property("drawn"):
            return
        self._picture.setProperty("drawn", (name, tone, self._theme.tokens))
        self._picture.setPixmap(pixmap(self._theme, name, 20, tone))
        set_role(self.state, tone if tone in {"good", "warning", "bad"} else "dim")
        is_still = self.item.state in {DownloadState.PAUSED, DownloadState.WAITING}
        set_role(self.bar, "still" if is_still else tone if tone in {"warning", "bad"} else "", "tone")

    def _show_error(self) -> None:
        text = words.why_text(self.item)
        if self.item.is_missing:
            text = self.tr("The file was moved or deleted since it was downloaded.")
        self.error.setText(text)
        self.error.setVisible(bool(text))
        set_role(self.error, "bad" if self.item.state is DownloadState.FAILED else "dim")
        remedy = self._remedy()
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.terms.setText(self.tr("Open its page in the browser"))
        self.terms.setVisible(self._reason() is HubReason.GATED)

    def _remedy(self) -> str:
        if self.item.state is DownloadState.RETRYING:
            return self.tr("Try again now")
        reason = self._reason()
        if reason in _TOKEN_REASONS:
            return self.tr("Set an access token…")
        if reason in _PAGE_REASONS:
            return self.tr("Open the model's page")
        return self.tr("Choose another folder…") if reason in _FOLDER_REASONS else ""

    def _reason(self) -> HubReason | None:
        error = self.item.error
        return error.reason if error is not None and self.item.state is DownloadState.FAILED else None

    def _ask_remedy(self) -> None:
        reason = self._reason()
        if self.item.state is DownloadState.RETRYING:
            self.resumed.emit()
        elif reason in _TOKEN_REASONS:
            self.token_asked.emit()
        elif reason in _PAGE_REASONS:
            self.page_asked.emit()
        elif reason in _FOLDER_REASONS:
            self.folder_asked.emit()

    def _show_buttons(self) -> None:
        state, is_missing = self.item.state, self.item.is_missing
        focused = next((part for part in self._acts if part.hasFocus()), None)
        is_finished = state is DownloadState.FINISHED
        self.pause.setVisible(state.is_active)
        self.resume.setVisible(state is DownloadState.PAUSED)
        self.retry.setVisible(state is DownloadState.FAILED or is_missing)
        self.load.setVisible(is_finished and not is_missing and bool(self._model_path()))
        self.reveal.setVisible(is_finished and not is_missing)
        if focused is not None and focused.isHidden():  # Qt would go on to Cancel
            next((part for part in self._acts if not part.isHidden()), self).setFocus()

    def _name_buttons(self) -> None:
        title = self.item.request.title
        is_finished = self.item.state is DownloadState.FINISHED
        retry = self.tr("Download {title} again") if is_finished else self.tr("Try {title} again now")
        cancel = (
            self.tr("Take {title} off the list; the files stay") if is_finished else self.tr("Cancel {title}")
        )
        for button, text in (
            (self.pause, self.tr("Pause {title}")),
            (self.resume, self.tr("Resume {title}")),
            (self.retry, retry),
            (self.reveal, self.tr("Show {title} in the file manager")),
            (self.cancel, cancel),
            (self.more, self.tr("More for {title}")),
        ):
            button.set_tooltip(text.format(title=title))
        self.load.setAccessibleName(self.tr("Load {title}").format(title=title))

    def _model_path(self) -> str:
        """The file to load: the first one, which is the first part of a split model; "" where it is no model."""
        first = self.item.request.files[:1]
        is_model = any(variant.role is Role.MODEL for variant in variants(first))
        return self.item.paths[0] if self.item.paths and is_model else ""

    # -- keys and menu --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_alt = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if is_alt and key in steps:
            self.moved.emit(steps[Qt.Key(key)])
        elif key == Qt.Key.Key_Space:
            (self.paused if self.item.state.is_active else self.resumed).emit()
        elif key == Qt.Key.Key_Delete:
            self.cancelled.emit()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.load.isVisible():
            self.load_asked.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())

    def _open_menu(self, where: QPoint) -> None:
        self.menu().popup(where)

    def menu(self) -> QMenu:
        """What can be done besides the buttons."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.item.state is not DownloadState.FINISHED:
            for text, icon_name, places in (
                (self.tr("To the front of the queue"), "arrow-line-up", -(1 << 20)),
                (self.tr("Earlier") + "\tAlt+\u2191", "arrow-up", -1),
                (self.tr("Later") + "\tAlt+\u2193", "arrow-down", 1),
            ):
                action = menu.addAction(icon(self._theme, icon_name), text)
                action.triggered.connect(lambda _checked=False, places=places: self.moved.emit(places))
            menu.addSeparator()
        page = menu.addAction(icon(self._theme, "discover"), self.tr("Open the model's page"))
        page.triggered.connect(self.page_asked)
        return menu
