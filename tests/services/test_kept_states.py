"""What models have read of conversations, through the services: kept as Preferences say, gone with the conversation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.core import prompt_states
from app.core.run import Reuse
from app.core.settings import APP
from app.paths import Paths
from app.services.kept_states import KeptStatesService
from app.services.preferences import Preferences
from app.services.profile import Profile
from app.services.session import SessionState
from app.worker.protocol import KeptStates


@pytest.fixture
def preferences(tmp_path: Path, qtbot: QtBot) -> Iterator[Preferences]:
    kept = Preferences(APP, tmp_path / "preferences.json")
    yield kept
    kept.close()


@pytest.fixture
def service(tmp_path: Path, preferences: Preferences) -> Iterator[KeptStatesService]:
    made = KeptStatesService(tmp_path / "states", preferences)
    yield made
    made.close()


def test_a_worker_is_told_what_preferences_say(
    service: KeptStatesService, preferences: Preferences, tmp_path: Path
) -> None:
    assert service.place() == KeptStates(str(tmp_path / "states"), 8 << 30, 256)
    preferences.set_value("states_limit_gib", 3)
    preferences.set_value("states_least_tokens", 100)
    assert service.place() == KeptStates(str(tmp_path / "states"), 3 << 30, 100)
    preferences.set_value("keep_states", False)
    assert service.place().folder == ""


def put(root: Path, conversation: str) -> None:
    state = prompt_states.NewState(conversation, [1, 2, 3], memoryview(bytes(500)), memoryview(b""))
    assert prompt_states.StateFolder(root, "model", 1 << 20).save(state)


def test_what_is_kept_is_counted_and_removed(
    service: KeptStatesService, tmp_path: Path, qtbot: QtBot
) -> None:
    root = tmp_path / "states"
    with qtbot.waitSignal(service.size_known) as told:
        service.ask_size()
    assert told.args == [0]
    put(root, "a")
    put(root, "b")
    service.forget("a")
    with qtbot.waitSignal(service.size_known) as told:
        service.ask_size()
    assert told.args is not None
    assert 500 < told.args[0] < 1000
    with qtbot.waitSignal(service.size_known) as told:
        service.clear()
    assert told.args == [0]


@pytest.fixture
def profile(profile_dir: Path, qtbot: QtBot) -> Iterator[Profile]:
    made = Profile(Paths(profile_dir), lambda _servers: [])
    made.preferences.set_value("states_least_tokens", 8)
    made.sampling_plan.set_value("max_tokens", 8)
    yield made
    made.close()


def load(profile: Profile, model: Path, qtbot: QtBot) -> None:
    profile.session.load(str(model), {"n_ctx": 512})
    qtbot.waitUntil(lambda: profile.session.state is SessionState.READY, timeout=20_000)


def said(profile: Profile, qtbot: QtBot, text: str) -> Any:
    assert profile.chat.send(text)
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20_000)
    return profile.chat.current.path()[-1]


def test_a_chat_goes_on_where_another_worker_left_it(
    profile: Profile, profile_dir: Path, tiny_model: Path, qtbot: QtBot
) -> None:
    load(profile, tiny_model, qtbot)
    reply = said(profile, qtbot, "Tell me a story about a fox.")
    assert Reuse.from_dict(reply.reuse).cached_n == 0
    profile.session.eject()
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=20_000)
    states = Paths(profile_dir).states_dir
    assert prompt_states.size_bytes(states) > 0
    load(profile, tiny_model, qtbot)
    reuse = Reuse.from_dict(said(profile, qtbot, "Go on.").reuse)
    assert (reuse.source, reuse.loss) == ("disk", "")
    profile.chat.delete(profile.chat.current.id)
    with qtbot.waitSignal(profile.kept_states.size_known) as told:
        profile.kept_states.ask_size()
    assert told.args == [0]
    profile.session.eject()  # nor is it written again
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=20_000)
    assert prompt_states.size_bytes(states) == 0


def test_a_chat_goes_on_after_the_app_was_closed(profile_dir: Path, tiny_model: Path, qtbot: QtBot) -> None:
    conversation = ""
    for text, source in (("Tell me a story about a fox.", ""), ("Go on.", "disk"), ("And then?", "disk")):
        profile = Profile(Paths(profile_dir), lambda _servers: [])
        profile.preferences.set_value("states_least_tokens", 8)
        profile.sampling_plan.set_value("max_tokens", 8)
        load(profile, tiny_model, qtbot)
        if conversation:
            profile.chat.open(conversation)
        assert Reuse.from_dict(said(profile, qtbot, text).reuse).source == source
        conversation = profile.chat.current.id
        profile.close()


def test_switched_off_nothing_is_written(
    profile: Profile, profile_dir: Path, tiny_model: Path, qtbot: QtBot
) -> None:
    profile.preferences.set_value("keep_states", False)
    load(profile, tiny_model, qtbot)
    said(profile, qtbot, "Tell me a story about a fox.")
    profile.session.close()
    assert not Paths(profile_dir).states_dir.exists()
