"""What the installed huggingface_hub really requests, against `tests.hub_server`.

If this fails after an update of the library, the library asks in another way: then the server here, and whatever
of ours speaks to the Hub itself (downloads, headers read by range), have to follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import close_session
from tqdm import tqdm

from tests.hub_server import Content, HubServer

REPO = "owner/tiny-GGUF"
FILE = "tiny-Q8_0.gguf"
CONTENT = b"GGUF" + bytes(range(256)) * 40


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # else its progress bars leave a thread
    with HubServer() as started:
        files = {FILE: CONTENT, "xet.gguf": Content(CONTENT[:100], is_xet=True), "config.json": b"{}"}
        started.add_model(REPO, files, "# Tiny", licence="mit", architecture="llama", params=8_000_000_000)
        yield started
    close_session()


def _asked(server: HubServer) -> list[tuple[str, str, str, dict[str, list[str]]]]:
    return [(seen.host, seen.method, seen.path, seen.query) for seen in server.seen]


def test_lists(server: HubServer) -> None:
    api = HfApi(endpoint=server.endpoint, token=False)
    found = list(
        api.list_models(
            search="tiny",
            author="owner",
            filter=["gguf", "license:mit"],
            gated=False,
            num_parameters="min:6B,max:128B",
            sort="last_modified",
            limit=5,
            expand=["gguf", "likes"],
        )
    )
    assert [model.id for model in found] == [REPO]
    assert found[0].gguf == {"total": 8_000_000_000, "architecture": "llama", "context_length": 0}
    query = {
        "search": ["tiny"],
        "author": ["owner"],
        "filter": ["gguf", "license:mit"],
        "gated": ["false"],
        "num_parameters": ["min:6B,max:128B"],
        "sort": ["lastModified"],
        "limit": ["5"],
        "expand": ["gguf", "likes"],
    }
    assert _asked(server) == [("hub", "GET", "/api/models", query)]


def test_the_next_page_is_the_address_in_the_link(server: HubServer) -> None:
    server.add_many(25)
    server.page_limit = 10
    found = [model.id for model in HfApi(endpoint=server.endpoint, token=False).list_models()]
    assert len(found) == len(set(found)) == 26
    cursors = [seen.query.get("cursor") for seen in server.seen]
    assert cursors == [None, ["10"], ["20"]]


def test_a_model_its_files_and_the_account(server: HubServer) -> None:
    server.add_token("hf_x", "ann")
    api = HfApi(endpoint=server.endpoint, token="hf_x")
    info = api.model_info(REPO, revision="main", files_metadata=True)
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or []}
    assert info.sha == server.models[REPO].commits[-1].sha
    assert siblings[FILE].lfs is not None
    assert siblings[FILE].lfs.size == siblings[FILE].size == len(CONTENT)
    assert siblings["config.json"].lfs is None
    tree = {entry.path: entry for entry in api.list_repo_tree(REPO, recursive=True)}
    assert tree[FILE].lfs.sha256 == siblings[FILE].lfs.sha256  # type: ignore[union-attr]
    assert api.whoami()["name"] == "ann"
    assert _asked(server) == [
        ("hub", "GET", f"/api/models/{REPO}/revision/main", {"blobs": ["true"]}),
        ("hub", "GET", f"/api/models/{REPO}/tree/main", {"recursive": ["true"], "expand": ["false"]}),
        ("hub", "GET", "/api/whoami-v2", {}),
    ]
    assert {seen.token for seen in server.seen} == {"hf_x"}


def test_a_file_and_what_the_library_makes_of_it(server: HubServer, tmp_path: Path) -> None:
    server.add_token("hf_x", "ann")
    url = hf_hub_url(REPO, FILE, endpoint=server.endpoint)
    told = get_hf_file_metadata(url, token="hf_x")
    served = server.models[REPO].commits[-1].files[FILE]
    assert (told.etag, told.size) == (served.sha256, len(CONTENT))
    assert told.location.startswith(server.cdn)
    path = hf_hub_download(REPO, FILE, endpoint=server.endpoint, cache_dir=tmp_path, token="hf_x")
    assert Path(path).read_bytes() == CONTENT
    assert Path(path).resolve().name == served.sha256
    small = hf_hub_download(REPO, "config.json", endpoint=server.endpoint, cache_dir=tmp_path)
    assert Path(small).resolve().name == server.models[REPO].commits[-1].files["config.json"].blob_id
    heads, gets = server.asked(f"/{REPO}/resolve/*", "HEAD"), [s for s in server.seen if s.host == "cdn"]
    assert len(heads) == 3
    assert heads[0].headers["accept-encoding"] == "identity"
    assert [(seen.method, seen.token) for seen in gets] == [("GET", "")]
    assert server.asked("/api/resolve-cache/*", "GET")


def test_a_file_in_xet_is_marked_and_its_token_refused(server: HubServer) -> None:
    told = get_hf_file_metadata(hf_hub_url(REPO, "xet.gguf", endpoint=server.endpoint), token=False)
    assert told.xet_file_data is not None
    assert told.location.startswith(server.cdn)
    from huggingface_hub.utils._xet import refresh_xet_connection_info

    with pytest.raises(HfHubHTTPError):
        refresh_xet_connection_info(file_data=told.xet_file_data, headers={})


def test_refusals_are_those_that_the_library_knows(server: HubServer) -> None:
    server.add_model("owner/gated", {FILE: CONTENT}, gated="manual")
    server.add_model("owner/private", {FILE: CONTENT}, private=True)
    server.add_token("hf_x", "ann")
    api = HfApi(endpoint=server.endpoint, token="hf_x")
    for repo_id in ("owner/none", "owner/private"):
        with pytest.raises(RepositoryNotFoundError):
            api.model_info(repo_id)
    with pytest.raises(RevisionNotFoundError):
        api.model_info(REPO, revision="v9")
    for token in (False, "hf_x"):
        with pytest.raises(GatedRepoError):
            get_hf_file_metadata(hf_hub_url("owner/gated", FILE, endpoint=server.endpoint), token=token)
    with pytest.raises(RemoteEntryNotFoundError):
        get_hf_file_metadata(hf_hub_url(REPO, "none.gguf", endpoint=server.endpoint), token=False)
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        api.whoami(token="hf_other")
    server.models["owner/gated"].accounts.add("ann")
    assert get_hf_file_metadata(hf_hub_url("owner/gated", FILE, endpoint=server.endpoint), token="hf_x").size
