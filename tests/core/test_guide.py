"""What is known of the Guide without opening a file."""

from __future__ import annotations

from pathlib import Path

from app.core.guide import PREFERENCE, QUESTIONS, GuideFiles, Role, question_about
from app.core.settings import APP, LOAD


def test_the_files_and_what_each_is_for(tmp_path: Path) -> None:
    files = GuideFiles(tmp_path)
    assert files.roles == {
        str(tmp_path / "guide.gguf"): Role.GUIDE,
        str(tmp_path / "guide-draft.gguf"): Role.DRAFT,
    }
    assert not files.is_there
    files.draft.touch()
    assert not files.is_there
    files.model.touch()
    assert files.is_there


def test_what_to_ask() -> None:
    assert len(QUESTIONS) == 3
    assert question_about(LOAD["flash_attn"]).casefold() == QUESTIONS[0].casefold()


def test_it_is_shown_unless_the_user_says_otherwise() -> None:
    row = APP[PREFERENCE]
    assert row.default is True
    assert row in APP.in_group("Models")
