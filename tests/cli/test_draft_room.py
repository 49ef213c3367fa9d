"""A draft model that does not fit beside its model is refused before anything is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import psutil
import pytest

from tests.cli.program import Program
from tests.tiny_models import build_llama

_N_CTX = 16_777_216
_TOKEN_BYTES = 8 * 256 * 2 * 4  # of the draft's KV cache: layers, width, keys and values, f32


@pytest.mark.parametrize("command", ["run", "bench"])
def test_a_draft_that_does_not_fit_is_refused_with_the_numbers(
    loadout: Program, tmp_path: Path, command: str
) -> None:
    if psutil.virtual_memory().total > _N_CTX * _TOKEN_BYTES:
        pytest.skip("this computer has memory for it")
    target = build_llama(tmp_path / "target.gguf", n_ctx_train=_N_CTX, n_layers=1, n_embd=64)
    draft = build_llama(
        tmp_path / "draft.gguf", n_ctx_train=_N_CTX, n_layers=8, n_embd=256, n_head=4, n_head_kv=4
    )
    settings = [f"n_ctx={_N_CTX}", "type_k=q4_0", "type_v=q4_0", "n_seq_max=1", "draft_source=model"]
    settings += [f"draft_model={draft}", "draft_type_k=f32", "draft_type_v=f32"]
    prompt = ["--prompt", "Hello"] if command == "run" else []
    done = loadout(command, target, *prompt, *(word for text in settings for word in ("--set", text)))
    assert done.exit_code == 1
    assert "cannot be loaded together: does not fit" in done.stderr
    assert re.search(r"too small; drafting takes (2[7-9]|3\d)\d GB there", done.stderr)
    assert not done.stdout


def test_one_that_fits_is_loaded_without_a_word(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    draft = build_llama(tmp_path / "draft.gguf", n_layers=1)
    settings = ("--set", "draft_source=model", "--set", f"draft_model={draft}", "--set", "n_ctx=512")
    done = loadout("run", tiny_model, "--prompt", "Hello", "--max-tokens", 4, *settings)
    assert done.exit_code == 0, done.stderr
    assert "does not fit" not in done.stderr
