"""From a chosen model to a loaded one, with the real worker."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.reasons import FailureKind
from app.paths import Paths
from app.services.guard import LoadRefusal
from app.services.load_ends import LoadFailure, Lost
from app.services.loading import Loading
from app.services.profile import Profile
from app.services.session import SessionState
from app.worker.process import list_devices
from tests import tiny_models


@pytest.fixture
def profile(profile_dir: Path, qtbot: QtBot) -> Iterator[Profile]:
    profile = Profile(Paths(profile_dir), list_devices)
    yield profile
    profile.close()


@pytest.fixture
def loading(profile: Profile) -> Loading:
    return profile.loading


def choose(loading: Loading, path: Path, qtbot: QtBot) -> None:
    loading.open_file(str(path))
    qtbot.waitUntil(lambda: loading.chosen is not None and loading.chosen.path == str(path), timeout=10000)


def load(loading: Loading, qtbot: QtBot) -> None:
    loading.load()
    qtbot.waitUntil(lambda: loading.got is not None, timeout=20000)


def test_a_file_is_chosen_loaded_and_ejected(
    loading: Loading, profile: Profile, tiny_model: Path, qtbot: QtBot
) -> None:
    choose(loading, tiny_model, qtbot)
    assert loading.state is SessionState.EMPTY
    profile.load_plan.set_value("n_ctx", 256)
    load(loading, qtbot)
    assert loading.got is not None
    assert loading.got.n_ctx == 256
    assert loading.loaded_facts is loading.chosen
    assert profile.load_plan.loaded is not None
    assert not profile.load_plan.needs_reload()
    loading.eject()
    qtbot.waitUntil(lambda: loading.state is SessionState.EMPTY, timeout=10000)
    assert (loading.got, loading.loaded_facts, profile.load_plan.loaded) == (None, None, None)


def test_opening_a_file_can_load_it_at_once(loading: Loading, tiny_model: Path, qtbot: QtBot) -> None:
    loading.open_file(str(tiny_model), load=True)
    qtbot.waitUntil(lambda: loading.got is not None, timeout=20000)


def test_a_file_that_is_no_model_is_told(loading: Loading, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(b"not a model at all")
    with qtbot.waitSignal(loading.unusable, timeout=10000) as told:
        loading.open_file(str(path), load=True)
    assert told.args is not None
    assert told.args[0] == str(path)
    assert told.args[1]
    assert loading.state is SessionState.EMPTY


def test_errors_in_the_plan_are_refused(
    loading: Loading, profile: Profile, tiny_model: Path, qtbot: QtBot
) -> None:
    choose(loading, tiny_model, qtbot)
    profile.load_plan.set_many({"type_v": "q8_0", "flash_attn": "off"})
    with qtbot.waitSignal(loading.refused) as told:
        loading.load()
    assert told.args is not None
    refusal = told.args[0]
    assert isinstance(refusal, LoadRefusal)
    assert refusal.problems
    assert all(problem.severity == "error" for problem in refusal.problems)
    assert (refusal.name, refusal.error, refusal.assessment) == ("Tiny llama", None, None)
    assert (loading.state, loading.is_checking) == (SessionState.EMPTY, False)


def test_the_last_used_loadout_is_offered_first(
    loading: Loading, profile: Profile, tiny_model: Path, tiny_moe: Path, qtbot: QtBot
) -> None:
    choose(loading, tiny_model, qtbot)
    choose(loading, tiny_moe, qtbot)
    model_id = str(tiny_model)
    profile.loadouts.save("long", model_id, {"n_ctx": 512})
    profile.loadouts.save("fast", model_id, {"n_ctx": 128})
    profile.loadouts.mark_run(model_id, "fast", 62.4)
    assert loading.choices()[0][0].id == model_id
    assert loading.choices()[0][1][0].name == "fast"
    loading.choose(model_id)
    assert (profile.load_plan.base_name, profile.load_plan.value("n_ctx")) == ("fast", 128)
    loading.choose(model_id, "long")
    assert (profile.load_plan.base_name, profile.load_plan.value("n_ctx")) == ("long", 512)
    loading.choose(model_id, "")
    assert profile.load_plan.base_name == ""
    loading.choose(model_id, "fast", load=True)
    qtbot.waitUntil(lambda: loading.got is not None, timeout=20000)
    assert loading.loadout_name == "fast"


def test_a_damaged_file_is_told_and_no_settings_are_offered_for_it(
    loading: Loading, profile: Profile, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """The header is fine and the tensors are cut off: only loading finds out."""
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_model.read_bytes())
    choose(loading, path, qtbot)
    profile.known_good.put(str(path), {"n_ctx": 128})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 100_000)
    with qtbot.waitSignal(loading.failed, timeout=20000) as told:
        loading.load()
    assert told.args is not None
    failure = told.args[0]
    assert isinstance(failure, LoadFailure)
    assert failure.event.kind == FailureKind.BAD_FILE
    assert failure.event.detail == "truncated_tensors"
    assert (failure.known_good, failure.smaller) == (None, None)
    assert Path(failure.log_path).exists()
    qtbot.waitUntil(lambda: loading.state is SessionState.EMPTY, timeout=10000)


def test_a_setting_that_does_not_suit_is_told_with_what_worked(
    loading: Loading, profile: Profile, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    choose(loading, tiny_model, qtbot)
    profile.known_good.put(str(tiny_model), {"n_ctx": 128})
    profile.load_plan.set_value("lora", [[str(tmp_path / "gone.gguf"), 1.0]])
    with qtbot.waitSignal(loading.failed, timeout=20000) as told:
        loading.load()
    assert told.args is not None
    failure = told.args[0]
    assert (failure.event.kind, failure.event.detail) == (FailureKind.BAD_SETTING, "lora")
    assert "there is no file" in failure.event.message
    assert (failure.known_good, failure.smaller) == ({"n_ctx": 128}, None)
    qtbot.waitUntil(lambda: loading.state is SessionState.EMPTY, timeout=10000)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_worker_killed_while_loading_is_told_once(
    loading: Loading, profile: Profile, tmp_path: Path, qtbot: QtBot
) -> None:
    model = tiny_models.build_random(tmp_path / "larger.gguf", 20_000_000)
    choose(loading, model, qtbot)
    loading.load()
    qtbot.waitUntil(lambda: profile.session.worker_pid is not None, timeout=10000)
    pid = profile.session.worker_pid
    assert pid is not None
    with qtbot.assertNotEmitted(loading.failed), qtbot.waitSignal(loading.lost, timeout=20000) as told:
        os.kill(pid, signal.SIGKILL)
    assert told.args is not None
    assert told.args[0].was_loading
    assert told.args[0].event.signal_name == "SIGKILL"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_worker_is_told_with_ways_out(
    loading: Loading, profile: Profile, tiny_model: Path, qtbot: QtBot
) -> None:
    choose(loading, tiny_model, qtbot)
    profile.load_plan.set_value("n_ctx", 512)
    load(loading, qtbot)
    with qtbot.waitSignal(profile.session.finished, timeout=20000):
        profile.sampling_plan.set_value("max_tokens", 4)
        profile.chat.send("Hello")
    pid = profile.session.worker_pid
    assert pid is not None
    with qtbot.waitSignal(loading.lost, timeout=10000) as told:
        os.kill(pid, signal.SIGKILL)
    assert told.args is not None
    lost = told.args[0]
    assert isinstance(lost, Lost)
    assert lost.event.signal_name == "SIGKILL"
    assert not lost.was_loading
    assert lost.known_good == {"n_ctx": 512, "n_threads": 1}
    assert lost.smaller is not None
    assert lost.smaller != lost.known_good
    loading.load_values(lost.known_good)
    qtbot.waitUntil(lambda: loading.got is not None, timeout=20000)
    assert profile.load_plan.values() == {"n_ctx": 512, "n_threads": 1}
