"""Whatever can go wrong between here and the Hub, for a search, a page and a README: the reason and its sentence."""

from __future__ import annotations

import contextlib
import email.utils
import json
import pickle
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.hub import MESSAGES, HubError, HubPage, HubReason, SearchQuery
from app.worker.hub import Hub
from tests.hub_server import HubServer, ServedModel

REPO = "owner/Tiny-GGUF"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as started:
        started.add_model(REPO, {"Tiny-Q8_0.gguf": b"GGUF" * 100}, "# Tiny")
        yield started


@pytest.fixture
def hub(server: HubServer) -> Hub:
    return Hub(server.endpoint, timeout_s=5.0)


def _refused(ask: Callable[[], object], most_s: float = 3.0) -> HubError:
    started = time.monotonic()
    with pytest.raises(HubError) as caught:
        ask()
    assert time.monotonic() - started < most_s
    error = caught.value
    assert error.message == MESSAGES[error.reason].format(**error.values)
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.message, again.wait_s) == (error.reason, error.message, error.wait_s)
    return error


def _questions(hub: Hub) -> list[Callable[[], object]]:
    """Each of the three, the README's page read beforehand."""
    page: HubPage = hub.page(REPO)
    return [lambda: hub.search(SearchQuery()), lambda: hub.page(REPO), lambda: hub.readme(page)]


# -- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ({"status": 500}, HubReason.SERVER_ERROR, "(HTTP 500)"),
        ({"status": 502, "body": b"<html>bad gateway</html>"}, HubReason.SERVER_ERROR, "(HTTP 502)"),
        ({"status": 503}, HubReason.SERVER_ERROR, "Try again later"),
        ({"status": 408}, HubReason.SERVER_ERROR, "(HTTP 408)"),
        ({"status": 401}, HubReason.UNAUTHORISED, "set an access token"),
        ({"status": 403}, HubReason.UNAUTHORISED, "shows it only to some"),
        ({"status": 403, "error_code": "GatedRepo"}, HubReason.GATED, "Accept them on its page"),
        ({"status": 401, "error_code": "GatedRepo"}, HubReason.GATED, "Accept them on its page"),
        ({"status": 404}, HubReason.NOT_FOUND, "renamed or taken away"),
        ({"status": 410}, HubReason.NOT_FOUND, "renamed or taken away"),
        ({"status": 404, "error_code": "RevisionNotFound"}, HubReason.NOT_FOUND, "has no"),
        ({"status": 404, "error_code": "EntryNotFound"}, HubReason.NO_SUCH_FILE, "no longer there"),
        (
            {"status": 403, "error_message": "Access to this resource is disabled."},
            HubReason.NOT_FOUND,
            "taken away",
        ),
        ({"status": 400}, HubReason.BAD_ANSWER, "HTTP 400"),
        ({"status": 304}, HubReason.BAD_ANSWER, "HTTP 304"),
        ({"status": 407}, HubReason.PROXY, "asks for a password"),
        ({"redirect_loop": True}, HubReason.REDIRECT_LOOP, "without end"),
        ({"redirect_to": "file:///etc/passwd"}, HubReason.BAD_REDIRECT, "not safe to follow"),
        ({"redirect_to": "http://[::bad/"}, HubReason.BAD_REDIRECT, "not safe to follow"),
        ({"redirect_to": "http://127.0.0.1:99999/"}, HubReason.BAD_REDIRECT, "not safe to follow"),
        ({"hang_up": True}, HubReason.CLOSED, "broke off"),
    ],
)
def test_each_refusal_has_its_sentence(
    fault: dict[str, Any], reason: HubReason, words: str, hub: Hub, server: HubServer
) -> None:
    questions = _questions(hub)
    server.fault(**fault)
    for ask in questions:
        server.seen.clear()
        error = _refused(ask)
        assert error.reason is reason
        assert words in error.message
        # Asked once: whoever waits for an answer decides whether to try again.
        assert len(server.seen) == (
            10 if reason is HubReason.REDIRECT_LOOP else 2 if "hang_up" in fault else 1
        )
    server.heal()
    for ask in questions:
        ask()


def test_what_is_not_there_or_not_for_everyone(hub: Hub, server: HubServer) -> None:
    server.add_token("hf_x", "ann")
    server.add_model("owner/private", {"a.gguf": b"x"}, private=True, accounts={"bob"})
    known = Hub(server.endpoint, read_token=lambda: "hf_x")
    for name in ("owner/none", "owner/private"):  # the Hub does not tell the one from the other
        assert _refused(lambda name=name: hub.page(name)).reason is HubReason.UNAUTHORISED
        assert _refused(lambda name=name: known.page(name)).reason is HubReason.NOT_FOUND
    error = _refused(lambda: hub.page(REPO, "v9"))
    assert error.reason is HubReason.NOT_FOUND
    assert _refused(lambda: hub.search(SearchQuery(text=f"{server.endpoint}/owner/none"))).reason in (
        HubReason.UNAUTHORISED,
        HubReason.NOT_FOUND,
    )


def test_a_gated_models_readme(server: HubServer) -> None:
    server.add_token("hf_x", "ann")
    server.add_token("hf_y", "bob")
    server.update(REPO, gated="auto", accounts={"bob"})
    for token in ("", "hf_x"):
        hub = Hub(server.endpoint, read_token=lambda token=token: token)
        error = _refused(lambda hub=hub: hub.readme(hub.page(REPO)))
        assert error.reason is HubReason.GATED
        assert "owner/Tiny-GGUF" in error.message
    hub = Hub(server.endpoint, read_token=lambda: "hf_y")
    assert hub.readme(hub.page(REPO)) == "# Tiny"


@pytest.mark.parametrize("token", ["hf_revoked", "hf_ä", "hf_x\nX-Evil: 1", "two words"])
def test_a_token_that_is_not_valid(token: str, server: HubServer) -> None:
    hub = Hub(server.endpoint, read_token=lambda: token)
    for ask in (hub.account, lambda: hub.page(REPO), lambda: hub.search(SearchQuery())):
        assert _refused(ask).reason is HubReason.BAD_TOKEN
    assert len(server.seen) == (3 if token == "hf_revoked" else 0)


def test_a_pause_that_the_hub_asks_for(hub: Hub, server: HubServer) -> None:
    def wait_s(**headers: str) -> float | None:
        server.heal()
        server.fault(status=429, headers={key.replace("_", "-"): value for key, value in headers.items()})
        error = _refused(lambda: hub.page(REPO))
        assert error.reason is HubReason.TOO_MANY_REQUESTS
        assert error.is_passing
        assert f"in {error.wait_s:.0f} seconds" in error.message
        return error.wait_s

    assert wait_s(Retry_After="7") == 7
    assert wait_s(Retry_After="1.5") == 2
    assert wait_s() == wait_s(Retry_After="soon") == 30
    assert wait_s(Retry_After="99999999") == 3600
    assert 50 < (wait_s(Retry_After=email.utils.formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert wait_s(Retry_After=email.utils.formatdate(time.time() - 60, usegmt=True)) == 0
    assert wait_s(RateLimit='"api";r=0;t=55') == 56
    server.heal()
    server.fault(status=503, headers={"Retry-After": "9"})
    assert _refused(lambda: hub.page(REPO)).wait_s == 9


# -- connections --------------------------------------------------------------------------------------------


def test_no_network(server: HubServer) -> None:
    server.close()
    error = _refused(lambda: Hub(server.endpoint).page(REPO))
    assert (error.reason, error.is_passing) == (HubReason.NO_NETWORK, True)
    assert "it refused the connection" in error.message


def test_a_name_that_is_not_known() -> None:
    error = _refused(lambda: Hub("http://no-such-host.invalid", timeout_s=2.0).page(REPO), most_s=20)
    assert error.reason is HubReason.NO_NETWORK
    assert "no-such-host.invalid cannot be reached" in error.message


@pytest.mark.parametrize(
    "endpoint",
    ["ftp://hub.example", "http://", "http://[bad", "https://a b", "http://x:99999", "https://x:0"],
)
def test_an_endpoint_that_is_no_address(endpoint: str) -> None:
    error = _refused(lambda: Hub(endpoint).page(REPO))
    assert error.reason is HubReason.NO_NETWORK
    assert "cannot be reached (that is no web address)" in error.message


@pytest.mark.parametrize("fault", [{"hang": True}, {"bytes_per_s": 300}])
def test_a_server_that_is_silent_or_trickles(fault: dict[str, Any], server: HubServer) -> None:
    server.add_many(20)
    hub = Hub(server.endpoint, timeout_s=0.3)
    hub.page(REPO)
    server.fault("/api/*", **fault)
    error = _refused(lambda: hub.search(SearchQuery()), most_s=1.5)
    assert (error.reason, error.is_passing) == (HubReason.TOO_SLOW, True)
    assert "within 0.3 seconds" in error.message


def test_an_answer_that_breaks_off(hub: Hub, server: HubServer) -> None:
    questions = _questions(hub)
    server.fault(longer_by=100)
    for ask in questions:
        assert _refused(ask).reason is HubReason.CLOSED


def test_a_kept_connection_that_has_ended_is_no_fault(hub: Hub, server: HubServer) -> None:
    hub.page(REPO)
    server.fault(hang_up=True, times=1)
    assert hub.page(REPO).commit


def test_a_fault_that_passes(hub: Hub, server: HubServer) -> None:
    server.fault(status=503, times=2)
    for _ in range(2):
        assert _refused(lambda: hub.page(REPO)).is_passing
    assert hub.page(REPO).commit


# -- answers ------------------------------------------------------------------------------------------------

PAGE = {"id": REPO, "sha": "a" * 40, "siblings": []}
SIBLING = {"rfilename": "a.gguf", "size": 3, "blobId": "b" * 40}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please sign in to the hotel's network</html>",
        b"",
        b"null",
        b"3",
        b'"text"',
        b'{"error": "no"}',
        b"[" * 100_000,
        b'{"id": 3}',
        b"\xff\xfe",
        b"[3]",
        json.dumps({**PAGE, "sha": "main"}).encode(),
        json.dumps({**PAGE, "id": "../../etc"}).encode(),
        json.dumps({**PAGE, "lastModified": "yesterday"}).encode(),
        json.dumps({**PAGE, "siblings": [3]}).encode(),
        json.dumps({**PAGE, "siblings": [{"rfilename": "a.gguf"}]}).encode(),
        json.dumps({**PAGE, "siblings": [{**SIBLING, "size": -1}]}).encode(),
        json.dumps({**PAGE, "siblings": [{**SIBLING, "lfs": {"size": 3}}]}).encode(),
        json.dumps(
            {**PAGE, "siblings": [{**SIBLING, "lfs": {"sha256": "x", "size": 3, "pointerSize": 1}}]}
        ).encode(),
    ],
)
def test_what_is_not_the_hubs_language(body: bytes, hub: Hub, server: HubServer) -> None:
    server.fault("/api/*", body=body)
    error = _refused(lambda: hub.page(REPO))
    assert error.reason is HubReason.BAD_ANSWER
    assert "sign in first" in error.message


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"null",
        b"3",
        b'"text"',
        b"[3]",
        b"[[]]",
        b'[{"name": 3}]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_list_that_is_not_the_hubs_language(body: bytes, hub: Hub, server: HubServer) -> None:
    server.fault("/api/*", body=body)
    error = _refused(lambda: hub.search(SearchQuery()))
    assert error.reason is HubReason.BAD_ANSWER
    assert "sign in first" in error.message


def test_odd_values_become_unknown_ones(hub: Hub, server: HubServer) -> None:
    row = {
        "id": REPO,
        "downloads": "many",
        "likes": -4,
        "gated": {"a": 1},
        "gguf": {"total": 10**30, "architecture": ["llama"], "context_length": True},
        "tags": ["ok", 3, None, "x" * 5000, "license:mit", "base_model:..", "\ud800"],
        "pipeline_tag": 7,
        "private": "yes",
    }
    server.fault("/api/models", body=json.dumps([row, {"id": "a/b/c"}, {"id": "../x"}]).encode())
    (model,) = hub.search(SearchQuery()).models
    assert (model.n_downloads, model.n_likes, model.n_params, model.n_ctx_train) == (None, None, 0, 0)
    assert (model.architecture, model.pipeline, model.is_private) == ("", "", False)
    assert (model.tags, model.licence, model.base_models) == (
        ("ok", "license:mit", "base_model:.."),
        "mit",
        (),
    )


_KEYS = (
    *(
        "id",
        "sha",
        "siblings",
        "gated",
        "gguf",
        "tags",
        "lastModified",
        "createdAt",
        "cardData",
        "safetensors",
    ),
    *("downloads", "rfilename", "size", "blobId", "lfs", "sha256", "pointerSize", "total", "architecture"),
    *("private", "transformersInfo", "evalResults", "inferenceProviderMapping", "license", "model-index"),
)


def _rows(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(_KEYS), values, max_size=6)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | _rows(inner), max_leaves=5)


def test_whatever_the_answer_is_the_error_is_one_of_ours(hub: Hub, server: HubServer) -> None:
    fault = server.fault("/api/*", body=b"")

    @settings(max_examples=150)
    @given(_rows(_VALUES | st.lists(_rows(_SCALARS), max_size=2)))
    def check(row: dict[str, Any]) -> None:
        for answer, ask in ((row, lambda: hub.page(REPO)), ([row], lambda: hub.search(SearchQuery()))):
            fault.body = json.dumps(
                {"id": REPO, "sha": "a" * 40, **answer} if answer is row else answer
            ).encode()
            with contextlib.suppress(HubError):
                ask()

    check()


def test_odd_file_names_are_given_on_or_left_out(hub: Hub, server: HubServer) -> None:
    names = [
        "../../evil.gguf",
        "a\\b.gguf",
        "x\ny.gguf",
        "ä ö.gguf",
        "\ud800.gguf",
        "",
        "n" * 2000,
        "CON.gguf",
    ]
    siblings = [{**SIBLING, "rfilename": name} for name in names]
    siblings.append({"rfilename": "no-size.txt"})
    server.fault("/api/*", body=json.dumps({**PAGE, "siblings": siblings}).encode())
    assert [file.path for file in hub.page(REPO).files] == [*names[:4], "CON.gguf"]


def test_an_answer_without_end_is_not_read(hub: Hub, server: HubServer) -> None:
    server.fault("/api/*", body=b"[" + b'{"id": "a/b"},' * 2_500_000 + b"{}]")
    error = _refused(lambda: hub.search(SearchQuery()))
    assert error.reason is HubReason.BAD_ANSWER
    assert "far too long" in error.message


def test_a_name_that_no_model_has(hub: Hub, server: HubServer) -> None:
    for name in ("a/b/c", "../x", "a b/c", "owner/--x"):
        error = _refused(lambda name=name: hub.page(name))
        assert error.reason is HubReason.BAD_ADDRESS
        assert name in error.message
    for text in ("https://example.com/owner/name", f"{server.endpoint}/datasets/owner/name"):
        assert _refused(lambda text=text: hub.search(SearchQuery(text=text))).reason is HubReason.BAD_ADDRESS
    assert server.seen == []


# -- redirects and secrets ----------------------------------------------------------------------------------


def test_the_token_stays_with_its_server(server: HubServer) -> None:
    with HubServer() as other:
        for each in (server, other):
            each.add_token("hf_x", "ann")
        other.add_model(REPO, {"a.gguf": b"other"}, "# Other")
        hub = Hub(server.endpoint, read_token=lambda: "hf_x")
        page = hub.page(REPO)
        server.fault("*", redirect_to=f"{other.endpoint}/api/models/{REPO}?blobs=true", times=1)
        assert hub.page(REPO).commit != page.commit
        server.fault("*", redirect_to=f"{other.endpoint}/{REPO}/resolve/main/README.md", times=1)
        assert hub.readme(page) == "# Other"
        assert {seen.token for seen in server.seen} == {"hf_x"}
        assert {(seen.token, seen.headers["host"]) for seen in other.seen} == {
            ("", other.endpoint.removeprefix("http://"))
        }


def test_a_mirror_that_links_to_the_original_is_asked_on(hub: Hub, server: HubServer) -> None:
    """The next page's address may be on another server: it is the mirror that was chosen."""
    row: ServedModel = server.models[REPO]
    link = '<https://huggingface.co/api/models?limit=1&cursor=abc>; rel="next"'
    body = json.dumps([row.row([], is_list=True)]).encode()
    server.fault("/api/models", body=body, headers={"Link": link})
    answer = hub.search(SearchQuery())
    hub.search(SearchQuery(), answer.cursor)
    assert server.seen[-1].query == {"limit": ["1"], "cursor": ["abc"]}


def test_a_renamed_model_is_followed_to_its_new_name(hub: Hub, server: HubServer) -> None:
    server.fault("/api/models/owner/Old*", redirect_to=f"/api/models/{REPO}?blobs=true")
    assert hub.page("owner/Old").model.repo_id == REPO


# -- proxies and certificates -------------------------------------------------------------------------------


def test_a_proxy_is_used(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.endpoint)
    hub = Hub("http://hub.invalid")
    assert hub.page(REPO).commit
    assert server.seen[0].headers["host"] == "hub.invalid"


def test_a_proxy_that_refuses(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.endpoint)
    error = _refused(lambda: Hub("https://hub.invalid").page(REPO))
    assert error.reason is HubReason.PROXY
    assert [(seen.method, seen.path) for seen in server.seen] == [("CONNECT", "hub.invalid:443")]


@pytest.mark.parametrize("proxy", ["nonsense://x", "socks5://127.0.0.1:1"])
def test_a_proxy_that_is_none(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = _refused(lambda: Hub("https://hub.invalid").page(REPO))
    assert error.reason is HubReason.PROXY
    assert "system's proxy settings" in error.message


def test_a_server_that_does_not_prove_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    with HubServer(certificate=_certificate(tmp_path)) as server:
        server.add_model(REPO, {"a.gguf": b"x"})
        error = _refused(lambda: Hub(server.endpoint).page(REPO))
        assert error.reason is HubReason.NOT_TRUSTED
        assert "certificate" in error.message
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert Hub(server.endpoint).page(REPO).commit
        with HubServer() as plain:  # and does not lead from there to where anyone can listen
            server.fault(redirect_to=f"{plain.endpoint}/api/models/{REPO}")
            assert _refused(lambda: Hub(server.endpoint).page(REPO)).reason is HubReason.BAD_REDIRECT
            assert plain.seen == []


def _certificate(folder: Path) -> Path:
    """Self-signed, for 127.0.0.1."""
    path = folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command = ["openssl", "req", *kind, *subject, "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("ab") as whole:
        whole.write(Path(f"{path}.crt").read_bytes())
    return path
