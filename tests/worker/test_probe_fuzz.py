"""The probe and damaged files: each question ends in an answer or an error, and the next good one is answered."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.footprint import Footprint
from app.core.reasons import FailureKind
from app.worker.probe_client import Probe, ProbeError
from tests import tiny_models
from tests.gguf_mutations import mutated, plausible, taken_apart, write

_VALUES = {"n_ctx": 256}


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    asked = Probe(tmp_path / "skeletons", tmp_path / "probe.log")
    yield asked
    asked.end()


def _asked(probe: Probe, path: Path) -> Footprint | ProbeError:
    try:
        return probe.footprint(str(path), _VALUES, timeout_s=10.0)
    except ProbeError as error:
        return error


def _outcome(probe: Probe, path: Path) -> str:
    found = _asked(probe, path)
    if isinstance(found, ProbeError):
        assert found.message
        assert found.kind is not FailureKind.INTERNAL, found.message
        return str(found.kind)
    assert all(size >= 0 for size in _sizes(found))
    return "answered"


def _sizes(found: Footprint) -> list[int]:
    return [device.total_bytes for device in found.devices]


@pytest.mark.parametrize("builder", ["build_llama", "build_moe", "build_swa"])
def test_damaged_files_end_in_an_answer_or_an_error(builder: str, probe: Probe, tmp_path: Path) -> None:
    sound = getattr(tiny_models, builder)(tmp_path / "sound.gguf", n_vocab=512)
    expected = _sizes(probe.footprint(str(sound), _VALUES))
    parts = taken_apart(sound)
    path = tmp_path / "damaged.gguf"
    seen: Counter[str] = Counter()
    for seed in range(120):
        break_it = plausible if seed % 4 else mutated
        write(path, *break_it(parts, seed))
        was_running = probe.pid
        outcome = _outcome(probe, path)
        seen[outcome] += 1
        if probe.pid != was_running:  # it died of that
            seen["died"] += 1
            assert outcome == FailureKind.WORKER_LOST
            assert _sizes(probe.footprint(str(sound), _VALUES)) == expected
    assert _sizes(probe.footprint(str(sound), _VALUES)) == expected
    assert seen["answered"] > 5, "the damage is too great to test anything but the parser"
    assert seen[FailureKind.BAD_FILE] > 5


def test_a_probe_that_is_killed_over_and_over(probe: Probe, tmp_path: Path) -> None:
    sound = tiny_models.build_llama(tmp_path / "sound.gguf", n_vocab=512)
    expected = _sizes(probe.footprint(str(sound), _VALUES))
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
        pid = probe.pid
        assert pid is not None
        os.kill(pid, number)
        found = _asked(probe, sound)
        if isinstance(found, ProbeError):
            assert found.kind is FailureKind.WORKER_LOST
            found = probe.footprint(str(sound), _VALUES)
        assert _sizes(found) == expected
        assert probe.pid != pid


def test_ended_while_it_is_asked(probe: Probe, tmp_path: Path) -> None:
    sound = tiny_models.build_llama(tmp_path / "sound.gguf", n_vocab=512)
    expected = _sizes(probe.footprint(str(sound), _VALUES))
    for delay_s in (0.0, 0.002, 0.05, 0.3):
        timer = threading.Timer(delay_s, probe.end)
        timer.start()
        for n in range(200):
            if not timer.is_alive() and n:
                break
            found = _asked(probe, sound)
            if isinstance(found, ProbeError):
                assert found.kind is FailureKind.WORKER_LOST
            else:
                assert _sizes(found) == expected
        timer.join()
        assert _sizes(probe.footprint(str(sound), _VALUES)) == expected
