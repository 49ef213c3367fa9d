"""A Guide for tests that need no trained one: two tiny models with its names, in a folder of the test's."""

from __future__ import annotations

from pathlib import Path

from app.core.guide import GuideFiles
from tests import tiny_models


def build_guide(folder: Path) -> GuideFiles:
    """The pair of files; they share a vocabulary and speak gibberish."""
    files = GuideFiles(folder / "models")
    files.folder.mkdir(parents=True)
    tiny_models.build_llama(files.model, name="Guide", n_ctx_train=512, eos_logit=30)
    tiny_models.build_llama(
        files.draft, name="Guide draft", n_layers=1, n_ctx_train=512, eos_logit=30, seed=11
    )
    return files
