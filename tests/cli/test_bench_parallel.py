"""``loadout bench --parallel``: several requests at once, through the real worker."""

from __future__ import annotations

import math
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.program import Program

_SMALL = ("--prompt-tokens", 40, "--gen-tokens", 12, "--repeat", 2)


def test_the_json_document_has_every_level_with_its_speed_in_all_and_of_each(
    loadout: Program, tiny_model: Path
) -> None:
    # Three steps for each prompt: the replies begin one after the other, and still 12 steps of all are counted.
    done = loadout("bench", tiny_model, *_SMALL, "--parallel", "3,1", "--set", "n_ubatch=16", "--json")
    assert done.exit_code == 0, done.stderr
    report = done.json()
    alone, three = report["parallel"]
    assert [alone["n_parallel"], three["n_parallel"]] == [1, 3]
    for level in (alone, three):
        total, each = level["total"]["tokens_per_second"], level["per_request"]["tokens_per_second"]
        assert len(total["runs"]) == len(each["runs"]) == 2
        assert math.isclose(total["mean"], each["mean"] * level["n_parallel"], rel_tol=1e-9)
        assert level["generation"]["n_tokens"] == 12
        assert level["prompt"]["n_tokens"] == 40
        latency = level["generation"]["token_ms"]
        assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
        assert level["per_request"]["slowest"] <= each["mean"] <= level["per_request"]["fastest"]
        first = level["first_token_ms"]
        assert 0 < first["mean"]["mean"] <= first["last"]["mean"]
    assert alone["gain"] == 1
    assert math.isclose(
        three["gain"],
        three["total"]["tokens_per_second"]["mean"] / alone["total"]["tokens_per_second"]["mean"],
    )
    assert three["first_token_ms"]["mean"]["mean"] < three["first_token_ms"]["last"]["mean"]
    assert report["got"]["n_slots"] == 3
    assert report["asked"] == {"load": {"n_ubatch": 16}}


@pytest.mark.parametrize("unified", ["on", "off"])
def test_the_table_has_a_line_for_each_level(loadout: Program, tiny_model: Path, unified: str) -> None:
    done = loadout("bench", tiny_model, *_SMALL, "--parallel", "1,2,4", "--set", f"kv_unified={unified}")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if "tok/s in all" in line)
    assert [line.split()[0] for line in lines[head + 1 : head + 4]] == ["1", "2", "4"]
    assert lines[head + 4] == ""
    assert "p95" in lines[head]


def test_what_cannot_be_measured_is_refused_with_what_to_do(loadout: Program, tiny_model: Path) -> None:
    slots = loadout("bench", tiny_model, "--parallel", "1,8", "--set", "n_seq_max=2")
    assert slots.exit_code == 2
    assert "n_seq_max" in slots.stderr
    room = loadout("bench", tiny_model, "--parallel", "4", "--set", "n_ctx=512", "--prompt-tokens", 200)
    assert room.exit_code == 1
    assert "n_ctx" in room.stderr


@pytest.mark.parametrize("text", ["0", "", "1,,2", "two", "257", "-1"])
def test_numbers_of_requests_are_whole_and_possible(loadout: Program, tiny_model: Path, text: str) -> None:
    done = loadout("bench", tiny_model, f"--parallel={text}")
    assert done.exit_code == 2
    assert "--parallel" in done.stderr


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGKILL, 1)])
def test_an_end_in_the_middle_leaves_no_worker(
    loadout: Program, tiny_model: Path, number: signal.Signals, exit_code: int
) -> None:
    """Ctrl+C ends all requests that run at once; a worker that is killed is named."""
    process = loadout.start("bench", tiny_model, "--parallel", "4", "--gen-tokens", 100_000, "--json")
    deadline = time.monotonic() + 20
    worker: list[psutil.Process] = []
    while not worker or not list((loadout.profile_dir / "logs").glob("worker-*.log")):
        assert time.monotonic() < deadline, "no worker was started"
        time.sleep(0.01)
        children = psutil.Process(process.pid).children()
        worker = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    (process if number is signal.SIGINT else worker[0]).send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == exit_code, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert not worker[0].is_running()
