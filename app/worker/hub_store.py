"""The Hub's last answers on disk, for when it cannot be asked: small JSON files, the oldest thrown away."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.core.hub import Gated, HubFile, HubModel, HubPage, SearchAnswer
from app.core.whole_file import write_whole

_VERSION: Final = 1
_N_FILES: Final = 400
_N_BYTES: Final = 64 << 20
_DAMAGE: Final = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


class HubStore:
    """Answers in a folder, each under the question that it answers. Any thread; a full disk loses only the storing."""

    def __init__(self, folder: Path | None) -> None:
        """Touches nothing. None: remembers nothing."""
        self._folder = folder

    def put(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Remembers the answer, and forgets the oldest ones where there are too many."""
        if self._folder is None:
            return
        content = json.dumps({"version": _VERSION, "question": question, "answer": answer}, default=str)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(question), content)
            self._forget_oldest()

    def get(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        """What was answered last; None where nothing readable is there."""
        if self._folder is None:
            return None
        try:
            row = json.loads(self._path(question).read_text("utf-8"))
            is_same = row["version"] == _VERSION and row["question"] == json.loads(json.dumps(question))
            return dict(row["answer"]) if is_same else None
        except _DAMAGE:
            return None

    def search(self, question: Mapping[str, Any]) -> SearchAnswer | None:
        """The stored page of results."""
        if (row := self.get(question)) is None:
            return None
        try:
            models = tuple(_model(model) for model in row["models"])
            return SearchAnswer(models, str(row["cursor"]), float(row["asked_at"]), is_stored=True)
        except _DAMAGE:
            return None

    def page(self, question: Mapping[str, Any]) -> HubPage | None:
        """The stored page of a model."""
        if (row := self.get(question)) is None:
            return None
        try:
            files = tuple(HubFile(**file) for file in row["files"])
            return HubPage(
                _model(row["model"]), row["revision"], row["commit"], files, float(row["asked_at"])
            )
        except _DAMAGE:
            return None

    def _path(self, question: Mapping[str, Any]) -> Path:
        name = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:32]
        return (self._folder or Path()) / f"{name}.json"

    def _forget_oldest(self) -> None:
        if self._folder is None:
            return
        with os.scandir(self._folder) as entries:
            found = [(e.stat(), e.path) for e in entries if e.name.endswith(".json")]
        found.sort(key=lambda item: item[0].st_mtime_ns, reverse=True)
        n_bytes = 0
        for n, (status, path) in enumerate(found):
            n_bytes += status.st_size
            if n and (n >= _N_FILES or n_bytes > _N_BYTES):
                Path(path).unlink(missing_ok=True)


def answer_row(answer: SearchAnswer) -> dict[str, Any]:
    """What `HubStore.search` reads."""
    models = [dataclasses.asdict(model) for model in answer.models]
    return {"models": models, "cursor": answer.cursor, "asked_at": answer.asked_at}


def page_row(page: HubPage) -> dict[str, Any]:
    """What `HubStore.page` reads."""
    row = {"revision": page.revision, "commit": page.commit, "asked_at": page.asked_at}
    files = [dataclasses.asdict(file) for file in page.files]
    return row | {"model": dataclasses.asdict(page.model), "files": files}


def _model(row: Mapping[str, Any]) -> HubModel:
    values: dict[str, Any] = {**row, "gated": Gated(row["gated"])}
    values |= {key: tuple(map(str, row[key])) for key in ("tags", "base_models")}
    return HubModel(**values)
