"""The way through nvidia-ml-py into a driver's library, on machines without one: a library of our own stands in.

Only the driver is stood in for, by a C library with nvml.h's calls and struct layouts: the package, and our code
above it, are the real ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMPILER = shutil.which("cc") or shutil.which("gcc")
ASK = """
import json
from dataclasses import asdict
from app.services.hardware_nvml import Nvml
nvml = Nvml()
nvml.open()
print(json.dumps({"absence": nvml.absence, "worker": [asdict(item) for item in nvml.read(4242)],
                  "nobody": [asdict(item) for item in nvml.read(None)]}))
nvml.close()
"""

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux",
    reason="needs a C compiler and Linux's way of finding libraries",
)


@pytest.fixture
def answer(tmp_path) -> dict:
    source = Path(__file__).with_name("nvml_stub.c")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-w", "-o", library, source], check=True, timeout=60)
    environment = os.environ | {"LD_LIBRARY_PATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", ASK],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(result.stdout)


def test_reads_what_a_gpu_reports(answer):
    assert answer["absence"] is None
    assert answer["worker"][0] == {
        "key": "nvml0",
        "name": "NVIDIA GeForce RTX 4070",
        "source": "nvml",
        "used_bytes": 9_000_000_000,
        "total_bytes": 12_000_000_000,
        "worker_bytes": 8_000_000_000,
        "load_percent": 96.0,
        "power_w": 187.5,
        "power_limit_w": 200.0,
        "temperature_c": 61.0,
        "throttles": ["power", "heat"],
    }


def test_leaves_open_what_a_gpu_does_not_report(answer):
    second = answer["worker"][1]
    assert (second["name"], second["used_bytes"]) == ("NVIDIA Tesla K10", 9_000_000_000)
    unknown = ("worker_bytes", "load_percent", "power_w", "power_limit_w", "temperature_c")
    assert [second[name] for name in unknown] == [None] * 5
    assert second["throttles"] == []


def test_without_a_worker_its_part_is_unknown(answer):
    assert answer["nobody"][0]["worker_bytes"] is None
