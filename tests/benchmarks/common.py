"""What the benchmarks share: the machine in words, models of random weights, and tables of ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests import tiny_models

ROOT = Path(__file__).resolve().parent.parent.parent
SIZES = {"500M": 500_000_000, "20M": 20_000_000}


def machine() -> str:
    """The machine that the numbers are from."""
    model = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = psutil.virtual_memory().total / 1e9
    load = os.getloadavg()[0]
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load average before: {load:.1f}"
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


@contextmanager
def random_model(size: str) -> Iterator[Path]:
    """A Q8_0 model of random weights: "500M", "20M"."""
    with tempfile.TemporaryDirectory(prefix="loadout-bench-") as folder:
        yield tiny_models.build_random(Path(folder) / f"random-{size}.gguf", SIZES[size])


def loadout_json(*arguments: object) -> Any:
    """The JSON document of a command, run as a process of its own with a profile that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="loadout-profile-") as profile:
        return python_json("-m", "app", "--profile-dir", profile, *arguments, "--json")


def python_json(*arguments: object) -> Any:
    """The JSON document that a Python process prints."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def show(title: str, rows: list[tuple[str, float, str, float | None]]) -> None:
    """Print (what, value, unit, ratio) rows; a ratio of None marks the reference."""
    print(f"\n{title}")
    for what, value, unit, ratio in rows:
        print(f"  {what:<44} {value:>10.2f} {unit:<6} {'reference' if ratio is None else f'{ratio:.3f}'}")


def middle(values: list[float]) -> float:
    """The median: one disturbed run does not move it."""
    return statistics.median(values)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    options = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    options.add_argument("--size", choices=list(SIZES), action="append", help="model sizes (default: both)")
    options.add_argument("--rounds", type=int, default=5, help="rounds; the median counts (default 5)")
    return options
