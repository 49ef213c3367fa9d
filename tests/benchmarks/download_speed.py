"""A download, hashing and fsync included, against `curl -o` of the same file from the same server on loopback.

    python -m tests.benchmarks.download_speed [--size 1000] [--runs 5]

Both write to the same disk, in turns; the time of ours runs from the start of its process to the news that the file is
in its place. What is left of the disk's own writing is waited for before each run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.hub_server import HubServer

_PIECE = 1 << 20
REPO, FILE = "owner/name-GGUF", "model-Q4_K_M.gguf"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1000, help="the file's size in MB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", help="where to write (default: the system's folder for temporary files)")
    args = parser.parse_args()
    # Here, since the process that downloads imports this script again, as it does the app's own small one.
    from tests.benchmarks.common import machine, middle, show
    from tests.hub_server import HubServer

    if shutil.which("curl") is None:
        raise SystemExit("curl is the reference, and not installed")
    print(machine())
    with tempfile.TemporaryDirectory(prefix="loadout-bench-", dir=args.folder) as name, HubServer() as server:
        folder = Path(name)
        source = _random_file(folder / "source.gguf", args.size * 1_000_000)
        server.add_model(REPO, {FILE: source})
        curl, ours = [], []
        for _ in range(args.runs):
            curl.append(_curl(server, folder))
            ours.append(_ours(server, folder))
        size_mb = source.stat().st_size / 1e6
    rows = [("curl -o", size_mb / middle(curl), "MB/s", None)]
    rows.append(("loadout, checked and on disk", size_mb / middle(ours), "MB/s", middle(curl) / middle(ours)))
    show(f"a file of {size_mb:.0f} MB, median of {args.runs}", rows)
    print(
        "  each: curl",
        *(f"{size_mb / s:.0f}" for s in curl),
        "| loadout",
        *(f"{size_mb / s:.0f}" for s in ours),
    )


def _random_file(path: Path, n_bytes: int) -> Path:
    with path.open("wb") as file:
        for _ in range(n_bytes // _PIECE):
            file.write(os.urandom(_PIECE))
        file.write(os.urandom(n_bytes % _PIECE))
    return path


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A folder for one run; what earlier runs left to the disk is written before."""
    target = folder / "target"
    target.mkdir()
    os.sync()
    try:
        yield target
    finally:
        shutil.rmtree(target)


def _curl(server: HubServer, folder: Path) -> float:
    """Seconds."""
    url = f"{server.endpoint}/{REPO}/resolve/main/{FILE}"
    with _emptied(folder) as target:
        began_s = time.perf_counter()
        subprocess.run(["curl", "-sSfL", "-o", str(target / FILE), url], check=True)
        return time.perf_counter() - began_s


def _ours(server: HubServer, folder: Path) -> float:
    """Seconds."""
    from app.worker.download_client import DownloadEvent, DownloadProcess, DownloadProgress, Finished
    from tests.worker.download_rig import request

    ended, events = threading.Event(), list[DownloadEvent]()

    def take(event: DownloadEvent) -> None:
        if not isinstance(event, DownloadProgress):
            events.append(event)
            ended.set()

    with _emptied(folder) as target:
        process = DownloadProcess(request(server, FILE, folder=target), "", take)
        began_s = time.perf_counter()
        process.start()
        ended.wait()
        took_s = time.perf_counter() - began_s
        process.stop()
    if not isinstance(events[0], Finished):
        raise SystemExit(f"it failed: {events[0]}")
    return took_s


if __name__ == "__main__":
    main()
