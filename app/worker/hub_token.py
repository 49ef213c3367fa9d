"""The access token for the Hub: from the environment, this computer's keyring, or huggingface_hub's own login."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from app.core.settings.store import JsonStore, StoreError

_log = logging.getLogger(__name__)
_SERVICE: Final = "Loadout: Hugging Face access token"
_VARIABLES: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_LOGIN_HOST: Final = "huggingface.co"
_MAX_LETTERS: Final = 4096


class TokenSource(StrEnum):
    """Where the token in force comes from."""

    ENVIRONMENT = "environment"  # HF_TOKEN
    KEYRING = "keyring"  # typed here, kept by the system
    THIS_RUN = "this_run"  # typed here, forgotten when the app ends: the system has no keyring that works
    LOGIN = "login"  # `hf auth login`
    NONE = "none"


@dataclass(frozen=True, slots=True)
class HubToken:
    """The token in force ("" for none) and where it is from.

    `fault` says why the system's keyring cannot be used, "" where it can or was not asked.
    """

    token: str
    source: TokenSource
    fault: str = ""

    def __repr__(self) -> str:  # it must not get into a log
        return f"HubToken({self.source}, {len(self.token)} letters)"


class BadTokenError(ValueError):
    """A text that cannot be a token."""


class Keyring(Protocol):
    """What is used of the keyring library."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """The secret, None where there is none."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Stores it."""
        ...

    def delete_password(self, service: str, username: str, /) -> None:
        """Raises where there is none."""
        ...


class HubTokens:
    """Tokens of one endpoint's host. All methods may block (a keyring can ask for a password): not for a UI thread.

    The environment comes first, as for every other program; then what was typed here; then the login of
    huggingface_hub, which only the endpoint gets that it is for. A typed token is kept under the host's name, so that
    another endpoint never sees it.
    """

    def __init__(self, endpoint: str, record: Path, *, keyring: Keyring | None = None) -> None:
        """Touches nothing. `endpoint` is the Hub's address; `keyring` stands for the system's own.

        `record` is a file that remembers for which hosts a token was stored: where there is none the keyring is
        left in peace, for many ask for a password before they say so.
        """
        self.endpoint = endpoint
        self._record = JsonStore(record, 1)
        self._keyring = keyring
        self._lock = threading.Lock()
        self._stored: str | None = None  # None: the keyring has not been asked
        self._this_run = ""
        self._fault = ""

    @property
    def host(self) -> str:
        """The endpoint's name and port."""
        return _host_of(self.endpoint)

    def read(self) -> HubToken:
        """The token in force; never raises."""
        for name in _VARIABLES:
            if token := clean(os.environ.get(name, "")):
                return HubToken(token, TokenSource.ENVIRONMENT)
        with self._lock:
            if self._this_run:
                return HubToken(self._this_run, TokenSource.THIS_RUN, self._fault)
            if self._stored is None:
                self._stored = self._asked_keyring()
            stored, fault = self._stored, self._fault
        if stored:
            return HubToken(stored, TokenSource.KEYRING)
        login = self._login()
        return HubToken(login, TokenSource.LOGIN if login else TokenSource.NONE, fault)

    def token(self) -> str:
        """`read().token`, for whoever asks the Hub."""
        return self.read().token

    def store(self, text: str) -> HubToken:
        """Keeps a token that was typed, in the keyring or else for this run only; what is then in force.

        Raises:
            BadTokenError: `text` cannot be a token.
        """
        token = clean(text)
        if not token:
            raise BadTokenError("a token has letters, digits and marks only, and begins with hf_")
        with self._lock:
            self._fault = ""
            try:
                self._backend().set_password(_SERVICE, self.host, token)
                self._stored, self._this_run = token, ""
                self._note(is_stored=True)
            except Exception as error:  # each backend has errors of its own
                self._stored, self._this_run = "", token
                self._fault = _why(error)
                _log.info("the keyring cannot be used: %s", self._fault)
        return self.read()

    def forget(self) -> HubToken:
        """Forgets what was typed; what is then in force (the environment's or the login's, if there is one)."""
        with self._lock:
            self._this_run = self._fault = ""
            if self._is_noted():
                try:
                    self._backend().delete_password(_SERVICE, self.host)
                except Exception as error:  # each backend has errors of its own
                    self._fault = _why(error)
                    _log.info("the token cannot be taken out of the keyring: %s", self._fault)
            self._stored = ""
            self._note(is_stored=False)
        return self.read()

    def _is_noted(self) -> bool:
        return self.host in self._noted()

    def _noted(self) -> list[str]:
        hosts: Any = self._record.load()[0].get("hosts", [])
        return (
            [host for host in cast("list[Any]", hosts) if isinstance(host, str)]
            if isinstance(hosts, list)
            else []
        )

    def _note(self, *, is_stored: bool) -> None:
        others = [host for host in self._noted() if host != self.host]
        if is_stored or self._is_noted():
            try:
                self._record.save({"hosts": [*others, *([self.host] if is_stored else [])]})
            except StoreError as error:
                _log.error("%s", error)

    def _asked_keyring(self) -> str:
        if not self._is_noted():
            return ""
        try:
            return clean(self._backend().get_password(_SERVICE, self.host) or "")
        except Exception as error:  # each backend has errors of its own
            self._fault = _why(error)
            _log.info("the keyring cannot be used: %s", self._fault)
            return ""

    def _backend(self) -> Keyring:
        if self._keyring is None:
            import keyring  # it looks for backends, which takes a while

            self._keyring = keyring.get_keyring()
        return self._keyring

    def _login(self) -> str:
        """The token of ``hf auth login``, refreshed where it has run out, for the endpoint that it was given for."""
        if os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in {"1", "ON", "YES", "TRUE"}:
            return ""
        if self.host not in {_LOGIN_HOST, _host_of(os.environ.get("HF_ENDPOINT", ""))}:
            return ""
        try:
            from huggingface_hub import get_token

            return clean(get_token() or "")
        except (
            Exception
        ) as error:  # it reads files and asks the network, in ways that change with its version
            _log.info("the login of huggingface_hub cannot be used: %s", _why(error))
            return ""


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:  # it is no address; the Hub says so
        return ""


def clean(text: str) -> str:
    """`text` without white space around it; "" where it cannot be a token, which then would break a header."""
    token = text.strip()
    is_possible = token.isascii() and token.isprintable() and " " not in token and len(token) <= _MAX_LETTERS
    return token if is_possible else ""


def _why(error: Exception) -> str:
    words: Any = " ".join(str(error).split())
    return (words or type(error).__name__)[:200]
