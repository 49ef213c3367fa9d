"""Settings files under everything that happens to files: damage, full disks, other versions, crashes in between."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.settings.store import JsonStore, StoreError, StoreReason

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def store(path: Path, version: int = 1, **migrations: Any) -> JsonStore:
    return JsonStore(path, version, {int(name[1:]): step for name, step in migrations.items()})


def beside(path: Path) -> set[str]:
    return {item.name for item in path.parent.iterdir()} - {path.name}


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    assert store(tmp_path / "a.json").load() == ({}, [])
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    store(path).save({"x": ["ü", None, 1.5]})
    assert store(path).load() == ({"x": ["ü", None, 1.5], "version": 1}, [])
    assert beside(path) == set()


def test_a_file_name_that_is_no_text_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    store(path).save({"model": "/models/\udcff.gguf"})
    assert store(path).load()[0]["model"] == "/models/\udcff.gguf"
    path.read_bytes().decode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\x00" * 512, b"[1]", b"null", b"\xff\xfe\x00", b'{"x": 1}', b'{"version": "1"}',
        b'{"version": 0}', b'{"version": true}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_kept_aside_and_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    damaged = store(path)
    document, (report,) = damaged.load()
    assert document == {}
    assert report.reason is StoreReason.CORRUPT
    assert report.kept is not None
    assert report.kept.name.startswith("a.json.corrupt-")
    assert report.kept.read_bytes() == content
    assert report.kept.name in report.text()
    damaged.save({"x": 2})
    assert store(path).load()[0]["x"] == 2
    assert report.kept.read_bytes() == content


def test_a_second_damage_in_the_same_second_keeps_both(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    kept = set()
    for content in (b"first", b"second", b"third"):
        path.write_bytes(content)
        kept.add(store(path).load()[1][0].kept)
    assert {item.read_bytes() for item in kept if item} == {b"first", b"second", b"third"}


def test_an_older_file_is_copied_then_migrated_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    old = b'{"version": 1, "x": 1}'
    path.write_bytes(old)
    third = store(path, 3, v1=lambda d: {"y": d["x"] + 1}, v2=lambda d: {"z": d["y"] * 10})
    document, (report,) = third.load()
    assert document == {"z": 20}
    assert (report.reason, report.kept and report.kept.read_bytes()) == (StoreReason.MIGRATED, old)
    assert path.read_bytes() == old, "the file changes only when something is saved"
    third.save(document)
    assert json.loads(path.read_text()) == {"z": 20, "version": 3}


def test_a_migration_that_fails_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"version": 1, "x": 1}')
    document, reports = store(path, 2, v1=lambda d: {"y": d["missing"]}).load()
    assert document == {}
    assert reports[0].reason is StoreReason.CORRUPT
    assert all(json.loads(item.read_text())["x"] == 1 for item in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_newer_file_keeps_what_this_version_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"version": 7, "x": 1, "invention": {"deep": [1]}}')
    older = store(path)
    document, (report,) = older.load()
    assert document["x"] == 1
    assert report.reason is StoreReason.NEWER
    older.save({"x": 2})
    assert json.loads(path.read_text()) == {"version": 7, "x": 2, "invention": {"deep": [1]}}


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"version": 1, "x": 1}', encoding="utf-8-sig")
    assert store(path).load()[0]["x"] == 1


def test_what_is_no_json_number_is_refused_before_the_file_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    store(path).save({"x": 1})
    with pytest.raises(ValueError, match="JSON"):
        store(path).save({"x": float("nan")})
    assert store(path).load()[0]["x"] == 1


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "elsewhere" / "real.json", tmp_path / "a.json"
    store(real).save({"x": 1})
    link.symlink_to(real)
    store(link).save({"x": 2})
    assert link.is_symlink()
    assert json.loads(real.read_text())["x"] == 2


@pytest.fixture
def full_disk() -> Any:
    """No file can grow beyond 64 KiB, whoever runs the test: writing more fails as on a full disk."""
    import signal

    resource = pytest.importorskip("resource", reason="this system cannot limit the size of files")
    old_limit, old_handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, old_limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
    signal.signal(signal.SIGXFSZ, old_handler)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, full_disk: None) -> None:
    path = tmp_path / "a.json"
    store(path).save({"x": "old"})
    with pytest.raises(StoreError, match="no space") as caught:
        store(path).save({"x": "n" * 100_000})
    assert caught.value.report.reason is StoreReason.DISK_FULL
    assert store(path).load()[0]["x"] == "old"
    assert beside(path) == set(), "the half-written file is gone"


def test_a_really_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The same on a file system of 64 KiB, where that can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if not AS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs more rights than this user has")
    try:
        store(place / "a.json").save({"x": "old"})
        with pytest.raises(StoreError) as caught:
            store(place / "a.json").save({"x": "n" * 200_000})
        assert caught.value.report.reason is StoreReason.DISK_FULL
        assert store(place / "a.json").load()[0]["x"] == "old"
        assert beside(place / "a.json") == set()
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_folder_in_the_files_place_is_never_saved_over(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.mkdir()
    blocked = store(path)
    document, (report,) = blocked.load()
    assert document == {}
    assert report.reason is StoreReason.UNREADABLE
    with pytest.raises(StoreError):
        blocked.save({"x": 1})
    assert path.is_dir()


@pytest.mark.skipif(AS_ROOT, reason="root reads and writes whatever the permissions say")
def test_a_file_without_permission_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    store(path).save({"x": "mine"})
    path.chmod(0)
    blocked = store(path)
    assert blocked.load()[1][0].reason is StoreReason.UNREADABLE
    with pytest.raises(StoreError):
        blocked.save({"x": "yours"})
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert store(path).load()[0]["x"] == "mine"


@pytest.mark.skipif(AS_ROOT, reason="root reads and writes whatever the permissions say")
def test_a_folder_without_permission_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StoreError) as caught:
        store(folder / "a.json").save({"x": 1})
    assert caught.value.report.reason is StoreReason.UNWRITABLE
    folder.chmod(stat.S_IRWXU)


def test_a_kill_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    """A process that saves without pause is killed at twelve moments; the file is whole each time."""
    path = tmp_path / "a.json"
    script = """
import sys
from pathlib import Path
from app.core.settings.store import JsonStore
store = JsonStore(Path(sys.argv[1]), 1)
print("ready", flush=True)
number = 0
while True:
    number += 1
    store.save({"number": number, "again": number, "filling": "x" * 50_000})
"""
    for moment in range(12):
        writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        while not path.exists():
            assert writer.poll() is None
        try:
            writer.wait(0.01 + moment * 0.003)
        except subprocess.TimeoutExpired:
            writer.kill()
        writer.wait()
        writer.stdout.close()
        document, reports = store(path).load()
        assert reports == []
        assert document["number"] == document["again"]
