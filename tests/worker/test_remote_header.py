"""Headers read from a server: a real one on loopback, as good and as bad as they come."""

from __future__ import annotations

import dataclasses
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.footprint import PARTS
from app.core.gguf import ModelFacts, facts, read_header
from app.core.remote import MESSAGES, RemoteHeaderError, RemoteReason, file_name, part_urls
from app.worker.probe_client import Probe
from app.worker.remote_header import RemoteModel, fetch
from tests import tiny_models
from tests.file_server import FileServer, Request


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as started:
        yield started


@pytest.fixture
def skeletons(tmp_path: Path) -> Path:
    return tmp_path / "skeletons"


@pytest.fixture
def model(tmp_path: Path, server: FileServer) -> Path:
    path = tiny_models.build_llama(tmp_path / "tiny.Q8_0.gguf", quantisation="q8_0")
    server.add(path)
    return path


def _refused(url: str, skeletons: Path, **options: object) -> RemoteHeaderError:
    started = time.monotonic()
    with pytest.raises(RemoteHeaderError) as caught:
        fetch(url, skeletons, **{"timeout_s": 10.0, **options})  # type: ignore[arg-type]
    assert time.monotonic() - started < 5
    assert caught.value.message == MESSAGES[caught.value.reason].format(**caught.value.values)
    assert not list(skeletons.rglob("*")), "something is left behind"
    return caught.value


def _same_but_paths(one: ModelFacts, other: ModelFacts) -> bool:
    return dataclasses.replace(one, path="", parts=()) == dataclasses.replace(other, path="", parts=())


def _large(path: Path, n_tokens: int) -> Path:
    """A file with a vocabulary of several megabytes: more than one request reads."""
    text = lambda t: struct.pack("<Q", len(t)) + t  # noqa: E731
    tokens = b"".join(text(b"token %020d" % n) for n in range(n_tokens))
    entries = [
        text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama"),
        text(b"tokenizer.ggml.model") + struct.pack("<I", 8) + text(b"gpt2"),
        text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, n_tokens) + tokens,
        text(b"tokenizer.ggml.scores") + struct.pack("<IIQ", 9, 6, n_tokens) + bytes(4 * n_tokens),
        text(b"llama.block_count") + struct.pack("<II", 4, 7),
    ]
    tensor = text(b"token_embd.weight") + struct.pack("<IQQIQ", 2, 32, n_tokens, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries) + tensor
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(32 * n_tokens * 4))
    return path


# -- what is right ------------------------------------------------------------------------------------------


def test_facts_and_skeleton_without_the_weights(model: Path, server: FileServer, skeletons: Path) -> None:
    found = fetch(server.url(model.name), skeletons)
    assert _same_but_paths(found.facts, facts(model))
    assert found.size_bytes == model.stat().st_size
    assert 0 < found.n_bytes_read <= 1 << 18
    assert found.path == found.facts.path == found.facts.parts[0]
    assert Path(found.path).name == model.name
    skeleton, original = read_header(found.path), read_header(model)
    assert skeleton.tensors == original.tensors
    assert skeleton.text("tokenizer.ggml.model") == "no_vocab"
    assert skeleton.size_bytes - skeleton.data_offset == original.size_bytes - original.data_offset
    assert facts(found.path).n_vocab == 640


def test_a_header_of_several_megabytes_is_read_in_growing_pieces(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    path = _large(tmp_path / "large.gguf", 150_000)
    server.add(path)
    found = fetch(server.url(path.name), skeletons)
    assert _same_but_paths(found.facts, facts(path))
    assert (found.facts.n_vocab, found.facts.tokenizer) == (150_000, "gpt2")
    header_bytes = read_header(path).data_offset
    assert header_bytes > 5 << 20
    assert header_bytes <= found.n_bytes_read < header_bytes + (4 << 20)
    assert found.n_bytes_read == server.n_sent
    assert len(server.asked("GET")) == 4
    assert Path(found.path).stat().st_blocks * 512 < 1 << 16


def test_a_second_ask_costs_one_head(model: Path, server: FileServer, skeletons: Path) -> None:
    for kind in ("files", "resolve"):
        first = fetch(server.url(model.name, kind), skeletons)
        server.seen.clear()
        second = fetch(server.url(model.name, kind), skeletons)
        assert second == dataclasses.replace(first, n_bytes_read=0)
        assert [command for command, _path, _headers in server.seen] == ["HEAD"]


def test_a_new_version_is_read_again(model: Path, server: FileServer, skeletons: Path) -> None:
    assert fetch(server.url(model.name), skeletons).facts.n_layers == 2
    tiny_models.build_llama(model, n_layers=3)
    server.add(model)
    again = fetch(server.url(model.name), skeletons)
    assert again.facts.n_layers == 3
    assert again.n_bytes_read > 0


def test_what_was_stored_and_is_damaged_is_read_again(
    model: Path, server: FileServer, skeletons: Path
) -> None:
    first = fetch(server.url(model.name), skeletons)
    Path(first.path).with_name("remote.json").write_text('{"path": 3}')
    again = fetch(server.url(model.name), skeletons)
    assert again == first
    Path(first.path).unlink()
    assert fetch(server.url(model.name), skeletons).n_bytes_read > 0


def test_a_server_without_validators_or_head_is_asked_each_time(
    model: Path, server: FileServer, skeletons: Path
) -> None:
    def nameless(request: Request) -> bool:
        if request.command == "HEAD":
            request.reply(405)
        else:
            request.send_file(ETag=None)
        return True

    server.misbehaves = nameless
    assert fetch(server.url(model.name), skeletons).n_bytes_read > 0
    again = fetch(server.url(model.name), skeletons)
    assert again.n_bytes_read > 0
    assert facts(again.path).n_layers == 2


def test_the_hubs_redirects_and_who_sees_the_token(model: Path, server: FileServer, skeletons: Path) -> None:
    def moved(request: Request) -> bool:
        if request.path.startswith("/old/"):
            request.reply(307, {"Location": f"/resolve/{request.name}"})
            return True
        return False

    server.misbehaves = moved
    found = fetch(server.url(model.name, "old"), skeletons, token="hf_secret")
    assert _same_but_paths(found.facts, facts(model))
    for _command, path, headers in server.seen:
        expected = None if path.startswith("/cdn/") else "Bearer hf_secret"
        assert headers.get("Authorization") == expected, path
        assert headers["Accept-Encoding"] == "identity"
    assert any(path.startswith("/cdn/") for path in server.asked("GET"))


def test_later_pieces_come_from_where_the_first_came_from(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    path = _large(tmp_path / "large.gguf", 25_000)
    server.add(path)
    fetch(server.url(path.name, "resolve"), skeletons)
    assert [path.split("/")[1] for path in server.asked("GET")] == ["resolve", "cdn", "cdn"]


def test_a_lent_address_that_runs_out_is_asked_for_again(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    path = _large(tmp_path / "large.gguf", 40_000)
    server.add(path)
    n_lent = 0

    def runs_out(request: Request) -> bool:
        nonlocal n_lent
        if not request.path.startswith("/cdn/"):
            return False
        n_lent += 1
        if n_lent == 2:
            request.reply(403)
        return n_lent == 2

    server.misbehaves = runs_out
    assert fetch(server.url(path.name, "resolve"), skeletons).facts.n_vocab == 40_000


@pytest.mark.parametrize("asked", [1, 3])
def test_a_split_model_whichever_part_is_asked(
    tmp_path: Path, server: FileServer, skeletons: Path, asked: int
) -> None:
    first = tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    parts = sorted(tmp_path.glob("split-*.gguf"))
    for part in parts:
        server.add(part)
    url = server.url(parts[asked - 1].name, "resolve")
    found = fetch(url, skeletons)
    assert _same_but_paths(found.facts, facts(first))
    assert found.size_bytes == sum(part.stat().st_size for part in parts)
    assert [Path(part).name for part in found.facts.parts] == [part.name for part in parts]
    assert len({Path(part).parent for part in found.facts.parts}) == 1
    assert facts(found.path).n_params == facts(first).n_params
    server.seen.clear()
    assert fetch(url, skeletons).n_bytes_read == 0
    assert [command for command, _path, _headers in server.seen] == ["HEAD"] * 3


def test_a_name_like_a_parts_does_not_make_a_split_model(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    path = tiny_models.build_llama(tmp_path / "m-00001-of-00002.gguf")
    server.add(path)
    found = fetch(server.url(path.name), skeletons)
    assert len(found.facts.parts) == 1
    assert fetch(server.url(path.name), skeletons) == dataclasses.replace(found, n_bytes_read=0)


@pytest.mark.parametrize("tensors_per_file", [0, 7])
def test_the_footprint_of_a_file_that_is_not_here_is_that_of_the_file(
    tmp_path: Path, server: FileServer, skeletons: Path, tensors_per_file: int
) -> None:
    path = tiny_models.build_llama(tmp_path / "m.gguf", tensors_per_file=tensors_per_file)
    for part in facts(path).parts:
        server.add(Path(part))
    remote = fetch(server.url(path.name, "resolve"), skeletons)
    probe = Probe(tmp_path / "local", tmp_path / "probe.log")
    try:
        for values in ({"n_ctx": 512}, {"n_ctx": 2048, "type_k": "q8_0", "use_mmap": False}):
            here, there = (probe.footprint(asked, values) for asked in (str(path), remote.path))
            assert there.devices[0].total_bytes > 0
            names = [part + "_bytes" for part in PARTS]
            assert [[getattr(device, name) for name in names] for device in there.devices] == [
                [getattr(device, name) for name in names] for device in here.devices
            ]
    finally:
        probe.end()


def test_several_at_once_agree(model: Path, server: FileServer, skeletons: Path) -> None:
    found: list[RemoteModel] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(server.url(model.name), skeletons)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.path for answer in found}) == 1
    assert len(found) == 6
    assert len(list(skeletons.iterdir())) == 1, "what the slower ones made is gone"


def test_names_and_addresses_of_parts() -> None:
    assert file_name("https://x/a/m%20y.gguf?download=true") == "m_y.gguf"
    assert file_name("https://x/..%2F..%2Fetc%2Fpasswd") == "passwd.gguf"
    assert file_name("https://x/") == "model.gguf"
    assert part_urls("https://x/r/m-00002-of-00003.gguf?download=true#a")[2] == (
        "https://x/r/m-00003-of-00003.gguf?download=true#a"
    )
    assert part_urls("https://x/r/m.gguf?b") == ("https://x/r/m.gguf?b",)


# -- what is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (404, {}, RemoteReason.NOT_FOUND),
        (410, {}, RemoteReason.NOT_FOUND),
        (401, {"X-Error-Code": "RepoNotFound"}, RemoteReason.UNAUTHORISED),
        (403, {}, RemoteReason.UNAUTHORISED),
        (401, {"X-Error-Code": "GatedRepo"}, RemoteReason.GATED),
        (403, {"X-Error-Code": "GatedRepo"}, RemoteReason.GATED),
        (429, {}, RemoteReason.TOO_MANY_REQUESTS),
        (500, {}, RemoteReason.SERVER_ERROR),
        (503, {}, RemoteReason.SERVER_ERROR),
        (418, {}, RemoteReason.SERVER_ERROR),
        (416, {"Content-Range": "bytes */0"}, RemoteReason.BAD_FILE),
        (302, {"Location": "/files/round"}, RemoteReason.REDIRECT_LOOP),
        (302, {"Location": "file:///etc/passwd"}, RemoteReason.BAD_REDIRECT),
        (302, {}, RemoteReason.REDIRECT_LOOP),
    ],
)
def test_refusals(
    status: int, headers: dict[str, str], reason: RemoteReason, server: FileServer, skeletons: Path
) -> None:
    server.misbehaves = lambda request: request.reply(status, headers, b"some page") is None
    error = _refused(server.url("round"), skeletons)
    assert error.reason is reason
    assert "127.0.0.1" in error.message or reason is RemoteReason.BAD_FILE


def _only_get(request: Request, **changes: str | None) -> bool:
    if request.command == "HEAD":
        request.reply(405)
    else:
        request.send_file(**changes)
    return True


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Content_Range": "bytes 7-262143/300000"}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": "bytes 0-99/*"}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": "0-99"}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": None}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": "bytes 0-262143/100"}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": "bytes 0-9/300000"}, RemoteReason.WRONG_RANGE),
        ({"Content_Range": f"bytes 0-{'9' * 30}/{'9' * 31}"}, RemoteReason.WRONG_RANGE),
        ({"Content_Encoding": "gzip"}, RemoteReason.WRONG_RANGE),
        ({"Content_Length": "100"}, RemoteReason.WRONG_RANGE),
        ({"Content_Type": "multipart/byteranges", "Content_Range": None}, RemoteReason.WRONG_RANGE),
        ({"X_Linked_Size": "12345"}, RemoteReason.WRONG_RANGE),
    ],
)
def test_answers_that_lie(
    changes: dict[str, str | None], reason: RemoteReason, model: Path, server: FileServer, skeletons: Path
) -> None:
    server.misbehaves = lambda request: _only_get(request, **changes)
    assert _refused(server.url(model.name), skeletons).reason is reason


def test_a_server_without_ranges_is_not_made_to_send_the_whole_file(
    model: Path, server: FileServer, skeletons: Path
) -> None:
    server.files[model.name] += bytes(64 << 20)

    def whole(request: Request) -> bool:
        del request.headers["Range"]
        return _only_get(request)

    server.misbehaves = whole
    assert _refused(server.url(model.name), skeletons).reason is RemoteReason.NO_RANGES
    assert server.n_sent == 0, "it was read to its end"


def test_a_web_page_is_called_one(server: FileServer, skeletons: Path) -> None:
    page = b"<!doctype html><html>"
    server.misbehaves = lambda request: request.reply(200, {"Content-Type": "text/html"}, page) is None
    assert _refused(server.url("page.gguf"), skeletons).reason is RemoteReason.WEB_PAGE


def test_more_than_was_announced_is_not_read(model: Path, server: FileServer, skeletons: Path) -> None:
    def endless(request: Request) -> bool:
        if request.command == "HEAD":
            request.reply(405)
            return True
        request.send_response(206)
        request.send_header("Content-Range", "bytes 0-262143/900000")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while not request.server.stopping.is_set():
            request.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        return True

    server.misbehaves = endless
    assert _refused(server.url(model.name), skeletons).reason is RemoteReason.WRONG_RANGE


@pytest.mark.parametrize("when", ["at once", "in the head", "in the body"])
def test_closed_midway(when: str, model: Path, server: FileServer, skeletons: Path) -> None:
    def closes(request: Request) -> bool:
        if when == "in the head":
            request.wfile.write(b"HTTP/1.1 206 Partial")
        elif when == "in the body":
            if request.command == "HEAD":
                return False
            start, size = request.span[0], len(request.content)
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            request.send_header("Content-Length", str(size - start))
            request.end_headers()
            request.wfile.write(request.content[:1000])
        request.hang_up()
        return True

    server.misbehaves = closes
    assert _refused(server.url(model.name), skeletons).reason is RemoteReason.CLOSED


def test_something_that_does_not_speak_http(server: FileServer, skeletons: Path) -> None:
    def speaks(request: Request) -> bool:
        request.wfile.write(b"220 mail.example ESMTP\r\n")
        request.hang_up()
        return True

    server.misbehaves = speaks
    assert _refused(server.url("a.gguf"), skeletons).reason is RemoteReason.CLOSED


def test_a_slow_server_meets_the_deadline(model: Path, server: FileServer, skeletons: Path) -> None:
    server.pause_s = 0.02  # something always comes: only the whole takes too long
    error = _refused(server.url(model.name), skeletons, timeout_s=0.6)
    assert error.reason is RemoteReason.TOO_SLOW
    assert "0.6 seconds" in error.message


@pytest.mark.parametrize("silent", ["HEAD", "GET"])
def test_a_silent_server_meets_the_deadline_and_can_be_cancelled(
    silent: str, model: Path, server: FileServer, skeletons: Path
) -> None:
    def sleeps(request: Request) -> bool:
        if request.command == silent:
            request.server.stopping.wait(20)
            request.close_connection = True
        return request.command == silent

    server.misbehaves = sleeps
    url = server.url(model.name)
    assert _refused(url, skeletons, timeout_s=0.3).reason is RemoteReason.TOO_SLOW
    cancelled = threading.Event()
    timer = threading.Timer(0.3, cancelled.set)
    timer.start()
    started = time.monotonic()
    assert _refused(url, skeletons, cancelled=cancelled.is_set).reason is RemoteReason.CANCELLED
    assert time.monotonic() - started < 1.0
    timer.join()
    assert _refused(url, skeletons, cancelled=lambda: True).reason is RemoteReason.CANCELLED


def test_a_file_replaced_between_two_pieces(tmp_path: Path, server: FileServer, skeletons: Path) -> None:
    path = _large(tmp_path / "large.gguf", 40_000)
    server.add(path)

    def replaced(request: Request) -> bool:
        if request.span[0]:
            server.etags[path.name] = "another"
        return False

    server.misbehaves = replaced
    assert _refused(server.url(path.name), skeletons).reason is RemoteReason.CHANGED


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", RemoteReason.BAD_FILE, "empty"),
        (b"PK\3\4" + bytes(100), RemoteReason.NOT_GGUF, "Choose a file in GGUF format"),
        (b"version https://git-lfs.github.com/spec/v1\n" * 3, RemoteReason.NOT_GGUF, "Git LFS pointer"),
        (b"<!doctype html><html></html>", RemoteReason.WEB_PAGE, "web page"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1), RemoteReason.BAD_FILE, "they claim|claims"),
        (
            b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 30 << 20) + bytes(40 << 20),
            RemoteReason.BAD_FILE,
            "bytes long",
        ),
    ],
)
def test_files_that_are_no_models(
    content: bytes, reason: RemoteReason, words: str, server: FileServer, skeletons: Path
) -> None:
    server.files["a.gguf"], server.etags["a.gguf"] = content, "1"
    if not content:
        server.misbehaves = lambda request: request.reply(416, {"Content-Range": "bytes */0"}) is None
    error = _refused(server.url("a.gguf"), skeletons)
    assert error.reason is reason
    assert any(word in error.message for word in words.split("|"))
    assert "Download it again" not in error.message


def test_a_file_cut_short_on_the_server(model: Path, server: FileServer, skeletons: Path) -> None:
    server.files[model.name] = model.read_bytes()[:-5000]
    error = _refused(server.url(model.name), skeletons)
    assert error.reason is RemoteReason.BAD_FILE
    assert "cut short" in error.message


def test_a_header_without_end_is_not_read_without_end(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    text = lambda t: struct.pack("<Q", len(t)) + t  # noqa: E731
    array = text(b"a") + struct.pack("<IIQ", 9, 6, 50 << 20)
    content = b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + array
    server.files["a.gguf"], server.etags["a.gguf"] = content + bytes(220 << 20), "1"
    assert _refused(server.url("a.gguf"), skeletons).reason is RemoteReason.TOO_LARGE
    assert server.n_sent < 2 << 20, "what lies so far behind is known at once"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://x/a.gguf", "https://", "http://x", "http:///a.gguf", "http://[x/a.gguf"]
)
def test_addresses_that_are_none(url: str, skeletons: Path) -> None:
    assert _refused(url, skeletons).reason is RemoteReason.BAD_ADDRESS


def test_a_token_that_is_none(model: Path, server: FileServer, skeletons: Path) -> None:
    error = _refused(server.url(model.name), skeletons, token="hf_a\r\nHost: x")
    assert error.reason is RemoteReason.BAD_TOKEN
    assert not server.seen


def test_no_server_and_no_such_name(skeletons: Path) -> None:
    with FileServer() as gone:
        url = gone.url("a.gguf")
    error = _refused(url, skeletons)
    assert error.reason is RemoteReason.NO_NETWORK
    assert "refused" in error.message
    error = _refused("http://no-such-host.invalid/a.gguf", skeletons, timeout_s=4.0)
    assert error.reason in (RemoteReason.NO_NETWORK, RemoteReason.TOO_SLOW)


def test_http_where_https_is_asked(server: FileServer, skeletons: Path) -> None:
    url = server.url("a.gguf").replace("http:", "https:")
    assert _refused(url, skeletons).reason in (RemoteReason.NOT_TRUSTED, RemoteReason.CLOSED)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense://x", "http://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(proxy: str, skeletons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    error = _refused("http://models.example/a.gguf", skeletons)
    assert error.reason in (RemoteReason.PROXY, RemoteReason.NO_NETWORK)


def test_missing_and_mixed_up_parts(tmp_path: Path, server: FileServer, skeletons: Path) -> None:
    tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    parts = sorted(tmp_path.glob("split-*.gguf"))
    for part in parts:
        server.add(part)
    kept = server.files.pop(parts[1].name)
    error = _refused(server.url(parts[0].name), skeletons)
    assert error.reason is RemoteReason.MISSING_PART
    assert parts[1].name in error.message
    server.files[parts[1].name] = server.files[parts[2].name]
    error = _refused(server.url(parts[0].name), skeletons)
    assert error.reason is RemoteReason.BAD_FILE
    assert "not the part" in error.message
    server.files[parts[1].name] = kept[:-50]
    assert "cut short" in _refused(server.url(parts[0].name), skeletons).message
    server.files["renamed.gguf"], server.etags["renamed.gguf"] = server.files[parts[0].name], "1"
    assert "part of a split model" in _refused(server.url("renamed.gguf"), skeletons).message


def test_a_name_alone_does_not_cause_thousands_of_requests(
    model: Path, server: FileServer, skeletons: Path
) -> None:
    server.add(model.rename(model.with_name("m-00001-of-04096.gguf")))
    assert len(fetch(server.url("m-00001-of-04096.gguf"), skeletons).facts.parts) == 1
    assert len(server.seen) == 2


def test_a_cache_folder_that_cannot_be_written(model: Path, server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RemoteHeaderError) as caught:
        fetch(server.url(model.name), tmp_path / "file" / "below")
    assert caught.value.reason is RemoteReason.CANNOT_STORE


def test_every_reason_has_a_sentence() -> None:
    assert set(MESSAGES) == set(RemoteReason)


# -- like another one ---------------------------------------------------------------------------------------


def _served(server: FileServer, path: Path) -> str:
    server.add(path)
    return server.url(path.name)


def test_a_header_like_a_known_one_is_read_where_it_differs(
    tmp_path: Path, server: FileServer, skeletons: Path
) -> None:
    known = fetch(_served(server, _large(tmp_path / "known.gguf", 60_000)), skeletons)
    assert known.likeness is not None
    path = _large(tmp_path / "other.gguf", 60_000)
    changed = path.read_bytes().replace(b"llama.block_count", b"llama.block_counx")
    path.write_bytes(changed)
    other = fetch(_served(server, path), skeletons, like=known.likeness)
    assert other.n_bytes_read < known.n_bytes_read // 10
    assert _same_but_paths(other.facts, facts(path))
    assert other.facts.n_layers != known.facts.n_layers


@pytest.mark.parametrize("what", ["longer vocabulary", "other words", "shorter file", "no vocabulary"])
def test_a_header_that_only_seems_like_it_is_read_whole(
    tmp_path: Path, server: FileServer, skeletons: Path, what: str
) -> None:
    known = fetch(_served(server, _large(tmp_path / "known.gguf", 60_000)), skeletons)
    path = tmp_path / "other.gguf"
    if what == "longer vocabulary":
        _large(path, 60_001)
    elif what == "shorter file":
        _large(path, 20_000)
    elif what == "no vocabulary":
        tiny_models.build_llama(path)
    else:  # as long in all, but the words are of other lengths
        _large(path, 60_000)
        old, new = struct.pack("<Q", 26) + b"token %020d" % 59_990, struct.pack("<Q", 27) + b"token %021d" % 0
        after = struct.pack("<Q", 26) + b"token %020d" % 59_991
        content = path.read_bytes()
        shorter = struct.pack("<Q", 25) + b"token %019d" % 59_991
        path.write_bytes(content.replace(old, new).replace(after, shorter))
        assert path.stat().st_size == len(content)
    other = fetch(_served(server, path), skeletons, like=known.likeness)
    assert _same_but_paths(other.facts, facts(path))
    assert other.size_bytes == path.stat().st_size
