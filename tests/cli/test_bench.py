"""``loadout bench``: what it measures, and what it says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.cli.program import Program

_SMALL = ("--prompt-tokens", 32, "--gen-tokens", 16, "--repeat", 3)


def test_the_json_document_holds_prompt_and_generation_apart(loadout: Program, tiny_model: Path) -> None:
    done = loadout("bench", tiny_model, *_SMALL, "--set", "n_ctx=256", "--json")
    assert done.exit_code == 0, done.stderr
    report = done.json()
    assert report["repeat"] == 3
    for part, n_tokens in (("prompt", 32), ("generation", 16)):
        speed = report[part]["tokens_per_second"]
        assert report[part]["n_tokens"] == n_tokens
        assert len(speed["runs"]) == 3
        assert min(speed["runs"]) > 0
        assert math.isclose(speed["mean"], sum(speed["runs"]) / 3)
        assert speed["deviation"] >= 0
    latency = report["generation"]["token_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
    assert report["asked"] == {"load": {"n_ctx": 256}}
    assert report["got"]["n_ctx"] == report["settings"]["load"]["n_ctx"] == 256
    # The speed and the latencies are two views of the same tokens.
    assert math.isclose(
        1000 / latency["mean"], report["generation"]["tokens_per_second"]["mean"], rel_tol=0.5
    )


def test_the_table_names_the_model_its_quantisation_and_the_settings(
    loadout: Program, tiny_model: Path
) -> None:
    done = loadout("bench", tiny_model, *_SMALL, "--set", "n_ctx=256", "--set", "op_offload=off")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("model")
    assert "parameters" in lines[0]
    assert "context 256" in lines[1]
    assert "op_offload=off" in lines[1]
    assert [line.split(",")[0] for line in lines if line.startswith(("prompt", "generation"))] == [
        "prompt",
        "generation",
    ]
    assert "p99" in done.stdout


def test_the_context_grows_with_what_is_measured(loadout: Program, tiny_model: Path) -> None:
    sizes = ("--prompt-tokens", 4200, "--gen-tokens", 4, "--repeat", 1, "--json")
    report = loadout("bench", tiny_model, *sizes).json()
    assert report["got"]["n_ctx"] > 4204
    refused = loadout("bench", tiny_model, *sizes, "--set", "n_ctx=512")
    assert refused.exit_code == 1
    assert "n_ctx" in refused.stderr


@pytest.mark.parametrize("option", ["--prompt-tokens", "--gen-tokens", "--repeat"])
def test_counts_are_positive(loadout: Program, tiny_model: Path, option: str) -> None:
    done = loadout("bench", tiny_model, option, 0)
    assert done.exit_code == 2
    assert "at least 1" in done.stderr


def test_that_drafts_are_not_measured_is_said(loadout: Program, tiny_model: Path) -> None:
    done = loadout("bench", tiny_model, *_SMALL, "--set", "draft_source=ngram", "--json")
    assert done.exit_code == 0, done.stderr
    assert "without drafts" in done.stderr
    assert done.json()["asked"] == {"load": {"draft_source": "ngram"}}
