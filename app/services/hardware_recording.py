"""What the plots show: half an hour of speeds, memory, load, phases and marks.

Filled from samples and a session's events; plain Python in the window's thread. `version` changes with every
change, so that a plot can tell whether there is anything new to draw.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.core.run import Got, Timings
from app.core.series import (
    KEPT_S,
    Change,
    Mark,
    MarkKind,
    Phases,
    PromptRate,
    Series,
    TokenRate,
    changes_between,
)
from app.services.hardware_samples import DeviceSample, Sample
from app.worker.protocol import Failed, Finished, Heartbeat, Phase, PromptProgress, TextDelta

SAMPLES_PER_S = 2
_N_SAMPLES = int(KEPT_S * SAMPLES_PER_S)
_N_RATES = int(KEPT_S * 10)  # TokenRate gives at most ten points a second, each break one more
_DRAWN_FRESH = "seed"
"""The sampling value that differs with every reply without anybody having changed it."""


def _samples() -> Series:
    return Series(_N_SAMPLES)


@dataclass(slots=True)
class DeviceTrack:
    """The past of one device, in bytes and percent; `latest` is its newest sample."""

    latest: DeviceSample
    used: Series = field(default_factory=_samples)
    worker: Series = field(default_factory=_samples)
    load: Series = field(default_factory=_samples)
    power: Series = field(default_factory=_samples)  # percent of the limit


class Recording:
    """Takes in what happens and keeps it for the plots. All times are of `clock` (time.monotonic)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.version = 0
        self.generation = Series(_N_RATES)
        self.prompt = Series(_N_RATES)
        self.cpu = _samples()
        self.ram_others = _samples()
        self.ram_window = _samples()
        self.ram_worker = _samples()
        self.devices: dict[str, DeviceTrack] = {}
        self.phases = Phases(Phase.IDLE)
        self.marks: deque[Mark] = deque(maxlen=500)
        self.latest: Sample | None = None
        self.timings: Timings | None = None  # of the newest finished reply
        self._token_rate = TokenRate()
        self._prompt_rate = PromptRate()
        self._in_prompt: set[int] = set()
        self._generating: set[int] = set()
        self._asked: dict[str, Any] | None = None  # load settings of the newest load
        self._sampling: dict[str, Any] = {}
        self._started_s: dict[int, float] = {}
        self._worker_parts: dict[str, int] = {}  # device name -> bytes, as loaded

    @property
    def has_speed(self) -> bool:
        """Whether anything was ever generated or read."""
        return len(self.generation) > 0 or len(self.prompt) > 0

    # -- the machine ----------------------------------------------------------------------------------------

    def sampled(self, sample: Sample) -> None:
        """Take over a sample of the machine."""
        self.latest = sample
        now_s = sample.time_s
        self.cpu.append(now_s, sample.cpu_percent)
        self.ram_others.append(now_s, sample.ram_others_bytes)
        self.ram_window.append(now_s, sample.own_rss_bytes)
        self.ram_worker.append(now_s, sample.worker_rss_bytes or 0)
        for device in sample.devices:
            self._device_sampled(device, now_s)
        self.version += 1

    def worker_bytes(self, device: DeviceSample) -> int:
        """The worker's part of a device: as its driver reports it, else what loading said it put there."""
        if device.worker_bytes is not None:
            return device.worker_bytes
        return min(device.used_bytes, self._worker_parts.get(device.name, 0))

    def _device_sampled(self, device: DeviceSample, now_s: float) -> None:
        track = self.devices.setdefault(device.key, DeviceTrack(device))
        track.latest = device
        track.used.append(now_s, device.used_bytes)
        track.worker.append(now_s, self.worker_bytes(device))
        if device.load_percent is not None:
            track.load.append(now_s, device.load_percent)
        if device.power_w is not None and device.power_limit_w:
            track.power.append(now_s, 100 * device.power_w / device.power_limit_w)

    # -- the session ----------------------------------------------------------------------------------------

    def loading(self) -> None:
        """A load began."""
        self._end_all(Phase.LOADING)

    def loaded(self, got: Got, asked: dict[str, Any]) -> None:
        """A model is ready. Marks which load settings differ from the load before."""
        now_s = self._clock()
        changes = changes_between(self._asked, asked) if self._asked is not None else ()
        self._asked = dict(asked)
        self._worker_parts = {
            device.name: device.weights_bytes + device.kv_bytes + device.compute_bytes + device.output_bytes
            for device in got.devices
        }
        self._end_all(Phase.IDLE)
        self.mark(Mark(now_s, MarkKind.LOADED, got.model_name, changes))

    def ended(self, kind: MarkKind | None) -> None:
        """There is no worker any more: ejected, lost, or (None) never loaded."""
        self._worker_parts = {}
        self._end_all(Phase.IDLE)
        if kind is not None:
            self.mark(Mark(self._clock(), kind))

    def mark(self, mark: Mark) -> None:
        """Something happened; the newest of several within a moment stands for itself."""
        self.marks.append(mark)
        self.version += 1

    def heartbeat(self, event: Heartbeat) -> None:
        """Follow the worker's own word on its phase while no request is known that would tell better."""
        if not self._in_prompt and not self._generating:
            self._change_phase(Phase(event.phase))

    def prompt_progress(self, event: PromptProgress) -> None:
        """A part of a prompt was read."""
        now_s = self._clock()
        self._started_s.setdefault(event.request_id, now_s)
        self._in_prompt.add(event.request_id)
        step = self._prompt_rate.add(event.request_id, event.n_done, now_s)
        if step is not None:
            from_s, to_s, rate = step
            self.prompt.append(from_s, rate)
            self.prompt.append(to_s, rate)
        self._show_phase()

    def text(self, event: TextDelta) -> None:
        """Tokens were generated."""
        now_s = self._clock()
        self._started_s.setdefault(event.request_id, now_s)
        self._leave_prompt(event.request_id)
        self._generating.add(event.request_id)
        for time_s, rate in self._token_rate.add(event.request_id, event.token_ms, now_s):
            self.generation.append(time_s, rate)
            self.version += 1
        self._show_phase()

    def finished(self, event: Finished) -> None:
        """A reply ended well. Marks, where it began, the sampling settings that were changed for it."""
        self.timings = Timings.from_dict(event.timings)
        started_s = self._end(event.request_id)
        settings = {key: value for key, value in event.settings.items() if key != _DRAWN_FRESH}
        if self._sampling and settings:
            changes = changes_between(self._sampling, settings)
            if changes:
                self._mark_settings(started_s, changes)
        self._sampling = settings or self._sampling

    def failed(self, event: Failed) -> None:
        """A reply ended in an error."""
        self._end(event.request_id)

    # -- inside ---------------------------------------------------------------------------------------------

    def _mark_settings(self, time_s: float, changes: tuple[Change, ...]) -> None:
        self.mark(Mark(time_s, MarkKind.SETTING, changes=changes))

    def _leave_prompt(self, request_id: int) -> None:
        if request_id in self._in_prompt:
            self._in_prompt.discard(request_id)
            self._prompt_rate.end(request_id)
            if not self._in_prompt:
                self.prompt.end_line(self._clock())

    def _end(self, request_id: int) -> float:
        """Close the request's books; when it began."""
        now_s = self._clock()
        self._leave_prompt(request_id)
        self._generating.discard(request_id)
        self._token_rate.end(request_id)
        if not self._generating:
            self.generation.end_line(now_s)
        self._show_phase()
        return self._started_s.pop(request_id, now_s)

    def _end_all(self, phase: Phase) -> None:
        now_s = self._clock()
        self._in_prompt.clear()
        self._generating.clear()
        self._started_s.clear()
        self._token_rate.clear()
        self._prompt_rate.clear()
        self.generation.end_line(now_s)
        self.prompt.end_line(now_s)
        self._change_phase(phase)

    def _show_phase(self) -> None:
        """Reading a prompt slows replies that are being generated, so it is shown above them."""
        if self._in_prompt:
            self._change_phase(Phase.PROMPT)
        else:
            self._change_phase(Phase.GENERATING if self._generating else Phase.IDLE)

    def _change_phase(self, phase: Phase) -> None:
        self.phases.change(phase, self._clock())
        self.version += 1
