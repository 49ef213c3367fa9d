"""The access token for the Hub: whose it is, where it comes from, and a field to set another one."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.services.hub_account import AccountState, HubAccount
from app.ui.hub.hub_words import error_text
from app.ui.icons import icon
from app.ui.theme import Theme, set_role

_OURS = ("keyring", "this_run")  # sources that the dialog itself has set


class TokenDialog(QDialog):
    """Works on a `HubAccount`; what it does takes a moment and is told below the field."""

    def __init__(
        self, theme: Theme, account: HubAccount, endpoint: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._account = account
        self._endpoint = endpoint
        self.setWindowTitle(self.tr("Access token"))
        self.setMinimumWidth(480)
        self.edit = QLineEdit(self)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setAccessibleName(self.tr("Access token"))
        self.edit.setPlaceholderText(self.tr("hf_…"))
        self.edit.textChanged.connect(lambda _text: self._show())
        self.state = QLabel(self)
        self.where = QLabel(self)
        for label, role in ((self.state, "dim"), (self.where, "hint")):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setProperty("role", role)
        self.make = QPushButton(
            icon(theme, "arrow-square-out"),
            self.tr("Make a token on {host}").format(host=account.host),
            self,
        )
        self.forget = QPushButton(self.tr("Forget it"), self)
        self.save = QPushButton(self.tr("Save"), self)
        self._arrange()
        self._connect()
        account.check()
        self._show()
        self.edit.setFocus()

    # -- inside ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        heading = QLabel(self.tr("Access to {host}").format(host=self._account.host), self)
        heading.setProperty("role", "title")
        why = QLabel(
            self.tr(
                "Only gated and private models need a token. Read access is enough. It is sent to {host} alone."
            ).format(host=self._account.host),
            self,
        )
        why.setProperty("role", "dim")
        why.setWordWrap(True)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.reject)
        for button in (close, self.make, self.forget):
            button.setAutoDefault(False)
        self.forget.setProperty("role", "quiet")
        self.save.setProperty("role", "primary")
        self.save.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make)
        buttons.addStretch(1)
        for button in (self.forget, close, self.save):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        for part in (heading, why, self.edit, self.state, self.where):
            layout.addWidget(part)
        layout.addSpacing(6)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self._account.changed.connect(self._show)
        self._account.token_changed.connect(self._clear_saved)
        self.make.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl(f"{self._endpoint}/settings/tokens/new?tokenType=read"))
        )
        self.forget.clicked.connect(self._account.forget)
        self.save.clicked.connect(self._save)

    def _save(self) -> None:
        text = self.edit.text().strip()
        if text:
            self._account.set_token(text)

    def _clear_saved(self) -> None:
        if self._account.state is AccountState.VALID:
            self.edit.clear()

    def _show(self) -> None:
        account = self._account
        text, role = self._state_text()
        self.state.setText(text)
        set_role(self.state, role)
        self.where.setText(self._where_text())
        is_ours = str(account.source) in _OURS and account.state is not AccountState.CHECKING
        self.forget.setVisible(is_ours)
        self.save.setEnabled(bool(self.edit.text().strip()) and account.state is not AccountState.CHECKING)

    def _state_text(self) -> tuple[str, str]:
        account = self._account
        why = error_text(account.error) if account.error is not None else ""
        return {
            AccountState.UNKNOWN: ("", "dim"),
            AccountState.CHECKING: (self.tr("Asking {host}…").format(host=account.host), "dim"),
            AccountState.NONE: (self.tr("No token is set."), "dim"),
            AccountState.VALID: (self.tr("Signed in as {name}.").format(name=account.name), "good"),
            AccountState.REFUSED: (why or self.tr("The token is not accepted."), "bad"),
            AccountState.UNCHECKED: (
                self.tr("There is a token, but it could not be checked. {why}").format(why=why),
                "warning",
            ),
        }[account.state]

    def _where_text(self) -> str:
        """Where the token in force comes from, and what that means for the field."""
        account = self._account
        if account.fault:
            return self.tr(
                "This system keeps no secrets for programs ({why}): a token set here is forgotten when Loadout ends."
            ).format(why=account.fault)
        return {
            "environment": self.tr(
                "It comes from the environment variable HF_TOKEN, which goes before one set here."
            ),
            "keyring": self.tr("It is kept in this system's keyring."),
            "this_run": self.tr("It is forgotten when Loadout ends."),
            "login": self.tr("It is the one that the command “hf auth login” has stored."),
        }.get(str(account.source), self.tr("It will be kept in this system's keyring."))
