"""Going on with a long conversation after the model was loaded anew: from its saved state, against reading it again.

    python -m tests.benchmarks.reopen_speed [--size 500M] [--rounds 3] [--tokens 4000]

Each round talks once in a worker (which reads the whole conversation: the reference), ends it (which saves the state),
and goes on in others: once with the same prompt (a reply regenerated), once with a next message. Measured is the
time to the first token in the worker, finding, reading, checking and restoring the state included; the files are in the
system's page cache, as they are soon after they were written. Wanted: at least 100 times faster at 500M.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from app.core.prompt_states import size_bytes
from app.core.run import Reuse, Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests.benchmarks import common

N_CTX = 8192
_LIMIT_BYTES = 8 << 30

Messages = tuple[dict[str, str], ...]


def main() -> None:
    options = common.parser(__doc__)
    options.set_defaults(rounds=3)
    options.add_argument("--tokens", type=int, default=4000, help="of the conversation (default 4000)")
    args = options.parse_args()
    print(common.machine())
    for size in args.size or common.SIZES:
        with common.random_model(size) as model, tempfile.TemporaryDirectory() as folder:
            _measure(model, Path(folder), size, args.rounds, args.tokens)


def _measure(model: Path, folder: Path, size: str, n_rounds: int, n_tokens: int) -> None:
    told: Messages = ({"role": "user", "content": "kato " * (n_tokens - 24)},)
    read_ms: list[float] = []
    saved_ms: list[float] = []
    again_ms: list[float] = []
    next_ms: list[float] = []
    state_bytes = n_prompt = 0
    for index in range(n_rounds):
        states = folder / f"states-{index}"
        kept = p.KeptStates(str(states), _LIMIT_BYTES, 256)
        with WorkerClient(str(model), {"n_ctx": N_CTX}, folder / "first.log", (), kept) as client:
            said, timings, reuse = _say(client, told)
            _expect(reuse, "", 0)
            read_ms.append(timings.ttft_ms)
            n_prompt = reuse.prompt_n
            started = time.perf_counter()
            client.stop()
            saved_ms.append((time.perf_counter() - started) * 1000)
        state_bytes = size_bytes(states)
        with WorkerClient(str(model), {"n_ctx": N_CTX}, folder / "second.log", (), kept) as client:
            repeated, timings, reuse = _say(client, told)
            _expect(reuse, "disk", n_prompt)
            if repeated != said:
                raise SystemExit("the reply from the saved state is another one")
            again_ms.append(timings.ttft_ms)
        with WorkerClient(str(model), {"n_ctx": N_CTX}, folder / "third.log", (), kept) as client:
            further: Messages = (
                *told,
                {"role": "assistant", "content": said},
                {"role": "user", "content": "kato"},
            )
            _, timings, reuse = _say(client, further)
            _expect(reuse, "disk", n_prompt)
            next_ms.append(timings.ttft_ms)
    reference = common.middle(read_ms)
    common.show(
        f"{size} Q8_0, a conversation of {n_prompt} tokens, its state {state_bytes / 1e6:.0f} MB, {n_rounds} rounds",
        [
            ("read again", reference, "ms", None),
            (
                "the same prompt from the saved state",
                common.middle(again_ms),
                "ms",
                reference / common.middle(again_ms),
            ),
            ("a next message after it", common.middle(next_ms), "ms", reference / common.middle(next_ms)),
            (
                "ending the worker, saving included",
                common.middle(saved_ms),
                "ms",
                reference / common.middle(saved_ms),
            ),
        ],
    )
    print("  (the last column: how many times faster than reading it again)")


def _expect(reuse: Reuse, source: str, at_least: int) -> None:
    if reuse.source != source or reuse.cached_n < at_least:
        raise SystemExit(f"wanted {at_least} tokens from {source or 'nowhere'}, got {reuse}")


def _say(client: WorkerClient, messages: Messages) -> tuple[str, Timings, Reuse]:
    request_id = client.next_id()
    sampling = {"temperature": 0.0, "max_tokens": 8}
    client.send(p.Generate(request_id, messages=messages, sampling=sampling, conversation="c"))
    text: list[str] = []
    while True:
        for event in client.receive():
            _refuse(event)
            if isinstance(event, p.TextDelta):
                text.append(event.text)
            if isinstance(event, p.Finished):
                return "".join(text), Timings.from_dict(event.timings), Reuse.from_dict(event.reuse or {})


def _refuse(event: Any) -> None:
    if isinstance(event, p.Failed | p.LoadFailed | p.Exited):
        raise SystemExit(f"it failed: {event}")


if __name__ == "__main__":
    main()
