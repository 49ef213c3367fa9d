"""Whose access token is used on the Hub, and whether it is accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from PySide6.QtCore import QObject, Signal

from app.core.hub import HubError, HubReason
from app.services.hub_asking import Asking
from app.worker.hub import Hub
from app.worker.hub_token import BadTokenError, HubToken, HubTokens, TokenSource


class AccountState(StrEnum):
    """What is known of the token in force."""

    UNKNOWN = "unknown"  # not looked for yet
    CHECKING = "checking"
    NONE = "none"  # there is no token
    VALID = "valid"
    REFUSED = "refused"  # the Hub does not accept it
    UNCHECKED = "unchecked"  # there is one, but the Hub could not be asked


@dataclass(frozen=True, slots=True)
class _Checked:
    token: HubToken
    name: str = ""
    error: HubError | None = None


class HubAccount(QObject):
    """The token in force: its `source`, the account's `name`, why it is not accepted (`error`).

    `fault` says why the system's keyring could not keep a token, which is then kept for this run only.
    `token_changed` says that the Hub should be asked anew for what it refused.
    """

    changed = Signal()
    token_changed = Signal()

    def __init__(self, hub: Hub, tokens: HubTokens, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hub = hub
        self._tokens = tokens
        self._is_change = False
        self.state = AccountState.UNKNOWN
        self.source = TokenSource.NONE
        self.name = ""
        self.fault = ""
        self.error: HubError | None = None
        self._asking = Asking(self)
        self._asking.answered.connect(self._take)
        self._asking.failed.connect(self._take_error)

    @property
    def host(self) -> str:
        """The Hub that the account is of."""
        return self._hub.host

    def check(self) -> None:
        """Looks for a token and asks the Hub whose it is; `changed` follows."""
        tokens, hub = self._tokens, self._hub
        self._ask(lambda: _checked(tokens.read(), hub), is_change=False)

    def set_token(self, text: str) -> None:
        """Keeps a token that was typed and checks it; `changed` and `token_changed` follow.

        A text that cannot be a token is refused: the state is REFUSED then, and what was stored stays.
        """
        tokens, hub = self._tokens, self._hub

        def store() -> _Checked:
            try:
                return _checked(tokens.store(text), hub)
            except BadTokenError:
                raise HubError(HubReason.BAD_TOKEN, host=hub.host) from None

        self._ask(store, is_change=True)

    def forget(self) -> None:
        """Forgets what was typed; `changed` and `token_changed` follow."""
        tokens, hub = self._tokens, self._hub
        self._ask(lambda: _checked(tokens.forget(), hub), is_change=True)

    def set_hub(self, hub: Hub, tokens: HubTokens) -> None:
        """Another endpoint."""
        self._hub, self._tokens = hub, tokens
        was_known = self.state is not AccountState.UNKNOWN
        self._asking.drop()
        self.state = AccountState.UNKNOWN
        if was_known:
            self.check()

    def close(self) -> None:
        """Ends its threads."""
        self._asking.close()

    def _ask(self, question: Callable[[], _Checked], *, is_change: bool) -> None:
        self._is_change = self._is_change or is_change
        self.state, self.error = AccountState.CHECKING, None
        self._asking.ask(question, self._hub.host)
        self.changed.emit()

    def _take(self, answer: object) -> None:
        checked = cast(_Checked, answer)
        self.source, self.fault = checked.token.source, checked.token.fault
        self.name, self.error = checked.name, checked.error
        self.state = _state(checked)
        self._tell()

    def _take_error(self, error: HubError) -> None:
        """The text cannot be a token: nothing was stored."""
        self.state, self.error = AccountState.REFUSED, error
        self._is_change = False
        self.changed.emit()

    def _tell(self) -> None:
        was_change, self._is_change = self._is_change, False
        self.changed.emit()
        if was_change:
            self.token_changed.emit()


def _checked(token: HubToken, hub: Hub) -> _Checked:
    if not token.token:
        return _Checked(token)
    try:
        return _Checked(token, hub.account())
    except HubError as error:
        return _Checked(token, error=error)


def _state(checked: _Checked) -> AccountState:
    if not checked.token.token:
        return AccountState.NONE
    if checked.error is None:
        return AccountState.VALID
    refusals = {HubReason.BAD_TOKEN, HubReason.UNAUTHORISED}
    return AccountState.REFUSED if checked.error.reason in refusals else AccountState.UNCHECKED
