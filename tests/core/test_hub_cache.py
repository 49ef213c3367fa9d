"""Where downloaded files lie, and which names are refused."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.download import DownloadRequest
from app.core.hub import HubError, HubFile, HubReason
from app.core.hub_cache import cache_folder, check_path, layout_of
from app.core.hub_record import Record, read_record, record_path, write_record

SHA = "ab" * 32
WANTED = DownloadRequest(
    id="1",
    repo_id="owner/name",
    revision="main",
    commit="c" * 40,
    files=(HubFile("sub/a.gguf", 5, sha256=SHA),),
    folder="",
    endpoint="https://huggingface.co",
    title="a",
)


def test_the_cache_is_where_huggingface_hub_has_it(tmp_path: Path) -> None:
    home = Path.home()
    found = [
        ({}, home / ".cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, Path("/x/huggingface/hub")),
        ({"HF_HOME": "~/hf"}, home / "hf/hub"),
        ({"HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"}, Path("/old")),
        ({"HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old"}, Path("/new")),
    ]
    assert [cache_folder(environ) for environ, _ in found] == [path.absolute() for _, path in found]


def test_the_installed_huggingface_hub_agrees(python: str) -> None:
    environ = {"HF_HOME": "~/$PLACE", "PLACE": "here", "PATH": os.environ["PATH"], "HOME": str(Path.home())}
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    told = subprocess.check_output([python, "-c", code], env=environ, text=True).strip()
    assert told == str(Path.home() / "here/hub")
    code = "from app.core.hub_cache import cache_folder; print(cache_folder())"
    assert subprocess.check_output([python, "-c", code], env=environ, text=True).strip() == told


def test_files_in_the_cache_have_huggingface_hubs_names() -> None:
    from huggingface_hub import file_download

    layout = layout_of(WANTED)
    assert layout.home.name == file_download.repo_folder_name(repo_id="owner/name", repo_type="model")
    (place,) = layout.places
    assert place.final == layout.home / "snapshots" / WANTED.commit / "sub/a.gguf"
    assert place.content == layout.home / "blobs" / SHA
    assert layout.ref == layout.home / "refs/main"
    assert layout_of(dataclasses.replace(WANTED, revision=WANTED.commit)).ref is None
    assert layout_of(dataclasses.replace(WANTED, revision="../../up")).ref is None


def test_a_folder_of_the_users(tmp_path: Path) -> None:
    layout = layout_of(dataclasses.replace(WANTED, folder=str(tmp_path)))
    (place,) = layout.places
    assert place.final == tmp_path / "owner/name/sub/a.gguf"
    assert place.partial.parent == tmp_path / "owner/name/.loadout"
    assert layout.ref is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        "./a",
        "a\\b",
        "a\nb",
        "a\0b",
        "a\x85b",
        "\udc80",
        "nul",
        "COM1.gguf",
        "sub/LPT¹.x",
        "aux .txt",
        ".loadout/x",
        ".LOADOUT",
        "x" * 241,
        "ü" * 121,
    ],
)
def test_names_that_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(HubError) as caught:
        layout_of(dataclasses.replace(WANTED, files=(HubFile(name, 5, sha256=SHA),), folder=str(tmp_path)))
    assert caught.value.reason is HubReason.BAD_NAME
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "name",
    ["a", "ü ö.gguf", "...a", "#1 50%.gguf", "console.gguf", "com10.gguf", "x" * 240, ".gitattributes"],
)
def test_names_that_may_be(name: str) -> None:
    check_path(f"sub/{name}")


@pytest.mark.skipif(sys.platform != "win32", reason="other systems have such files")
def test_names_that_windows_cannot_have() -> None:
    for name in ("a:b", "a?", "a.", "a ", "<a>"):
        with pytest.raises(HubError):
            check_path(name)


@pytest.mark.parametrize(
    "change",
    [
        {"repo_id": "../up"},
        {"repo_id": "owner/.."},
        {"repo_id": "a/b/c"},
        {"repo_id": "owner--name"},
        {"repo_id": "owner/con"},
        {"commit": "main"},
        {"commit": "../" * 13 + "a"},
    ],
)
def test_repositories_and_commits_that_lead_elsewhere(change: dict[str, str]) -> None:
    with pytest.raises(HubError) as caught:
        layout_of(dataclasses.replace(WANTED, **change))
    assert caught.value.reason is HubReason.BAD_NAME


def test_a_file_without_a_checksum_cannot_be_checked_and_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        layout_of(dataclasses.replace(WANTED, files=(HubFile("a.gguf", 5),)))
    assert caught.value.reason is HubReason.BAD_ANSWER
    with pytest.raises(HubError):
        layout_of(dataclasses.replace(WANTED, files=(HubFile("a.gguf", 5, sha256="../../x"),)))


@given(st.text(max_size=40))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    wanted = dataclasses.replace(WANTED, files=(HubFile(name, 5, sha256=SHA),), folder="/models")
    try:
        layout = layout_of(wanted)
    except HubError:
        return
    home = Path("/models/owner/name").absolute()
    final = layout.places[0].final
    assert home in final.parents
    assert ".." not in final.parts
    assert final != layout.places[0].partial


def test_a_record_is_read_again_while_the_file_is_the_same(tmp_path: Path) -> None:
    record = Record("owner/name", "main", "c" * 40, "sub/a.gguf", SHA, 5)
    home = tmp_path / "owner/name"
    path = home / record.path
    path.parent.mkdir(parents=True)
    assert read_record(path) is None
    write_record(home, record)
    assert read_record(path) is None  # there is no file yet
    path.write_bytes(b"12345")
    assert read_record(path) == record
    path.write_bytes(b"123456")
    assert read_record(path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"version": 1}', "\xff"])
def test_a_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"12345")
    place = record_path(tmp_path, "a.gguf")
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="latin-1")
    assert read_record(path) is None
    newer = {
        "version": 2,
        "repo_id": "",
        "revision": "",
        "commit": "",
        "path": "",
        "etag": "",
        "size_bytes": 5,
    }
    place.write_text(json.dumps(newer))
    assert read_record(path) is None
