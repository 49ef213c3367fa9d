"""How long it takes until every quantisation of a repository has its fit, beside reading their headers alone.

    python -m tests.benchmarks.hub_fit_speed

Twenty files of an 8B and of a 70B model (headers with their whole vocabulary, holes behind them) on a Hub on loopback,
which answers each request after a delay as a server far away does. *Headers* reads them, four at a time; *fits* does so
and makes the dry runs; *again* is another context, *known* the page opened anew. First on main memory alone, then
with a remote device that has room for half of the largest file, so that each file needs a search.
Wanted: fits within the time of headers.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.core.fit_runs import Judge
from app.core.footprint import Assessment, Footprint, assess
from app.core.hub_fit import Fitness
from app.worker.hub_fit import Found, HubFits, Source, Terms
from app.worker.probe_client import Probe
from app.worker.remote_header import fetch
from tests.hollow_models import LLAMA_8B, LLAMA_70B, Shape, build_hollow
from tests.hub_server import Content, HubServer
from tests.rpc_worker import has_rpc, rpc_worker

_N_FILES = 20
_ROUNDS = 3
_DELAY_S = 0.05


def main() -> None:
    """Build the files, ask, print a table."""
    print(
        f"{'':34}{'headers':>10}{'fits':>10}{'ratio':>8}{'again':>10}{'known':>10}   s, median of {_ROUNDS}"
    )
    for title, shape in (("8B, 32 layers", LLAMA_8B), ("70B, 80 layers", LLAMA_70B)):
        with tempfile.TemporaryDirectory() as name, HubServer() as server:
            sources = _sources(Path(name), server, shape)
            server.fault("*", delay_s=_DELAY_S)
            _print_row(f"{title}, main memory", Path(name), sources, [])
            if has_rpc():
                with rpc_worker() as worker:
                    _print_row(f"{title}, half on a device", Path(name), sources, [worker.endpoint])


def _sources(folder: Path, server: HubServer, shape: Shape) -> list[Source]:
    """One file under twenty names: what a server sends does not depend on how it is quantised."""
    path = build_hollow(folder / "hollow.gguf", shape)
    names = [f"model-{number:02d}.gguf" for number in range(_N_FILES)]
    model = server.add_model("own/many", {n: Content(path, f"{i:064x}") for i, n in enumerate(names)})
    commit = model.commits[-1]
    url = f"{server.endpoint}/own/many/resolve/{commit.sha}"
    size_bytes = path.stat().st_size
    return [
        Source(name, f"{url}/{name}", size_bytes, ((commit.files[name].etag, size_bytes),)) for name in names
    ]


def _print_row(title: str, folder: Path, sources: list[Source], servers: list[str]) -> None:
    rounds = [_times(folder / f"{title}-{number}", sources, servers) for number in range(_ROUNDS)]
    headers, fits, again, known = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{title:34}{headers:10.2f}{fits:10.2f}{fits / headers:8.2f}{again:10.2f}{known:10.2f}")


def _times(folder: Path, sources: list[Source], servers: list[str]) -> tuple[float, float, float, float]:
    """Seconds of the headers alone, of the fits, of another context, and of the page opened anew."""
    started_s = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda source: fetch(source.url, folder / "headers"), sources))
    headers_s = time.perf_counter() - started_s
    probe = Probe(folder / "skeletons", folder / "probe.log")
    told: list[Found] = []
    fits = HubFits(probe, folder / "skeletons", told.append)
    try:
        times = [
            _timed(fits, lambda: fits.open(sources, _terms(8192, sources, servers))),
            _timed(fits, lambda: fits.ask(_terms(16_384, sources, servers))),
            _timed(fits, lambda: fits.open(sources, _terms(8192, sources, servers))),
        ]
    finally:
        fits.close()
    if len(told) != 3 * len(sources) or not all(isinstance(found.fit, Fitness) for found in told):
        raise SystemExit(f"not every file has its fit: {told[-1].fit}")
    return headers_s, *times


def _timed(fits: HubFits, ask: object) -> float:
    started_s = time.perf_counter()
    ask()  # type: ignore[operator]
    fits.wait(300)
    return time.perf_counter() - started_s


def _terms(n_ctx: int, sources: list[Source], servers: list[str]) -> Terms:
    values = {"n_ctx": n_ctx} | ({"rpc_servers": servers} if servers else {})
    return Terms(values, _half_of(max(source.size_bytes for source in sources)))


def _half_of(size_bytes: int) -> Judge:
    def judge(footprint: Footprint) -> Assessment:
        free = {d.name: size_bytes // 2 if d.kind == "rpc" else 10 * size_bytes for d in footprint.devices}
        return assess(footprint, reserve_bytes=lambda _device: 0, free=free)

    return judge


if __name__ == "__main__":
    main()
