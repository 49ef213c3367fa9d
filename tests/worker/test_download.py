"""Downloads that end well: where the files are, what is asked for again, what other programs see of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core.hub import HubReason
from app.core.hub_record import read_record
from app.worker.download_client import Failed, Finished, discard, is_finished, n_bytes_kept
from tests.hub_server import Content, HubServer
from tests.worker.download_rig import (
    CDN_FILE,
    FILE,
    REPO,
    SLOW,
    Download,
    content,
    failure,
    files_under,
    finished,
    request,
)

MB = 1_000_000


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hugging Face's cache of this test."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add_model(REPO, {FILE: content(3 * MB), "config.json": b'{"a": 1}'})
        yield hub


def test_files_lie_in_the_cache_as_huggingface_hub_finds_them(server: HubServer, cache: Path) -> None:
    import huggingface_hub

    wanted = request(server)
    assert is_finished(wanted) is None
    paths = finished(wanted)
    assert [path.read_bytes() for path in paths] == [content(3 * MB), b'{"a": 1}']
    assert is_finished(wanted) == tuple(map(str, paths))
    assert n_bytes_kept(wanted) == wanted.size_bytes
    for path, file in zip(paths, wanted.files, strict=True):
        found = huggingface_hub.try_to_load_from_cache(REPO, file.path, cache_dir=cache)
        assert found == str(path)
        assert os.readlink(path) == f"../../blobs/{file.etag}"
    (repo,) = huggingface_hub.scan_cache_dir(cache).repos
    assert (repo.repo_id, repo.size_on_disk, repo.refs.keys()) == (REPO, wanted.size_bytes, {"main"})


def test_a_file_of_huggingface_hubs_is_not_asked_for_again(server: HubServer, cache: Path) -> None:
    wanted = request(server)
    paths = finished(wanted)
    n_asked = len(server.seen)
    assert finished(wanted) == paths
    # Another commit with the same content needs a link only.
    server.update(REPO, {"config.json": b'{"a": 2}'})
    newer = request(server)
    assert n_bytes_kept(newer) == 3 * MB
    new_paths = finished(newer)
    assert new_paths[0].read_bytes() == content(3 * MB)
    assert [seen.path.rpartition("/")[2] for seen in server.seen[n_asked:]] == ["config.json"] * 2
    assert paths[1].read_bytes() == b'{"a": 1}'  # the old one stays


def test_progress_tells_bytes_of_all_files(server: HubServer, cache: Path) -> None:
    server.fault(CDN_FILE, bytes_per_s=6 * MB)
    with Download(request(server)) as download:
        assert isinstance(download.end(), Finished)
    told = download.events[:-1]
    assert [event.n_bytes for event in told] == sorted(event.n_bytes for event in told)
    assert told[-1].n_bytes == told[-1].n_verified_bytes == 3 * MB + 8
    assert 2 <= len(told) <= 8  # five a second, and one for each file
    assert any(2 * MB < event.bytes_per_s < 12 * MB for event in told)
    assert FILE in {event.file for event in told}


def test_a_folder_of_the_users_remembers_where_files_come_from(server: HubServer, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    wanted = request(server, folder=folder)
    (path, _) = finished(wanted)
    assert path == folder / REPO / FILE
    assert path.read_bytes() == content(3 * MB)
    record = read_record(path)
    assert record is not None
    assert (record.repo_id, record.commit, record.path) == (REPO, wanted.commit, FILE)
    assert files_under(folder / REPO) == {
        FILE,
        "config.json",
        f".loadout/files/{FILE}.json",
        ".loadout/files/config.json.json",
    }
    # A newer version takes the place of the old one, which was downloaded here.
    server.update(REPO, {FILE: content(3 * MB, seed=1)})
    newer = request(server, folder=folder)
    assert is_finished(newer) is None
    assert finished(newer)[0].read_bytes() == content(3 * MB, seed=1)
    assert is_finished(newer)


def test_another_file_of_the_users_is_left_alone(server: HubServer, tmp_path: Path) -> None:
    path = tmp_path / REPO / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    error = failure(request(server, folder=tmp_path))
    assert error.reason is HubReason.CANNOT_WRITE
    assert "is there already" in error.message
    assert path.read_bytes() == b"mine"
    # The one that is wanted, put there by another program, is taken as it is.
    path.write_bytes(content(3 * MB))
    assert finished(request(server, FILE, folder=tmp_path)) == [path]
    assert read_record(path) is not None
    assert server.n_bytes_sent == 0


def test_stop_is_immediate_and_what_arrived_is_not_asked_for_again(server: HubServer, cache: Path) -> None:
    fault = server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, FILE)
    with Download(wanted) as download:
        download.until_bytes(500_000)
        began = time.monotonic()
        download.process.stop()
        assert time.monotonic() - began < 1.0
        assert download.process.pid is None
    n_kept = n_bytes_kept(wanted)
    assert 500_000 <= n_kept < 3 * MB
    assert not any("snapshots" in path for path in files_under(cache))
    server.faults.remove(fault)
    assert finished(wanted)[0].read_bytes() == content(3 * MB)
    assert server.asked(CDN_FILE)[-1].headers["range"] == f"bytes={n_kept}-"


def test_what_another_version_left_behind_never_mixes_with_this_one(server: HubServer, cache: Path) -> None:
    wanted = request(server, FILE)
    partial = cache / "models--owner--name-GGUF/blobs" / f"{wanted.files[0].etag}.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(content(MB, seed=7))
    assert finished(wanted)[0].read_bytes() == content(3 * MB)
    assert not list(partial.parent.glob("*.incomplete"))
    # Longer than the file can be: nothing of it is of use.
    for path in partial.parent.iterdir():
        path.unlink()
    partial.write_bytes(content(4 * MB, seed=7))
    assert finished(wanted)[0].read_bytes() == content(3 * MB)


def test_a_killed_process_is_told_of_and_gone_on_from(server: HubServer, cache: Path) -> None:
    fault = server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, FILE)
    with Download(wanted) as download:
        download.until_bytes(500_000)
        assert download.process.pid is not None
        os.kill(download.process.pid, signal.SIGKILL)
        event = download.end()
    assert isinstance(event, Failed)
    assert event.reason is HubReason.PROCESS_LOST
    assert "SIGKILL" in event.message
    server.faults.remove(fault)
    assert finished(wanted)[0].read_bytes() == content(3 * MB)


_APP = """
    import sys, time
    from app.core.download import DownloadRequest
    from app.worker.download_client import DownloadProcess
    import json

    if __name__ == "__main__":
        wanted = DownloadRequest.from_json(json.loads(sys.argv[1]))
        def tell(event):
            print(process.pid, getattr(event, "n_bytes", event), flush=True)
        process = DownloadProcess(wanted, "", tell)
        process.start()
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_app_killed_in_mid_download_leaves_no_process_and_loses_nothing(
    server: HubServer, cache: Path, tmp_path: Path
) -> None:
    import json

    fault = server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, FILE)
    script = tmp_path / "an_app.py"
    script.write_text(textwrap.dedent(_APP))
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    app = subprocess.Popen(
        [sys.executable, str(script), json.dumps(wanted.to_json())],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )
    assert app.stdout is not None
    pid = n_bytes = 0
    while n_bytes < 500_000:
        pid, n_bytes = map(int, app.stdout.readline().split())
    worker = psutil.Process(pid)
    app.kill()
    app.wait()
    app.stdout.close()
    worker.wait(5)  # it ends by itself
    n_kept = n_bytes_kept(wanted)
    assert n_kept >= 500_000
    server.faults.remove(fault)
    n_before = server.n_bytes_sent
    assert finished(wanted)[0].read_bytes() == content(3 * MB)
    assert server.n_bytes_sent - n_before == 3 * MB - n_kept


@pytest.mark.parametrize("where", ["cache", "folder"])
def test_two_downloads_of_one_file_do_not_write_it_both(
    server: HubServer, cache: Path, tmp_path: Path, where: str
) -> None:
    server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, FILE, folder="" if where == "cache" else tmp_path / "models")
    with Download(wanted) as first:
        first.until_bytes(100_000)
        second = failure(wanted)
        assert second.reason is HubReason.IN_USE
        assert FILE in second.message
        discard(wanted)  # another window's: what is being written is left to the one that writes
        assert failure(wanted).reason is HubReason.IN_USE
        assert isinstance(first.end(), Finished)
    assert finished(wanted)[0].read_bytes() == content(3 * MB)
    assert server.n_bytes_sent == 3 * MB


def test_huggingface_hubs_own_lock_is_respected(server: HubServer, cache: Path) -> None:
    from huggingface_hub.utils import WeakFileLock

    wanted = request(server, FILE)
    lock = cache / ".locks/models--owner--name-GGUF" / f"{wanted.files[0].etag}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        assert failure(wanted).reason is HubReason.IN_USE
    assert finished(wanted)


@pytest.mark.parametrize("where", ["cache", "folder"])
def test_a_split_set_appears_only_when_all_parts_are_there(
    server: HubServer, cache: Path, tmp_path: Path, where: str
) -> None:
    parts = [f"big-0000{n}-of-00002.gguf" for n in (1, 2)]
    server.add_model("o/split", {part: content(MB, seed=n) for n, part in enumerate(parts)})
    fault = server.fault("*00002-of-00002.gguf", status=503)
    folder = "" if where == "cache" else tmp_path / "models"
    wanted = request(server, *parts, repo="o/split", folder=folder)
    assert failure(wanted, backoff_s=()).reason is HubReason.SERVER_ERROR
    assert n_bytes_kept(wanted) == MB
    assert not list(tmp_path.rglob("*.gguf"))
    server.faults.remove(fault)
    paths = finished(wanted)
    assert [path.name for path in paths] == parts
    assert [path.read_bytes() for path in paths] == [content(MB, seed=0), content(MB, seed=1)]
    assert len(server.asked("/o/split/[0-9a-f]*00001-of-00002.gguf")) == 1


@pytest.mark.parametrize("where", ["cache", "folder"])
def test_discard_deletes_what_is_unfinished_and_nothing_else(
    server: HubServer, cache: Path, tmp_path: Path, where: str
) -> None:
    folder = "" if where == "cache" else tmp_path / "models"
    whole = request(server, "config.json", folder=folder)
    (kept,) = finished(whole)
    server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, folder=folder)
    with Download(wanted) as download:
        download.until_bytes(MB)
    assert n_bytes_kept(wanted) >= MB
    discard(wanted)
    assert n_bytes_kept(wanted) == kept.stat().st_size
    discard(whole)
    assert kept.read_bytes() == b'{"a": 1}'
    unfinished = request(server, FILE, folder=folder)
    discard(unfinished)  # there is nothing of it
    assert not list(tmp_path.rglob("*.incomplete"))


def test_a_discarded_split_set_leaves_no_part_behind(server: HubServer, tmp_path: Path, cache: Path) -> None:
    server.fault("*config.json", status=503)
    wanted = request(server)
    assert failure(wanted, backoff_s=()).reason is HubReason.SERVER_ERROR
    assert n_bytes_kept(wanted) == 3 * MB
    discard(wanted)
    assert files_under(cache) == set()


def test_where_links_cannot_be_made_the_file_itself_lies_in_the_snapshot(
    server: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    wanted = request(server, FILE)
    (path,) = finished(wanted)
    assert not path.is_symlink()
    assert path.read_bytes() == content(3 * MB)
    assert not list(cache.rglob("blobs/*"))
    assert is_finished(wanted)


def test_odd_names_are_asked_for_and_stored_as_they_are(server: HubServer, cache: Path) -> None:
    name = "sub dir/ü #1 50% a&b?c=d+e.gguf" if sys.platform != "win32" else "sub dir/ü #1 50% a&b+e.gguf"
    server.add_model("o/odd", {name: content(1000)})
    (path,) = finished(request(server, name, repo="o/odd"))
    assert path.as_posix().endswith(name)
    assert path.read_bytes() == content(1000)


def test_a_file_without_bytes_and_two_of_the_same_content(server: HubServer, tmp_path: Path) -> None:
    server.add_model("o/same", {"a.gguf": content(1000), "b/a.gguf": content(1000), "empty.txt": b""})
    wanted = request(server, repo="o/same", folder=tmp_path)
    paths = finished(wanted)
    assert [path.read_bytes() for path in paths] == [content(1000), content(1000), b""]
    assert finished(wanted) == paths


def test_files_that_xet_stores_come_by_plain_http(server: HubServer, cache: Path) -> None:
    server.add_model("o/xet", {FILE: Content(content(MB), is_xet=True)})
    assert finished(request(server, FILE, repo="o/xet"))[0].read_bytes() == content(MB)
    assert not server.asked("*xet-read-token*")


def test_the_token_goes_to_the_hub_and_nowhere_else(server: HubServer, cache: Path) -> None:
    server.add_token("hf_secret", "anna")
    server.models[REPO].gated, server.models[REPO].accounts = "auto", {"anna"}
    assert finished(request(server), token="hf_secret")
    assert {seen.token for seen in server.seen if seen.host == "hub"} == {"hf_secret"}
    assert {seen.token for seen in server.seen if seen.host == "cdn"} == {""}


def test_the_systems_proxy_is_used(server: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local Hub stands in for a proxy too: it is asked for the whole address, or to connect."""
    import dataclasses

    monkeypatch.setenv("HTTPS_PROXY", server.endpoint)
    wanted = dataclasses.replace(request(server), endpoint="https://hub.invalid")
    error = failure(wanted)
    assert error.reason is HubReason.PROXY
    assert server.asked("hub.invalid:443", "CONNECT")
