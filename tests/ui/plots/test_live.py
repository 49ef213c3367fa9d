"""The strip beside a real worker with a real model."""

from __future__ import annotations

import pytest

from app.core.series import MarkKind
from app.services.hardware import HardwareMonitor
from app.services.session import Session, SessionState
from app.ui.plots.plot_strip import PlotStrip
from app.ui.theme import Theme
from app.worker.protocol import Phase


@pytest.fixture
def session(qtbot, tmp_path):
    session = Session(lambda _path: tmp_path / "worker.log")
    yield session
    session.close()


@pytest.fixture
def monitor(qtbot, session):
    monitor = HardwareMonitor(interval_s=0.1)
    monitor.follow(session)
    monitor.start()
    yield monitor
    monitor.stop()


def test_a_load_and_a_reply_appear(qtbot, session, monitor, tiny_model):
    strip = PlotStrip(Theme(), monitor, session)
    qtbot.addWidget(strip)
    strip.resize(900, 160)
    strip.show()
    recording = strip.recording
    with qtbot.waitSignal(session.loaded, timeout=20_000):
        session.load(str(tiny_model), {"n_ctx": 512})
    qtbot.waitUntil(lambda: recording.latest is not None and (recording.latest.worker_rss_bytes or 0) > 20e6)
    with qtbot.waitSignal(session.finished, timeout=20_000):
        session.generate([], {"max_tokens": 400, "ignore_eos": True}, prompt="once upon a time " * 4)

    phases = [item.phase for item in recording.phases.between(0, float("inf"))]
    assert phases[0] == Phase.LOADING
    assert phases[-2:] == [Phase.PROMPT, Phase.GENERATING]
    assert recording.phases.current == Phase.IDLE
    assert [mark.kind for mark in recording.marks] == [MarkKind.LOADED]
    measured = recording.timings.predicted_per_second
    assert f"Speed: {round(measured):,}".replace(",", "\u202f") in strip.panels[0].reading(None).text()
    if len(recording.generation):
        top = max(value for value in recording.generation.between(0, float("inf"))[1] if value == value)
        assert measured / 5 < top < measured * 5

    session.eject()
    qtbot.waitUntil(lambda: session.state is SessionState.EMPTY, timeout=10_000)
    assert recording.marks[-1].kind is MarkKind.EJECTED
    qtbot.waitUntil(lambda: recording.latest.worker_rss_bytes is None)
