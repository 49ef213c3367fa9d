"""How the Guide is loaded at the start: at once, and what was put off for that is made up for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.guide import GuideFiles
from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.worker.process import list_devices
from tests.guide_models import build_guide


@pytest.fixture
def files(tmp_path: Path) -> GuideFiles:
    return build_guide(tmp_path)


@pytest.fixture
def profile(files: GuideFiles, profile_dir: Path, qtbot: QtBot) -> Iterator[Profile]:
    """As the window has it after its first paint."""
    profile = Profile(Paths(profile_dir), list_devices, files)
    profile.guide.open()
    profile.start()
    yield profile
    profile.close()


def test_no_dry_run_comes_before_it_and_it_is_measured_afterwards(profile: Profile, qtbot: QtBot) -> None:
    measured: list[bool] = []
    profile.session.state_changed.connect(
        lambda _state: measured.append(profile.footprints.footprint is not None)
    )
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)
    assert measured == [False, False]  # loading, ready
    assert profile.predictions.predicted is None
    qtbot.waitUntil(lambda: profile.footprints.footprint is not None, timeout=20000)


def test_the_devices_are_asked_for_though_it_is_loaded(profile: Profile, qtbot: QtBot) -> None:
    assert profile.devices.rows == []
    qtbot.waitUntil(lambda: profile.session.state is SessionState.LOADING, timeout=20000)
    qtbot.waitUntil(lambda: profile.load_plan.machine is not None, timeout=20000)
    assert profile.guide.is_loaded


def test_a_plan_that_was_changed_is_looked_at_first(profile: Profile, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)
    profile.loading.eject()
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=20000)
    looked: list[bool] = []
    profile.loading.changed.connect(lambda: looked.append(profile.loading._check.is_under_way))
    profile.guide.open()
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)
    assert not any(looked)
    profile.loading.eject()
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=20000)
    profile.load_plan.set_value("n_ctx", 256)
    profile.guide.open()
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)
    assert any(looked)
