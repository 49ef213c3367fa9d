"""``loadout search`` against a Hub on loopback."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from app.cli.search import _size_range
from tests.cli.program import Program
from tests.hub_server import HubServer

REPO = "owner/Tiny-GGUF"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with HubServer() as started:
        started.add_many(120)
        started.add_model(
            REPO,
            {"Tiny-Q8_0.gguf": b"GGUF"},
            downloads=51_234,
            likes=3,
            licence="mit",
            architecture="llama",
            params=8_000_000,
            gated="auto",
        )
        monkeypatch.setenv("HF_ENDPOINT", started.endpoint)
        yield started


def test_what_people_see(loadout: Program, server: HubServer) -> None:
    done = loadout("search", "tiny")
    assert (done.exit_code, done.stderr) == (0, "")
    heading, row = done.stdout.splitlines()
    assert heading.split() == [
        "MODEL",
        "PARAMETERS",
        "ARCHITECTURE",
        "DOWNLOADS",
        "LIKES",
        "UPDATED",
        "LICENCE",
    ]
    assert row.split() == [REPO, "(gated)", "8M", "llama", "51,234", "3", "2025-10-09", "mit"]


def test_the_document_and_the_options(loadout: Program, server: HubServer) -> None:
    options = ("--sort", "downloads", "--size", "0-4B", "--licence", "mit", "--no-gated", "--limit", "70")
    record = loadout("search", *options, "--json").json()
    assert set(record) == {"endpoint", "models", "has_more", "is_stored", "asked_at"}
    assert (record["endpoint"], record["has_more"], record["is_stored"]) == (server.endpoint, False, False)
    assert {model["licence"] for model in record["models"]} == {"mit"}
    assert max(model["n_params"] for model in record["models"]) == 4_000_000_000
    assert REPO not in {model["repo_id"] for model in record["models"]}
    counts = [model["n_downloads"] for model in record["models"]]
    assert counts == sorted(counts, reverse=True)


def test_more_than_one_page(loadout: Program, server: HubServer) -> None:
    done = loadout("search", "--limit", "75", "--json")
    names = [model["repo_id"] for model in done.json()["models"]]
    assert len(names) == len(set(names)) == 75
    assert done.json()["has_more"] is True
    assert len(server.asked("/api/models")) == 2
    assert "--limit 40" in loadout("search").stderr


def test_nothing_found_is_no_failure(loadout: Program, server: HubServer) -> None:
    done = loadout("search", "no", "such", "thing")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no model matches" in done.stderr
    assert server.seen[-1].query["search"] == ["no such thing"]
    assert loadout("search", "nothing", "--json").json()["models"] == []


def test_offline_it_shows_what_it_knows_and_says_so(loadout: Program, server: HubServer) -> None:
    first = loadout("search", "tiny")
    server.close()
    again = loadout("search", "tiny")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "cannot be reached (it refused the connection)" in again.stderr
    assert "This is what it said on 20" in again.stderr
    assert loadout("search", "tiny", "--json").json()["is_stored"] is True
    other = loadout("search", "other")
    assert (other.exit_code, other.stdout) == (1, "")
    assert "Check the connection" in other.stderr


def test_a_token_that_is_not_valid_is_named(
    loadout: Program, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_revoked")
    done = loadout("search", "tiny")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "does not accept the access token" in done.stderr
    assert "environment variable HF_TOKEN" in done.stderr
    assert "hf_revoked" not in done.stderr


def test_text_of_the_hub_does_not_steer_a_terminal() -> None:
    from app.cli.terminal import shown

    class Terminal:
        def isatty(self) -> bool:
            return True

    assert "\x1b" not in shown("\x1b[31mlicence", Terminal())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("4B-9B", (4_000_000_000, 9_000_000_000)),
        ("4-9B", (4_000_000_000, 9_000_000_000)),
        ("500m-1.5b", (500_000_000, 1_500_000_000)),
        ("30B-", (30_000_000_000, None)),
        ("30B+", (30_000_000_000, None)),
        ("0-4B", (None, 4_000_000_000)),
        ("-4B", (None, 4_000_000_000)),
        ("8B", (6_800_000_000, 9_200_000_000)),
    ],
)
def test_ranges_of_sizes(text: str, bounds: tuple[int | None, int | None]) -> None:
    assert _size_range(text) == bounds


@pytest.mark.parametrize(
    "text", ["", "-", "8", "9B-4B", "4B-9B-12B", "4GB", "B", "99999999B", "4B-9B+", "0-", "4-", "4-9", "4B-9"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        _size_range(text)
