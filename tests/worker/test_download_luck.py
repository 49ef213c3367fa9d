"""Whatever a bad line does, in whatever order: what is kept at the end is the file, or there is a reason."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.hub import HubError, HubReason
from app.core.hub_cache import layout_of
from app.worker.download_answer import open_client
from app.worker.download_disk import appear, paths_of
from app.worker.download_file import FileDownload, Source
from tests.hub_server import HubServer
from tests.worker.download_rig import CDN_FILE, FILE, HUB_FILE, REPO, content, request

SIZE = 200_000

FAULTS = st.one_of(
    st.integers(1, SIZE).map(lambda n: (CDN_FILE, {"cut_every": n})),
    st.integers(1, SIZE).map(lambda n: (CDN_FILE, {"cut_every": n, "no_range": True})),
    st.integers(1, SIZE).map(lambda n: (CDN_FILE, {"cut_every": n, "no_etag": True, "no_range": True})),
    st.just((HUB_FILE, {"no_etag": True})),
    st.just((CDN_FILE, {"no_etag": True})),
    st.just((CDN_FILE, {"wrong_content": True})),
    st.sampled_from((HUB_FILE, CDN_FILE)).map(lambda path: (path, {"status": 503})),
    st.sampled_from((HUB_FILE, CDN_FILE)).map(lambda path: (path, {"hang_up": True})),
    st.just((CDN_FILE, {"status": 403})),
    st.just((CDN_FILE, {"longer_by": 7})),
)


class Unwatched:
    """Nobody looks on; nobody waits."""

    def advance(self, n_bytes: int, n_hashed: int) -> None:
        assert 0 <= n_hashed <= n_bytes <= SIZE

    def wait(self, seconds: float, error: HubError) -> None:
        assert error.is_passing


@pytest.fixture(scope="module")
def server() -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add_model(REPO, {FILE: content(SIZE)})
        yield hub


def _run(download: FileDownload) -> HubReason | None:
    try:
        download.run()
    except HubError as error:
        return error.reason
    return None


@given(
    faults=st.lists(FAULTS, max_size=6), left_behind=st.one_of(st.none(), st.tuples(st.integers(0, SIZE + 9)))
)
@settings(max_examples=40)
def test_it_ends_with_the_file_or_a_reason(
    server: HubServer, faults: list[tuple[str, dict[str, object]]], left_behind: tuple[int] | None
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="loadout-luck-"))
    try:
        layout = layout_of(request(server, FILE, folder=folder))
        (place,) = layout.places
        place.partial.parent.mkdir(parents=True)
        if left_behind is not None:
            place.partial.write_bytes((content(SIZE) + b"too much!")[: left_behind[0]])
        server.heal()
        for path, fault in faults:
            server.fault(path, times=1, **fault)
        with open_client(5.0) as client:
            source = Source(client, "", 5.0, [0.0] * 20)
            reason = _run(FileDownload(layout, place, source, Unwatched()))
        assert reason in {None, HubReason.WRONG_LENGTH, HubReason.WRONG_HASH}
        if reason is not None:
            assert not place.content.exists()
            return
        appear(layout)
        assert Path(paths_of(layout)[0]).read_bytes() == content(SIZE)
        assert os.listdir(place.partial.parent) == ["files"]
    finally:
        shutil.rmtree(folder)
