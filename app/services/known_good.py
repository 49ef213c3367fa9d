"""Load settings that have worked, per model: what is offered after a crash, and where the next plan starts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from app.core.settings import LOAD
from app.core.settings.store import JsonStore, StoreError, StoreReport

_log = logging.getLogger(__name__)
_VERSION = 1
_N_MODELS = 200


class KnownGood:
    """The load settings with which each model last gave a reply, in one JSON file; the newest models are kept."""

    def __init__(self, path: Path) -> None:
        self._store = JsonStore(path, _VERSION)
        document, self.reports = self._store.load()
        models: Any = document.get("models", {})
        self._models: dict[str, dict[str, Any]] = {
            str(model_id): cast(dict[str, Any], values)
            for model_id, values in (cast(dict[str, Any], models).items() if isinstance(models, dict) else ())
            if isinstance(values, dict)
        }

    reports: list[StoreReport]

    def models(self) -> tuple[str, ...]:
        """The models that have given a reply, the last used last."""
        return tuple(self._models)

    def get(self, model_id: str) -> dict[str, Any] | None:
        """The settings that worked, None if none are known."""
        if model_id not in self._models:
            return None
        clean, _ = LOAD.check(self._models[model_id])
        return clean

    def put(self, model_id: str, values: Mapping[str, Any]) -> None:
        """These settings have worked. A file that cannot be written is logged: it costs a convenience only."""
        changed = LOAD.changed(values)
        if self._models.get(model_id) == changed and next(reversed(self._models)) == model_id:
            return
        self._models.pop(model_id, None)
        self._models[model_id] = changed
        for oldest in list(self._models)[:-_N_MODELS]:
            del self._models[oldest]
        try:
            self._store.save({"models": self._models})
        except StoreError as error:
            _log.error("%s", error)
