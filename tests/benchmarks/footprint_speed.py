"""How fast a plan's footprint is known: cold, warm, and with another number of layers.

    python -m tests.benchmarks.footprint_speed

The models are headers with holes behind them (`tests.hollow_models`), up to 431 GB long. *Cold*: the file was never
looked at, the probe process runs. *Warm*: another context. *Other layers*: another number of layers on the GPU, so
that llama.cpp lays the whole model out anew. Medians; milliseconds are what the client waits, the pipe included.
Then *fit*: the whole search, on a remote device with room for a quarter, a half and all of the model.
Wanted: cold 150 ms, warm (either way) 15 ms with 30 layers and 80 ms with 126; fit in a second.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.core.fit import Fit, fit
from app.core.fit_judge import limited_judge
from app.core.gguf import facts
from app.worker.probe_client import Probe
from tests.hollow_models import LLAMA_8B, LLAMA_70B, LLAMA_405B, MIXTURE_235B, QWEN_30_LAYERS, build_hollow
from tests.rpc_worker import has_rpc, rpc_worker

_ROUNDS = 15
_SHAPES = {
    "30 layers": QWEN_30_LAYERS,
    "32 layers, 8B": LLAMA_8B,
    "80 layers, 70B": LLAMA_70B,
    "94 layers, 128 experts": MIXTURE_235B,
    "126 layers, 405B": LLAMA_405B,
}


def main() -> None:
    """Build the headers, ask, print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {
            title: build_hollow(folder / f"{n}.gguf", shape)
            for n, (title, shape) in enumerate(_SHAPES.items())
        }
        print(f"{'model':26}{'file':>9}{'cold':>10}{'warm':>10}{'other layers':>14}   ms, median (worst)")
        _print_rows(folder, paths, [])
        if has_rpc():
            print("with a remote device on loopback:")
            with rpc_worker() as worker:
                _print_rows(folder, paths, [worker.endpoint])
                _print_fits(folder, paths, worker.endpoint)


def _print_rows(folder: Path, paths: dict[str, Path], servers: list[str]) -> None:
    probe = Probe(folder / f"skeletons-{len(servers)}", folder / "probe.log")
    base: dict[str, object] = {"rpc_servers": servers} if servers else {}
    try:
        probe.footprint(str(next(iter(paths.values()))), base | {"n_ctx": 4096})  # starts the process
        for title, path in paths.items():
            own = path.with_name(f"{path.stem}-{len(servers)}-again.gguf")  # never seen, also the first one
            path.rename(own)
            cold_ms = _ms(lambda own=own: probe.footprint(str(own), base | {"n_ctx": 4096}))
            contexts = [_ms(_asking(probe, own, base | {"n_ctx": 4096 + 256 * n})) for n in range(_ROUNDS)]
            layers = [_ms(_asking(probe, own, base | {"n_gpu_layers": n})) for n in range(_ROUNDS)]
            own.rename(path)
            size_gb = path.stat().st_size / 1e9
            print(f"{title:26}{size_gb:6.0f} GB{cold_ms:10.1f}{_told(contexts):>10}{_told(layers):>14}")
    finally:
        probe.end()


def _print_fits(folder: Path, paths: dict[str, Path], endpoint: str) -> None:
    print(f"\n{'fit on a remote device':26}{'room for':>10}{'dry runs':>10}{'ms':>8}   plans, the first")
    probe = Probe(folder / "skeletons", folder / "probe.log")
    try:
        for title, path in paths.items():
            for share in (0.25, 0.5, 1.5):
                found = _fit(probe, path, endpoint, round(path.stat().st_size * share))
                best = found.plans[0]
                told = f"{len(found.plans)}, {best.n_layers_offloaded} of {best.n_layers} at {best.n_ctx}"
                print(f"{title:26}{share:>9.0%} {found.n_dry_runs:>9}{found.elapsed_ms:>8.0f}   {told}")
    finally:
        probe.end()


def _fit(probe: Probe, path: Path, endpoint: str, room_bytes: int) -> Fit:
    limits = {"RPC0": room_bytes, "CPU": 1 << 50}
    judge = limited_judge(limits, reserve_bytes=lambda _device: 0)
    values = {"rpc_servers": [endpoint], "n_ctx": 8192}
    return fit(
        values, facts(path), lambda asked: probe.footprint(str(path), asked), judge, pinned={"rpc_servers"}
    )


def _asking(probe: Probe, path: Path, values: dict[str, object]) -> Callable[[], object]:
    return lambda: probe.footprint(str(path), values)


def _ms(call: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    call()
    return (time.perf_counter() - started_s) * 1000


def _told(times_ms: list[float]) -> str:
    return f"{statistics.median(times_ms):.1f} ({max(times_ms):.0f})"


if __name__ == "__main__":
    main()
