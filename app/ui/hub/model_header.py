"""The head of a model's page: its name, what the Hub counts and says of it, and how to get access to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.hub import Gated, HubModel
from app.ui.format import when_text
from app.ui.hub.hub_words import context_text, gated_text, short_count
from app.ui.icons import icon, pixmap
from app.ui.theme import Theme
from app.ui.widgets import Chip, ElidedLabel, IconButton
from app.ui.widgets.plain_tip import plain_tip

_CHIP_LETTERS = 20


class ModelHeader(QFrame):
    """Shows a `HubModel`, or a bare name while nothing is known yet."""

    token_asked = Signal()
    base_asked = Signal(str)  # the model that this one was made from

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._address = ""
        self._base = ""
        self._shown = ""
        self.name = ElidedLabel("", self, mode=Qt.TextElideMode.ElideMiddle)
        self.name.setProperty("role", "title")
        self.owner = ElidedLabel("", self)
        self.owner.setProperty("role", "dim")
        self.copy = IconButton(theme, "copy", self.tr("Copy the name"), self)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._shown))
        self.web = IconButton(theme, "arrow-square-out", "", self)
        self.web.clicked.connect(self.open_web)
        self.base = _Link(self)
        self.base.clicked.connect(lambda: self.base_asked.emit(self._base))
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self.access = _Access(theme, self)
        self.access.web_asked.connect(self.open_web)
        self.access.token_asked.connect(self.token_asked)
        self._arrange()

    def show_name(self, repo_id: str, address: str, host: str) -> None:
        """The name alone; `address` is that of its page on `host`."""
        self._address, self._shown = address, repo_id
        owner, _, name = repo_id.rpartition("/")
        self.name.setText(name)
        self.owner.setText(owner)
        self.web.set_tooltip(self.tr("Open its page on {host}").format(host=host))
        self._set_chips([])
        self.base.hide()
        self.access.hide()

    def show_model(self, model: HubModel) -> None:
        """What the Hub says of it."""
        parts = [model.owner]
        if model.n_downloads is not None:
            said = self.tr("1 download") if model.n_downloads == 1 else self.tr("{n} downloads")
            parts.append(said.format(n=short_count(model.n_downloads)))
        if model.n_likes is not None:
            said = self.tr("1 like") if model.n_likes == 1 else self.tr("{n} likes")
            parts.append(said.format(n=short_count(model.n_likes)))
        if model.updated_at:
            parts.append(self.tr("updated {when}").format(when=when_text(model.updated_at)))
        self.owner.setText("  ·  ".join(part for part in parts if part))
        self._set_chips(self._facts(model))
        self._base = next((base for base in model.base_models if base != model.repo_id), "")
        self.base.setVisible(bool(self._base))
        self.base.show_text(self.tr("made from {name}").format(name=self._base))

    def show_access(self, gated: Gated, *, has_access: bool, account: str, host: str) -> None:
        """What to do about a gated model, unless its files can be read."""
        self.access.setVisible(gated is not Gated.NO and not has_access)
        self.access.show_account(gated, account, host)

    def open_web(self) -> None:
        """Opens the model's page in the browser."""
        QDesktopServices.openUrl(QUrl(self._address))

    # -- inside ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(4)
        first.addWidget(self.name, 1)
        first.addWidget(self.copy)
        first.addWidget(self.web)
        third = QHBoxLayout()
        third.setSpacing(6)
        third.addLayout(self._chips)
        third.addWidget(self.base, 1)
        third.addStretch(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 10, 14, 6)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addWidget(self.owner)
        layout.addSpacing(2)
        layout.addLayout(third)
        layout.addWidget(self.access)

    def _facts(self, model: HubModel) -> list[tuple[str, str, str]]:
        """(text, tone, tooltip) of each chip."""
        params = self.tr("{n} parameters").format(n=short_count(model.n_params)) if model.n_params else ""
        context = context_text(model.n_ctx_train) if model.n_ctx_train else ""
        return [
            (params, "", ""),
            (model.architecture, "", self.tr("Architecture")),
            (
                self.tr("{n} context").format(n=context) if context else "",
                "",
                self.tr("Trained context, in tokens"),
            ),
            (model.licence, "", self.tr("Licence")),
            (self.tr("gated") if model.gated is not Gated.NO else "", "warning", gated_text(model.gated)),
            (
                self.tr("private") if model.is_private else "",
                "warning",
                self.tr("Only its owner and those it was shared with see it"),
            ),
        ]

    def _set_chips(self, facts: list[tuple[str, str, str]]) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for text, tone, tip in facts:
            if text:
                chip = Chip(
                    text if len(text) <= _CHIP_LETTERS else text[: _CHIP_LETTERS - 1] + "…", tone, self
                )
                chip.setToolTip(plain_tip("\n".join(part for part in (tip, text) if part)))
                self._chips.addWidget(chip)


class _Link(QPushButton):
    """A link whose text is shortened to the room it has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setProperty("role", "link")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Shows `text`."""
        self._whole = text
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)
        self._shorten()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shorten()

    def _shorten(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width() - 4)
        self.setText(shown.replace("&", "&&"))


class _Access(QFrame):
    """Why files cannot simply be had, and the two steps to them."""

    web_asked = Signal()
    token_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._theme = theme
        self._picture = QLabel(self)
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.ask = QPushButton(icon(theme, "arrow-square-out"), "", self)
        self.ask.clicked.connect(self.web_asked)
        self.token = QPushButton(icon(theme, "key"), self.tr("Access token…"), self)
        self.token.setToolTip(self.tr("Set the token of an account that has access"))
        self.token.clicked.connect(self.token_asked)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.ask)
        buttons.addWidget(self.token)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(10)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column, 1)
        theme.changed.connect(self._draw)
        self._draw()
        self.hide()

    def show_account(self, gated: Gated, account: str, host: str) -> None:
        """`account` is whose token is in force, "" for none."""
        if gated is Gated.MANUAL:
            wants = self.tr("The owner decides who may download this model. Ask for access on its page")
        else:
            wants = self.tr("The owner wants terms to be accepted first. Accept them on its page")
        if account:
            then = self.tr("{wants} as {account}; you are signed in with its token.")
        else:
            then = self.tr("{wants}, then set an access token of that account.")
        self.text.setText(then.format(wants=wants, account=account))
        self.ask.setText(self.tr("Ask on {host}").format(host=host))

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._theme, "lock-simple", 18, "warning"))
