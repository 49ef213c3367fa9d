"""The list of models to begin with: what ships is whole, and what is damaged is refused."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from app.core.starting_models import FILE_NAME, Use, read_starting_models
from app.paths import resources


def test_the_list_that_ships_has_models_for_every_use_and_says_when_it_was_picked() -> None:
    found = read_starting_models(resources() / FILE_NAME)
    assert {model.use for model in found.models} == set(Use)
    assert len({model.repo_id for model in found.models}) == len(found.models) >= 8
    assert datetime.date(2026, 1, 1) < found.picked_on
    for model in found.models:
        assert model.note.endswith(".")
        assert len(model.note) < 160, "two lines of a row"
        assert len(model.title) < 30


def test_it_is_in_the_order_of_uses_and_then_of_size(tmp_path: Path) -> None:
    found = read_starting_models(resources() / FILE_NAME)
    order = [(list(Use).index(model.use), model.n_params) for model in found.models]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "change",
    [{"repo_id": "../x"}, {"use": "fun"}, {"note": 3}, {"title": None}, {"n_params": "many"}],
    ids=str,
)
def test_a_damaged_list_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    row = {"repo_id": "a/b", "title": "B", "use": "chat", "n_params": 1, "note": "For tests."}
    path = tmp_path / FILE_NAME
    path.write_text(json.dumps({"picked_on": "2026-11-21", "models": [row]}))
    assert len(read_starting_models(path).models) == 1
    path.write_text(json.dumps({"picked_on": "2026-11-21", "models": [row | change]}))
    with pytest.raises(ValueError):
        read_starting_models(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"picked_on": "soon", "models": []}', '{"models": 3}'])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text)
    with pytest.raises(ValueError):
        read_starting_models(path)
