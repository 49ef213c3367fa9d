"""The warm-up leaves nothing behind that a reply could be computed with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.bindings import lib
from app.engine.model import LoadedModel
from tests.engine.conftest import Load


def _logits(loaded: LoadedModel, tokens: list[int]) -> np.ndarray:
    """Those after `tokens`, from an empty cache."""
    lib.llama_memory_clear(lib.llama_get_memory(loaded.context), True)
    array = (lib.llama_token * len(tokens))(*tokens)
    assert lib.llama_decode(loaded.context, lib.llama_batch_get_one(array, len(tokens))) == 0
    n_vocab = loaded.vocabulary.n_tokens
    return np.ctypeslib.as_array(lib.llama_get_logits_ith(loaded.context, -1), shape=(n_vocab,)).copy()


@pytest.mark.parametrize("n_tokens", [1, 2, 3])
@pytest.mark.parametrize("model", ["tiny_model", "tiny_moe"])
def test_the_first_batch_of_any_size_is_computed_as_every_later_one(
    model: str, n_tokens: int, load: Load, request: pytest.FixtureRequest
) -> None:
    """llama.cpp reuses a graph for a batch of the same shape, also that of a warm-up, with all experts at work."""
    path: Path = request.getfixturevalue(model)
    loaded = load(path)
    tokens = [300, 301, 302][:n_tokens]
    first = _logits(loaded, tokens)
    _logits(loaded, [310, 311, 312, 313, 314])
    assert np.array_equal(first, _logits(loaded, tokens))
