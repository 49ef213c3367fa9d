"""Drafts of the plan's model: judged off the UI thread, by real files, and before every load."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.drafts import Draft
from app.core.settings import Reason
from app.paths import Paths
from app.services.guard import LoadRefusal
from app.services.profile import Profile
from app.services.session import SessionState
from app.worker.process import list_devices
from tests.tiny_models import build_hybrid, build_llama


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A model, a draft for it, and one that shares no vocabulary with it."""
    folder = tmp_path / "models"
    folder.mkdir()
    build_llama(folder / "target.gguf", n_layers=16, n_embd=128, n_ff=512, name="Target")
    build_llama(folder / "small.gguf", n_layers=1, name="Small")
    build_llama(folder / "other.gguf", n_layers=1, n_vocab=800, name="Other")
    return folder


@pytest.fixture
def profile(profile_dir: Path, shelf: Path, qtbot: QtBot) -> Iterator[Profile]:
    profile = Profile(Paths(profile_dir), list_devices)
    profile.library.add_folder(str(shelf))
    qtbot.waitUntil(lambda: not profile.library.is_scanning, timeout=10000)
    profile.loading.choose(str(shelf / "target.gguf"))
    yield profile
    profile.close()


def use(profile: Profile, path: Path | None, qtbot: QtBot) -> Draft | None:
    with qtbot.waitSignal(profile.drafts.judged, timeout=10000):
        profile.load_plan.set_many(
            {"draft_source": "model", "draft_model": None if path is None else str(path)}
        )
    return profile.load_plan.draft


def errors(profile: Profile) -> list[Reason]:
    return [item.reason for item in profile.load_plan.problems() if item.severity == "error"]


def test_the_plans_draft_is_judged_when_it_changes(profile: Profile, shelf: Path, qtbot: QtBot) -> None:
    good = use(profile, shelf / "small.gguf", qtbot)
    assert good is not None
    assert (good.name, good.is_usable) == ("Small", True)
    assert errors(profile) == []
    use(profile, shelf / "other.gguf", qtbot)
    assert errors(profile) == [Reason.DRAFT_VOCABULARY_SIZE]
    with qtbot.waitSignal(profile.drafts.judged, timeout=10000):
        profile.load_plan.undo()
    assert errors(profile) == []
    profile.load_plan.set_value("draft_source", "off")
    assert profile.load_plan.draft is None


def test_another_model_judges_anew(profile: Profile, shelf: Path, qtbot: QtBot) -> None:
    use(profile, shelf / "other.gguf", qtbot)
    values = profile.load_plan.values()
    target = shelf / "other-target.gguf"
    build_llama(target, n_layers=16, n_embd=128, n_ff=512, n_vocab=800)
    profile.library.add_file(str(target))
    qtbot.waitUntil(lambda: profile.library.entry(str(target)) is not None, timeout=10000)
    entry = profile.library.entry(str(target))
    assert entry is not None
    with qtbot.waitSignal(profile.drafts.judged, timeout=10000):
        profile.load_plan.set_model(entry.facts, "", values)
    assert errors(profile) == []


def test_all_models_are_looked_at_without_the_target(profile: Profile, qtbot: QtBot) -> None:
    profile.drafts.look()
    assert not profile.drafts.is_complete
    qtbot.waitUntil(lambda: profile.drafts.is_complete, timeout=10000)
    assert [(draft.name, draft.is_usable) for draft in profile.drafts.found()] == [
        ("Small", True),
        ("Other", False),
    ]


def test_hundreds_of_models_come_in_parts_and_hold_nothing_up(
    profile: Profile, shelf: Path, qtbot: QtBot
) -> None:
    for n in range(100):
        os.link(shelf / "other.gguf", shelf / f"other-{n}.gguf")
        (shelf / f"copy-{n}.gguf").write_bytes((shelf / "small.gguf").read_bytes())
    profile.library.rescan()
    qtbot.waitUntil(lambda: not profile.library.is_scanning, timeout=30000)
    seen: list[int] = []
    profile.drafts.changed.connect(lambda: seen.append(len(profile.drafts.found())))
    profile.drafts.look()
    good = use(profile, shelf / "small.gguf", qtbot)
    n_before = len(profile.drafts.found())
    qtbot.waitUntil(lambda: profile.drafts.is_complete, timeout=30000)
    assert good is not None
    assert n_before < 102, "what the plan names had to wait for the whole list"
    assert len(profile.drafts.found()) == 102
    assert len(set(seen)) > 5


def test_a_model_that_appears_is_listed_too(profile: Profile, shelf: Path, qtbot: QtBot) -> None:
    profile.drafts.look()
    qtbot.waitUntil(lambda: profile.drafts.is_complete, timeout=10000)
    profile.library.take_file(build_llama(shelf / "new.gguf", n_layers=2, name="New"))
    qtbot.waitUntil(lambda: "New" in {draft.name for draft in profile.drafts.found()}, timeout=10000)


def test_nothing_is_looked_at_until_it_is_asked_for(profile: Profile) -> None:
    assert profile.drafts.found() == []
    assert profile.drafts.is_complete
    assert "drafts" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("case", ["unlike", "gone", "none", "damaged"])
def test_a_load_with_a_draft_that_cannot_be_used_is_refused(
    profile: Profile, shelf: Path, case: str, qtbot: QtBot
) -> None:
    draft = shelf / ("other.gguf" if case == "unlike" else "small.gguf")
    if case == "none":
        profile.load_plan.set_value("draft_source", "model")
    else:
        use(profile, draft, qtbot)
    if case == "gone":
        draft.unlink()
    elif case == "damaged":
        draft.write_bytes(b"GGUF")
    with qtbot.waitSignal(profile.loading.refused, timeout=10000) as told:
        profile.loading.load()
    assert told.args is not None
    refusal = told.args[0]
    assert isinstance(refusal, LoadRefusal)
    assert [problem.key for problem in refusal.problems] == ["draft_model"]
    assert profile.session.state is SessionState.EMPTY
    assert not profile.loading.is_checking


def test_a_load_that_waits_for_its_draft_can_be_withdrawn(
    profile: Profile, shelf: Path, qtbot: QtBot
) -> None:
    use(profile, shelf / "small.gguf", qtbot)
    profile.loading.load()
    assert profile.loading.is_checking
    with qtbot.waitSignal(profile.drafts.judged, timeout=10000):
        profile.loading.cancel()
        assert not profile.loading.is_checking
    assert not profile.loading.is_checking
    assert profile.session.state is SessionState.EMPTY


def test_a_draft_taken_off_meanwhile_does_not_keep_the_load_waiting(
    profile: Profile, shelf: Path, qtbot: QtBot
) -> None:
    use(profile, shelf / "small.gguf", qtbot)
    profile.loading.load()
    profile.load_plan.set_value("draft_source", "off")
    qtbot.waitUntil(lambda: profile.session.state is SessionState.READY, timeout=30000)
    assert (
        "draft_model" not in profile.session.asked
        or profile.session.asked.get("draft_source", "off") == "off"
    )


def test_a_model_with_a_running_state_says_so_in_its_row(profile: Profile, shelf: Path, qtbot: QtBot) -> None:
    hybrid = build_hybrid(shelf / "hybrid.gguf", n_layers=2)
    profile.library.add_file(str(hybrid))
    qtbot.waitUntil(lambda: profile.library.entry(str(hybrid)) is not None, timeout=10000)
    profile.loading.choose(str(hybrid))
    plan = profile.load_plan
    assert [remark.reason for remark in plan.remarks("draft_source")] == [Reason.DRAFT_TARGET_STATE]
    plan.set_value("draft_source", "ngram")
    assert plan.remarks("draft_source") == []
    assert errors(profile) == [Reason.DRAFT_TARGET_STATE]
