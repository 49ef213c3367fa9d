"""What the downloads of the queue take together."""

from __future__ import annotations

from typing import cast

import pytest

from app.core.download import DownloadProgress, DownloadRequest, DownloadState
from app.core.hub import HubFile
from app.services import download_list
from app.services.download_entry import DownloadEntry
from app.services.download_list import DownloadList
from app.services.download_run import DownloadRun

GB = 10**9


def test_what_a_resumed_download_finds_on_disk_is_no_burst_of_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(download_list.time, "monotonic", lambda: now_s)
    queue = DownloadList(())
    entries: list[DownloadEntry] = []
    for name in "ab":
        files = (HubFile(f"{name}.gguf", 30 * GB, "0" * 64, name),)
        request = DownloadRequest(
            id=name,
            repo_id="owner/name",
            revision="main",
            commit="c",
            files=files,
            folder="",
            endpoint="",
            title="",
        )
        entries.append(DownloadEntry(request))
        queue.add(entries[-1])
    for seconds in range(10):
        now_s = 1000.0 + seconds
        for place, entry in enumerate(entries):
            if seconds < 3 * place:
                continue  # the second one is resumed three seconds later, with 20 GB of it there
            entry.run, entry.state = cast(DownloadRun, object()), DownloadState.RUNNING
            n_bytes = (0, 20 * GB)[place] + seconds * 10**7
            queue.take_progress(entry, DownloadProgress(n_bytes, 0, 1e7))
    totals = queue.totals()
    assert totals.n_bytes == 20 * GB + 18 * 10**7
    assert totals.seconds_left == pytest.approx((totals.size_bytes - totals.n_bytes) / 2e7, rel=0.3)
