"""``loadout drafts``, and drafts that are refused before anything is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.tiny_models import build_hybrid, build_llama, build_mtp


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A model that is worth drafting for, a draft, one that lacks its last tokens, and one of another vocabulary."""
    folder = tmp_path / "models"
    folder.mkdir()
    build_llama(folder / "target.gguf", n_layers=16, n_embd=128, n_ff=512, name="Target")
    build_llama(folder / "small.gguf", n_layers=1, name="Small")
    build_llama(folder / "other.gguf", n_layers=1, n_vocab=800, name="Other")
    return folder


def test_drafts_are_listed_with_their_reasons(loadout: Program, shelf: Path) -> None:
    told = loadout("drafts", shelf / "target.gguf", shelf, "--json").json()
    assert told["refused"] is None
    assert told["advised_n_params"] == told["n_params"] // 3
    found = [(draft["name"], draft["is_usable"], draft["size"]) for draft in told["drafts"]]
    assert found == [("Small", True, "advised"), ("Other", False, "advised")]
    assert told["drafts"][1]["refused"]["reason"] == "draft_vocabulary_size"
    text = loadout("drafts", shelf / "target.gguf", shelf)
    lines = text.stdout.splitlines()
    assert lines[1].split()[:2] == ["advised", "Small"]
    assert lines[2].split()[:2] == ["no", "Other"]
    assert "800 tokens" in lines[2]
    assert "advised for a model of" in lines[-1]


def test_without_a_draft_it_says_what_to_get(loadout: Program, shelf: Path) -> None:
    alone = loadout("drafts", shelf / "target.gguf")
    assert (alone.exit_code, alone.stdout) == (0, "")
    assert "no other model" in alone.stderr
    assert "smallest model of the same family" in alone.stderr
    unlike = loadout("drafts", shelf / "target.gguf", shelf / "other.gguf")
    assert "none of them can be used" in unlike.stderr


def test_a_model_that_nothing_can_draft_for_says_so(loadout: Program, shelf: Path) -> None:
    hybrid = build_hybrid(shelf / "hybrid.gguf", n_layers=2)
    told = loadout("drafts", hybrid, shelf)
    assert "cannot be taken back" in told.stderr
    refused = loadout("run", hybrid, "--prompt", "a", "--set", "draft_source=ngram")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "draft_source" in refused.stderr


def test_heads_that_are_not_used_are_told(loadout: Program, shelf: Path) -> None:
    model = build_mtp(shelf / "heads.gguf")
    assert "multi-token prediction" in loadout("drafts", model, shelf).stderr
    assert loadout("drafts", model, "--json").json()["remarks"][0]["reason"] == "heads_unused"


def test_a_model_drafts_by_its_own_heads(loadout: Program, shelf: Path) -> None:
    model = build_mtp(shelf / "heads.gguf")
    asked = ("--prompt", "Hello", "--raw", "--max-tokens", "40", "--sample", "temperature=0", "--json")
    heads = ("--set", "draft_source=mtp", "--set", "draft_adaptive=false")
    plain, drafted = (loadout("run", model, *asked, *more).json() for more in ((), heads))
    assert drafted["text"] == plain["text"]
    assert drafted["drafting"]["source"] == "mtp"
    assert drafted["drafting"]["drafted_n"] > 0
    told = loadout("estimate", model, *heads)
    assert "built-in heads: 0 of 1 layers offloaded" in told.stdout
    refused = loadout("run", shelf / "target.gguf", *asked, *heads)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "draft_source: The model has no heads" in refused.stderr


@pytest.mark.parametrize("case", ["missing", "broken", "unlike", "itself", "none", "limits"])
def test_what_cannot_draft_is_refused_before_loading(loadout: Program, shelf: Path, case: str) -> None:
    target, draft = shelf / "target.gguf", shelf / f"{case}.gguf"
    limits: tuple[str, ...] = ()
    match case:
        case "broken":
            draft.write_text("nothing of a model")
        case "unlike":
            draft = shelf / "other.gguf"
        case "itself":
            draft = target
        case "limits":
            shutil.copy(shelf / "small.gguf", draft)
            limits = ("--set", "draft_n_min=9")
    asked = () if case == "none" else ("--set", f"draft_model={draft}")
    done = loadout("run", target, "--prompt", "a", "--set", "draft_source=model", *asked, *limits)
    assert (done.exit_code, done.stdout) == (2, "")
    row = "draft_n_min" if case == "limits" else "draft_model"
    assert done.stderr.splitlines()[-1].startswith(f"loadout: {row}: ")
