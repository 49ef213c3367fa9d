"""The Guide as the services offer it, with the real library, the real worker and tiny models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.guide import PREFERENCE, GuideFiles
from app.core.guide import Role as GuideRole
from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.worker.process import list_devices
from tests import tiny_models
from tests.guide_models import build_guide

Start = Callable[[GuideFiles | None], Profile]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> GuideFiles:
    return build_guide(tmp_path_factory.mktemp("guide"))


@pytest.fixture
def start(profile_dir: Path, qtbot: QtBot) -> Iterator[Start]:
    """Starts the services of the profile, as the app does; all are closed at the end."""
    made: list[Profile] = []

    def begin(files: GuideFiles | None) -> Profile:
        profile = Profile(Paths(profile_dir), list_devices, files)
        made.append(profile)
        return profile

    yield begin
    for profile in made:
        profile.close()


@pytest.fixture
def profile(start: Start, files: GuideFiles, qtbot: QtBot) -> Profile:
    """With the Guide's header read."""
    profile = start(files)
    profile.library.rescan()
    qtbot.waitUntil(lambda: profile.guide.is_shown and not profile.library.is_scanning, timeout=10000)
    return profile


def load_guide(profile: Profile, qtbot: QtBot) -> None:
    profile.guide.open()
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)


def load_other(profile: Profile, model: Path, qtbot: QtBot) -> None:
    profile.loading.open_file(str(model), load=True)
    qtbot.waitUntil(
        lambda: profile.session.model_path == str(model) and profile.loading.got is not None, timeout=20000
    )


def texts(profile: Profile) -> list[str]:
    return [message.text for message in profile.chat.current.path() if message.role == "user"]


# -- in the library ---------------------------------------------------------------------------------------------


def test_both_files_are_listed_last_and_only_one_can_be_talked_to(
    profile: Profile, files: GuideFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    library, own = profile.library, tmp_path / "zebra.gguf"
    tiny_models.build_llama(own, name="Zebra")
    library.add_file(own)
    qtbot.waitUntil(lambda: library.entry(str(own)) is not None, timeout=10000)
    entries = library.entries()
    assert [entry.name for entry in entries] == ["Zebra", "Guide", "Guide draft"]
    assert [entry.built_in for entry in entries] == [None, GuideRole.GUIDE, GuideRole.DRAFT]
    assert [entry.is_chat_model for entry in entries] == [True, True, False]
    assert [entry.name for entry in library.own_entries()] == ["Zebra"]
    assert [entry.name for entry, _loadouts in profile.loading.choices()] == ["Zebra", "Guide"]
    profile.loadouts.save("fast", str(files.model), {})
    profile.loadouts.mark_run(str(files.model), "fast", 1.0)
    assert [entry.name for entry, _loadouts in profile.loading.choices()] == ["Zebra", "Guide"]


def test_it_is_no_model_of_the_users(profile: Profile, files: GuideFiles, qtbot: QtBot) -> None:
    library = profile.library
    assert library.own_entries() == []
    with qtbot.waitSignal(library.scan_finished, timeout=10000) as told:
        library.rescan()
    assert told.args == [0]
    library.remove(str(files.model))
    assert library.entry(str(files.model)) is not None


def test_hidden_it_is_listed_nowhere_and_comes_back(
    profile: Profile, files: GuideFiles, qtbot: QtBot
) -> None:
    guide, library = profile.guide, profile.library
    load_guide(profile, qtbot)
    guide.hide()
    assert not guide.is_shown
    assert library.entries() == []
    assert library.entry(str(files.model)) is None
    assert profile.loading.chosen is None
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=10000)
    assert not guide.opens_at_start()
    assert not guide.ask("What does flash attention do?")
    profile.preferences.set_value(PREFERENCE, True)
    assert guide.is_shown
    assert len(library.entries()) == 2


def test_a_hidden_guide_that_the_user_adds_by_hand_is_listed_until_it_is_removed(
    profile: Profile, files: GuideFiles, qtbot: QtBot
) -> None:
    profile.guide.hide()
    profile.loading.open_file(str(files.model))
    qtbot.waitUntil(lambda: profile.loading.chosen is not None, timeout=10000)
    assert [entry.id for entry in profile.library.entries()] == [str(files.model)]
    profile.library.remove(str(files.model))
    assert profile.library.entries() == []


def test_where_its_files_are_missing_there_is_none(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    profile = start(GuideFiles(tmp_path / "nowhere"))
    assert not profile.guide.opens_at_start()
    with qtbot.waitSignal(profile.library.scan_finished, timeout=10000):
        profile.library.rescan()
    assert profile.library.entries() == []
    assert not profile.guide.is_shown


def test_a_damaged_one_is_listed_with_the_reason_and_not_offered(
    start: Start, files: GuideFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    damaged = GuideFiles(tmp_path)
    damaged.model.write_bytes(files.model.read_bytes()[:3000])
    profile = start(damaged)
    profile.library.rescan()
    qtbot.waitUntil(lambda: bool(profile.library.entries()), timeout=10000)
    entry = profile.library.entries()[0]
    assert entry.is_built_in
    assert entry.error is not None
    assert not profile.guide.is_shown


def test_its_header_is_kept_like_any_other(profile: Profile, files: GuideFiles, profile_dir: Path) -> None:
    profile.library.close()
    kept = Paths(profile_dir).headers_file.read_text(encoding="utf-8")
    assert files.model.name in kept
    assert files.draft.name in kept


def test_its_draft_model_is_offered_for_it_and_refused_for_others(
    profile: Profile, files: GuideFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    other = tmp_path / "other.gguf"
    tiny_models.build_llama(other, name="Other", n_vocab=900)
    load_guide(profile, qtbot)
    profile.drafts.look()
    qtbot.waitUntil(lambda: profile.drafts.is_complete, timeout=10000)
    assert [(draft.name, draft.is_usable) for draft in profile.drafts.found()] == [("Guide draft", True)]
    profile.loading.open_file(str(other))
    qtbot.waitUntil(lambda: profile.loading.chosen is not None and not profile.guide.is_chosen, timeout=10000)
    profile.drafts.look()
    qtbot.waitUntil(lambda: profile.drafts.is_complete, timeout=10000)
    drafts = {draft.name: draft for draft in profile.drafts.found()}
    assert drafts["Guide draft"].fault is not None


# -- at the start -----------------------------------------------------------------------------------------------


def test_a_new_user_begins_with_it_until_another_model_has_replied(
    profile: Profile, start: Start, files: GuideFiles, tiny_model: Path, qtbot: QtBot
) -> None:
    assert profile.guide.opens_at_start()
    load_guide(profile, qtbot)
    assert profile.load_plan.values()["n_ctx"] == 512
    profile.chat.send("hello")
    qtbot.waitUntil(lambda: profile.known_good.models() != (), timeout=20000)
    assert profile.guide.opens_at_start(reopened=str(files.model))
    load_other(profile, tiny_model, qtbot)
    assert profile.guide.opens_at_start()
    profile.sampling_plan.set_value("max_tokens", 4)
    profile.chat.new()
    profile.chat.send("hello")
    qtbot.waitUntil(lambda: len(profile.known_good.models()) == 2, timeout=20000)
    assert not profile.guide.opens_at_start()


def test_it_does_not_begin_where_something_else_is_asked_for(
    start: Start, files: GuideFiles, tmp_path: Path
) -> None:
    guide = start(files).guide
    assert guide.opens_at_start()
    assert not guide.opens_at_start(wanted="/models/other.gguf")
    assert not guide.opens_at_start(reopened="/models/other.gguf")
    assert guide.opens_at_start(reopened=str(files.model))
    assert guide.opens_at_start(reopened=f"/usr/old/{files.folder.name}/{files.model.name}")


def test_it_is_loaded_as_soon_as_its_header_is_read(start: Start, files: GuideFiles, qtbot: QtBot) -> None:
    profile = start(files)
    profile.guide.open()  # as at the start: before anything was looked at
    assert profile.loading.chosen is None
    profile.library.rescan()
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)


def test_without_one_nothing_happens(start: Start, qtbot: QtBot) -> None:
    guide = start(None).guide
    assert (guide.path, guide.facts, guide.is_shown, guide.is_chosen, guide.is_loaded) == ("", None) + (
        False,
    ) * 3
    assert not guide.opens_at_start()
    guide.open()
    assert not guide.ask("What does flash attention do?")


# -- asked ------------------------------------------------------------------------------------------------------


def test_a_question_loads_it_and_is_answered(profile: Profile, qtbot: QtBot) -> None:
    with qtbot.waitSignal(profile.guide.asked, timeout=20000):
        assert profile.guide.ask("What does flash attention do?")
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)
    assert texts(profile) == ["What does flash attention do?"]
    assert profile.chat.current.path()[-1].model == "Guide"
    first = profile.chat.current.id
    assert profile.guide.ask("What does Context length do?")  # at once, in the same conversation
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)
    assert len(texts(profile)) == 2
    assert profile.chat.current.id == first


def test_what_the_user_is_writing_stays(profile: Profile, qtbot: QtBot) -> None:
    load_guide(profile, qtbot)
    profile.chat.draft_changed("half a thought")
    assert profile.guide.ask("What does flash attention do?")
    assert profile.chat.current.draft == "half a thought"
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)


def test_another_model_is_not_ejected_unasked(profile: Profile, tiny_model: Path, qtbot: QtBot) -> None:
    guide = profile.guide
    load_other(profile, tiny_model, qtbot)
    profile.sampling_plan.set_value("max_tokens", 4)
    profile.chat.send("hello")
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)
    others = profile.chat.current.id
    assert guide.name_to_eject == "Tiny llama"
    with qtbot.waitSignal(guide.eject_needed, timeout=1000) as told:
        assert not guide.ask("What does flash attention do?")
    assert told.args == ["What does flash attention do?", "Tiny llama"]
    guide.open()
    assert (profile.session.model_path, profile.loading.is_checking) == (str(tiny_model), False)
    assert profile.chat.current.id == others
    with qtbot.waitSignal(guide.asked, timeout=20000):
        assert guide.ask("What does flash attention do?", eject=True)
    assert profile.chat.current.id != others
    assert not guide.needs_eject
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)


def test_it_takes_a_models_place_where_that_is_wanted(
    profile: Profile, tiny_model: Path, qtbot: QtBot
) -> None:
    load_other(profile, tiny_model, qtbot)
    profile.guide.open(eject=True)
    qtbot.waitUntil(lambda: profile.guide.is_loaded, timeout=20000)


def test_a_plan_that_was_being_edited_comes_back_with_its_model(
    profile: Profile, files: GuideFiles, tiny_model: Path, qtbot: QtBot
) -> None:
    plan = profile.load_plan
    load_other(profile, tiny_model, qtbot)
    plan.set_many({"n_ctx": 256, "n_batch": 128})
    before = plan.values()
    assert profile.guide.ask("What does flash attention do?", eject=True)
    assert plan.values() == {"n_ctx": 512, "n_threads": 1}
    qtbot.waitUntil(lambda: profile.guide.is_loaded and not profile.chat.is_generating(), timeout=20000)
    profile.loading.choose(str(tiny_model))
    assert plan.values() == before
    profile.loading.choose(str(files.model))
    profile.loading.choose(str(tiny_model))
    assert (
        plan.values() != before
    )  # put aside once, for the question; choosing another model is the user's own


def test_edits_of_its_own_plan_are_kept_when_it_is_asked(
    profile: Profile, files: GuideFiles, qtbot: QtBot
) -> None:
    profile.loading.choose(str(files.model))
    profile.load_plan.set_value("n_ctx", 256)
    with qtbot.waitSignal(profile.guide.asked, timeout=20000):
        profile.guide.ask("What does flash attention do?")
    assert profile.session.asked["n_ctx"] == 256
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)


def test_it_is_asked_while_another_model_is_being_ejected(
    profile: Profile, tiny_model: Path, qtbot: QtBot
) -> None:
    load_other(profile, tiny_model, qtbot)
    profile.loading.eject()
    assert profile.session.state is SessionState.EJECTING
    assert not profile.guide.needs_eject
    with qtbot.waitSignal(profile.guide.asked, timeout=20000):
        assert profile.guide.ask("What does flash attention do?")
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)


def test_asked_while_it_loads_it_is_not_loaded_again(profile: Profile, qtbot: QtBot) -> None:
    states: list[SessionState] = []
    profile.session.state_changed.connect(states.append)
    profile.guide.open()
    assert profile.guide.ask("Why is my model slow?")  # replaced by the next: one at a time
    qtbot.waitUntil(lambda: profile.session.state is SessionState.LOADING, timeout=20000)
    with qtbot.waitSignal(profile.guide.asked, timeout=20000):
        assert profile.guide.ask("What does flash attention do?")
    assert states == [SessionState.LOADING, SessionState.READY]
    assert texts(profile) == ["What does flash attention do?"]
    qtbot.waitUntil(lambda: not profile.chat.is_generating(), timeout=20000)


def test_a_model_that_is_about_to_be_loaded_is_not_kept_from_it(
    profile: Profile, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """While it is looked at, and while the one before is being ejected for it."""
    guide, other = profile.guide, tmp_path / "other.gguf"
    tiny_models.build_llama(other, name="Other")
    load_other(profile, tiny_model, qtbot)
    profile.library.add_file(other)
    qtbot.waitUntil(lambda: profile.library.entry(str(other)) is not None, timeout=10000)
    profile.loading.choose(str(other), load=True)
    seen: set[tuple[SessionState, str]] = set()
    profile.loading.changed.connect(lambda: seen.add((profile.session.state, guide.name_to_eject)))
    qtbot.waitUntil(lambda: profile.session.model_path == str(other), timeout=20000)
    qtbot.waitUntil(lambda: profile.loading.got is not None, timeout=20000)
    assert (SessionState.EJECTING, "Other") in seen
    assert (SessionState.READY, "Other") in seen
    assert (SessionState.EJECTING, "") not in seen
    profile.loading.eject()
    qtbot.waitUntil(lambda: profile.session.state is SessionState.EMPTY, timeout=20000)
    profile.loading.load()
    assert guide.name_to_eject == "Other"
    qtbot.waitUntil(lambda: profile.loading.got is not None, timeout=20000)


def test_a_question_is_not_said_elsewhere(profile: Profile, tiny_model: Path, qtbot: QtBot) -> None:
    """Its conversation was left, the load given up, or another model chosen, while it was loading."""
    guide, chat = profile.guide, profile.chat
    assert guide.ask("What does flash attention do?")
    with qtbot.waitSignal(guide.not_asked, timeout=20000):
        profile.loading.choose(str(tiny_model), load=True)
    qtbot.waitUntil(lambda: profile.session.model_path == str(tiny_model), timeout=20000)
    qtbot.waitUntil(lambda: profile.loading.got is not None, timeout=20000)
    assert texts(profile) == []
    profile.sampling_plan.set_value("max_tokens", 4)
    chat.send("hello")
    qtbot.waitUntil(lambda: not chat.is_generating(), timeout=20000)
    others = chat.current.id
    with qtbot.waitSignal(guide.not_asked, timeout=20000):
        assert guide.ask("What does flash attention do?", eject=True)
        chat.open(others)
    assert len(texts(profile)) == 1


def test_a_load_that_fails_gives_the_question_back(
    start: Start, files: GuideFiles, tmp_path: Path, qtbot: QtBot, allow_log: Callable[[str], None]
) -> None:
    broken = GuideFiles(tmp_path)
    tiny_models.build_llama(broken.model, name="Guide", metadata={"tokenizer.ggml.model": "none of these"})
    profile = start(broken)
    profile.library.rescan()
    qtbot.waitUntil(lambda: profile.guide.is_shown, timeout=10000)
    with qtbot.waitSignal(profile.guide.not_asked, timeout=20000) as told:
        profile.guide.ask("What does flash attention do?")
    assert told.args == ["What does flash attention do?"]
    assert os.path.exists(broken.model)
