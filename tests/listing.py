"""What lies in a folder that another process is changing."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path


def files_below(folder: Path, pattern: str = "*") -> dict[Path, int]:
    """The size in bytes of each file below `folder` whose name matches.

    A file or folder that goes meanwhile is left out, while `Path.rglob` raises over a folder and `stat` over a
    file. A folder that is not there has none.
    """
    found: dict[Path, int] = {}
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names if fnmatch(name, pattern)):
            try:
                found[path] = path.lstat().st_size
            except FileNotFoundError:
                continue
    return found
