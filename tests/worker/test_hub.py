"""The Hub asked over real HTTP: searches, pages, READMEs, accounts, and what is remembered of them."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.hub import README_LIMIT_BYTES, Gated, HubError, HubModel, HubReason, SearchQuery, Sort
from app.core.hub_files import Role, variants
from app.worker.hub import DEFAULT_ENDPOINT, Hub
from tests.hub_models import EPOCH
from tests.hub_server import Content, HubServer

REPO = "owner/Tiny-GGUF"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "hf_endpoint"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as started:
        started.add_model(
            REPO,
            {
                "Tiny-Q8_0.gguf": b"GGUF" * 100,
                "mmproj-F16.gguf": Content(b"GGUF" * 10, is_xet=True),
                "sub/config.json": b"{}",
            },
            "---\nlicense: mit\n---\n# Tiny\n",
            downloads=7,
            likes=3,
            trending=100_000,
            licence="mit",
            architecture="llama",
            params=8_000_000_000,
            context_length=4096,
            base_model="org/Tiny",
            gated="manual",
            updated=EPOCH + 5,
        )
        yield started


@pytest.fixture
def hub(server: HubServer, tmp_path: Path) -> Hub:
    return Hub(server.endpoint, cache_dir=tmp_path / "hub")


def _ids(models: tuple[HubModel, ...]) -> list[str]:
    return [model.repo_id for model in models]


# -- searching ----------------------------------------------------------------------------------------------


def test_a_model_as_the_hub_tells_it(hub: Hub) -> None:
    answer = hub.search(SearchQuery(text="tiny"))
    assert answer.models == (
        HubModel(
            repo_id=REPO,
            n_downloads=7,
            n_likes=3,
            updated_at=EPOCH + 5,
            created_at=EPOCH,
            licence="mit",
            gated=Gated.MANUAL,
            architecture="llama",
            n_params=8_000_000_000,
            n_ctx_train=4096,
            pipeline="text-generation",
            tags=(
                *("gguf", "license:mit", "base_model:org/Tiny", "base_model:quantized:org/Tiny"),
                *("endpoints_compatible", "region:us"),
            ),
            base_models=("org/Tiny",),
        ),
    )
    assert (answer.models[0].owner, answer.models[0].name) == ("owner", "Tiny-GGUF")
    assert not answer.is_stored
    assert answer.cursor == ""


def test_a_thousand_results_page_by_page(hub: Hub, server: HubServer) -> None:
    server.add_many(1000)
    found: list[str] = []
    query, cursor = SearchQuery(sort=Sort.DOWNLOADS), ""
    while True:
        answer = hub.search(query, cursor)
        found += _ids(answer.models)
        if not (cursor := answer.cursor):
            break
    assert len(found) == len(set(found)) == 1001
    assert found[0].startswith("many/model-0000")
    assert len(server.seen) == 21  # and no page is asked for before it is wanted


def test_filters_reach_the_hub_and_hold(hub: Hub, server: HubServer) -> None:
    server.add_many(60)
    server.add_model("owner/safe", {"model.safetensors": b"x"}, trending=10**6)
    assert "owner/safe" not in _ids(hub.search(SearchQuery()).models)
    assert hub.search(SearchQuery(gguf_only=False)).models[0].repo_id == "owner/safe"
    assert {m.licence for m in hub.search(SearchQuery(licence="gemma")).models} == {"gemma"}
    assert _ids(hub.search(SearchQuery(is_gated=True)).models) == [REPO]
    assert REPO not in _ids(hub.search(SearchQuery(is_gated=False)).models)
    assert _ids(hub.search(SearchQuery(author="owner")).models) == [REPO]
    bounds = SearchQuery(n_params_min=3_500_000_000, n_params_max=8_000_000_000)
    assert {m.n_params for m in hub.search(bounds).models} == {4_000_000_000, 8_000_000_000}
    assert server.seen[-1].query["num_parameters"] == ["min:3500M,max:8B"]
    server.seen.clear()
    assert {m.architecture for m in hub.search(SearchQuery(architecture="Qwen3")).models} == {"qwen3"}


def test_an_architecture_is_looked_for_in_several_pages(hub: Hub, server: HubServer) -> None:
    """The Hub cannot filter by it."""
    server.add_many(700)
    server.add_model("last/rare", {"a.gguf": b"x"}, architecture="rare", params=1, trending=-1)
    answer = hub.search(SearchQuery(architecture="rare"))
    assert (answer.models, bool(answer.cursor), len(server.seen)) == ((), True, 6)
    assert _ids(hub.search(SearchQuery(architecture="rare"), answer.cursor).models) == ["last/rare"]


def test_the_orders(hub: Hub, server: HubServer) -> None:
    server.add_model("a/old", {"a.gguf": b"x"}, downloads=90, likes=1, created_at=1.0, updated=10.0)
    server.add_model("a/new", {"a.gguf": b"x"}, downloads=1, likes=90, created_at=9e9, updated=2.0)
    firsts = {sort: hub.search(SearchQuery(sort=sort)).models[0].repo_id for sort in Sort}
    assert firsts == {
        Sort.BEST: REPO,
        Sort.DOWNLOADS: "a/old",
        Sort.LIKES: "a/new",
        Sort.UPDATED: REPO,
        Sort.NEW: "a/new",
    }


@pytest.mark.parametrize(
    "form", ["{repo}", "{endpoint}/{repo}/tree/main", "hf download {repo}", "hf.co/{repo}:Q8_0"]
)
def test_an_address_finds_its_model_first(hub: Hub, server: HubServer, form: str) -> None:
    server.add_model(f"{REPO}-2", {"a.gguf": b"x"}, trending=10**6)
    text = form.format(repo=REPO, endpoint=server.endpoint)
    assert _ids(hub.search(SearchQuery(text=text)).models) == [REPO, f"{REPO}-2"]


def test_a_model_asked_for_by_name_passes_the_filters(hub: Hub, server: HubServer) -> None:
    server.add_model("owner/safe", {"model.safetensors": b"x"})
    assert _ids(hub.search(SearchQuery(text="owner/safe")).models) == ["owner/safe"]


def test_half_an_address_finds_what_begins_so(hub: Hub, server: HubServer) -> None:
    assert _ids(hub.search(SearchQuery(text="owner/tin")).models) == [REPO]
    assert hub.search(SearchQuery(text="owner/none")).models == ()


def test_an_accounts_address_finds_its_models(hub: Hub, server: HubServer) -> None:
    server.add_many(3)
    found = hub.search(SearchQuery(text=f"{server.endpoint}/owner/"))
    assert _ids(found.models) == [REPO]


# -- pages --------------------------------------------------------------------------------------------------


def test_a_page_with_its_files(hub: Hub, server: HubServer) -> None:
    page = hub.page(REPO)
    commit = server.models[REPO].commits[-1]
    assert (page.commit, page.revision, page.is_stored) == (commit.sha, "main", False)
    assert page.model == hub.search(SearchQuery(text="tiny")).models[0]
    assert {f.path: (f.size_bytes, f.etag) for f in page.files} == {
        path: (served.size_bytes, served.etag) for path, served in commit.files.items()
    }
    assert [bool(file.sha256) for file in page.files] == [True, True, False, False]
    assert [(v.role, v.label) for v in variants(page.files)] == [
        (Role.MODEL, "Q8_0"),
        (Role.PROJECTOR, "F16"),
    ]


def test_a_page_at_an_older_commit(hub: Hub, server: HubServer) -> None:
    old = hub.page(REPO)
    server.update(REPO, {"Tiny-Q8_0.gguf": b"new", "Tiny-Q4_0.gguf": b"more"})
    assert hub.page(REPO).commit != old.commit
    again = hub.page(REPO, old.commit)
    assert (again.commit, again.files) == (old.commit, old.files)


@pytest.mark.parametrize("query", ["?blobs=true", ""])
def test_a_renamed_model_is_found_by_its_old_name(hub: Hub, server: HubServer, query: str) -> None:
    server.fault("/api/models/old/name*", redirect_to=f"/api/models/{REPO}{query}")
    page = hub.page("old/name")
    assert page.model.repo_id == REPO
    assert page.files == hub.page(REPO).files
    assert all(file.size_bytes for file in page.files)


def test_a_readme_is_asked_for_once(hub: Hub, server: HubServer) -> None:
    server.models[REPO].gated = False
    page = hub.page(REPO)
    assert hub.readme(page) == hub.readme(page) == "---\nlicense: mit\n---\n# Tiny\n"
    assert len(server.asked("*/resolve/*README.md")) == 1
    server.update(REPO, readme=b"\xef\xbb\xbf# New \xff\n")
    assert hub.readme(hub.page(REPO)) == "# New \ufffd\n"
    server.add_model("owner/bare", {"a.gguf": b"x"}, None)
    assert hub.readme(hub.page("owner/bare")) == ""


def test_a_readme_of_five_megabytes_is_read_to_its_limit(hub: Hub, server: HubServer) -> None:
    line = "<script>alert(1)</script> <img src=x onerror=y> ä\n"
    server.update(REPO, readme=line * (5_000_000 // len(line)), gated=False)
    text = hub.readme(hub.page(REPO))
    assert README_LIMIT_BYTES - 100 < len(text.encode()) <= README_LIMIT_BYTES
    assert set(text.splitlines(keepends=True)) == {line}


def test_a_readme_on_the_cdn_is_fetched_without_the_token(server: HubServer) -> None:
    server.add_token("hf_x", "ann")
    server.update(REPO, {"README.md": Content(b"# Large", is_lfs=True)}, gated=False)
    hub = Hub(server.endpoint, read_token=lambda: "hf_x")
    assert hub.readme(hub.page(REPO)) == "# Large"
    assert {(seen.host, seen.token) for seen in server.seen} == {("hub", "hf_x"), ("cdn", "")}


def test_the_address_of_a_file(hub: Hub, server: HubServer) -> None:
    url = hub.file_url("owner/name", "refs/pr/1", "a folder/ä#?.gguf")
    assert url == f"{server.endpoint}/owner/name/resolve/refs%2Fpr%2F1/a%20folder/%C3%A4%23%3F.gguf"


# -- accounts -----------------------------------------------------------------------------------------------


def test_the_account_of_a_token(server: HubServer) -> None:
    server.add_token("hf_x", "ann")
    server.add_model("owner/private", {"a.gguf": b"x"}, private=True, accounts={"ann"})
    token = ""
    hub = Hub(server.endpoint, read_token=lambda: token)
    assert hub.account() == ""
    assert server.seen == []
    token = " hf_x\n"
    assert hub.account() == "ann"
    assert hub.page("owner/private").model.is_private


def test_no_token_of_this_computer_is_sent_unasked(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.add_token("hf_secret", "ann")
    Hub(server.endpoint).page(REPO)
    assert [seen.token for seen in server.seen] == [""]


def test_nothing_but_the_question_is_sent(hub: Hub, server: HubServer) -> None:
    """The library would ask huggingface.co which programs there are, to name the one that runs it."""
    hub.search(SearchQuery(text="tiny"))
    assert [seen.path for seen in server.seen] == ["/api/models"]
    sent = set(server.seen[0].headers) - {"host", "accept", "accept-encoding", "connection"}
    assert sent == {"user-agent"}
    assert "agent/" not in server.seen[0].headers["user-agent"].replace("user-agent/", "")


# -- what is remembered -------------------------------------------------------------------------------------


def test_answers_are_given_back_while_the_hub_is_away(hub: Hub, server: HubServer) -> None:
    server.update(REPO, gated=False)
    query = SearchQuery(text="tiny")
    answer, page = hub.search(query), hub.page(REPO)
    readme = hub.readme(page)
    server.close()
    stored, stored_page = hub.search(query), hub.page(REPO)
    assert stored.is_stored
    assert stored.why_stored is not None
    assert stored.why_stored.reason is HubReason.NO_NETWORK
    assert dataclasses.replace(stored, is_stored=False, why_stored=None) == answer
    assert stored_page.is_stored
    assert dataclasses.replace(stored_page, why_stored=None) == page
    assert hub.readme(stored_page) == readme


def test_it_works_again_when_the_network_is_back(hub: Hub, server: HubServer) -> None:
    query = SearchQuery(text="tiny")
    hub.search(query)
    server.fault(hang_up=True)
    assert hub.search(query).is_stored
    server.heal()
    server.update(REPO, likes=99)
    answer = hub.search(query)
    assert (answer.is_stored, answer.models[0].n_likes) == (False, 99)


def test_what_one_account_may_see_is_not_shown_to_another(server: HubServer, tmp_path: Path) -> None:
    server.add_token("hf_x", "ann")
    server.add_model("owner/private", {"a.gguf": b"x"}, private=True, accounts={"ann"})
    token = "hf_x"
    hub = Hub(server.endpoint, read_token=lambda: token, cache_dir=tmp_path)
    hub.page("owner/private")
    server.fault(status=503)
    assert hub.page("owner/private").is_stored
    token = ""
    with pytest.raises(HubError, match="fault of its own"):
        hub.page("owner/private")
    assert not any("hf_x" in path.read_text() for path in tmp_path.iterdir())


def test_refusals_are_not_covered_by_what_is_stored(hub: Hub, server: HubServer) -> None:
    hub.page(REPO)
    del server.models[REPO]
    with pytest.raises(HubError, match="has no owner/Tiny-GGUF"):
        hub.page(REPO)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text[:-9],
        lambda text: text.replace('"tags"', '"tag"'),
        lambda text: text.replace('"n_likes"', '"likes"'),
        lambda text: text.replace('"gated": "manual"', '"gated": "perhaps"'),
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda text: "[" * 100_000,
    ],
)
def test_a_damaged_store_is_no_store(
    damage: Callable[[str], str], hub: Hub, server: HubServer, tmp_path: Path
) -> None:
    query = SearchQuery(text="tiny")
    hub.search(query)
    hub.page(REPO)
    server.close()
    for path in (tmp_path / "hub").iterdir():
        path.write_text(damage(path.read_text()))
    for ask in (lambda: hub.search(query), lambda: hub.page(REPO)):
        with pytest.raises(HubError) as caught:
            ask()
        assert caught.value.reason is HubReason.NO_NETWORK


def test_the_store_stays_small_and_keeps_the_newest(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    for n in range(450):
        path = folder / f"{n:032x}.json"
        path.write_text("{}")
        os.utime(path, (n, n))
    hub.search(SearchQuery(text="tiny"))
    left = {path.name for path in folder.iterdir()}
    assert len(left) == 400
    assert f"{449:032x}.json" in left
    assert f"{0:032x}.json" not in left


def test_a_store_that_cannot_be_written_loses_only_the_storing(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Hub(server.endpoint, cache_dir=tmp_path / "file" / "hub").page(REPO).commit


# -- together -----------------------------------------------------------------------------------------------


def test_many_threads_ask_one_hub(hub: Hub, server: HubServer) -> None:
    server.add_many(30)
    found: dict[str, str] = {}

    def ask(name: str) -> None:
        found[name] = hub.page(name).model.repo_id

    threads = [threading.Thread(target=ask, args=(name,)) for name in server.models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: name for name in server.models}


def test_the_endpoint(monkeypatch: pytest.MonkeyPatch, server: HubServer) -> None:
    assert (Hub().endpoint, Hub().host) == (DEFAULT_ENDPOINT, "huggingface.co")
    monkeypatch.setenv("HF_ENDPOINT", f"{server.endpoint}//")
    assert Hub().endpoint == server.endpoint
    assert Hub().page(REPO).commit
    assert Hub("hub.example/hf/").endpoint == "https://hub.example/hf"
