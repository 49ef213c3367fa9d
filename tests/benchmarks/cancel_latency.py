"""How soon a cancel is answered: in a 4,000-token prompt, while generating, and while loading.

    python -m tests.benchmarks.cancel_latency [--size 500M] [--rounds 10]

Through the real worker and queue; from the moment that the command is sent to the moment that the end of the request
arrives. The reference is one prompt batch of 512 tokens, which is how long a cancel would take without the abort
callback. Wanted: under 100 ms. A load that is cancelled at once also waits for its process to start.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from app.core.run import Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests.benchmarks import common

N_PROMPT = 4000


def main() -> None:
    options = common.parser(__doc__)
    options.set_defaults(rounds=10)
    args = options.parse_args()
    print(common.machine())
    for size in args.size or common.SIZES:
        with common.random_model(size) as model, tempfile.TemporaryDirectory() as folder:
            _measure(model, Path(folder), size, args.rounds)


def _measure(model: Path, folder: Path, size: str, n_rounds: int) -> None:
    with WorkerClient(str(model), {"n_ctx": 8192}, folder / "worker.log") as client:
        _until(client, p.Loaded)
        batch_ms = _one_batch_ms(client)
        in_prompt = [
            _cancelled_ms(client, " kato" * N_PROMPT, after_s=0.02 * (1 + n)) for n in range(n_rounds)
        ]
        generating = [_cancelled_ms(client, " kato", after_s=0.05 * (1 + n % 3)) for n in range(n_rounds)]
    loading = [_cancelled_load_ms(model, folder, after_s=0.05 * n) for n in range(n_rounds)]
    common.show(
        f"{size} Q8_0, cancel answered, {n_rounds} times each",
        [
            ("one prompt batch of 512 tokens", batch_ms, "ms", None),
            *_rows(f"in a {N_PROMPT}-token prompt", in_prompt, batch_ms),
            *_rows("while generating", generating, batch_ms),
            *_rows("while loading", loading, batch_ms),
        ],
    )


def _rows(
    what: str, latencies_ms: list[float], batch_ms: float
) -> list[tuple[str, float, str, float | None]]:
    middle, worst = common.middle(latencies_ms), max(latencies_ms)
    return [
        (f"{what}, median", middle, "ms", middle / batch_ms),
        (f"{what}, worst", worst, "ms", worst / batch_ms),
    ]


def _one_batch_ms(client: WorkerClient) -> float:
    request_id = client.next_id()
    client.send(p.Bench(request_id, 512, 1))
    return Timings.from_dict(_until(client, p.Finished).timings).prompt_ms


def _cancelled_ms(client: WorkerClient, prompt: str, after_s: float) -> float:
    """Start a reply that would take long, wait, cancel it."""
    request_id = client.next_id()
    sampling = {"ignore_eos": True, "max_tokens": 100_000, "seed": request_id}
    # A prompt of its own each time: what an earlier round left in the cache must not shorten it.
    client.send(
        p.Generate(request_id, prompt=f"round {request_id}{prompt}", sampling=sampling, overflow="stop")
    )
    time.sleep(after_s)
    client.receive(0)
    sent = time.perf_counter()
    client.send(p.Cancel(request_id))
    end = _until(client, p.Finished)
    ms = (time.perf_counter() - sent) * 1000
    if end.reason != p.StopReason.CANCELLED:
        raise SystemExit(f"the reply ended by itself: {end}")
    return ms


def _cancelled_load_ms(model: Path, folder: Path, after_s: float) -> float:
    client = WorkerClient(str(model), {"n_ctx": 8192}, folder / "load.log")
    client.start()
    try:
        time.sleep(after_s)
        sent = time.perf_counter()
        client.send(p.Cancel(p.LOAD_REQUEST))
        _until(client, p.LoadFailed | p.Loaded)
        return (time.perf_counter() - sent) * 1000
    finally:
        client.stop()
        client.receive(0)


def _until(client: WorkerClient, kind: Any) -> Any:
    while True:
        for event in client.receive(1.0):
            if isinstance(event, kind):
                return event
            if isinstance(event, p.Failed | p.Exited) or (
                isinstance(event, p.LoadFailed) and kind is p.Loaded
            ):
                raise SystemExit(f"unexpected: {event}")


if __name__ == "__main__":
    main()
