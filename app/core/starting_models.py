"""A short list of models to begin with, picked by hand: what each is for, and when it was picked."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from app.core.hub_address import is_repo_id

FILE_NAME: Final = "starting_models.json"
"""The list's name in the resources folder."""


class Use(StrEnum):
    """What a model is for, in the order in which they are listed."""

    SMALL = "small"
    CHAT = "chat"
    WRITING = "writing"
    REASONING = "reasoning"
    CODING = "coding"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class StartingModel:
    """One model: its repository, a short title, what it is for, and an English sentence or two about it.

    `n_params` is how many parameters it has, as its makers say.
    """

    repo_id: str
    title: str
    use: Use
    n_params: int
    note: str


@dataclass(frozen=True, slots=True)
class StartingModels:
    """The list, by use and then size, and the day on which it was picked."""

    picked_on: datetime.date
    models: tuple[StartingModel, ...]


def read_starting_models(path: Path) -> StartingModels:
    """The list in the JSON file at `path`.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        models = [_model(row) for row in cast("list[Mapping[str, Any]]", document["models"])]
        picked_on = datetime.date.fromisoformat(document["picked_on"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no list of models: {error!r}") from error
    order = tuple(Use)
    models.sort(key=lambda model: (order.index(model.use), model.n_params))
    return StartingModels(picked_on, tuple(models))


def _model(row: Mapping[str, Any]) -> StartingModel:
    texts = [row[key] for key in ("repo_id", "title", "use", "note")]
    if not all(isinstance(text, str) and text for text in texts) or not is_repo_id(row["repo_id"]):
        raise ValueError(f"a model is described wrongly: {row}")
    return StartingModel(row["repo_id"], row["title"], Use(row["use"]), int(row["n_params"]), row["note"])
