"""The queue's file: what is kept, what damage costs, and that nothing that makes no sense gets in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.download import DownloadRequest, DownloadState
from app.core.download_queue import QueuedDownload, QueueFile
from app.core.hub import HubError, HubFile, HubReason
from app.core.settings.store import StoreError, StoreReason

FULL = HubError(HubReason.DISK_FULL, folder="/models", free=3, needed=7)


def request(download_id: str = "one") -> DownloadRequest:
    return DownloadRequest(
        id=download_id,
        repo_id="owner/name",
        revision="main",
        commit="a" * 40,
        files=(HubFile("a.gguf", 5, "b" * 64, "c" * 40), HubFile("README.md", 2, "", "d" * 40)),
        folder="",
        endpoint="https://huggingface.co",
        title="name Q4_K_M",
    )


def kept(path: Path) -> tuple[QueuedDownload, ...]:
    return QueueFile(path).downloads


def rows_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())["downloads"]


def same(one: QueuedDownload, other: QueuedDownload) -> bool:
    """Errors compare by what they say."""
    said = [(e.reason, e.values, e.wait_s) if e else None for e in (one.error, other.error)]
    return said[0] == said[1] and replace(one, error=None) == replace(other, error=None)


def test_it_reads_back_what_it_wrote_in_the_same_order(tmp_path: Path) -> None:
    path = tmp_path / "config" / "downloads.json"
    downloads = [
        QueuedDownload(request=request("z"), added_at=1.5),
        QueuedDownload(request=request("a"), state=DownloadState.PAUSED),
        QueuedDownload(request=request("f"), state=DownloadState.FAILED, error=FULL),
        QueuedDownload(
            request=request("d"), state=DownloadState.FINISHED, finished_at=9.0, paths=("/x/a.gguf",)
        ),
        QueuedDownload(request=request("c"), is_cancelled=True),
    ]
    QueueFile(path).write(downloads)
    again = kept(path)
    assert len(again) == len(downloads)
    assert all(same(one, other) for one, other in zip(again, downloads, strict=True))
    assert again[2].error is not None
    assert again[2].error.message == FULL.message


def test_no_file_is_an_empty_queue(tmp_path: Path) -> None:
    queue = QueueFile(tmp_path / "downloads.json")
    assert queue.downloads == ()
    assert queue.reports == []


def test_a_damaged_file_is_kept_aside_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "downloads.json"
    path.write_text('{"version": 1, "downloads": [{')
    queue = QueueFile(path)
    assert queue.downloads == ()
    assert [report.reason for report in queue.reports] == [StoreReason.CORRUPT]
    assert queue.reports[0].kept is not None
    assert queue.reports[0].kept.read_text().endswith("[{")


@pytest.mark.parametrize(
    "damage",
    [
        {"state": "running"},
        {"state": "nonsense"},
        {"state": 3},
        {"state": "failed"},
        {"state": "failed", "error": {"reason": "disk_full", "values": {"folder": "/x"}}},
        {"state": "failed", "error": {"reason": "no such reason", "values": {}}},
        {"error": []},
        {"request": None},
        {"request": {}},
        {"request": request().to_json() | {"id": ""}},
        {"request": request().to_json() | {"files": []}},
        {"request": request().to_json() | {"files": [{"path": "a", "size_bytes": -1}]}},
        {"request": request().to_json() | {"folder": None}},
        {"paths": "a"},
        {"paths": [1]},
        {"added_at": "yesterday"},
    ],
    ids=str,
)
def test_a_row_that_makes_no_sense_costs_no_other_and_stays_in_the_file(
    tmp_path: Path, damage: dict[str, Any]
) -> None:
    path = tmp_path / "downloads.json"
    QueueFile(path).write([QueuedDownload(request=request("good"))])
    document = json.loads(path.read_text())
    document["downloads"].insert(0, document["downloads"][0] | damage)
    path.write_text(json.dumps(document))
    queue = QueueFile(path)
    assert [item.request.id for item in queue.downloads] == ["good"]
    assert [report.reason for report in queue.reports] == [StoreReason.SENSELESS_ROWS]
    queue.write(queue.downloads)
    assert len(rows_of(path)) == 2
    assert damage.items() <= rows_of(path)[-1].items()


def test_of_two_with_one_id_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "downloads.json"
    twice = [QueuedDownload(request=request(), added_at=number) for number in (1.0, 2.0)]
    QueueFile(path).write([twice[0], QueuedDownload(request=request("other")), twice[1]])
    assert [(item.request.id, item.added_at) for item in kept(path)] == [("one", 1.0), ("other", 0.0)]


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    path = folder / "downloads.json"
    queue = QueueFile(path)
    queue.write([QueuedDownload(request=request())])
    folder.rename(tmp_path / "moved")
    folder.write_text("no folder")
    with pytest.raises(StoreError):
        queue.write([])
    assert len(rows_of(tmp_path / "moved" / "downloads.json")) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["request", "state", "error", "paths", "added_at", "finished_at"]), _JSON)
)
def test_no_json_whatever_breaks_it(tmp_path_factory: pytest.TempPathFactory, damage: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("queue") / "downloads.json"
    row = {"request": request().to_json(), "state": "waiting"} | damage
    path.write_text(json.dumps({"version": 1, "downloads": [row]}))
    queue = QueueFile(path)
    assert len(queue.downloads) + len(queue.reports) == 1
    queue.write(queue.downloads)
    assert len(QueueFile(path).downloads) == len(queue.downloads)
