"""Whose token it is, and whether the Hub accepts it; and the endpoint of the Preferences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hub import HubReason, SearchQuery
from app.paths import Paths
from app.services.hub_account import AccountState, HubAccount
from app.services.hub_page import PageState
from app.services.hub_search import SearchState
from app.services.hub_services import HubServices
from app.worker.hub import Hub
from app.worker.hub_token import HubTokens, TokenSource
from tests import tiny_models
from tests.hub_server import HubServer
from tests.services.footprint_rig import footprint_rig
from tests.services.hub_rig import Heard


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def account(server: HubServer, tmp_path: Path, qtbot: QtBot) -> Iterator[HubAccount]:
    server.add_token("hf_ann", "ann")
    tokens = HubTokens(server.endpoint, tmp_path / "hub-tokens.json")
    made = HubAccount(Hub(server.endpoint, read_token=tokens.token, timeout_s=5.0), tokens)
    yield made
    made.close()


def _settle(qtbot: QtBot, account: HubAccount) -> AccountState:
    qtbot.waitUntil(lambda: account.state is not AccountState.CHECKING, timeout=10_000)
    return account.state


def test_without_a_token_the_hub_is_not_asked(account: HubAccount, server: HubServer, qtbot: QtBot) -> None:
    assert account.state is AccountState.UNKNOWN
    account.check()
    assert _settle(qtbot, account) is AccountState.NONE
    assert not server.seen


def test_a_good_token_has_a_name(account: HubAccount, qtbot: QtBot) -> None:
    heard = Heard()
    account.token_changed.connect(heard.on("token"))
    account.set_token(" hf_ann ")
    assert _settle(qtbot, account) is AccountState.VALID
    assert (account.name, account.source, account.error) == ("ann", TokenSource.THIS_RUN, None)
    assert account.fault, "the machine of the tests has no keyring, and that is told"
    assert heard.names() == ["token"]
    account.forget()
    assert _settle(qtbot, account) is AccountState.NONE
    assert heard.names() == ["token", "token"]


def test_a_token_from_the_environment_is_named_as_such(
    account: HubAccount, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ann")
    account.check()
    assert _settle(qtbot, account) is AccountState.VALID
    assert account.source is TokenSource.ENVIRONMENT


def test_a_token_that_the_hub_refuses_is_told(account: HubAccount, qtbot: QtBot) -> None:
    account.set_token("hf_wrong")
    assert _settle(qtbot, account) is AccountState.REFUSED
    assert account.error is not None
    assert account.error.reason is HubReason.BAD_TOKEN


def test_what_cannot_be_a_token_leaves_the_one_before(account: HubAccount, qtbot: QtBot) -> None:
    account.set_token("hf_ann")
    _settle(qtbot, account)
    account.set_token("no token at all")
    assert _settle(qtbot, account) is AccountState.REFUSED
    account.check()
    assert _settle(qtbot, account) is AccountState.VALID


def test_without_a_network_a_token_is_neither_good_nor_bad(
    account: HubAccount, server: HubServer, qtbot: QtBot
) -> None:
    server.fault("*", hang_up=True)
    account.set_token("hf_ann")
    assert _settle(qtbot, account) is AccountState.UNCHECKED
    assert account.error is not None
    assert account.error.is_passing


def test_the_endpoint_of_the_preferences_is_followed_everywhere(
    server: HubServer, tmp_path: Path, qtbot: QtBot
) -> None:
    model = tiny_models.build_llama(tmp_path / "tiny-Q8_0.gguf", quantisation="q8_0")
    server.add_model("own/tiny", {model.name: model})
    with footprint_rig(tmp_path / "rig", qtbot) as rig, HubServer() as other:
        other.add_model("own/elsewhere", {"a.gguf": b"GGUF"})
        rig.preferences.set_value("hub_endpoint", f"{server.endpoint}/")
        hub = HubServices(Paths(tmp_path / "profile"), rig.preferences, rig.session, rig.service)
        try:
            assert hub.endpoint == server.endpoint
            assert not server.seen, "it asks nothing unasked"
            hub.search.set_query(SearchQuery(author="own"))
            qtbot.waitUntil(lambda: hub.search.state is SearchState.DONE, timeout=10_000)
            hub.page.open("own/tiny")
            qtbot.waitUntil(lambda: bool(hub.page.fits), timeout=20_000)
            with qtbot.waitSignal(hub.endpoint_changed, timeout=5_000):
                rig.preferences.set_value("hub_endpoint", other.endpoint)
            assert hub.endpoint == other.endpoint
            assert hub.page.state is PageState.CLOSED
            qtbot.waitUntil(
                lambda: [m.repo_id for m in hub.search.models] == ["own/elsewhere"], timeout=10_000
            )
        finally:
            hub.close()


def test_a_new_token_opens_what_was_refused(server: HubServer, tmp_path: Path, qtbot: QtBot) -> None:
    model = tiny_models.build_llama(tmp_path / "tiny-Q8_0.gguf", quantisation="q8_0")
    secret = server.add_model("own/secret", {model.name: model}, private=True)
    secret.accounts.add("ann")
    server.add_token("hf_ann", "ann")
    with footprint_rig(tmp_path / "rig", qtbot) as rig:
        rig.preferences.set_value("hub_endpoint", server.endpoint)
        hub = HubServices(Paths(tmp_path / "profile"), rig.preferences, rig.session, rig.service)
        try:
            hub.page.open("own/secret")
            qtbot.waitUntil(lambda: hub.page.state is PageState.FAILED, timeout=10_000)
            assert hub.page.error is not None
            assert hub.page.error.reason is HubReason.UNAUTHORISED
            hub.account.set_token("hf_ann")
            qtbot.waitUntil(lambda: bool(hub.page.fits), timeout=20_000)
        finally:
            hub.close()
