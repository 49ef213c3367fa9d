"""The three switches for reading a model file, as llama.cpp's one `load_mode`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.settings.load_table import LOAD


def load_mode(load: Mapping[str, Any]) -> str:
    """llama.cpp's name (``llama_load_mode_from_str``) for what use_mmap, use_mlock and use_direct_io ask for.

    Direct I/O excludes the others. llama.cpp has no "auto" with locking: unset mapping then means mapped.
    """
    mapped = LOAD.value(load, "use_mmap")
    if LOAD.value(load, "use_direct_io"):
        return "dio"
    if LOAD.value(load, "use_mlock"):
        return "mlock" if mapped is False else "mmap+mlock"
    return {None: "auto", True: "mmap", False: "none"}[mapped]
