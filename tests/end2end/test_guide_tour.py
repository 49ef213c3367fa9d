"""The Guide in the real window, from the first start to hidden, with tiny models in place of the trained ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from app.core.guide import PREFERENCE
from app.services.session import SessionState
from tests.end2end import guide_tour
from tests.end2end.real_app import RealApp
from tests.guide_models import build_guide


@pytest.mark.timeout(180)
def test_every_place_where_the_guide_is_met_is_shown(qapp: Any, tmp_path: Path) -> None:
    taken = guide_tour.main(tmp_path / "pictures", build_guide(tmp_path), [("light", 1000, 650)])
    names = [path.name.rsplit("-", 2)[0].partition("-")[2] for path in taken]
    assert names[:4] == ["first-moment", "first-start", "question-with-focus", "answer"]
    assert set(names) >= {"setting-help", "draft-picker", "drafted", "eject-question", "hidden"}
    pictures = {name: QImage(str(path)) for name, path in zip(names, taken, strict=True)}
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures.values())
    for one, other in (("first-start", "answer"), ("questions-again", "hidden")):
        assert pictures[one] != pictures[other]


def test_a_second_start_goes_on_with_the_guide_and_one_after_hiding_does_not(
    qapp: Any, tmp_path: Path
) -> None:
    files, profile_dir = build_guide(tmp_path), tmp_path / "profile"
    with RealApp(profile_dir, files) as real:
        real.wait(lambda: real.profile.guide.is_loaded, "the Guide to be loaded")
        real.click("What does flash attention do?", real.page("chat"))
        real.wait(lambda: real.profile.chat.current.leaf is not None, "the question to be sent")
        real.wait(lambda: not real.profile.chat.is_generating(), "the answer")
        conversation = real.profile.chat.current.id
    with RealApp(profile_dir, files) as real:
        real.wait(lambda: real.profile.guide.is_loaded, "the Guide to be loaded")
        assert real.profile.chat.current.id == conversation
        real.say("And then?")
        real.click("New", real.page("chat"))
        real.click("Hide the Guide", real.page("chat"))
        real.wait(lambda: real.profile.session.state is SessionState.EMPTY, "the Guide to be ejected")
    with RealApp(profile_dir, files) as real:
        assert not real.profile.preferences.value(PREFERENCE)
        real.wait(lambda: not real.profile.library.is_scanning, "the library to be searched")
        real.rest(0.5)
        assert real.profile.session.state is SessionState.EMPTY
        assert real.profile.loading.chosen is None
