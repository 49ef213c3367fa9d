"""Jan's note beside each of its models: the name that Jan shows, and files that it uses from elsewhere.

``llamacpp/models/<id>/model.yml`` is flat YAML of which three lines matter here; ``model_path`` is relative to Jan's
data folder for files of its own and absolute for imported ones. Source: janhq/jan, extensions/llamacpp-extension.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NOTE_NAME: Final = "model.yml"
_MAX_BYTES: Final = 1 << 16
_LINE: Final = re.compile(r"^(name|model_path|mmproj_path):[ \t]*(.+?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JanModel:
    """`model_name` is the file name of its weights, "" where the note does not tell; `elsewhere` absolute paths."""

    name: str
    model_name: str
    elsewhere: tuple[str, ...]


def read_note(path: str | os.PathLike[str]) -> JanModel:
    """What a ``model.yml`` says; empty fields where it is another program's, damaged or unreadable."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_MAX_BYTES)
    except OSError:
        text = ""
    said = {key: value.strip("'\"") for key, value in _LINE.findall(text)}
    paths = [said[key] for key in ("model_path", "mmproj_path") if said.get(key)]
    return JanModel(
        name=said.get("name", ""),
        model_name=Path(said.get("model_path", "")).name,
        elsewhere=tuple(path for path in paths if os.path.isabs(path) and os.path.isfile(path)),
    )
