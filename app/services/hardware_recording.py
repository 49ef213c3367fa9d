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
    Mark,
    MarkKind,
    Phases,
    PromptRate,
    Series,
    TokenRate,
    changes_between,
)
from app.services.hardware_samples import DeviceSample, Sample
from app.services.session import Session, SessionState
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
    others: Series = field(default_factory=_samples)
    load: Series = field(default_factory=_samples)
    power: Series = field(default_factory=_samples)  # percent of the limit


@dataclass(slots=True)
class _Request:
    """One that is open: when its first event came, and which of its speeds could be seen."""

    start_s: float
    has_prompt_rate: bool = False
    has_rate: bool = False


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
        self._state = SessionState.EMPTY
        self._token_rate = TokenRate()
        self._prompt_rate = PromptRate()
        self._in_prompt: set[int] = set()
        self._generating: set[int] = set()
        self._asked: dict[str, Any] | None = None  # load settings of the newest load
        self._sampling: dict[str, Any] | None = None  # of the newest finished reply; only what is not default
        self._requests: dict[int, _Request] = {}
        self._worker_parts: dict[str, int] = {}  # device name -> bytes, as loaded

    @property
    def has_speed(self) -> bool:
        """Whether anything was ever generated or read."""
        return len(self.generation) > 0 or len(self.prompt) > 0

    def follow(self, session: Session) -> None:
        """Take in what happens to `session` from now on."""

        def loaded(got: Got) -> None:
            self.loaded(got, session.asked)

        def lost(_exited: object) -> None:
            self.ended(MarkKind.LOST)

        session.state_changed.connect(self.state_changed)
        session.loaded.connect(loaded)
        session.lost.connect(lost)
        session.heartbeat.connect(self.heartbeat)
        session.prompt_progress.connect(self.prompt_progress)
        session.text.connect(self.text)
        session.finished.connect(self.finished)
        session.failed.connect(self.failed)

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
        worker_bytes = device.worker_bytes
        if worker_bytes is None:
            worker_bytes = self._worker_parts.get(device.name, 0)
        return min(device.used_bytes, worker_bytes)

    def _device_sampled(self, device: DeviceSample, now_s: float) -> None:
        track = self.devices.setdefault(device.key, DeviceTrack(device))
        track.latest = device
        track.used.append(now_s, device.used_bytes)
        worker_bytes = self.worker_bytes(device)
        track.worker.append(now_s, worker_bytes)
        track.others.append(now_s, device.used_bytes - worker_bytes)
        if device.load_percent is not None:
            track.load.append(now_s, device.load_percent)
        if device.power_w is not None and device.power_limit_w:
            track.power.append(now_s, 100 * device.power_w / device.power_limit_w)

    # -- the session ----------------------------------------------------------------------------------------

    def state_changed(self, state: SessionState) -> None:
        """A load began, or the worker is gone."""
        if state is SessionState.LOADING:
            self._end_all(Phase.LOADING)
        elif state is SessionState.EMPTY:
            self.ended(MarkKind.EJECTED if self._state is SessionState.EJECTING else None)
        self._state = state

    def loaded(self, got: Got, asked: dict[str, Any]) -> None:
        """A model is ready. Marks which load settings differ from the load before."""
        now_s = self._clock()
        changes = changes_between(self._asked, asked) if self._asked is not None else ()
        self._asked = dict(asked)
        self._worker_parts = {device.name: device.held_bytes for device in got.devices}
        self._end_all(Phase.IDLE)
        self.mark(Mark(now_s, MarkKind.LOADED, got.model_name, changes))

    def ended(self, kind: MarkKind | None) -> None:
        """There is no worker any more: ejected, lost, or (None) for a reason that comes by itself."""
        self._worker_parts = {}
        self._end_all(Phase.IDLE)
        if kind is not None:
            self.mark(Mark(self._clock(), kind))

    def mark(self, mark: Mark) -> None:
        """Something happened."""
        self.marks.append(mark)
        self.version += 1

    def heartbeat(self, event: Heartbeat) -> None:
        """Follow the worker's own word on its phase while no request is known that would tell better."""
        if not self._in_prompt and not self._generating:
            self._change_phase(Phase(event.phase))

    def prompt_progress(self, event: PromptProgress) -> None:
        """A part of a prompt was read."""
        now_s = self._clock()
        request = self._requests.setdefault(event.request_id, _Request(now_s))
        self._in_prompt.add(event.request_id)
        step = self._prompt_rate.add(event.request_id, event.n_done, now_s)
        if step is not None:
            from_s, to_s, rate = step
            request.has_prompt_rate = True
            self.prompt.append(from_s, rate)
            self.prompt.append(to_s, rate)
        self._show_phase()

    def text(self, event: TextDelta) -> None:
        """Tokens were generated."""
        now_s = self._clock()
        request = self._requests.setdefault(event.request_id, _Request(now_s))
        self._leave_prompt(event.request_id)
        self._generating.add(event.request_id)
        for time_s, rate in self._token_rate.add(event.request_id, event.token_ms, now_s):
            self.generation.append(time_s, rate)
            request.has_rate = True
            self.version += 1
        self._show_phase()

    def finished(self, event: Finished) -> None:
        """A reply ended well. Marks, where it began, the sampling settings that were changed for it."""
        self.timings = Timings.from_dict(event.timings)
        if self._generating == {event.request_id} and not self._requests[event.request_id].has_rate:
            self._take_timing(self.timings)
        request = self._end(event.request_id)
        if not request.has_prompt_rate and self.timings.prompt_n > 0 and not self._in_prompt:
            # Too short to be timed from here; the worker timed it.
            self.prompt.append(request.start_s, self.timings.prompt_per_second)
            self.prompt.end_line(request.start_s)
        settings = {key: value for key, value in event.settings.items() if key != _DRAWN_FRESH}
        changes = changes_between(self._sampling, settings) if self._sampling is not None else ()
        if changes:
            self.mark(Mark(request.start_s, MarkKind.SETTING, changes=changes))
        self._sampling = settings

    def failed(self, event: Failed) -> None:
        """A reply ended in an error."""
        self._end(event.request_id)

    # -- inside ---------------------------------------------------------------------------------------------

    def _take_timing(self, timings: Timings) -> None:
        """A reply over before its speed could be seen from here is drawn with the one that the worker measured."""
        rate = timings.predicted_per_second
        if rate > 0:
            now_s = self._clock()
            self.generation.append(now_s - timings.predicted_ms / 1000, rate)
            self.generation.append(now_s, rate)

    def _leave_prompt(self, request_id: int) -> None:
        if request_id in self._in_prompt:
            self._in_prompt.discard(request_id)
            self._prompt_rate.end(request_id)
            if not self._in_prompt:
                self.prompt.end_line(self._clock())

    def _end(self, request_id: int) -> _Request:
        """Close the request's books; what was known of it."""
        now_s = self._clock()
        self._leave_prompt(request_id)
        self._generating.discard(request_id)
        self._token_rate.end(request_id)
        if not self._generating:
            self.generation.end_line(now_s)
        self._show_phase()
        return self._requests.pop(request_id, _Request(now_s))

    def _end_all(self, phase: Phase) -> None:
        now_s = self._clock()
        self._in_prompt.clear()
        self._generating.clear()
        self._requests.clear()
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
