"""What the window costs: its start, its memory, the speed it takes from the model, and how long it ever stalls.

    python -m tests.benchmarks.window_speed [--size 500M] [--rounds 5]

Offscreen. The start is from the process's birth to the first painted window, against a process that only opens an empty
window; the profile is a fresh one, so from then on the Guide is loaded, and how long that takes is told too. The
streaming speed is that of a reply in the open window, plots and all, against `loadout run` with the same prompt; a
stall is the longest time for which the window's event loop was not reached while the reply came in.
Wanted: 1.0 s, 200 MB, the Guide after 1.0 s, 0.95 at 500M, 50 ms.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QEventLoop, QTimer

from app.core.run import Timings
from tests.benchmarks import common
from tests.end2end.real_app import RealApp

N_GENERATE = {"500M": 96, "20M": 512}
PROMPT = "Tell me a long story about a small red kite that flies over the sea."
EMPTY_WINDOW = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1360, 860)
window.show()
QTimer.singleShot(0, lambda: (print("open", flush=True), app.quit()))
app.exec()
"""


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--only-start", action="store_true", help="leave the streaming out")
    args = options.parse_args()
    print(common.machine())
    _measure_start(args.rounds)
    for size in [] if args.only_start else args.size or ["500M"]:
        with common.random_model(size) as model:
            _measure_streaming(model, size, args.rounds)


# -- start --------------------------------------------------------------------------------------------------


def _measure_start(n_rounds: int) -> None:
    _start()  # once for the file cache and the bytecode
    empty, starts, memory, guides = list[float](), list[float](), list[float](), list[float]()
    for _ in range(n_rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", EMPTY_WINDOW], check=True, capture_output=True)
        empty.append(time.perf_counter() - began)
        seconds, rss_mb, guide_s = _start()
        starts.append(seconds)
        memory.append(rss_mb)
        guides.append(guide_s)
    reference = common.middle(empty)
    common.show(
        f"start, median of {n_rounds}",
        [
            ("a process with an empty window", reference, "s", None),
            ("loadout, to its painted window", common.middle(starts), "s", common.middle(starts) / reference),
            ("memory of the window's process after 3 s", common.middle(memory), "MB", None),
            ("from the painted window to the loaded Guide", common.middle(guides), "s", None),
            ("the same, the longest", max(guides), "s", None),
        ],
    )


def _start() -> tuple[float, float, float]:
    """Seconds from birth to the painted window, its memory 3 s later in MB, seconds from there to the loaded Guide."""
    with tempfile.TemporaryDirectory() as profile:
        log = Path(profile) / "logs" / "window.log"
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "--profile-dir", profile],
            cwd=common.ROOT,
            stderr=subprocess.DEVNULL,
        )
        try:
            while "the window is open" not in (log.read_text() if log.exists() else ""):
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit("the window did not open")
                time.sleep(0.002)
            seconds = time.perf_counter() - began
            time.sleep(3)
            rss_mb = psutil.Process(process.pid).memory_info().rss / 1e6
            return seconds, rss_mb, _said_at(log, "loaded: ") - _said_at(log, "the window is open")
        finally:
            process.terminate()
            process.wait(20)


def _said_at(log: Path, words: str) -> float:
    """When the window's log first said so."""
    line = next((line for line in log.read_text().splitlines() if words in line), None)
    if line is None:
        raise SystemExit(f"{words!r} is not in the log")
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()


# -- streaming ----------------------------------------------------------------------------------------------


class StallWatch:
    """The longest gap between two turns of the event loop, beyond the timer's own interval."""

    INTERVAL_MS = 5

    def __init__(self) -> None:
        self.worst_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(self.INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Watch from now on."""
        self._last, self.worst_ms = time.perf_counter(), 0.0
        self._timer.start()

    def stop(self) -> float:
        """The worst stall in ms."""
        self._timer.stop()
        return self.worst_ms

    def _tick(self) -> None:
        now = time.perf_counter()
        self.worst_ms = max(self.worst_ms, (now - self._last) * 1000 - self.INTERVAL_MS)
        self._last = now


def _measure_streaming(model: Path, size: str, n_rounds: int) -> None:
    """Speed and stalls in rounds of their own: looking for stalls two hundred times a second costs speed."""
    alone, windowed, stalls, shares = list[float](), list[float](), list[float](), list[float]()
    for _ in range(n_rounds):
        run = common.loadout_json(
            *("run", model, "--prompt", PROMPT, "--max-tokens", N_GENERATE[size], "--sample", "ignore_eos=on")
        )
        alone.append(Timings.from_dict(run["timings"]).predicted_per_second)
        speed, share, _ = _stream_in_window(model, size)
        windowed.append(speed)
        shares.append(share)
        stalls.append(_stream_in_window(model, size, StallWatch())[2])
    reference = common.middle(alone)
    speed = common.middle(windowed)
    common.show(
        f"{size} Q8_0, {N_GENERATE[size]} tokens, median of {n_rounds} rounds",
        [
            ("loadout run", reference, "tok/s", None),
            ("the same reply in the open window", speed, "tok/s", speed / reference),
            ("the window's share of one core meanwhile", common.middle(shares) * 100, "%", None),
            ("longest stall, median round", common.middle(stalls), "ms", common.middle(stalls) / 50),
            ("longest stall, worst round", max(stalls), "ms", max(stalls) / 50),
        ],
    )


def _stream_in_window(model: Path, size: str, watch: StallWatch | None = None) -> tuple[float, float, float]:
    """(tokens/s, the window's CPU time as a share of one core, the worst stall in ms) of one reply."""
    with tempfile.TemporaryDirectory() as profile, RealApp(Path(profile)) as real:
        real.set_look("dark", 1360, 860)
        real.load(model)
        real.profile.sampling_plan.set_many({"max_tokens": N_GENERATE[size], "ignore_eos": True})
        real.rest(1.0)
        if watch is not None:
            watch.start()
        # Qt's own loop, as in the application: a test's way of waiting would look a hundred times a second.
        loop = QEventLoop()
        real.profile.chat.reply_finished.connect(loop.quit)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        real.profile.chat.send(PROMPT)
        QTimer.singleShot(300_000, loop.quit)
        loop.exec()
        share = (time.process_time() - began_cpu_s) / (time.perf_counter() - began_s)
        stall_ms = watch.stop() if watch is not None else 0.0
        reply = real.profile.chat.current.leaf
        assert reply is not None
        return Timings.from_dict(reply.timings or {}).predicted_per_second, share, stall_ms


if __name__ == "__main__":
    main()
