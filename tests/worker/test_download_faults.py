"""Everything that can go wrong with a download: how it goes on by itself, and what it says where it cannot."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.download import DownloadProgress, DownloadRequest
from app.core.hub import HubFile, HubReason
from app.worker.download_client import Failed, Finished, n_bytes_kept
from tests.hub_server import HubServer
from tests.worker.download_rig import (
    CDN_FILE,
    FILE,
    HUB_FILE,
    REPO,
    SLOW,
    Download,
    certificate,
    content,
    failure,
    files_under,
    finished,
    request,
)

MB = 1_000_000
SIZE = 3 * MB


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hugging Face's cache of this test."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add_model(REPO, {FILE: content(SIZE)})
        yield hub


def is_whole(paths: list[Path]) -> bool:
    return [path.read_bytes() for path in paths] == [content(SIZE)]


# -- the network ----------------------------------------------------------------------------------------------


def test_no_network(server: HubServer) -> None:
    wanted = request(server)
    server.close()
    with Download(wanted) as download:
        event = download.end()
    assert not isinstance(event, Finished)
    assert event.reason is HubReason.NO_NETWORK
    assert event.message == "127.0.0.1 cannot be reached (it refused the connection). Check the connection."
    waits = [e.retry_in_s for e in download.events if isinstance(e, DownloadProgress) and e.retry_in_s]
    assert len(waits) >= 2
    reasons = {e.reason for e in download.events if isinstance(e, DownloadProgress) and e.retry_in_s}
    assert reasons == {event.message}


def test_a_name_that_nobody_knows(server: HubServer) -> None:
    event = failure(dataclasses.replace(request(server), endpoint="http://hub.invalid"), backoff_s=())
    assert event.reason is HubReason.NO_NETWORK
    assert event.message == "hub.invalid cannot be reached (its name is not known). Check the connection."


def test_a_server_that_does_not_answer(server: HubServer) -> None:
    server.fault(HUB_FILE, hang=True)
    with Download(request(server), timeout_s=1.5, backoff_s=()) as download:
        event = download.end()
    assert not isinstance(event, Finished)
    assert event.reason is HubReason.TOO_SLOW
    assert "did not answer within 1.5 seconds" in event.message
    told = [event for event in download.events if isinstance(event, DownloadProgress)]
    assert 2 <= len(told) <= 5  # that nothing arrives is said too
    assert {event.bytes_per_s for event in told} == {0.0}


def test_a_server_that_falls_silent_in_the_middle_is_asked_again(server: HubServer) -> None:
    server.fault(CDN_FILE, times=1, bytes_per_s=40.0)
    assert is_whole(finished(request(server), timeout_s=0.02))


def test_a_connection_that_is_cut_every_megabyte(server: HubServer) -> None:
    server.fault(CDN_FILE, cut_every=MB)
    assert is_whole(finished(request(server), backoff_s=()))
    ranges = [seen.headers.get("range") for seen in server.asked(CDN_FILE)]
    assert ranges == [None, f"bytes={MB}-", f"bytes={2 * MB}-"]
    assert server.n_bytes_sent == SIZE
    # The rest is asked for of the same version only.
    assert all(seen.headers["if-range"].startswith('"cdn-') for seen in server.asked(CDN_FILE)[1:])


def test_a_connection_that_always_breaks_at_once(server: HubServer) -> None:
    server.fault(HUB_FILE, hang_up=True)
    event = failure(request(server))
    assert event.reason is HubReason.CLOSED
    assert len(server.seen) == 3
    assert event.message.startswith("127.0.0.1 broke off in the middle. Try again")


def test_a_server_that_does_not_prove_who_it_is_and_one_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer(certificate=certificate(tmp_path)) as server:
        server.add_model(REPO, {FILE: content(SIZE)})
        server.fault(CDN_FILE, cut_every=MB)
        event = failure(request(server))
        assert event.reason is HubReason.NOT_TRUSTED
        assert "certificate" in event.message
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert is_whole(finished(request(server), backoff_s=()))
        with HubServer() as plain:  # from there it does not go on to where anyone can listen
            server.heal()
            server.fault(HUB_FILE, redirect_to=f"{plain.endpoint}/x.gguf")
            server.update(REPO, {FILE: content(SIZE, seed=1)})
            assert failure(request(server)).reason is HubReason.BAD_REDIRECT
            assert plain.seen == []


# -- what servers say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", HubReason.GATED),
        ("hf_other", HubReason.GATED),
        ("hf_wrong", HubReason.BAD_TOKEN),
    ],
)
def test_a_gated_model(server: HubServer, token: str, reason: HubReason) -> None:
    server.add_token("hf_other", "bob")
    server.models[REPO].gated = "manual"
    event = failure(request(server), token=token)
    assert event.reason is reason
    assert ("Accept them on its page" in event.message) == (reason is HubReason.GATED)
    assert (f"The owner of {REPO} wants" in event.message) == (reason is HubReason.GATED)
    assert len(server.seen) == 1  # nobody is asked twice for what is refused


def test_what_is_not_there(server: HubServer) -> None:
    wanted = request(server)
    gone = HubFile("gone.gguf", 5, sha256="0" * 64)
    event = failure(dataclasses.replace(wanted, files=(gone,)))
    assert event.reason is HubReason.NO_SUCH_FILE
    assert event.message.startswith("gone.gguf is no longer there.")
    event = failure(dataclasses.replace(wanted, commit="0" * 40))
    assert event.reason is HubReason.NOT_FOUND
    event = failure(dataclasses.replace(wanted, repo_id="owner/other"))
    assert event.reason is HubReason.UNAUTHORISED


def test_too_many_requests_waits_as_long_as_the_server_asks(server: HubServer) -> None:
    server.fault(HUB_FILE, times=1, status=429, headers={"Retry-After": "1"})
    with Download(request(server)) as download:
        assert isinstance(download.end(), Finished)
    waits = [e for e in download.events if isinstance(e, DownloadProgress) and e.retry_in_s is not None]
    assert 0.8 < max(event.retry_in_s or 0 for event in waits) <= 1.0
    assert "asks for a pause" in waits[0].reason
    assert waits[0].bytes_per_s == 0


def test_a_long_wait_is_left_to_the_queue(server: HubServer) -> None:
    server.fault(HUB_FILE, status=429, headers={"Retry-After": "600"})
    event = failure(request(server))
    assert (event.reason, event.wait_s) == (HubReason.TOO_MANY_REQUESTS, 600)
    assert "in 600 seconds" in event.message


def test_a_servers_own_fault_passes_or_is_told(server: HubServer) -> None:
    server.fault(HUB_FILE, times=2, status=502)
    assert is_whole(finished(request(server)))
    server.update(REPO, {FILE: content(SIZE, seed=1)})
    server.fault(HUB_FILE, status=503)
    event = failure(request(server))
    assert event.reason is HubReason.SERVER_ERROR
    assert "HTTP 503" in event.message
    assert len([seen for seen in server.seen if seen.host == "hub"]) == 6


def test_an_address_that_was_lent_and_has_run_out(server: HubServer) -> None:
    server.fault(CDN_FILE, times=1, cut_every=MB)
    server.fault(CDN_FILE, times=1, status=403)
    assert is_whole(finished(request(server)))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"redirect_loop": True}, HubReason.REDIRECT_LOOP),
        ({"redirect_to": "file:///etc/passwd"}, HubReason.BAD_REDIRECT),
        ({"body": b"<html>sign in</html>", "headers": {"Content-Type": "text/html"}}, HubReason.BAD_ANSWER),
    ],
)
def test_a_server_that_leads_astray(server: HubServer, fault: dict[str, object], reason: HubReason) -> None:
    server.fault(HUB_FILE, **fault)
    event = failure(request(server))
    assert event.reason is reason
    assert "127.0.0.1" in event.message
    assert len(server.seen) <= 10
    assert n_bytes_kept(request(server)) == 0


def test_a_server_without_ranges_sends_everything_again_and_nothing_is_lost(server: HubServer) -> None:
    server.fault(CDN_FILE, times=1, cut_every=MB)
    server.fault(CDN_FILE, no_range=True)
    assert is_whole(finished(request(server)))
    assert server.n_bytes_sent == MB + SIZE


def test_a_server_without_ranges_or_names_starts_anew(server: HubServer) -> None:
    """Nothing says that what it sends now is what it sent before."""
    server.fault(CDN_FILE, times=1, cut_every=MB)
    server.fault(HUB_FILE, times=2, no_etag=True)
    server.fault(CDN_FILE, no_range=True, no_etag=True)
    server.faults.sort(key=lambda fault: fault.no_range)
    assert is_whole(finished(request(server)))


def test_a_server_without_ranges_that_always_breaks_ends(server: HubServer) -> None:
    server.fault(CDN_FILE, no_range=True, cut_every=MB)
    event = failure(request(server))
    assert event.reason is HubReason.CLOSED
    assert n_bytes_kept(request(server)) == MB


def test_a_length_that_lies(server: HubServer) -> None:
    server.fault(CDN_FILE, longer_by=1000)
    event = failure(request(server))
    assert event.reason is HubReason.WRONG_LENGTH
    assert event.message == f"{FILE} is {SIZE + 1000} bytes long and should be {SIZE}. Try again later."


def test_the_hubs_own_word_on_the_length_that_lies(server: HubServer) -> None:
    server.fault(HUB_FILE, longer_by=-7)
    event = failure(request(server))
    assert (event.reason, event.values["got"]) == (HubReason.WRONG_LENGTH, SIZE - 7)


def test_a_file_that_was_replaced(server: HubServer) -> None:
    wanted = request(server)
    other = dataclasses.replace(wanted.files[0], sha256="0" * 64)
    event = failure(dataclasses.replace(wanted, files=(other,)))
    assert event.reason is HubReason.CHANGED
    assert server.n_bytes_sent == 0


# -- what arrives ---------------------------------------------------------------------------------------------


def test_a_damaged_file_is_set_aside_and_asked_for_once_more(server: HubServer, cache: Path) -> None:
    server.fault(CDN_FILE, times=1, wrong_content=True)
    with Download(request(server)) as download:
        assert isinstance(download.end(), Finished)
    assert server.n_bytes_sent == 2 * SIZE
    assert not [path for path in files_under(cache) if "damaged" in path]
    told = [event.n_bytes for event in download.events[:-1] if isinstance(event, DownloadProgress)]
    assert told[-1] == SIZE


@pytest.mark.parametrize("where", ["cache", "folder"])
def test_a_file_that_is_damaged_twice(server: HubServer, cache: Path, tmp_path: Path, where: str) -> None:
    server.fault(CDN_FILE, wrong_content=True)
    wanted = request(server, folder="" if where == "cache" else tmp_path / "models")
    event = failure(wanted)
    assert event.reason is HubReason.WRONG_HASH
    assert "arrived damaged twice" in event.message
    kept = Path(str(event.values["kept"]))
    assert kept.stat().st_size == SIZE
    assert str(kept) in event.message
    assert server.n_bytes_sent == 2 * SIZE
    assert not list(tmp_path.rglob("*.gguf"))
    assert n_bytes_kept(wanted) == 0
    server.heal()
    assert is_whole(finished(wanted))
    assert not kept.exists()


def test_a_damaged_small_file_is_known_by_gits_checksum(server: HubServer) -> None:
    server.add_model("o/small", {"config.json": b'{"a": 1}'})
    server.fault("*config.json", wrong_content=True)
    assert failure(request(server, "config.json", repo="o/small")).reason is HubReason.WRONG_HASH


# -- the disk -------------------------------------------------------------------------------------------------


def test_a_disk_without_room_for_all_files_is_not_begun_to_be_filled(server: HubServer, cache: Path) -> None:
    wanted = request(server)
    huge = HubFile("huge.gguf", 1 << 50, sha256="0" * 64)
    event = failure(dataclasses.replace(wanted, files=(*wanted.files, huge)))
    assert event.reason is HubReason.DISK_FULL
    assert event.values["folder"] == str(cache)
    free, needed = int(event.values["free"]), int(event.values["needed"])
    assert free > 0
    assert free + needed == wanted.size_bytes + (1 << 50)
    assert server.seen == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_meanwhile(server: HubServer, small_disk: Path) -> None:
    wanted = request(server, folder=small_disk)
    fault = server.fault(CDN_FILE, bytes_per_s=SLOW)
    with Download(wanted) as download:
        download.until_bytes(100_000)
        (small_disk / "others").write_bytes(bytes(2 * MB))
        event = download.end()
    assert not isinstance(event, Finished)
    assert event.reason is HubReason.DISK_FULL
    assert event.values["folder"] == str(small_disk)
    assert int(event.values["needed"]) > 0
    n_kept = n_bytes_kept(wanted)
    assert n_kept > 100_000
    (small_disk / "others").unlink()
    server.faults.remove(fault)
    assert is_whole(finished(wanted))
    assert server.asked(CDN_FILE)[-1].headers["range"] == f"bytes={n_kept}-"


def test_the_last_byte_of_a_disk(server: HubServer, small_disk: Path) -> None:
    """Whatever the system says about free space, its refusal to write more is the same message."""
    wanted = request(server, folder=small_disk)
    server.fault(CDN_FILE, delay_s=0.3)
    with Download(wanted) as download:
        download.until(lambda _event: True)
        (small_disk / "others").write_bytes(bytes(2 * MB))
        event = download.end()
    assert not isinstance(event, Finished)
    assert event.reason is HubReason.DISK_FULL
    assert "more are needed" in event.message


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
def test_a_folder_that_is_deleted_meanwhile(server: HubServer, tmp_path: Path) -> None:
    server.fault(CDN_FILE, bytes_per_s=SLOW)
    wanted = request(server, FILE, folder=tmp_path / "mine")
    with Download(wanted) as download:
        download.until_bytes(200_000)
        shutil.rmtree(tmp_path / "mine")
        event = download.end()
    assert isinstance(event, Failed)
    assert event.reason is HubReason.CANNOT_WRITE
    assert "was deleted meanwhile" in event.message
    assert server.n_bytes_sent < 2 * MB, "the rest is not asked for in vain"
    server.heal()
    assert is_whole(finished(wanted))


def test_a_folder_that_cannot_be_written(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    event = failure(request(server, folder=tmp_path / "file"))
    assert event.reason is HubReason.CANNOT_WRITE
    assert event.message == f"{tmp_path / 'file'} cannot be written: Not a directory."


@pytest.mark.parametrize("name", ["../up.gguf", "a/../../up.gguf", "/etc/up.gguf", "con.gguf", "a\\b.gguf"])
def test_a_name_that_leads_elsewhere(server: HubServer, tmp_path: Path, name: str) -> None:
    wanted: DownloadRequest = dataclasses.replace(
        request(server, folder=tmp_path / "models"), files=(HubFile(name, 5, sha256="0" * 64),)
    )
    event = failure(wanted)
    assert event.reason is HubReason.BAD_NAME
    assert "Nothing was written" in event.message
    assert server.seen == []
    assert list(tmp_path.iterdir()) == []
