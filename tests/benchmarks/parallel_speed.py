"""Several requests at once: `loadout bench --parallel`, and replies, against bare `llama_decode` of as many sequences.

    python -m tests.benchmarks.parallel_speed [--size 500M] [--size 20M] [--rounds 5] [--parallel 8]

Each round runs all of them one after the other, so that a change in the machine's speed meets all of them alike;
ratios are of medians. `bench` takes the likeliest token and makes text of it; the replies are sampled with the default
settings and sent as they come; the bare loop does neither. Wanted: 0.95 for 8 requests.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from app.core.run import Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests.benchmarks import common

N_PROMPT = 48  # of all requests together less than a physical batch, so that all replies begin in one step
N_GENERATE = {"500M": 48, "20M": 256}


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument(
        "--parallel", type=int, action="append", help="requests at once (default: 1, 2, 4, 8)"
    )
    args = options.parse_args()
    print(common.machine())
    for size in args.size or common.SIZES:
        with common.random_model(size) as model:
            for n_parallel in args.parallel or (1, 2, 4, 8):
                _compare(model, size, n_parallel, args.rounds)


def _compare(model: Path, size: str, n_parallel: int, n_rounds: int) -> None:
    n_generate = N_GENERATE[size]
    found: dict[str, list[float]] = {"bare": [], "bench": [], "replies": []}
    with tempfile.TemporaryDirectory() as folder:
        values = {"n_seq_max": n_parallel, "n_ctx": 4096}
        with WorkerClient(str(model), values, Path(folder) / "worker.log") as client:
            got = _until(client, p.Loaded)[0].got
            n_threads, n_ctx = got["settings"]["n_threads"], got["n_ctx"]
            _replies(client, n_parallel, n_generate)  # the first ones pay for memory that is touched first
            for _ in range(n_rounds):
                found["bare"].append(_bare(model, n_parallel, n_generate, n_threads, n_ctx))
                found["bench"].append(_bench(model, n_parallel, n_generate, n_ctx))
                found["replies"].append(_replies(client, n_parallel, n_generate))
        client.receive(0)
    bare = common.middle(found["bare"])
    common.show(
        f"{size} Q8_0, {n_parallel} at once, {n_generate} tokens each after {N_PROMPT}, median of {n_rounds} rounds",
        [
            ("bare llama_decode, in all", bare, "tok/s", None),
            *(
                (f"{what}, in all", common.middle(found[key]), "tok/s", common.middle(found[key]) / bare)
                for key, what in (
                    ("bench", "loadout bench --parallel"),
                    ("replies", "replies, default sampling"),
                )
            ),
        ],
    )


def _bare(model: Path, n_parallel: int, n_generate: int, n_threads: int, n_ctx: int) -> float:
    script = Path(__file__).with_name("bare_batch.py")
    result: dict[str, float] = common.python_json(
        script, model, n_parallel, N_PROMPT, n_generate, n_threads, n_ctx, 1
    )
    return result["tokens_per_second"]


def _bench(model: Path, n_parallel: int, n_generate: int, n_ctx: int) -> float:
    counts = (
        "--parallel",
        n_parallel,
        "--prompt-tokens",
        N_PROMPT,
        "--gen-tokens",
        n_generate,
        "--repeat",
        1,
    )
    report = common.loadout_json("bench", model, *counts, "--set", f"n_ctx={n_ctx}")
    total: float = report["parallel"][0]["total"]["tokens_per_second"]["mean"]
    return total


def _replies(client: WorkerClient, n_parallel: int, n_generate: int) -> float:
    """The sum of their speeds: they begin in one step and end in one, so each one's time is the time of all."""
    ids = [client.next_id() for _ in range(n_parallel)]
    for request_id in ids:
        sampling = {"ignore_eos": True, "max_tokens": n_generate + 1, "seed": request_id}
        # Words of the random vocabulary are one token each; a beginning of its own, or the cache would be shared.
        text = f"reply {request_id}" + " kato" * (N_PROMPT - 12)
        client.send(p.Generate(request_id, prompt=text, sampling=sampling, overflow="stop", draft=False))
    ends = _until(client, p.Finished, len(ids))
    timings = [Timings.from_dict(end.timings) for end in ends]
    if any(timing.predicted_n != n_generate + 1 for timing in timings):
        raise SystemExit("a reply ended early")
    return sum(timing.predicted_per_second for timing in timings)


def _until(client: WorkerClient, kind: Any, count: int = 1) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        for event in client.receive(1.0):
            if isinstance(event, kind):
                found.append(event)
            elif isinstance(event, p.Failed | p.Exited | p.LoadFailed):
                raise SystemExit(f"unexpected: {event}")
    return found


if __name__ == "__main__":
    main()
