"""``loadout parity``: its report, its exit codes, and what it refuses."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from app.cli import parity
from app.core import parity_plan
from app.core.gguf import facts
from app.core.parity import Divergence, Report, Result, Tolerance, Verdict, Way
from app.core.parity_plan import Check, Variant
from app.worker.parity import ParityRun
from tests.cli.program import Program
from tests.listing import files_below
from tests.tiny_models import build_llama

_SMALL = ("--tokens", 8, "--set", "n_ctx=512", "--set", "n_threads=1")


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_text("Kato beli domu.\nFagi lena rovi beli.\n", encoding="utf-8")
    return path


def test_the_report_is_one_json_document(loadout: Program, tiny_model: Path, prompts: Path) -> None:
    done = loadout("parity", tiny_model, "--prompts", prompts, *_SMALL, "--json")
    assert done.exit_code == 0, done.stderr
    report = done.json()
    assert report["verdict"] in {"equal", "rounding"}
    assert report["asked"]["prompts"] == ["Kato beli domu.", "Fagi lena rovi beli."]
    ways = {way["way"]: way for way in report["ways"]}
    assert set(ways) == set(Way) - {Way.HEADS}
    assert ways["base"]["n_tokens"] == 16
    assert ways["draft"]["untested"] == "no_draft_model"
    assert ways["replay"]["cached_n"] == ways["replay"]["prompt_n"]
    assert report["tolerance"]["logit"] > 0
    assert report["settings"]["n_ctx"] == 512


def test_the_table_names_every_way_and_the_tolerance(
    loadout: Program, tiny_model: Path, prompts: Path
) -> None:
    done = loadout("parity", tiny_model, "--prompts", prompts, *_SMALL, "--raw")
    assert done.exit_code == 0, done.stderr
    assert "tolerance" in done.stdout
    assert "several slots at once" in done.stdout
    assert "no draft model is set" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("No defect in ")
    assert "no effect" not in done.stderr


@pytest.mark.parametrize(
    ("text", "told"), [("", "there is no prompt"), ('["a", 3]', "texts only"), ("[1, 2", "is none")]
)
def test_prompts_that_are_none_are_refused(
    loadout: Program, tiny_model: Path, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    done = loadout("parity", tiny_model, "--prompts", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_missing_file_and_a_text_that_is_none_fail(
    loadout: Program, tiny_model: Path, tmp_path: Path
) -> None:
    assert loadout("parity", tiny_model, "--prompts", tmp_path / "none.txt").exit_code == 1
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00a")
    done = loadout("parity", tiny_model, "--prompts", tmp_path / "bytes")
    assert done.exit_code == 1
    assert "UTF-8" in done.stderr


def test_a_draft_that_cannot_be_is_refused_before_anything_is_loaded(
    loadout: Program, tiny_model: Path, tmp_path: Path
) -> None:
    other = build_llama(tmp_path / "other.gguf", n_vocab=1024)
    done = loadout("parity", tiny_model, *_SMALL, "--set", f"draft_model={other}")
    assert done.exit_code == 2
    assert "draft_model" in done.stderr


def test_a_prompt_longer_than_the_context_is_named(loadout: Program, tiny_model: Path, prompts: Path) -> None:
    prompts.write_text(json.dumps(["Kato.", "beli " * 900]), encoding="utf-8")
    done = loadout("parity", tiny_model, "--prompts", prompts, *_SMALL)
    assert done.exit_code == 1
    assert "prompt 2" in done.stderr
    assert "n_ctx" in done.stderr


def test_ctrl_c_ends_it(loadout: Program, tmp_path: Path, prompts: Path) -> None:
    slow = build_llama(tmp_path / "slow.gguf", n_ctx_train=32768)
    process = loadout.start("parity", slow, "--prompts", prompts, "--tokens", 20000, "--set", "n_ctx=32768")
    logs = loadout.profile_dir
    while not files_below(logs, "*parity*") and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr


def test_a_defect_is_exit_code_1_and_named(
    tiny_model: Path, prompts: Path, profile_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The real command with a defect planted in one way: another RoPE in the slots."""
    real = parity_plan.further_variants

    def planted(values: Any, model: Any, **options: Any) -> list[Variant]:
        sound = [variant for variant in real(values, model, **options) if variant.way is Way.NUDGE]
        return [
            *sound,
            Variant(Way.SLOTS, {**parity_plan.base_load(values, model), "rope_freq_base": 2000.0}),
        ]

    monkeypatch.setattr(
        ParityRun.__init__, "__kwdefaults__", {**ParityRun.__init__.__kwdefaults__, "further": planted}
    )
    parser = argparse.ArgumentParser()
    parity.add_parser(parser.add_subparsers())
    args = parser.parse_args(["parity", str(tiny_model), "--prompts", str(prompts), *map(str, _SMALL)])
    args.profile_dir = profile_dir
    assert args.run(args) == 1
    out = capsys.readouterr().out
    assert "several slots at once" in out
    assert "defect" in out
    assert "is rounding" in out
    assert out.splitlines()[-1].startswith("A defect")


def test_a_way_that_failed_is_told_and_no_success(tiny_model: Path, tmp_path: Path) -> None:
    failed = Result(Way.DRAFT, Verdict.NOT_TESTED, untested="failed", message="out of memory")
    turned = Result(
        Way.FLASH,
        Verdict.ROUNDING,
        n_tokens=3,
        n_replies=1,
        divergence=Divergence(0, 2, 7, 8, 0.01, 0.005, 0.01, text="\u2581kato"),
    )
    report = Report(str(tiny_model), 1, 8, Tolerance(0.01, 10.0), (failed, turned))
    text = parity._text(report)
    assert "it failed: out of memory" in text
    assert "prompt 1, token 3" in text
    assert "' kato' (7)" in text
    assert not report.is_whole


def test_the_same_check_in_another_process_gives_the_same_report(tiny_model: Path, tmp_path: Path) -> None:
    check = Check(facts(tiny_model), {"n_ctx": 512, "n_threads": 1}, ("Kato beli.",), 8)
    one, two = (
        ParityRun(check, tmp_path / name, further=lambda *_v, **_g: []).run().to_dict() for name in ("a", "b")
    )
    assert one == two
