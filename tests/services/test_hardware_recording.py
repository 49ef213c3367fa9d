"""What is kept for the plots, from protocol events and samples."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from app.core.run import Got, GotDevice, Timings
from app.core.series import MarkKind
from app.services.hardware_recording import Recording
from app.services.hardware_samples import DeviceSample, Sample
from app.services.session import SessionState
from app.worker.protocol import Failed, Finished, Heartbeat, Phase, PromptProgress, TextDelta

SAMPLE = Sample(0.0, 6_000, 10_000, 12.0, 200)
GPU = DeviceSample("nvml0", "GPU", "nvml", 900, 1_000, 600, 97.0, 150.0, 200.0)


class Clock:
    """Stands still until it is told otherwise."""

    time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recording(clock) -> Recording:
    return Recording(clock)


def got(**changes) -> Got:
    return replace(
        Got("Qwen", "qwen3", "Q4", 1, 2, 2, 512, 512, 512, 1, "f16", "f16", True, "CPU", 1.0, True, "b1"),
        **changes,
    )


def reply(recording, clock, request_id=1, settings=None, prompt_n=100):
    recording.prompt_progress(PromptProgress(request_id, 0, prompt_n, 0))
    clock.time_s += 0.5
    recording.prompt_progress(PromptProgress(request_id, prompt_n, prompt_n, 0))
    recording.text(TextDelta(request_id, "a", 1, ()))
    for _ in range(10):
        clock.time_s += 0.1
        recording.text(TextDelta(request_id, "b", 5, (20.0,) * 5))
    timings = Timings(prompt_n=prompt_n, prompt_ms=500, predicted_n=51, predicted_ms=1000)
    recording.finished(Finished(request_id, "end_of_turn", timings.to_dict(), settings=settings or {}))


def phases(recording):
    return [(item.phase, item.start_s) for item in recording.phases.between(0, math.inf)]


def test_a_reply_gives_both_speeds_and_two_phases(recording, clock):
    reply(recording, clock)
    assert recording.prompt.at(1000.4, 60) == 200.0
    assert recording.generation.at(1001.4, 60) == pytest.approx(50.0)
    assert math.isnan(recording.generation.at(1001.6, 60))
    assert phases(recording) == [(Phase.PROMPT, 1000.0), (Phase.GENERATING, 1000.5)]
    assert recording.phases.current == Phase.IDLE
    assert recording.timings is not None
    assert recording.timings.predicted_per_second == 50.0


def test_a_prompt_too_short_to_see_takes_the_workers_timing(recording, clock):
    recording.prompt_progress(PromptProgress(1, 0, 10, 0))
    recording.prompt_progress(PromptProgress(1, 10, 10, 0))
    clock.time_s += 1
    recording.finished(Finished(1, "end_of_turn", Timings(prompt_n=10, prompt_ms=5).to_dict()))
    assert recording.prompt.between(0, 2000)[1][0] == 2000.0


def test_a_reply_too_short_to_see_takes_the_workers_timing(recording, clock):
    recording.text(TextDelta(1, "a", 1, ()))
    clock.time_s += 0.04
    recording.text(TextDelta(1, "b", 60, (0.6,) * 60))
    timings = Timings(prompt_n=20, prompt_ms=5, predicted_n=61, predicted_ms=36.0)
    recording.finished(Finished(1, "end_of_turn", timings.to_dict(), settings={}))
    assert recording.generation.at(clock.time_s - 0.01, 1.0) == pytest.approx(timings.predicted_per_second)
    assert math.isnan(recording.generation.last[1]), "its line ends with it"
    n_points = len(recording.generation)
    reply(recording, clock, request_id=2)
    assert recording.generation.at(clock.time_s - 0.01, 1.0) == pytest.approx(50), (
        "a longer one is seen as it comes"
    )
    assert len(recording.generation) > n_points + 2


def test_reading_a_prompt_shows_above_another_reply(recording, clock):
    recording.text(TextDelta(1, "a", 1, ()))
    assert recording.phases.current == Phase.GENERATING
    recording.prompt_progress(PromptProgress(2, 0, 10, 0))
    assert recording.phases.current == Phase.PROMPT
    recording.failed(Failed(2, "engine", "no"))
    assert recording.phases.current == Phase.GENERATING
    recording.failed(Failed(1, "engine", "no"))
    assert recording.phases.current == Phase.IDLE


def test_heartbeats_count_while_no_request_is_known(recording):
    recording.heartbeat(Heartbeat("prompt", 0, 0, 1, 1, ()))
    assert recording.phases.current == Phase.PROMPT
    recording.text(TextDelta(1, "a", 1, ()))
    recording.heartbeat(Heartbeat("idle", 0, 0, 1, 1, ()))
    assert recording.phases.current == Phase.GENERATING


def test_loading_again_marks_what_differs(recording, clock):
    recording.state_changed(SessionState.LOADING)
    assert recording.phases.current == Phase.LOADING
    clock.time_s += 2
    recording.loaded(got(), {"n_ctx": 4096})
    recording.loaded(got(), {"n_ctx": 8192, "n_batch": 64})
    first, second = recording.marks
    assert (first.kind, first.changes, first.time_s) == (MarkKind.LOADED, (), 1002.0)
    assert [(c.key, c.before, c.after) for c in second.changes] == [
        ("n_ctx", 4096, 8192),
        ("n_batch", None, 64),
    ]
    assert phases(recording) == [(Phase.LOADING, 1000.0)]


def test_ejecting_and_losing_a_worker_are_marked(recording):
    recording.state_changed(SessionState.LOADING)
    recording.state_changed(SessionState.EMPTY)  # a failed load
    assert not recording.marks
    recording.state_changed(SessionState.READY)
    recording.text(TextDelta(1, "a", 1, ()))
    recording.state_changed(SessionState.EJECTING)
    recording.state_changed(SessionState.EMPTY)
    recording.ended(MarkKind.LOST)
    assert [mark.kind for mark in recording.marks] == [MarkKind.EJECTED, MarkKind.LOST]
    assert recording.phases.current == Phase.IDLE


def test_changed_sampling_is_marked_where_its_reply_began(recording, clock):
    reply(recording, clock, 1, {"seed": 1})
    reply(recording, clock, 2, {"seed": 2})
    assert not recording.marks
    start_s = clock.time_s
    reply(recording, clock, 3, {"seed": 3, "temperature": 0.2})
    (mark,) = recording.marks
    assert mark.time_s == start_s
    assert [(c.key, c.before, c.after) for c in mark.changes] == [("temperature", None, 0.2)]


def test_samples_are_kept_apart(recording):
    recording.sampled(replace(SAMPLE, time_s=5.0, worker_rss_bytes=3_000, mapped_bytes=1_000, devices=(GPU,)))
    assert recording.ram_window.at(5, 1) == 200
    assert recording.ram_worker.at(5, 1) == 3_000
    assert recording.ram_others.at(5, 1) == 6_000 - 200 - 3_000 + 1_000
    track = recording.devices["nvml0"]
    assert (track.used.at(5, 1), track.worker.at(5, 1), track.load.at(5, 1), track.power.at(5, 1)) == (
        900,
        600,
        97.0,
        75.0,
    )


def test_what_no_driver_knows_is_taken_from_the_load(recording):
    metal = DeviceSample("backend:Metal", "Metal", "backend", 900, 1_000)
    assert recording.worker_bytes(metal) == 0
    device = GotDevice("Metal", "", "gpu", weights_bytes=500, kv_bytes=100, compute_bytes=50, output_bytes=1)
    recording.loaded(got(devices=(device,)), {})
    assert recording.worker_bytes(metal) == 651
    assert recording.worker_bytes(replace(metal, used_bytes=10)) == 10
    recording.ended(None)
    assert recording.worker_bytes(metal) == 0
