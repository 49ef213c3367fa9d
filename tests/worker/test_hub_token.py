"""The access token: where it is from, which host it is for, and what happens where the system keeps no secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.worker.hub_token import BadTokenError, HubToken, HubTokens, TokenSource, clean

HUB = "https://huggingface.co"
OTHER = "https://hub.example.com:8443"


class MemoryKeyring:
    """A keyring that works, for as long as the test; `asked` counts how often it was spoken to."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.n_asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.n_asked += 1
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "hub-tokens.json"


@pytest.fixture
def login() -> Iterator[Path]:
    """The file that ``hf auth login`` writes, in the tests' own HF_HOME."""
    from huggingface_hub import constants

    path = Path(constants.HF_TOKEN_PATH)
    assert "loadout-tests-" in str(path), "not in the tests' own folder"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("hf_login\n")
    yield path
    path.unlink()


def test_without_any_there_is_none_and_the_keyring_is_left_in_peace(record: Path) -> None:
    keyring = MemoryKeyring()
    assert HubTokens(HUB, record, keyring=keyring).read() == HubToken("", TokenSource.NONE)
    assert keyring.n_asked == 0
    assert not record.exists()


def test_the_environment_comes_first(record: Path, monkeypatch: pytest.MonkeyPatch, login: Path) -> None:
    tokens = HubTokens(HUB, record, keyring=MemoryKeyring())
    tokens.store("hf_typed")
    monkeypatch.setenv("HF_TOKEN", " hf_environment\n")
    assert tokens.read() == HubToken("hf_environment", TokenSource.ENVIRONMENT)
    monkeypatch.setenv("HF_TOKEN", "")
    assert tokens.read() == HubToken("hf_typed", TokenSource.KEYRING)


def test_a_typed_token_outlives_the_process_and_is_in_no_file(record: Path, tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    assert HubTokens(HUB, record, keyring=keyring).store("  hf_typed ").source is TokenSource.KEYRING
    assert HubTokens(HUB, record, keyring=keyring).read() == HubToken("hf_typed", TokenSource.KEYRING)
    for path in tmp_path.rglob("*"):
        assert "hf_typed" not in path.read_text()


def test_the_keyring_is_asked_once(record: Path) -> None:
    keyring = MemoryKeyring()
    HubTokens(HUB, record, keyring=keyring).store("hf_typed")
    again = HubTokens(HUB, record, keyring=keyring)
    assert {again.token() for _ in range(5)} == {"hf_typed"}
    assert keyring.n_asked == 1


def test_each_host_has_its_own(record: Path) -> None:
    keyring = MemoryKeyring()
    HubTokens(HUB, record, keyring=keyring).store("hf_one")
    other = HubTokens(OTHER, record, keyring=keyring)
    assert other.read().source is TokenSource.NONE
    other.store("hf_other")
    assert HubTokens(HUB, record, keyring=keyring).token() == "hf_one"
    assert HubTokens(OTHER, record, keyring=keyring).token() == "hf_other"
    other.forget()
    assert HubTokens(HUB, record, keyring=keyring).token() == "hf_one"
    assert HubTokens(OTHER, record, keyring=keyring).read().source is TokenSource.NONE


def test_what_is_forgotten_is_gone(record: Path) -> None:
    keyring = MemoryKeyring()
    tokens = HubTokens(HUB, record, keyring=keyring)
    tokens.store("hf_typed")
    assert tokens.forget() == HubToken("", TokenSource.NONE)
    assert not keyring.secrets
    assert HubTokens(HUB, record, keyring=keyring).token() == ""
    assert tokens.forget() == HubToken("", TokenSource.NONE), "a second time does no harm"


def test_without_a_keyring_a_token_is_kept_for_this_run_and_it_says_so(record: Path) -> None:
    """The library's own answer on a machine that has none (tests/conftest.py chooses that backend)."""
    tokens = HubTokens(HUB, record)
    kept = tokens.store("hf_typed")
    assert (kept.token, kept.source) == ("hf_typed", TokenSource.THIS_RUN)
    assert "backend" in kept.fault
    assert tokens.read() == kept
    assert HubTokens(HUB, record).read().source is TokenSource.NONE, "another run"
    assert tokens.forget().source is TokenSource.NONE


def test_a_keyring_that_no_longer_opens_is_told(record: Path) -> None:
    HubTokens(HUB, record, keyring=MemoryKeyring()).store("hf_typed")
    found = HubTokens(HUB, record).read()
    assert (found.token, found.source) == ("", TokenSource.NONE)
    assert found.fault


def test_the_login_of_huggingface_hub_is_used_for_its_own_endpoint_only(
    record: Path, login: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HubTokens(HUB, record).read() == HubToken("hf_login", TokenSource.LOGIN)
    assert HubTokens(OTHER, record).read() == HubToken("", TokenSource.NONE)
    monkeypatch.setenv("HF_ENDPOINT", OTHER)
    assert HubTokens(OTHER, record).read() == HubToken("hf_login", TokenSource.LOGIN)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert HubTokens(HUB, record).read() == HubToken("", TokenSource.NONE)


@pytest.mark.parametrize("text", ["", "  ", "two words", "hf_é", "hf_\nx", "hf_\x00", "x" * 5000])
def test_what_cannot_be_a_token_is_refused(record: Path, text: str) -> None:
    keyring = MemoryKeyring()
    tokens = HubTokens(HUB, record, keyring=keyring)
    tokens.store("hf_before")
    with pytest.raises(BadTokenError):
        tokens.store(text)
    assert tokens.token() == "hf_before"
    assert clean(text) == ""


def test_a_token_does_not_get_into_a_log() -> None:
    assert "secret" not in repr(HubToken("hf_secret", TokenSource.KEYRING))


@pytest.mark.parametrize("endpoint", ["http://[", "", "nonsense"])
def test_an_endpoint_that_is_none_has_no_token(record: Path, endpoint: str) -> None:
    assert HubTokens(endpoint, record).read() == HubToken("", TokenSource.NONE)


@pytest.mark.allow_log("cannot be saved|could not be saved")
def test_a_record_that_cannot_be_written_loses_no_token_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tokens = HubTokens(HUB, tmp_path / "file" / "hub-tokens.json", keyring=MemoryKeyring())
    assert tokens.store("hf_typed").token == "hf_typed"


@pytest.mark.allow_log(".")
def test_a_damaged_record_is_as_none(record: Path) -> None:
    record.write_text('{"version": 1, "hosts": 3}')
    tokens = HubTokens(HUB, record, keyring=MemoryKeyring())
    assert tokens.read().source is TokenSource.NONE
    assert tokens.store("hf_typed").source is TokenSource.KEYRING
    assert not stat.S_IMODE(record.stat().st_mode) & stat.S_IWOTH
