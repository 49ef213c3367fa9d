"""The parity check as a service: real workers in the background, the loaded model beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.core.footprint import Verdict as Room
from app.core.parity import Verdict, Way
from app.core.parity_plan import Progress
from app.core.reasons import FailureKind
from app.services.parity import LARGEST_FILE_BYTES, ParityService, ParityState
from tests.services.footprint_rig import FootprintRig, footprint_rig

_PROMPTS = ("Kato beli domu.", "Fagi lena rovi.")


@pytest.fixture
def rig(tmp_path: Path, qtbot: QtBot) -> Iterator[FootprintRig]:
    with footprint_rig(tmp_path, qtbot) as rig:
        yield rig


@pytest.fixture
def parity(rig: FootprintRig, tmp_path: Path) -> Iterator[ParityService]:
    service = ParityService(rig.plan, rig.session, rig.service, lambda _path: tmp_path / "parity.log")
    yield service
    service.close()


def _workers() -> int:
    """The processes that multiprocessing has spawned, its own helper and the probe among them."""
    return len([child for child in psutil.Process().children(recursive=True) if child.status() != "zombie"])


def test_a_check_ends_with_a_report_while_the_loaded_model_stays(
    parity: ParityService, rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=512, n_threads=1)
    rig.load()
    pid = rig.session.worker_pid
    told: list[Progress | None] = []
    parity.changed.connect(lambda: told.append(parity.progress))
    parity.start(_PROMPTS, 8)
    assert parity.state is ParityState.RUNNING
    parity.start(("another",), 8)  # one at a time
    qtbot.waitUntil(lambda: parity.state is ParityState.DONE, timeout=60_000)
    assert parity.report is not None
    assert parity.report.verdict in {Verdict.EQUAL, Verdict.ROUNDING}
    assert parity.report.n_prompts == 2
    assert [result.way for result in parity.report.results][:1] == [Way.BASE]
    assert len({progress.n_done for progress in told if progress is not None}) > 5
    assert rig.session.worker_pid == pid
    assert parity.loaded_name


def test_cancelling_ends_its_worker_and_leaves_no_report(
    parity: ParityService, rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=512, n_threads=1)
    n_before = _workers()
    parity.start(_PROMPTS, 64)
    qtbot.waitUntil(lambda: parity.progress is not None, timeout=30_000)
    parity.cancel()
    assert parity.state is ParityState.CANCELLING
    qtbot.waitUntil(lambda: parity.state is ParityState.IDLE, timeout=30_000)
    assert parity.report is None
    assert _workers() <= n_before
    parity.cancel()  # nothing to cancel
    assert parity.state is ParityState.IDLE


def test_closing_in_the_middle_waits_for_the_worker_and_says_nothing_more(
    parity: ParityService, rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=512, n_threads=1)
    parity.start(_PROMPTS, 64)
    qtbot.waitUntil(lambda: parity.progress is not None, timeout=30_000)
    parity.close()
    with qtbot.assertNotEmitted(parity.changed, wait=50):
        pass


def test_a_check_that_cannot_be_made_says_why(
    parity: ParityService, rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=256, n_threads=1)
    parity.start(("Kato.", "beli " * 400), 8)
    qtbot.waitUntil(lambda: parity.state is ParityState.FAILED, timeout=30_000)
    assert parity.error is not None
    assert parity.error.kind == FailureKind.PROMPT_TOO_LONG
    assert parity.error.message.startswith("prompt 2")
    parity.start(_PROMPTS, 4)  # and may be tried again
    assert parity.error is None
    parity.cancel()
    qtbot.waitUntil(lambda: parity.state is ParityState.IDLE, timeout=30_000)


def test_it_tells_what_it_takes_beside_what_is_loaded(
    parity: ParityService, rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=512, n_seq_max=1, kv_unified=False)
    parity.watch(True)
    qtbot.waitUntil(lambda: parity.need is not None, timeout=20_000)
    assert parity.need is not None
    # Four slots of the plan's context in the largest of its loads.
    alone = sum(device.kv_bytes for device in rig.measured().devices)
    assert sum(room.device.kv_bytes for room in parity.need.rooms) == 4 * alone
    assert parity.need.verdict is Room.FITS
    rig.load()
    held = sum(rig.service.held.values())
    assert held > 0
    qtbot.waitUntil(lambda: parity.need is not None and not parity.is_measuring, timeout=20_000)
    # Nothing of what is loaded is reckoned as given back: with no more free than one load takes, less than the
    # loaded model holds is missing only where that would go.
    needed = sum(room.device.needed_bytes for room in parity.need.rooms)
    rig.free_bytes = max(needed - held // 2, 1)
    parity.watch(True)
    qtbot.waitUntil(lambda: parity.need is not None and not parity.is_measuring, timeout=20_000)
    assert parity.need.verdict is not Room.FITS
    parity.watch(False)


def test_a_file_of_prompts_is_read_or_refused(parity: ParityService, tmp_path: Path, qtbot: QtBot) -> None:
    good, bad, large = tmp_path / "good.txt", tmp_path / "bad.txt", tmp_path / "large.txt"
    good.write_text("\ufeffKato.\nBeli.", encoding="utf-8")
    bad.write_bytes(b"\xff\xfe\x00")
    large.write_bytes(b"a" * (LARGEST_FILE_BYTES + 1))
    for path, text in ((good, "Kato.\nBeli."), (bad, None), (large, None), (tmp_path / "none.txt", None)):
        with qtbot.waitSignal(parity.file_read, timeout=5000) as blocker:
            parity.read_file(str(path))
        assert blocker.args == [path.name, text]
