"""The model that comes with Loadout, on the command line; the program runs in this process, to be given tiny ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import paths
from app.__main__ import main
from app.core.guide import GuideFiles
from tests import tiny_models
from tests.cli.program import Done, Program
from tests.guide_models import build_guide

Run = Callable[..., Done]


@pytest.fixture(scope="module")
def tiny_guide(tmp_path_factory: pytest.TempPathFactory) -> GuideFiles:
    return build_guide(tmp_path_factory.mktemp("guide"))


@pytest.fixture
def files(tiny_guide: GuideFiles, tmp_path: Path) -> GuideFiles:
    """A test's own, to damage at will."""
    shutil.copytree(tiny_guide.folder, tmp_path / "built-in")
    return GuideFiles(tmp_path / "built-in")


@pytest.fixture
def run(
    files: GuideFiles, profile_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """The program with these files in place of its own."""
    monkeypatch.setattr(paths, "built_in_models", lambda: files.folder)

    def go(*arguments: object) -> Done:
        capfd.readouterr()
        try:
            code = main(["--profile-dir", str(profile_dir), *map(str, arguments)])
        except SystemExit as end:  # argparse's own
            code = int(end.code or 0)
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return go


def library(profile_dir: Path, *files: Path, **preferences: Any) -> None:
    """What a window would have saved."""
    (profile_dir / "config").mkdir(exist_ok=True)
    listed = {"version": 1, "folders": [], "files": [str(file) for file in files], "hidden": []}
    (profile_dir / "config" / "library.json").write_text(json.dumps(listed))
    held = {"version": 1, "values": preferences}
    (profile_dir / "config" / "preferences.json").write_text(json.dumps(held))


def test_a_new_user_runs_it_by_its_name(run: Run) -> None:
    done = run("run", "guide", "--prompt", "What does flash attention do?", "--json")
    assert done.exit_code == 0, done.stderr
    said = done.json()
    assert said["model"].endswith("guide.gguf")
    assert said["text"]


@pytest.mark.parametrize(
    "command",
    [("estimate", "Guide"), ("fit", "guide"), ("bench", "guide", "--repeat", "1", "--gen-tokens", "8")],
)
def test_every_command_knows_it(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--json")
    assert done.exit_code == 0, done.stderr
    assert "guide.gguf" in done.stdout


def test_it_is_listed_after_the_users_own_and_marked(run: Run, profile_dir: Path, tiny_model: Path) -> None:
    done = run("models")
    assert "Guide (built in)" in done.stdout
    assert "no models of your own" in done.stderr
    library(profile_dir, tiny_model)
    rows = run("models", "--json").json()
    assert [(row["name"], row["is_built_in"]) for row in rows] == [
        ("Tiny llama", False),
        ("Guide", True),
        ("Guide draft", True),
    ]
    assert "no models" not in run("models").stderr


def test_named_by_its_path_it_is_listed_once(run: Run, files: GuideFiles) -> None:
    rows = run("models", files.folder, "--json").json()
    assert [(row["name"], row["is_built_in"]) for row in rows] == [("Guide", True), ("Guide draft", True)]


def test_hidden_in_the_window_it_is_not_listed_and_still_known(run: Run, profile_dir: Path) -> None:
    library(profile_dir, show_guide=False)
    assert run("models", "--json").json() == []
    assert run("estimate", "guide").exit_code == 0
    assert [row["name"] for row in run("drafts", "guide", "--json").json()["drafts"]] == ["Guide draft"]


def test_a_model_of_the_users_that_is_called_so_comes_first(
    run: Run, profile_dir: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own" / "Guide.gguf"
    own.parent.mkdir()
    tiny_models.build_llama(own, name="A travel guide")
    library(profile_dir, own)
    assert run("estimate", "guide", "--json").json()["model"] == str(own)


def test_a_model_whose_name_only_holds_it_does_not(
    run: Run, profile_dir: Path, tmp_path: Path, files: GuideFiles
) -> None:
    own = tmp_path / "medguide-7b.gguf"
    tiny_models.build_llama(own, name="Medguide")
    library(profile_dir, own)
    assert run("estimate", "guide", "--json").json()["model"] == str(files.model)
    assert run("estimate", "medguide", "--json").json()["model"] == str(own)


def test_a_folder_of_that_name_is_not_in_its_way(
    run: Run, tmp_path: Path, files: GuideFiles, monkeypatch: pytest.MonkeyPatch, tiny_model: Path
) -> None:
    here = tmp_path / "here"
    (here / "guide").mkdir(parents=True)
    monkeypatch.chdir(here)
    assert run("estimate", "guide", "--json").json()["model"] == str(files.model)
    (here / "guide").rmdir()
    shutil.copy(tiny_model, here / "guide")
    assert run("estimate", "guide", "--json").json()["model"] == str(here / "guide")


def test_its_draft_model_drafts_for_it_and_for_no_other(run: Run, tmp_path: Path) -> None:
    done = run("drafts", "guide", "--json").json()
    assert [(draft["name"], draft["is_usable"]) for draft in done["drafts"]] == [("Guide draft", True)]
    other = tmp_path / "other.gguf"
    tiny_models.build_llama(other, n_vocab=900)
    done = run("drafts", other, "--json").json()
    assert [(draft["name"], draft["is_usable"]) for draft in done["drafts"]] == [
        ("Guide", False),
        ("Guide draft", False),
    ]


def test_its_draft_model_has_a_name_too_and_is_no_model_to_talk_to(run: Run, files: GuideFiles) -> None:
    draft = ("--set", "draft_source=model", "--set", "draft_model=guide-draft")
    done = run("run", "guide", "--prompt", "hello", "--max-tokens", "16", *draft, "--json")
    assert done.exit_code == 0, done.stderr
    assert run("estimate", "guide", *draft).exit_code == 0
    assert run("run", "guide-draft", "--prompt", "hello").exit_code == 1


def test_what_is_missing_or_damaged_says_what_to_do(run: Run, files: GuideFiles) -> None:
    whole = files.model.read_bytes()
    files.model.write_bytes(whole[: len(whole) // 2])
    done = run("run", "guide", "--prompt", "hello")
    assert done.exit_code == 1
    assert "install Loadout again" in done.stderr
    assert str(files.model) in done.stderr
    files.model.unlink()
    done = run("run", "guide", "--prompt", "hello")
    assert done.exit_code == 1
    assert str(files.model) in done.stderr
    assert "install Loadout again" in done.stderr
    assert [row["name"] for row in run("models", "--json").json()] == ["Guide draft"]


@pytest.mark.skipif(not GuideFiles(paths.built_in_models()).is_there, reason="this checkout has no Guide")
def test_the_real_one_answers_in_a_fresh_profile(profile_dir: Path) -> None:
    question = (
        "--prompt",
        "What does flash attention do?",
        "--sample",
        "temperature=0",
        "--max-tokens",
        "200",
    )
    done = Program(profile_dir)("run", "guide", *question)
    assert done.exit_code == 0, done.stderr
    assert "flash attention" in done.stdout.casefold()
