"""What a dragged slider costs the window, and how soon the exact memory follows it.

    python -m tests.benchmarks.window_drag [--rounds 3]

Offscreen, the real application, a header of 32 layers (9 GB) and one of 126 (431 GB) with a hole for their weights. For
two seconds the context (then the GPU layers) changes 60 times a second, as a dragged slider changes it. *Stall*: the
longest time for which the window's event loop was not reached, beside that of the same window doing nothing.
*Answers*: how many exact footprints came meanwhile. *Behind*: from the last change to the exact answer for it.
Wanted: no stall over 50 ms, and the last answer is the one that a probe of its own gives.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.services.profile import Profile
from app.worker.probe_client import Probe
from tests.benchmarks import common
from tests.benchmarks.window_speed import StallWatch
from tests.end2end.real_app import RealApp
from tests.hollow_models import LLAMA_8B, LLAMA_405B, Shape, build_hollow

_SECONDS = 2.0
_STEP_S = 1 / 60


def main() -> None:
    args = common.parser(__doc__).parse_args()
    print(common.machine())
    with tempfile.TemporaryDirectory() as folder:
        for title, shape in (("32 layers", LLAMA_8B), ("126 layers", LLAMA_405B)):
            _measure(Path(folder), title, shape, args.rounds)


def _measure(folder: Path, title: str, shape: Shape, n_rounds: int) -> None:
    model = build_hollow(folder / f"{shape.n_layers}.gguf", shape)
    with RealApp(folder / f"profile-{shape.n_layers}") as app:
        profile = app.profile
        profile.loading.choose(str(model))
        app.wait(
            lambda: profile.footprints.is_current and profile.footprints.footprint, "the first footprint"
        )
        app.rest(4.0)  # the plots are made one after another once the window is there
        watch = StallWatch()
        watch.start()
        app.rest(_SECONDS)
        rows = [(f"{title}: nothing moves, stall", watch.stop(), "ms", None)]
        for key in ("n_ctx", "n_gpu_layers"):
            results = [_drag(app, key, shape, watch) for _ in range(n_rounds)]
            rows.append(
                (f"{title}: {key} dragged, stall (worst)", max(item[0] for item in results), "ms", None)
            )
            rows.append(
                (f"{title}: {key}, answers in 2 s", common.middle([item[1] for item in results]), "", None)
            )
            rows.append((f"{title}: {key}, behind", common.middle([item[2] for item in results]), "ms", None))
        _check(profile, model, folder)
    common.show(f"a slider dragged for two seconds, {n_rounds} rounds", rows)


def _drag(app: RealApp, key: str, shape: Shape, watch: StallWatch) -> tuple[float, float, float]:
    """(longest stall in ms, answers, ms from the last change to its answer) of one drag."""
    profile, answers = app.profile, []

    def count() -> None:
        footprint = profile.footprints.footprint
        if footprint is not None and (not answers or answers[-1] is not footprint):
            answers.append(footprint)

    profile.footprints.changed.connect(count)
    watch.start()
    began_s = time.perf_counter()
    step = 0
    while (gone_s := time.perf_counter() - began_s) < _SECONDS:
        step += 1
        value = 4096 + 256 * step if key == "n_ctx" else step % (shape.n_layers + 2)
        profile.load_plan.set_value(key, value, settled=False)
        app.rest(max(0.001, step * _STEP_S - gone_s))
    last_s = time.perf_counter()
    app.wait(lambda: profile.footprints.is_current, "the last answer")
    behind_ms = (time.perf_counter() - last_s) * 1000
    stall_ms = watch.stop()
    profile.footprints.changed.disconnect(count)
    profile.load_plan.settle()
    app.rest(0.5)
    return stall_ms, float(len(answers)), behind_ms


def _check(profile: Profile, model: Path, folder: Path) -> None:
    probe = Probe(folder / "skeletons", folder / "probe.log")
    try:
        exact = probe.footprint(str(model), profile.load_plan.values())
    finally:
        probe.end()
    shown = profile.footprints.footprint
    if shown is None or shown.buffers != exact.buffers:
        raise SystemExit(f"the window ended on {shown}, a probe of its own says {exact}")


if __name__ == "__main__":
    main()
